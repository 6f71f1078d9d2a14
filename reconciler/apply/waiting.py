"""Following new files until the service has processed them."""

from collections import defaultdict
from collections.abc import Sequence

from reconciler.apply.context import Context
from reconciler.core.model import FileId, FileState
from reconciler.core.outcome import Applied, Failed, Outcome
from reconciler.core.plan import Create
from reconciler.errors import ReconcilerError

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0


def wait_until_ready(context: Context, creates: Sequence[Create]) -> None:
    """Return when every new file is ready or broken, or the wait time is over, or a stop is
    asked. A file that is broken ends its create as failed."""
    waiting = {
        made.file_id: create
        for create in creates
        if isinstance(made := context.results.of(create.id), Applied)
    }
    deadline = context.clock.monotonic() + context.settings.wait_timeout
    pause = _FIRST_PAUSE
    while waiting and not context.halt.asked():
        context.progress.doing(f"waiting for {len(waiting)} new file(s) to be processed")
        try:
            for file_id in _processed(context, waiting):
                del waiting[file_id]
        except ReconcilerError as error:
            context.failed(error)
        if not waiting or context.clock.monotonic() >= deadline:
            return
        context.halt.pause(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _processed(context: Context, waiting: dict[FileId, Create]) -> Sequence[FileId]:
    by_bucket: dict[str, list[FileId]] = defaultdict(list)
    for file_id, create in waiting.items():
        by_bucket[create.bucket].append(file_id)
    done: list[FileId] = []
    ends: list[tuple[Create, Outcome]] = []
    for bucket, ids in by_bucket.items():
        for file in context.service.read_files(bucket, ids):
            match file.state:
                case FileState.PENDING:
                    continue
                case FileState.BROKEN:
                    why = f"the service could not process the audio of file {file.id}"
                    ends.append((waiting[file.id], Failed(why, file.id)))
                case FileState.READY:
                    pass
            done.append(file.id)
    context.results.end(ends)
    return done
