"""Where the time goes: each second in one stage."""

from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

from reconciler.stages import measured, stage, staged


class Clock:
    """Shows what it was told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_inside_another_takes_its_time_from_it() -> None:
    clock = Clock()
    with measured(clock) as stages:
        clock.now = 1
        with stage("outer"):
            clock.now = 2
            with stage("inner"):
                clock.now = 5
            clock.now = 6
        clock.now = 10
        with stage("inner"):
            clock.now = 12
    assert stages.seconds == {"outer": 2, "inner": 5}


def test_what_it_takes_to_make_items_is_one_stage_and_what_is_done_with_them_another() -> None:
    clock = Clock()

    def made() -> Iterator[int]:
        for item in range(3):
            clock.now += 10
            yield item

    with measured(clock) as stages, stage("use"):
        for _ in staged("make", made()):
            clock.now += 1
    assert stages.seconds == {"use": 3, "make": 30}


def test_an_error_ends_its_stage() -> None:
    clock = Clock()
    with measured(clock) as stages:
        with suppress(ZeroDivisionError), stage("broken"):
            clock.now = 4
            clock.now /= 0
        clock.now = 9
        with stage("next"):
            clock.now = 10
    assert stages.seconds == {"broken": 4, "next": 1}


def test_nothing_is_measured_where_nobody_asks_or_in_another_thread() -> None:
    with stage("before"):
        pass

    def work() -> None:
        with stage("elsewhere"):
            pass

    with measured(Clock()) as stages:
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert stages.seconds == {}
