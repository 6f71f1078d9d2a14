"""What applying a plan needs of the world, in the core's own terms.

Errors are those of `reconciler.errors`: `Rejected` means that nothing was done, `Unclear`
that nobody knows, `Unreachable` that nothing was sent, `TokenRefused` that nothing will be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from reconciler.core.model import File, FileId, Key, LiveState, Source, UserDefined
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change


class Clock(Protocol):
    """Time, as a thing that can be handed in."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def now(self) -> float:
        """Seconds since 1970, by the wall clock: data, never a deadline."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Reading(Protocol):
    """The service, for those who may only read it."""

    def read_live(self) -> LiveState:
        """All files of the catalogue's buckets."""
        ...

    def read_files(self, bucket: str, ids: Sequence[FileId | str]) -> Sequence[File]:
        """Those of the files, by id or acr_id, that are in the bucket. Others are left out."""
        ...

    def read_newest(self, bucket: str, above: FileId) -> Sequence[File]:
        """The bucket's files whose id is greater than `above`."""
        ...


class Writing(Reading, Protocol):
    """The service, for those who may change it."""

    def create(
        self,
        bucket: str,
        title: str,
        user_defined: UserDefined,
        source: Source,
        sent: Callable[[int], None],
    ) -> File:
        """Upload a new file. `sent` is told of every piece's bytes. Never asked twice by itself."""
        ...

    def update(self, bucket: str, file_id: FileId, title: str, user_defined: UserDefined) -> File:
        """Set a file's title and its whole user_defined; the file as it is then."""
        ...

    def move(self, destination: str, ids: Sequence[FileId]) -> None:
        """Move files, wherever they are, into a bucket. Never asked twice by itself."""
        ...

    def delete(self, bucket: str, ids: Sequence[FileId]) -> None:
        """Delete files of a bucket. Never asked twice by itself."""
        ...


class Recording(Protocol):
    """The ledger of one run. Every call returns only once its lines are on disk."""

    def began(self, changes: Collection[Change]) -> None:
        """These changes are about to be sent."""
        ...

    def ended(self, ends: Collection[tuple[Change, Outcome]]) -> None:
        """These changes have ended so. What is said last of a change counts."""
        ...

    def open_creates(self) -> Mapping[Key, float]:
        """Creates of earlier runs whose end is not known, and when they began (wall clock)."""
        ...
