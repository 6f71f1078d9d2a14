"""Whether to ask again, and after how long. This is the only place that decides it; it never
sleeps.

| what the attempt came to                    | GET, PUT of a file | create, move, delete    |
|---------------------------------------------|--------------------|-------------------------|
| never sent                                  | again              | again                   |
| not taken: 429, busy                        | again              | again                   |
| nobody knows                                | again              | no: whoever asked looks |
| nobody knows: a redirect, too large         | no: it would be the same                     |
| refused                                     | no                                           |
| whatever, and it asks to wait for longer    | no: the message says when to run again       |
| than `LONGEST_WAIT`                         |                                              |

How long: what the service asks for, else full jitter over a growing ceiling (AWS, "Exponential
Backoff and Jitter"). After a 429 not at all: that is for everybody, so the pace waits (`tempo`),
and the request's turn comes as any other's.

So a request goes out at most `MOST_ATTEMPTS` times, and all requests of a run together at most
100 times more than there are, and once more for every ten that went well: a service in trouble
is not asked harder.
"""

import threading
from collections.abc import Callable

from reconciler.errors import AnswerTooLarge, Busy, ServiceError, Throttled, Unclear, Unreachable
from reconciler.http.quota import LONGEST_WAIT

MOST_ATTEMPTS = 5
_FIRST_CEILING = 0.5
"""Seconds, and twice as many each time: four before the last attempt."""


class Budget:
    """How many requests may be asked again in one run, whoever asks: a tenth of those that went
    well, and some."""

    def __init__(self, some: int = 100) -> None:
        """`some`: what there is to begin with."""
        # In tenths, which floats cannot count.
        self._tenths = some * 10
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A request went well."""
        with self._lock:
            self._tenths += 1

    def spend(self) -> bool:
        """Whether one more may be asked again."""
        with self._lock:
            if self._tenths < 10:
                return False
            self._tenths -= 10
            return True


def wait_before_next(
    failure: ServiceError,
    *,
    attempt: int,
    repeatable: bool,
    budget: Budget,
    chance: Callable[[], float],
) -> float | None:
    """Seconds to wait before asking again, or None: do not. `attempt` counts from 1; `chance`
    gives a number from 0 to 1."""
    if not _may_be_repeated(failure, repeatable=repeatable):
        return None
    if failure.after is not None and failure.after > LONGEST_WAIT:
        return None
    if attempt >= MOST_ATTEMPTS or not budget.spend():
        return None
    if isinstance(failure, Throttled):
        return 0.0
    return failure.after or _jitter(attempt, chance)


def _may_be_repeated(failure: ServiceError, *, repeatable: bool) -> bool:
    if isinstance(failure, (Unreachable, Throttled, Busy)):
        return True
    is_redirect = failure.status is not None and 300 <= failure.status < 400
    would_be_the_same = is_redirect or isinstance(failure, AnswerTooLarge)
    return isinstance(failure, Unclear) and repeatable and not would_be_the_same


def _jitter(attempt: int, chance: Callable[[], float]) -> float:
    return chance() * _FIRST_CEILING * 2.0 ** (attempt - 1)
