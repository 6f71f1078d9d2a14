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

A change that was begun, and of which the ledger does not say how it ended, counts as R where what
is live is what it would have made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeAlias, assert_never

from reconciler.core.content import Content
from reconciler.core.describe import differing_fields, field_of
from reconciler.core.diff import Differences
from reconciler.core.drift import Direction, Drift, DriftItem, LastApplied, LastAppliedOf, Sides
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
from reconciler.core.model import Compare, Entry, File, FileId, FileState, Json, Key, Place
from reconciler.core.normal import same


def nothing_begun(_key: Key) -> None:
    """Of no key is a change begun and not known to have ended."""
    return


def drift_of(
    differences: Differences,
    last_applied: LastAppliedOf,
    *,
    begun: LastAppliedOf = nothing_begun,
    compare: Compare = Compare.LOOSE,
    unmanaged: bool = False,
) -> Drift:
    """The differences with their directions. `begun`: what a key's file is where the change of it
    was done that is begun and not known to have ended. `unmanaged`: foreign files are items, too.
    """
    facts = differences.facts
    items = items_of(facts, last_applied, begun=begun, compare=compare, unmanaged=unmanaged)
    of_entries = {key_of(fact) for fact in facts if _is_of_entry(fact)}
    return Drift(
        items=tuple(item for _, item in items),
        unmanaged=sum(1 for fact in facts if isinstance(fact, Foreign) and not fact.deletable),
        pending=len({fact.entry.key for fact in facts if isinstance(fact, Pending)}),
        entries=differences.unchanged + len(of_entries),
        in_sync=differences.unchanged,
        owned=differences.owned,
    )


def items_of(
    facts: Sequence[Fact],
    last_applied: LastAppliedOf,
    *,
    begun: LastAppliedOf = nothing_begun,
    compare: Compare = Compare.LOOSE,
    unmanaged: bool = False,
) -> Iterator[tuple[Fact, DriftItem]]:
    """Each item of the drift with what it is of. `facts`: all of them, since what becomes of one
    file may say what another is."""
    drift = _Drift(last_applied, begun, compare, back_instead(facts), unmanaged=unmanaged)
    return ((fact, item) for fact in facts for item in drift.of(fact))


def back_instead(facts: Iterable[Fact]) -> frozenset[FileId]:
    """The files that come back from a trash in the place of others."""
    keepers = (fact.keeper for fact in facts if isinstance(fact, Duplicate))
    return frozenset(keeper.id for keeper in keepers if keeper.in_trash)


def _is_of_entry(fact: Fact) -> bool:
    if isinstance(fact, Unresolved):
        return fact.place is not None
    return not isinstance(fact, (Orphaned, Foreign, Expired))


_Verdict: TypeAlias = tuple[Direction, str]

_UNKNOWN = (Direction.UNKNOWN, "which side changed is not known: no ledger record")
_BOTH = (Direction.BOTH_CHANGED, "changed on both sides since it was last applied")
_BROKEN = (Direction.BROKEN, "the service could not process it")
_PRUNED = "it carries no mark, and its bucket is pruned of all such"


class _Drift:
    def __init__(
        self,
        last_applied: LastAppliedOf,
        begun: LastAppliedOf,
        compare: Compare,
        instead: frozenset[FileId],
        *,
        unmanaged: bool,
    ) -> None:
        """`instead`: the files that come back from a trash in the place of others."""
        self._instead = instead
        self._last_applied = last_applied
        self._begun = begun
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
        if self._record(fact.entry, lambda begun: begun.deleted) is None:
            verdict = Direction.NOT_YET_APPLIED, "no file carries its mark"
        else:
            verdict = Direction.MISSING_LIVE, "it had a file, and none has its mark now"
        return _entry(fact.entry, None, verdict, wanted=fact.wanted)

    def _drifted(self, fact: Drifted) -> DriftItem:
        sides: Sides | None = None
        verdict: _Verdict = (Direction.NOT_YET_APPLIED, "its mark is to be written")
        if not fact.marks_only:
            sides = self._sides(fact.entry, fact.before, fact.wanted)
            verdict = _of(sides)
        return _entry(
            fact.entry,
            fact.file,
            verdict,
            fields=fact.fields,
            before=fact.before,
            wanted=fact.wanted,
            sides=sides,
        )

    def _outdated(self, fact: Outdated) -> DriftItem:
        entry, file, before, wanted = fact.entry, fact.file, fact.before, fact.wanted
        fields = differing_fields(before, wanted, self._compare)
        sides = self._sides(entry, before, wanted) if fields else None
        if fields:
            direction, message = _of(sides)
        elif file.state is FileState.BROKEN:
            direction, message = _BROKEN
        else:
            direction, message = self._place(entry, file)
        ids = ", ".join(str(other.id) for other in fact.others)
        beside = f" (beside it files {ids})" if ids else ""
        verdict = direction, f"{fact.why}{beside}; {message}"
        item = _entry(
            entry, file, verdict, fields=fields, before=before, wanted=wanted, sides=sides
        )
        return replace(item, is_replaced=True)

    def _sides(self, entry: Entry, live: Content, wanted: Content) -> Sides | None:
        """Which side changed, of every field in which the two differ."""
        differ = self._differing(live, wanted)
        record = self._record(entry, lambda begun: not self._differing(live, begun.content, differ))
        if record is None:
            return None
        changed_live = self._differing(live, record.content, differ)
        changed_desired = self._differing(wanted, record.content, differ)
        return Sides(*(tuple(sorted(map(_name, each))) for each in (changed_live, changed_desired)))

    def _differing(
        self, one: Content, other: Content, among: AbstractSet[str | None] | None = None
    ) -> AbstractSet[str | None]:
        """Of the title (None) and the `user_defined` values, or of some of them, those that are
        not the same."""
        if among is None:
            among = {None, *one.user_defined, *other.user_defined}
        return {
            name
            for name in among
            if not same(_value(one, name), _value(other, name), self._compare)
        }

    def _place(self, entry: Entry, file: File) -> _Verdict:
        record = self._record(entry, lambda begun: begun.bucket == file.bucket)
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
        record = self._record(entry, lambda begun: begun.deleted)
        if file.id in self._instead or record is None:
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

    def _record(self, entry: Entry, is_so: Callable[[LastApplied], bool]) -> LastApplied | None:
        """What was last applied to the entry's file, under this key or one that it had. `is_so`:
        whether what is live is what a change makes."""
        for key in (entry.key, *entry.was):
            begun = self._begun(key)
            record = self._last_applied(key) if begun is None or not is_so(begun) else begun
            if record is not None:
                return None if record.deleted else record
        return None


def _second(keeper: Keeper) -> _Verdict:
    if keeper.in_trash:
        return Direction.NOT_YET_APPLIED, f"file {keeper.id} comes back in its place"
    return Direction.DUPLICATE, f"a duplicate of file {keeper.id}"


def _of(sides: Sides | None) -> _Verdict:
    return _UNKNOWN if sides is None else (sides.direction, sides.message)


def _value(content: Content, name: str | None) -> Json:
    return content.title if name is None else content.user_defined.get(name)


def _name(value: str | None) -> str:
    return "title" if value is None else field_of(value)


def _entry(
    entry: Entry,
    file: File | None,
    verdict: _Verdict,
    *,
    fields: tuple[str, ...] = (),
    before: Content | None = None,
    wanted: Content | None = None,
    sides: Sides | None = None,
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
        sides=sides,
    )


def _file(key: Key | None, file: File, verdict: _Verdict, place: Place | None = None) -> DriftItem:
    return DriftItem(*verdict, key, file.bucket, file.id, file.title, declared_at=place)


def _unresolved(fact: Unresolved) -> DriftItem:
    ids = named(fact.candidates)
    message = fact.why + (f" (files {ids})" if ids else "")
    return DriftItem(Direction.UNRESOLVED, message, key=fact.key, declared_at=fact.place)
