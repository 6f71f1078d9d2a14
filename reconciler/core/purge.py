"""What a purge deletes, for good: what lies in a trash since before a moment, and is nobody's.

| the file in the trash                                | is deleted                              |
|------------------------------------------------------|-----------------------------------------|
| an entry wants it again                              | no: it comes back with the next apply   |
| the ledger has its move there, before the moment     | yes                                     |
| the ledger has its move there, later                 | no                                      |
| carries our mark, and the ledger knows of no move    | only where those are asked for, too     |
| carries no mark, and the ledger knows of no move     | no: somebody else put it there          |
| is another catalogue's, or cannot be read            | no                                      |

It is judged as deletes are; a percentage is one of all files with the catalogue's mark, those in a
trash among them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.core.aim import Aim
from reconciler.core.diff import Differences
from reconciler.core.facts import Expired
from reconciler.core.marks import Another, owner
from reconciler.core.matching import match
from reconciler.core.model import DesiredState, File, FileId, Key, LiveState, Opaque
from reconciler.core.plan import Note


class Thrown(NamedTuple):
    """That an apply threw a file away."""

    bucket_id: int
    """Into which trash."""
    at: float
    """In seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Purging:
    """What is to be purged."""

    desired: DesiredState
    thrown: Mapping[FileId, Thrown]
    """What the ledger knows."""
    before: float
    """What was thrown away before this moment, in seconds since 1970."""
    unknown: bool = False
    """Also what carries our mark, and of which the ledger knows nothing."""

    def scope(self, differences: Differences) -> Differences:
        """Of all differences, what is to be deleted."""
        in_trash = differences.trashed
        return replace(
            differences,
            facts=tuple(Expired(key, file) for key, file in in_trash if self._is_due(key, file)),
            owned=differences.owned + sum(1 for key, _ in in_trash if key is not None),
            trashed=(),
        )

    def notes(self, live: LiveState) -> Iterator[Note]:
        """How much stays in which trash, and why."""
        young: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        for key, file in match(self.desired, live).trashed:
            if not self._is_due(key, file):
                (unknown if self._since(file) is None else young)[file.bucket] += 1
        for name in sorted(young):
            why = f"{young[name]:,} file(s) stay in it: thrown away later than that"
            yield Note("trash", why, bucket=name)
        for name in sorted(unknown):
            why = (
                f"{unknown[name]:,} file(s) stay in it: the ledger does not say since when they "
                "are there; --include-unknown purges those with the catalogue's mark"
            )
            yield Note("trash", why, bucket=name)

    def _is_due(self, key: Key | None, file: File) -> bool:
        if isinstance(file.user_defined, Opaque) or isinstance(owner(file, self.desired), Another):
            return False
        since = self._since(file)
        if since is None:
            return self.unknown and key is not None
        return since < self.before

    def _since(self, file: File) -> float | None:
        thrown = self.thrown.get(file.id)
        there = self.desired.buckets[file.bucket].id
        return thrown.at if thrown is not None and thrown.bucket_id == there else None


def purge(purging: Purging, live: LiveState) -> Aim:
    """What a plan that purges is towards."""
    return Aim(purging.desired, purging.scope, tuple(purging.notes(live)))
