"""Which failures may be asked again, and after how long."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.retry import MOST_ATTEMPTS, Budget, wait_before_next
from reconciler.errors import (
    AnswerTooLarge,
    Busy,
    NotThere,
    Rejected,
    ServiceError,
    Throttled,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)
from reconciler.http.quota import LONGEST_WAIT


def wait(
    failure: ServiceError,
    *,
    repeatable: bool = True,
    attempt: int = 1,
    budget: Budget | None = None,
    chance: float = 1.0,
) -> float | None:
    return wait_before_next(
        failure,
        attempt=attempt,
        repeatable=repeatable,
        budget=Budget() if budget is None else budget,
        chance=lambda: chance,
    )


def asks(seconds: float | None) -> ServiceError:
    return Throttled("429", status=429, after=seconds)


BEYOND = math.nextafter(LONGEST_WAIT, math.inf)

TABLE = [
    (Unreachable("refused"), True, True),
    (asks(None), True, True),
    (asks(2.0), True, True),
    (asks(LONGEST_WAIT), True, True),
    (asks(BEYOND), False, False),
    (asks(math.inf), False, False),
    (Busy("409", status=409), True, True),
    (Busy("423", status=423), True, True),
    (Unclear("time-out"), True, False),
    (Unclear("408", status=408), True, False),
    (Unclear("299", status=299), True, False),
    (Unclear("300", status=300), False, False),
    (Unclear("302", status=302), False, False),
    (Unclear("399", status=399), False, False),
    (Unclear("400", status=400), True, False),
    (Unclear("500", status=500), True, False),
    (Unclear("503", status=503, after=2.0), True, False),
    (Unclear("503", status=503, after=LONGEST_WAIT), True, False),
    (Unclear("503", status=503, after=BEYOND), False, False),
    (UnreadableAnswer("HTML"), True, False),
    (AnswerTooLarge("16 MiB"), False, False),
    (TokenRefused("401", status=401), False, False),
    (NotThere("404", status=404), False, False),
    (Rejected("422", status=422), False, False),
    (Rejected("422", status=422, after=2.0), False, False),
    (ServiceError("odd"), False, False),
]


@pytest.mark.parametrize(
    ("failure", "reads_and_updates", "others"),
    TABLE,
    ids=[f"{type(failure).__name__} {failure} {failure.after}" for failure, _, _ in TABLE],
)
def test_the_table(failure: ServiceError, reads_and_updates: bool, others: bool) -> None:
    assert (wait(failure, repeatable=True) is not None) == reads_and_updates
    assert (wait(failure, repeatable=False) is not None) == others


class TestHowLong:
    AGAIN = (Unreachable("refused"), Busy("409"), Unclear("500"))

    @pytest.mark.parametrize("failure", AGAIN)
    def test_the_ceiling_grows(self, failure: ServiceError) -> None:
        waits = [wait(failure, attempt=attempt) for attempt in range(1, MOST_ATTEMPTS)]
        assert waits == [0.5, 1.0, 2.0, 4.0]

    @pytest.mark.parametrize("failure", AGAIN)
    @given(chance=st.floats(0, 1), attempt=st.integers(1, MOST_ATTEMPTS - 1))
    def test_jitter_is_full(self, failure: ServiceError, chance: float, attempt: int) -> None:
        waited = wait(failure, attempt=attempt, chance=chance)
        assert waited == pytest.approx(chance * 0.5 * 2 ** (attempt - 1))

    def test_is_what_the_service_asks_for(self) -> None:
        assert wait(Unclear("503", after=7.5), attempt=3, chance=0.1) == 7.5
        assert wait(Busy("409", after=LONGEST_WAIT)) == LONGEST_WAIT == 120.0

    def test_is_our_own_where_it_asks_for_none(self) -> None:
        assert wait(Unclear("503", after=0.0), chance=0.5) == 0.25

    @pytest.mark.parametrize("seconds", [None, 0.0, 7.5, LONGEST_WAIT])
    def test_after_a_429_is_the_pace_s_to_say(self, seconds: float | None) -> None:
        """F16."""
        assert wait(asks(seconds), attempt=3) == 0.0


class TestHowOften:
    def test_it_goes_out_five_times(self) -> None:
        """F18."""
        assert MOST_ATTEMPTS == 5
        waits = [wait(asks(1.0), attempt=attempt) for attempt in (1, 4, 5, 6)]
        assert waits == [0.0, 0.0, None, None]
        waits = [wait(Busy("409", after=1.0), attempt=attempt) for attempt in (1, 4, 5, 6)]
        assert waits == [1.0, 1.0, None, None]


class TestTheBudget:
    def test_ends(self) -> None:
        budget = Budget(2)
        waits = [wait(Unclear("500"), budget=budget) for _ in range(4)]
        assert [waited is not None for waited in waits] == [True, True, False, False]

    def test_is_earned_by_what_goes_well(self) -> None:
        budget = Budget(0)
        for _ in range(10):
            assert not budget.spend()
            budget.earn()
        assert budget.spend()
        assert not budget.spend()

    def test_has_a_hundred_to_begin_with(self) -> None:
        budget = Budget()
        assert sum(budget.spend() for _ in range(200)) == 100

    def test_is_not_spent_where_nothing_is_asked_again(self) -> None:
        budget = Budget(1)
        for failure in (
            Rejected("422"),
            TokenRefused("401"),
            asks(1e9),
            Unclear("302", status=302),
        ):
            wait(failure, budget=budget)
        wait(Unclear("500"), budget=budget, repeatable=False)
        wait(Unclear("500"), budget=budget, attempt=MOST_ATTEMPTS)
        assert budget.spend()

    def test_is_one_for_all_threads(self) -> None:
        budget, spent = Budget(100), list[bool]()
        in_threads(4, lambda: spent.extend(budget.spend() for _ in range(50)))
        assert sum(spent) == 100

    def test_is_earned_by_all_threads(self) -> None:
        budget = Budget(0)
        in_threads(4, lambda: [budget.earn() for _ in range(500)])
        assert sum(budget.spend() for _ in range(300)) == 200


def in_threads(count: int, act: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
