"""Values -> text, so that any reader takes it for just this value: YAML on one line, and JSON."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from reconciler.catalog import events
from reconciler.core.model import Json
from reconciler.core.normal import canonical

_OBVIOUS: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ ./()'-]*[A-Za-z0-9_./()'-])?", re.ASCII)
_NOT_OBVIOUS: Final = frozenset(
    [
        "true",
        "false",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "t",
        "f",
        "nan",
        "inf",
        "infinity",
        "none",
        "undefined",
    ]
)
_NUMBER_LIKE: Final = re.compile(
    r"""[-+]?[0-9_.,]*(?:[eE][-+]?[0-9]+)?    # 00123, 1_000, 1e3
    | [-+]?0[xob][0-9A-Fa-f_]+
    | [-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?    # 12:30
    | [-+]?\.(?:inf|nan)
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ ].*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""What some reader of YAML takes for a number, a time of day or a date."""
_NOT_PLAIN: Final = frozenset("~=<-")
"""Alone, or doubled, these mean something to some reader."""
_OBEYED: Final = "##["
"""On standard output, a CI runner would obey what begins with this."""
_LONGEST_SIMPLE_KEY: Final = 400
"""YAML reads a longer key only where it is announced by a question mark."""
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def text(value: str) -> str:
    """Plain where no reader of YAML could take it for anything else; else in double quotes."""
    if _OBVIOUS.fullmatch(value) and value.lower() not in _NOT_OBVIOUS:
        return value
    return double_quoted(value)


def double_quoted(value: str) -> str:
    """In double quotes, nothing invisible in it."""
    escaped = "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in value)
    return '"' + escaped.replace(_OBEYED, r"##\u005B") + '"'


def flow(value: Json) -> str:
    """Any value, on one line."""
    match value:
        case str():
            return text(value)
        case Mapping():
            return f"{{{', '.join(_pair(name, item) for name, item in value.items())}}}"
        case Sequence():
            return f"[{', '.join(map(flow, value))}]"
        case _:
            return scalar(value)


def scalar(value: Json) -> str:
    """A number, a boolean or null."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("JSON has no such number")
    return repr(value)


def is_long(name: str) -> bool:
    """Whether a name has to be announced by a question mark where it is a key."""
    return len(name) > _LONGEST_SIMPLE_KEY // 10 and len(text(name)) > _LONGEST_SIMPLE_KEY


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that stands for a value, as it is."""

    text: str


class Spelling(Protocol):
    """How names and values are written in one format."""

    def name(self, name: str, quote: str) -> str:
        """A key's text, quoted as the one beside it is."""
        ...

    def value(self, value: Json, quote: str, in_flow: bool, /) -> str:
        """The value with the sign around it that stood there (`quote`), where it can be."""
        ...


class YamlSpelling:
    """YAML: without a sign where it is safe, and in double quotes where nothing else is."""

    def name(self, name: str, quote: str) -> str:
        """A key's text, quoted as the one beside it is."""
        if quote == '"':
            return double_quoted(name)
        if quote == "'" and name.isprintable() and _OBEYED not in name:
            return _single_quoted(name)
        return text(name)

    def value(self, value: Json, quote: str, in_flow: bool, /) -> str:
        """The value with the sign that stood there, where that reads back as just this value."""
        if not isinstance(value, str):
            return flow(value)
        spellings = (
            said for said in _spellings(value, quote) if _reads_back(said, value, in_flow=in_flow)
        )
        return next(spellings, double_quoted(value))


@dataclass(frozen=True, slots=True)
class JsonSpelling:
    """JSON, as its surroundings are."""

    plain_ascii: bool
    tight: bool
    """No space behind commas and colons."""

    def name(self, name: str, quote: str) -> str:
        """A name, always in its quotes."""
        return self.value(name, quote, True)

    def value(self, value: Json, _quote: str, _in_flow: bool, /) -> str:
        """What is invisible is escaped in any case: it would hide from whoever reviews it."""
        signs = (",", ":") if self.tight else (", ", ": ")
        said = json.dumps(value, ensure_ascii=self.plain_ascii, separators=signs, allow_nan=False)
        return "".join(c if c.isprintable() else _json_escape(c) for c in said)


def _spellings(value: str, quote: str) -> Iterator[str]:
    if not value.isprintable() or _OBEYED in value:
        return
    if quote == "'":
        yield _single_quoted(value)
    elif quote != '"' and _is_safe(value):
        yield value


def _is_safe(value: str) -> bool:
    """Whether no reader takes it for anything but a text. That it can be read is another matter."""
    return (
        value.lower() not in _NOT_OBVIOUS
        and not _NUMBER_LIKE.fullmatch(value)
        and not _NOT_PLAIN.issuperset(value)
    )


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _reads_back(said: str, value: Json, *, in_flow: bool) -> bool:
    document = events.build((f"{{k: {said}}}" if in_flow else f"k: {said}\n").encode())
    if document.faults or not isinstance(document.value, dict):
        return False
    return document.value.keys() == {"k"} and canonical(document.value["k"]) == canonical(value)


def _pair(name: str, value: Json) -> str:
    return f"? {text(name)} : {flow(value)}" if is_long(name) else f"{text(name)}: {flow(value)}"


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
