"""From facts to changes: the design's table of what is done about what.

| fact                          | changes                                                  |
|-------------------------------|----------------------------------------------------------|
| missing                       | create                                                   |
| drifted                       | update (after its move, where there is one)              |
| misplaced                     | move                                                     |
| outdated                      | create; delete of the old one and of others, after it    |
| duplicate                     | delete, which keeps the keeper                           |
| orphaned, deletable           | delete (which keeps its successor); while that is not    |
|                               | ready: nothing, and a note                               |
| orphaned, not deletable       | nothing, and a note                                      |
| unwanted                      | delete                                                   |
| foreign, deletable            | delete                                                   |
| expired (of a purge alone)    | delete                                                   |
| foreign, pending, broken,     | nothing; a note for each but the foreign, which are      |
| unresolved                    | counted, and the unresolved, which are violations        |

A delete of a file whose bucket has a trash is a move there: it waits, and has its place in the
order, as the delete that it stands for.

Order: create, move, update, delete; within each by key and id. Deletes that wait for a new
file come last: what such a file stood in for (`keeps`) is deleted before it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from reconciler.core.content import Content, Contents
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
)
from reconciler.core.matching import Found
from reconciler.core.model import (
    Bucket,
    DesiredState,
    Entry,
    File,
    FileId,
    Key,
    Opaque,
    Place,
    Source,
)
from reconciler.core.plan import (
    Change,
    ChangeId,
    Create,
    Delete,
    Move,
    Note,
    PlannedSource,
    Removal,
    Update,
    removes,
)


def changes_for(facts: Iterable[Fact], desired: DesiredState) -> tuple[Change, ...]:
    """What to do about the facts, in the order in which it is done."""
    return _Changes(facts, desired).ordered()


def notes_for(facts: Iterable[Fact]) -> tuple[Note, ...]:
    """What a reader must know although nothing is done about it."""
    return tuple(note for fact in facts for note in _note(fact))


def notes_on_trash(trashed: Iterable[tuple[Key | None, File]]) -> tuple[Note, ...]:
    """How much lies in which trash. One note for each: there may be very many files."""
    counts = Counter(file.bucket for _, file in trashed)
    return tuple(
        Note("trash", f"{counts[name]:,} file(s) lie in it; `purge` empties it", bucket=name)
        for name in sorted(counts)
    )


class _Changes:
    def __init__(self, facts: Iterable[Fact], desired: DesiredState) -> None:
        self._facts = tuple(facts)
        self._desired = desired
        self._contents = Contents(desired)
        self._moves: Mapping[FileId, Move] = {
            fact.file.id: self._move(fact) for fact in self._facts if isinstance(fact, Misplaced)
        }

    def ordered(self) -> tuple[Change, ...]:
        changes = [change for fact in self._facts for change in self._of(fact)]
        return tuple(sorted([*changes, *self._moves.values()], key=_order))

    def _bucket_then(self, keeper: Keeper) -> Bucket:
        """Where a kept file is once moves are done."""
        move = self._moves.get(keeper.id)
        return self._bucket(keeper.bucket if move is None else move.bucket)

    def _of(self, fact: Fact) -> Iterator[Change]:
        match fact:
            case Missing(entry=entry, source=source, wanted=wanted):
                yield self._create(entry, source, wanted, "no file carries its mark")
            case Drifted():
                yield self._update(fact)
            case Outdated():
                yield from self._replace(fact)
            case Duplicate(entry=entry, file=file, keeper=keeper):
                reason = _why_second(keeper)
                place = entry.place
                yield self._delete(file, reason, key=entry.key, place=place, keeps=keeper)
            case Orphaned(key=key, file=file, deletable=True, waits=False, successor=keeper):
                yield self._delete(file, "no entry has its key", key=key, keeps=keeper)
            case Unwanted(key=key, file=file, place=place):
                yield self._delete(file, "its entry says absent", key=key, place=place)
            case Foreign(file=file, deletable=True):
                yield self._delete(file, "it carries no mark, and its bucket is pruned of all such")
            case Expired(key=key, file=file):
                yield self._delete(file, "it lies in the trash, and is purged", key=key)
            case Misplaced() | Orphaned() | Foreign() | Pending() | Broken() | Unresolved():
                return
            case _:
                assert_never(fact)

    def _create(
        self,
        entry: Entry,
        source: Source,
        wanted: Content,
        reason: str,
        replaced: File | None = None,
    ) -> Create:
        bucket = self._bucket(entry.bucket)
        return Create(
            key=entry.key,
            bucket=bucket.name,
            bucket_id=bucket.id,
            after=wanted,
            source=PlannedSource(source.kind, source.digest, source.sha256, source.size),
            reason=reason,
            declared_at=entry.place,
            replaces=None if replaced is None else replaced.id,
            from_bucket=None if replaced is None else replaced.bucket,
            from_bucket_id=None if replaced is None else self._bucket(replaced.bucket).id,
        )

    def _replace(self, fact: Outdated) -> Iterator[Change]:
        """Make before break: the old file goes only once the new one is ready."""
        create = self._create(
            fact.entry,
            fact.source,
            fact.wanted,
            f"{fact.why}; the acr_id changes",
            replaced=fact.file,
        )
        yield create
        for file in (fact.file, *fact.others):
            yield self._delete(
                file,
                "replaced by the new file",
                key=fact.entry.key,
                place=fact.entry.place,
                after_change=create.id,
            )

    def _move(self, fact: Misplaced) -> Move:
        source, destination = self._bucket(fact.file.bucket), self._bucket(fact.entry.bucket)
        return Move(
            key=fact.entry.key,
            file_id=fact.file.id,
            acr_id=fact.file.acr_id,
            from_bucket=source.name,
            from_bucket_id=source.id,
            bucket=destination.name,
            bucket_id=destination.id,
            before=fact.before,
            reason=_why_moved(fact),
            declared_at=fact.entry.place,
        )

    def _update(self, fact: Drifted) -> Update:
        bucket = self._bucket(fact.entry.bucket)
        move = self._moves.get(fact.file.id)
        return Update(
            key=fact.entry.key,
            file_id=fact.file.id,
            acr_id=fact.file.acr_id,
            bucket=bucket.name,
            bucket_id=bucket.id,
            before=fact.before,
            after=fact.wanted,
            fields=fact.fields,
            reason=_why_updated(fact),
            declared_at=fact.entry.place,
            after_change=None if move is None else move.id,
        )

    def _delete(
        self,
        file: File,
        reason: str,
        *,
        key: Key | None = None,
        place: Place | None = None,
        keeps: Keeper | None = None,
        after_change: ChangeId | None = None,
    ) -> Removal:
        bucket = self._bucket(file.bucket)
        delete = Delete(
            key=key,
            file_id=file.id,
            acr_id=file.acr_id,
            bucket=bucket.name,
            bucket_id=bucket.id,
            before=self._contents.of(file),
            reason=reason,
            declared_at=place,
            keeps=None if keeps is None else keeps.id,
            keeps_bucket_id=None if keeps is None else self._bucket_then(keeps).id,
            after_change=after_change,
        )
        return delete if bucket.trash is None else _thrown_away(delete, self._bucket(bucket.trash))

    def _bucket(self, name: str) -> Bucket:
        return self._desired.buckets[name]


def _thrown_away(delete: Delete, trash: Bucket) -> Move:
    """The move into the trash that stands for a delete."""
    return Move(
        key=delete.key,
        file_id=delete.file_id,
        acr_id=delete.acr_id,
        from_bucket=delete.bucket,
        from_bucket_id=delete.bucket_id,
        bucket=trash.name,
        bucket_id=trash.id,
        before=delete.before,
        reason=f"{delete.reason}: to the trash",
        declared_at=delete.declared_at,
        trash=True,
        keeps=delete.keeps,
        keeps_bucket_id=delete.keeps_bucket_id,
        after_change=delete.after_change,
    )


def _why_second(keeper: Keeper) -> str:
    if keeper.in_trash:
        return f"file {keeper.id} comes back in its place"
    return f"a duplicate of file {keeper.id}"


def _why_moved(fact: Misplaced) -> str:
    if fact.in_trash:
        return f"it lies in the trash {fact.file.bucket}, and its entry wants it back"
    return f"it is in {fact.file.bucket}, and belongs in {fact.entry.bucket}"


def _why_updated(fact: Drifted) -> str:
    found = "" if fact.found is Found.MARK else f"found by {fact.found}"
    assumed = "its source is assumed to be the entry's" if fact.assumed else ""
    differs = "" if fact.marks_only else "it differs from the catalogue"
    marks = "its mark is written" if fact.marks_only else ""
    return "; ".join(part for part in (differs, marks, found, assumed) if part)


_ORDER: tuple[type[Change], ...] = (Create, Move, Update, Delete)


def _order(change: Change) -> tuple[int, bool, str, int]:
    file_id = 0 if isinstance(change, Create) else change.file_id
    if removes(change):
        return (_ORDER.index(Delete), change.after_change is not None, change.key or "", file_id)
    return (_ORDER.index(type(change)), False, change.key or "", file_id)


def _note(fact: Fact) -> Iterator[Note]:
    match fact:
        case Pending(entry=entry, file=file, waits=waits):
            message = "the service is still processing it" + (f"; {waits}" if waits else "")
            yield Note("pending", message, entry.key, file.bucket, file.id, entry.place)
        case Broken(entry=entry, file=file):
            message = "the service could not process it; --retry-broken uploads it again"
            yield Note("broken", message, entry.key, file.bucket, file.id, entry.place)
        case Orphaned(key=key, file=file, waits=True):
            message = "the entry that had this key has no ready file yet; nothing until then"
            yield Note("orphaned", message, key, file.bucket, file.id)
        case Orphaned(key=key, file=file, deletable=False):
            message = "no entry has its key, and its bucket is not pruned"
            yield Note("orphaned", message, key, file.bucket, file.id)
        case Foreign(file=File(user_defined=Opaque())):
            message = (
                "its user_defined cannot be read as an object: whether it is ours is not known"
            )
            yield Note("opaque", message, None, fact.file.bucket, fact.file.id)
        case (
            Missing()
            | Drifted()
            | Misplaced()
            | Outdated()
            | Duplicate()
            | Orphaned()
            | Unwanted()
            | Foreign()
            | Expired()
            | Unresolved()
        ):
            return
        case _:
            assert_never(fact)
