"""What applying a plan needs of the world, in the core's own terms.

Errors are those of `reconciler.errors`: `Rejected` means that nothing was done, `Unclear`
that nobody knows, `Unreachable` that nothing was sent, `TokenRefused` that nothing will be.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from reconciler.core.model import File, FileId, Key, LiveState, Source, UserDefined
from reconciler.core.outcome import EarlierCreate, Outcome, Sent
from reconciler.core.plan import Change, ChangeId


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


class Sending(Protocol):
    """One request that writes, as whoever asks for it follows it on its way."""

    def waits(self) -> None:
        """It waits for its turn from now on. Whoever has to look once more before it goes looks
        now, and raises as `goes` does: a look in its turn would have it go out of turn."""
        ...

    def goes(self) -> None:
        """It goes out now, for the first time or once more. What this raises, though no
        `ServiceError`, keeps it back: what it rests on holds no more."""
        ...

    def sent(self, size: int) -> None:
        """So many more bytes of an upload are sent."""
        ...

    def ended(self, status: int | None, *, known: bool) -> None:
        """It has ended once, with this HTTP status; None: no answer came. `known`: whether that
        says what it did."""
        ...


class Writing(Reading, Protocol):
    """The service, for those who may change it."""

    def create(
        self,
        bucket: str,
        title: str,
        user_defined: UserDefined,
        source: Source,
        sending: Sending,
    ) -> File:
        """Upload a new file. After an unclear end it is never sent again by itself."""
        ...

    def update(
        self,
        bucket: str,
        file_id: FileId,
        title: str,
        user_defined: UserDefined,
        sending: Sending,
    ) -> File:
        """Set a file's title and its whole user_defined; the file as it is then."""
        ...

    def move(self, destination: str, ids: Sequence[FileId], sending: Sending) -> None:
        """Move files, wherever they are, into a bucket. After an unclear end it is never sent
        again by itself."""
        ...

    def delete(self, bucket: str, ids: Sequence[FileId], sending: Sending) -> None:
        """Delete files of a bucket. After an unclear end it is never sent again by itself."""
        ...


class Recording(Protocol):
    """The ledger of one run. Every call returns only once its lines are on disk."""

    def began(self, changes: Collection[Change]) -> None:
        """These changes are about to be sent."""
        ...

    def ended(
        self,
        ends: Collection[tuple[Change, Outcome]],
        sendings: Mapping[ChangeId, Sent] = MappingProxyType({}),
    ) -> None:
        """These changes have ended so, those that were sent after so many attempts. What is said
        last of a change counts."""
        ...

    def earlier_creates(self, names: Collection[str]) -> Mapping[Key, Sequence[EarlierCreate]]:
        """By key, the creates that earlier runs of the catalogue with these names have sent, and
        whose files a listing may not show: those of which nobody knows how they ended, and those
        that made a file."""
        ...

    def earlier_deletes(self, names: Collection[str]) -> Mapping[FileId, float]:
        """The files that earlier runs of the catalogue with these names have deleted, or may have,
        and when (wall clock)."""
        ...
