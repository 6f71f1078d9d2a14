"""Applying a plan as a whole: guardrails, the ledger around it, and what remains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.apply import Halt, Settings, Silent
from reconciler.applying import (
    Finished,
    Run,
    Work,
    apply_plan,
    locked_for,
    work_of,
    work_of_reviewed,
)
from reconciler.core.aim import Aim
from reconciler.core.model import FileId, FileState, LiveBucket, Snapshot
from reconciler.core.outcome import Applied, Failed
from reconciler.core.plan import ChangeId, Options, Rule
from reconciler.core.planner import make_plan
from reconciler.errors import (
    LedgerError,
    LockHeld,
    PlanFileError,
    RefusedByGuardrail,
    StalePlan,
    TokenRefused,
    Unclear,
)
from reconciler.ledger import read_records
from tests.apply.fake_clock import FakeClock
from tests.apply.fake_service import FakeService, Fault
from tests.apply.test_stopping import no_file_longer_than
from tests.core.scenario import given

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.model import DesiredState, LiveState


@dataclass
class Desk:
    """A catalogue and a service, and what an operator does."""

    desired: DesiredState
    service: FakeService
    folder: Path
    clock: FakeClock

    @property
    def run(self) -> Run:
        return Run(
            "run-1", self.folder / "ledger", self.folder / "locks", Settings(), {"who": "me"}
        )

    def work(self, options: Options | None = None) -> Work:
        return work_of(make_plan(self.desired, self.service.read_live(), options or Options()))

    def apply(self, work: Work) -> Finished:
        return apply_plan(
            work,
            desired=self.desired,
            service=self.service,
            run=self.run,
            clock=self.clock,
            halt=Halt(self.clock),
            progress=Silent(),
        )

    def kinds(self) -> list[str]:
        return [record["kind"] for record in read_records(self.folder / "ledger")]


def desk(folder: Path, text: str) -> Desk:
    desired, live = given(text)
    return Desk(desired, FakeService(desired, live), folder, FakeClock())


EVERYTHING = """
    entry new spots s1
    entry moved archive s2
    entry drifted spots s3 x=1
    file 7 spots moved s2
    file 8 spots drifted s3 x=2
    file 9 spots orphan s9
"""
ORPHAN = "entry a spots s1 \n file 7 spots a s1 \n file 9 spots orphan s9"


def test_a_run_is_written_down_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    at = desk(tmp_path, EVERYTHING)
    work = at.work()
    finished = at.apply(work)
    assert finished.converged
    assert finished.remaining is not None
    assert finished.remaining.changes == ()
    records = list(read_records(tmp_path / "ledger"))
    began, ended = records[0], records[-1]
    assert (began["kind"], began["plan"], began["who"]) == ("run.began", work.plan.digest, "me")
    assert began["catalog"] == {"name": "radio", "digest": at.desired.digest}
    assert began["origin"] == work.plan.origin
    assert {name: ended[name] for name in ("kind", "applied", "failed", "left", "converged")} == {
        "kind": "run.ended", "applied": 4, "failed": 0, "left": 0, "converged": True,
    }  # fmt: skip
    assert finished.anchor == f"{ended['seq']}:{ended['hash']}"


def test_nothing_to_do_leaves_no_trace(tmp_path: Path) -> None:
    at = desk(tmp_path, "entry a spots s1 \n file 7 spots a s1")
    finished = at.apply(at.work())
    assert finished.converged
    assert finished.anchor is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", ["pending", "broken"])
def test_nothing_to_do_is_not_converged_while_a_file_is(tmp_path: Path, state: str) -> None:
    at = desk(tmp_path, f"entry a spots s1 \n file 7 spots a s1 {state}")
    assert not at.apply(at.work()).converged


class TestGuardrails:
    @pytest.mark.parametrize("count", [1, 2])
    def test_refuse_before_anything_is_written_or_sent(self, tmp_path: Path, count: int) -> None:
        missing = "\n".join(f"entry m{n} spots" for n in range(count))
        at = desk(tmp_path, EVERYTHING + missing)
        with pytest.raises(RefusedByGuardrail, match=f"^{count} guardrail"):
            at.apply(at.work())
        assert at.service.calls == []
        assert list(tmp_path.iterdir()) == []

    def test_an_incomplete_listing_that_is_allowed_allows_creates(self, tmp_path: Path) -> None:
        text = "bucket spots 1 \n bucket archive 2 incomplete=why \n entry a spots s1"
        at = desk(tmp_path, text)
        with pytest.raises(RefusedByGuardrail):
            at.apply(at.work())
        allowed = Options({Rule.INCOMPLETE: 1})
        assert at.apply(at.work(allowed)).converged

    def test_one_that_becomes_incomplete_meanwhile_does_not(self, tmp_path: Path) -> None:
        at = desk(tmp_path, "entry a spots s1 \n file 9 spots orphan s9")
        work = at.work()
        live = at.service.live
        archive = LiveBucket(2, [], None, "it changed while it was read")
        at.service.live = replace(live, buckets={**live.buckets, "archive": archive})
        finished = at.apply(work)
        assert isinstance(finished.report.outcomes[work.changes[0].id], Failed)
        assert at.service.lines() == ["delete spots 9"]
        assert not finished.converged


def test_a_plan_from_a_snapshot_is_never_applied(tmp_path: Path) -> None:
    """Whoever made it, from the command line or from Python."""
    there = desk(tmp_path, "entry a spots s1 \n file 9 spots gone s9")
    live = replace(there.service.read_live(), snapshot=Snapshot("2026-01-01T00:00:00Z", 60))
    plan = make_plan(there.desired, live, Options())
    assert plan.changes
    reviewed = work_of_reviewed(plan, Aim(there.desired), there.service.read_live())
    for work in (work_of(plan), reviewed):
        with pytest.raises(StalePlan, match=r"from a snapshot of 2026-01-01T00:00:00Z: .* never"):
            there.apply(work)
    assert there.service.calls == []
    assert not there.run.ledger.exists()


class TestWhatRemains:
    def test_is_looked_at_again_while_reads_lag(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN)
        work, before, begin = at.work(), at.service.read_live(), at.clock.now()
        at.service.as_listed = lambda live: before if at.clock.now() - begin < 3 else live
        finished = at.apply(work)
        assert finished.converged
        assert at.clock.slept == [0.5, 1.0, 2.0]

    def test_a_delete_that_the_service_only_said_it_did_has_failed(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN)
        work, before = at.work(), at.service.read_live()
        at.service.as_listed = lambda live: before
        finished = at.apply(work)
        assert list(finished.report.outcomes.values()) == [
            Failed("the service said that it deleted it, and it is still there", FileId(9))
        ]
        assert not finished.converged
        assert [r["outcome"] for r in read_records(tmp_path / "ledger") if "outcome" in r] == [
            "applied",
            "failed",
        ]

    def test_cannot_be_said_where_it_cannot_be_listed(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN)
        work = at.work()
        at.service.script("read_live", Fault(Unclear("500")))
        finished = at.apply(work)
        assert finished.remaining is None
        assert not finished.converged
        assert str(finished.report.fatal) == "500"
        assert at.kinds()[-1] == "run.ended"

    def test_is_not_asked_after_a_refused_token(self, tmp_path: Path) -> None:
        at = desk(tmp_path, EVERYTHING)
        at.service.script("update", Fault(TokenRefused("401", status=401)))
        work = at.work()
        finished = at.apply(work)
        assert at.service.reads.count("read_live") == 2, "the plan's, and the one before creates"
        assert isinstance(finished.report.fatal, TokenRefused)
        assert finished.remaining is None

    def test_is_not_looked_at_twice_where_something_failed(self, tmp_path: Path) -> None:
        at = desk(tmp_path, ORPHAN)
        work = at.work()
        at.service.edit(9, title="Somebody's")
        assert not at.apply(work).converged
        assert at.clock.slept == []

    def test_a_plan_that_a_guardrail_would_refuse_is_not_converged(self, tmp_path: Path) -> None:
        at = desk(tmp_path, "entry a spots s1 \n entry b spots \n file 7 spots b")
        at.service.watch = lambda call: at.service.lose(FileId(7))
        finished = at.apply(at.work())
        assert finished.remaining is not None
        assert finished.remaining.changes == ()
        assert not finished.converged

    def test_a_new_file_that_is_not_ready_is_not_converged(self, tmp_path: Path) -> None:
        at = desk(tmp_path, "entry a spots s1")
        at.service.made = FileState.PENDING
        finished = at.apply(at.work())
        assert [type(o) for o in finished.report.outcomes.values()] == [Applied]
        assert not finished.converged


class TestALedgerThatCannotBeWritten:
    def test_from_the_beginning_is_an_error_and_nothing_is_sent(self, tmp_path: Path) -> None:
        at = desk(tmp_path, EVERYTHING)
        work = at.work()
        with no_file_longer_than(10), pytest.raises(LedgerError):
            at.apply(work)
        assert at.service.calls == []

    @pytest.mark.parametrize("room", [1000, 1600, 2200, 3000])
    def test_midway_still_says_what_was_done(self, tmp_path: Path, room: int) -> None:
        at = desk(tmp_path, EVERYTHING)
        work = at.work()
        with no_file_longer_than(room):
            finished = at.apply(work)
        assert isinstance(finished.report.fatal, LedgerError)
        assert not finished.converged
        ends = [type(outcome) for outcome in finished.report.outcomes.values()]
        assert ends == [Applied] * len(at.service.calls)
        assert at.apply(at.work()).converged

    def test_at_its_very_end_is_not_converged(self, tmp_path: Path) -> None:
        at = desk(tmp_path / "one", EVERYTHING)
        at.apply(at.work())
        size = (tmp_path / "one" / "ledger").stat().st_size
        at = desk(tmp_path / "two", EVERYTHING)
        work = at.work()
        with no_file_longer_than(size - 10):
            finished = at.apply(work)
        assert len(finished.report.outcomes) == 4
        assert isinstance(finished.report.fatal, LedgerError)
        assert not finished.converged


class TestAReviewedPlan:
    def test_that_still_holds_is_executed(self, tmp_path: Path) -> None:
        at = desk(tmp_path, EVERYTHING)
        plan = at.work().plan
        work = work_of_reviewed(plan, Aim(at.desired), at.service.read_live())
        assert work.changes == plan.changes
        assert (work.settled, work.new) == ((), ())
        assert at.apply(work).converged

    def test_converges_on_its_own_keys(self, tmp_path: Path) -> None:
        """What is new since is listed, and left; it does not spoil the end."""
        at = desk(tmp_path, EVERYTHING)
        plan = at.work().plan
        at.service.put(replace(at.service.files[FileId(9)], id=FileId(10), acr_id="acr10"))
        values = {"catalog_key": "radio/other", "catalog_source": "sha256:1"}
        at.service.edit(10, user_defined=values)
        work = work_of_reviewed(plan, Aim(at.desired), at.service.read_live())
        assert [change.id for change in work.new] == ["delete:10"]
        finished = at.apply(work)
        assert finished.converged
        assert FileId(10) in at.service.files

    def test_says_how_what_no_longer_holds_ended(self, tmp_path: Path) -> None:
        at = desk(tmp_path, EVERYTHING)
        plan = at.work().plan
        at.service.edit(8, title="Somebody's")
        del at.service.files[FileId(9)]
        work = work_of_reviewed(plan, Aim(at.desired), at.service.read_live())
        finished = at.apply(work)
        kinds = {str(k): type(v).__name__ for k, v in finished.report.outcomes.items()}
        assert kinds == {
            "create:new": "Applied",
            "move:7": "Applied",
            "update:8": "Stale",
            "delete:9": "Applied",
        }
        assert not finished.converged
        assert at.kinds().count("change.ended") == 4

    def test_of_which_nothing_holds_sends_nothing(self, tmp_path: Path) -> None:
        at = desk(tmp_path, "entry a spots s1 x=1 \n file 7 spots a s1 x=2")
        plan = at.work().plan
        at.service.edit(7, title="Somebody's")
        work = work_of_reviewed(plan, Aim(at.desired), at.service.read_live())
        assert work.changes == ()
        at.apply(work)
        assert at.service.calls == []
        assert at.kinds() == ["run.began", "change.ended", "run.ended"]

    def test_is_judged_by_todays_guardrails_too(self, tmp_path: Path) -> None:
        at = desk(tmp_path, "entry a spots s1")
        plan = at.work().plan
        at.service.put(twin())
        work = work_of_reviewed(plan, Aim(at.desired), at.service.read_live())
        with pytest.raises(RefusedByGuardrail):
            at.apply(work)
        assert at.service.calls == []

    @pytest.mark.parametrize(
        ("what", "changes"),
        [
            ("catalogue", {"catalog": "tv"}),
            ("host", {"origin": "https://elsewhere"}),
            ("buckets", {"live": {}}),
        ],
    )
    def test_of_another_catalogue_host_or_buckets_is_stale(
        self, tmp_path: Path, what: str, changes: dict[str, Any]
    ) -> None:
        at = desk(tmp_path, EVERYTHING)
        plan = replace(at.work().plan, **changes)
        with pytest.raises(StalePlan, match=f"made for another {what}"):
            work_of_reviewed(plan, Aim(at.desired), at.service.read_live())

    @pytest.mark.parametrize("name", ["bucket_id", "from_bucket_id"])
    def test_that_names_a_bucket_by_another_id_contradicts_itself(
        self, tmp_path: Path, name: str
    ) -> None:
        """T21: written by hand, digest and all, it would be found "applied already"."""
        at = desk(tmp_path, "entry a archive s1 \n file 7 spots a s1")
        plan = at.work().plan
        forged = replace(plan, changes=tuple(replace(c, **{name: 99}) for c in plan.changes))
        with pytest.raises(PlanFileError, match="contradicts itself: move:7 speaks of bucket"):
            work_of_reviewed(forged, Aim(at.desired), at.service.read_live())


def twin() -> Any:
    """A foreign file of the same title."""
    _, live = given("file 50 spots - title=T-a")
    return live.buckets["spots"].files[0]


def test_the_locks_are_those_of_the_catalogues_buckets(tmp_path: Path) -> None:
    at = desk(tmp_path, EVERYTHING)
    with locked_for(at.run, at.desired, "me"):
        assert len(list((tmp_path / "locks").glob("*.lock"))) == 2
        with pytest.raises(LockHeld), locked_for(at.run, at.desired, "me"):
            pass


THROWN = "bucket spots 1 trash=bin \n bucket bin 3 \n" + ORPHAN


class TestWhatIsThrownAway:
    def test_is_in_the_trash_by_the_last_listing(self, tmp_path: Path) -> None:
        at = desk(tmp_path, THROWN)
        finished = at.apply(at.work(Options(allow={Rule.DELETE: 1})))
        assert finished.converged
        assert at.service.files[FileId(9)].bucket == "bin"

    @pytest.mark.parametrize(
        ("where", "why"),
        [
            ("spots", "the service said that it moved it to the trash, and it is in spots"),
            (None, "the service said that it moved it, and it is not in the trash bin"),
        ],
    )
    def test_or_has_failed(self, tmp_path: Path, where: str | None, why: str) -> None:
        at = desk(tmp_path, THROWN)
        at.service.as_listed = lambda live: _with_9(live, where)
        finished = at.apply(at.work())
        assert finished.report.outcomes[ChangeId("move:9")] == Failed(why, FileId(9))
        assert not finished.converged

    def test_but_a_listing_that_is_not_proved_may_lack_it(self, tmp_path: Path) -> None:
        at = desk(tmp_path, THROWN)
        at.service.as_listed = lambda live: _with_9(live, None, incomplete="it changes")
        finished = at.apply(
            replace(at.work(), changes=make_plan(*given(THROWN), Options()).changes)
        )
        assert isinstance(finished.report.outcomes[ChangeId("move:9")], Applied)


def _with_9(live: LiveState, where: str | None, incomplete: str | None = None) -> LiveState:
    """The listing with file 9 there, or nowhere, once it is in the bin."""
    moved = [file for file in live.buckets["bin"].files if file.id == 9]
    if not moved:
        return live
    buckets = {
        name: replace(
            bucket,
            files=[
                *(file for file in bucket.files if file.id != 9),
                *(replace(file, bucket=name) for file in moved if name == where),
            ],
            incomplete=incomplete,
        )
        for name, bucket in live.buckets.items()
    }
    return replace(live, buckets=buckets)
