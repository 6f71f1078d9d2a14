"""F57: reads that lag behind writes show ghosts: files that are gone, and not those that are new.
What this ledger says that was done goes before what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.context import LAG
from reconciler.core.model import FileId
from reconciler.errors import Unclear
from tests.apply.conftest import outcome_line
from tests.apply.fake_clock import FakeClock
from tests.apply.fake_service import Call, Fault
from tests.apply.lagging_service import LaggingService
from tests.apply.test_apply_plan import Desk
from tests.core.scenario import given

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.applying import Finished

LOST = Unclear("no whole answer came")
ORPHAN = "entry a spots s1 x=1 \n file 7 spots a s1 x={x} \n file 9 spots orphan s9"


class Killed(BaseException):
    """The run has died."""


def desk(folder: Path, text: str, lag: float) -> Desk:
    desired, live = given(text)
    clock = FakeClock()
    return Desk(desired, LaggingService(desired, live, clock, lag), folder, clock)


def outcomes(finished: Finished) -> dict[str, str]:
    return {str(i): outcome_line(o) for i, o in finished.report.outcomes.items()}


def dies_after(at: Desk, done: FileId) -> None:
    """The next run deletes this file, and is killed before it hears so."""

    def die(_call: Call) -> None:
        at.service.watch = lambda call: None
        at.service.lose(done)
        raise Killed

    at.service.watch = die
    with pytest.raises(Killed):
        at.apply(at.work())


class TestADelete:
    @pytest.mark.parametrize("lag", [0.5, 3.0])
    def test_that_was_done_is_done_though_another_change_is_stale(
        self, tmp_path: Path, lag: float
    ) -> None:
        at = desk(tmp_path, ORPHAN.format(x=2), lag)
        work = at.work()
        at.service.edit(7, title="Somebody's")
        at.service.remember()
        at.clock.sleep(lag)
        finished = at.apply(work)
        assert outcomes(finished)["delete:9"] == "applied 9"
        assert outcomes(finished)["update:7"].startswith("stale")

    def test_whose_answer_was_lost_is_looked_for_patiently(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN.format(x=1), 2.0)
        at.service.script("delete", Fault(LOST, done=None))
        assert outcomes(at.apply(at.work())) == {"delete:9": "applied 9"}

    def test_of_a_killed_run_may_be_read_again_and_is_not_failed(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN.format(x=1), 3.0)
        dies_after(at, FileId(9))
        finished = at.apply(at.work())
        assert outcomes(finished) == {"delete:9": "applied 9"}
        assert finished.converged

    TWO = "entry a spots s1 \n file 7 spots a s1 \n file 8 archive a s1"

    def test_relies_on_no_file_that_an_earlier_run_has_just_deleted(self, tmp_path: Path) -> None:
        """The file in archive is a ghost. Once the catalogue says archive, it is the keeper."""
        at = desk(tmp_path, self.TWO, 20.0)
        dies_after(at, FileId(8))
        at.desired, _ = given("entry a archive s1")
        found = outcomes(at.apply(at.work()))
        assert found["delete:7"].startswith("stale: file 8, which was to stay in its place")
        assert set(at.service.files) == {7}

    @pytest.mark.parametrize("later", [LAG, LAG + 1])
    def test_relies_again_on_one_whose_delete_did_not_come_to_pass(
        self, tmp_path: Path, later: float
    ) -> None:
        at = desk(tmp_path, self.TWO, 0.0)
        dies_after(at, FileId(0))
        at.desired, _ = given("entry a archive s1")
        at.clock.sleep(later)
        assert outcomes(at.apply(at.work()))["delete:7"] == "applied 7"
        assert set(at.service.files) == {8}


class TestACreate:
    @pytest.mark.parametrize("lag", [3.0, 12.0, 29.0])
    def test_that_an_earlier_run_has_made_is_looked_for_before_it_is_made_again(
        self, tmp_path: Path, lag: float
    ) -> None:
        at = desk(tmp_path, "entry a spots s1", lag)
        work = at.work()
        at.apply(work)
        assert outcomes(at.apply(work)) == {"create:a": "applied 101 already"}
        assert len(at.service.files) == 1

    @pytest.mark.parametrize(
        "now", ["entry a archive s1", "entry b spots s1 was=a"], ids=["moved", "renamed"]
    )
    def test_is_looked_for_where_it_was_made_though_the_catalogue_has_moved_on(
        self, tmp_path: Path, now: str
    ) -> None:
        at = desk(tmp_path, "entry a spots s1", 6.0)
        at.apply(at.work())
        at.desired, _ = given(now)
        at.service.remember()
        assert outcomes(at.apply(at.work())).popitem()[1].startswith(("stale", "applied 101"))
        assert len(at.service.files) == 1


def test_what_others_did_within_the_lag_cannot_be_seen(tmp_path: Path) -> None:
    """SECURITY.md says so: no precondition, and no ledger of theirs. It is told of afterwards."""
    at = desk(tmp_path, ORPHAN.format(x=2), 5.0)
    work = at.work()
    at.service.edit(7, title="Theirs")
    finished = at.apply(work)
    assert outcomes(finished)["update:7"] == "applied 7"
    assert at.service.files[FileId(7)].title == "T-a"
