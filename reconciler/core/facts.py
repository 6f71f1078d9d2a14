"""The differences that there can be between what should be and what is: one closed union.

A fact is an adjective; what is done about it is the planner's to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.content import Content
from reconciler.core.matching import Found
from reconciler.core.model import Entry, File, FileId, Key, Place, Source

MOST_NAMED = 10
"""How many files are named that an entry may have."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The entry has no file."""

    entry: Entry
    source: Source
    wanted: Content
    twins: tuple[FileId, ...]
    """Foreign files of its bucket that have its title, or are made from its source: the oldest,
    and one more than are named where there are more."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """The file's title or managed `user_defined` differs, or its mark is to be written."""

    entry: Entry
    file: File
    found: Found
    before: Content
    wanted: Content
    fields: tuple[str, ...]
    """What differs: `title`, `user_defined.artist`."""
    marks_only: bool
    """Nothing differs but the mark."""
    removed: tuple[str, ...]
    """The names of the `user_defined` values that go away."""
    assumed: bool
    """The live file says not what it was made from; it is taken to be the entry's source."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """The right file in the wrong bucket."""

    entry: Entry
    file: File
    before: Content
    in_trash: bool = False
    """It was thrown away, and its entry wants it again."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """The file is made from something else than the entry's source, and must be replaced."""

    entry: Entry
    source: Source
    file: File
    """The one whose ignored and unmanaged values go on in the new file."""
    others: tuple[File, ...]
    """Further files of the key, which go with it."""
    before: Content
    wanted: Content
    removed: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """The ready file that stays where others of its key are deleted."""

    id: FileId
    bucket: str
    """Where it is now: a move of it may be due."""
    in_trash: bool = False
    """It comes back from there, in the place of the others."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A further file with the key's mark, beside a ready one that is kept."""

    entry: Entry
    file: File
    keeper: Keeper


@dataclass(frozen=True, slots=True)
class Orphaned:
    """An owned file that no entry has."""

    key: Key
    file: File
    deletable: bool
    """Whether its bucket's `prune` has it deleted."""
    successor: Keeper | None = None
    """The ready file of the entry that had this key (`was`), where there is one. It may be about
    to be replaced, and is deleted after this one."""
    waits: bool = False
    """The entry that had this key has a file of its own that is not ready: nothing yet."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A file whose entry says that it must be absent."""

    key: Key
    file: File
    place: Place


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file that carries no mark of this catalogue."""

    file: File
    deletable: bool
    """Whether its bucket's `prune: all` has it deleted: never another catalogue's."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A file that has been in a trash for long enough: a purge deletes it."""

    key: Key | None
    """None where it carries no mark of ours."""
    file: File


@dataclass(frozen=True, slots=True)
class Pending:
    """The service is still processing the entry's file. `waits`: what is put off until then."""

    entry: Entry
    file: File
    waits: str | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The service could not process the entry's file, and sending the same again would not help."""

    entry: Entry
    file: File


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Which file is the entry's cannot be told, or it has none and none can be made; or a file
    cannot go where it should."""

    key: Key | None
    """None for a foreign file."""
    place: Place | None
    """None where no entry speaks of it."""
    why: str
    candidates: tuple[FileId, ...] = ()


Fact: TypeAlias = (
    Missing
    | Drifted
    | Misplaced
    | Outdated
    | Duplicate
    | Orphaned
    | Unwanted
    | Foreign
    | Expired
    | Pending
    | Broken
    | Unresolved
)


def key_of(fact: Fact) -> Key | None:
    """The key that a fact is about; None for a foreign file."""
    match fact:
        case Foreign():
            return None
        case Orphaned(key=key) | Unwanted(key=key) | Expired(key=key) | Unresolved(key=key):
            return key
        case _:
            return fact.entry.key


def named(files: Sequence[FileId]) -> str:
    """The files by their ids, with a sign where there are more than are named."""
    others = ["…"] if len(files) > MOST_NAMED else []
    return ", ".join([*map(str, files[:MOST_NAMED]), *others])
