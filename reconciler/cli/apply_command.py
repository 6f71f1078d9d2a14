"""`reconciler apply`."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from reconciler.app import connected_for_writing, make_plan, read_live
from reconciler.apply import Halt
from reconciler.applying import (
    Run,
    Settings,
    Work,
    apply_plan,
    locked_for,
    work_of,
    work_of_reviewed,
)
from reconciler.cli import environment, exits
from reconciler.cli.duration import DURATION
from reconciler.cli.options import (
    catalog_options,
    ledger_option,
    ledger_path,
    options_of,
    plan_options,
    service_options,
    verbose_option,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.progress import watching
from reconciler.cli.reading import check_only, connection, open_catalog
from reconciler.cli.showing import made_now, show_plan
from reconciler.cli.telling import tell_differences, tell_finished, tell_new, tell_unwritten
from reconciler.cli.timing import timed
from reconciler.core.marks import mark_fields
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Options, Plan, Rule
from reconciler.errors import ReconcilerError, RefusedByGuardrail, StalePlan, UsageError
from reconciler.planfile import read_plan
from reconciler.shipped import schema
from reconciler.stages import stage


@click.command("apply")
@click.argument("plan_file", metavar="[PLAN.json]", required=False, type=click.Path(path_type=Path))
@catalog_options
@plan_options
@service_options
@click.option("--plan-digest", metavar="D", help="Go on only where the plan has this digest.")
@click.option(
    "--reviewed",
    type=click.Path(path_type=Path),
    metavar="PLAN.json",
    help="With --plan-digest: the plan that was reviewed, to show what is different now.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@ledger_option
@click.option(
    "--settle",
    type=DURATION,
    metavar="90s|10m|2h",
    default="120s",
    show_default=True,
    help="How long after an upload whose answer was lost it may be sent once more.",
)
@click.option(
    "--wait-timeout",
    type=DURATION,
    metavar="90s|10m|2h",
    default="600s",
    show_default=True,
    help="How long to follow new files until they are ready.",
)
@click.option("--no-wait", is_flag=True, help="Do not follow new files.")
@click.option(
    "--stop-after",
    type=DURATION,
    metavar="90s|10m|2h",
    help="Begin no change later than this after the plan was agreed to.",
)
@verbose_option
@with_output
@timed
def command(
    plan_file: Path | None,
    catalog: Path,
    source_root: Path | None,
    only: tuple[str, ...],
    allow: dict[Rule, int],
    retry_broken: bool,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    plan_digest: str | None,
    reviewed: Path | None,
    yes: bool,
    ledger: Path | None,
    settle: float,
    wait_timeout: float,
    no_wait: bool,
    stop_after: float | None,
    verbose: bool,
    output: Output,
) -> int:
    """Execute a plan.

    Without PLAN.json the plan is made now, shown, and executed once you say yes, or, with
    --plan-digest, once it is found to be the one that was reviewed. With PLAN.json, what of
    that plan still holds is executed.
    """
    options = options_of(only, allow, retry_broken=retry_broken)
    asked = _Asked(options, plan_file, plan_digest, reviewed, yes=yes, verbose=verbose)
    asked.check()
    saved = asked.saved()
    loaded = open_catalog(catalog, source_root, output)
    desired = loaded.desired
    how = connection(desired.base_url, token_file, concurrency, max_rps)
    run_id = environment.new_run_id()
    run = Run(
        id=run_id,
        ledger=ledger_path(ledger, catalog),
        locks=environment.state_folder() / "locks",
        settings=Settings(concurrency, settle, not no_wait, wait_timeout),
        about=environment.provenance(catalog.resolve().parent, loaded.files),
    )
    with (
        locked_for(run, desired, environment.holder(run_id)),
        connected_for_writing(desired.base_url, desired.buckets, how) as service,
    ):
        with output.busy("reading the buckets"):
            live = read_live(service)
        work = asked.work(saved, desired, live, output)
        halt = Halt(how.clock, stop_after)
        with (
            _stopped_by_signals(halt, output) as stopped,
            watching(work.changes, output) as watch,
            stage("apply"),
        ):
            # A plan is made and done with; an apply may last for hours, and then cycles add up.
            gc.freeze()
            gc.enable()
            finished = apply_plan(
                work,
                desired=desired,
                service=service,
                run=run,
                clock=how.clock,
                halt=halt,
                progress=watch,
            )
    tell_unwritten(finished, run.ledger, output)
    if stop_after is not None and finished.report.left and stopped.by is None:
        output.tell("the time of --stop-after was over: the next apply goes on")
    tell_finished(finished, work, run.ledger, output)
    return exits.of_apply(finished, signal=stopped.by, wait=not no_wait)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be applied, as the user said it."""

    options: Options
    plan_file: Path | None
    digest: str | None
    reviewed: Path | None
    yes: bool = field(kw_only=True)
    verbose: bool = field(kw_only=True)

    def check(self) -> None:
        """Raise `UsageError` where what was said makes no sense together."""
        if self.plan_file is not None and self.options != Options():
            raise UsageError(
                "a saved plan has its own --only, --allow and --retry-broken: give them to plan"
            )
        if self.reviewed is not None and (self.digest is None or self.plan_file is not None):
            raise UsageError("--reviewed goes with --plan-digest, and without PLAN.json")
        if not (self.yes or self.digest or sys.stdin.isatty()):
            raise UsageError("there is no terminal to ask on: give --yes, or --plan-digest")

    def saved(self) -> Plan | None:
        """The saved plan, read before anything is asked of the service."""
        if self.plan_file is None:
            return None
        plan, _ = read_plan(self.plan_file, schema("plan.schema.json"))
        return plan

    def work(
        self, saved: Plan | None, desired: DesiredState, live: LiveState, output: Output
    ) -> Work:
        """What to execute, once it is shown and agreed to."""
        if saved is None:
            check_only(self.options.only, desired, live)
            work = work_of(make_plan(desired, live, self.options))
        else:
            work = work_of_reviewed(saved, desired, live)
        self._check_digest(work.plan, desired, output)
        self._show(work.plan, desired, output)
        tell_new(work, output)
        if work.plan.violations:
            raise RefusedByGuardrail("the plan is refused by guardrails, and nothing was sent")
        if work.changes and not (self.yes or self.digest) and not _confirmed(len(work.changes)):
            raise ReconcilerError("declined: nothing was sent")
        return work

    def _show(self, plan: Plan, desired: DesiredState, output: Output) -> None:
        marks = mark_fields(desired.identity)
        show_plan(plan, made_now(), "text", output, verbose=self.verbose, marks=marks)

    def _check_digest(self, plan: Plan, desired: DesiredState, output: Output) -> None:
        if self.digest is None or self.digest == plan.digest:
            return
        self._show(plan, desired, output)
        if self.reviewed is not None:
            before, _ = read_plan(self.reviewed, schema("plan.schema.json"))
            tell_differences(before, plan, output)
        raise StalePlan(
            f"the plan is not the one that was reviewed: its digest is {plan.digest}, "
            f"reviewed was {self.digest}; nothing was sent. After an apply of it that was cut off, "
            "`apply PLAN.json` goes on with what is left"
        )


def _confirmed(count: int) -> bool:
    return click.confirm(f"Apply these {count} changes?", err=True)


@dataclass(slots=True)
class _Stopped:
    by: int | None = None


@contextmanager
def _stopped_by_signals(halt: Halt, output: Output) -> Iterator[_Stopped]:
    """The first Ctrl-C or SIGTERM ends the run cleanly, the second at once."""
    stopped = _Stopped()

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopped.by is not None:
            output.console().show_cursor()
            output.say("stopped at once: what was in flight may have been done; plan again")
            # Not by an exception: that would wait for the workers, and "now" was asked for. The
            # ledger has every change that was begun.
            os._exit(128 + number)
        stopped.by = number
        halt.ask()
        output.say("stopping once what is in flight has ended; once more stops at once")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
