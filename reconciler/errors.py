"""Every exception that a user can meet. Each says what was being done, to what, what was
found, and what to do next.

ReconcilerError                  exit 1 unless said otherwise
├── CatalogError                 the catalogue has problems; all of them, each with its place
├── ServiceError                 the service did not do what was asked
│   ├── Unreachable              no connection was made: nothing was received there
│   ├── TokenRefused             401 or 403 (exit 7)
│   ├── Throttled                429: too many requests, and this one was not taken
│   ├── Rejected                 the service understood and refused: nothing was done
│   │   ├── NotThere             404
│   │   └── Busy                 409 or 423: it could not be done at that moment
│   └── Unclear                  sent, but whether it was done is not known
│       └── UnreadableAnswer     an answer that is not what the API page promises
│           └── AnswerTooLarge   nor as small
├── ForgeError                   GitHub or GitLab did not do what was asked
│   ├── ForgeRefused             401 or 403, or there is no token for it (exit 7)
│   ├── ForgeHasNot              404
│   └── ForgeUnclear             sent, but whether it was done is not known
├── BaselineError                the baseline has problems; all of them, each with its place
├── DriftFileError               not a file that `drift --format json` wrote
├── MetricsFileError             the metrics cannot be written, or what is there not be read
├── PlanFileError                not a plan file of ours, or its bytes were changed
├── SnapshotError                not a snapshot of ours, changed, too old, or not of this service
├── ScanError                    what a folder holds cannot become entries; nothing was written
├── StalePlan                    the plan is not what was reviewed (exit 4)
├── RefusedByGuardrail           a guardrail is broken (exit 6)
├── LockHeld                     another apply on this machine holds the lock (exit 5)
├── LedgerError                  the ledger cannot be read or written
└── UsageError                   the command was called in a way that makes no sense (exit 64)
"""

from collections.abc import Sequence
from typing import ClassVar


class ReconcilerError(Exception):
    """What every error here is. `exit_code` is what a command ends with when it meets one."""

    exit_code: ClassVar[int] = 1


class CatalogError(ReconcilerError):
    """The catalogue has problems. `problems` holds all of them, ready to print, one a line, and
    `count` says how many they are."""

    def __init__(self, problems: Sequence[object], *, count: int | None = None) -> None:
        """Keep the problems, in the order of their places. `count`: how many there are, where the
        last line stands for more than one."""
        self.problems = tuple(problems)
        self.count = count = len(self.problems) if count is None else count
        lines = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{lines}\n{count:,} problem{'s' if count != 1 else ''} in the catalogue")


class BaselineError(ReconcilerError):
    """The baseline has problems. `problems` holds all of them, ready to print, one a line."""

    def __init__(self, problems: Sequence[object]) -> None:
        """Keep the problems, in the order of their places."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ServiceError(ReconcilerError):
    """The service did not do what was asked. `status` is the HTTP status, where there was one;
    `after` the seconds for which the service asks to be left alone, where it does."""

    def __init__(
        self, message: str, *, status: int | None = None, after: float | None = None
    ) -> None:
        """Keep the status and the seconds for those who decide by them."""
        self.status = status
        self.after = after
        super().__init__(message)


class Unreachable(ServiceError):
    """No connection was made, so nothing was sent."""


class TokenRefused(ServiceError):
    """The service does not accept the token."""

    exit_code = 7


class Throttled(ServiceError):
    """The service wants fewer requests (429), and did not take this one."""


class Rejected(ServiceError):
    """The service understood the request and refused it: nothing was done."""


class NotThere(Rejected):
    """The service does not know what was asked for (404)."""


class Busy(Rejected):
    """The service could not do it at that moment (409, 423), and did nothing."""


class Unclear(ServiceError):
    """The request was sent, and whether it was done is not known."""


class UnreadableAnswer(Unclear):
    """The answer is not what the API page promises, so what was done is not known."""


class AnswerTooLarge(UnreadableAnswer):
    """The answer is larger, or holds more values, than is read: to ask for the same again would
    not help, and to ask for less may."""


class ForgeError(ReconcilerError):
    """GitHub or GitLab did not do what was asked. `status` is the HTTP status, where there was
    one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status for those who decide by it."""
        self.status = status
        super().__init__(message)


class ForgeRefused(ForgeError):
    """GitHub or GitLab does not accept the token, or does not let it do this."""

    exit_code = 7


class ForgeHasNot(ForgeError):
    """GitHub or GitLab does not know what was asked for (404)."""


class ForgeUnclear(ForgeError):
    """The request was sent to GitHub or GitLab, and whether it was done is not known."""


class DriftFileError(ReconcilerError):
    """A file that is not a drift of this format."""


class MetricsFileError(ReconcilerError):
    """The metrics cannot be written, or what is in their place cannot be read."""


class PlanFileError(ReconcilerError):
    """A file that is not a plan of this format, or whose bytes were changed since."""


class SnapshotError(ReconcilerError):
    """A file that is not a snapshot of this format, or was changed since, is too old, or is not of
    the catalogue's service and buckets."""


class ScanError(ReconcilerError):
    """What a folder holds cannot become entries of the catalogue, and nothing was written."""


class StalePlan(ReconcilerError):
    """What would be done now is not what was reviewed."""

    exit_code = 4


class RefusedByGuardrail(ReconcilerError):
    """The plan breaks a guardrail, and nothing was sent."""

    exit_code = 6


class LockHeld(ReconcilerError):
    """Another apply on this machine works on one of the buckets."""

    exit_code = 5


class LedgerError(ReconcilerError):
    """The ledger cannot be read, or cannot be written, or its chain is broken."""


class UsageError(ReconcilerError):
    """The command was called in a way that makes no sense."""

    exit_code = 64
