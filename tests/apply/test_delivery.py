"""Stale, not overwritten: a write that goes out late, or once more, looks again first."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.model import FileId, FileState
from reconciler.core.outcome import Applied
from reconciler.core.plan import Update
from reconciler.errors import Rejected, ServiceError, TokenRefused, Unclear, Unreachable
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reconciler.core.model import Json
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


class TestWhatOthersKeepInTheFile:
    """Ignored keys are carried over as they are when the write goes out."""

    UPDATE = "entry a spots s1 x=1 \n file 7 spots a s1 x=2 played_duration=8"
    OUTDATED = "entry a spots s2 \n file 7 spots a s1 played_duration=8"

    def played(self, ran: Bench, seconds: int, file_id: int = 7) -> None:
        values = ran.service.files[FileId(file_id)].user_defined
        assert isinstance(values, dict)
        ran.service.edit(file_id, user_defined={**values, "played_duration": seconds})

    def is_played(self, ran: Bench, file_id: int = 7) -> Any:
        values = ran.service.files[FileId(file_id)].user_defined
        assert isinstance(values, dict)
        return values["played_duration"]

    @pytest.mark.parametrize("error", [*NOT_TAKEN, pytest.param(Unclear("503"), id="unclear")])
    def test_is_not_overwritten_by_an_update_that_goes_once_more(
        self, bench: MakeBench, error: ServiceError
    ) -> None:
        ran = bench(self.UPDATE)
        again(ran, "update", error, lambda: self.played(ran, 99))
        assert ran.outcome() == "applied 7"
        assert self.is_played(ran) == 99

    def test_nor_by_one_that_the_pace_holds_up(self, bench: MakeBench) -> None:
        ran = bench(self.UPDATE)

        def held_up() -> None:
            ran.service.held_up = lambda: None
            ran.clock.sleep(60)
            self.played(ran, 99)

        ran.service.held_up = held_up
        assert ran.outcome() == "applied 7"
        assert self.is_played(ran) == 99
        assert len(ran.service.reads) == 2

    def test_is_read_no_oftener_than_it_is_written(self, bench: MakeBench) -> None:
        """What a look has read is read just before."""
        ran = bench(self.UPDATE)
        again(ran, "update", THROTTLED, lambda: self.played(ran, 99))
        assert ran.outcome() == "applied 7"
        assert ran.service.reads == ["read_files spots 7"] * 2

    def test_goes_on_in_a_replacement_that_was_throttled(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        again(ran, "create", THROTTLED, lambda: self.played(ran, 99))
        assert ran.outcomes() == {"create:a": "applied 101", "delete:7": "applied 7"}
        assert self.is_played(ran, 101) == 99

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (UPDATE, "failed: others keep writing into it: apply again"),
            (OUTDATED, "failed: others keep writing into the file that it replaces: apply again"),
        ],
        ids=["update", "replacement"],
    )
    def test_that_never_rests_fails_the_change(self, bench: MakeBench, text: str, why: str) -> None:
        ran = bench(text)

        def held_up() -> None:
            ran.clock.sleep(60)
            self.played(ran, self.is_played(ran) + 1)

        ran.service.held_up = held_up
        assert why in ran.outcomes().values()
        assert ran.service.calls == []


class TestAReplacement:
    OUTDATED = "entry a spots s2 \n file 7 spots a s1"
    CHANGED = "stale: the file that it replaces was changed since the plan was made (is Theirs)"

    def test_of_a_file_that_was_edited_since_is_stale_with_it(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.edit(7, title="Theirs")
        assert ran.outcomes()["create:a"] == self.CHANGED
        assert ran.service.calls == []

    def test_that_goes_once_more_looks_again(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        again(ran, "create", THROTTLED, lambda: ran.service.edit(7, title="Theirs"))
        assert ran.outcomes()["create:a"] == self.CHANGED
        assert ran.service.lines() == ["create spots a"]
        assert set(ran.service.files) == {7}

    def test_whose_old_file_goes_meanwhile_is_not_sent_again(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        again(ran, "create", THROTTLED, lambda: ran.service.lose(FileId(7)))
        assert ran.outcomes()["create:a"] == (
            "stale: the file that it replaces is not there any more"
        )

    def test_that_another_machine_has_just_finished_is_done(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        listed = ran.service.read_live()
        ran.service.as_listed = lambda _live: listed
        ran.service.lose(FileId(7))
        mark: dict[str, Json] = {
            "catalog_key": "radio/a",
            "catalog_source": "sha256:0000000000000002",
        }
        ran.service.make("spots", "T-a", mark)
        assert ran.outcomes()["create:a"] == "applied 101 already"
        assert ran.service.calls == []


class TestWhatADeleteRestsOn:
    """The keeper is read before the file that goes; that moment counts."""

    @pytest.mark.parametrize(
        ("text", "goes", "stays"),
        [
            ("entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1", 8, 7),
            ("entry a spots s2 \n file 7 spots a s1", 7, 101),
        ],
        ids=["keeper", "replacement"],
    )
    def test_is_read_again_where_reading_the_rest_took_long(
        self, bench: MakeBench, text: str, goes: int, stays: int
    ) -> None:
        ran = bench(text)

        def slowly(read: str) -> None:
            if read == f"read_files spots {goes}" and FileId(stays) in ran.service.files:
                ran.clock.sleep(60)
                ran.service.lose(FileId(stays))

        ran.service.watch_reads = slowly
        ran.run()
        assert set(ran.service.files) == {goes}


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
        assert ran.run().outcomes == {"update:7": Applied(FileId(7), "acr7", already=False)}
        assert len(ran.service.calls) == 1

    def test_was_done_already_by_somebody_else(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        (change,) = ran.plan.changes
        assert isinstance(change, Update)
        ran.service.edit(7, user_defined=change.after.user_defined)
        assert ran.run().outcomes == {"update:7": Applied(FileId(7), "acr7", already=True)}
        assert ran.service.calls == []

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

    @pytest.mark.parametrize(
        ("text", "calls"),
        [
            ("entry a spots s1", 1),
            ("entry a spots s2 \n file 7 spots a s1 played_duration=8", 2),
            (UPDATE, 1),
            (moves(2), 1),
            (deletes(2), 1),
        ],
        ids=["create", "replacement", "update", "moves", "deletes"],
    )
    def test_goes_out_in_the_end_however_slow_the_pace(
        self, bench: MakeBench, text: str, calls: int
    ) -> None:
        ran = bench(text)
        ran.service.held_up = lambda: ran.clock.sleep(60)
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert len(ran.service.calls) == calls

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

    @pytest.mark.parametrize(
        ("text", "what"),
        [(UPDATE, "update"), (moves(1), "move"), (deletes(1), "delete")],
        ids=["update", "move", "delete"],
    )
    def test_names_a_file_by_both_its_ids_where_the_answer_was_lost(
        self, bench: MakeBench, text: str, what: str
    ) -> None:
        ran = bench(text)
        ran.service.script(what, Fault(Unclear("lost"), done=None))
        ran.run()
        (ended,) = [record for record in ran.recorded() if record["kind"] == "change.ended"]
        file_id = ended["id"].partition(":")[2]
        assert (ended["outcome"], ended["acr_id"]) == ("applied", f"acr{file_id}")

    def test_says_nothing_of_what_was_not_sent(self, bench: MakeBench) -> None:
        ran = bench(UPDATE)
        ran.service.edit(7, title="Theirs")
        ran.run(Settings(concurrency=1))
        assert self.sent(ran) == [("update:7", None, None)]
