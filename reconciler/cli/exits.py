"""What a command ends with.

| code    | meaning                                                                        |
|---------|--------------------------------------------------------------------------------|
| 0       | done, nothing to do, or converged                                              |
| 1       | error                                                                          |
| 2       | changes or drift present (`plan --detailed-exitcode`, `drift`)                 |
| 3       | applied in part: something failed, is unknown, timed out, or did not converge  |
| 4       | stale, and nothing was applied                                                 |
| 5       | another apply on this machine holds the lock                                   |
| 6       | refused by a guardrail                                                         |
| 7       | the token was refused                                                          |
| 64      | usage                                                                          |
| 130/143 | a signal                                                                       |

Where several fit: the first of 130/143, 64, 7, 6, 5, 1, 3, 4, 2.
"""

from typing import TYPE_CHECKING

import click

from reconciler.core.outcome import Applied, Stale
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.applying import Finished

_ORDER = (130, 143, UsageError.exit_code, 7, 6, 5, 1, 3, 4, 2, 0)


def of_error(error: BaseException) -> int:
    """What a command ends with that met this."""
    match error:
        case ReconcilerError():
            return error.exit_code
        case click.UsageError():
            return UsageError.exit_code
        case click.Abort() | KeyboardInterrupt() | EOFError():
            return 130
        case _:
            return 1


def first_of(code: int, other: int) -> int:
    """The one of two that goes before the other."""
    return min(code, other, key=_ORDER.index)


def of_apply(finished: "Finished", *, signal: int | None, wait: bool) -> int:
    """The exit code of an apply that was begun."""
    report = finished.report
    outcomes = report.outcomes.values()
    if signal is not None:
        return 128 + signal
    if report.fatal is not None:
        return report.fatal.exit_code
    if outcomes and not report.left and all(isinstance(outcome, Stale) for outcome in outcomes):
        return 4
    if finished.converged:
        return 0
    not_due = {change.id for change in report.not_due}
    sent = all(isinstance(outcome, Applied) for outcome in outcomes) and all(
        change.id in not_due for change in report.left
    )
    return 0 if sent and not wait else 3
