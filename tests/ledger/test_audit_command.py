"""`reconciler audit verify`: what it says, what it ends with, and that it only reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import pytest

from reconciler.apply import Report
from reconciler.applying import Finished
from reconciler.cli.main import run as run_command
from reconciler.cli.output import Output
from reconciler.cli.telling import tell_unwritten
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, Workplace
from tests.ledger import tampering
from tests.ledger.made import twenty_records
from tests.ledger.tampering import forged, split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_TOKEN = {"ACRCLOUD_ACCESS_TOKEN": None, "RECONCILER_BASE_URL": None}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of twenty records, in the place that the command looks at by itself."""
    path = tmp_path / ".reconciler" / "ledger.jsonl"
    twenty_records(path)
    return path


@pytest.fixture
def anchor(path: Path) -> str:
    last = orjson.loads(split(path.read_bytes())[-1])
    return f"20:{last['hash']}"


class Said:
    """What the command said, run in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], path: Path, *more: str) -> None:
        before = path.read_bytes() if path.is_file() else None
        self.code = run_command(["audit", "verify", "--ledger", str(path), *more])
        self.out, self.err = capsys.readouterr()
        assert (path.read_bytes() if path.is_file() else None) == before


class TestOfALedgerThatIsWhole:
    def test_says_how_much_there_is_and_the_anchor_and_ends_with_0(
        self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str
    ) -> None:
        said = Said(capsys, path)
        assert said.code == 0
        assert said.out == (
            "20 record(s) of 2 run(s), from 2020-12-24T08:49:17.000+00:00 to "
            "2020-12-24T08:49:17.000+00:00, each as it was written after the one before\n"
            f"ledger: {path} at {anchor}\n"
        )
        assert "without --anchor" in said.err

    def test_says_that_the_anchor_is_on_it(
        self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str
    ) -> None:
        said = Said(capsys, path, "--anchor", anchor)
        assert said.code == 0
        assert "record 20 is the anchor's\n" in said.out
        assert said.err == ""

    def test_as_json(self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str) -> None:
        said = Said(capsys, path, "--format", "json")
        assert said.code == 0
        at = "2020-12-24T08:49:17.000+00:00"
        assert json.loads(said.out) == {
            "ledger": str(path), "records": 20, "runs": 2, "first": at, "last": at,
            "anchor": anchor, "findings": [],
        }  # fmt: skip


class TestOfALedgerThatIsNot:
    def test_names_every_finding_with_its_place_and_ends_with_1(
        self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str
    ) -> None:
        lines = split(path.read_bytes())
        lines[2], lines[3] = lines[3], lines[2]
        lines[6] = lines[6].replace(b"run-1", b"run-2")
        lines[12] = forged(lines[12], at="2021-01-01T00:00:00.000+00:00")
        path.write_bytes(b"".join([*lines[:9], *lines[10:18], lines[18][:50]]))
        said = Said(capsys, path, "--anchor", anchor)
        assert said.code == 1
        told = [line.removeprefix(f"{path}:") for line in said.out.splitlines()]
        assert [line.split(": ")[:2] for line in told] == [
            ["3", "out of order"],
            ["4", "out of order"],
            ["7", "changed"],
            ["10", "dropped"],
            ["13", "replaced"],
            ["18", "torn"],
            ["18", "cut"],
        ]  # fmt: skip
        assert said.err.startswith(
            "error: the ledger is not as it was written: keep it as evidence"
        )

    def test_as_json(self, capsys: pytest.CaptureFixture[str], path: Path) -> None:
        lines = split(path.read_bytes())
        path.write_bytes(b"".join([*lines[:4], *lines[6:]]))
        said = Said(capsys, path, "--format", "json")
        assert said.code == 1
        told = json.loads(said.out)
        assert told["findings"] == [
            {
                "kind": "dropped",
                "line": 5,
                "message": "2 records are missing before this one: numbers 5 to 6",
            }
        ]
        assert (told["records"], told["anchor"]) == (4, None)

    def test_a_torn_end_is_said_to_be_a_crash_or_a_cut(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        path.write_bytes(path.read_bytes()[:-9])
        said = Said(capsys, path)
        assert said.code == 1
        assert said.out == (
            f"{path}:20: torn: the last line has no end. So an apply leaves it that was killed or "
            "is writing just now, and so does a cut; the next apply cuts the line off\n"
        )
        assert said.err == (
            "error: the last line of the ledger is torn; the others are as they were written\n"
        )

    def test_an_end_that_was_cut_off_shows_with_the_anchor_only(
        self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str
    ) -> None:
        path.write_bytes(b"".join(split(path.read_bytes())[:-1]))
        assert Said(capsys, path).code == 0
        said = Said(capsys, path, "--anchor", anchor)
        assert said.code == 1
        assert said.out == (
            f"{path}:20: cut: the ledger ends with record 19, and the anchor is of record 20: its "
            "end was cut off\n"
        )

    def test_one_that_was_written_anew_shows_with_the_anchor_only(
        self, capsys: pytest.CaptureFixture[str], path: Path, anchor: str
    ) -> None:
        path.write_bytes(next(tampering.rewritten(split(path.read_bytes()))).data)
        assert Said(capsys, path).code == 0
        said = Said(capsys, path, "--anchor", anchor)
        assert said.code == 1
        assert said.out == (
            f"{path}:20: rewritten: record 20 has another hash than the anchor: it, or one before "
            "it, is not the one that was written\n"
        )

    def test_one_that_begins_as_none_does(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        path.write_bytes(forged(split(path.read_bytes())[0], prev="sha256:" + "1" * 64))
        said = Said(capsys, path)
        assert said.code == 1
        assert f"{path}:1: replaced: record 1 was not written as the first" in said.out

    def test_a_newer_version_is_not_called_tampering(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        """F77."""
        first, *rest = split(path.read_bytes())
        path.write_bytes(b"".join([forged(first, format="reconciler/ledger/2"), *rest]))
        said = Said(capsys, path)
        assert said.code == 1
        assert f"{path}:1: other version: it was written as 'reconciler/ledger/2'" in said.out
        assert said.err == "error: the ledger cannot be read to its end\n"

    def test_many_findings_are_not_all_told(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        path.write_bytes(path.read_bytes() + b"rubbish\n" * 60)
        said = Said(capsys, path)
        assert len(said.out.splitlines()) == 51
        assert said.out.endswith("... and 10 more; --format json has them all\n")
        assert len(json.loads(Said(capsys, path, "--format", "json").out)["findings"]) == 60

    def test_what_stands_in_it_acts_on_no_terminal(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        """T7."""
        first = split(path.read_bytes())[0]
        path.write_bytes(forged(first, format="\x1b[2J\u202e\n::error::"))
        out = Said(capsys, path).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert len(out.splitlines()) == 1
        path.write_bytes(forged(first, at="\x1b[2J\u202e\n::error::"))
        out = Said(capsys, path).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert len(out.splitlines()) == 2


class TestOfNoLedger:
    @pytest.mark.parametrize("data", [None, b""])
    @pytest.mark.parametrize("form", ["text", "json", "dotenv"])
    def test_where_there_must_be_one_it_ends_with_1(
        self, capsys: pytest.CaptureFixture[str], path: Path, data: bytes | None, form: str
    ) -> None:
        assert Said(capsys, path, "--require").code == 0
        path.unlink() if data is None else path.write_bytes(data)
        said = Said(capsys, path, "--require", "--format", form)
        assert said.code == 1
        assert f"{path}: there must be a ledger, and there is no record" in said.err

    @pytest.mark.parametrize(("data", "said"), [(None, "there is no ledger"), (b"", "is empty")])
    def test_says_so_and_with_an_anchor_it_is_a_finding(
        self,
        capsys: pytest.CaptureFixture[str],
        path: Path,
        anchor: str,
        data: bytes | None,
        said: str,
    ) -> None:
        path.unlink() if data is None else path.write_bytes(data)
        without = Said(capsys, path)
        assert without.code == 0
        assert without.err == "without --anchor, a cut or a rewritten end would not be seen\n"
        assert said in without.out
        known = Said(capsys, path, "--anchor", anchor)
        assert known.code == 1
        assert said in known.out
        assert f"{path}:1: cut: there is no record, and the anchor is of record 20" in known.out

    def test_of_another_kind_of_file(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        other = tmp_path / "catalog.yaml"
        other.write_text("version: 1\n")
        said = Said(capsys, other)
        assert said.code == 1
        assert f"{other}:1: not a ledger: no line of this file is a record" in said.out

    @pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link"])
    def test_of_what_is_no_file_waits_for_nobody(
        self, capsys: pytest.CaptureFixture[str], path: Path, tmp_path: Path, kind: str
    ) -> None:
        odd = tmp_path / "odd"
        match kind:
            case "fifo":
                os.mkfifo(odd)
            case "folder":
                odd.mkdir()
            case "device":
                odd = tmp_path.joinpath("/dev/zero")
            case _:
                odd.symlink_to(path)
        code = run_command(["audit", "verify", "--ledger", str(odd)])
        out, err = capsys.readouterr()
        assert (code, out) == (1, "")
        assert f"error: reading the ledger {odd}: it is" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "verify", "--anchor", "20"],
        ["audit", "verify", "--anchor", "20:sha256:xyz"],
        ["audit", "verify", "--anchor", "0:sha256:" + "0" * 64],
        ["audit", "verify", "--format", "yaml"],
        ["audit"],
        ["audit", "nothing"],
    ],
)
def test_a_command_that_makes_no_sense_is_64(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run_command(arguments) == 64
    assert "Usage: reconciler audit" in capsys.readouterr().err


def test_the_help_says_what_no_chain_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["audit", "verify", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Nobody can see in the ledger alone that records were cut off its end" in out
    assert "or that it was written anew" in out


class TestAsAProcess:
    def test_needs_no_token_and_no_valid_catalogue(self, tmp_path: Path, path: Path) -> None:
        work = Workplace(tmp_path, "")
        work.catalog("this: [is no catalogue")
        ended = work.run("audit", "verify", env=NO_TOKEN)
        assert ended.code == 0
        assert f"ledger: {path} at 20:sha256:" in ended.out

    def test_ends_with_1_where_something_is_found(self, tmp_path: Path, path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(b"One", b"Won"))
        ended = Workplace(tmp_path, "").run("audit", "verify", env=NO_TOKEN)
        assert ended.code == 1
        assert f"{path}:2: changed" in ended.out

    def test_ends_with_64_for_an_anchor_that_is_none(self, tmp_path: Path) -> None:
        ended = Workplace(tmp_path, "").run("audit", "verify", "--anchor", "x", env=NO_TOKEN)
        assert ended.code == 64
        assert "'x' is not SEQ:HASH as an apply prints it" in ended.err


@contextmanager
def two_spots(folder: Path) -> Iterator[Workplace]:
    """A folder with two spots to upload, and a sandbox to upload them to."""
    with running() as sandbox:
        sandbox.add_bucket("spots", id=8891)
        sandbox.add_bucket("archive", id=8892)
        work = Workplace(folder, sandbox.url)
        work.catalog(CATALOG)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/summer.wav", level=2)
        yield work


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workplace]:
    with two_spots(tmp_path / "work") as work:
        yield work


def whole_lines(work: Workplace) -> list[bytes]:
    data = (work.folder / ".reconciler" / "ledger.jsonl").read_bytes()
    return [line for line in split(data) if line.endswith(b"\n")]


class TestAfterAnApply:
    def test_the_anchor_that_it_printed_is_the_one_to_give(self, work: Workplace) -> None:
        applied = work.run("apply", "--yes")
        assert applied.code == 0, applied.err
        printed = applied.out.splitlines()[-1]
        ended = work.run("audit", "verify", "--anchor", printed.rpartition(" at ")[2], env=NO_TOKEN)
        assert ended.code == 0, ended.out
        assert ended.out.splitlines()[-1] == printed


class TestAfterAnApplyWithNothingToDo:
    def test_the_same_anchor_is_printed_again(self, work: Workplace) -> None:
        printed = work.run("apply", "--yes").out.splitlines()[-1]
        again = work.run("apply", "--yes")
        assert again.code == 0
        assert again.out.splitlines()[-1] == printed

    def test_a_torn_line_is_left_and_its_ledger_has_an_anchor(self, work: Workplace) -> None:
        printed = work.run("apply", "--yes").out.splitlines()[-1]
        path = work.folder / ".reconciler" / "ledger.jsonl"
        path.write_bytes(path.read_bytes() + b'{"seq":')
        assert work.run("apply", "--yes").out.splitlines()[-1] == printed

    def test_a_damaged_ledger_has_none_and_is_said(self, work: Workplace) -> None:
        work.run("apply", "--yes")
        path = work.folder / ".reconciler" / "ledger.jsonl"
        path.write_bytes(path.read_bytes().replace(b"Spring", b"Summer"))
        again = work.run("apply", "--yes")
        assert again.code == 0
        assert "ledger:" not in again.out
        assert "the ledger is not as it was written" in again.err

    def test_where_there_is_no_ledger_it_says_so(self, work: Workplace) -> None:
        work.run("apply", "--yes")
        again = work.run("apply", "--yes", "--ledger", "other.jsonl")
        assert "ledger:" not in again.out
        assert "ledger: other.jsonl: there is no record, and nothing was done" in again.err
        assert not (work.folder / "other.jsonl").exists()

    def test_where_it_cannot_be_read_the_apply_ends_as_it_would(self, work: Workplace) -> None:
        work.run("apply", "--yes")
        again = work.run("apply", "--yes", "--ledger", ".")
        assert again.code == 0
        assert "where the ledger ends is not known" in again.err


LITTLE_ROOM = """if True:
    import resource, sys
    from reconciler.__main__ import main
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), hard))
    sys.argv[1:] = ["apply", "--yes", "--concurrency", "1"]
    main()
"""


def test_what_is_done_on_a_full_disk_is_told_and_found_by_the_next_apply(
    tmp_path: Path, work: Workplace
) -> None:
    """F63: there is room for the run, and for what is about to be sent; not for its end."""
    with two_spots(tmp_path / "room") as measured:
        assert measured.run("apply", "--yes", "--concurrency", "1").code == 0
        lines = whole_lines(measured)
    room = len(lines[0]) + len(lines[1]) + len(lines[2]) // 2
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_ROOM, str(room)],
        cwd=work.folder,
        # Not measured: there is no room for what coverage writes.
        env={name: value for name, value in work.env.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    told, *records = done.stderr[done.stderr.index("error: ") :].splitlines()
    assert "2 record(s) could not be written to the ledger" in told
    assert "and are missing there. Keep these lines" in told
    ends = [json.loads(line) for line in records if line.startswith("{")]
    assert [(end["kind"], end.get("id"), end.get("outcome")) for end in ends] == [
        ("change.ended", "create:spring", "applied"),
        ("run.ended", None, None),
    ]
    assert (ends[0]["attempts"], ends[0]["status"]) == (1, 200)
    assert (ends[1]["converged"], ends[1]["error"]) == (False, "LedgerError")
    assert "File too large" in done.stderr
    kinds = [record["kind"] for record in map(json.loads, whole_lines(work))]
    assert kinds == ["run.began", "change.began"]
    assert work.run("audit", "verify", env=NO_TOKEN).code == 1
    again = work.run("apply", "--yes", "--settle", "0s")
    assert again.code == 0, again.err
    assert "1 applied" in again.out
    assert work.run("audit", "verify", env=NO_TOKEN).code == 0


def test_what_could_not_be_written_is_json_and_acts_on_no_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """T6, T7."""
    record = {"kind": "change.ended", "why": "\x1b[2J\x7f\n::error::##[group]\u202e\ud800\\ \u00e9"}
    finished = Finished(Report((), {}, (), None), None, False, None, (record, record))
    tell_unwritten(finished, tmp_path, Output(color=False))
    out, err = capsys.readouterr()
    assert out == ""
    told, *lines = err.splitlines()
    assert told.startswith("error: 2 record(s) could not be written")
    assert [json.loads(line) for line in lines] == [record, record]
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert not any("##[" in line for line in lines)


def test_where_all_was_written_nothing_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    finished = Finished(Report((), {}, (), None), None, True, None)
    tell_unwritten(finished, tmp_path, Output(color=False))
    assert capsys.readouterr() == ("", "")
