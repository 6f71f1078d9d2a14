"""Waits that are given up."""

from threading import Thread

from reconciler.app import Connection, reading_ahead
from reconciler.clock import WakingClock
from reconciler.core.model import Bucket
from reconciler.sandbox.faults import on, playing, throttled
from reconciler.sandbox.server import running


def test_who_sleeps_is_woken_and_finds_that_time_has_passed() -> None:
    clock = WakingClock()
    began = clock.monotonic()
    sleeper = Thread(target=clock.sleep, args=[1000], daemon=True)
    sleeper.start()
    clock.wake()
    sleeper.join(10)
    assert not sleeper.is_alive()
    assert clock.monotonic() - began > 1000


def test_reading_ahead_waits_for_no_pause_that_the_service_asks_for() -> None:
    def leave_early() -> None:
        buckets = {"spots": Bucket("spots", 8891)}
        with reading_ahead(front.url, buckets, Connection(token="any")) as coming:
            while len(front.log) < 2 and not coming.done():
                pass

    with running() as sandbox:
        sandbox.add_bucket("spots", id=8891)
        with playing(sandbox, on("list", throttled("100"))) as front:
            leaving = Thread(target=leave_early, daemon=True)
            leaving.start()
            leaving.join(30)
            assert not leaving.is_alive()
