"""Which failures may be asked again, and how long to wait. It decides; it never sleeps.

| failure                                        | GET, PUT of a file | create, move, delete     |
|------------------------------------------------|--------------------|--------------------------|
| never sent (no connection)                     | again              | again                    |
| 429                                            | again              | again: it was not taken  |
| 5xx, time-out, reset, an answer nobody can read| again              | no: whoever asked looks  |
| any other status                               | no                 | no                       |

Full jitter over a growing ceiling (AWS, "Exponential Backoff and Jitter"), and one budget for
the whole run, so that a service in trouble is not asked harder.
"""

import math
import threading
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

from reconciler.errors import ReconcilerError, ServiceError, Unclear, Unreachable

MOST_ATTEMPTS = 5
LONGEST_WAIT = 120.0
"""Seconds. A service that asks for more is taken at its word, and the run ends."""
_FIRST_CEILING = 0.5
_HIGHEST_CEILING = 20.0


class Throttled(ServiceError):
    """A 429: the request was not taken. `after`: the seconds that the service asks for."""

    def __init__(self, message: str, after: float | None) -> None:
        """Keep what the service asks for."""
        asks = "" if after is None else f"; it asks to wait {after:.0f} seconds: run again then"
        super().__init__(f"{message}{asks}", status=429)
        self.after = after


class Budget:
    """How many requests may be asked again in one run: a tenth of those sent, and some."""

    def __init__(self, some: int = 100) -> None:
        """`some`: what there is to begin with."""
        self._left = float(some)
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A request went well."""
        with self._lock:
            self._left += 0.1

    def spend(self) -> bool:
        """Whether one more may be asked again."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


def wait_before_next(
    failure: ReconcilerError,
    *,
    attempt: int,
    repeatable: bool,
    budget: Budget,
    chance: Callable[[], float],
) -> float | None:
    """Seconds to wait before asking again, or None: do not. `attempt` counts from 1."""
    match failure:
        case Throttled(after=after) if after is not None:
            if after > LONGEST_WAIT:
                return None
            wait = after
        case Throttled() | Unreachable():
            wait = _jitter(attempt, chance)
        case Unclear() if repeatable:
            wait = _jitter(attempt, chance)
        case _:
            return None
    if attempt >= MOST_ATTEMPTS or not budget.spend():
        return None
    return wait


def retry_after(text: str | None, now: float) -> float | None:
    """The seconds of a `Retry-After` (RFC 9110, 10.2.3): a number or a date. Rubbish is None."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - now
    if math.isnan(seconds):
        return None
    return max(seconds, 0.0)


def _jitter(attempt: int, chance: Callable[[], float]) -> float:
    ceiling = min(_FIRST_CEILING * 2.0 ** (attempt - 1), _HIGHEST_CEILING)
    return chance() * ceiling
