"""Updates: each file is read again, in batches, just before its change is sent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from reconciler.apply.context import Context
from reconciler.core.model import File, FileId, Json
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Update
from reconciler.core.planner import BATCH
from reconciler.errors import NotThere, ReconcilerError, Unclear

_READ_AHEAD = 3
"""Batches that are read or being sent at once: enough that workers never wait for a read."""


def send_updates(context: Context, updates: Sequence[Update]) -> None:
    """Send every update whose file is still what the plan saw."""
    by_bucket: dict[str, list[Update]] = defaultdict(list)
    for update in updates:
        by_bucket[update.bucket].append(update)
    batches = [
        batch[start : start + BATCH]
        for batch in by_bucket.values()
        for start in range(0, len(batch), BATCH)
    ]
    with ThreadPoolExecutor(_READ_AHEAD) as readers:
        list(readers.map(lambda batch: _send_batch(context, batch), batches))


def _send_batch(context: Context, batch: Sequence[Update]) -> None:
    if context.halt.asked():
        return
    ids = {update.id: _id_now(context, update) for update in batch}
    try:
        files = context.service.read_files(batch[0].bucket, list(ids.values()))
    except ReconcilerError as error:
        context.results.end([(update, context.failed(error)) for update in batch])
        return
    live = {file.id: file for file in files}
    sending: list[Future[None]] = [
        context.pool.submit(_send, context, update, live.get(ids[update.id])) for update in batch
    ]
    for future in sending:
        future.result()


def _send(context: Context, update: Update, live: File | None) -> None:
    if context.halt.asked():
        return
    outcome = _without_sending(context, update, live)
    if outcome is None and live is not None:
        if not context.results.begin([update]):
            return
        outcome = _sent(context, update, live)
    if outcome is not None:
        context.results.end([(update, outcome)])


def _without_sending(context: Context, update: Update, live: File | None) -> Outcome | None:
    if live is None:
        return Stale("it is not in its bucket any more", None)
    content = context.contents.of(live)
    if context.is_still(live, update.before):
        return None
    if context.equal(content, update.after):
        return Applied(live.id, live.acr_id, already=True)
    return Stale("it was changed since the plan was made", content)


def _sent(context: Context, update: Update, live: File) -> Outcome:
    wanted = {**context.contents.ignored(live), **update.after.user_defined}
    try:
        file = context.service.update(update.bucket, live.id, update.after.title, wanted)
        surviving = _surviving(file, update)
        if surviving:
            # A service that merges keeps what is not named: null is how a key is taken away.
            named: dict[str, Json] = dict.fromkeys(surviving)
            file = context.service.update(
                update.bucket, live.id, update.after.title, {**wanted, **named}
            )
        return _judged(context, update, file, _surviving(file, update))
    except NotThere:
        return Stale("it was deleted while the plan was applied", None)
    except Unclear as error:
        return _read_back(context, update, live.id, error)
    except ReconcilerError as error:
        return context.failed(error)


def _judged(context: Context, update: Update, file: File, surviving: Sequence[str]) -> Outcome:
    if surviving:
        names = ", ".join(surviving)
        return Failed(f"the service does not let go of user_defined: {names}", file.id)
    return context.judged(file, update.after)


def _read_back(
    context: Context, update: Update, file_id: FileId, error: ReconcilerError
) -> Outcome:
    """The answers were lost: the file itself says whether it was done."""
    try:
        files = context.service.read_files(update.bucket, [file_id])
    except ReconcilerError:
        return Unknown(str(error))
    if not files:
        return Stale("it was deleted while the plan was applied", None)
    if context.equal(context.contents.of(files[0]), update.after):
        return Applied(files[0].id, files[0].acr_id)
    return Unknown(str(error))


def _surviving(file: File, update: Update) -> Sequence[str]:
    """What the update takes away and the service kept; never what somebody else just wrote."""
    if not isinstance(file.user_defined, Mapping):
        return ()
    removed = update.before.user_defined.keys() - update.after.user_defined.keys()
    return sorted(file.user_defined.keys() & removed)


def _id_now(context: Context, update: Update) -> FileId:
    """The file's id: a service may give it a new one when it moves it."""
    if update.after_change is not None:
        moved = context.results.of(update.after_change)
        if isinstance(moved, Applied):
            return moved.file_id
    return update.file_id
