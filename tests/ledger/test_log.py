"""What a ledger says was done, and which part of it was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.core.lineage import lives
from reconciler.core.log import Ending
from reconciler.core.model import FileId, Key
from reconciler.core.outcome import Applied, Failed, Stale, Unknown
from reconciler.ledger import Ledger
from reconciler.ledger.log import Wanted, read_log, records_of, selected
from tests.apply.fake_clock import FakeClock
from tests.ledger.made import DONE, T1, T2, create, delete, move, run, update
from tests.ledger.tampering import forged, split

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.log import Run

OTHER = Applied(FileId(8), "acr8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def ids(runs: list[Run] | tuple[Run, ...]) -> list[list[str]]:
    return [[deed.id for deed in each.deeds] for each in runs]


def asked(path: Path, **wanted: Any) -> list[list[str]]:
    return ids(list(selected(read_log(path), Wanted(**wanted))))


def of_key(path: Path, key: str) -> list[list[str]]:
    return [[deed.id for deed in life] for life in lives(read_log(path).deeds, Key(key))]


class TestRuns:
    def test_have_who_made_them_and_how_each_change_ended(self, path: Path) -> None:
        run(path, (create(), DONE), (update(), Failed("422")), (move(), Stale("gone", T2)),
            (delete(), None), (create("b"), Unknown("lost")), actor="octocat", commit="4e1f",
            dirty=True, pull_request="#12", revert={"run": "run-0", "keys": []})  # fmt: skip
        (made,) = read_log(path).runs
        about = made.about
        assert (about.run, about.catalog, about.actor) == ("run-1", "radio", "octocat")
        assert (about.commit, about.dirty, about.pull_request) == ("4e1f", True, "#12")
        assert (about.revert, about.purge) == ("run-0", None)
        endings = [deed.ending for deed in made.deeds]
        assert endings == [Ending.APPLIED, Ending.FAILED, Ending.STALE, Ending.OPEN, Ending.UNKNOWN]
        first, second, third, *_ = made.deeds
        assert (first.file_id, first.acr_id, first.after) == (7, "acr7", T1)
        assert (second.before, second.after, second.why) == (T1, T2, "422")
        assert (third.live, third.from_bucket, third.bucket) == (T2, "spots", "archive")
        assert made.end is not None
        assert made.end.converged
        assert made.end.anchor.startswith("11:sha256:")

    def test_of_what_was_found_done_say_what_it_is(self, path: Path) -> None:
        with_end = replace(DONE, already=True)
        run(path)
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), with_end)])
        (deed,) = read_log(path).runs[1].deeds
        assert (deed.already, deed.before, deed.after, deed.file_id) == (True, T1, T2, 7)
        assert read_log(path).runs[1].end is None

    def test_of_no_ledger(self, path: Path) -> None:
        log = read_log(path)
        assert (log.is_there, log.runs, log.error) == (False, (), None)


class TestWhatWasAskedFor:
    def test_by_run_actor_and_file(self, path: Path) -> None:
        run(path, (create(), DONE), (create("b"), OTHER), actor="ann")
        run(path, (update(), DONE), name="run-2", actor="bob")
        assert asked(path, actors=("ann",)) == [["create:a", "create:b"]]
        assert asked(path, actors=("ann", "bob"), files=(FileId(7),)) == [
            ["create:a"],
            ["update:7"],
        ]
        assert asked(path, runs=("run-2",)) == [["update:7"]]
        assert asked(path, runs=("run-2",), actors=("ann",)) == []

    def test_by_time_of_each_end(self, path: Path) -> None:
        clock = FakeClock()
        begun = clock.now()
        run(path, (create(), DONE), clock=clock)
        clock.sleep(100)
        run(path, (update(), DONE), clock=clock, name="run-2")
        run(path, clock=clock, name="run-3")
        assert asked(path, since=begun + 1) == [["update:7"], []]
        assert asked(path, until=begun + 1) == [["create:a"]]
        assert asked(path, since=begun, until=begun + 100) == [["create:a"]]
        assert asked(path, since=begun + 100) == [["update:7"], []]
        assert asked(path, keys=(Key("a"),)) == [["create:a"], ["update:7"]]

    def test_the_records_are_those_of_the_runs_and_changes(self, path: Path) -> None:
        run(path, (create(), DONE), (create("b"), OTHER))
        run(path, (update(), DONE), name="run-2")
        log = read_log(path)
        found = records_of(log, selected(log, Wanted(keys=(Key("b"),))))
        assert [(record["seq"], record["kind"]) for record in found] == [
            (1, "run.began"), (4, "change.began"), (5, "change.ended"), (6, "run.ended"),
        ]  # fmt: skip


class TestWhatBelongsToAKey:
    def test_a_file_that_was_renamed_keeps_its_past(self, path: Path) -> None:
        run(path, (create("old"), DONE), (create("else"), OTHER))
        run(path, (update(key="new"), DONE), (update(key="new"), DONE), name="run-2")
        assert of_key(path, "new") == [["create:old", "update:7"]]
        assert asked(path, keys=(Key("new"),)) == [["create:old"], ["update:7"]]

    def test_a_key_ends_with_the_change_by_which_its_file_left(self, path: Path) -> None:
        run(path, (create("old"), DONE))
        run(path, (update(key="new"), DONE), name="run-2")
        run(path, (move(key="new"), DONE), name="run-3")
        run(path, (create("old"), OTHER), name="run-4")
        assert of_key(path, "old") == [["create:old", "update:7", "create:old"]]

    def test_the_file_that_was_replaced_is_its_past_too(self, path: Path) -> None:
        run(path, (create("old"), DONE))
        run(path, (create("old", replaces=FileId(7)), OTHER), (delete(key="old"), DONE),
            name="run-2")  # fmt: skip
        run(path, (update(8, key="new"), OTHER), name="run-3")
        assert of_key(path, "new") == [["create:old", "create:old", "delete:7", "update:8"]]

    def test_two_catalogues_with_one_key_are_two_lives(self, path: Path) -> None:
        run(path, (create(), DONE))
        run(path, (create(), OTHER), name="run-2", catalog="jingles")
        assert of_key(path, "a") == [["create:a"], ["create:a"]]

    def test_a_catalogue_that_was_renamed_is_one(self, path: Path) -> None:
        run(path, (create(), DONE))
        run(path, (update(), DONE), name="run-2", catalog="radio-ads")
        assert of_key(path, "a") == [["create:a", "update:7"]]

    def test_ids_of_two_hosts_are_two_files(self, path: Path) -> None:
        run(path, (create("b"), DONE), origin="https://one")
        run(path, (update(), DONE), name="run-2", origin="https://two")
        assert of_key(path, "a") == [["update:7"]]


class TestALedgerThatIsDamaged:
    def test_is_told_as_far_as_it_holds(self, path: Path) -> None:
        run(path, (create(), DONE))
        run(path, (update(), DONE), name="run-2")
        lines = split(path.read_bytes())
        lines[5] = lines[5].replace(b"Two", b"Owt")
        path.write_bytes(b"".join(lines))
        log = read_log(path)
        assert ids(log.runs) == [["create:a"], []]
        assert "its hash does not fit it" in str(log.error)

    def test_with_a_torn_line_has_no_error(self, path: Path) -> None:
        run(path, (create(), DONE))
        path.write_bytes(path.read_bytes() + b'{"seq":5')
        log = read_log(path)
        assert (log.is_torn, log.error, ids(log.runs)) == (True, None, [["create:a"]])

    @pytest.mark.parametrize(
        "fields",
        [{"run": "who"}, {"at": "soon"}, {"id": None, "action": None, "bucket": None},
         {"before": []}, {"after": {"title": "x"}}, {"file_id": "x"}, {"fields": 7},
         {"source": "x"}],
    )  # fmt: skip
    def test_by_somebody_who_knows_hashes_raises_nothing_else(
        self, path: Path, fields: dict[str, object]
    ) -> None:
        run(path, (create(), DONE))
        lines = split(path.read_bytes())
        path.write_bytes(b"".join([lines[0], forged(lines[1], **fields)]))
        log = read_log(path)
        assert log.error is not None or len(log.runs) == 1
