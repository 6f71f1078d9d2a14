"""How an apply went, in words."""

import json
from collections import Counter
from collections.abc import Set as AbstractSet
from typing import assert_never

from reconciler.applying import Finished, Run, Work
from reconciler.cli.output import Output
from reconciler.core.change_codec import action
from reconciler.core.comparison import compare
from reconciler.core.content import Content
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Change, Create, Move, Options, Plan, Purge, Revert, Update, Way
from reconciler.errors import LedgerError
from reconciler.ledger import Place
from reconciler.ledger.findings import Torn
from reconciler.ledger.reading import read
from reconciler.ledger.verifying import verify
from reconciler.render.apply_text import outcome_line, stale_text
from reconciler.render.change_text import change_text
from reconciler.render.plan_words import otherwise

_ENDINGS = ("applied", "already done", "stale", "failed", "unknown")
_MOST = 50
"""How many changes are told of one by one."""


def tell_finished(finished: Finished, work: Work, run: Run, output: Output) -> None:
    """What did not end well, the counts, and whether the buckets are as they should be."""
    report = finished.report
    told = 0
    for change in work.plan.changes:
        outcome = report.outcomes.get(change.id)
        if outcome is None or isinstance(outcome, Applied):
            continue
        told += 1
        if told <= _MOST:
            _tell_outcome(change, outcome, output)
    if told > _MOST:
        output.tell(f"... and {told - _MOST} more, all of them on the ledger")
    if report.fatal is not None:
        output.error(str(report.fatal))
    counts = Counter(_ending(outcome) for outcome in report.outcomes.values())
    said = [f"{counts[name]} {name}" for name in _ENDINGS if counts[name] or name != "already done"]
    output.tell(f"{', '.join(said)}, {len(report.left)} left")
    output.tell(_what_remains(finished, work.plan.options))
    if finished.anchor is not None:
        output.tell(f"run: {run.id}")
        output.tell(f"ledger: {run.ledger} at {finished.anchor}")
    else:
        _tell_where_it_ends(run.ledger, output)


def _tell_where_it_ends(ledger: Place, output: Output) -> None:
    """Of a ledger to which nothing was added: its end is an anchor as well."""
    try:
        kept = read(ledger)
    except LedgerError as error:
        output.say(f"where the ledger ends is not known: {error}")
        return
    verdict = verify(b"" if kept is None else kept.data)
    if not all(isinstance(finding, Torn) for finding in verdict.findings):
        output.say(f"{ledger}: the ledger is not as it was written: see `reconciler audit verify`")
    elif verdict.records:
        output.tell(f"ledger: {ledger} at {verdict.head}")
    else:
        output.say(f"ledger: {ledger}: there is no record, and nothing was done")


def tell_unwritten(finished: Finished, ledger: Place, output: Output) -> None:
    """What was done and is missing on the ledger, as JSON lines on standard error: the disk that
    is full may be the one that standard output goes to."""
    if not finished.unwritten:
        return
    output.error(
        f"{len(finished.unwritten)} record(s) could not be written to the ledger {ledger}, and are "
        "missing there. Keep these lines, which are nowhere else:"
    )
    for record in finished.unwritten:
        # Nothing is left in it that would have to be made visible, so that it stays JSON.
        line = json.dumps(record)
        output.say(line.replace("\x7f", r"\u007f").replace("##[", r"##\u005b"))


def tell_new(work: Work, output: Output) -> None:
    """What is new since the plan was reviewed, and is left."""
    for change in work.new[:_MOST]:
        output.tell(f"new since the plan was made, and left: {action(change)} {_subject(change)}")
    if len(work.new) > _MOST:
        output.tell(f"... and {len(work.new) - _MOST} more")


def tell_differences(reviewed: Plan, now: Plan, marks: AbstractSet[str], output: Output) -> None:
    """How the plan of now differs from the one that was reviewed: of a change that is in both, as
    it was reviewed. `marks`: the mark's fields."""
    since = compare(reviewed, now)
    changed = {change.id for change, _ in since.different}
    for said in otherwise(since):
        output.tell(f"reviewed otherwise: {said}")
    for changes, said in (
        (since.gone, "reviewed, and no longer planned"),
        (since.new, "planned now, and not reviewed"),
        ([before for before, _ in since.different], "planned otherwise than reviewed"),
    ):
        for change in changes[:_MOST]:
            reviewed_was = "; reviewed was:" if change.id in changed else ""
            output.tell(f"{said}: {action(change)} {_subject(change)}{reviewed_was}")
            if reviewed_was:
                output.result([change_text(change, output.width, marks)])
        if len(changes) > _MOST:
            output.tell(f"... and {len(changes) - _MOST:,} more {said}")


def _tell_outcome(change: Change, outcome: Outcome, output: Output) -> None:
    match outcome:
        case Applied():
            return
        case Stale(why=why, live=live):
            file_id = None if isinstance(change, Create) else change.file_id
            _tell_line(change, file_id, "stale", why, output)
            output.result([stale_text(_base(change), live, _wanted(change), width=output.width)])
        case Failed(why=why, file_id=file_id):
            _tell_line(change, file_id, "failed", why, output)
        case Unknown(why=why):
            _tell_line(change, None, "unknown", why, output)
        case _:
            assert_never(outcome)


def _tell_line(change: Change, file_id: int | None, ending: str, why: str, output: Output) -> None:
    width = output.width
    output.result([outcome_line(action(change), change.key, file_id, ending, why, width=width)])


def _what_remains(finished: Finished, options: Options) -> str:
    remaining = finished.remaining
    if finished.converged:
        scope = f" for --only {' '.join(options.only)}" if options.only else ""
        return f"converged: {_the_same(options.way)} finds nothing to do{scope}"
    if remaining is None:
        return "what remains could not be found out: plan again"
    waiting = sum(1 for note in remaining.notes if note.fact in ("pending", "broken"))
    return (
        f"not converged: {len(remaining.changes)} change(s) remain, "
        f"{waiting} file(s) are pending or broken; plan again"
    )


def _the_same(way: Way | None) -> str:
    match way:
        case None:
            return "a new plan"
        case Revert(run=run):
            return f"another revert of run {run}"
        case Purge():
            return "another purge"
        case _:
            assert_never(way)


def _ending(outcome: Outcome) -> str:
    already = isinstance(outcome, Applied) and outcome.already
    return "already done" if already else type(outcome).__name__.lower()


def _subject(change: Change) -> str:
    if isinstance(change, Create):
        return change.key
    return f"{change.key or 'unmarked'} (file {change.file_id})"


def _base(change: Change) -> Content | None:
    return None if isinstance(change, Create) else change.before


def _wanted(change: Change) -> Content | None:
    match change:
        case Create(after=after) | Update(after=after):
            return after
        case Move(before=before):
            return before
        case _:
            return None
