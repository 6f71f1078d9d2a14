"""First come, first served."""

from contextlib import suppress
from threading import Event, Thread
from time import sleep

from reconciler.http.turns import Turns


def test_whoever_waits_longest_is_let_in_first() -> None:
    turns, inside, came = Turns(1), list[int](), list[Thread]()

    def take(number: int) -> None:
        with turns:
            inside.append(number)

    with turns:
        for number in range(20):
            came.append(Thread(target=take, args=[number]))
            came[-1].start()
            while len(turns._waiting) <= number:
                sleep(0.001)
    for thread in came:
        thread.join()
    assert inside == list(range(20))


def test_who_leaves_and_comes_back_stands_behind_those_who_wait() -> None:
    turns, order, waits = Turns(1), list[str](), Event()

    def other() -> None:
        waits.set()
        with turns:
            order.append("other")

    thread = Thread(target=other)
    with turns:
        thread.start()
        waits.wait()
        while not turns._waiting:
            sleep(0.001)
    with turns:
        order.append("again")
    thread.join()
    assert order == ["other", "again"]


def test_so_many_are_inside_at_once_and_an_error_leaves_too() -> None:
    turns = Turns(2)
    for _ in range(5):
        with suppress(ZeroDivisionError), turns, turns:
            assert turns._free / 0
        assert turns._free == 2
