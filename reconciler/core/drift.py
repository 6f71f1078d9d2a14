"""What drift is: what is not as the catalogue has it, on which side it changed, and what of it a
baseline accepts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from reconciler.core.content import Content
from reconciler.core.model import FileId, Json, Key, Place

_MOST_NAMED: Final = 5
"""How many fields of a side are named in a message."""


class Direction(StrEnum):
    """On which side something changed since the last apply, or what is wrong on the live one."""

    CHANGED_LIVE = "changed live"
    MISSING_LIVE = "missing live"
    DUPLICATE = "duplicate"
    BROKEN = "broken"
    NOT_YET_APPLIED = "not yet applied"
    BOTH_CHANGED = "both changed"
    UNRESOLVED = "unresolved"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What the ledger says of a key: what its file was when an apply last touched it."""

    content: Content
    bucket: str | None
    """The catalogue's name of the bucket, where the ledger says it."""
    deleted: bool
    """The key's file was deleted and none was made since. The delete of a file that was
    replaced by another, or was a duplicate, does not make it so."""


LastAppliedOf: TypeAlias = Callable[[Key], LastApplied | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """Which fields changed on which side since the last apply: whole values, by name. One that
    changed on both stands in both."""

    live: tuple[str, ...]
    desired: tuple[str, ...]

    @property
    def direction(self) -> Direction:
        """What they say together."""
        if not self.live:
            return Direction.NOT_YET_APPLIED
        return Direction.BOTH_CHANGED if self.desired else Direction.CHANGED_LIVE

    @property
    def message(self) -> str:
        """The same in words."""
        if not self.live:
            return "the catalogue changed since it was last applied"
        if not self.desired:
            return "changed in the service since it was last applied"
        return (
            f"changed on both sides since it was last applied: {_few(self.live)} in the service, "
            f"{_few(self.desired)} in the catalogue"
        )


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One thing that is not as the catalogue has it."""

    direction: Direction
    message: str
    key: Key | None
    """None for a file that carries no mark of ours."""
    bucket: str | None = None
    """Where the file is, or where it should be."""
    file_id: FileId | None = None
    title: str | None = None
    """The file's, or where there is none the entry's."""
    fields: tuple[str, ...] = ()
    """What differs, where both contents are known: `title`, `user_defined.artist`."""
    before: Content | None = None
    """Live."""
    wanted: Content | None = None
    declared_at: Place | None = None
    sides: Sides | None = None
    """Of the fields that differ, where the ledger knows what was last applied."""
    is_replaced: bool = False
    """It is more than its fields: the file is to be replaced by another, whatever they are."""


class Said(NamedTuple):
    """A value that is said: null is one, too, and means that nothing is there."""

    value: Json


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Drift that a baseline accepts for now. What it does not name may be any."""

    key: Key | None
    file_id: FileId | None
    """Instead of the key, of a file that carries no mark."""
    reason: str
    until: str
    """The last day on which it is accepted, UTC: `2026-12-31`."""
    place: Place
    field: str | None = None
    """`title`, `user_defined.artist`, or a part of such a value."""
    live: Said | None = None
    """What the field must be live."""
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An item that is accepted, or some of its fields, and by what."""

    item: DriftItem
    by: Acceptance


@dataclass(frozen=True, slots=True)
class Recalled:
    """Whether the ledger can say which side changed."""

    known: bool = True
    """It has runs of this catalogue."""
    catalogs: tuple[str, ...] = ()
    """The other catalogues of which it has runs."""
    torn: bool = False
    """Its last line has no end, and was passed over."""


@dataclass(frozen=True, slots=True)
class Drift:
    """All that is not as the catalogue has it, and how much is."""

    items: tuple[DriftItem, ...]
    """Unmanaged and accepted ones aside, none exactly where a plan would find nothing to do or to
    report."""
    unmanaged: int
    """Foreign files that are let be, whether or not they are among the items."""
    pending: int
    """Entries whose file the service is still processing. That alone is no drift."""
    entries: int
    """Entries that were compared."""
    in_sync: int
    files: int = 0
    """All files of the catalogue's buckets, those in a trash aside."""
    owned: int = 0
    """Those of them that carry its mark."""
    only: tuple[str, ...] = ()
    """Where not all was compared: the globs of the keys that were."""
    recalled: Recalled = Recalled()
    accepted: tuple[Accepted, ...] = ()
    expired: tuple[Acceptance, ...] = ()
    """What a baseline accepted until a day that is over, and is among the items again."""
    idle: tuple[Acceptance, ...] = ()
    """What a baseline accepts, and nothing is so."""

    @property
    def coverage(self) -> float | None:
        """Owned of all files in percent, rounded down, so that 100 means all of them; None where
        there are none."""
        return self.owned * 1000 // self.files / 10 if self.files else None


def _few(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MOST_NAMED:,} more"] if len(names) > _MOST_NAMED else []
    return ", ".join([*names[:_MOST_NAMED], *more])
