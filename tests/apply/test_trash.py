"""Moves into a trash: sent as moves, in the place of deletes, and only when a delete would be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.core.model import FileId, FileState
from reconciler.errors import Rejected, ServiceError, Unclear, Unreachable
from tests.apply.fake_service import Call, Fault

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench

BUCKETS = "bucket spots 1 trash=bin \n bucket archive 2 \n bucket bin 3 \n"
ORPHAN = BUCKETS + "file 7 spots gone s1"
REPLACED = BUCKETS + "entry a spots s2 \n file 7 spots a s1"
TWICE = BUCKETS + "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1"
BACK = BUCKETS + "entry a spots s1 \n file 7 bin a s1 \n file 8 spots a s2"
OTHER_WAY = BUCKETS + "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s2"
LOST = Unclear("no whole answer came")


def many(count: int) -> str:
    return BUCKETS + "\n".join(f"file {n} spots gone{n} s{n}" for n in range(1, count + 1))


def in_bin(ran: Bench) -> list[int]:
    return sorted(file.id for file in ran.service.files.values() if file.bucket == "bin")


@pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
def test_the_file_is_in_the_trash_and_a_second_plan_is_empty(
    bench: MakeBench, new_ids: bool
) -> None:
    ran = bench(ORPHAN)
    ran.service.new_ids = new_ids
    assert ran.outcome() == f"applied {101 if new_ids else 7}"
    assert in_bin(ran) == [101 if new_ids else 7]
    assert ran.service.lines() == ["move bin 7"]
    assert ran.replan().changes == ()


def test_what_was_changed_since_stays(bench: MakeBench) -> None:
    ran = bench(ORPHAN)
    ran.service.edit(7, title="Somebody's")
    assert ran.outcome() == "stale: it was changed since the plan was made (is Somebody's)"
    assert ran.service.calls == []


def test_what_somebody_threw_away_meanwhile_is_done(bench: MakeBench) -> None:
    ran = bench(ORPHAN)
    ran.service.edit(7, bucket="bin")
    assert ran.outcome() == "applied 7 already"


def test_what_is_gone_for_good_is_stale(bench: MakeBench) -> None:
    ran = bench(ORPHAN)
    ran.service.lose(FileId(7))
    assert ran.outcome() == "stale: it is in neither bucket any more"


class TestWhatStays:
    def test_a_duplicate_goes_while_the_other_is_ready(self, bench: MakeBench) -> None:
        ran = bench(TWICE)
        assert ran.outcome() == "applied 8"
        assert in_bin(ran) == [8]

    def test_a_duplicate_stays_where_the_other_is_not_ready_any_more(
        self, bench: MakeBench
    ) -> None:
        ran = bench(TWICE)
        ran.service.edit(7, state=FileState.PENDING)
        assert ran.outcome() == (
            "stale: file 7, which was to stay in its place, is no longer ready, or no longer the "
            "same (is T-a)"
        )
        assert ran.service.calls == []

    def test_it_is_looked_at_again_when_it_goes_out_late(self, bench: MakeBench) -> None:
        ran = bench(TWICE)

        def held_up() -> None:
            ran.clock.sleep(60)
            ran.service.edit(7, state=FileState.BROKEN)

        ran.service.held_up = held_up
        assert ran.outcome().startswith("stale: file 7, which was to stay in its place")
        assert in_bin(ran) == []

    def test_the_old_file_goes_once_the_new_one_is_ready(self, bench: MakeBench) -> None:
        ran = bench(REPLACED)
        assert ran.outcomes() == {"create:a": "applied 101", "move:7": "applied 7"}
        assert in_bin(ran) == [7]
        assert ran.replan().changes == ()

    def test_the_old_file_stays_while_the_new_one_is_not(self, bench: MakeBench) -> None:
        ran = bench(REPLACED)
        ran.service.made = FileState.PENDING
        report = ran.run(Settings(wait=False))
        assert [change.id for change in report.not_due] == ["move:7"]
        assert [change.id for change in report.left] == ["move:7"]
        assert in_bin(ran) == []
        ran.service.edit(101, state=FileState.READY)
        assert ran.again().outcomes() == {"move:7": "applied 7"}

    def test_the_old_file_stays_where_no_new_one_came(self, bench: MakeBench) -> None:
        ran = bench(REPLACED)
        ran.service.script("create", Fault(Rejected("422")))
        report = ran.run()
        assert [change.id for change in report.not_due] == ["move:7"]
        assert in_bin(ran) == []

    def test_what_comes_back_is_there_before_the_other_goes(self, bench: MakeBench) -> None:
        ran = bench(BACK)
        assert ran.outcomes() == {"move:7": "applied 7", "move:8": "applied 8"}
        assert ran.service.lines() == ["move spots 7", "move bin 8"]
        assert ran.replan().changes == ()

    @pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
    def test_and_where_it_does_not_come_the_other_stays(
        self, bench: MakeBench, new_ids: bool
    ) -> None:
        ran = bench(BACK)
        ran.service.new_ids = new_ids
        ran.service.script("move", Fault(Rejected("422")))
        outcomes = ran.outcomes()
        assert outcomes["move:7"] == "failed: 422"
        assert outcomes["move:8"].startswith("stale: file 7, which was to stay in its place")
        assert in_bin(ran) == [7]

    def test_what_was_thrown_away_just_before_may_come_back_at_once(self, bench: MakeBench) -> None:
        """A file that was just moved may still be read where it was; not so what this run moved."""
        ran = bench(OTHER_WAY)
        assert ran.outcomes() == {"move:7": "applied 7"}
        ran.desired = bench(BACK).desired
        assert ran.again().outcomes() == {"move:7": "applied 7", "move:8": "applied 8"}

    def test_what_was_thrown_away_just_before_and_is_still_read_keeps_nothing(
        self, bench: MakeBench
    ) -> None:
        ran = bench(TWICE.replace("entry a spots s1", ""))
        ran.run(plan=replace(ran.plan, changes=ran.plan.changes[:1]))
        assert in_bin(ran) == [7]
        ran.service.edit(7, bucket="spots")
        ran.desired = bench(TWICE).desired
        assert ran.again().outcome().startswith("stale: file 7, which was to stay in its place")
        ran.clock.sleep(60)
        assert ran.again().outcome() == "applied 8"


class TestTheOrder:
    def test_they_run_in_the_place_of_deletes(self, bench: MakeBench) -> None:
        ran = bench(
            BUCKETS
            + """
            entry a spots s2
            entry b archive s3
            entry c spots s4 x=1
            file 7 spots a s1
            file 8 spots b s3
            file 9 spots c s4 x=2
            file 10 spots gone s5
            file 11 archive gone s6
            """
        )
        ran.run(Settings(concurrency=1))
        assert ran.service.lines() == [
            "create spots a",
            "move archive 8",
            "update spots 9",
            "move bin 10",
            "delete archive 11",
            "move bin 7",
        ]

    def test_they_go_in_batches(self, bench: MakeBench) -> None:
        ran = bench(many(101))
        assert set(ran.outcomes().values()) == {f"applied {n}" for n in range(1, 102)}
        assert [line.count(",") + 1 for line in ran.service.lines()] == [100, 1]


class TestTheAnswerIsNotAYes:
    def test_lost_after_it_was_done(self, bench: MakeBench) -> None:
        ran = bench(ORPHAN)
        ran.service.script("move", Fault(LOST, done=None))
        assert ran.outcome() == "applied 7"
        assert ran.service.lines() == ["move bin 7"]

    def test_lost_before_it_was_done(self, bench: MakeBench) -> None:
        ran = bench(ORPHAN)
        ran.service.script("move", Fault(LOST))
        assert ran.outcome() == "applied 7"
        assert ran.service.lines() == ["move bin 7", "move bin 7"]

    def test_never_known(self, bench: MakeBench) -> None:
        ran = bench(ORPHAN)
        ran.service.script("move", Fault(LOST), Fault(LOST))
        assert ran.outcome() == "unknown: no whole answer came"
        assert ran.again().outcome() == "applied 7"

    def test_half_done(self, bench: MakeBench) -> None:
        ran = bench(many(4))
        ran.service.script("move", Fault(LOST, done=2))
        assert set(ran.outcomes().values()) == {f"applied {n}" for n in (1, 2, 3, 4)}
        assert in_bin(ran) == [1, 2, 3, 4]

    def test_before_it_goes_once_more_what_stays_is_looked_at_again(self, bench: MakeBench) -> None:
        ran = bench(TWICE)
        ran.service.script("move", Fault(LOST))

        def watch(call: Call) -> None:
            ran.service.edit(7, state=FileState.BROKEN)

        ran.service.watch = watch
        assert ran.outcome().startswith("stale: file 7, which was to stay in its place")
        assert in_bin(ran) == []

    @pytest.mark.parametrize("error", [Rejected("422"), Unreachable("no host")])
    def test_refused(self, bench: MakeBench, error: ServiceError) -> None:
        ran = bench(ORPHAN)
        ran.service.script("move", Fault(error))
        assert ran.outcome() == f"failed: {error}"
        assert in_bin(ran) == []


class TestCreatesBesideATrash:
    def test_a_file_in_the_trash_stands_in_nobodys_way(self, bench: MakeBench) -> None:
        """It is broken, so that it cannot come back."""
        ran = bench(BUCKETS + "entry a spots s1 \n file 7 bin a s1 broken")
        assert ran.outcomes() == {"create:a": "applied 101"}
        assert ran.replan().changes == ()

    def test_what_is_replaced_must_be_what_the_plan_saw(self, bench: MakeBench) -> None:
        ran = bench(REPLACED)
        ran.service.edit(7, title="Somebody's")
        outcomes = ran.outcomes()
        assert outcomes["create:a"].startswith("stale: the file that it replaces was changed")
        assert ran.service.calls == []


def test_the_ledger_says_that_it_stands_for_a_delete(bench: MakeBench) -> None:
    ran = bench(ORPHAN)
    ran.run()
    began, ended = ran.recorded()[1:]
    assert (began["action"], began["trash"], began["bucket_id"]) == ("move", True, 3)
    assert (ended["action"], ended["trash"], ended["bucket_id"]) == ("move", True, 3)
