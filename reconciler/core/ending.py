"""How a command ended, as it is told to those who did not watch: monitoring, and a chat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.drift import Drift
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change, ChangeId


class NoAnswer(StrEnum):
    """What became of a request that no whole answer came to."""

    UNREACHABLE = "unreachable"
    """Nothing was sent."""
    UNANSWERED = "unanswered"
    """It was sent, and nobody knows what that did."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The requests of one run to the service."""

    ended: Mapping[tuple[str, int | NoAnswer], int] = field(default_factory=dict)
    """How many, by their method and HTTP status. One that went out again counts again."""
    retries: int = 0
    """How many of them were asked again."""


@dataclass(frozen=True, slots=True)
class Applying:
    """What an apply did."""

    changes: tuple[Change, ...]
    """The plan's."""
    outcomes: Mapping[ChangeId, Outcome]
    """How each ended that did: the others are left."""
    converged: bool
    anchor: str | None
    """The ledger's last `SEQ:HASH`, where something was written to it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended."""

    command: str
    """`apply`, `drift`."""
    exit_code: int
    at: float
    """In seconds since 1970."""
    catalog: str | None = None
    """Its name; None where it ended before that was known."""
    buckets: tuple[str, ...] = ()
    """Those that the catalogue declares."""
    error: str | None = None
    """Why it did not do what it was called for."""
    drift: Drift | None = None
    """What was found, where that was looked for to the end."""
    applying: Applying | None = None
    """What was done, where that was begun."""
    calls: Calls = Calls()

    @property
    def is_success(self) -> bool:
        """It did what it was called for. To find drift is to have looked for it, but for a part
        is not for all."""
        is_part = self.drift is not None and bool(self.drift.only)
        return self.exit_code in (0, 2) and not is_part
