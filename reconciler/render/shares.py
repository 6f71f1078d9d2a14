"""How many of each kind are shown, where not all can be."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def shares(counts: Mapping[K, int], most: int) -> dict[K, int]:
    """At most `most` in all, divided so that few of one kind are not hidden by many of another.

    Each kind gets the same, and what one does not need goes to the others.
    """
    left = max(0, most)
    given: dict[K, int] = {}
    smallest_first = sorted(counts, key=lambda kind: counts[kind])
    for place, kind in enumerate(smallest_first):
        given[kind] = min(counts[kind], -(-left // (len(counts) - place)))
        left -= given[kind]
    return given


def some_of_each(items: Sequence[T], kind: Callable[[T], K], most: int) -> Sequence[T]:
    """At most `most` of the items, in their order, shared out over their kinds."""
    left = shares(Counter(map(kind, items)), most)
    chosen: list[T] = []
    for item in items:
        if left[kind(item)]:
            left[kind(item)] -= 1
            chosen.append(item)
    return chosen
