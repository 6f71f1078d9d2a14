"""One pace for all workers, on a clock that goes only where somebody sleeps."""

from __future__ import annotations

import math
import threading

import pytest

from reconciler.api.pace import Pace
from reconciler.api.quota import LONGEST_WAIT
from tests.apply.fake_clock import FakeClock


def requests(pace: Pace, clock: FakeClock, count: int, each: float = 0.0) -> list[float]:
    """When each of so many requests goes out, one after the other; `each` takes so long."""
    begin, times = clock.monotonic(), list[float]()
    for _ in range(count):
        pace.wait()
        times.append(clock.monotonic() - begin)
        clock.sleep(each)
    return times


def test_without_a_limit_nobody_waits(clock: FakeClock) -> None:
    assert requests(Pace(clock), clock, 100) == [0.0] * 100


def test_nor_where_the_machine_has_just_been_started() -> None:
    clock = FakeClock(0.0)
    assert requests(Pace(clock), clock, 3) == [0.0] * 3


def test_a_limit_is_never_exceeded(clock: FakeClock) -> None:
    times = requests(Pace(clock, 10), clock, 31)
    assert times == pytest.approx([n / 10 for n in range(31)])


def test_slow_answers_are_not_made_up_for_by_a_burst(clock: FakeClock) -> None:
    pace = Pace(clock, 10)
    requests(pace, clock, 1, each=60)
    times = requests(pace, clock, 3)
    assert times == pytest.approx([0, 0.1, 0.2])


def test_the_limit_is_one_for_all_threads(clock: FakeClock) -> None:
    pace = Pace(clock, 100)
    begin = clock.monotonic()
    threads = [threading.Thread(target=pace.wait) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() - begin >= 0.489


class TestA429:
    def test_makes_all_wait_for_what_it_asks(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        pace.throttled(7.0)
        assert requests(pace, clock, 1)[0] == pytest.approx(7.0)

    def test_slows_down_by_a_third_of_what_went(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)  # ten a second
        pace.throttled(1.0)
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(1 / 7)

    def test_without_an_answer_to_how_long_waits_one_turn(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        pace.throttled(None)
        assert requests(pace, clock, 1)[0] == pytest.approx(1 / 7)

    def test_of_requests_that_were_under_way_says_nothing_new(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        for _ in range(8):
            pace.throttled(2.0)
        times = requests(pace, clock, 3)
        assert times[0] == pytest.approx(2.0)
        assert times[2] - times[1] == pytest.approx(1 / 7)

    def test_of_requests_that_were_under_way_may_ask_for_longer(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        for after in (2.0, 9.0, None, 5.0):
            pace.throttled(after)
        times = requests(pace, clock, 3)
        assert times[0] == pytest.approx(9.0)
        assert times[2] - times[1] == pytest.approx(1 / 7)

    def test_again_and_again_has_a_slowest_pace(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        for _ in range(40):
            requests(pace, clock, 1)
            pace.throttled(None)
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(5.0)

    def test_is_forgotten_little_by_little(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        pace.throttled(1.0)
        gaps: list[float] = []
        for _ in range(60):
            times = requests(pace, clock, 2, each=1.1)
            gaps.append(times[1] - times[0])
            pace.went_well()
        times = requests(pace, clock, 2)
        assert times[1] - times[0] < 1 / 7

    @pytest.mark.parametrize(("seconds", "faster"), [(0.75, 1.0), (1.0, 1.05), (1.5, 1.05)])
    def test_is_forgotten_by_a_twentieth_each_second(
        self, clock: FakeClock, seconds: float, faster: float
    ) -> None:
        clock.sleep(-clock.now() % 1)  # whole numbers, which floats hold exactly
        pace = Pace(clock)
        requests(pace, clock, 8, each=0.125)
        pace.throttled(2.0)  # to 5.6 a second
        clock.sleep(2.0 + seconds)
        pace.went_well()
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(1 / 5.6 / faster)

    def test_counts_anew_what_went_since_it_got_faster(self, clock: FakeClock) -> None:
        clock.sleep(-clock.now() % 1)  # whole numbers, which floats hold exactly
        pace = Pace(clock)
        requests(pace, clock, 8, each=0.125)
        pace.throttled(2.0)
        clock.sleep(3.0)
        pace.went_well()
        requests(pace, clock, 4, each=0.5)  # two a second
        pace.throttled(1.0)
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(1 / 1.4)

    def test_never_makes_it_faster_than_the_limit(self, clock: FakeClock) -> None:
        pace = Pace(clock, 10)
        requests(pace, clock, 10)
        pace.throttled(0.5)
        for _ in range(200):
            requests(pace, clock, 1, each=1.1)
            pace.went_well()
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(0.1)

    def test_that_asks_for_longer_than_anybody_waits_holds_nobody_up(
        self, clock: FakeClock
    ) -> None:
        """F17: whoever asks next is told so himself, and ends."""
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        pace.throttled(math.nextafter(LONGEST_WAIT, math.inf))
        assert requests(pace, clock, 3) == [0.0, 0.0, 0.0]
        pace.throttled(LONGEST_WAIT)
        assert requests(pace, clock, 1)[0] == pytest.approx(LONGEST_WAIT)

    def test_at_once_counts_as_a_tenth_of_a_second(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        requests(pace, clock, 7)
        pace.throttled(None)
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(1 / 49)


class TestAPause:
    """F19: the service says that the next request would be one too many, or (503) that it wants
    none for a while."""

    def test_is_for_everybody(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        pace.hold(7.0)
        assert requests(pace, clock, 3) == pytest.approx([7.0, 7.0, 7.0])

    def test_is_no_sign_of_a_slow_pace(self, clock: FakeClock) -> None:
        pace = Pace(clock, 10)
        pace.hold(30.0)
        assert requests(pace, clock, 3) == pytest.approx([30.0, 30.1, 30.2])
        pace = Pace(clock)
        requests(pace, clock, 10, each=0.1)
        pace.hold(60.0)
        requests(pace, clock, 10, each=0.1)  # ten a second, still
        pace.throttled(1.0)
        times = requests(pace, clock, 3)
        assert times[2] - times[1] == pytest.approx(1 / 7)

    def test_is_as_long_as_the_longest(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        for seconds in (3.0, 9.0, 5.0):
            pace.hold(seconds)
        assert requests(pace, clock, 1)[0] == pytest.approx(9.0)

    @pytest.mark.parametrize(
        ("seconds", "waited"),
        [(LONGEST_WAIT, LONGEST_WAIT), (math.nextafter(LONGEST_WAIT, math.inf), 0.0), (1e9, 0.0)],
    )
    def test_is_not_longer_than_anybody_waits(
        self, clock: FakeClock, seconds: float, waited: float
    ) -> None:
        """A reset that lies far away is not waited for: a 429 will say whether it is true."""
        pace = Pace(clock)
        pace.hold(seconds)
        assert requests(pace, clock, 1)[0] == pytest.approx(waited)

    def test_is_for_those_too_who_were_waiting_when_it_began(self, clock: FakeClock) -> None:
        pace = Pace(clock, 10)
        pace.wait()
        begin = clock.monotonic()
        holding = [lambda: pace.hold(5.0)]
        clock.on_sleep = lambda: holding.pop()() if holding else None
        pace.wait()
        assert clock.monotonic() - begin == pytest.approx(0.1 + 5.0)

    def test_leaves_alone_whose_turn_comes_after_it(self, clock: FakeClock) -> None:
        pace = Pace(clock, 1)
        pace.wait()
        begin = clock.monotonic()
        holding = [lambda: pace.hold(0.0)]
        clock.on_sleep = lambda: holding.pop()() if holding else None
        pace.wait()
        assert clock.monotonic() - begin == pytest.approx(1.0)
