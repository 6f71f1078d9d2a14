"""Which changes of a plan are listed, where not all can be: first those that can lose something."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.weighing import GRAVE, Weighed, Weight
from reconciler.render.change_text import CREATE, DELETE, MOVE, UPDATE, Verb
from reconciler.render.plan_words import more, to_do
from reconciler.render.shares import shares

_REPLACE = Verb("replace", "", "")
"""A replaced file is one change to its readers, and two to apply."""
_VERBS: Mapping[Weight, Verb] = {
    Weight.DELETED: DELETE,
    Weight.REPLACED: _REPLACE,
    Weight.UNPROTECTED: UPDATE,
    Weight.TRASHED: MOVE,
    Weight.EMPTIED: UPDATE,
    Weight.MOVED: MOVE,
    Weight.UPDATED: UPDATE,
    Weight.CREATED: CREATE,
    Weight.MARKED: UPDATE,
}

Group: TypeAlias = tuple[bool, str, Weight]
"""Whether its changes are grave, the bucket, and the weight."""


def word_of(weight: Weight) -> str:
    """What is done: `delete`, `replace`, `update`."""
    return _VERBS[weight].word


@dataclass(frozen=True, slots=True)
class Rows:
    """Some changes of a plan, and how many it has."""

    listed: Sequence[Weighed]
    total: Mapping[Weight, int]

    @property
    def count(self) -> int:
        """How many there are, listed or not."""
        return sum(self.total.values())

    def left_out(self) -> str:
        """`992 more updates, 1 more move`; nothing where nothing is left out."""
        rest = Counter(self.total)
        rest.subtract(Counter(one.weight for one in self.listed))
        return more(_by_verb(rest))

    def to_do(self) -> str:
        """`3 to create, 1 to update`."""
        return to_do(_by_verb(self.total))


class Listing:
    """The changes by group, of each the first ones: the rest is counted once."""

    def __init__(self, changes: Iterable[Weighed], most: int) -> None:
        """At most `most` of a group are kept."""
        self._kept: dict[Group, list[Weighed]] = {}
        self._totals: Counter[Group] = Counter()
        for one in changes:
            group = (one.weight in GRAVE, one.change.bucket, one.weight)
            kept = self._kept.setdefault(group, [])
            self._totals[group] += 1
            if len(kept) < most:
                kept.append(one)

    def listed(self, most: int) -> tuple[Rows, Mapping[str, Rows]]:
        """The grave changes, and the others by bucket, at most `most` in all.

        Both get the same, and within both every group does; what one does not need goes to the
        others, so that a few deletes are not hidden by many updates.
        """
        sides = Counter({True: 0, False: 0})
        for group, count in self._totals.items():
            sides[group[0]] += count
        given: dict[Group, int] = {}
        for side, room in shares(sides, most).items():
            groups = {group: n for group, n in self._totals.items() if group[0] is side}
            given.update(shares(groups, room))
        grave = self._rows(self._fewest_first(group for group in given if group[0]), given)
        buckets: dict[str, list[Group]] = {}
        for group in sorted((group for group in given if not group[0]), key=_by_bucket):
            buckets.setdefault(group[1], []).append(group)
        return grave, {name: self._rows(groups, given) for name, groups in buckets.items()}

    def _fewest_first(self, groups: Iterable[Group]) -> Sequence[Group]:
        """By weight, those first of which there are the fewest: they stand in one table."""
        groups = tuple(groups)
        counts: Counter[Weight] = Counter()
        for group in groups:
            counts[group[2]] += self._totals[group]
        return sorted(groups, key=lambda one: (counts[one[2]], _ORDER[one[2]], one[1]))

    def _rows(self, groups: Iterable[Group], given: Mapping[Group, int]) -> Rows:
        listed: list[Weighed] = []
        total: Counter[Weight] = Counter()
        for group in groups:
            listed += self._kept[group][: given[group]]
            total[group[2]] += self._totals[group]
        return Rows(listed, total)


def together(many: Iterable[Rows]) -> Rows:
    """Several as one."""
    total: Counter[Weight] = Counter()
    listed: list[Weighed] = []
    for rows in many:
        total.update(rows.total)
        listed += rows.listed
    return Rows(listed, total)


_ORDER = {weight: place for place, weight in enumerate(Weight)}


def _by_bucket(group: Group) -> tuple[str, int]:
    return group[1], _ORDER[group[2]]


def _by_verb(counts: Mapping[Weight, int]) -> Mapping[Verb, int]:
    """The counts, those first that take the most away."""
    verbs = Counter(dict.fromkeys((DELETE, _REPLACE, MOVE, UPDATE, CREATE), 0))
    for weight, count in counts.items():
        verbs[_VERBS[weight]] += count
    return verbs
