"""Deletes: only what the plan saw, only while what it relies on is ready, and last of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.core.model import FileId, FileState, Json, Opaque
from reconciler.errors import (
    NotThere,
    ReconcilerError,
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
)
from tests.apply.conftest import outcome_line
from tests.apply.fake_service import Call, Fault

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench

ONE = "file 7 spots gone s1"
LOST = Unclear("no whole answer came")
NO_KEEPER = (
    "stale: file 7, which was to stay in its place, is no longer ready, or no longer the same"
)


def many(count: int) -> str:
    return "\n".join(f"file {n} spots gone{n} s{n}" for n in range(1, count + 1))


class TestTheFileIsNotWhatThePlanSaw:
    def test_changed(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.edit(7, title="Somebody's")
        assert ran.outcome() == "stale: it was changed since the plan was made (is Somebody's)"
        assert ran.service.calls == []

    def test_unreadable(self, bench: MakeBench) -> None:
        ran = bench("bucket spots 1 prune=all \n file 7 spots - title=T")
        ran.service.edit(7, user_defined=Opaque("[1]"))
        assert ran.outcome() == "stale: it was changed since the plan was made (is T)"

    def test_gone_already(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        del ran.service.files[FileId(7)]
        assert ran.outcome() == "applied 7 already"
        assert ran.service.calls == []

    def test_moved_by_somebody(self, bench: MakeBench) -> None:
        """It is not gone, and where it is it may be meant to be."""
        ran = bench(ONE)
        ran.service.edit(7, bucket="archive")
        assert ran.outcome() == "stale: it was moved to bucket archive (is T-gone)"
        assert ran.service.calls == []

    def test_moved_by_somebody_while_it_was_sent(self, bench: MakeBench) -> None:
        ran = bench(many(2))
        ran.service.script("delete", Fault(LOST, done=None))
        ran.service.watch = lambda call: ran.service.edit(2, bucket="archive")
        assert ran.outcomes() == {
            "delete:1": "applied 1",
            "delete:2": "stale: it was moved to bucket archive (is T-gone2)",
        }

    def test_not_to_be_read(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("read_files", Fault(Unclear("500")))
        assert ran.outcome() == "failed: 500"
        assert ran.service.calls == []

    def test_what_others_wrote_does_not_count(self, bench: MakeBench) -> None:
        ran = bench("file 7 spots gone s1 played_duration=8")
        ran.service.edit(
            7,
            user_defined={
                "catalog_key": "radio/gone",
                "catalog_source": "sha256:0000000000000001",
                "played_duration": 9,
            },
        )
        assert ran.outcome() == "applied 7"


class TestHowPatientlyItLooks:
    """A delete that is done may still be read; only of a file that the service no longer knows is
    that likely, and a batch whose answer is lost must not cost minutes."""

    @pytest.mark.parametrize(
        ("count", "error", "waited"),
        [
            (1, LOST, 0),
            (4, LOST, 0),
            (1, Rejected("422", status=422), 0),
            (1, NotThere("404", status=404), 7.5),
            (2, NotThere("404", status=404), 2 * 7.5),
        ],
        ids=["one, lost", "four, lost", "one, refused", "one, not there", "two, not there"],
    )
    def test_at_what_never_goes(
        self, bench: MakeBench, count: int, error: ServiceError, waited: float
    ) -> None:
        ran = bench(many(count))
        ran.service.script("delete", *[Fault(error)] * 20)
        ran.run(Settings(concurrency=1))
        assert sum(ran.clock.slept) == waited


class TestABatchThatFails:
    def test_is_split_until_the_one_is_found(self, bench: MakeBench) -> None:
        ran = bench(many(8))
        ran.service.script(
            "delete",
            Fault(Rejected("422", status=422)),
            None,
            Fault(Rejected("422", status=422)),
            None,
            Fault(Rejected("422", status=422)),
            None,
            Fault(Rejected("423", status=423)),
        )
        outcomes = ran.outcomes()
        assert max(outcomes.values()) == "failed: 423"
        assert len(ran.service.files) == 1

    def test_midway_only_the_rest_is_sent_again(self, bench: MakeBench) -> None:
        ran = bench(many(6))
        ran.service.script("delete", Fault(LOST, done=3))
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert ran.service.lines() == [
            "delete spots 1,2,3,4,5,6",
            "delete spots 4",
            "delete spots 5,6",
        ]

    def test_since_one_was_deleted_by_somebody_else_meanwhile(self, bench: MakeBench) -> None:
        ran = bench(many(3))
        ran.service.watch = lambda call: ran.service.lose(FileId(2))
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert ran.service.files == {}

    def test_after_it_was_done_is_not_sent_again(self, bench: MakeBench) -> None:
        ran = bench(many(3))
        ran.service.script("delete", Fault(LOST, done=None))
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert len(ran.service.calls) == 1

    def test_and_cannot_be_looked_at_is_unknown(self, bench: MakeBench) -> None:
        ran = bench(many(3))
        ran.service.script("delete", Fault(LOST, done=None))
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert set(ran.outcomes().values()) == {"unknown: no whole answer came"}

    def test_and_is_refused_the_look_with_the_token_ends_the_run(self, bench: MakeBench) -> None:
        ran = bench(many(3))
        ran.service.script("delete", Fault(LOST, done=None))
        refused = TokenRefused("401", status=401)
        ran.service.script("read_files", None, Fault(refused))
        assert ran.run().fatal is refused

    def test_with_one_file_unclear_is_sent_once_more(self, bench: MakeBench) -> None:
        """F22: after a look, which finds it there and unchanged."""
        ran = bench(ONE)
        ran.service.script("delete", Fault(LOST))
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 2

    def test_with_one_file_unclear_twice_is_unknown(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("delete", Fault(LOST), Fault(LOST))
        assert ran.outcome() == "unknown: no whole answer came"
        assert len(ran.service.calls) == 2

    def test_whose_rest_was_held_back_is_unknown_where_it_had_gone_out(
        self, bench: MakeBench
    ) -> None:
        ran = bench(many(4))
        ran.service.script("delete", Fault(LOST), None)

        def stop_at_the_first_half(call: Call) -> None:
            if len(ran.service.calls) == 1:
                ran.halt.ask()

        ran.service.watch = stop_at_the_first_half
        outcomes = ran.outcomes()
        assert [outcomes[f"delete:{n}"] for n in (1, 2)] == ["applied 1", "applied 2"]
        assert outcomes["delete:3"].startswith("unknown: it was sent before, and no answer came")

    def test_that_was_done_late_by_us_is_not_called_done_already(self, bench: MakeBench) -> None:
        ran = bench(many(2))
        ran.service.script("delete", Fault(LOST))

        def late(read: str) -> None:
            if len([each for each in ran.service.reads if each.startswith("read_files")]) == 3:
                ran.service.lose(FileId(1))
                ran.service.lose(FileId(2))

        ran.service.watch_reads = late
        assert ran.outcomes() == {"delete:1": "applied 1", "delete:2": "applied 2"}

    def test_that_was_edited_meanwhile_is_stale(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("delete", Fault(LOST))
        ran.service.watch = lambda call: ran.service.edit(7, title="Theirs")
        assert ran.outcome() == "stale: it was changed since the plan was made (is Theirs)"
        assert len(ran.service.calls) == 1

    def test_that_was_edited_at_the_last_is_stale(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("delete", Fault(LOST), Fault(LOST))
        calls = ran.service.calls
        ran.service.watch = lambda call: ran.service.edit(7, title="Theirs") if calls else None
        assert ran.outcome() == "stale: it was changed while the plan was applied (is Theirs)"

    def test_with_one_file_refused_is_failed(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("delete", Fault(NotThere("404", status=404)))
        assert ran.outcome() == "failed: 404"

    @pytest.mark.parametrize(
        "error",
        [
            TokenRefused("401", status=401),
            Unreachable("refused"),
            ServiceError("429: too many", status=429),
        ],
        ids=["token", "unreachable", "throttled"],
    )
    def test_with_nothing_done_for_certain_fails_at_once(
        self, bench: MakeBench, error: ReconcilerError
    ) -> None:
        ran = bench(many(3))
        ran.service.script("delete", Fault(error))
        assert set(ran.outcomes().values()) == {f"failed: {error}"}
        assert len(ran.service.reads) == 1

    def test_is_not_split_any_more_once_a_stop_is_asked(self, bench: MakeBench) -> None:
        ran = bench(many(4))
        ran.service.watch = lambda call: ran.halt.ask()
        ran.service.script("delete", Fault(LOST, done=1))
        outcomes = ran.outcomes()
        assert outcomes.pop("delete:1") == "applied 1"
        assert set(outcomes.values()) == {"unknown: no whole answer came"}


class TestADuplicate:
    TWO = "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1"

    def test_goes_while_its_keeper_is_ready(self, bench: MakeBench) -> None:
        assert bench(self.TWO).outcome() == "applied 8"

    def test_stays_where_its_keeper_is_no_longer_ready(self, bench: MakeBench) -> None:
        ran = bench(self.TWO)
        ran.service.edit(7, state=FileState.BROKEN)
        assert ran.outcome() == f"{NO_KEEPER} (is T-a)"
        assert ran.service.calls == []

    def test_stays_where_its_keeper_is_gone(self, bench: MakeBench) -> None:
        ran = bench(self.TWO)
        del ran.service.files[FileId(7)]
        assert ran.outcome() == f"{NO_KEEPER} (is T-a)"

    @pytest.mark.parametrize(
        "mark",
        [
            {"catalog_key": "radio/b", "catalog_source": "sha256:0000000000000001"},
            {"catalog_key": "radio/a", "catalog_source": "sha256:0000000000000002"},
            {"catalog_key": "other/a", "catalog_source": "sha256:0000000000000001"},
            {"catalog_source": "sha256:0000000000000001"},
        ],
        ids=["another key", "another source", "another catalogue", "no mark"],
    )
    def test_stays_where_its_keeper_has_become_something_else(
        self, bench: MakeBench, mark: dict[str, Json]
    ) -> None:
        ran = bench(self.TWO)
        ran.service.edit(7, user_defined=mark)
        assert ran.outcome() == f"{NO_KEEPER} (is T-a)"
        assert ran.service.calls == []

    def test_without_a_source_that_anybody_knows_goes_beside_one_of_the_same(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots \n file 7 spots a s1 \n file 8 spots a s1")
        assert ran.outcome() == "applied 8"
        again = bench("entry a spots \n file 7 spots a s1 \n file 8 spots a s1")
        again.service.edit(7, user_defined={"catalog_key": "radio/a", "catalog_source": "url:1"})
        assert again.outcome() == f"{NO_KEEPER} (is T-a)"

    def test_made_from_something_else_goes_beside_one_that_is_made_from_what_it_should_be(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s2 \n file 7 spots a s2 \n file 8 spots a s1")
        assert ran.outcome() == "applied 8"

    def test_of_a_former_key_relies_on_the_entry_that_had_it(self, bench: MakeBench) -> None:
        text = "entry a spots s2 was=z \n file 7 spots a s2 \n file 8 archive z s1"
        assert bench(text).outcome() == "applied 8"
        ran = bench(text)
        ran.service.edit(7, user_defined={"catalog_key": "radio/b"})
        assert ran.outcome() == f"{NO_KEEPER} (is T-z)"

    def test_goes_beside_a_keeper_whose_mark_is_still_the_former_one(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 was=z \n file 7 spots z s1 \n file 8 spots z s1")
        ran.service.script("update", Fault(Rejected("422", status=422)))
        assert ran.outcomes() == {"update:7": "failed: 422", "delete:8": "applied 8"}

    @pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
    def test_finds_its_keeper_where_it_is_moved_to(self, bench: MakeBench, new_ids: bool) -> None:
        ran = bench("entry a archive s1 \n file 7 spots a s1 \n file 8 spots a s1")
        ran.service.new_ids = new_ids
        outcomes = ran.outcomes()
        assert outcomes["delete:8"] == "applied 8"
        assert ran.replan().changes == ()

    def test_goes_between_others_that_rely_on_none(self, bench: MakeBench) -> None:
        ran = bench(self.TWO.replace(" a ", " m ") + "\n file 6 spots a s9 \n file 9 spots z s9")
        assert ran.outcomes() == {f"delete:{n}": f"applied {n}" for n in (6, 8, 9)}
        assert ran.service.lines() == ["delete spots 6,8,9"]

    def test_many_ask_for_one_keeper_once(self, bench: MakeBench) -> None:
        ran = bench(self.TWO + "\n file 9 spots a s1 \n file 10 spots a s1")
        ran.run()
        assert "read_files spots 7" in ran.service.reads


class TestAReplacedFile:
    OUTDATED = "entry a spots s2 \n file 7 archive a s1"

    def test_goes_once_the_new_one_is_ready(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        assert ran.outcomes() == {"create:a": "applied 101", "delete:7": "applied 7"}

    def test_is_not_due_while_the_new_one_is_pending(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.made = FileState.PENDING
        report = ran.run(Settings(wait=False))
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert [change.id for change in report.left] == ["delete:7"]
        assert [f"{k} {outcome_line(v)}" for k, v in report.outcomes.items()] == [
            "create:a applied 101"
        ]

    def test_stays_where_the_new_one_was_refused(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.script("create", Fault(Rejected("422", status=422)))
        report = ran.run()
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert FileId(7) in ran.service.files

    def test_stays_where_the_new_one_is_made_from_something_else_by_now(
        self, bench: MakeBench
    ) -> None:
        ran = bench(self.OUTDATED)
        ran.service.watch_reads = lambda read: (
            ran.service.edit(
                101,
                user_defined={"catalog_key": "radio/a", "catalog_source": "sha256:" + "9" * 16},
            )
            if FileId(101) in ran.service.files
            else None
        )
        report = ran.run()
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert FileId(7) in ran.service.files

    def test_of_which_the_new_one_was_refused_asks_for_none(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.script("create", Fault(Rejected("422", status=422)))
        ran.run()
        assert {read for read in ran.service.reads if "read_files" in read} == {
            "read_files archive 7"
        }

    def test_goes_after_those_that_rely_on_it(self, bench: MakeBench) -> None:
        """z had been renamed to a: its file goes, since 7 stands in for it; and 7 is replaced."""
        ran = bench(
            """
            entry a spots s2 was=z
            file 7 spots a s1
            file 8 archive z s1
            """
        )
        relied = [c.id for c in ran.plan.changes]
        assert relied == ["create:a", "delete:8", "delete:7"]
        ran.run()
        assert ran.service.lines()[-2:] == ["delete archive 8", "delete spots 7"]
        assert ran.replan().changes == ()


def ids_in(ran: Bench, bucket: str) -> list[int]:
    return sorted(file.id for file in ran.service.files.values() if file.bucket == bucket)


def test_each_bucket_has_its_own_batches(bench: MakeBench) -> None:
    ran = bench("file 7 spots one s1 \n file 8 archive two s2")
    ran.run()
    assert sorted(ran.service.lines()) == ["delete archive 8", "delete spots 7"]
    assert ids_in(ran, "spots") == ids_in(ran, "archive") == []
