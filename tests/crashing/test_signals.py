"""F66: the first SIGTERM or Ctrl-C lets what is in flight finish and be recorded, the second ends
the run at once; after both the next run goes on where it ended. The request in flight is held by
the service until the test lets it go, so nothing here depends on how fast anything is.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.faults import meanwhile, no_answer, on, playing, reset_read
from tests.crashing.scenario import APPLY, PLANNED, Scene, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.sandbox.faults import Request, Rule
    from tests.zygote import Ended, Running, Zygote

pytestmark = pytest.mark.no_cover

STOPS = [signal.SIGTERM, signal.SIGINT]
by_name = {"ids": [stop.name for stop in STOPS]}


class Gate:
    """A request that comes to it waits until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def hold(self, _request: Request) -> None:
        """Wait, in the service's thread."""
        self.reached.set()
        assert self._opened.wait(60)

    def open(self) -> None:
        """Let it go."""
        self._opened.set()

    def wait_for_it(self) -> None:
        """Until the request is here."""
        assert self.reached.wait(60)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Open in the end, whatever happened."""
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def left(tmp_path: Path, zygote: Zygote) -> Iterator[Scene]:
    """The scene, before any run."""
    with scene(tmp_path / "scene", zygote) as made:
        yield made


@contextmanager
def through(left: Scene, *rules: Rule) -> Iterator[None]:
    """The runs meet the service through a front that plays these."""
    with playing(left.sandbox, *rules) as front:
        left.url = front.url
        yield


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def stop(run: Running, number: int) -> None:
    """The first signal, and until the run has heard it."""
    os.kill(run.pid, number)
    until(lambda: "stopping once what is in flight has ended" in run.said())


def stop_at_once(run: Running, number: int) -> Ended:
    stop(run, number)
    os.kill(run.pid, number)
    return run.wait()


def unended(left: Scene) -> set[str]:
    """The changes of the last run that began, and of which no end is on the ledger."""
    records = left.records()
    last = [record for record in records if record["run"] == records[-1]["run"]]
    ids = {
        kind: {r["id"] for r in last if r["kind"] == f"change.{kind}"}
        for kind in ("began", "ended")
    }
    return ids["began"] - ids["ended"]


class TestOnce:
    @pytest.mark.parametrize("number", STOPS, **by_name)
    @pytest.mark.parametrize(
        ("what", "last"),
        [
            ("upload", ("create", "new-acrid")),
            ("move", ("move", "moved-on")),
            ("update", ("update", "moved-on")),
            ("delete", ("delete", "105")),
        ],
    )
    def test_what_is_in_flight_is_finished_and_recorded_and_nothing_more_is_begun(
        self, what: str, last: tuple[str, str], number: int, left: Scene, gate: Gate
    ) -> None:
        with through(left, on(what, meanwhile(after=gate.hold), nth=1)):
            run = left.start(*APPLY)
            gate.wait_for_it()
            done = left.done()
            stop(run, number)
            gate.open()
            ended = run.wait()
            assert ended.code == 128 + number
            assert left.done() == done
            assert last in done
            assert left.began() == set(done)
            assert unended(left) == set()
            outcomes = [r["outcome"] for r in left.records() if r["kind"] == "change.ended"]
            assert Counter(outcomes) == {"applied": done.total()}
            assert left.records()[-1]["kind"] == "run.ended"
            assert left.records()[-1]["converged"] is False
            assert f"{PLANNED.total() - done.total()} left" in ended.out
            left.nothing_was_done_but_what_was_planned()
            left.is_repaired_by_the_next_run()

    def test_is_heard_while_the_run_waits_for_new_files(
        self, tmp_path: Path, zygote: Zygote
    ) -> None:
        with scene(tmp_path / "scene", zygote, ready_after=3600) as left:
            run = left.start(*APPLY)
            until(lambda: any("files/205,206,207" in r.path for r in left.sandbox.requests))
            stop(run, signal.SIGTERM)
            assert run.wait().code == 143
            assert unended(left) == set()
            assert not any(what == "delete" for what, _ in left.done())
            left.clock.ahead = 7200.0
            left.is_repaired_by_the_next_run()

    def test_is_heard_while_the_run_waits_to_send_again(self, left: Scene) -> None:
        with through(left, on("upload", reset_read(), nth=1)):
            run = left.start(*APPLY, "--settle", "1h")
            until(lambda: left.done()["update", "stripped"] == 1)
            stop(run, signal.SIGTERM)
            assert run.wait().code == 143
            assert unended(left) == set()
            [unknown] = [r for r in left.records() if r.get("outcome") == "unknown"]
            assert unknown["key"] == "new-acrid"
            left.is_repaired_by_the_next_run()

    def test_after_the_last_change_it_is_still_the_signal_that_the_run_ends_with(
        self, left: Scene, gate: Gate
    ) -> None:
        with through(left, on("list", meanwhile(before=gate.hold), nth=5)):
            run = left.start(*APPLY)
            gate.wait_for_it()
            stop(run, signal.SIGTERM)
            gate.open()
            assert run.wait().code == 143
            assert left.done() == PLANNED
            assert left.records()[-1]["kind"] == "run.ended"
            left.is_repaired_by_the_next_run()

    @pytest.mark.parametrize("number", STOPS, **by_name)
    def test_before_there_is_a_plan_the_run_just_ends(
        self, number: int, left: Scene, gate: Gate
    ) -> None:
        with through(left, on("list", meanwhile(before=gate.hold), nth=1)):
            run = left.start(*APPLY)
            gate.wait_for_it()
            os.kill(run.pid, number)
            ended = run.wait()
            gate.open()
            # A shell says 128 + N of a process that signal N has ended.
            assert ended.code in (-number, 128 + number)
            assert "Traceback" not in ended.err
            assert left.sandbox.mutations == []
            assert left.records() == []
            left.is_repaired_by_the_next_run()


class TestTwice:
    @pytest.mark.parametrize("number", STOPS, **by_name)
    @pytest.mark.parametrize("what", ["upload", "move", "update", "delete"])
    def test_the_run_ends_though_an_answer_is_still_to_come(
        self, what: str, number: int, left: Scene, gate: Gate
    ) -> None:
        with through(left, on(what, meanwhile(after=gate.hold), nth=1)):
            run = left.start(*APPLY)
            gate.wait_for_it()
            ended = stop_at_once(run, number)
            gate.open()
            assert ended.code == 128 + number
            assert "stopped at once: what was in flight may have been done" in ended.err
            assert unended(left) != set()
            left.nothing_was_done_but_what_was_planned()
            left.is_repaired_by_the_next_run()

    def test_an_upload_that_never_arrived_is_sent_by_the_next_run(
        self, left: Scene, gate: Gate
    ) -> None:
        lost = replace(no_answer(committed=False), before=lambda _request: gate.reached.set())
        with through(left, on("upload", lost, nth=1)):
            run = left.start(*APPLY)
            gate.wait_for_it()
            assert stop_at_once(run, signal.SIGTERM).code == 143
            assert left.sandbox.mutations == []
            assert unended(left) == {"create:new-acrid"}
            left.is_repaired_by_the_next_run()

    def test_an_upload_that_arrives_after_the_next_run_has_looked_is_not_sent_again(
        self, left: Scene, gate: Gate
    ) -> None:
        """F14: the service may still be busy with it. That is what the settle time is for."""

        def arrives(_request: Request) -> None:
            gate.open()
            until(lambda: left.done()["create", "new-acrid"] == 1)

        rules = (
            on("upload", meanwhile(before=gate.hold), nth=1),
            # The next run creates, looks, and moves.
            on("move", meanwhile(before=arrives), nth=1),
        )
        with through(left, *rules):
            run = left.start(*APPLY)
            gate.wait_for_it()
            assert stop_at_once(run, signal.SIGTERM).code == 143
            assert left.sandbox.mutations == []
            left.is_repaired_by_the_next_run(more=("--settle", "1s"))
