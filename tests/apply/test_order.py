"""Order, batches, the ledger before the request, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply import Settings
from reconciler.core.model import FileId
from reconciler.errors import Rejected
from tests.apply.fake_service import Call, Fault

if TYPE_CHECKING:
    from reconciler.core.outcome import Outcome
    from reconciler.core.plan import Change
    from tests.apply.conftest import Bench, MakeBench

EVERYTHING = """
    entry new spots s1
    entry moved archive s2 x=1
    entry drifted spots s3 x=1
    file 7 spots moved s2 x=2
    file 8 spots drifted s3 x=2
    file 9 spots orphan s9
"""


def test_create_move_update_delete(bench: MakeBench) -> None:
    ran = bench(EVERYTHING)
    ran.run(Settings(concurrency=1))
    assert ran.service.lines() == [
        "create spots new",
        "move archive 7",
        "update spots 8",
        "update archive 7",
        "delete spots 9",
    ]
    assert ran.replan().changes == ()


def test_the_buckets_are_listed_again_before_the_first_create_and_not_without_one(
    bench: MakeBench,
) -> None:
    with_create = bench("entry new spots s1")
    with_create.run()
    assert with_create.service.reads[0] == "read_live"
    without = bench("file 9 spots orphan s9")
    without.run()
    assert "read_live" not in without.service.reads


def test_moves_and_deletes_go_in_batches_of_a_hundred(bench: MakeBench) -> None:
    moved = [f"entry m{n} archive s{n} \n file {n} spots m{n} s{n}" for n in range(1, 202)]
    gone = [f"file {n} spots gone{n} s{n}" for n in range(301, 502)]
    ran = bench("\n".join(moved + gone))
    ran.run()
    sizes = sorted((call.what, call.detail.count(",") + 1) for call in ran.service.calls)
    assert sizes == [
        ("delete", 1), ("delete", 100), ("delete", 100),
        ("move", 1), ("move", 100), ("move", 100),
    ]  # fmt: skip
    checks = [read for read in ran.service.reads if read.startswith("read_files spots")]
    assert len(checks) == 6, "each batch is checked by one request"
    assert ran.replan().changes == ()


def test_updates_are_read_again_in_batches_of_a_hundred(bench: MakeBench) -> None:
    lines = [f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, 252)]
    ran = bench("\n".join(lines))
    ran.run()
    assert len(ran.service.calls) == 251
    assert sorted(read.count(",") + 1 for read in ran.service.reads) == [51, 100, 100]
    assert ran.replan().changes == ()


def test_what_goes_together_is_of_one_place(bench: MakeBench) -> None:
    """A request names one bucket, for all its files."""
    ran = bench("""
        bucket spots 1
        bucket archive 2
        bucket news 3
        entry a archive s1
        entry b news s2
        entry c news s3
        entry d spots s4 x=1
        entry e news s5 x=1
        file 1 spots a s1
        file 2 spots b s2
        file 3 archive c s3
        file 4 spots d s4
        file 5 news e s5
        file 6 spots gone s6
        file 7 news lost s7
    """)
    outcomes = ran.outcomes()
    assert {end.split()[0] for end in outcomes.values()} == {"applied"}
    assert sorted(ran.service.lines()) == [
        "delete news 7",
        "delete spots 6",
        "move archive 1",
        "move news 2",
        "move news 3",
        "update news 5",
        "update spots 4",
    ]
    assert ran.replan().changes == ()


def test_more_batches_than_workers_end_too(bench: MakeBench) -> None:
    lines = [f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, 652)]
    ran = bench("\n".join(lines))
    report = ran.run(Settings(concurrency=1))
    assert len(report.outcomes) == 651


def test_every_intent_is_on_disk_when_the_request_goes_out(bench: MakeBench) -> None:
    ran = bench(EVERYTHING)

    def is_written(call: Call) -> None:
        ids = {f"{call.what}:{name}" for name in call.detail.split(",")}
        records = ran.recorded()
        assert ids <= {r["id"] for r in records if r["kind"] == "change.began"}
        assert not ids & {r["id"] for r in records if r["kind"] == "change.ended"}

    ran.service.watch = is_written
    report = ran.run()
    assert len(report.outcomes) == 5


def test_what_is_not_sent_has_an_end_on_the_ledger_and_no_beginning(bench: MakeBench) -> None:
    ran = bench("entry a spots s1 x=1 \n file 7 spots a s1 x=2")
    ran.service.edit(7, title="Somebody's")
    ran.run()
    kinds = [(record["kind"], record.get("outcome")) for record in ran.recorded()[1:]]
    assert kinds == [("change.ended", "stale")]


def test_one_failure_does_not_stop_the_others(bench: MakeBench) -> None:
    ran = bench("entry one spots s1 \n entry two spots s2 \n file 9 spots gone s9")
    ran.service.script("create", Fault(Rejected("422: too large", status=422)))
    outcomes = ran.outcomes(Settings(concurrency=1))
    assert outcomes == {
        "create:one": "failed: 422: too large",
        "create:two": "applied 101",
        "delete:9": "applied 9",
    }


class Watching:
    """Progress, kept."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.bytes = 0
        self.said: list[str] = []

    def ended(self, change: Change, outcome: Outcome) -> None:
        self.ends.append(f"{change.id} {type(outcome).__name__}")

    def sent(self, size: int) -> None:
        self.bytes += size

    def waiting(self, what: str) -> None:
        self.doing(what)

    def doing(self, what: str) -> None:
        self.said.append(what)


def test_progress_is_told_of_every_end_of_the_bytes_and_of_what_comes_next(
    bench: MakeBench,
) -> None:
    ran: Bench = bench(EVERYTHING)
    ran.progress = watch = Watching()
    ran.run()
    assert sorted(watch.ends) == sorted(f"{change.id} Applied" for change in ran.plan.changes)
    assert watch.bytes == 1000
    assert [said for said in watch.said if not said.startswith("waiting")] == [
        "listing the buckets again, before anything is created",
        "creating",
        "moving",
        "updating",
        "deleting",
    ]


def test_a_plan_of_nothing_does_nothing(bench: MakeBench) -> None:
    ran = bench("entry a spots s1 \n file 7 spots a s1")
    assert ran.run().outcomes == {}
    assert ran.service.calls == []
    assert ran.service.reads == []


def test_a_foreign_file_stays_as_it_is(bench: MakeBench) -> None:
    ran = bench(EVERYTHING + "file 50 spots - x=1 \n file 51 spots other/new s1 x=1")
    before = {i: ran.service.files[FileId(i)] for i in (50, 51)}
    ran.run()
    assert {i: ran.service.files[FileId(i)] for i in (50, 51)} == before
