r"""The token taken out of what the service says: a debug page that echoes a request must not bring
it into a message, a plan or a ledger.

| form of the token                                   | example, of `a+b"c`                       |
|-----------------------------------------------------|-------------------------------------------|
| as it is                                            | `a+b"c`                                   |
| in a URL                                            | `a%2Bb%22c`, `%61%2bb%22c`                |
| in JSON's, Python's, PHP's or JavaScript's quotes   | `a\u002bb\"c`, `\x61+b\"c`, `\u{61}+b"c`  |
| in HTML                                             | `a&#43;b&quot;c`, `&#x61;&plus;b&quot;c`  |
| in base64 of both alphabets, whatever stands before | `YStiImM=`, `Bearer`: `QmVhcmVyIGErYiJj`  |

Any character may be spelled so, a letter or a digit too, each in another way; and what is spelled
so may be spelled so again, up to eight times. So nothing more comes to light in the texts of an
answer, once they are read, than is found in its bytes. Of base64 the characters that the token
shares with its neighbours are left: at most eight bits of it.

Not found is what nobody does by mistake: another base or case, backwards, with something between
the characters, in pieces.
"""

import re
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final

_TOLD: Final = b"[token]"
_LEAST: Final = 16
"""Characters of what can be told from a word."""
_BASE64_SHARED: Final = (0, 2, 3)
"""The characters of base64 that hold bits of what stands before, by its length modulo three."""
_ONE_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_QUERY: Final = re.compile(
    r"""(?<![^\s"'<>])((?>[^\s"'<>]*?[A-Za-z0-9+.-]://)[^\s?#"'<>]*+)[?#][^\s"'<>]+"""
)
"""Begins where a word does and never goes back in it, so that a long one is gone through once."""
_NAMES: Final = {
    name.encode(): char.encode()
    for name, char in html5.items()
    if len(char) == 1 and "!" <= char <= "~"
}
_SPELLED: Final = re.compile(
    # Each way begins with another character, so that Python looks for these before it tries. Of
    # many backslashes it tries from the first only.
    rb"\\(?<!\\\\)\\*(?:u00|x)(?P<quoted>[2-7][0-9A-Fa-f])"
    rb"|\\(?<!\\\\)\\*u\{0*(?P<braced>[2-7][0-9A-Fa-f])\}"
    rb"|%(?P<percent>[2-7][0-9A-Fa-f])"
    rb"|&#0*(?P<decimal>3[3-9]|[4-9][0-9]|1[01][0-9]|12[0-6]);"
    rb"|&#[xX]0*(?P<hex>[2-7][0-9A-Fa-f]);"
    rb"|&(?P<name>" + b"|".join(sorted(map(re.escape, _NAMES), reverse=True)) + rb")"
)
"""One character that need not be spelled so, and one such as tokens have."""
_SPELLS: Final = (b"\\", b"%", b"&")
"""How each of them begins."""
_IN_COMMON: Final = re.compile(rb"[0-9A-Za-z]+")
_BACKSLASHES: Final = re.compile(rb"\\+")
r"""What is left of quotes in quotes: `\"`, `\\\"`, `\/`."""
_BACKSLASH: Final = ord("\\")
_ROUNDS: Final = 8
_MOST_SPELLED: Final = 500_000


class Redaction:
    """Puts `[token]` in the place of one token, in all its forms.

    A token of fewer than 16 characters, as rehearsals have, is left: it may be a part of any
    word, and taking it out would change what is read.
    """

    def __init__(self, token: str) -> None:
        """`token`: printable ASCII without spaces."""
        self._forms = frozenset(_forms(token.encode("ascii"))) if len(token) >= _LEAST else ()
        # The alphabets of base64 have these characters in common: where they are not, no form is.
        self._runs = {max(_IN_COMMON.findall(form), key=len, default=b"") for form in self._forms}
        self._last_backslashes = len(token) - len(token.rstrip("\\"))

    def of(self, body: bytes) -> bytes:
        """The body without the token; the same object where the token is not in it."""
        if not self._forms:
            return body
        for _ in range(2 * _ROUNDS):
            way = self._way_to_the_token(body)
            if way is None:
                return body
            body = self._without(body, way)
        return _TOLD

    def of_text(self, text: str) -> str:
        """The same for a header, or for the words of an error."""
        return self.of(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _way_to_the_token(self, body: bytes) -> Sequence[re.Pattern[bytes]] | None:
        """All that can be read, one after the other, while the token is seen; None where it is
        not there. Nearly always there is nothing to be read."""
        found = None
        text, way = body, list[re.Pattern[bytes]]()
        while True:
            found = [*way] if self._is_in(text) else found
            if len(way) == _ROUNDS or not _is_spelled(text):
                break
            text = _SPELLED.sub(_meant, text)
            way.append(_SPELLED)
        if found is None and b"\\" in text and self._is_in(text.replace(b"\\", b"")):
            found = [*way, _BACKSLASHES]
        return found

    def _is_in(self, text: bytes) -> bool:
        if not any(run in text for run in self._runs):
            return False
        told = text.translate(_ONE_ALPHABET)
        return any(form in told for form in self._forms)

    def _without(self, body: bytes, way: Sequence[re.Pattern[bytes]]) -> bytes:
        """The body without what is the token once it was read so; nothing of it where it is more
        of a riddle than an answer."""
        steps: list[_Step] = []
        text = body
        for pattern in way:
            step = _Step.of(text, pattern)
            if step is None:
                return _TOLD
            steps.append(step)
            text = step.text
        pieces: list[bytes] = []
        done = 0
        for place in self._places(text):
            start, end = self._with_backslashes(body, *_before(steps, *place))
            if start >= done:
                pieces += (body[done:start], _TOLD)
            done = max(done, end)
        return b"".join((*pieces, body[done:]))

    def _places(self, text: bytes) -> Sequence[tuple[int, int]]:
        told = text.translate(_ONE_ALPHABET)
        found = (
            (match.start(), match.end())
            for form in self._forms
            for match in re.finditer(re.escape(form), told)
        )
        return sorted(found)

    def _with_backslashes(self, body: bytes, start: int, end: int) -> tuple[int, int]:
        """The place of the token with those backslashes that quote what it begins with, or that
        it ends with: half of an escape is no JSON."""
        start = _before_backslashes(body, start)
        if self._last_backslashes:
            end = _before_backslashes(body, end)
            run = _BACKSLASHES.match(body, end)
            many = 0 if run is None else len(run[0])
            # The last of an odd number belongs to the quote that follows.
            end += many - (many % 2 if many > self._last_backslashes else 0)
        return start, end


def _before_backslashes(body: bytes, place: int) -> int:
    """Where the backslashes begin that stand before a place."""
    while place and body[place - 1] == _BACKSLASH:
        place -= 1
    return place


def _is_spelled(text: bytes) -> bool:
    """Whether any character is. Most answers hold none of what spelling begins with, and finding
    so is many times faster than any pattern."""
    return any(begin in text for begin in _SPELLS) and _SPELLED.search(text) is not None


@dataclass(slots=True)
class _Step:
    """A text after something in it was read, and where each of its characters was before."""

    text: bytes
    _length: int
    """Of what a match became."""
    _at: list[int] = field(default_factory=list)
    """Where in the text that is. And before:"""
    _start: list[int] = field(default_factory=list)
    _end: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, text: bytes, pattern: re.Pattern[bytes]) -> "_Step | None":
        """None where there is too much to be read for it to be kept."""
        step = cls(b"", 0 if pattern is _BACKSLASHES else 1)
        pieces: list[bytes] = []
        size = done = 0
        for match in pattern.finditer(text):
            size += match.start() - done
            step._at.append(size)
            step._start.append(match.start())
            step._end.append(match.end())
            pieces += (text[done : match.start()], _meant(match) if step._length else b"")
            size += step._length
            done = match.end()
            if len(pieces) > 2 * _MOST_SPELLED:
                return None
        step.text = b"".join((*pieces, text[done:]))
        return step

    def before(self, place: int) -> tuple[int, int]:
        """Where the character at a place was: from, and up to."""
        last = bisect_right(self._at, place) - 1
        if last < 0:
            return place, place + 1
        if self._length and self._at[last] == place:
            return self._start[last], self._end[last]
        was = self._end[last] + place - self._at[last] - self._length
        return was, was + 1


def _before(steps: Sequence[_Step], start: int, end: int) -> tuple[int, int]:
    """Where a part of the text was before all these steps."""
    for step in reversed(steps):
        start, end = step.before(start)[0], step.before(end - 1)[1]
    return start, end


def without_queries(text: str) -> str:
    """The words of an error, in which no address has its query or fragment."""
    return _QUERY.sub(r"\1?...", text)


def _forms(token: bytes) -> Iterator[bytes]:
    """What is looked for, in one alphabet."""
    read = token
    for _ in range(_ROUNDS):
        read = _SPELLED.sub(_meant, read)
    for form in (token, read, read.replace(b"\\", b"")):
        if form:
            yield form.translate(_ONE_ALPHABET)
    for before, shared in enumerate(_BASE64_SHARED):
        data = b"." * before + token
        yield b64encode(data)[shared : len(data) * 8 // 6]


def _meant(spelled: re.Match[bytes]) -> bytes:
    """The character that is spelled."""
    way, said = spelled.lastgroup, spelled[spelled.lastgroup or 0]
    if way == "name":
        return _NAMES[said]
    return bytes((int(said, 10 if way == "decimal" else 16),))
