"""Moves: checked in their source first, and looked for in their destination afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.core.model import FileId, Opaque
from reconciler.errors import (
    NotThere,
    ReconcilerError,
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
)
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench

ONE = "entry a archive s1 \n file 7 spots a s1"
LOST = Unclear("no whole answer came")
UNKNOWN = "unknown: the service said that it moved it, and it is not in its destination"


def many(count: int) -> str:
    return "\n".join(
        f"entry k{n} archive s{n} \n file {n} spots k{n} s{n}" for n in range(1, count + 1)
    )


def in_archive(ran: Bench) -> list[int]:
    return sorted(file.id for file in ran.service.files.values() if file.bucket == "archive")


@pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
def test_the_file_is_in_its_destination(bench: MakeBench, new_ids: bool) -> None:
    ran = bench(ONE)
    ran.service.new_ids = new_ids
    assert ran.outcome() == f"applied {101 if new_ids else 7}"
    assert ran.service.reads == ["read_files spots 7", "read_files archive acr7"]


@pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
def test_a_file_that_is_edited_right_after_has_arrived(bench: MakeBench, new_ids: bool) -> None:
    """With another id it may be another file of its acr_id."""
    ran = bench(ONE)
    ran.service.new_ids = new_ids

    def edited(read: str) -> None:
        if read.startswith("read_files archive"):
            ran.service.edit(101 if new_ids else 7, title="Theirs")

    ran.service.watch_reads = edited
    assert ran.outcome() == (UNKNOWN if new_ids else "applied 7")


def test_a_file_is_told_from_another_with_its_acr_id(bench: MakeBench) -> None:
    ran = bench(ONE + "\n file 9 archive - acr=7 title=Theirs")
    assert ran.outcome() == "applied 7"


def test_a_file_without_an_acr_id_is_looked_for_by_its_id(bench: MakeBench) -> None:
    ran = bench(ONE)
    ran.service.edit(7, acr_id="")
    ran.again()
    assert ran.outcome() == "applied 7"
    assert ran.service.reads[-1] == "read_files archive 7"


class TestTheFileIsNotWhatThePlanSaw:
    def test_changed(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.edit(7, title="Somebody's")
        assert ran.outcome() == "stale: it was changed since the plan was made (is Somebody's)"
        assert ran.service.calls == []

    def test_unreadable(self, bench: MakeBench) -> None:
        ran = bench("entry a archive acr=7 \n file 7 spots - title=T-a")
        ran.service.edit(7, user_defined=Opaque("[1]"))
        outcomes = ran.outcomes()
        assert outcomes["move:7"] == "stale: it was changed since the plan was made (is T-a)"
        assert ran.service.calls == []

    def test_there_already(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.edit(7, bucket="archive")
        assert ran.outcome() == "applied 7 already"

    def test_there_already_with_a_new_id(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        file = ran.service.files.pop(FileId(7))
        ran.service.put(replace(file, id=FileId(70), bucket="archive"))
        assert ran.outcome() == "applied 70 already"

    def test_gone(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        del ran.service.files[FileId(7)]
        assert ran.outcome() == "stale: it is in neither bucket any more"

    def test_not_to_be_read(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("read_files", Fault(Unclear("500")))
        assert ran.outcome() == "failed: 500"
        assert ran.service.calls == []


class TestHowPatientlyItLooks:
    """A read may lag behind a write, and a batch whose answer is lost must not cost minutes."""

    @pytest.mark.parametrize(
        ("count", "error", "waited"),
        [
            (1, LOST, 2 * 7.5),
            (4, LOST, 0.5 + 2 * 0.5 + 4 * 7.5),
            (1, Rejected("422", status=422), 0),
            (2, Rejected("422", status=422), 0),
            (1, NotThere("404", status=404), 7.5),
        ],
        ids=["one, lost", "four, lost", "one, refused", "two, refused", "one, not there"],
    )
    def test_at_what_never_arrives(
        self, bench: MakeBench, count: int, error: ServiceError, waited: float
    ) -> None:
        ran = bench(many(count))
        ran.service.script("move", *[Fault(error)] * 20)
        ran.run(Settings(concurrency=1))
        assert sum(ran.clock.slept) == waited

    def test_at_two_of_which_the_service_said_that_it_moved_them(self, bench: MakeBench) -> None:
        ran = bench(many(2))
        ran.service.new_ids = True
        ran.service.edit(1, acr_id="")
        ran.again()
        ran.run(Settings(concurrency=1))
        assert sum(ran.clock.slept) == 7.5


class TestABatchThatFails:
    def test_is_split_until_the_one_is_found(self, bench: MakeBench) -> None:
        ran = bench(many(8))
        gone = FileId(5)
        ran.service.watch = lambda call: ran.service.lose(gone)
        outcomes = ran.outcomes()
        assert outcomes.pop("move:5") == "stale: it is in neither bucket any more"
        assert set(outcomes.values()) == {f"applied {n}" for n in (1, 2, 3, 4, 6, 7, 8)}
        assert in_archive(ran) == [1, 2, 3, 4, 6, 7, 8]

    def test_midway_only_the_rest_is_sent_again(self, bench: MakeBench) -> None:
        ran = bench(many(6))
        ran.service.script("move", Fault(NotThere("404", status=404), done=3))
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert ran.service.lines() == [
            "move archive 1,2,3,4,5,6",
            "move archive 4",
            "move archive 5,6",
        ]

    def test_after_it_was_done_is_not_sent_again(self, bench: MakeBench) -> None:
        ran = bench(many(3))
        ran.service.script("move", Fault(LOST, done=None))
        assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
        assert len(ran.service.calls) == 1

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
        ran.service.script("move", Fault(error))
        assert set(ran.outcomes().values()) == {f"failed: {error}"}
        assert len(ran.service.calls) == 1
        assert ran.clock.slept == []

    def test_is_not_split_any_more_once_a_stop_is_asked(self, bench: MakeBench) -> None:
        ran = bench(many(4))
        ran.service.watch = lambda call: ran.halt.ask()
        ran.service.script("move", Fault(Rejected("422", status=422), done=1))
        outcomes = ran.outcomes()
        assert outcomes.pop("move:1") == "applied 1"
        assert set(outcomes.values()) == {"failed: 422"}
        assert len(ran.service.calls) == 1


class TestOneThatDoesNotArrive:
    def test_though_the_service_said_yes_is_unknown_and_not_sent_again(
        self, bench: MakeBench
    ) -> None:
        ran = bench(many(2))
        ran.service.new_ids = True
        ran.service.edit(1, acr_id="")
        ran.again()
        outcomes = ran.outcomes()
        assert outcomes["move:1"] == UNKNOWN
        assert outcomes["move:2"].startswith("applied")
        assert len(ran.service.calls) == 1

    def test_is_looked_for_while_reads_may_lag(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("move", Fault(LOST), Fault(LOST))
        assert ran.outcome() == "unknown: no whole answer came"
        assert sum(ran.clock.slept) == 2 * 7.5

    def test_is_sent_once_more_where_it_is_still_in_its_source(self, bench: MakeBench) -> None:
        """F22."""
        ran = bench(ONE)
        ran.service.script("move", Fault(LOST))
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 2

    def test_is_unknown_where_its_destination_cannot_be_read(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert ran.outcome() == (
            "unknown: the service said that it moved it, and it is not in its destination"
        )

    @pytest.mark.parametrize("answer", [None, Fault(LOST)], ids=["yes", "lost"])
    def test_and_may_not_be_looked_for_any_more_ends_the_run(
        self, bench: MakeBench, answer: Fault | None
    ) -> None:
        ran = bench(ONE)
        refused = TokenRefused("401", status=401)
        ran.service.script("move", answer)
        ran.service.script("read_files", None, Fault(refused))
        assert ran.run().fatal is refused

    def test_refused_is_failed_without_waiting(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("move", Fault(Rejected("422", status=422)))
        assert ran.outcome() == "failed: 422"
        assert ran.clock.slept == []
