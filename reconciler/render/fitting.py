"""How much of a text is shown, so that the whole fits into a comment."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

LIMIT = 65_536
"""A comment on GitHub is shorter, by characters; here by bytes, which nobody counts as fewer.
GitLab lets comments be longer, but nobody reads those."""
_MOST_ROWS = 500
_MOST_DETAILS = 250
"""More than fit are not tried."""
T = TypeVar("T")
MOST_SAID = 20
"""How many violations are said, how many notes, and how many differences of a kind."""


class Once(Generic[T]):
    """Puts each thing into words once, however often it is tried what fits: long texts of odd
    characters take their time. The things are kept by whoever asks."""

    def __init__(self, say: Callable[[T], str]) -> None:
        """Say things by this."""
        self._say = say
        self._said: dict[int, str] = {}

    def __call__(self, thing: T) -> str:
        """The words."""
        said = self._said.get(id(thing))
        if said is None:
            said = self._said[id(thing)] = self._say(thing)
        return said


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
    for room in _rooms(min(most, _MOST_ROWS)):
        text = "\n".join(blocks(room))
        if len(text.encode()) < limit:
            break
    return text


def _rooms(rows: int) -> Iterator[Room]:
    details = min(rows, _MOST_DETAILS)
    while details:
        yield Room(rows, details, MOST_SAID)
        details //= 2
    said = MOST_SAID
    while rows or said:
        yield Room(rows, 0, said)
        rows, said = rows // 2, (said // 2 if rows <= said else said)
    yield Room(0, 0, 0)
