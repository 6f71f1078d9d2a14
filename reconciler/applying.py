"""Applying: what is executed of a plan, under which locks, on which ledger, and what remains.

work = work_of(plan)
with locked_for(run, desired, holder="me"):
    finished = apply_plan(work, desired=desired, service=service, run=run, ...)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler import __version__
from reconciler.apply import Halt, Progress, Report, Settings, apply_changes
from reconciler.apply.context import LOOKS
from reconciler.core.aim import Aim, Scope, differences_from, whole
from reconciler.core.codec import encode_way
from reconciler.core.guardrails import judge
from reconciler.core.model import DesiredState, Json, LiveState
from reconciler.core.outcome import Applied, Failed, Outcome
from reconciler.core.plan import Change, Delete, Move, Plan, Removal, Rule, Violation, removes
from reconciler.core.planner import differences_for, plan_of
from reconciler.core.ports import Clock, Reading, Writing
from reconciler.core.reviewed import standing, within
from reconciler.errors import (
    LedgerError,
    PlanFileError,
    RefusedByGuardrail,
    ServiceError,
    StalePlan,
)
from reconciler.ledger import Ledger, Place
from reconciler.locks import locked

__all__ = [
    "Finished",
    "Run",
    "Settings",
    "Work",
    "apply_plan",
    "check_can_be_applied",
    "locked_for",
    "work_of",
    "work_of_reviewed",
]


@dataclass(frozen=True, slots=True)
class Work:
    """What an apply executes, and what it is judged by afterwards."""

    plan: Plan
    changes: tuple[Change, ...]
    """The plan's, or those of them that still hold."""
    settled: tuple[tuple[Change, Outcome], ...] = ()
    """Changes that are not sent, and how each ended."""
    new: tuple[Change, ...] = ()
    """What is new since the plan was reviewed, and is left."""
    scope: Scope = whole
    """Which of all differences the run is judged by."""


@dataclass(frozen=True, slots=True)
class Run:
    """What an apply is, for the ledger and for the lock."""

    id: str
    ledger: Place
    locks: Path
    settings: Settings
    about: Mapping[str, Json]
    """Who applies, from which commit, in which CI run."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How an apply ended."""

    report: Report
    remaining: Plan | None
    """What a plan of the same scope would do now. None where it could not be made any more."""
    converged: bool
    """`remaining` is empty, from listings that are proved or that `--allow incomplete` takes for
    proved, nothing is pending or broken, and what was thrown away is in its trash."""
    anchor: str | None
    """The ledger's last `SEQ:HASH`; None where there was nothing to do."""
    unwritten: Sequence[Mapping[str, Json]] = ()
    """What was done, and is missing on the ledger since it could not be written."""


def work_of(plan: Plan) -> Work:
    """All of a plan that was made just now."""
    return Work(plan, plan.changes)


def work_of_reviewed(reviewed: Plan, aim: Aim, live: LiveState) -> Work:
    """What of a reviewed plan still holds. Its guardrails are judged again, on today's state.
    `aim`: what the plan is towards, as that is today.

    Raises `StalePlan` where it was made for another catalogue, host or buckets, `PlanFileError`
    where it contradicts itself.
    """
    _check_is_for(reviewed, aim.desired, live)
    desired = aim.desired
    differences = differences_from(aim, live, reviewed.options)
    now = plan_of(differences, desired, live, reviewed.options)
    today = judge(within(differences, reviewed), desired, live, reviewed.options.allow)
    stands = standing(reviewed, now, desired, live)
    return Work(
        plan=replace(reviewed, violations=_once((*reviewed.violations, *today))),
        changes=stands.holding,
        settled=stands.settled,
        new=stands.new,
        scope=lambda found: within(aim.scope(found), reviewed),
    )


def check_can_be_applied(plan: Plan) -> None:
    """Raise `StalePlan` where the plan was made from a snapshot: what it saw is no more than what
    was there then."""
    if plan.snapshot is not None:
        raise StalePlan(
            f"the plan was made from a snapshot of {plan.snapshot.taken_at}: it is to be read, and "
            "never applied; nothing was sent. Plan with a token (`reconciler plan --out "
            "PLAN.json`), have that plan reviewed, and apply it"
        )


def apply_plan(
    work: Work,
    *,
    desired: DesiredState,
    service: Writing,
    run: Run,
    clock: Clock,
    halt: Halt,
    progress: Progress,
) -> Finished:
    """Execute a plan, and see what remains.

    Raises `RefusedByGuardrail` where the plan has violations, `StalePlan` where it was made from
    a snapshot, `LedgerError`, `LockHeld`; nothing was sent then. What ends the run later is
    the report's `fatal`.
    """
    plan = work.plan
    check_can_be_applied(plan)
    if plan.violations:
        count = len(plan.violations)
        raise RefusedByGuardrail(
            f"{count} guardrail{'s' if count > 1 else ''} refused the plan, and nothing was sent"
        )
    if not work.changes and not work.settled:
        now, _ = _what_remains(work, desired, service)
        return Finished(Report((), {}, (), None), now, _is_converged(now), None)
    with Ledger(run.ledger, clock, run.id) as ledger:
        ledger.run_began({**_about(plan), **run.about})
        ledger.ended(work.settled)
        report = apply_changes(
            work.changes,
            desired=desired,
            service=service,
            ledger=ledger,
            settings=replace(run.settings, unproved=plan.options.allow.get(Rule.INCOMPLETE, 0)),
            clock=clock,
            halt=halt,
            progress=progress,
        )
        known = {change.id: outcome for change, outcome in work.settled}
        report = replace(report, outcomes={**known, **report.outcomes})
        progress.doing("listing the buckets again, to see what remains")
        remaining, report = _look_again(work, report, desired, service, ledger, clock)
        converged = _is_converged(remaining) and not _lost(report)
        finished = Finished(report, remaining, converged, None)
        try:
            ledger.run_ended(_counts(finished))
        except LedgerError as error:
            report = replace(report, fatal=report.fatal or error)
            finished = Finished(report, remaining, converged=False, anchor=None)
        return replace(finished, anchor=ledger.anchor, unwritten=ledger.unwritten)


def locked_for(run: Run, desired: DesiredState, holder: str) -> AbstractContextManager[None]:
    """The locks of the catalogue's buckets."""
    ids = [bucket.id for bucket in desired.buckets.values()]
    return locked(run.locks, desired.base_url, ids, holder)


def _look_again(
    work: Work,
    report: Report,
    desired: DesiredState,
    service: Writing,
    ledger: Ledger,
    clock: Clock,
) -> tuple[Plan | None, Report]:
    """What remains, looked at more than once where reads may lag behind writes; and a delete
    that the service said it did, of a file that is still there, has failed. So has a move into a
    trash of a file that is not there."""
    if report.fatal is not None:
        return None, report
    try:
        remaining, live = _what_remains(work, desired, service)
        for seconds in LOOKS[1:]:
            if not (remaining.changes and _all_applied(report)) and not _not_gone(report, live):
                break
            clock.sleep(seconds)
            remaining, live = _what_remains(work, desired, service)
    except ServiceError as error:
        return None, replace(report, fatal=error)
    ends = _not_gone(report, live)
    outcomes = {**report.outcomes, **{change.id: outcome for change, outcome in ends}}
    report = replace(report, outcomes=outcomes)
    try:
        ledger.ended(ends)
    except LedgerError as error:
        return remaining, replace(report, fatal=error)
    return remaining, report


def _what_remains(work: Work, desired: DesiredState, service: Reading) -> tuple[Plan, LiveState]:
    live = service.read_live()
    options = work.plan.options
    differences = work.scope(differences_for(desired, live, options))
    return plan_of(differences, desired, live, options), live


def _is_converged(remaining: Plan | None) -> bool:
    return (
        remaining is not None
        and not remaining.changes
        and not any(note.fact in ("pending", "broken") for note in remaining.notes)
        and not remaining.violations
    )


def _lost(report: Report) -> bool:
    """Whether a file did not come into its trash: no later plan would look for it."""
    return any(
        isinstance(change, Move)
        and change.trash
        and isinstance(report.outcomes.get(change.id), Failed)
        for change in report.changes
    )


def _all_applied(report: Report) -> bool:
    return not report.left and all(isinstance(o, Applied) for o in report.outcomes.values())


def _not_gone(report: Report, live: LiveState) -> Sequence[tuple[Change, Outcome]]:
    """What was to be taken away, and is not where it should be by that."""
    there = {file.id: name for name, bucket in live.buckets.items() for file in bucket.files}
    ends: list[tuple[Change, Outcome]] = []
    for change in report.changes:
        outcome = report.outcomes.get(change.id)
        if removes(change) and isinstance(outcome, Applied):
            where = there.get(outcome.file_id)
            if where is None and live.buckets[change.bucket].incomplete is not None:
                continue  # it may be there, and not be listed
            why = _not_taken_away(change, where)
            if why is not None:
                ends.append((change, Failed(why, outcome.file_id)))
    return ends


def _not_taken_away(removal: Removal, where: str | None) -> str | None:
    """What is wrong with where the file is now; None: it is as it should be."""
    match removal:
        case Delete() if where is not None:
            return "the service said that it deleted it, and it is still there"
        case Move() if where is None:
            return f"the service said that it moved it, and it is not in the trash {removal.bucket}"
        case Move() if where != removal.bucket:
            return f"the service said that it moved it to the trash, and it is in {where}"
        case _:
            return None


def _check_is_for(plan: Plan, desired: DesiredState, live: LiveState) -> None:
    buckets = {name: bucket.id for name, bucket in sorted(desired.buckets.items())}
    planned = {name: seen.id for name, seen in sorted(plan.live.items())}
    for what, of_plan, of_now in (
        ("catalogue", plan.catalog, desired.catalog),
        ("host", plan.origin, live.origin),
        ("buckets", planned, buckets),
    ):
        if of_plan != of_now:
            raise StalePlan(
                f"the plan was made for another {what}: {of_plan}, and this is {of_now}; "
                "nothing was sent"
            )
    for change in plan.changes:
        for name, bucket_id in _places(change):
            if planned.get(name) != bucket_id:
                raise PlanFileError(
                    f"the plan contradicts itself: {change.id} speaks of bucket {name} as "
                    f"{bucket_id}, and the plan was made for {planned}; nothing was sent"
                )


def _places(change: Change) -> Sequence[tuple[str, int]]:
    if isinstance(change, Move):
        here = (change.bucket, change.bucket_id)
        return [here, (change.from_bucket, change.from_bucket_id)]
    return [(change.bucket, change.bucket_id)]


def _once(violations: Sequence[Violation]) -> tuple[Violation, ...]:
    return tuple({(v.rule, v.key, v.message): v for v in violations}.values())


def _about(plan: Plan) -> Mapping[str, Json]:
    return {
        "catalog": {"name": plan.catalog, "digest": plan.catalog_digest},
        "plan": plan.digest,
        **encode_way(plan.options.way),
        "origin": plan.origin,
        "tool": f"reconciler {__version__}",
    }


def _counts(finished: Finished) -> Mapping[str, Json]:
    report = finished.report
    names = Counter(type(outcome).__name__.lower() for outcome in report.outcomes.values())
    return {
        **{name: names[name] for name in ("applied", "stale", "failed", "unknown")},
        "left": len(report.left),
        "converged": finished.converged,
        **({} if report.fatal is None else {"error": type(report.fatal).__name__}),
    }
