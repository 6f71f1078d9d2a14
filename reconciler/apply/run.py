"""One run: creates, moves, updates, then whatever is still unclear, the wait for uploads, and
last what takes files away: deletes, and moves into a trash. One failure does not stop the
others."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from reconciler.apply.context import Context, Settings
from reconciler.apply.creates import Creates
from reconciler.apply.deletes import Deletes
from reconciler.apply.halt import Halt
from reconciler.apply.moves import Moves
from reconciler.apply.present import Present
from reconciler.apply.progress import Progress
from reconciler.apply.results import Results
from reconciler.apply.staying import Staying
from reconciler.apply.updates import send_updates
from reconciler.apply.waiting import wait_until_ready
from reconciler.core.content import Contents
from reconciler.core.model import DesiredState
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change, ChangeId, Create, Delete, Move, Removal, Update, removes
from reconciler.core.ports import Clock, Recording, Writing
from reconciler.errors import ReconcilerError

__all__ = ["Report", "Settings", "apply_changes"]

Kind = TypeVar("Kind", Create, Move, Update, Delete)


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went."""

    changes: tuple[Change, ...]
    outcomes: Mapping[ChangeId, Outcome]
    not_due: tuple[Removal, ...]
    """What takes a file away whose replacement is not ready: the next run's."""
    fatal: ReconcilerError | None
    """What ended the run early, where something did."""

    @property
    def left(self) -> tuple[Change, ...]:
        """Changes that were not begun."""
        return tuple(change for change in self.changes if change.id not in self.outcomes)


def apply_changes(
    changes: Sequence[Change],
    *,
    desired: DesiredState,
    service: Writing,
    ledger: Recording,
    settings: Settings,
    clock: Clock,
    halt: Halt,
    progress: Progress,
) -> Report:
    """Execute the changes of a plan that no guardrail forbids."""
    results = Results(ledger, halt, progress)
    creates = _of(Create, changes)
    with ThreadPoolExecutor(settings.concurrency) as pool:
        context = Context(
            desired=desired,
            service=service,
            results=results,
            halt=halt,
            progress=progress,
            clock=clock,
            pool=pool,
            settings=settings,
            contents=Contents(desired),
        )
        try:
            not_due = _in_order(context, changes, creates, ledger)
        except ReconcilerError as error:
            halt.fail(error)
            not_due = []
    return Report(tuple(changes), results.all(), tuple(not_due), halt.fatal)


def _in_order(
    context: Context,
    changes: Sequence[Change],
    creates: Sequence[Create],
    ledger: Recording,
) -> Sequence[Removal]:
    removals = [change for change in changes if removes(change)]
    if creates:
        context.progress.doing("listing the buckets again, before anything is created")
        live = context.service.read_live()
        unproved = [
            f"{name}: {bucket.incomplete}"
            for name, bucket in sorted(live.buckets.items())
            if bucket.incomplete is not None
        ]
        sending = Creates(context, Present(context, live, removals), ledger, unproved)
        context.progress.doing("creating")
        sending.send(creates)
    context.progress.doing("moving")
    staying = Staying(context, creates, ledger)
    moves = Moves(context, staying)
    moves.send([move for move in _of(Move, changes) if not move.trash])
    context.progress.doing("updating")
    send_updates(context, _of(Update, changes))
    if creates:
        sending.settle()
        if context.settings.wait:
            wait_until_ready(context, creates)
    context.progress.doing("deleting")
    deletes = Deletes(context, staying)
    # What waits for a new file goes last of all: until then another may rely on it.
    for waits in (False, True):
        these = [removal for removal in removals if (removal.after_change is not None) is waits]
        moves.send(_of(Move, these))
        deletes.send(_of(Delete, these))
    return [*moves.not_due, *deletes.not_due]


def _of(kind: type[Kind], changes: Sequence[Change]) -> list[Kind]:
    return [change for change in changes if isinstance(change, kind)]
