"""What ends a run before its end, and what is left then."""

from __future__ import annotations

import resource
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Halt, Settings, Silent
from reconciler.apply.results import Results
from reconciler.errors import LedgerError, ServiceError, TokenRefused
from reconciler.ledger import Ledger
from tests.apply.fake_clock import FakeClock
from tests.apply.fake_service import Call, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.apply.conftest import MakeBench

EVERYTHING = """
    entry new1 spots s1
    entry new2 spots s4
    entry moved archive s2
    entry drifted spots s3 x=1
    file 7 spots moved s2
    file 8 spots drifted s3 x=2
    file 9 spots orphan s9
"""
ONE_WORKER = Settings(concurrency=1)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The disk is full: writing beyond `size` bytes of a file fails, after a part of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


class TestALedgerThatCannotBeWritten:
    def test_nothing_is_sent(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        ran.run(Settings(), plan=bench("").plan)
        size = ran.ledger.stat().st_size
        with no_file_longer_than(size + 300):
            report = ran.run(ONE_WORKER)
        assert ran.service.calls == []
        assert isinstance(report.fatal, LedgerError)
        assert "File too large" in str(report.fatal)
        assert report.outcomes == {}
        assert len(report.left) == 5

    def test_what_is_torn_is_healed_by_the_next_run_which_goes_on(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        with no_file_longer_than(400):
            ran.run(ONE_WORKER)
        torn = ran.ledger.read_bytes()
        assert not torn.endswith(b"\n")
        ran.again().run()
        assert ran.replan().changes == ()
        assert ran.recorded()

    def test_midway_what_is_in_flight_ends_and_nothing_more_begins(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)

        def fill_up(call: Call) -> None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (ran.ledger.stat().st_size + 10, hard))

        ran.service.watch = fill_up
        with no_file_longer_than(1 << 30):
            report = ran.run(ONE_WORKER)
        assert ran.service.lines() == ["create spots new1"]
        assert list(report.outcomes) == ["create:new1"]
        assert isinstance(report.fatal, LedgerError)
        # The next run finds what was made by its mark, and does the rest.
        ran.service.watch = lambda call: None
        ran.again().run()
        assert ran.replan().changes == ()
        assert sum(call.what == "create" for call in ran.service.calls) == 2

    @pytest.mark.parametrize("kind", ["folder", "device", "link"])
    def test_it_is_not_a_file(self, bench: MakeBench, tmp_path: Path, kind: str) -> None:
        ran = bench(EVERYTHING)
        ran.ledger = {"folder": tmp_path, "device": tmp_path.joinpath("/dev/full")}.get(
            kind, tmp_path / "link"
        )
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(LedgerError):
            ran.run()
        assert ran.service.calls == []


class TestARefusedToken:
    def test_nothing_is_begun_after_it(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        ran.service.script("create", None, Fault(TokenRefused("401", status=401)))
        report = ran.run(ONE_WORKER)
        assert ran.service.lines() == ["create spots new1", "create spots new2"]
        assert isinstance(report.fatal, TokenRefused)
        assert [change.id for change in report.left] == ["move:7", "update:8", "delete:9"]

    def test_at_once_it_is_the_runs_error(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        ran.service.script("read_live", Fault(TokenRefused("401", status=401)))
        report = ran.run()
        assert isinstance(report.fatal, TokenRefused)
        assert len(report.left) == 5

    def test_the_next_run_does_the_rest(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        ran.service.script("create", None, Fault(TokenRefused("401", status=401)))
        ran.run(ONE_WORKER)
        ran.again().run()
        assert ran.replan().changes == ()


def test_a_service_that_takes_nothing_more_ends_the_run(bench: MakeBench) -> None:
    """What comes out of the api as a 429 has had all the patience that there is."""
    ran = bench(EVERYTHING)
    ran.service.script("create", Fault(ServiceError("429: wait an hour", status=429)))
    report = ran.run(ONE_WORKER)
    assert ran.service.lines() == ["create spots new1"]
    assert str(report.fatal) == "429: wait an hour"


class TestAStop:
    @pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
    def test_what_is_in_flight_ends_and_the_next_run_does_the_rest(
        self, bench: MakeBench, after: int
    ) -> None:
        ran = bench(EVERYTHING)
        ran.service.watch = lambda call: (
            ran.halt.ask() if len(ran.service.calls) == after - 1 else None
        )
        report = ran.run(ONE_WORKER)
        assert len(ran.service.calls) == after
        assert len(report.outcomes) == after
        assert len(report.left) == 5 - after
        assert report.fatal is None
        ran.again().run()
        assert len(ran.service.calls) == 5
        assert ran.replan().changes == ()

    def test_before_the_first_nothing_is_sent(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING)
        ran.halt.ask()
        assert ran.run().outcomes == {}
        assert ran.service.calls == []

    def test_after_a_time(self, bench: MakeBench) -> None:
        ran = bench(EVERYTHING, stop_after=60)
        ran.service.watch = lambda call: ran.clock.sleep(40)
        report = ran.run(ONE_WORKER)
        assert len(report.outcomes) == 2

    def test_halving_batches_of_many_workers_leaves_nothing_unsaid(self, bench: MakeBench) -> None:
        lines = [
            f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, 301)
        ]
        ran = bench("\n".join(lines))
        ran.service.watch = lambda call: ran.halt.ask() if len(ran.service.calls) == 150 else None
        report = ran.run(Settings(concurrency=8))
        assert 150 <= len(ran.service.calls) <= 160
        assert len(report.outcomes) == len(ran.service.calls)
        began = sum(record["kind"] == "change.began" for record in ran.recorded())
        ended = sum(record["kind"] == "change.ended" for record in ran.recorded())
        assert began == ended == len(report.outcomes)

    def test_nothing_begins_after_it_not_even_on_the_ledger(
        self, bench: MakeBench, tmp_path: Path
    ) -> None:
        """I5: whoever is told that it has not begun sends nothing."""
        ran = bench(EVERYTHING)
        ran.halt.ask()
        with Ledger(tmp_path / "ledger", ran.clock, "run") as ledger:
            results = Results(ledger, ran.halt, Silent())
            assert results.begin(ran.plan.changes) is False
        assert (tmp_path / "ledger").read_bytes() == b""


class TestHalt:
    def test_the_first_reason_counts(self) -> None:
        halt = Halt(FakeClock())
        assert not halt.asked()
        first = ServiceError("first")
        halt.fail(first)
        halt.fail(ServiceError("second"))
        assert halt.asked()
        assert halt.fatal is first

    def test_a_pause_is_cut_short(self) -> None:
        clock = FakeClock()
        halt = Halt(clock, stop_after=10)
        halt.pause(3600)
        assert sum(clock.slept) == 10

    @pytest.mark.parametrize("seconds", [0, -5])
    def test_a_pause_of_nothing_is_none(self, seconds: float) -> None:
        clock = FakeClock()
        Halt(clock).pause(seconds)
        assert clock.slept == []

    def test_a_pause_is_as_long_as_was_asked(self) -> None:
        clock = FakeClock()
        Halt(clock).pause(1.2)
        assert sum(clock.slept) == pytest.approx(1.2)


def test_a_bug_is_not_swallowed(bench: MakeBench) -> None:
    """An exception that is none of ours comes out of the run, from whatever thread."""
    for what in ("create", "update", "move", "delete"):
        ran = bench(EVERYTHING)

        def breaks(call: Call, what: str = what) -> None:
            if call.what == what:
                raise ZeroDivisionError

        ran.service.watch = breaks
        with pytest.raises(ZeroDivisionError):
            ran.run()
        ran.ledger.unlink()


def test_nobody_need_watch(bench: MakeBench) -> None:
    ran = bench(EVERYTHING)
    ran.progress = Silent()
    assert len(ran.run().outcomes) == 5
