"""Which changes of a plan are shown, where not all can be."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from reconciler.core.plan import Change, ChangeId, Create, Delete
from reconciler.render.change_text import VERBS, Verb, verb_of
from reconciler.render.shares import shares


class Selection:
    """At most `most` changes, shared out over buckets and verbs, so that a few deletes are not
    hidden by many updates. A new file brings the one that it replaces along.

    What is not shown is counted once, and never looked at again.
    """

    def __init__(self, changes: Sequence[Change], most: int) -> None:
        """Select, in the order of the changes."""
        beside = _replaced(changes)
        attached = {delete.id for delete in chain.from_iterable(beside.values())}
        self._totals = Counter((change.bucket, verb_of(change)) for change in changes)
        alone = Counter(self._totals)
        alone.subtract((delete.bucket, verb_of(delete)) for delete in chain(*beside.values()))
        self._shown: dict[str, list[Change]] = defaultdict(list)
        left = shares({group: count for group, count in alone.items() if count}, most)
        missing = sum(left.values())
        for change in changes:
            if not missing:
                break
            group = (change.bucket, verb_of(change))
            if left.get(group) and change.id not in attached:
                self._shown[change.bucket].append(change)
                self._shown[change.bucket] += beside.get(change.id, ())
                left[group] -= 1
                missing -= 1

    @property
    def buckets(self) -> Sequence[str]:
        """Every bucket that has changes, by name."""
        return sorted({bucket for bucket, _ in self._totals})

    def totals(self, bucket: str) -> Mapping[Verb, int]:
        """How many changes the bucket has, shown or not."""
        return {verb: self._totals[bucket, verb] for verb in VERBS}

    def shown(self, bucket: str) -> Sequence[Change]:
        """Those that are shown; below a new file, the one that it replaces."""
        return self._shown.get(bucket, ())

    def left_out(self, bucket: str) -> Mapping[Verb, int]:
        """How many are not."""
        shown = Counter(map(verb_of, self.shown(bucket)))
        return {verb: count - shown[verb] for verb, count in self.totals(bucket).items()}


def _replaced(changes: Sequence[Change]) -> dict[ChangeId, list[Delete]]:
    """By each create, the deletes in its bucket that wait for it."""
    waiting = [change for change in changes if isinstance(change, Delete) and change.after_change]
    if not waiting:
        return {}
    creates = {change.id: change.bucket for change in changes if isinstance(change, Create)}
    beside: dict[ChangeId, list[Delete]] = defaultdict(list)
    for delete in waiting:
        if delete.after_change and creates.get(delete.after_change) == delete.bucket:
            beside[delete.after_change].append(delete)
    return beside
