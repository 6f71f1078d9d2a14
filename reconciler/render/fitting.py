"""How much of a text is shown, so that the whole fits into a comment."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

LIMIT = 65_536
"""A comment on GitHub is shorter, by characters; here by bytes, which nobody counts as fewer."""
_LARGEST = 1000
"""More rows than fit are not tried."""
MOST_SAID = 20
"""How many violations are said, how many notes, and how many differences of a kind."""


class Room(NamedTuple):
    """How much is shown."""

    rows: int
    details: int
    """How many of the rows have their before and after."""
    said: int


def fitted(most: int, limit: int, blocks: Callable[[Room], Iterable[str]]) -> str:
    """The blocks of the first room in which they have less than `limit` bytes, joined by empty
    lines; each ends with a newline. What is folded away goes first, and then rows and words."""
    text = ""
    for room in _rooms(min(most, _LARGEST)):
        text = "\n".join(blocks(room))
        if len(text.encode()) < limit:
            break
    return text


def _rooms(rows: int) -> Iterator[Room]:
    details = rows
    while details:
        yield Room(rows, details, MOST_SAID)
        details //= 2
    said = MOST_SAID
    while rows or said:
        yield Room(rows, 0, said)
        rows, said = rows // 2, (said // 2 if rows <= said else said)
    yield Room(0, 0, 0)
