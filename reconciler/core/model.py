"""What things are: entries and files, desired and live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple, NewType, TypeAlias, TypeVar, dataclass_transform

Key = NewType("Key", str)
"""An entry's name in the catalogue: ours, and stable."""

FileId = NewType("FileId", int)
"""A file's id: the service's."""

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
UserDefined: TypeAlias = Mapping[str, Json]


Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True)
def many(kind: type[Kind]) -> type[Kind]:
    """A frozen dataclass for values of which there are hundreds of thousands. The type checker
    holds it frozen, and Python does not: making one would take four times as long."""
    return dataclass(slots=True, unsafe_hash=True)(kind)


class Place(NamedTuple):
    """Where something is declared. `line` and `column` count from 1."""

    file: str
    """Relative to the catalogue's folder: a plan carries no path of a machine."""
    line: int
    column: int

    def __str__(self) -> str:
        """The form that editors and CI systems make a link of."""
        return f"{self.file}:{self.line}:{self.column}"


class Prune(StrEnum):
    """Which files of a bucket may be deleted for having no entry."""

    OWNED = "owned"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that the catalogue declares, by the catalogue's own name for it."""

    name: str
    id: int
    prune: Prune = Prune.OWNED
    protect: bool = False
    """No file in it is deleted for having no entry."""
    trash: str | None = None
    """The catalogue's name of the bucket into which its files go instead of being deleted."""


class MarkFormat(StrEnum):
    """What the mark looks like."""

    CATALOG_KEY = "catalog/key"
    KEY = "key"


class Adopt(StrEnum):
    """Whether a foreign file may be taken over by its title."""

    NONE = "none"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which `user_defined` fields carry the mark, and how an entry may find an unmarked file."""

    field: str = "catalog_key"
    format: MarkFormat = MarkFormat.CATALOG_KEY
    source_field: str | None = "catalog_source"
    former_names: tuple[str, ...] = ()
    adopt: Adopt = Adopt.NONE


PROTECT_FIELD = "catalog_protect"
"""The field beside the mark that keeps an entry's protection alive after the entry is gone."""


class Mode(StrEnum):
    """What happens to `user_defined` keys that the catalogue lacks."""

    EXACT = "exact"
    MERGE = "merge"


class Compare(StrEnum):
    """Whether 8 and "8" are the same."""

    LOOSE = "loose"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Rules:
    """How `user_defined` is managed and compared."""

    mode: Mode = Mode.EXACT
    ignore: tuple[str, ...] = ("from", "ucf_id", "played_duration")
    """Globs of keys that others write. The default is what other products of the service write."""
    compare: Compare = Compare.LOOSE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a plan may do before somebody must say that it may. None: no limit."""

    max_deletes: int | None = 100
    max_delete_percent: float | None = 10
    max_update_percent: float | None = 50
    max_create_percent: float | None = None
    max_removed_values: int | None = 100


class SourceKind(StrEnum):
    """The four data types of the service's upload call."""

    AUDIO = "audio"
    FINGERPRINT = "fingerprint"
    AUDIO_URL = "audio_url"
    ACRID = "acrid"


class Presence(StrEnum):
    """Whether a source's bytes can be sent from here."""

    HERE = "here"
    POINTER = "pointer"
    """A Git LFS pointer stands in the file's place."""
    ABSENT = "absent"
    ELSEWHERE = "elsewhere"
    """The service fetches it itself: a URL, or an id in its own database."""


@many
class Source:
    """What an entry's file is made from."""

    kind: SourceKind
    location: str
    """An absolute path, a URL, or an ACRCloud id, by `kind`. Never shown, never in a plan."""
    digest: str | None
    """What the mark holds: `sha256:` and 16 hex digits, `url:` and 16, or `acrid:ID`.
    None: not verified, since the file is not there and nothing pins it."""
    sha256: str | None = None
    """All 64 hex digits, where the bytes or a pin are known."""
    size: int | None = None
    """In bytes, where the file is there."""
    duration: float | None = None
    """In seconds, where it could be read."""
    presence: Presence = Presence.HERE


@many
class Entry:
    """One desired file."""

    key: Key
    title: str
    """In normal form."""
    bucket: str
    """The catalogue's name of the bucket."""
    place: Place
    user_defined: UserDefined | None = None
    """In normal form, over the defaults. None: not managed."""
    source: Source | None = None
    """None: the metadata of a file that exists is managed, its audio is not."""
    acr_id: str | None = None
    was: tuple[Key, ...] = ()
    protect: bool = False


@dataclass(frozen=True, slots=True)
class AbsentEntry:
    """One file that must not exist."""

    key: Key
    place: Place
    acr_id: str | None = None
    was: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What should be: a whole catalogue, read and checked."""

    catalog: str
    """The catalogue's name: the owner in every mark."""
    digest: str
    """`sha256:` over the bytes of the catalogue's files."""
    base_url: str
    buckets: Mapping[str, Bucket]
    entries: Mapping[Key, Entry]
    absent: Mapping[Key, AbsentEntry]
    identity: Identity = Identity()
    rules: Rules = Rules()
    limits: Limits = Limits()

    @property
    def names(self) -> tuple[str, ...]:
        """The catalogue's name, and those that it had: the owners in the marks that are ours."""
        return (self.catalog, *self.identity.former_names)

    @property
    def trashes(self) -> frozenset[str]:
        """The buckets into which others throw away, by name."""
        return frozenset(b.trash for b in self.buckets.values() if b.trash is not None)


class FileState(Enum):
    """What the service makes of a file. A state that nobody knows is PENDING."""

    PENDING = 0
    READY = 1
    BROKEN = -1


@dataclass(frozen=True, slots=True)
class Opaque:
    """A `user_defined` that cannot be read as an object. It is never overwritten."""

    text: str


@many
class File:
    """One live file, in normal form."""

    id: FileId
    acr_id: str
    bucket: str
    """The catalogue's name of the bucket it is in."""
    title: str
    user_defined: UserDefined | Opaque
    state: FileState
    duration: float | None = None
    """In seconds."""


@dataclass(frozen=True, slots=True)
class LiveBucket:
    """One bucket as the service has it."""

    id: int
    files: Sequence[File]
    """Ordered by id, each id once."""
    region: str | None = None
    """None where all buckets are behind one host, and so within reach of one another."""
    incomplete: str | None = None
    """Why the listing is not proved complete and stable, or None where it is."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """That a live state was not read from the service now, but written down before."""

    taken_at: str
    """When its reading began: RFC 3339, UTC."""
    age: int
    """In seconds, when it was opened."""

    @property
    def is_old(self) -> bool:
        """More than a day: what is live may well be another by now."""
        return self.age > 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class LiveState:
    """What the service has, in the buckets that the catalogue declares."""

    origin: str
    """The API's scheme, host and path, where the files were read."""
    buckets: Mapping[str, LiveBucket]
    snapshot: Snapshot | None = None
    """None where it comes from the service itself. A plan goes on saying what it was made from."""
