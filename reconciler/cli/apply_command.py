"""`reconciler apply`."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reconciler.cli.account import Account, accounted
from reconciler.cli.duration import DURATION
from reconciler.cli.options import (
    NamedLedger,
    catalog_options,
    ledger_option,
    ledger_place,
    options_of,
    plan_options,
    service_options,
    verbose_option,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timed
from reconciler.core.plan import Rule
from reconciler.stages import stage

if TYPE_CHECKING:
    from reconciler.apply import Halt


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
@accounted("apply")
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
    ledger: NamedLedger,
    settle: float,
    wait_timeout: float,
    no_wait: bool,
    stop_after: float | None,
    verbose: bool,
    output: Output,
    account: Account,
) -> int:
    """Execute a plan.

    Without PLAN.json the plan is made now, shown, and executed once you say yes, or, with
    --plan-digest, once it is found to be the one that was reviewed. With PLAN.json, what of
    that plan still holds is executed.
    """
    from reconciler.aims import aim_of
    from reconciler.app import connected_for_writing, read_live
    from reconciler.apply import Halt
    from reconciler.applying import Run, Settings, apply_plan, locked_for
    from reconciler.cli import environment, exits
    from reconciler.cli.asked import Asked
    from reconciler.cli.progress import watching
    from reconciler.cli.reading import connection, open_catalog
    from reconciler.cli.telling import tell_finished, tell_unwritten

    options = options_of(only, allow, retry_broken=retry_broken)
    asked = Asked(options, plan_file, plan_digest, reviewed, yes=yes, verbose=verbose)
    asked.check()
    given = asked.read()
    loaded = open_catalog(catalog, source_root, output)
    account.desired = desired = loaded.desired
    how = connection(desired.base_url, token_file, concurrency, max_rps, account.counter)
    run_id = environment.new_run_id()
    run = Run(
        id=run_id,
        ledger=ledger_place(ledger, catalog),
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
        aim = aim_of(given.way, desired, live, run.ledger)
        work = asked.work(given, aim, live, output)
        halt = Halt(how.clock, stop_after)
        with (
            _lasting(),
            _stopped_by_signals(halt, output) as stopped,
            watching(work.changes, output) as watch,
        ):
            finished = apply_plan(
                work,
                desired=aim.desired,
                service=service,
                run=run,
                clock=how.clock,
                halt=halt,
                progress=watch,
            )
    account.applied(work, finished)
    tell_unwritten(finished, run.ledger, output)
    if stop_after is not None and finished.report.left and stopped.by is None:
        output.tell("the time of --stop-after was over: the next apply goes on")
    tell_finished(finished, work, run, output)
    return exits.of_apply(finished, signal=stopped.by, wait=not no_wait)


@contextmanager
def _lasting() -> Iterator[None]:
    """What may last for hours, unlike a plan: then cycles among values add up (see `__main__`)."""
    gc.freeze()
    gc.enable()
    with stage("apply"):
        yield


@dataclass(slots=True)
class _Stopped:
    by: int | None = None


@contextmanager
def _stopped_by_signals(halt: "Halt", output: Output) -> Iterator[_Stopped]:
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
