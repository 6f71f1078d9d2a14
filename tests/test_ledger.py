"""The ledger: append-only, hash-chained, private, and one writer at a time."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from reconciler.core.content import Content
from reconciler.core.drift import LastApplied
from reconciler.core.model import FileId, Key, Place, SourceKind
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Create, Delete, Move, PlannedSource, Update
from reconciler.errors import LedgerError, LockHeld
from reconciler.ledger import Ledger, last_applied, read_records
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.core.plan import Change

PLACE = Place("catalog.yaml", 7, 3)
T1, T2 = Content("One", {"x": 1}), Content("Two", {"x": 2})


def create(key: str = "a", **fields: Any) -> Create:
    source = PlannedSource(SourceKind.AUDIO, "sha256:0123456789abcdef")
    return Create(Key(key), "spots", 1, T1, source, "missing", PLACE, **fields)


def update(file_id: int = 7, key: str = "a") -> Update:
    names = ("title", "user_defined.x")
    return Update(Key(key), FileId(file_id), "acr7", "spots", 1, T1, T2, names, "drifted", PLACE)


def move(file_id: int = 7, key: str = "a") -> Move:
    return Move(Key(key), FileId(file_id), "acr7", "spots", 1, "archive", 2, T1, "misplaced", PLACE)


def delete(file_id: int = 7, key: str | None = "a", **fields: Any) -> Delete:
    named = None if key is None else Key(key)
    return Delete(named, FileId(file_id), "acr7", "spots", 1, T1, "orphaned", **fields)


DONE = Applied(FileId(7), "acr7")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.jsonl"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def run(
    path: Path,
    *ends: tuple[Change, Outcome | None],
    clock: FakeClock | None = None,
    name: str = "run-1",
    catalog: str = "radio",
) -> None:
    """One run: all changes begin, and those with an outcome end."""
    with Ledger(path, clock or FakeClock(), name) as ledger:
        ledger.run_began({"catalog": {"name": catalog}})
        for change, outcome in ends:
            ledger.began([change])
            if outcome is not None:
                ledger.ended([(change, outcome)])
        ledger.run_ended({"converged": True})


def open_in(path: Path, catalog: str = "radio") -> Mapping[Key, float]:
    with Ledger(path, FakeClock(), "looks") as ledger:
        ledger.run_began({"catalog": {"name": catalog}})
        return ledger.open_creates()


class TestARecord:
    def test_of_every_kind_says_what_and_when(self, path: Path, clock: FakeClock) -> None:
        with Ledger(path, clock, "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}, "actor": "somebody"})
            ledger.began([update()])
            clock.sleep(1.5)
            ledger.ended([(update(), DONE)])
            ledger.run_ended({"applied": 1})
        records = list(read_records(path))
        common = {"prev", "hash", "seq", "at", "run"}
        assert [
            {name: item for name, item in record.items() if name not in common}
            for record in records
        ] == [
            {
                "kind": "run.began",
                "format": "reconciler/ledger/1",
                "catalog": {"name": "radio"},
                "actor": "somebody",
            },
            {
                "kind": "change.began",
                "id": "update:7",
                "action": "update",
                "key": "a",
                "bucket": "spots",
                "bucket_id": 1,
                "file_id": 7,
                "acr_id": "acr7",
                "before": {"title": "One", "user_defined": {"x": 1}},
                "after": {"title": "Two", "user_defined": {"x": 2}},
                "fields": ["title", "user_defined.x"],
                "reason": "drifted",
                "declared_at": "catalog.yaml:7:3",
            },
            {
                "kind": "change.ended",
                "id": "update:7",
                "action": "update",
                "bucket": "spots",
                "key": "a",
                "outcome": "applied",
                "file_id": 7,
                "acr_id": "acr7",
                "already": False,
            },
            {"kind": "run.ended", "applied": 1},
        ]
        assert [record["at"] for record in records] == [
            "2020-12-24T08:49:17.000+00:00",
            "2020-12-24T08:49:17.000+00:00",
            "2020-12-24T08:49:18.500+00:00",
            "2020-12-24T08:49:18.500+00:00",
        ]
        assert {record["run"] for record in records} == {"run-1"}

    @pytest.mark.parametrize(
        ("outcome", "said"),
        [
            (Stale("changed", T2), {"outcome": "stale", "why": "changed",
                                    "live": {"title": "Two", "user_defined": {"x": 2}}}),
            (Stale("gone", None), {"outcome": "stale", "why": "gone", "live": None}),
            (Failed("422", FileId(7)), {"outcome": "failed", "why": "422", "file_id": 7}),
            (Failed("422"), {"outcome": "failed", "why": "422", "file_id": None}),
            (Unknown("lost"), {"outcome": "unknown", "why": "lost"}),
        ],
    )  # fmt: skip
    def test_of_every_outcome(self, path: Path, outcome: Outcome, said: dict[str, Any]) -> None:
        run(path, (delete(key=None), outcome))
        record = list(read_records(path))[2]
        assert {name: record[name] for name in said} == said
        assert "key" not in record

    def test_is_chained_to_the_one_before_by_the_bytes_of_its_line(self, path: Path) -> None:
        run(path, (update(), DONE))
        run(path, (move(), DONE), name="run-2")
        prev = "sha256:" + "0" * 64
        lines = path.read_bytes().splitlines()
        for number, line in enumerate(lines, start=1):
            record = orjson.loads(line)
            body = line[: line.rindex(b',"hash":')]
            assert record["seq"] == number
            assert record["prev"] == prev
            assert record["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
            assert list(record)[-1] == "hash"
            prev = record["hash"]
        with Ledger(path, FakeClock(), "x") as ledger:
            assert ledger.anchor == f"{len(lines)}:{prev}"

    def test_of_many_threads_stays_one_chain(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})

            def work(start: int) -> None:
                for file_id in range(start, start + 20):
                    ledger.began([update(file_id)])
                    ledger.ended([(update(file_id), DONE)])

            threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(1, 9)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(list(read_records(path))) == 1 + 8 * 20 * 2


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A ledger of twenty records, of two runs."""
    path = tmp_path_factory.mktemp("twenty") / "ledger.jsonl"
    run(path, *[(update(n), DONE) for n in range(1, 5)])
    run(path, *[(create(f"k{n}"), Unknown("lost")) for n in range(1, 5)], name="run-2")
    data = path.read_bytes()
    assert data.count(b"\n") == 20
    return data


def lines_after_opening(path: Path, data: bytes) -> list[bytes] | None:
    """What is left in the ledger once it was opened; None: it was refused, and left alone."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        Ledger(path, FakeClock(), "x").__exit__(None, None, None)
    except LedgerError:
        assert path.read_bytes() == data
        with pytest.raises(LedgerError):
            list(read_records(path))
        return None
    healed = path.read_bytes()
    assert len(list(read_records(path))) == healed.count(b"\n")
    return healed.splitlines(keepends=True)


class TestTampering:
    """Every line that was changed, dropped, swapped or cut is found. A cut at the end of a line
    leaves a whole, shorter ledger: that is what the anchor is for."""

    def test_any_byte(self, twenty: bytes, path: Path) -> None:
        whole = twenty.splitlines(keepends=True)
        for at in range(len(twenty)):
            flipped = twenty[:at] + bytes([twenty[at] ^ 1]) + twenty[at + 1 :]
            # The very last byte ends the last line: without it that line is torn, and is cut off.
            expected = whole[:-1] if at == len(twenty) - 1 else None
            assert lines_after_opening(path, flipped) == expected, at

    @pytest.mark.parametrize("byte", [b"\n", b" ", b'"', b"\x00", b"\xff"])
    def test_a_byte_made_into_one_that_means_something(
        self, twenty: bytes, path: Path, byte: bytes
    ) -> None:
        for at in range(0, len(twenty) - 1, 7):
            if twenty[at : at + 1] != byte:
                changed = twenty[:at] + byte + twenty[at + 1 :]
                assert lines_after_opening(path, changed) is None, at

    @pytest.mark.parametrize("number", range(20))
    def test_a_line_dropped(self, twenty: bytes, path: Path, number: int) -> None:
        lines = twenty.splitlines(keepends=True)
        left = lines[:number] + lines[number + 1 :]
        after = lines_after_opening(path, b"".join(left))
        assert after == (left if number == 19 else None)

    @pytest.mark.parametrize("number", range(19))
    def test_two_lines_swapped(self, twenty: bytes, path: Path, number: int) -> None:
        lines = twenty.splitlines(keepends=True)
        lines[number], lines[number + 1] = lines[number + 1], lines[number]
        assert lines_after_opening(path, b"".join(lines)) is None

    @pytest.mark.parametrize("number", range(20))
    def test_a_line_twice(self, twenty: bytes, path: Path, number: int) -> None:
        lines = twenty.splitlines(keepends=True)
        assert lines_after_opening(path, b"".join([*lines[: number + 1], *lines[number:]])) is None

    def test_a_line_in_between(self, twenty: bytes, path: Path) -> None:
        lines = twenty.splitlines(keepends=True)
        for line in (b"\n", b"{}\n", b"[]\n", b"rubbish\n"):
            assert lines_after_opening(path, b"".join([*lines[:7], line, *lines[7:]])) is None

    def test_a_cut_anywhere_is_healed_to_the_last_whole_line(
        self, twenty: bytes, path: Path
    ) -> None:
        for at in range(0, len(twenty), 11):
            whole = twenty[: twenty[:at].rfind(b"\n") + 1].splitlines(keepends=True)
            assert lines_after_opening(path, twenty[:at]) == whole

    @pytest.mark.parametrize("lines", range(20))
    def test_a_cut_at_the_end_of_a_line_is_seen_by_the_anchor_only(
        self, twenty: bytes, path: Path, lines: int
    ) -> None:
        kept = twenty.splitlines(keepends=True)[:lines]
        path.parent.mkdir()
        path.write_bytes(twenty)
        with Ledger(path, FakeClock(), "x") as ledger:
            before = ledger.anchor
        assert lines_after_opening(path, b"".join(kept)) == kept
        with Ledger(path, FakeClock(), "x") as ledger:
            assert ledger.anchor != before
            assert ledger.anchor.startswith(f"{lines}:")

    def test_names_the_line(self, twenty: bytes, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(twenty.replace(b'"file_id":3', b'"file_id":9'))
        with pytest.raises(LedgerError, match=r"ledger\.jsonl:6: this record is not as it was"):
            Ledger(path, FakeClock(), "x")

    def test_a_chain_of_another_version_is_refused(self, path: Path) -> None:
        path.parent.mkdir()
        for record in ({"kind": "run.began", "format": "reconciler/ledger/2"}, {"other": 1}):
            body = orjson.dumps({"seq": 1, "prev": "sha256:" + "0" * 64, **record})[:-1]
            digest = hashlib.sha256(body).hexdigest().encode()
            path.write_bytes(body + b',"hash":"sha256:' + digest + b'"}\n')
            with pytest.raises(LedgerError, match=r"ledger\.jsonl:1: written by another version"):
                Ledger(path, FakeClock(), "x")

    def test_goes_on_after_a_torn_line(self, twenty: bytes, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(twenty[:-5])
        run(path, (update(), DONE), name="run-3")
        assert [record["seq"] for record in read_records(path)] == list(range(1, 24))


class TestTheFile:
    def test_is_private_and_so_is_its_folder(self, path: Path) -> None:
        before = os.umask(0)
        try:
            run(path)
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_is_no_link(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir()
        path.symlink_to(tmp_path / "victim")
        with pytest.raises(LedgerError, match="opening the ledger"):
            Ledger(path, FakeClock(), "x")
        assert not (tmp_path / "victim").exists()

    def test_is_no_folder_no_pipe_and_no_device(self, path: Path, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "inside").touch()
        no_files = (
            tmp_path,
            tmp_path / "fifo",
            tmp_path.joinpath("/dev/full"),
            tmp_path / "inside" / "ledger.jsonl",
        )
        for odd in no_files:
            with pytest.raises(LedgerError, match="the ledger"):
                Ledger(odd, FakeClock(), "x")
            with pytest.raises(LedgerError, match="the ledger"):
                list(read_records(odd))

    def test_has_one_writer(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "one"):
            with pytest.raises(LockHeld, match="another apply writes to the ledger"):
                Ledger(path, FakeClock(), "two")
            assert list(read_records(path)) == [], "reading needs no lock"
        Ledger(path, FakeClock(), "two").__exit__(None, None, None)

    def test_that_is_not_there_has_no_records(self, path: Path) -> None:
        assert list(read_records(path)) == []
        assert last_applied(path, "radio") == {}

    def test_that_was_refused_is_let_go(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"rubbish\n")
        for _ in range(3):
            with pytest.raises(LedgerError):
                Ledger(path, FakeClock(), "x")

    def test_is_written_no_more_after_one_failure(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            os.close(ledger._file)
            with pytest.raises(LedgerError, match="Bad file descriptor; nothing more is sent"):
                ledger.began([update()])
            ledger._file = os.open(path, os.O_RDWR | os.O_APPEND)
            with pytest.raises(LedgerError, match="Bad file descriptor"):
                ledger.began([update()])
        assert len(list(read_records(path))) == 1


class TestOpenCreates:
    def test_are_those_that_began_and_did_not_end(self, path: Path) -> None:
        clock = FakeClock(1000.0)
        run(
            path,
            (create("open"), None),
            (create("done"), DONE),
            (update(9, "u"), None),
            clock=clock,
        )
        assert open_in(path) == {"open": 1000.0}

    @pytest.mark.parametrize(
        ("outcome", "is_open"),
        [(DONE, False), (Failed("422"), False), (Stale("x", None), False), (Unknown("x"), True)],
    )
    def test_are_those_of_which_nobody_knows(
        self, path: Path, outcome: Outcome, is_open: bool
    ) -> None:
        run(path, (create("a"), outcome))
        assert ("a" in open_in(path)) == is_open

    def test_count_from_what_was_said_last(self, path: Path) -> None:
        clock = FakeClock(1000.0)
        with Ledger(path, clock, "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([create("a")])
            clock.sleep(100)
            ledger.began([create("a")])
        assert open_in(path) == {"a": 1100.0}

    def test_end_in_a_later_run(self, path: Path) -> None:
        run(path, (create("a"), None))
        run(path, (create("a"), DONE), name="run-2")
        assert open_in(path) == {}

    def test_of_this_run_are_none_of_an_earlier_one(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([create("a")])
            assert ledger.open_creates() == {}

    def test_of_another_catalogue_are_none_of_ours(self, path: Path) -> None:
        run(path, (create("a"), None))
        run(path, (create("a"), DONE), name="run-2", catalog="other")
        assert open_in(path) == {"a": FakeClock().now()}
        assert open_in(path, "other") == {}


class TestLastApplied:
    def last(self, path: Path, *ends: tuple[Change, Outcome | None]) -> dict[str, LastApplied]:
        run(path, *ends)
        return {str(key): item for key, item in last_applied(path, "radio").items()}

    def test_of_each_kind(self, path: Path) -> None:
        assert self.last(
            path, (create("c"), DONE), (update(8, "u"), DONE), (move(9, "m"), DONE),
            (delete(10, "d"), DONE),
        ) == {
            "c": LastApplied(T1, "spots", deleted=False),
            "u": LastApplied(T2, "spots", deleted=False),
            "m": LastApplied(T1, "archive", deleted=False),
            "d": LastApplied(T1, "spots", deleted=True),
        }  # fmt: skip

    def test_what_came_last_counts(self, path: Path) -> None:
        assert self.last(path, (create(), DONE), (update(), DONE), (update(), Unknown("x"))) == {
            "a": LastApplied(T2, "spots", deleted=False)
        }

    @pytest.mark.parametrize(
        "outcome", [None, Failed("422"), Stale("x", None), Unknown("x")], ids=str
    )
    def test_what_was_not_applied_does_not(self, path: Path, outcome: Outcome | None) -> None:
        assert self.last(path, (update(), outcome)) == {}

    @pytest.mark.parametrize(
        "fields", [{"after_change": ChangeId("create:a")}, {"keeps": FileId(8)}]
    )
    def test_the_old_file_of_a_replacement_leaves_the_key_alive(
        self, path: Path, fields: dict[str, Any]
    ) -> None:
        assert self.last(path, (create(), DONE), (delete(**fields), DONE)) == {
            "a": LastApplied(T1, "spots", deleted=False)
        }

    def test_a_file_without_a_key_is_nobodys(self, path: Path) -> None:
        assert self.last(path, (delete(key=None), DONE)) == {}

    def test_another_catalogues_runs_are_not_ours(self, path: Path) -> None:
        run(path, (update(), DONE), catalog="other")
        assert last_applied(path, "radio") == {}
        assert last_applied(path, "other") != {}

    def test_what_was_there_already_has_no_beginning_and_no_content(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), Applied(FileId(7), "acr7", already=True))])
        assert last_applied(path, "radio") == {}
