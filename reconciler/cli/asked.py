"""What an apply is asked for, and what it executes once that is shown and agreed to."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import click

from reconciler.app import make_plan
from reconciler.applying import Work, check_can_be_applied, work_of, work_of_reviewed
from reconciler.cli.output import Output
from reconciler.cli.reading import check_only
from reconciler.cli.showing import TEXT, made_now, show_plan
from reconciler.cli.telling import tell_differences, tell_new
from reconciler.core.aim import Aim
from reconciler.core.codec import digest_of
from reconciler.core.marks import mark_fields
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Options, Plan, Way
from reconciler.errors import ReconcilerError, RefusedByGuardrail, StalePlan, UsageError
from reconciler.planfile import read_plan
from reconciler.shipped import schema

_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")


class Given(NamedTuple):
    """The plans in the files that the user named."""

    saved: Plan | None
    """What is to be applied."""
    reviewed: Plan | None
    """What was reviewed, to show what is different now."""

    @property
    def way(self) -> Way | None:
        """What the saved plan does instead of bringing about what the catalogue says."""
        return None if self.saved is None else self.saved.options.way


@dataclass(frozen=True, slots=True)
class Asked:
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
        if self.digest is not None and not _DIGEST.fullmatch(self.digest):
            raise UsageError(
                "--plan-digest is `sha256:` and 64 hexadecimal digits, the last line of a plan; "
                f"it is {self.digest!r} here"
            )
        if self.reviewed is not None and (self.digest is None or self.plan_file is not None):
            raise UsageError("--reviewed goes with --plan-digest, and without PLAN.json")
        if not (self.yes or self.digest or sys.stdin.isatty()):
            raise UsageError("there is no terminal to ask on: give --yes, or --plan-digest")

    def read(self) -> Given:
        """The files that the user named, read before anything is asked of the service. Raises
        `StalePlan` where the saved plan was made from a snapshot, and `UsageError` where the
        reviewed one is not that of the digest."""
        given = Given(_plan_in(self.plan_file), _plan_in(self.reviewed))
        if given.saved is not None:
            check_can_be_applied(given.saved)
        if given.reviewed is not None and given.reviewed.digest != self.digest:
            raise UsageError(
                f"the digest of {self.reviewed} is {given.reviewed.digest}, and --plan-digest is "
                f"{self.digest}: give the plan that was reviewed, or leave --reviewed out"
            )
        return given

    def work(self, given: Given, aim: Aim, live: LiveState, output: Output) -> Work:
        """What to execute, once it is shown and agreed to. `aim`: what it is towards."""
        desired = aim.desired
        if given.saved is None:
            check_only(self.options.only, desired, live)
            work = work_of(make_plan(desired, live, self.options))
        else:
            work = work_of_reviewed(given.saved, aim, live)
        self._check_digest(work.plan, given.reviewed, desired, output)
        self._show(work.plan, desired, output)
        tell_new(work, output)
        if work.plan.violations:
            raise RefusedByGuardrail("the plan is refused by guardrails, and nothing was sent")
        if work.changes and not (self.yes or self.digest) and not _confirmed(len(work.changes)):
            raise ReconcilerError("declined: nothing was sent")
        return work

    def _show(self, plan: Plan, desired: DesiredState, output: Output) -> None:
        marks = mark_fields(desired.identity)
        show_plan(plan, made_now(), TEXT, output, verbose=self.verbose, marks=marks)

    def _check_digest(
        self, plan: Plan, reviewed: Plan | None, desired: DesiredState, output: Output
    ) -> None:
        if self.digest is None or self.digest == plan.digest:
            return
        self._show(plan, desired, output)
        if reviewed is not None:
            tell_differences(reviewed, plan, mark_fields(desired.identity), output)
        if self.digest == digest_of(plan, from_snapshot=True):
            raise StalePlan(
                "what was reviewed is this plan, made from a snapshot, and such a plan is never "
                f"applied; nothing was sent. Have this one reviewed: its digest is {plan.digest}"
            )
        hint = "" if reviewed else "; --reviewed PLAN.json shows what is different"
        raise StalePlan(
            f"the plan is not the one that was reviewed: its digest is {plan.digest}, "
            f"reviewed was {self.digest}; nothing was sent. Have the plan above reviewed, and "
            f"apply it by its digest{hint}. Where an apply of the reviewed plan was cut off, "
            "`apply PLAN.json` goes on with what is left of it"
        )


def _plan_in(path: Path | None) -> Plan | None:
    return None if path is None else read_plan(path, schema("plan.schema.json"))[0]


def _confirmed(count: int) -> bool:
    return click.confirm(f"Apply these {count} changes?", err=True)
