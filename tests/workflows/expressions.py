"""The expressions of GitHub's workflows, as far as our examples use them: `${{ a.b == 'c' && d }}`.

Contexts are plain mappings; what is not there is null. Comparisons of texts ignore case, as
GitHub's do. Anything else is a `SyntaxError`, so that an example cannot use what is not played.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|&&|\|\||[!().]))"
)
_WORDS = {"true": True, "false": False, "null": None}
_BRACED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS = ("success", "failure", "always", "cancelled")

Contexts = "Mapping[str, Any]"
Functions = "Mapping[str, Callable[[], bool]]"


def is_true(value: Any) -> bool:
    """GitHub's truth: false, 0, '' and null are not."""
    return value not in (False, 0, "", None)


def as_text(value: Any) -> str:
    """What a value becomes in a text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """The value of what stands between the braces."""
    parser = _Parser(_tokens(expression), contexts, functions)
    value = parser.disjunction()
    if parser.tokens:
        raise SyntaxError(expression)
    return value


def filled(template: Any, contexts: Mapping[str, Any], functions: Functions) -> str:
    """A text with the values of its expressions in their places."""
    return _BRACED.sub(
        lambda found: as_text(evaluate(found[1], contexts, functions)), as_text(template)
    )


def condition(expression: Any, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """An `if`: success is asked for, too, unless it asks for a status itself."""
    if expression is None:
        return functions["success"]()
    text = as_text(expression).strip()
    braced = _BRACED.fullmatch(text)
    text = braced[1] if braced else text
    asks = any(re.search(rf"\b{name}\(\)", text) for name in STATUS)
    held = is_true(evaluate(text, contexts, functions))
    return held and (asks or functions["success"]())


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while expression[at:].strip():
        token = _TOKEN.match(expression, at)
        if token is None or token.lastgroup is None:
            raise SyntaxError(expression)
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Parser:
    def __init__(
        self, tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions
    ) -> None:
        self.tokens = tokens
        self.contexts = contexts
        self.functions = functions

    def disjunction(self) -> Any:
        value = self._conjunction()
        while self._takes("||"):
            other = self._conjunction()
            value = value if is_true(value) else other
        return value

    def _conjunction(self) -> Any:
        value = self._comparison()
        while self._takes("&&"):
            other = self._comparison()
            value = other if is_true(value) else value
        return value

    def _comparison(self) -> Any:
        value = self._unary()
        for sign in ("==", "!="):
            if self._takes(sign):
                same = _comparable(value) == _comparable(self._unary())
                return same == (sign == "==")
        return value

    def _unary(self) -> Any:
        if self._takes("!"):
            return not is_true(self._unary())
        if self._takes("("):
            value = self.disjunction()
            self._expect(")")
            return value
        kind, word = self.tokens.pop(0)
        match kind:
            case "text":
                return word[1:-1].replace("''", "'")
            case "number":
                return int(word)
            case "name" if word in _WORDS:
                return _WORDS[word]
            case "name" if self._takes("("):
                self._expect(")")
                return self.functions[word]()
            case "name":
                return self._reached(self.contexts[word])
            case _:
                raise SyntaxError(word)

    def _reached(self, value: Any) -> Any:
        while self._takes("."):
            kind, word = self.tokens.pop(0)
            if kind != "name":
                raise SyntaxError(word)
            value = value.get(word) if isinstance(value, dict) else None
        return value

    def _takes(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == ("sign", sign):
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise SyntaxError(f"{sign} is missing")


def _comparable(value: Any) -> Any:
    return (
        as_text(value).lower()
        if not isinstance(value, int) or isinstance(value, bool)
        else str(value)
    )
