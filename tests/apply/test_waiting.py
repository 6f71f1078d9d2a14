"""Following new files until the service has processed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Halt, Settings
from reconciler.core.model import FileState
from reconciler.errors import TokenRefused, Unclear
from tests.apply.conftest import outcome_line
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from reconciler.apply import Report
    from tests.apply.conftest import Bench, MakeBench

TWO = "entry a spots s1 \n entry b spots s2"


def ends(report: Report) -> dict[str, str]:
    return {str(change): outcome_line(outcome) for change, outcome in report.outcomes.items()}


def becomes(ran: Bench, state: FileState, after: float) -> None:
    """New files have this state so many seconds after the first look."""
    ran.service.made = FileState.PENDING
    begin = ran.clock.now()

    def processed() -> None:
        if ran.clock.now() - begin >= after:
            for file_id in (101, 102):
                ran.service.edit(file_id, state=state)

    ran.clock.on_sleep = processed


def test_ready_files_are_not_waited_for(bench: MakeBench) -> None:
    ran = bench(TWO)
    ran.run()
    assert ran.clock.slept == []
    assert "read_files spots 101,102" in [
        read.replace("102,101", "101,102") for read in ran.service.reads
    ]


def test_the_run_ends_when_all_are_ready(bench: MakeBench) -> None:
    ran = bench(TWO)
    becomes(ran, FileState.READY, after=90)
    assert ends(ran.run()) == {"create:a": "applied 101", "create:b": "applied 102"}
    assert 90 <= sum(ran.clock.slept) < 105
    assert max(ran.clock.slept) <= 10


def test_a_broken_file_fails_its_create(bench: MakeBench) -> None:
    ran = bench(TWO)
    becomes(ran, FileState.BROKEN, after=3)
    assert ends(ran.run()) == {
        "create:a": "failed: the service could not process the audio of file 101",
        "create:b": "failed: the service could not process the audio of file 102",
    }
    said = [record.get("outcome") for record in ran.recorded() if record["kind"] == "change.ended"]
    assert said == ["applied", "applied", "failed", "failed"]


def test_a_file_that_takes_long_hides_no_other_that_is_broken(bench: MakeBench) -> None:
    ran = bench(TWO)
    ran.service.made = FileState.PENDING
    ran.clock.on_sleep = lambda: ran.service.edit(102, state=FileState.BROKEN)
    assert ends(ran.run(Settings(concurrency=1, wait_timeout=5))) == {
        "create:a": "applied 101",
        "create:b": "failed: the service could not process the audio of file 102",
    }


def test_the_wait_has_an_end(bench: MakeBench) -> None:
    ran = bench(TWO)
    ran.service.made = FileState.PENDING
    report = ran.run(Settings(wait_timeout=30))
    assert set(ends(report).values()) == {"applied 101", "applied 102"}
    assert 30 <= sum(ran.clock.slept) <= 41


def test_who_gives_it_no_time_looks_once(bench: MakeBench) -> None:
    ran = bench(TWO)
    ran.service.made = FileState.PENDING
    ran.run(Settings(wait_timeout=0))
    assert ran.clock.slept == []
    assert sum(read.startswith("read_files") for read in ran.service.reads) == 1


def test_nobody_waits_who_does_not_want_to(bench: MakeBench) -> None:
    ran = bench(TWO)
    ran.service.made = FileState.PENDING
    ran.run(Settings(wait=False))
    assert ran.clock.slept == []
    assert ran.service.reads == ["read_live"]


def test_a_file_that_vanishes_is_waited_for_no_longer_than_the_time_out(bench: MakeBench) -> None:
    ran = bench("entry a spots s1")
    ran.service.made = FileState.PENDING
    ran.clock.on_sleep = ran.service.files.clear
    ran.run(Settings(wait_timeout=5))
    assert 5 <= sum(ran.clock.slept) <= 10


def test_a_look_that_fails_is_repeated(bench: MakeBench) -> None:
    ran = bench("entry a spots s1")
    ran.service.script("read_files", Fault(Unclear("500")), Fault(Unclear("500")))
    assert ends(ran.run()) == {"create:a": "applied 101"}
    assert len(ran.clock.slept) >= 2


def test_a_refused_token_ends_the_wait(bench: MakeBench) -> None:
    ran = bench("entry a spots s1")
    ran.service.script("read_files", Fault(TokenRefused("401", status=401)))
    report = ran.run()
    assert isinstance(report.fatal, TokenRefused)
    assert ran.clock.slept == []


@pytest.mark.parametrize("how", ["asked", "out of time"])
def test_a_stop_ends_the_wait(bench: MakeBench, how: str) -> None:
    ran = bench("entry a spots s1")
    ran.service.made = FileState.PENDING
    if how == "out of time":
        ran.halt = Halt(ran.clock, stop_after=2)
    else:
        ran.clock.on_sleep = ran.halt.ask
    report = ran.run()
    assert ends(report) == {"create:a": "applied 101"}
    assert sum(ran.clock.slept) <= 2.5
