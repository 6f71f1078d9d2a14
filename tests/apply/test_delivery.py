"""Stale, not overwritten: a write that goes out late, or once more, looks again first."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.model import FileId, FileState
from reconciler.errors import Rejected, ServiceError, TokenRefused, Unclear, Unreachable
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.conftest import Bench, MakeBench

UPDATE = "entry a spots s1 x=1 \n file 7 spots a s1 x=2"
THROTTLED = ServiceError("429", status=429)
NOT_TAKEN = [
    pytest.param(THROTTLED, id="429"),
    pytest.param(Unreachable("refused"), id="never sent"),
    pytest.param(Rejected("423", status=423), id="locked"),
]
STOPPED = "failed: it was not sent, since the run was stopped"


def moves(count: int) -> str:
    return "\n".join(
        f"entry k{n} archive s{n} \n file {n} spots k{n} s{n}" for n in range(1, count + 1)
    )


def deletes(count: int) -> str:
    return "\n".join(f"file {n} spots k{n} s{n}" for n in range(1, count + 1))


def again(ran: Bench, what: str, error: ServiceError, then: Callable[[], object]) -> None:
    """The first sending fails so, something happens, and the client sends it once more."""
    ran.service.script(what, Fault(error, again=True))
    sendings = count(1)

    def held_up() -> None:
        if next(sendings) == 2:
            then()

    ran.service.held_up = held_up


class TestAnUpdateThatGoesOnceMore:
    @pytest.mark.parametrize("error", [*NOT_TAKEN, pytest.param(Unclear("503"), id="unclear")])
    def test_overwrites_no_edit_made_meanwhile(self, bench: MakeBench, error: ServiceError) -> None:
        ran = bench(UPDATE)
        again(ran, "update", error, lambda: ran.service.edit(7, title="Theirs"))
        assert ran.outcome() == "stale: it was changed since the plan was made (is Theirs)"
        assert ran.service.lines() == ["update spots 7"]
        assert ran.service.files[FileId(7)].title == "Theirs"

    def test_is_sent_where_nothing_has_changed(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        again(ran, "update", THROTTLED, lambda: None)
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 2

    def test_was_done_already_by_the_first(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.script("update", Fault(Unclear("503"), done=None, again=True))
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 1

    def test_finds_it_gone(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        again(ran, "update", THROTTLED, lambda: ran.service.lose(FileId(7)))
        assert ran.outcome() == "stale: it is not in its bucket any more"

    def test_cannot_look_and_does_not_go(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.script("update", Fault(Unclear("503"), again=True))
        ran.service.script("read_files", None, Fault(Unclear("500")), Fault(Unclear("500")))
        assert ran.outcome() == "unknown: 500"
        assert len(ran.service.calls) == 1

    def test_cannot_look_and_finds_out_later_that_it_was_done(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.script("update", Fault(Unclear("503"), done=None, again=True))
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert ran.outcome() == "applied 7"

    def test_is_refused_the_look_with_the_token(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.script("update", Fault(THROTTLED, again=True))
        refused = TokenRefused("401", status=401)
        ran.service.script("read_files", None, Fault(refused), Fault(refused))
        assert ran.run().fatal is refused

    def test_does_not_go_once_a_stop_is_asked(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        again(ran, "update", Unclear("503"), ran.halt.ask)
        assert ran.outcome() == "unknown: it was not sent, since the run was stopped"
        assert len(ran.service.calls) == 1

    def test_takes_away_what_a_merging_service_kept_only_from_what_it_just_wrote(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 x=1 \n file 7 spots a s1 x=1 y=2")
        ran.service.merges = True
        times = iter((0.0, JUST_BEFORE + 1))

        def held_up() -> None:
            seconds = next(times)
            ran.clock.sleep(seconds)
            if seconds:
                ran.service.edit(7, title="Theirs")

        ran.service.held_up = held_up
        assert ran.outcome() == "stale: it was changed since the plan was made (is Theirs)"
        assert len(ran.service.calls) == 1


class TestAWriteThatThePaceHoldsUp:
    def reads(self, ran: Bench) -> int:
        return sum(read.startswith("read_files") for read in ran.service.reads)

    @pytest.mark.parametrize(("seconds", "reads"), [(JUST_BEFORE, 1), (JUST_BEFORE + 0.1, 2)])
    def test_looks_again_after_a_while(self, bench: MakeBench, seconds: float, reads: int) -> None:
        ran = bench(UPDATE)
        ran.service.held_up = lambda: ran.clock.sleep(seconds)
        assert ran.outcome() == "applied 7"
        assert self.reads(ran) == reads

    def test_overwrites_no_edit_made_meanwhile(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)

        def held_up() -> None:
            ran.clock.sleep(60)
            ran.service.edit(7, title="Theirs")

        ran.service.held_up = held_up
        assert ran.outcome() == "stale: it was changed since the plan was made (is Theirs)"
        assert ran.service.calls == []

    def test_fails_where_it_cannot_look(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.held_up = lambda: ran.clock.sleep(60)
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert ran.outcome() == "failed: 500"
        assert ran.service.calls == []

    def test_does_not_go_once_a_stop_is_asked(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1")

        def held_up() -> None:
            ran.clock.sleep(60)
            ran.halt.ask()

        ran.service.held_up = held_up
        assert ran.outcome() == STOPPED
        assert ran.service.calls == []
        # The intent is closed: the next run need not wait for what was never sent.
        ran.service.held_up = lambda: None
        assert ran.again().outcome() == "applied 101"
        assert 120 not in ran.clock.slept


class TestABatchThatGoesOnceMore:
    @pytest.mark.parametrize("error", NOT_TAKEN)
    def test_moves_all_but_what_was_edited_meanwhile(
        self, bench: MakeBench, error: ServiceError
    ) -> None:
        ran = bench(moves(3))
        again(ran, "move", error, lambda: ran.service.edit(2, title="Theirs"))
        assert ran.outcomes() == {
            "move:1": "applied 1",
            "move:2": "stale: it was changed since the plan was made (is Theirs)",
            "move:3": "applied 3",
        }
        assert ran.service.lines() == ["move archive 1,2,3", "move archive 1,3"]

    @pytest.mark.parametrize("error", NOT_TAKEN)
    def test_deletes_all_but_what_was_edited_meanwhile(
        self, bench: MakeBench, error: ServiceError
    ) -> None:
        ran = bench(deletes(3))
        again(ran, "delete", error, lambda: ran.service.edit(2, title="Theirs"))
        assert ran.outcomes() == {
            "delete:1": "applied 1",
            "delete:2": "stale: it was changed since the plan was made (is Theirs)",
            "delete:3": "applied 3",
        }
        assert sorted(ran.service.files) == [2]
        assert ran.service.lines() == ["delete spots 1,2,3", "delete spots 1,3"]

    @pytest.mark.parametrize("what", ["move", "delete"])
    def test_is_sent_whole_where_nothing_has_changed(self, bench: MakeBench, what: str) -> None:
        ran = bench(moves(3) if what == "move" else deletes(3))
        again(ran, what, THROTTLED, lambda: None)
        assert set(ran.outcomes().values()) == {"applied 1", "applied 2", "applied 3"}
        assert len(ran.service.calls) == 2

    @pytest.mark.parametrize("what", ["move", "delete"])
    def test_cannot_look_and_does_not_go(self, bench: MakeBench, what: str) -> None:
        ran = bench(moves(2) if what == "move" else deletes(2))
        ran.service.script(what, Fault(THROTTLED, again=True))
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert set(ran.outcomes().values()) == {"failed: 500"}
        assert len(ran.service.calls) == 1

    def test_a_duplicate_stays_where_its_keeper_went_meanwhile(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1")
        again(ran, "delete", THROTTLED, lambda: ran.service.lose(FileId(7)))
        assert ran.outcome() == (
            "stale: file 7, which was to stay in its place, is no longer ready, "
            "or no longer the same (is T-a)"
        )
        assert FileId(8) in ran.service.files

    def test_a_replaced_file_stays_where_the_new_one_is_no_longer_ready(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s2 \n file 7 spots a s1")
        ran.service.script("delete", Fault(THROTTLED, again=True))
        times = iter((0, 0, 1))

        def held_up() -> None:
            if next(times):
                ran.service.edit(101, state=FileState.BROKEN)

        ran.service.held_up = held_up
        report = ran.run()
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert FileId(7) in ran.service.files


class TestTheHalvesOfABatch:
    """What is sent anew after a batch that failed is looked at anew."""

    @pytest.mark.parametrize(("what", "lines"), [("move", moves(4)), ("delete", deletes(4))])
    def test_leave_what_was_edited_meanwhile(self, bench: MakeBench, what: str, lines: str) -> None:
        ran = bench(lines)
        ran.service.script(what, Fault(Unclear("500")))
        ran.service.watch = lambda call: ran.service.edit(2, title="Theirs")
        outcomes = ran.outcomes()
        assert (
            outcomes.pop(f"{what}:2") == "stale: it was changed since the plan was made (is Theirs)"
        )
        assert set(outcomes.values()) == {"applied 1", "applied 3", "applied 4"}
        assert ran.service.files[FileId(2)].bucket == "spots"


class TestTheLedger:
    """Each change that was sent says how often, and what came last."""

    def sent(self, ran: Bench) -> list[tuple[str, object, object]]:
        return [
            (record["id"], record.get("attempts"), record.get("status"))
            for record in ran.recorded()
            if record["kind"] == "change.ended"
        ]

    def test_says_how_often_and_with_which_status(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.script("update", Fault(THROTTLED, again=True), Fault(Unclear("x")))
        ran.run()
        assert self.sent(ran) == [("update:7", 2, None)]

    def test_says_it_of_each_change_of_a_batch(self, bench: MakeBench) -> None:
        ran = bench(moves(2))
        ran.service.script("move", Fault(Rejected("422", status=422)))
        ran.run()
        assert sorted(self.sent(ran)) == [("move:1", 2, 200), ("move:2", 2, 200)]

    @pytest.mark.parametrize("done", [True, False], ids=["already", "now"])
    def test_names_each_file_by_both_its_ids(self, bench: MakeBench, done: bool) -> None:
        ran = bench("entry a archive s1 x=1 \n file 7 spots a s1 x=2 \n file 8 spots gone s8")
        if done:
            ran.service.edit(7, bucket="archive")
            ran.service.lose(FileId(8))
        ran.run()
        ended = [record for record in ran.recorded() if record["kind"] == "change.ended"]
        assert [(record["id"], record["acr_id"]) for record in ended] == [
            ("move:7", "acr7"),
            ("update:7", "acr7"),
            ("delete:8", "acr8"),
        ]

    def test_says_nothing_of_what_was_not_sent(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.edit(7, title="Theirs")
        ran.run(Settings(concurrency=1))
        assert self.sent(ran) == [("update:7", None, None)]
