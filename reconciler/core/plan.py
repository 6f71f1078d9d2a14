"""What a change is, and a plan: values that say everything that apply will do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias, TypeGuard

from reconciler.core.content import Content
from reconciler.core.model import FileId, Key, Place, Snapshot, SourceKind

ChangeId = NewType("ChangeId", str)
"""Names a change in its plan: `create:KEY`, `update:FILE_ID`."""


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """What a create uploads, by its digest: what is sent must have it."""

    kind: SourceKind
    digest: str | None
    """As in the mark. None only in a plan with a *source* violation."""
    sha256: str | None = None
    size: int | None = None
    """In bytes, where the file was there when the plan was made."""


@dataclass(frozen=True, slots=True)
class Create:
    """Upload the entry's source as a new file."""

    key: Key
    bucket: str
    bucket_id: int
    after: Content
    source: PlannedSource
    reason: str
    """For eyes only: nothing branches on it. So in every change."""
    declared_at: Place
    replaces: FileId | None = None
    """The file whose ignored values are carried over, and which is deleted afterwards."""
    from_bucket: str | None = None
    """Where `replaces` is."""
    from_bucket_id: int | None = None

    @property
    def id(self) -> ChangeId:
        """This change's name."""
        return ChangeId(f"create:{self.key}")


@dataclass(frozen=True, slots=True)
class Move:
    """Put the file into another bucket. Its id and acr_id stay."""

    key: Key | None
    """None where the file carries no mark of ours: then it goes to the trash."""
    file_id: FileId
    acr_id: str
    from_bucket: str
    from_bucket_id: int
    bucket: str
    bucket_id: int
    before: Content
    reason: str
    declared_at: Place | None
    trash: bool = False
    """`bucket` is the trash: this stands for a delete, waits as one does, and runs in its place."""
    keeps: FileId | None = None
    """As of a delete, and so the next two."""
    keeps_bucket_id: int | None = None
    after_change: ChangeId | None = None

    @property
    def id(self) -> ChangeId:
        """This change's name."""
        return ChangeId(f"move:{self.file_id}")


@dataclass(frozen=True, slots=True)
class Update:
    """Set the file's title and `user_defined`."""

    key: Key
    file_id: FileId
    acr_id: str
    bucket: str
    bucket_id: int
    before: Content
    after: Content
    fields: tuple[str, ...]
    """What differs: `title`, `user_defined.artist`."""
    reason: str
    declared_at: Place
    after_change: ChangeId | None = None
    """The move that brings it into `bucket`."""

    @property
    def id(self) -> ChangeId:
        """This change's name."""
        return ChangeId(f"update:{self.file_id}")


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the file for good."""

    key: Key | None
    """None where the file carries no mark of ours."""
    file_id: FileId
    acr_id: str
    bucket: str
    bucket_id: int
    before: Content
    reason: str
    declared_at: Place | None = None
    keeps: FileId | None = None
    """The file that stays in its place: where that is not ready, this is not deleted."""
    keeps_bucket_id: int | None = None
    """Where `keeps` is, once moves are done."""
    after_change: ChangeId | None = None
    """The create that replaces it: until the new file is ready, this is not deleted."""

    @property
    def id(self) -> ChangeId:
        """This change's name."""
        return ChangeId(f"delete:{self.file_id}")


Change: TypeAlias = Create | Move | Update | Delete

Removal: TypeAlias = Delete | Move
"""What takes a file away: a delete, or a move into the trash."""


def removes(change: Change) -> TypeGuard[Removal]:
    """Whether the change takes its file away, for good or into the trash."""
    return isinstance(change, Delete) or (isinstance(change, Move) and change.trash)


def replaced(changes: Sequence[Change]) -> Mapping[ChangeId, Removal]:
    """By each create that replaces a file, what takes that very file away."""
    creates = {(change.id, change.replaces) for change in changes if isinstance(change, Create)}
    return {
        change.after_change: change
        for change in changes
        if removes(change)
        and change.after_change is not None
        and (change.after_change, change.file_id) in creates
    }


class Rule(StrEnum):
    """What a guardrail guards, by the name that `--allow` gives it."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REMOVED_VALUES = "removed_values"
    EMPTY = "empty"
    INCOMPLETE = "incomplete"
    UNRESOLVED = "unresolved"
    TWIN = "twin"
    PROTECTED = "protected"
    DURATION = "duration"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Violation:
    """A guardrail that the plan breaks. Such a plan is shown, and not applied."""

    rule: Rule
    message: str
    key: Key | None = None
    declared_at: Place | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for which nothing is done, and which a reader must know: pending, broken, kept."""

    fact: str
    message: str
    key: Key | None = None
    bucket: str | None = None
    file_id: FileId | None = None
    declared_at: Place | None = None


@dataclass(frozen=True, slots=True)
class Revert:
    """That a plan takes back what a run did, instead of bringing about what the catalogue says."""

    run: str
    """The run's id, as the ledger has it."""
    keys: tuple[Key, ...] = ()
    """Of the keys that it changed, the ones to take back, in order. Empty: all."""


@dataclass(frozen=True, slots=True)
class Purge:
    """That a plan deletes, for good, what lies in a trash."""

    before: str
    """What has been there since before this moment: RFC 3339, UTC."""
    unknown: bool = False
    """And what is there of which the ledger does not say since when."""


Way: TypeAlias = Revert | Purge
"""What a plan does instead of bringing about what the catalogue says."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the plan was asked for beyond the catalogue. Part of the plan and of its digest."""

    allow: Mapping[Rule, int] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    """Globs of keys. Empty: all."""
    retry_broken: bool = False
    way: Way | None = None
    """None: it brings about what the catalogue says."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A bucket as it was when the plan was made."""

    id: int
    files: int
    digest: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The plan in numbers."""

    create: int
    update: int
    move: int
    delete: int
    unchanged: int
    foreign: int
    pending: int
    removed_values: int
    upload_bytes: int
    requests: int
    """How many requests that write apply will send, if nothing goes wrong."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that apply will do, in order, and what it was made from."""

    digest: str
    """`sha256:` over what will be done: see `reconciler.core.codec.plan_digest`."""
    catalog: str
    catalog_digest: str
    origin: str
    live: Mapping[str, Seen]
    options: Options
    changes: tuple[Change, ...]
    violations: tuple[Violation, ...]
    notes: tuple[Note, ...]
    summary: Summary
    snapshot: Snapshot | None = None
    """What it was made from, where that is not the service itself: then it is never applied."""
