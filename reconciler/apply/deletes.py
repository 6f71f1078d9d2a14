"""Deletes, in batches, last of all: each only while the file is what the plan saw, and, where it
relies on another, only while that one is ready."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.batches import batches
from reconciler.apply.context import LAG, LOOKS, Context, never_taken
from reconciler.apply.delivery import Changed, Delivery, KeptBack
from reconciler.core.marks import Owned, owner, source_digest
from reconciler.core.model import DesiredState, Entry, File, FileId, FileState, Identity, Json, Key
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Create, Delete
from reconciler.core.ports import Recording
from reconciler.errors import NotThere, ReconcilerError, Rejected

_CHANGED_MEANWHILE = "it was changed while the plan was applied"


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a batch."""

    due: Sequence[Delete]
    """Those that may go now."""
    not_due: Sequence[Delete]
    """Those whose replacement is not ready."""
    ends: Sequence[tuple[Delete, Outcome]]
    """How the others ended."""
    at: float
    """When, by the monotonic clock."""


class Deletes:
    """One run's deletes."""

    def __init__(self, context: Context, creates: Sequence[Create], ledger: Recording) -> None:
        """`creates`: the plan's, to know where what replaces a file is."""
        self._context = context
        self._deleted = ledger.earlier_deletes(context.desired.names)
        self._creates = {create.id: create for create in creates}
        self._keeping = _keeping(context.desired)
        self._not_due: list[Delete] = []

    def send(self, deletes: Sequence[Delete]) -> Sequence[Delete]:
        """Delete what is still as the plan saw it. The deletes that are not due yet are returned:
        their replacement is not ready. What waits for a new file goes last of all: until then
        another may rely on it."""
        for waits in (False, True):
            these = [delete for delete in deletes if (delete.after_change is not None) is waits]
            cut = batches(these, lambda delete: delete.bucket)
            list(self._context.pool.map(self._checked, cut))
        return self._not_due

    def _checked(self, batch: Sequence[Delete]) -> None:
        context = self._context
        if context.halt.asked():
            return
        try:
            read = self._read(batch)
        except ReconcilerError as error:
            context.results.end([(delete, context.failed(error)) for delete in batch])
            return
        self._not_due.extend(read.not_due)
        context.results.end(read.ends)
        if read.due and context.results.begin(read.due):
            self._send(read.due, read.at)

    def _read(self, batch: Sequence[Delete]) -> _Read:
        context = self._context
        at = context.clock.monotonic()
        ready = self._ready(batch)
        files = context.service.read_files(batch[0].bucket, [delete.file_id for delete in batch])
        live = {file.id: file for file in files}
        moved = self._moved([delete for delete in batch if delete.file_id not in live])
        due: list[Delete] = []
        not_due: list[Delete] = []
        ends: list[tuple[Delete, Outcome]] = []
        for delete in batch:
            file = live.get(delete.file_id)
            if file is None:
                already = not context.results.attempts(delete.id)
                gone = Applied(delete.file_id, delete.acr_id, already)
                ends.append((delete, moved.get(delete.file_id, gone)))
            elif not context.is_still(file, delete.before):
                content = context.contents.of(file)
                ends.append((delete, Stale("it was changed since the plan was made", content)))
            elif delete.after_change is not None and delete.id not in ready:
                not_due.append(delete)
            elif delete.keeps is not None and delete.id not in ready:
                content = context.contents.of(file)
                why = (
                    f"file {delete.keeps}, which was to stay in its place, is no longer ready, or "
                    "no longer the same"
                )
                ends.append((delete, Stale(why, content)))
            else:
                due.append(delete)
        return _Read(due, not_due, ends, at)

    def _ready(self, batch: Sequence[Delete]) -> set[ChangeId]:
        """Those of the deletes that rely on a file which is, at this moment, ready and what it
        should be."""
        context = self._context
        names = {bucket.id: name for name, bucket in context.desired.buckets.items()}
        relying: dict[str, dict[FileId, list[Delete]]] = defaultdict(lambda: defaultdict(list))
        for delete in batch:
            file_id = _relies_on(context, delete)
            if file_id is None or file_id == delete.file_id:
                continue
            if delete.after_change is not None:
                relying[self._creates[delete.after_change].bucket][file_id].append(delete)
            elif delete.keeps_bucket_id in names:
                relying[names[delete.keeps_bucket_id]][file_id].append(delete)
        return {
            delete.id
            for bucket, by_file in relying.items()
            for file in context.service.read_files(bucket, sorted(by_file))
            if file.state is FileState.READY and not self._is_ghost(file.id)
            for delete in by_file[file.id]
            if self._stands_for(file, delete)
        }

    def _is_ghost(self, file_id: FileId) -> bool:
        """Whether an earlier run has just deleted it: then it may be read, and not be there."""
        at = self._deleted.get(file_id)
        return at is not None and self._context.clock.now() - at < LAG

    def _stands_for(self, file: File, delete: Delete) -> bool:
        """Whether the file is what stays where the other goes: it has the mark for that, and is
        made from what it should be. An answer may name a file that is another; and somebody may
        have given the file to another entry since."""
        desired = self._context.desired
        whose = owner(file, desired)
        digest = source_digest(file, desired.identity)
        if not isinstance(whose, Owned):
            return False
        if delete.after_change is not None:
            create = self._creates[delete.after_change]
            return whose.key == create.key and digest in (None, create.source.digest)
        entry = self._keeping.get(delete.key) if delete.key is not None else None
        if entry is None or whose.key not in (entry.key, *entry.was):
            return False
        if delete.key != entry.key:
            # What the entry had under a former name goes, whatever it is made from now.
            return True
        wanted = None if entry.source is None else entry.source.digest
        # Where nothing says what it should be made from, duplicates are all made from the same.
        return digest in (None, wanted or _digest_before(delete, desired.identity))

    def _send(self, deletes: Sequence[Delete], read_at: float | None) -> None:
        """Send, and where the answer is not a plain yes, look what is left and send its halves.
        `read_at`: when they were read; None: they are to be read again."""
        context = self._context
        try:
            self._put(deletes, read_at)
        except Changed:
            self._checked(deletes)
            return
        except KeptBack as kept:
            context.results.end([(delete, kept.failed) for delete in deletes])
            return
        except ReconcilerError as error:
            failed = context.failed(error)
            if never_taken(error):
                context.results.end([(delete, failed) for delete in deletes])
                return
            self._settle(deletes, error, failed.why)
        else:
            context.results.end([(delete, _applied(delete)) for delete in deletes])

    def _settle(self, deletes: Sequence[Delete], refusal: ReconcilerError, why: str) -> None:
        """The answer was not a plain yes: what is gone is done, the rest goes in halves."""
        context = self._context
        try:
            live = self._left(deletes, _looks(refusal, len(deletes)))
            gone = [delete for delete in deletes if delete.file_id not in live]
            moved = self._moved(gone)
        except ReconcilerError as error:
            context.failed(error)
            context.results.end([(delete, Unknown(why)) for delete in deletes])
            return
        context.results.end([(each, moved.get(each.file_id, _applied(each))) for each in gone])
        left = [delete for delete in deletes if delete.file_id in live]
        refused = isinstance(refusal, Rejected)
        if context.sends_again(deletes, refused=refused):
            half = len(left) // 2
            for part in (left[:half], left[half:]):
                if part:
                    self._send(part, None)
            return
        ended = Failed(why) if refused else Unknown(why)
        for delete in left:
            file = live[delete.file_id]
            is_still = context.is_still(file, delete.before)
            changed = Stale(_CHANGED_MEANWHILE, context.contents.of(file))
            context.results.end([(delete, ended if is_still else changed)])

    def _left(self, deletes: Sequence[Delete], looks: Sequence[float]) -> Mapping[FileId, File]:
        """The files that are still there, after as many looks as are worth while."""
        context = self._context
        ids = [delete.file_id for delete in deletes]
        live: Mapping[FileId, File] = {}
        for seconds in looks:
            if seconds:
                context.clock.sleep(seconds)
            files = context.service.read_files(deletes[0].bucket, ids)
            live = {file.id: file for file in files}
            if not live:
                break
        return live

    def _moved(self, gone: Sequence[Delete]) -> Mapping[FileId, Outcome]:
        """Of those that are not in their bucket, the ones that somebody has moved: stale."""
        context = self._context
        if not gone:
            return {}
        ids = [delete.file_id for delete in gone]
        return {
            file.id: Stale(f"it was moved to bucket {name}", context.contents.of(file))
            for name in sorted(context.desired.buckets)
            if name != gone[0].bucket
            for file in context.service.read_files(name, ids)
        }

    def _put(self, deletes: Sequence[Delete], read_at: float | None) -> None:
        def look() -> None:
            if len(self._read(deletes).due) < len(deletes):
                raise Changed

        delivery = Delivery(self._context, deletes, look, seen_at=read_at)
        ids = [delete.file_id for delete in deletes]
        self._context.service.delete(deletes[0].bucket, ids, delivery)


def _looks(refusal: ReconcilerError, count: int) -> Sequence[float]:
    """How patiently to look. A file that the service no longer knows may have just been deleted,
    by a request before this, and still be read."""
    return LOOKS if isinstance(refusal, NotThere) and count == 1 else LOOKS[:1]


def _keeping(desired: DesiredState) -> Mapping[Key, Entry]:
    """By every key that an entry has or had, the entry whose file stays."""
    entries = desired.entries.values()
    former = {was: entry for entry in entries for was in entry.was}
    return {**former, **desired.entries}


def _digest_before(delete: Delete, identity: Identity) -> Json:
    field = identity.source_field
    return None if field is None else delete.before.user_defined.get(field)


def _relies_on(context: Context, delete: Delete) -> FileId | None:
    """The file that stays where this one goes."""
    if delete.after_change is not None:
        made = context.results.of(delete.after_change)
        return made.file_id if isinstance(made, Applied) else None
    # A move may have given it a new id.
    moved = context.results.of(ChangeId(f"move:{delete.keeps}"))
    return moved.file_id if isinstance(moved, Applied) else delete.keeps


def _applied(delete: Delete) -> Applied:
    return Applied(delete.file_id, delete.acr_id)
