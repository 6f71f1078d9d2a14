"""Changes in batches, each of one place and of as many as one request takes."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from reconciler.core.plan import Delete, Move, Update
from reconciler.core.planner import BATCH

Batched = TypeVar("Batched", Move, Update, Delete)


def batches(
    changes: Iterable[Batched], place: Callable[[Batched], Hashable]
) -> Sequence[Sequence[Batched]]:
    """The changes by their place, in their order, at most `BATCH` together."""
    by_place: dict[Hashable, list[Batched]] = defaultdict(list)
    for change in changes:
        by_place[place(change)].append(change)
    return [
        together[start : start + BATCH]
        for together in by_place.values()
        for start in range(0, len(together), BATCH)
    ]
