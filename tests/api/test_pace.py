"""One pace for all workers, on a clock that goes only where somebody sleeps."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import pytest

from reconciler.api.pace import Pace
from reconciler.http.quota import LONGEST_WAIT
from tests.apply.fake_clock import FakeClock


def requests(pace: Pace, clock: FakeClock, count: int, each: float = 0.0) -> list[float]:
    """When each of so many requests goes out, one after the other; `each` takes so long."""
    begin, times = clock.monotonic(), list[float]()
    for _ in range(count):
        pace.wait()
        times.append(clock.monotonic() - begin)
        clock.sleep(each)
    return times


def answered(pace: Pace, clock: FakeClock, count: int, each: float) -> float:
    """So many requests, one after the other, that are let through. Returns when the last went."""
    started = 0.0
    for _ in range(count):
        started = pace.wait()
        clock.sleep(each)
        pace.went_well(started)
    return started


def gap(pace: Pace, clock: FakeClock) -> float:
    """Between the next two requests after the next."""
    times = requests(pace, clock, 3)
    return times[2] - times[1]


def test_the_first_do_not_wait(clock: FakeClock) -> None:
    assert requests(Pace(clock), clock, 8) == [0.0] * 8


def test_nor_where_the_machine_has_just_been_started() -> None:
    clock = FakeClock(0.0)
    assert requests(Pace(clock), clock, 3) == [0.0] * 3


def test_without_a_limit_soon_nobody_does(clock: FakeClock) -> None:
    pace = Pace(clock)
    answered(pace, clock, 2000, each=0.1)
    assert requests(pace, clock, 100)[-1] < 0.02


def test_a_turn_that_came_a_little_late_is_made_up_for(clock: FakeClock) -> None:
    """A machine wakes nobody at the very moment: a second has as many requests all the same."""
    pace = Pace(clock, 100)
    begin = clock.monotonic()
    pace.wait()
    late = [0.004]
    clock.on_sleep = lambda: clock.sleep(late.pop()) if late else None
    times = [begin]
    workers = [threading.Thread(target=lambda: times.append(pace.wait())) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert max(times) - begin <= 0.035


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
        last = answered(pace, clock, 10, each=0.1)
        pace.throttled(last, 7.0)
        assert requests(pace, clock, 1)[0] == pytest.approx(7.0)

    def test_slows_down_to_a_little_less_than_what_went(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        last = answered(pace, clock, 40, each=0.125)  # eight a second
        pace.throttled(last, 1.0)
        assert gap(pace, clock) == pytest.approx(1 / 7.6, rel=0.03)

    def test_without_an_answer_to_how_long_waits_until_there_is_room(
        self, clock: FakeClock
    ) -> None:
        """What went in a burst has its room a second later."""
        pace = Pace(clock)
        last = answered(pace, clock, 8, each=0.01)
        pace.throttled(last, None)
        assert requests(pace, clock, 1)[0] == pytest.approx(1.2, abs=0.2)

    def test_of_requests_that_were_under_way_says_nothing_new(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        last = answered(pace, clock, 40, each=0.125)
        for _ in range(8):
            pace.throttled(last, 2.0)
        assert requests(pace, clock, 1)[0] == pytest.approx(2.0)
        assert gap(pace, clock) == pytest.approx(1 / 7.6, rel=0.03)

    def test_of_requests_that_were_under_way_says_nothing_new_after_the_pause(
        self, clock: FakeClock
    ) -> None:
        pace = Pace(clock)
        last = answered(pace, clock, 40, each=0.125)
        pace.throttled(last, 2.0)
        clock.sleep(3.0)
        for _ in range(8):
            pace.throttled(last, None)
        assert gap(pace, clock) == pytest.approx(1 / 7.6, rel=0.03)

    def test_of_requests_that_were_under_way_may_ask_for_longer(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        last = answered(pace, clock, 40, each=0.125)
        for after in (2.0, 9.0, None, 5.0):
            pace.throttled(last, after)
        assert requests(pace, clock, 1)[0] == pytest.approx(9.0)
        assert gap(pace, clock) == pytest.approx(1 / 7.6, rel=0.03)

    def test_after_a_pause_makes_the_next_twice_as_long(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        started = answered(pace, clock, 40, each=0.125)
        waited: list[float] = []
        for _ in range(12):
            pace.throttled(started, None)
            begin = clock.monotonic()
            started = pace.wait()
            waited.append(clock.monotonic() - begin)
        assert all(after >= 1.9 * before for before, after in pairwise(waited[1:8]))
        assert max(waited) == pytest.approx(30.0)

    def test_is_forgotten_little_by_little_and_then_faster(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        last = answered(pace, clock, 40, each=0.125)
        pace.throttled(last, 1.0)
        gaps: list[float] = []
        for _ in range(8):
            gaps.append(gap(pace, clock))
            clock.sleep(10)
        assert gaps == sorted(gaps, reverse=True)
        assert gaps[0] > 1 / 8
        assert gaps[-1] < 1 / 12

    def test_never_makes_it_faster_than_the_limit(self, clock: FakeClock) -> None:
        pace = Pace(clock, 10)
        last = answered(pace, clock, 10, each=0.0)
        pace.throttled(last, 0.5)
        clock.sleep(1000)
        assert gap(pace, clock) == pytest.approx(0.1)

    def test_before_anything_went_is_no_limit(self, clock: FakeClock) -> None:
        """Somebody else has used the window up."""
        pace = Pace(clock)
        pace.throttled(pace.wait(), 5.0)
        assert requests(pace, clock, 1)[0] == pytest.approx(5.0)
        answered(pace, clock, 300, each=0.01)
        assert gap(pace, clock) < 0.01

    def test_has_a_slowest_pace(self, clock: FakeClock) -> None:
        pace = Pace(clock)
        for _ in range(40):
            pace.throttled(answered(pace, clock, 1, each=0.01), None)
        assert gap(pace, clock) <= 5.0

    def test_that_asks_for_longer_than_anybody_waits_holds_nobody_up(
        self, clock: FakeClock
    ) -> None:
        """F17: whoever asks next is told so himself, and ends."""
        pace = Pace(clock)
        last = answered(pace, clock, 7, each=0.1)
        pace.throttled(last, math.nextafter(LONGEST_WAIT, math.inf))
        assert requests(pace, clock, 1) == [0.0]
        pace.throttled(last, LONGEST_WAIT)
        assert requests(pace, clock, 1)[0] == pytest.approx(LONGEST_WAIT)


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
        answered(pace, clock, 40, each=0.125)
        pace.hold(60.0)
        last = answered(pace, clock, 40, each=0.125)  # eight a second, still
        pace.throttled(last, 1.0)
        assert gap(pace, clock) == pytest.approx(1 / 7.6, rel=0.03)

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
