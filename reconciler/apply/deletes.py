"""Deletes, in batches, last of all: each only while the file is what the plan saw, and, where it
relies on another, only while that one is ready."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reconciler.apply.context import Context, never_taken
from reconciler.core.marks import Owned, owner
from reconciler.core.model import FileId, FileState
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Create, Delete
from reconciler.core.planner import BATCH
from reconciler.errors import ReconcilerError, Rejected


def send_deletes(
    context: Context, deletes: Sequence[Delete], creates: Sequence[Create]
) -> Sequence[Delete]:
    """Delete what is still as the plan saw it. The deletes that are not due yet are returned:
    their replacement is not ready. What waits for a new file goes last of all: until then
    another may rely on it."""
    buckets_of_creates = {create.id: create.bucket for create in creates}
    not_due: list[Delete] = []
    for waits in (False, True):
        by_bucket: dict[str, list[Delete]] = defaultdict(list)
        for delete in deletes:
            if (delete.after_change is not None) is waits:
                by_bucket[delete.bucket].append(delete)
        batches = [
            batch[start : start + BATCH]
            for batch in by_bucket.values()
            for start in range(0, len(batch), BATCH)
        ]
        parts = context.pool.map(
            lambda batch: _checked(context, batch, buckets_of_creates), batches
        )
        not_due += [delete for part in parts for delete in part]
    return not_due


def _checked(
    context: Context, batch: Sequence[Delete], buckets_of_creates: Mapping[ChangeId, str]
) -> Sequence[Delete]:
    if context.halt.asked():
        return []
    try:
        ready = _ready(context, batch, buckets_of_creates)
        files = context.service.read_files(batch[0].bucket, [delete.file_id for delete in batch])
    except ReconcilerError as error:
        context.results.end([(delete, context.failed(error)) for delete in batch])
        return []
    live = {file.id: file for file in files}
    due: list[Delete] = []
    not_due: list[Delete] = []
    ends: list[tuple[Delete, Outcome]] = []
    for delete in batch:
        file = live.get(delete.file_id)
        relies_on = _relies_on(context, delete)
        if file is None:
            ends.append((delete, Applied(delete.file_id, delete.acr_id, already=True)))
        elif not context.is_still(file, delete.before):
            content = context.contents.of(file)
            ends.append((delete, Stale("it was changed since the plan was made", content)))
        elif delete.after_change is not None and relies_on not in ready:
            not_due.append(delete)
        elif delete.keeps is not None and relies_on not in ready:
            content = context.contents.of(file)
            why = f"file {delete.keeps}, which stays in its place, is not ready"
            ends.append((delete, Stale(why, content)))
        else:
            due.append(delete)
    context.results.end(ends)
    if due and context.results.begin(due):
        _send(context, due)
    return not_due


def _relies_on(context: Context, delete: Delete) -> FileId | None:
    """The file that stays where this one goes."""
    if delete.after_change is not None:
        made = context.results.of(delete.after_change)
        return made.file_id if isinstance(made, Applied) else None
    # A move may have given it a new id.
    moved = context.results.of(ChangeId(f"move:{delete.keeps}"))
    return moved.file_id if isinstance(moved, Applied) else delete.keeps


def _ready(
    context: Context, batch: Sequence[Delete], buckets_of_creates: Mapping[ChangeId, str]
) -> set[FileId]:
    """Those of the files that the deletes rely on which are ready, and ours, at this moment."""
    names = {bucket.id: name for name, bucket in context.desired.buckets.items()}
    wanted: dict[str, set[FileId]] = defaultdict(set)
    for delete in batch:
        file_id = _relies_on(context, delete)
        if file_id is None:
            continue
        if delete.after_change is not None:
            wanted[buckets_of_creates[delete.after_change]].add(file_id)
        elif delete.keeps_bucket_id in names:
            wanted[names[delete.keeps_bucket_id]].add(file_id)
    return {
        file.id
        for bucket, ids in wanted.items()
        for file in context.service.read_files(bucket, sorted(ids))
        if file.state is FileState.READY and isinstance(owner(file, context.desired), Owned)
    }


def _send(context: Context, deletes: Sequence[Delete]) -> None:
    """Send, and where the answer is not a plain yes, look what is left and send its halves."""
    bucket = deletes[0].bucket
    ids = [delete.file_id for delete in deletes]
    try:
        context.service.delete(bucket, ids)
    except ReconcilerError as error:
        failed = context.failed(error)
        if never_taken(error):
            context.results.end([(delete, failed) for delete in deletes])
            return
        why, refused = failed.why, isinstance(error, Rejected)
    else:
        context.results.end([(delete, _applied(delete)) for delete in deletes])
        return
    try:
        there = {file.id: file for file in context.service.read_files(bucket, ids)}
    except ReconcilerError:
        context.results.end([(delete, Unknown(why)) for delete in deletes])
        return
    context.results.end(
        [(delete, _applied(delete)) for delete in deletes if delete.file_id not in there]
    )
    changed = [
        (delete, Stale("it was changed while the plan was applied", context.contents.of(file)))
        for delete in deletes
        if (file := there.get(delete.file_id)) and not context.is_still(file, delete.before)
    ]
    context.results.end(changed)
    stale = {delete.id for delete, _ in changed}
    left = [one for one in deletes if one.file_id in there and one.id not in stale]
    if len(deletes) == 1 or context.halt.asked():
        context.results.end([(one, Failed(why) if refused else Unknown(why)) for one in left])
        return
    half = -(-len(left) // 2)
    for part in (left[:half], left[half:]):
        if part:
            _send(context, part)


def _applied(delete: Delete) -> Applied:
    return Applied(delete.file_id, delete.acr_id)
