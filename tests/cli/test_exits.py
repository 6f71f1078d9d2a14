"""What an apply ends with: the table of `reconciler.cli.exits`, row by row."""

import click
import pytest

from reconciler.apply import Report
from reconciler.applying import Finished
from reconciler.cli.exits import first_of, of_apply, of_error
from reconciler.core.content import Content
from reconciler.core.model import FileId, Key
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Delete
from reconciler.errors import (
    LedgerError,
    ReconcilerError,
    RefusedByGuardrail,
    StalePlan,
    TokenRefused,
    UsageError,
)

CHANGES = tuple(
    Delete(Key("k"), FileId(number), "", "spots", 1, Content("t", {}), "for eyes")
    for number in (1, 2)
)
DONE = Applied(FileId(1), "")
STALE = Stale("it changed", None)


def finished(
    *outcomes: Outcome,
    converged: bool = False,
    fatal: ReconcilerError | None = None,
    not_due: tuple[Delete, ...] = (),
) -> Finished:
    ends = {
        ChangeId(change.id): outcome for change, outcome in zip(CHANGES, outcomes, strict=False)
    }
    return Finished(Report(CHANGES, ends, not_due, fatal), None, converged, None)


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (finished(DONE, DONE, converged=True), 0),
        (finished(DONE, DONE), 3),
        (finished(DONE, STALE), 3),
        (finished(DONE, Failed("no"), converged=True), 0),
        (finished(DONE, Failed("no")), 3),
        (finished(DONE, Unknown("?")), 3),
        (finished(DONE), 3),
        (finished(STALE, STALE), 4),
        (finished(STALE), 3),
        (finished(DONE, fatal=TokenRefused("no")), 7),
        (finished(DONE, fatal=LedgerError("full")), 1),
    ],
)
def test_how_a_run_ended(run: Finished, code: int) -> None:
    assert of_apply(run, signal=None, wait=True) == code


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
def test_a_signal_goes_before_everything(signal: int, code: int) -> None:
    run = finished(DONE, DONE, converged=True, fatal=TokenRefused("no"))
    assert of_apply(run, signal=signal, wait=True) == code


def test_without_waiting_all_sent_is_0_and_a_failure_is_not() -> None:
    only_waiting = finished(DONE, not_due=(CHANGES[1],))
    assert of_apply(only_waiting, signal=None, wait=False) == 0
    assert of_apply(only_waiting, signal=None, wait=True) == 3
    assert of_apply(finished(DONE, Failed("no")), signal=None, wait=False) == 3
    assert of_apply(finished(DONE), signal=None, wait=False) == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TokenRefused("no"), 7),
        (RefusedByGuardrail("no"), 6),
        (StalePlan("no"), 4),
        (ReconcilerError("no"), 1),
        (UsageError("no"), 64),
        (click.UsageError("no"), 64),
        (click.ClickException("no"), 1),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 1),
        (ValueError("a mistake of ours"), 1),
    ],
)
def test_what_an_error_ends_a_command_with(error: BaseException, code: int) -> None:
    assert of_error(error) == code


@pytest.mark.parametrize("code", [130, 143, 64, 7, 6, 5, 1])
def test_what_goes_before_an_error_of_1(code: int) -> None:
    assert first_of(code, 1) == first_of(1, code) == code


@pytest.mark.parametrize("code", [0, 2, 3, 4])
def test_what_does_not(code: int) -> None:
    assert first_of(code, 1) == first_of(1, code) == 1
