r"""Values of a file's content, shown on one line, and what two of them differ in.

| value                          | shown                                      |
|--------------------------------|--------------------------------------------|
| a string                       | `"Spring ad"`, in visible characters       |
| too long for its place         | `"Spring a"… +9,980 characters`            |
| the same for long, then not    | `9,970 characters, then …"ing ad"`         |
| a list, an object              | `["a", "b", … +3]`, `{"year": 1979, … +1}` |
| two that look the same         | `"Caf\u{e9}"`, `"Cafe\u{301}"`             |
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from typing import TypeAlias

from rich.cells import cell_len

from reconciler.core.model import Json
from reconciler.render.safe import is_attached, look_alike, quoted, said, spelled, visible

_Quote: TypeAlias = Callable[[str], str]

NO_LIMIT = 1_000_000_000
"""A room into which everything fits."""
_CUT = 20
"""The columns that a count of what was left out takes."""
_LONGEST_MESSAGE = 800
_LEAST = 8
"""How many characters of a text are shown at least."""


def shown(value: Json, room: int) -> str:
    """The value on one line of about `room` columns, with a count of what was left out."""
    return _shown(value, room, quoted)


def shown_pair(one: Json, other: Json, room: int) -> tuple[str, str]:
    """Two different values, each like `shown`, so that they can be told apart."""
    if isinstance(one, str) and isinstance(other, str):
        quote = spelled if look_alike(one, other) else quoted
        if max(len(one), len(other)) <= room:
            whole = quote(one), quote(other)
            if max(map(cell_len, whole)) <= room:
                return whole
        cut = _from_difference(one, other, room, quote)
    else:
        alike = look_alike(shown(one, NO_LIMIT), shown(other, NO_LIMIT))
        quote = spelled if alike else quoted
        cut = _shown(one, room, quote), _shown(other, room, quote)
    if cut[0] != cut[1]:
        return cut
    return _shown(one, NO_LIMIT, quote), _shown(other, NO_LIMIT, quote)


def clipped(text: str, room: int) -> str:
    """A name, visible, in at most `room` columns."""
    return _clipped(text, room, visible)


def field_name(name: str, room: int) -> str:
    r"""A field's name, visible, in at most `room` columns. In brackets it is JSON: `["\u001b"]`."""
    return _clipped(name, room, said)


def message_text(message: str) -> str:
    """A message of ours, visible, and cut where something made it endless."""
    return _clipped(message, _LONGEST_MESSAGE, said)


def _clipped(text: str, room: int, show: _Quote) -> str:
    if len(text) <= room and cell_len(whole := show(text)) <= room:
        return whole
    kept = _fitting(text, max(1, room - 9), show)
    return f"{show(text[:kept])}… +{len(text) - kept:,}"


def size_text(count: int) -> str:
    """A number of bytes: `1.2 MB`."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 999.95 or unit == "GB":
            break
        size /= 1000
    return f"{count} bytes" if unit == "bytes" else f"{size:,.1f} {unit}"


def _shown(value: Json, room: int, quote: _Quote) -> str:
    match value:
        case None | bool() | int() | float():
            return json.dumps(value)
        case str():
            return _string(value, room, quote)
        case Mapping():
            pairs = ((f"{_string(name, room, quote)}: ", item) for name, item in value.items())
            return "{" + _items(pairs, len(value), room - 2, quote) + "}"
        case _:
            return "[" + _items((("", item) for item in value), len(value), room - 2, quote) + "]"


def _string(text: str, room: int, quote: _Quote) -> str:
    if len(text) <= room:
        whole = quote(text)
        if cell_len(whole) <= room:
            return whole
    kept = _fitting(text, max(_LEAST, room - _CUT), quote)
    return f"{quote(text[:kept])}… +{len(text) - kept:,} characters"


def _fitting(text: str, room: int, quote: _Quote) -> int:
    """How many characters of the text fit, without parting any from what belongs to it."""
    kept = min(len(text), room)
    if cell_len(quote(text[:kept])) > room:
        fits = bisect_right(range(kept), room, key=lambda count: cell_len(quote(text[:count])))
        kept = max(1, fits - 1)
    whole = kept
    while 0 < kept < len(text) and is_attached(text[kept]):
        kept -= 1
    return kept or whole


def _items(items: Iterable[tuple[str, Json]], count: int, room: int, quote: _Quote) -> str:
    pieces: list[str] = []
    for name, item in items:
        piece = name + _shown(item, max(_LEAST, room - cell_len(name)), quote)
        rest = count - len(pieces)
        left = room - (0 if rest == 1 else len(f", … +{rest:,}"))
        if pieces and cell_len(piece) > left:
            pieces.append(f"… +{rest:,}")
            break
        pieces.append(piece)
        room -= cell_len(piece) + 2
    return ", ".join(pieces)


def _from_difference(one: str, other: str, room: int, quote: _Quote) -> tuple[str, str]:
    """Two long texts: where they begin alike, from shortly before they differ."""
    pairs = zip(one, other, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    if same < max(_LEAST, room - _CUT):
        return _string(one, room, quote), _string(other, room, quote)
    left = max(_LEAST, room - _CUT - 4)
    start = same - min(12, left // 2)
    while start > 0 and is_attached(one[start]):
        start -= 1
    before = f"{start:,} characters, then …"
    return (
        before + _string(one[start:], left, quote),
        before + _string(other[start:], left, quote),
    )
