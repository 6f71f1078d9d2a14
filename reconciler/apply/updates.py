"""Updates: each file is read again, in batches, just before its change is sent."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from reconciler.apply.context import Context
from reconciler.apply.delivery import (
    MOST_REWRITTEN,
    Changed,
    Delivery,
    KeptBack,
    Rewritten,
)
from reconciler.apply.fresh import READERS, Fresh, FreshUpdates
from reconciler.core.content import Content
from reconciler.core.model import File, FileId, Json
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Update
from reconciler.errors import NotThere, ReconcilerError

_MORE = 2
"""One worker more for so many requests at once: while some wait for the disk, others send."""
_GONE = Stale("it was deleted while the plan was applied", None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an update rests on."""

    file: File
    content: Content
    """What the file must still be when the update goes out."""
    at: float | None
    """When it was read, by the monotonic clock; None: it is to be read again."""


def send_updates(context: Context, updates: Sequence[Update]) -> None:
    """Send every update whose file is still what the plan saw."""
    at_once = context.settings.concurrency
    workers = min(at_once + at_once // _MORE, len(updates))
    if not workers:
        return
    with ThreadPoolExecutor(READERS) as readers, ThreadPoolExecutor(workers) as pool:
        fresh = FreshUpdates(context, updates, readers)
        working = [pool.submit(_send_all, context, fresh) for _ in range(workers)]
    for worker in working:
        worker.result()


def _send_all(context: Context, updates: FreshUpdates) -> None:
    while (fresh := updates.take()) is not None:
        _send(context, fresh)


def _send(context: Context, fresh: Fresh) -> None:
    update, live = fresh.update, fresh.file
    outcome = _without_sending(context, update, live, update.before)
    if outcome is None and live is not None:
        if not context.results.begin([update]):
            return
        outcome = _sent(context, update, _Seen(live, update.before, fresh.at))
    if outcome is not None:
        context.results.end([(update, outcome)])


def _without_sending(
    context: Context, update: Update, live: File | None, base: Content
) -> Outcome | None:
    """The outcome of an update that must not be sent, or not any more; None: it must."""
    if live is None:
        return Stale("it is not in its bucket any more", None)
    if context.is_still(live, base):
        return None
    content = context.contents.of(live)
    if context.is_still(live, update.after):
        return Applied(live.id, live.acr_id, already=True)
    return Stale("it was changed since the plan was made", content)


def _sent(context: Context, update: Update, seen: _Seen) -> Outcome:
    try:
        file = _put(context, update, seen, {})
        surviving = _surviving(file, update)
        if surviving:
            # A service that merges keeps what is not named: null is how a key is taken away.
            seen = _Seen(file, context.contents.of(file), context.clock.monotonic())
            file = _put(context, update, seen, dict.fromkeys(surviving))
        return _judged(context, update, file, _surviving(file, update))
    except Changed as changed:
        return changed.outcome or _GONE
    except KeptBack as kept:
        failed = kept.failed
    except NotThere:
        return _GONE
    except ReconcilerError as error:
        failed = context.failed(error)
    if not context.results.is_unclear(update.id):
        return failed
    return _read_back(context, update, seen.file.id, failed.why)


def _put(context: Context, update: Update, seen: _Seen, nulls: Mapping[str, Json]) -> File:
    """Send the update, with nulls besides, over what others keep in the file as that is then.
    Raises `Changed` where the file is not as seen."""
    for _ in range(MOST_REWRITTEN):
        try:
            return _put_over(context, update, seen, nulls)
        except Rewritten as rewritten:
            seen = replace(seen, file=rewritten.file, at=context.clock.monotonic())
    raise KeptBack(Failed("others keep writing into it: apply again"))


def _put_over(context: Context, update: Update, seen: _Seen, nulls: Mapping[str, Json]) -> File:
    ignored = context.contents.ignored(seen.file)

    def look() -> None:
        files = context.service.read_files(update.bucket, [seen.file.id])
        live = next(iter(files), None)
        outcome = _without_sending(context, update, live, seen.content)
        if isinstance(outcome, Applied) and context.results.attempts(update.id):
            outcome = replace(outcome, already=False)
        if outcome is not None:
            raise Changed(outcome)
        if live is not None and context.contents.ignored(live) != ignored:
            raise Rewritten(live)

    delivery = Delivery(context, [update], look, seen_at=seen.at)
    wanted = {**ignored, **update.after.user_defined, **nulls}
    title = update.after.title
    return context.service.update(update.bucket, seen.file.id, title, wanted, delivery)


def _judged(context: Context, update: Update, file: File, surviving: Sequence[str]) -> Outcome:
    if surviving:
        names = ", ".join(surviving)
        return Failed(f"the service does not let go of user_defined: {names}", file.id)
    return context.judged(file, update.after)


def _read_back(context: Context, update: Update, file_id: FileId, why: str) -> Outcome:
    """The answers were lost: the file itself says whether it was done."""
    try:
        files = context.service.read_files(update.bucket, [file_id])
    except ReconcilerError as error:
        context.failed(error)
        return Unknown(why)
    if not files:
        return _GONE
    if context.is_still(files[0], update.after):
        return Applied(files[0].id, files[0].acr_id)
    return Unknown(why)


def _surviving(file: File, update: Update) -> Sequence[str]:
    """What the update takes away and the service kept; never what somebody else just wrote."""
    if not isinstance(file.user_defined, Mapping):
        return ()
    removed = update.before.user_defined.keys() - update.after.user_defined.keys()
    return sorted(file.user_defined.keys() & removed)
