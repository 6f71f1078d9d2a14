"""Deletes, in batches, last of all: each only while the file is what the plan saw, and, where it
relies on another, only while that one is ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.batches import batches
from reconciler.apply.context import LOOKS, Context, never_taken
from reconciler.apply.delivery import Changed, Delivery, KeptBack
from reconciler.apply.staying import Staying
from reconciler.core.model import File, FileId
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Delete
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

    def __init__(self, context: Context, staying: Staying) -> None:
        """`staying`: what the deletes rely on."""
        self._context = context
        self._staying = staying
        self._not_due: list[Delete] = []

    @property
    def not_due(self) -> Sequence[Delete]:
        """Those whose replacement is not ready."""
        return self._not_due

    def send(self, deletes: Sequence[Delete]) -> None:
        """Delete what is still as the plan saw it."""
        cut = batches(deletes, lambda delete: delete.bucket)
        list(self._context.pool.map(self._checked, cut))

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
        ready = self._staying.ready(batch)
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
            elif not self._staying.is_due(delete, ready):
                not_due.append(delete)
            elif (missed := self._staying.missed(delete, file, ready)) is not None:
                ends.append((delete, missed))
            else:
                due.append(delete)
        return _Read(due, not_due, ends, at)

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


def _applied(delete: Delete) -> Applied:
    return Applied(delete.file_id, delete.acr_id)
