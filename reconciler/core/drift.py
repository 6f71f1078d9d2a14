"""What changed, and on which side: the differences, held against what was last applied.

For an entry's file, field by field where live and desired differ (R is the ledger's record):

| live, desired and R                             | direction                                 |
|-------------------------------------------------|-------------------------------------------|
| desired is R's, live is not                     | changed live                              |
| live is R's, desired is not                     | not yet applied                           |
| all three differ, or some fields each way       | both changed                              |
| no R                                            | unknown                                   |
| nothing but the mark differs                    | not yet applied                           |
| there is no file, and R has one                 | missing live                              |
| there is no file, and R has none                | not yet applied                           |
| a file that should not be there, and R has none | changed live: it came back                |
| a file that should not be there, otherwise      | not yet applied                           |
| its file lies in a trash, and R has it outside  | missing live                              |
| its file lies in a trash, otherwise             | not yet applied                           |

Only what the catalogue manages is compared, so that what others write has no direction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from reconciler.core.content import Content
from reconciler.core.describe import differing_fields
from reconciler.core.diff import Differences
from reconciler.core.facts import (
    Broken,
    Drifted,
    Duplicate,
    Expired,
    Fact,
    Foreign,
    Keeper,
    Misplaced,
    Missing,
    Orphaned,
    Outdated,
    Pending,
    Unresolved,
    Unwanted,
    key_of,
    named,
)
from reconciler.core.model import Compare, Entry, File, FileId, FileState, Key, Place
from reconciler.core.normal import same


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


@dataclass(frozen=True, slots=True)
class Drift:
    """All that is not as the catalogue has it, and how much is."""

    items: tuple[DriftItem, ...]
    """Unmanaged ones aside, none exactly where a plan would find nothing to do or to report."""
    unmanaged: int
    """Foreign files that are let be, whether or not they are among the items."""
    pending: int
    """Entries whose file the service is still processing. That alone is no drift."""
    entries: int
    """Entries that were compared."""
    in_sync: int


def drift_of(
    differences: Differences,
    last_applied: LastAppliedOf,
    *,
    compare: Compare = Compare.LOOSE,
    unmanaged: bool = False,
) -> Drift:
    """The differences with their directions. `unmanaged`: foreign files are items, too."""
    facts = differences.facts
    keepers = (fact.keeper for fact in facts if isinstance(fact, Duplicate))
    instead = frozenset(keeper.id for keeper in keepers if keeper.in_trash)
    drift = _Drift(last_applied, compare, instead, unmanaged=unmanaged)
    of_entries = {key_of(fact) for fact in facts if _is_of_entry(fact)}
    return Drift(
        items=tuple(item for fact in facts for item in drift.of(fact)),
        unmanaged=sum(1 for fact in facts if isinstance(fact, Foreign) and not fact.deletable),
        pending=len({fact.entry.key for fact in facts if isinstance(fact, Pending)}),
        entries=differences.unchanged + len(of_entries),
        in_sync=differences.unchanged,
    )


def _is_of_entry(fact: Fact) -> bool:
    if isinstance(fact, Unresolved):
        return fact.place is not None
    return not isinstance(fact, (Orphaned, Foreign, Expired))


_Verdict: TypeAlias = tuple[Direction, str]

_UNKNOWN = (Direction.UNKNOWN, "which side changed is not known: no ledger record")
_BOTH = (Direction.BOTH_CHANGED, "both sides changed since it was last applied")
_BROKEN = (Direction.BROKEN, "the service could not process it")
_PRUNED = "it carries no mark, and its bucket is pruned of all such"


class _Drift:
    def __init__(
        self,
        last_applied: LastAppliedOf,
        compare: Compare,
        instead: frozenset[FileId],
        *,
        unmanaged: bool,
    ) -> None:
        """`instead`: the files that come back from a trash in the place of others."""
        self._instead = instead
        self._last_applied = last_applied
        self._compare = compare
        self._unmanaged = unmanaged

    def of(self, fact: Fact) -> Iterator[DriftItem]:
        match fact:
            case Missing():
                yield self._missing(fact)
            case Drifted():
                yield self._drifted(fact)
            case Outdated():
                yield self._outdated(fact)
            case Misplaced(entry=entry, file=file, before=before, in_trash=thrown):
                verdict = self._thrown(entry, file) if thrown else self._place(entry, file)
                yield _entry(entry, file, verdict, before=before)
            case Duplicate(entry=entry, file=file, keeper=keeper):
                yield _entry(entry, file, _second(keeper))
            case Broken(entry=entry, file=file):
                yield _entry(entry, file, _BROKEN)
            case Unresolved():
                yield _unresolved(fact)
            case Orphaned() | Unwanted() | Foreign():
                yield from self._unwanted(fact)
            case Pending() | Expired():
                return
            case _:
                assert_never(fact)

    def _missing(self, fact: Missing) -> DriftItem:
        if self._record(fact.entry) is None:
            verdict = Direction.NOT_YET_APPLIED, "no file carries its mark"
        else:
            verdict = Direction.MISSING_LIVE, "it had a file, and none has its mark now"
        return _entry(fact.entry, None, verdict, wanted=fact.wanted)

    def _drifted(self, fact: Drifted) -> DriftItem:
        if fact.marks_only:
            verdict: _Verdict = (Direction.NOT_YET_APPLIED, "its mark is to be written")
        else:
            verdict = self._side(fact.before, fact.wanted, self._record(fact.entry))
        return _entry(
            fact.entry,
            fact.file,
            verdict,
            fields=fact.fields,
            before=fact.before,
            wanted=fact.wanted,
        )

    def _outdated(self, fact: Outdated) -> DriftItem:
        entry, file, before, wanted = fact.entry, fact.file, fact.before, fact.wanted
        fields = differing_fields(before, wanted, self._compare)
        if fields:
            direction, message = self._side(before, wanted, self._record(entry))
        elif file.state is FileState.BROKEN:
            direction, message = _BROKEN
        else:
            direction, message = self._place(entry, file)
        ids = ", ".join(str(other.id) for other in fact.others)
        beside = f" (beside it files {ids})" if ids else ""
        verdict = direction, f"{fact.why}{beside}; {message}"
        return _entry(entry, file, verdict, fields=fields, before=before, wanted=wanted)

    def _side(self, live: Content, wanted: Content, record: LastApplied | None) -> _Verdict:
        """Which side changed, from every field in which the two differ."""
        if record is None:
            return _UNKNOWN
        last = record.content
        sides = [
            (live.title == last.title, wanted.title == last.title)
            for _ in range(live.title != wanted.title)
        ]
        for name in live.user_defined.keys() | wanted.user_defined.keys():
            ours, theirs = wanted.user_defined.get(name), live.user_defined.get(name)
            if not same(ours, theirs, self._compare):
                was = last.user_defined.get(name)
                sides.append((same(theirs, was, self._compare), same(ours, was, self._compare)))
        if all(live_is_last for live_is_last, _ in sides):
            return Direction.NOT_YET_APPLIED, "the catalogue changed since it was last applied"
        if all(wanted_is_last for _, wanted_is_last in sides):
            return Direction.CHANGED_LIVE, "changed in the service since it was last applied"
        return _BOTH

    def _place(self, entry: Entry, file: File) -> _Verdict:
        record = self._record(entry)
        where = f"it is in {file.bucket}, and belongs in {entry.bucket}"
        if record is None or record.bucket is None:
            direction, message = _UNKNOWN
        elif record.bucket == entry.bucket:
            direction, message = Direction.CHANGED_LIVE, "moved since it was last applied"
        elif record.bucket == file.bucket:
            direction, message = Direction.NOT_YET_APPLIED, "the catalogue changed"
        else:
            direction, message = _BOTH
        return direction, f"{where}: {message}"

    def _thrown(self, entry: Entry, file: File) -> _Verdict:
        where = f"it lies in the trash {file.bucket}, and belongs in {entry.bucket}"
        if file.id in self._instead or self._record(entry) is None:
            return Direction.NOT_YET_APPLIED, f"{where}: its entry wants it back"
        return Direction.MISSING_LIVE, f"{where}: thrown away since it was last applied"

    def _unwanted(self, fact: Orphaned | Unwanted | Foreign) -> Iterator[DriftItem]:
        file = fact.file
        match fact:
            case Orphaned(deletable=True, waits=False, key=key):
                yield self._extra(key, file, None, "no entry has its key")
            case Unwanted(key=key, place=place):
                yield self._extra(key, file, place, "its entry says absent")
            case Foreign(deletable=True):
                yield _file(None, file, (Direction.NOT_YET_APPLIED, _PRUNED))
            case Foreign() if self._unmanaged:
                message = "it carries no mark of this catalogue"
                yield _file(None, file, (Direction.UNMANAGED, message))
            case Orphaned() | Foreign():
                return
            case _:
                assert_never(fact)

    def _extra(self, key: Key, file: File, place: Place | None, message: str) -> DriftItem:
        """A file that should not be there."""
        record = self._last_applied(key)
        if record is not None and record.deleted:
            came_back = f"{message}; it was deleted, and came back"
            return _file(key, file, (Direction.CHANGED_LIVE, came_back), place)
        return _file(key, file, (Direction.NOT_YET_APPLIED, message), place)

    def _record(self, entry: Entry) -> LastApplied | None:
        """What was last applied to the entry's file, under this key or one that it had."""
        for key in (entry.key, *entry.was):
            record = self._last_applied(key)
            if record is not None:
                return None if record.deleted else record
        return None


def _second(keeper: Keeper) -> _Verdict:
    if keeper.in_trash:
        return Direction.NOT_YET_APPLIED, f"file {keeper.id} comes back in its place"
    return Direction.DUPLICATE, f"a duplicate of file {keeper.id}"


def _entry(
    entry: Entry,
    file: File | None,
    verdict: _Verdict,
    *,
    fields: tuple[str, ...] = (),
    before: Content | None = None,
    wanted: Content | None = None,
) -> DriftItem:
    return DriftItem(
        *verdict,
        key=entry.key,
        bucket=entry.bucket if file is None else file.bucket,
        file_id=None if file is None else file.id,
        title=entry.title if file is None else file.title,
        fields=fields,
        before=before,
        wanted=wanted,
        declared_at=entry.place,
    )


def _file(key: Key | None, file: File, verdict: _Verdict, place: Place | None = None) -> DriftItem:
    return DriftItem(*verdict, key, file.bucket, file.id, file.title, declared_at=place)


def _unresolved(fact: Unresolved) -> DriftItem:
    ids = named(fact.candidates)
    message = fact.why + (f" (files {ids})" if ids else "")
    return DriftItem(Direction.UNRESOLVED, message, key=fact.key, declared_at=fact.place)
