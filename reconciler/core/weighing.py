"""The changes of a plan by what they can lose, the gravest first.

| weight      | the change                                                                    |
|-------------|-------------------------------------------------------------------------------|
| deleted     | a file is deleted, and no new one is made in its place                        |
| replaced    | a file is made anew, and the old one deleted afterwards: the acr_id changes   |
| unprotected | an update that takes protection away                                          |
| trashed     | a file goes to the trash of its bucket, and can be had back                   |
| emptied     | an update that takes `user_defined` values away                               |
| moved       | a file goes into another bucket                                               |
| updated     | any other update                                                              |
| created     | a new file                                                                    |
| marked      | an update that writes nothing but the mark                                    |

The first three are grave: what they take away cannot be had back, or no longer guards.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import assert_never

from reconciler.core.marks import USUAL_MARKS, protects
from reconciler.core.model import PROTECT_FIELD, many
from reconciler.core.plan import Change, Create, Delete, Move, Removal, Update, replaced


class Weight(StrEnum):
    """What a change can lose, in the order of how grave it is."""

    DELETED = "deleted"
    REPLACED = "replaced"
    UNPROTECTED = "unprotected"
    TRASHED = "trashed"
    EMPTIED = "emptied"
    MOVED = "moved"
    UPDATED = "updated"
    CREATED = "created"
    MARKED = "marked"


GRAVE = frozenset((Weight.DELETED, Weight.REPLACED, Weight.UNPROTECTED))
_ORDER = {weight: place for place, weight in enumerate(Weight)}


@many
class Weighed:
    """A change, and what it can lose. What takes a replaced file away is in `old` alone."""

    weight: Weight
    change: Change
    old: Removal | None = None

    @property
    def was_protected(self) -> bool:
        """Whether the file that is changed, replaced or deleted carries protection."""
        change = self.old or self.change
        return not isinstance(change, Create) and protects(change.before.user_defined)

    @property
    def unprotects(self) -> bool:
        """Whether an entry's file was protected, and no longer is."""
        change = self.change
        stays = isinstance(change, (Create, Update)) and not protects(change.after.user_defined)
        return stays and self.was_protected


def weighed(
    changes: Iterable[Change], marks: AbstractSet[str] = USUAL_MARKS
) -> tuple[Weighed, ...]:
    """Every change once, the gravest first, and within a weight in the plan's order.

    `marks`: the names of the mark's fields, where they are known.
    """
    changes = tuple(changes)
    old = replaced(changes)
    gone = {removal.id for removal in old.values()}
    found = (_weighed(c, old.get(c.id), marks) for c in changes if c.id not in gone)
    return tuple(sorted(found, key=lambda one: _ORDER[one.weight]))


def _weighed(change: Change, old: Removal | None, marks: AbstractSet[str]) -> Weighed:
    match change:
        case Delete():
            return Weighed(Weight.DELETED, change)
        case Create(replaces=None):
            return Weighed(Weight.CREATED, change)
        case Create():
            return Weighed(Weight.REPLACED, change, old)
        case Move():
            return Weighed(Weight.TRASHED if change.trash else Weight.MOVED, change)
        case Update():
            return Weighed(_of_update(change, marks), change)
        case _:
            assert_never(change)


def _of_update(change: Update, marks: AbstractSet[str]) -> Weight:
    before, after = change.before.user_defined, change.after.user_defined
    if protects(before) and not protects(after):
        return Weight.UNPROTECTED
    if any(_taken_away(before.keys() - after.keys(), marks)):
        return Weight.EMPTIED
    folded = marks - {PROTECT_FIELD}
    if all(name.removeprefix("user_defined.") in folded for name in change.fields):
        return Weight.MARKED
    return Weight.UPDATED


def _taken_away(names: AbstractSet[str], marks: AbstractSet[str]) -> Iterator[str]:
    return (name for name in names if name not in marks)
