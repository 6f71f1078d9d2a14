"""Against services that take so many requests a second, in simulated time: nearly all of that is
used, and nearly nothing is asked in vain. Counts, and no clock."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.tempo import Tempo
from tests.api.limiters import FixedWindow, SlidingWindow, TokenBucket, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.limiters import Limiter

LIMITERS = [FixedWindow, SlidingWindow, TokenBucket]
SAYS: dict[str, Callable[[float], float | None]] = {
    "nothing": lambda wait: None,
    "whole seconds": lambda wait: float(math.ceil(wait)),
    "exactly": lambda wait: wait,
}
"""What a 429 says of how long to wait."""


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
@pytest.mark.parametrize("kind", LIMITERS)
@pytest.mark.parametrize("rate", [20, 50, 200, 600])
@pytest.mark.no_cover
class TestALimitOfSoManyASecond:
    """Nine tenths of it, and less than one answer of fifty in vain, in two minutes."""

    @pytest.mark.parametrize("workers", [1, 8, 32, 64])
    @pytest.mark.parametrize("latency", [0.005, 0.05, 0.3])
    def test_is_used(
        self,
        rate: int,
        kind: Callable[[float], Limiter],
        says: Callable[[float], float | None],
        workers: int,
        latency: float,
    ) -> None:
        reach = workers / latency
        within_reach = min(rate, reach)
        ran = run(
            Tempo(0.0),
            kind(rate),
            requests=min(int(120 * within_reach), 9000),
            workers=workers,
            latency=latency,
            says=says,
        )
        # Where the workers just reach the limit it takes longer to be found.
        part = 0.85 if rate < reach < 1.1 * rate else 0.9
        assert ran.rate >= part * within_reach
        # By the time that a slow answer says so, more are on their way.
        assert ran.in_vain < (0.02 if latency < 0.1 else 0.025)


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
@pytest.mark.parametrize("kind", LIMITERS)
@pytest.mark.parametrize("workers", [1, 8, 32])
@pytest.mark.no_cover
def test_a_limit_a_minute_is_found(
    kind: Callable[[float, float], Limiter], says: Callable[[float], float | None], workers: int
) -> None:
    """600 a minute, as a service of Laravel may have it: for twenty minutes."""
    ran = run(Tempo(0.0), kind(600, 60), requests=12_000, workers=workers, latency=0.05, says=says)
    assert ran.rate >= 0.8 * 10
    assert ran.in_vain < 0.02


@pytest.mark.parametrize("workers", [1, 8, 32, 64])
def test_where_there_is_no_limit_all_workers_are_busy(workers: int) -> None:
    """But for the start: half a second."""
    ran = run(
        Tempo(0.0), FixedWindow(math.inf), requests=400 * workers, workers=workers, latency=0.05
    )
    assert ran.seconds <= 400 * 0.05 + 0.6


def test_a_limit_that_is_lifted_is_soon_no_limit() -> None:
    class Lifted(FixedWindow):
        def wait(self, now: float) -> float:
            return super().wait(now) if now < 30 else 0.0

    ran = run(Tempo(0.0), Lifted(20), requests=20_000, workers=8, latency=0.01)
    assert ran.seconds < 30 + 240


def test_a_limit_that_falls_is_obeyed() -> None:
    class Falling(SlidingWindow):
        def wait(self, now: float) -> float:
            self.most = 200 if now < 30 else 20
            return super().wait(now)

    ran = run(Tempo(0.0), Falling(200), requests=6000 + 2400, workers=32, latency=0.05)
    assert ran.seconds < 30 + 120 / 0.85
    assert ran.in_vain < 0.02


@given(
    rate=st.floats(5, 500),
    limit=st.floats(1, 500),
    workers=st.integers(1, 64),
    latency=st.floats(0.001, 0.5),
    kind=st.sampled_from(LIMITERS),
)
def test_whatever_the_service_takes_max_rps_is_never_exceeded(
    rate: float, limit: float, workers: int, latency: float, kind: Callable[[float], Limiter]
) -> None:
    ran = run(Tempo(0.0, rate), kind(limit), requests=100, workers=workers, latency=latency)
    assert all(after - before >= 0.999 / rate for before, after in pairwise(ran.sent))


@given(
    limit=st.floats(1, 1000),
    seconds=st.sampled_from([1.0, 10.0, 60.0]),
    workers=st.integers(1, 64),
    latency=st.floats(0.001, 2),
    kind=st.sampled_from(LIMITERS),
    says=st.sampled_from(list(SAYS.values())),
)
def test_whatever_the_service_takes_it_has_an_end(
    limit: float,
    seconds: float,
    workers: int,
    latency: float,
    kind: Callable[[float, float], Limiter],
    says: Callable[[float], float | None],
) -> None:
    ran = run(
        Tempo(0.0),
        kind(limit, seconds),
        requests=200,
        workers=workers,
        latency=latency,
        says=says,
    )
    assert ran.passed == 200
