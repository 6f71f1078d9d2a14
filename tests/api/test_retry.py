"""Which failures may be asked again, and after how long."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.retry import (
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Budget,
    Throttled,
    retry_after,
    wait_before_next,
)
from reconciler.api.upload import SourceChanged
from reconciler.errors import (
    NotThere,
    ReconcilerError,
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)

NOW = 1608799757.0  # Thu, 24 Dec 2020 08:49:17 GMT


def wait(
    failure: ReconcilerError,
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
        budget=budget or Budget(),
        chance=lambda: chance,
    )


TABLE = [
    (Unreachable("refused"), True, True),
    (Throttled("429", None), True, True),
    (Throttled("429", 2.0), True, True),
    (Throttled("429", LONGEST_WAIT), True, True),
    (Throttled("429", LONGEST_WAIT + 1), False, False),
    (Throttled("429", math.inf), False, False),
    (Unclear("time-out"), True, False),
    (Unclear("500", status=500), True, False),
    (UnreadableAnswer("HTML"), True, False),
    (TokenRefused("401", status=401), False, False),
    (NotThere("404", status=404), False, False),
    (Rejected("422", status=422), False, False),
    (ServiceError("odd"), False, False),
    (SourceChanged("gone"), False, False),
]


@pytest.mark.parametrize(
    ("failure", "reads_and_updates", "others"),
    TABLE,
    ids=[f"{type(failure).__name__} {failure}" for failure, _, _ in TABLE],
)
def test_the_table(failure: ReconcilerError, reads_and_updates: bool, others: bool) -> None:
    assert (wait(failure, repeatable=True) is not None) == reads_and_updates
    assert (wait(failure, repeatable=False) is not None) == others


def test_the_ceiling_grows_and_has_a_ceiling() -> None:
    waits = [wait(Unclear("500"), attempt=attempt) for attempt in range(1, MOST_ATTEMPTS)]
    assert waits == [0.5, 1.0, 2.0, 4.0]


@given(st.floats(0, 1), st.integers(1, MOST_ATTEMPTS - 1))
def test_jitter_is_full(chance: float, attempt: int) -> None:
    waited = wait(Unclear("500"), attempt=attempt, chance=chance)
    assert waited == pytest.approx(chance * min(0.5 * 2 ** (attempt - 1), 20))


def test_it_is_given_up_after_some_attempts() -> None:
    assert wait(Unclear("500"), attempt=MOST_ATTEMPTS) is None


def test_what_the_service_asks_for_is_waited() -> None:
    assert wait(Throttled("429", 7.5)) == 7.5
    assert wait(Throttled("429", 0.0)) == 0.0


class TestTheBudget:
    def test_ends(self) -> None:
        budget = Budget(2)
        waits = [wait(Unclear("500"), budget=budget) for _ in range(4)]
        assert [waited is not None for waited in waits] == [True, True, False, False]

    def test_is_earned_by_what_goes_well(self) -> None:
        budget = Budget(0)
        for _ in range(11):
            assert not budget.spend()
            budget.earn()
        assert budget.spend()

    def test_is_not_spent_where_nothing_is_asked_again(self) -> None:
        budget = Budget(1)
        for failure in (Rejected("422"), TokenRefused("401"), Throttled("429", 1e9)):
            wait(failure, budget=budget)
        wait(Unclear("500"), budget=budget, attempt=MOST_ATTEMPTS)
        assert budget.spend()

    def test_is_one_for_all_threads(self) -> None:
        budget, spent = Budget(100), list[bool]()

        def spend() -> None:
            spent.extend(budget.spend() for _ in range(50))

        threads = [threading.Thread(target=spend) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(spent) == 100


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        (" 3 ", 3.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("99999999", 99999999.0),
        ("Thu, 24 Dec 2020 08:49:27 GMT", 10.0),
        ("Thu, 24 Dec 2020 08:49:07 GMT", 0.0),
        ("Thursday, 24-Dec-20 08:49:27 GMT", 10.0),
        ("Thu Dec 24 08:49:27 2020", 10.0),
        ("Thu, 24 Dec 2020 09:49:27 +0100", 10.0),
        ("24 Dec 2020 08:49:27 -0000", 10.0),
        ("inf", math.inf),
        ("nan", None),
        ("soon", None),
        ("", None),
        (" ", None),
        ("2, 3", None),
        ("Thu, 99 Dec 2020 08:49:27 GMT", None),
        (None, None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z]{3}, \d+ [A-Za-z]{3} \d+ [\d:]+ [+-]?\w+"))
def test_no_retry_after_breaks_anything(text: str) -> None:
    found = retry_after(text, NOW)
    assert found is None or found >= 0


def test_a_429_says_what_it_asks_for() -> None:
    assert str(Throttled("429", 3600.0)).endswith("it asks to wait 3600 seconds: run again then")
    assert str(Throttled("429", None)) == "429"
    assert Throttled("429", None).status == 429
