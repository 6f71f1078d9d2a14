"""The ledger: append-only, hash-chained, private, and one writer at a time."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.core.content import Content
from reconciler.core.model import FileId, Key
from reconciler.core.outcome import EarlierCreate, Failed, Outcome, Sent, Stale, Unknown
from reconciler.errors import LedgerError, LockHeld
from reconciler.ledger import Ledger, last_applied, read_records
from reconciler.ledger.chain import START, Anchor
from reconciler.ledger.verifying import verify
from tests.apply.fake_clock import FakeClock
from tests.apply.test_stopping import no_file_longer_than
from tests.ledger.made import DONE, T2, create, delete, move, run, update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.core.plan import ChangeId


ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.jsonl"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def earlier_in(path: Path, *names: str, origin: str = "") -> Mapping[Key, Sequence[EarlierCreate]]:
    with Ledger(path, FakeClock(), "looks") as ledger:
        ledger.run_began({"catalog": {"name": "looks"}, "origin": origin})
        return ledger.earlier_creates(names or ("radio",))


def open_in(path: Path, catalog: str = "radio") -> Mapping[Key, float]:
    """The last moment of each key's creates that may still come."""
    found = earlier_in(path, catalog)
    last = {key: [each.at for each in sent if not each.made] for key, sent in found.items()}
    return {key: max(times) for key, times in last.items() if times}


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

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({update().id: Sent(1, 200)}, {"attempts": 1, "status": 200}),
            ({update().id: Sent(3, None)}, {"attempts": 3, "status": None}),
            ({update(8).id: Sent(1, 200)}, {}),
            ({}, {}),
        ],
    )
    def test_of_an_end_says_how_it_was_sent_where_it_was(
        self, path: Path, sent: Mapping[ChangeId, Sent], said: dict[str, Any]
    ) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), DONE)], sent)
        record = list(read_records(path))[-1]
        told = {name: record[name] for name in ("attempts", "status") if name in record}
        assert told == said

    def test_stays_one_whatever_a_title_holds(self, path: Path) -> None:
        """T24."""
        title = (
            'x"}\n{"seq":3,"kind":"change.ended","outcome":"applied","hash":"sha256:0"}\r\n\u2028'
        )
        change = update(after=Content(title, {title: title}))
        run(path, (change, Failed(title)))
        records = list(read_records(path))
        assert len(records) == path.read_bytes().count(b"\n") == 4
        assert records[1]["after"] == {"title": title, "user_defined": {title: title}}
        assert records[2]["why"] == title
        assert verify(path.read_bytes()).findings == ()

    @pytest.mark.parametrize(
        "title",
        ["\x1b[2J\x9b1m\u202eback\u2028##[error] \x7f\u05d0\U0001f3b5", "##[error] \x7f \x1b[2J"],
        ids=["any text", "ASCII"],
    )
    def test_does_nothing_to_whoever_prints_it(self, path: Path, title: str) -> None:
        run(path, (update(after=Content(title, {title: title})), Failed(title)))
        data = path.read_bytes()
        assert all(0x20 <= byte < 0x7F for byte in data.replace(b"\n", b""))
        assert b"##[" not in data
        assert list(read_records(path))[1]["after"]["title"] == title
        assert verify(data).findings == ()

    def test_may_hold_what_looks_like_its_own_hash(self, path: Path) -> None:
        values: dict[str, Any] = {"a": 1, "hash": "sha256:" + "0" * 64}
        run(path, (update(after=Content("One", values)), DONE))
        assert list(read_records(path))[1]["after"]["user_defined"] == values
        assert verify(path.read_bytes()).findings == ()

    def test_of_an_older_version_that_has_all_characters_still_holds(self, path: Path) -> None:
        """Hashes are over the bytes as they stand."""
        path.parent.mkdir()
        said = {"kind": "run.ended", "at": "2020-12-24T08:49:17.000+00:00", "run": "run-1"}
        body = orjson.dumps({"seq": 1, "prev": START.hash, **said, "error": "\u202e\u05d0"})[:-1]
        digest = hashlib.sha256(body).hexdigest().encode()
        path.write_bytes(body + b',"hash":"sha256:' + digest + b'"}\n')
        run(path, name="run-2")
        assert verify(path.read_bytes()).findings == ()
        assert next(read_records(path))["error"] == "\u202e\u05d0"

    @pytest.mark.parametrize("text", ["\ud800", "reading \udcff/a.wav"])
    def test_is_written_also_where_text_is_no_text(self, path: Path, text: str) -> None:
        """Half a character, as names of files may hold: shown as `?`, and nothing is lost."""
        run(path, (update(), Failed(text)))
        records = list(read_records(path))
        assert [record["kind"] for record in records][2:] == ["change.ended", "run.ended"]
        assert records[2]["why"] == text.encode("utf-8", "replace").decode()
        assert verify(path.read_bytes()).findings == ()

    @pytest.mark.parametrize(
        "text",
        ["plain", "\u05d0", "\udcff", "\u05d0\udcff"],
        ids=["ASCII", "not ASCII", "half a character", "both"],
    )
    def test_begins_as_every_record_does_whatever_is_in_it(self, path: Path, text: str) -> None:
        run(path, (update(), Failed(text)))
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            assert line.startswith(b'{"seq":%d,"prev":"sha256:' % number)

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


class TestTheFile:
    def test_is_private_and_so_is_its_folder(self, path: Path) -> None:
        before = os.umask(0)
        try:
            run(path)
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_makes_every_folder_that_is_missing_private(self, tmp_path: Path) -> None:
        """T27."""
        before = os.umask(0)
        try:
            run(tmp_path / "a" / "b" / "c" / "ledger.jsonl")
        finally:
            os.umask(before)
        for folder in ("a", "a/b", "a/b/c"):
            assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700

    def test_leaves_a_folder_that_is_there_as_it_is(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        run(tmp_path / "ledger.jsonl")
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755

    def test_is_no_link(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir()
        path.symlink_to(tmp_path / "victim")
        with pytest.raises(LedgerError, match=r"opening the ledger .* it is a symbolic link"):
            Ledger(path, FakeClock(), "x")
        assert not (tmp_path / "victim").exists()

    def test_is_written_through_no_folder_that_is_a_link(self, path: Path, tmp_path: Path) -> None:
        """As a pull request may plant it in the place of `.reconciler`."""
        (tmp_path / "else").mkdir()
        path.parent.symlink_to(tmp_path / "else")
        with pytest.raises(LedgerError, match="its folder is a symbolic link"):
            run(path)
        assert list((tmp_path / "else").iterdir()) == []

    def test_is_no_other_name_of_a_file(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir()
        (tmp_path / "victim").touch(0o644)
        path.hardlink_to(tmp_path / "victim")
        with pytest.raises(LedgerError, match="it is a hard link"):
            run(path)
        assert (tmp_path / "victim").read_bytes() == b""

    def test_is_closed_to_others_where_it_was_open_to_them(self, path: Path) -> None:
        run(path)
        path.chmod(0o666)
        run(path, name="run-2")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_no_link_to_a_ledger_either(self, path: Path, tmp_path: Path) -> None:
        run(tmp_path / "victim")
        before = (tmp_path / "victim").read_bytes()
        path.parent.mkdir()
        path.symlink_to(tmp_path / "victim")
        with pytest.raises(LedgerError, match=r"opening the ledger .* it is a symbolic link"):
            run(path)
        with pytest.raises(LedgerError, match=r"reading the ledger .* it is a symbolic link"):
            list(read_records(path))
        assert (tmp_path / "victim").read_bytes() == before

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

    def test_that_cannot_be_reached_says_so_in_the_systems_words(
        self, path: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "folder").touch()
        with pytest.raises(LedgerError, match=r"^reading the ledger .*: Not a directory$"):
            list(read_records(path))

    def test_has_one_writer(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "one"):
            with pytest.raises(LockHeld, match="another apply writes to the ledger"):
                Ledger(path, FakeClock(), "two")
            assert list(read_records(path)) == [], "reading needs no lock"
        Ledger(path, FakeClock(), "two").__exit__(None, None, None)

    def test_of_two_processes_that_write_in_turns_is_one_chain(self, path: Path) -> None:
        code = f"""if True:
            from pathlib import Path
            from reconciler.clock import SystemClock
            from reconciler.errors import LockHeld
            from reconciler.ledger import Ledger
            done = 0
            while done < 30:
                try:
                    with Ledger(Path({str(path)!r}), SystemClock(), "a run") as ledger:
                        ledger.run_began({{"catalog": {{"name": "radio"}}}})
                        ledger.run_ended({{}})
                        done += 1
                except LockHeld:
                    SystemClock().sleep(0.001)
        """
        command = [sys.executable, "-c", code]
        both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
        assert [process.wait(60) for process in both] == [0, 0]
        assert verify(path.read_bytes()).records == 120

    def test_that_is_not_there_has_no_records(self, path: Path) -> None:
        assert list(read_records(path)) == []
        assert last_applied(path, ("radio",), "") == {}

    def test_that_was_refused_is_let_go(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"rubbish\n")
        for _ in range(3):
            with pytest.raises(LedgerError):
                Ledger(path, FakeClock(), "x")

    def test_is_written_no_more_after_one_failure(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            os.close(ledger._store._file)
            with pytest.raises(LedgerError, match="Bad file descriptor; nothing more is sent"):
                ledger.began([update()])
            ledger._file = os.open(path, os.O_RDWR | os.O_APPEND)
            with pytest.raises(LedgerError, match="Bad file descriptor"):
                ledger.began([update()])
        assert len(list(read_records(path))) == 1


class TestWhatCouldNotBeWritten:
    """F63: the disk is full once something was done."""

    def test_is_kept_where_it_was_done(self, path: Path, clock: FakeClock) -> None:
        with Ledger(path, clock, "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([update(7), update(8)])
            size = path.stat().st_size
            with no_file_longer_than(size + 100):
                clock.sleep(1)
                with pytest.raises(LedgerError, match="File too large"):
                    ledger.ended([(update(7), DONE)], {update(7).id: Sent(1, 200)})
                with pytest.raises(LedgerError):
                    ledger.ended([(update(8), Failed("422"))])
                with pytest.raises(LedgerError):
                    ledger.run_ended({"converged": False})
            at = {"at": "2020-12-24T08:49:18.000+00:00", "run": "run-1"}
            named = {"action": "update", "bucket": "spots", "key": "a"}
            assert list(ledger.unwritten) == [
                {**at, "kind": "change.ended", "id": "update:7", **named, "outcome": "applied",
                 "file_id": 7, "acr_id": "acr7", "already": False, "attempts": 1, "status": 200},
                {**at, "kind": "change.ended", "id": "update:8", **named, "outcome": "failed",
                 "why": "422", "file_id": None},
                {**at, "kind": "run.ended", "converged": False},
            ]  # fmt: skip
        assert [record["kind"] for record in read_records(path)][1:] == ["change.began"] * 2

    def test_is_not_kept_where_it_was_only_about_to_be_done(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            with no_file_longer_than(10), pytest.raises(LedgerError):
                ledger.run_began({"catalog": {"name": "radio"}})
            with pytest.raises(LedgerError):
                ledger.began([update()])
            assert list(ledger.unwritten) == []

    def test_is_nothing_where_all_was_written(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), DONE)])
            assert list(ledger.unwritten) == []


class TestTheEndOfARun:
    def last(self, path: Path) -> Mapping[str, Any]:
        return list(read_records(path))[-1]

    def run(self, path: Path, error: BaseException, *, ended: bool = False) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            if ended:
                ledger.run_ended({"converged": True})
            raise error

    def test_is_recorded_where_an_error_ends_it(self, path: Path) -> None:
        with pytest.raises(RuntimeError):
            self.run(path, RuntimeError("secret"))
        said = {name: self.last(path)[name] for name in ("kind", "converged", "error")}
        assert said == {"kind": "run.ended", "converged": False, "error": "RuntimeError"}
        assert b"secret" not in path.read_bytes()

    def test_is_recorded_once(self, path: Path) -> None:
        with pytest.raises(RuntimeError):
            self.run(path, RuntimeError(), ended=True)
        assert [record["kind"] for record in read_records(path)] == ["run.began", "run.ended"]

    def test_is_not_recorded_where_it_is_stopped_at_once(self, path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            self.run(path, KeyboardInterrupt())
        assert self.last(path)["kind"] == "run.began"

    def test_of_none_that_began_is_none(self, path: Path) -> None:
        with pytest.raises(RuntimeError), Ledger(path, FakeClock(), "run-1"):
            raise RuntimeError
        assert list(read_records(path)) == []

    def test_that_cannot_be_recorded_hides_no_error(self, path: Path) -> None:
        with no_file_longer_than(400), pytest.raises(RuntimeError):
            self.run(path, RuntimeError())
        assert [record["kind"] for record in read_records(path)] == ["run.began"]


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

    @pytest.mark.parametrize(("outcome", "made"), [(Unknown("x"), False), (DONE, True)], ids=str)
    def test_count_from_their_end_where_that_was_said(
        self, path: Path, outcome: Outcome, made: bool
    ) -> None:
        clock = FakeClock(1000.0)
        with Ledger(path, clock, "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([create("a")])
            clock.sleep(100)
            ledger.ended([(create("a"), outcome)])
        file_id = FileId(7) if made else None
        assert earlier_in(path) == {"a": [EarlierCreate(1100.0, 1, made=made, file_id=file_id)]}

    def test_on_another_host_are_none_of_ours(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}, "origin": "https://here"})
            ledger.began([create("a")])
        assert set(earlier_in(path, origin="https://here")) == {"a"}
        assert earlier_in(path, origin="https://elsewhere") == {}
        assert earlier_in(path) == {}

    def test_end_in_a_later_run(self, path: Path) -> None:
        run(path, (create("a"), None))
        run(path, (create("a"), DONE), name="run-2")
        assert open_in(path) == {}

    def test_of_this_run_are_none_of_an_earlier_one(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([create("a")])
            assert ledger.earlier_creates(["radio"]) == {}

    def test_of_another_catalogue_are_none_of_ours(self, path: Path) -> None:
        run(path, (create("a"), None))
        run(path, (create("a"), DONE), name="run-2", catalog="other")
        assert open_in(path) == {"a": FakeClock().now()}
        assert open_in(path, "other") == {}

    def test_under_a_name_that_the_catalogue_had_are_ours(self, path: Path) -> None:
        run(path, (create("a"), None), catalog="former")
        assert set(earlier_in(path, "radio", "former")) == {"a"}
        assert earlier_in(path, "radio", "former", origin="https://elsewhere") == {}

    def test_under_each_name_that_the_catalogue_had_are_ours_together(self, path: Path) -> None:
        run(path, (create("a"), None), catalog="former")
        run(path, (create("a"), None), name="run-2")
        assert len(earlier_in(path, "radio", "former")[Key("a")]) == 2

    def test_are_found_by_a_run_that_does_not_say_its_host_either(self, path: Path) -> None:
        run(path, (create("a"), None))
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            assert set(ledger.earlier_creates(["radio"])) == {"a"}

    def test_say_where_their_files_may_be(self, path: Path) -> None:
        """The catalogue may want the entry elsewhere by now."""
        run(path, (replace(create("a"), bucket="news", bucket_id=3), None))
        run(path, (create("a"), Unknown("x")), name="run-2")
        [news, spots] = earlier_in(path)[Key("a")]
        assert (news.bucket_id, news.made) == (3, False)
        assert (spots.bucket_id, spots.made) == (1, False)

    def test_stay_open_where_a_later_run_did_not_send_anything(self, path: Path) -> None:
        run(path, (create("a"), None))
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(create("a"), Failed("its source is not there"))])
        assert set(open_in(path)) == {"a"}

    def test_stay_open_where_a_later_run_was_refused(self, path: Path) -> None:
        run(path, (create("a"), None))
        run(path, (create("a"), Failed("422")), name="run-2")
        assert set(open_in(path)) == {"a"}

    def test_ended_unknown_by_a_run_that_sent_nothing_are_as_before(self, path: Path) -> None:
        run(path, (create("a"), None))
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(create("a"), Unknown("it may still come"))])
        assert set(open_in(path)) == {"a"}

    def test_that_made_a_file_say_so(self, path: Path) -> None:
        run(path, (create("a"), DONE))
        run(path, (create("b"), Failed("the service keeps something else", FileId(8))))
        assert [[each.made for each in sent] for sent in earlier_in(path).values()] == [
            [True],
            [True],
        ]


class TestEarlierDeletes:
    """F57: a file that is gone may still be read."""

    def in_ledger(self, path: Path, *names: str, origin: str = "") -> Mapping[FileId, float]:
        with Ledger(path, FakeClock(), "looks") as ledger:
            ledger.run_began({"catalog": {"name": "looks"}, "origin": origin})
            return ledger.earlier_deletes(names or ("radio",))

    @pytest.mark.parametrize(
        ("outcome", "may_be_gone"),
        [
            (None, True),
            (DONE, True),
            (Unknown("x"), True),
            (Failed("422"), False),
            (Stale("x", None), False),
        ],
        ids=str,
    )
    def test_are_those_whose_files_may_be_gone(
        self, path: Path, outcome: Outcome | None, may_be_gone: bool
    ) -> None:
        run(path, (create("a"), DONE), (delete(7), outcome), clock=FakeClock(1000.0))
        assert self.in_ledger(path) == ({7: 1000.0} if may_be_gone else {})

    def test_count_from_what_was_said_last(self, path: Path) -> None:
        run(path, (delete(7), None), clock=FakeClock(1000.0))
        run(path, (delete(7), DONE), clock=FakeClock(1100.0), name="run-2")
        assert self.in_ledger(path) == {7: 1100.0}

    def test_of_which_nothing_was_sent_are_none(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(delete(7), Stale("it was changed", T2))])
        assert self.in_ledger(path) == {}

    def test_of_another_catalogue_or_host_are_none_of_ours(self, path: Path) -> None:
        run(path, (delete(7), DONE), catalog="other")
        assert self.in_ledger(path) == {}
        assert self.in_ledger(path, "other", origin="https://elsewhere") == {}
        assert set(self.in_ledger(path, "other")) == {7}

    @pytest.mark.parametrize(
        ("outcome", "may_be_gone"), [(None, True), (DONE, True), (Failed("422"), False)], ids=str
    )
    def test_are_moves_into_a_trash_as_well(
        self, path: Path, outcome: Outcome | None, may_be_gone: bool
    ) -> None:
        run(path, (replace(move(7), trash=True), outcome), clock=FakeClock(1000.0))
        assert self.in_ledger(path) == ({7: 1000.0} if may_be_gone else {})

    def test_what_came_back_is_there(self, path: Path) -> None:
        run(path, (replace(move(7), trash=True), DONE), (move(7), DONE))
        assert self.in_ledger(path) == {}

    def test_under_each_name_that_the_catalogue_had_are_ours(self, path: Path) -> None:
        run(path, (delete(7), DONE), catalog="former")
        run(path, (delete(8), DONE), name="run-2")
        assert set(self.in_ledger(path, "radio", "former", "never")) == {7, 8}


texts = st.text(
    st.sampled_from('\n\r"\\{},:\u2028\x00\ud800\udfff\x7f') | st.characters(), max_size=12
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(whys=st.lists(texts, min_size=1, max_size=4), about=values)
@example(whys=['","hash":"sha256:' + "0" * 64 + '"}\n'], about='{"seq":1}')
def test_verify_accepts_whatever_a_ledger_writes(
    tmp_path_factory: pytest.TempPathFactory, whys: list[str], about: Any
) -> None:
    path = tmp_path_factory.mktemp("written") / "ledger.jsonl"
    with Ledger(path, FakeClock(), "run-1") as ledger:
        ledger.run_began({"catalog": {"name": whys[0]}, "actor": about})
        for why in whys:
            ledger.began([create(why)])
            ledger.ended([(create(why), Failed(why))])
        known = Anchor.parse(ledger.anchor)
    verdict = verify(path.read_bytes(), known)
    assert verdict.findings == ()
    assert (verdict.records, verdict.head) == (1 + 2 * len(whys), known)
    assert len(list(read_records(path))) == verdict.records
