"""`reconciler audit log`: what it says of a ledger, in three forms, and that it only reads."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest

from reconciler.cli.main import run as run_command
from reconciler.core.content import Content
from reconciler.core.model import FileId
from reconciler.core.outcome import Applied, Failed
from reconciler.render.audit_log_csv import COLUMNS
from reconciler.shipped import schema
from tests.ledger.made import DONE, T1, create, delete, move, run, update
from tests.ledger.tampering import split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = "x\n::error::boo\u202e##[add-mask]\x1b[2J\\"
SCHEMA = orjson.loads(schema("audit-log.schema.json"))


class Said:
    """What a command said, run in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> None:
        before = path.read_bytes() if path.is_file() else None
        self.code = run_command([*arguments, "--ledger", str(path)])
        self.out, self.err = capsys.readouterr()
        assert (path.read_bytes() if path.is_file() else None) == before


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two runs: by a CI of a pull request, and by somebody at a desk."""
    path = tmp_path / "ledger.jsonl"
    run(path, (create(), DONE), (create("b"), Applied(FileId(8), "acr8")), actor="octocat",
        host="ci-7", commit="4e1f" * 10, pull_request="#12", plan="sha256:ab", dirty=False,
        ci_run="https://ci.example.com/17")  # fmt: skip
    run(path, (update(), DONE), (move(), Failed("422: no such bucket")), (delete(8, "b"), None),
        name="run-2", actor="ann", dirty=True, commit="5f2a" * 10)  # fmt: skip
    return path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], path: Path) -> Callable[..., Said]:
    return lambda *arguments: Said(capsys, path, "audit", "log", *arguments)


class TestAsText:
    def test_says_who_what_when_and_how_it_ended(self, say: Callable[..., Said]) -> None:
        said = say()
        assert (said.code, said.err) == (0, "")
        first, second, counted = said.out.split("\n\n")
        assert first.startswith("run run-1  2020-12-24T08:49:17.000+00:00  radio\n")
        for part in ("by octocat on ci-7", f"commit {'4e1f' * 10}\n", "request #12",
                     "https://ci.example.com/17", "plan sha256:ab"):  # fmt: skip
            assert part in first
        assert "  + create  a  file 7  applied" in first
        assert '    + title           "One"' in first
        assert "converged\n" in first
        assert "  ~ update  a  file 7  applied" in second
        assert '      title           "One" → "Two"' in second
        assert "(the catalogue was not as committed)" in second
        assert "  > move    a  file 7  failed  422: no such bucket" in second
        assert "bucket  spots → archive" in second
        assert "no end" in second
        assert counted == "5 changes of 2 runs\n"

    def test_says_what_a_run_took_back_and_which_trash_it_emptied(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        run(path, (update(), DONE), name="run-3", revert={"run": "run-2", "keys": []})
        run(path, (delete(), DONE), name="run-4", purge={"before": "2026-03-01T00:00:00Z"})
        out = Said(capsys, path, "audit", "log", "--run", "run-3", "--run", "run-4").out
        assert "a revert of run run-2\n" in out
        assert "a purge of what was in a trash before 2026-03-01T00:00:00Z\n" in out

    def test_of_a_key_tells_of_its_file_too(self, say: Callable[..., Said]) -> None:
        out = say("--key", "b").out
        assert out.count("\nrun ") == 1
        assert "create  b" in out
        assert "delete  b" in out
        assert "update" not in out

    def test_of_a_file_an_actor_and_a_time(self, say: Callable[..., Said]) -> None:
        assert "2 changes of 1 run\n" in say("--actor", "octocat").out
        assert "3 changes of 2 runs\n" in say("--file", "7").out
        assert "5 changes of 2 runs\n" in say("--since", "2020-12-24", "--until", "2020-12-24").out
        assert "nothing of what was asked for" in say("--since", "2020-12-25").out
        assert "nothing of what was asked for" in say("--until", "2020-12-24T08:00:00Z").out

    def test_values_are_cut_unless_all_is_asked_for(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        run(path, (update(after=Content("long " * 100, {})), DONE), name="run-3")
        assert "characters" in Said(capsys, path, "audit", "log").out
        assert "long " * 100 in Said(capsys, path, "audit", "log", "-v").out


class TestAsJson:
    def test_has_the_records_as_they_stand(self, say: Callable[..., Said], path: Path) -> None:
        told = json.loads(say("--format", "json").out)
        jsonschema.validate(told, SCHEMA)
        lines = list(map(json.loads, split(path.read_bytes())))
        assert told["records"] == lines
        assert told["anchor"] == f"{lines[-1]['seq']}:{lines[-1]['hash']}"

    def test_of_what_was_asked_for(self, say: Callable[..., Said]) -> None:
        told = json.loads(say("--format", "json", "--key", "b").out)
        assert [(each["run"], each["kind"], each.get("id")) for each in told["records"]] == [
            ("run-1", "run.began", None),
            ("run-1", "change.began", "create:b"),
            ("run-1", "change.ended", "create:b"),
            ("run-1", "run.ended", None),
            ("run-2", "run.began", None),
            ("run-2", "change.began", "delete:8"),
            ("run-2", "run.ended", None),
        ]  # fmt: skip

    def test_of_nothing_is_whole_too(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        said = Said(capsys, tmp_path / "none", "audit", "log", "--format", "json")
        told = json.loads(said.out)
        jsonschema.validate(told, SCHEMA)
        assert (told["anchor"], told["records"], said.code) == (None, [], 0)
        assert "there is no ledger" in said.err


class TestAsCsv:
    def rows(self, out: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(out)))

    def test_has_a_row_for_each_field(self, say: Callable[..., Said]) -> None:
        rows = self.rows(say("--format", "csv").out)
        assert tuple(rows[0]) == COLUMNS
        title = next(row for row in rows if row["action"] == "update" and row["field"] == "title")
        assert (title["before"], title["after"], title["actor"]) == ("One", "Two", "ann")
        assert (title["commit"], title["dirty"], title["outcome"]) == (
            "5f2a" * 10,
            "true",
            "applied",
        )
        (moved,) = [row for row in rows if row["action"] == "move"]
        assert (moved["field"], moved["before"], moved["after"]) == ("bucket", "spots", "archive")
        assert (moved["outcome"], moved["why"]) == ("failed", "422: no such bucket")

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d"])
    def test_no_cell_is_a_formula(
        self, capsys: pytest.CaptureFixture[str], path: Path, start: str
    ) -> None:
        formula = f"{start}cmd|' /C calc'!A0"
        run(path, (update(after=Content(formula, {"x": formula})), Failed(formula)),
            name=formula, actor=formula, host=formula)  # fmt: skip
        rows = list(
            csv.reader(Said(capsys, path, "audit", "log", "--format", "csv").out.splitlines())
        )
        cells = [cell for row in rows for cell in row]
        assert f"'{formula}" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\uff1d"))]

    def test_a_row_is_a_line(self, capsys: pytest.CaptureFixture[str], path: Path) -> None:
        run(path, (update(after=Content(HOSTILE, {})), DONE), name="run-3")
        out = Said(capsys, path, "audit", "log", "--format", "csv", "--run", "run-3").out
        assert len(out.splitlines()) == 3


class TestWhereThereIsNothing:
    def test_of_no_ledger_ends_with_0(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        said = Said(capsys, tmp_path / "none", "audit", "log")
        assert said.code == 0
        assert said.out.endswith("none: there is no ledger\n")

    def test_a_key_that_was_never_there_has_a_near_one(self, say: Callable[..., Said]) -> None:
        said = say("--key", "bb")
        assert said.code == 0
        assert said.out.endswith("no run has ever changed 'bb'; did you mean 'b'?\n")

    @pytest.mark.parametrize("named", ["b1b1b1b1b1b1", "b1b1b1", "last"])
    def test_a_run_is_named_as_revert_names_it(
        self, say: Callable[..., Said], path: Path, named: str
    ) -> None:
        run(path, (update(), DONE), name="a1a1a1a1a1a1")
        run(path, (update(), DONE), name="b1b1b1b1b1b1")
        said = say("--run", named)
        assert said.code == 0
        assert [line.split()[1] for line in said.out.splitlines() if line.startswith("run ")] == [
            "b1b1b1b1b1b1"
        ]

    def test_what_several_runs_begin_with_names_none_of_them(
        self, say: Callable[..., Said], path: Path
    ) -> None:
        run(path, (update(), DONE), name="b1b1b1b1b1b1")
        run(path, (update(), DONE), name="b1b1b1b1b1b2")
        said = say("--run", "b1b1b1b1b1b")
        assert said.code == 64
        assert "several runs begin with 'b1b1b1b1b1b': b1b1b1b1b1b1, b1b1b1b1b1b2" in said.err

    def test_a_run_that_is_not_there_is_64(self, say: Callable[..., Said]) -> None:
        said = say("--run", "run-7")
        assert said.code == 64
        assert "there is no run 'run-7'; did you mean 'run-2'?" in said.err

    @pytest.mark.parametrize("arguments", [["--since", "soon"], ["--file", "x"], ["--format", "x"]])
    def test_what_makes_no_sense_is_64(
        self, say: Callable[..., Said], arguments: list[str]
    ) -> None:
        assert say(*arguments).code == 64


class TestOfADamagedLedger:
    @pytest.mark.parametrize("form", ["text", "json", "csv"])
    def test_what_holds_is_shown_and_it_ends_with_1(
        self, say: Callable[..., Said], path: Path, form: str
    ) -> None:
        lines = split(path.read_bytes())
        lines[7] = lines[7].replace(b"Two", b"Owt")
        path.write_bytes(b"".join(lines))
        said = say("--format", form)
        assert said.code == 1
        assert "run-1" in said.out
        assert "Two" not in said.out
        assert f"{path}:8: this record is not as it was written" in said.err

    def test_a_torn_line_is_said(self, say: Callable[..., Said], path: Path) -> None:
        path.write_bytes(path.read_bytes() + b'{"seq":')
        said = say()
        assert said.code == 0
        assert "5 changes of 2 runs" in said.out
        assert "the last line is torn" in said.err


@pytest.mark.parametrize("form", ["text", "json", "csv"])
@pytest.mark.parametrize("command", [["audit", "log"], ["history", "a"]])
def test_what_stands_in_it_acts_on_no_terminal_and_no_runner(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str], form: str
) -> None:
    """T6, T7."""
    if command[0] == "history" and form == "csv":
        pytest.skip("it has no such form")
    path = tmp_path / "ledger.jsonl"
    hostile = Content(HOSTILE, {HOSTILE: HOSTILE})
    about: dict[str, Any] = dict.fromkeys(
        ("actor", "host", "commit", "ci_run", "pull_request", "plan", "origin"), HOSTILE
    )
    about |= {"revert": {"run": HOSTILE, "keys": [HOSTILE]}, "purge": {"before": HOSTILE}}
    run(path, (update(after=hostile), DONE), (create(), Failed(HOSTILE)), (create(), DONE),
        name=HOSTILE, catalog=HOSTILE, **about)  # fmt: skip
    run(path, (update(after=T1), Failed(HOSTILE)), name="run-2", **about)
    said = Said(capsys, path, *command, "--format", form)
    assert said.code == 0
    for text in (said.out, said.err):
        assert "##[" not in text
        assert all(char.isprintable() for char in text.replace("\n", ""))
        assert not [line for line in text.splitlines() if line.strip().startswith("::")]
