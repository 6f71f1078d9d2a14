"""`reconciler history`: who set what of one entry, offline and against what is live."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import orjson
import pytest

from reconciler.core.content import Content
from reconciler.core.life import What
from reconciler.core.log import Ending
from reconciler.core.outcome import Failed
from reconciler.sandbox.server import running
from reconciler.shipped import schema
from tests.end_to_end.conftest import CATALOG, Workplace
from tests.ledger.made import DONE, create, delete, run, update
from tests.ledger.test_audit_log_command import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox

SCHEMA = orjson.loads(schema("history.schema.json"))
NO_TOKEN = {"ACRCLOUD_ACCESS_TOKEN": None, "RECONCILER_BASE_URL": None}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    run(path, (create(), DONE), actor="octocat", commit="4e1f", pull_request="#12")
    run(path, (update(), Failed("422")), name="run-2", actor="ann")
    run(path, (update(), DONE), name="run-3", actor="bob", commit="5f2a", ci_run="https://ci/17")
    return path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], path: Path) -> Callable[..., Said]:
    return lambda *arguments: Said(capsys, path, "history", *arguments)


def test_each_field_says_who_set_it_and_then_all_that_happened(say: Callable[..., Said]) -> None:
    said = say("a")
    assert (said.code, said.err) == (0, "")
    fields, _, events = said.out.partition("\n\n")
    assert fields.startswith("a  in catalogue radio\n")
    at = "2020-12-24T08:49:17.000+00:00"
    assert (
        f'  title  "Two"\n      updated {at} in run run-3 by bob, commit 5f2a, https://ci/17\n'
    ) in fields
    assert (
        f'  bucket  "spots"\n      created {at} in run run-1 by octocat, commit 4e1f, request #12\n'
    ) in fields
    assert [line[len(at) + 2 :] for line in events.splitlines() if line.startswith(at)] == [
        "created", "update: attempted, and failed: 422", "updated",
    ]  # fmt: skip
    assert '      title  "One" → "Two"\n' in events
    assert "because: drifted" in events


def test_what_a_revert_set_says_so(say: Callable[..., Said], path: Path) -> None:
    run(
        path,
        (update(after=Content("Three", {})), DONE),
        name="run-4",
        revert={"run": "run-3", "keys": []},
        actor="ann",
    )
    out = say("a").out
    assert "in run run-4 by ann, a revert of run run-3\n" in out


def test_as_json_by_its_schema(say: Callable[..., Said], path: Path) -> None:
    third = Content("Three", {"x": [3]})
    run(path, (update(after=third), DONE), (delete(), None), name="run-4")
    told = json.loads(say("a", "--format", "json").out)
    jsonschema.validate(told, SCHEMA)
    (life,) = told["lives"]
    title = next(each for each in life["fields"] if each["name"] == "title")
    assert (title["value"], title["what"], title["by"]["run"]) == ("Three", "updated", "run-4")
    assert [each["what"] for each in life["events"]] == [
        "created", "attempted", "updated", "changed outside", "updated", "attempted",
    ]  # fmt: skip
    assert life["events"][-1]["change"]["outcome"] == "no end"


def test_whatever_can_happen_is_in_the_schema() -> None:
    assert SCHEMA["$defs"]["what"]["enum"] == list(What)
    assert SCHEMA["$defs"]["change"]["properties"]["outcome"]["enum"] == list(Ending)


def test_of_a_file_whatever_its_key(say: Callable[..., Said], path: Path) -> None:
    run(path, (update(key="new"), DONE), name="run-4")
    assert 'key  "a" → "new"' in say("--file", "7").out
    assert 'key  "a" → "new"' in say("new").out
    assert 'key  "a" → "new"' in say("a").out
    assert say("new", "--file", "8").code == 1


def test_a_key_that_was_never_there_is_1_with_a_near_one(
    say: Callable[..., Said], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = say("aa")
    assert (said.code, said.out) == (1, "")
    assert "no run has ever changed 'aa'; did you mean 'a'?" in said.err
    assert "file 99" in say("--file", "99").err
    none = Said(capsys, tmp_path / "none", "history", "a")
    assert none.code == 1
    assert "there is no ledger" in none.err


def test_without_a_key_and_a_file_it_is_64(say: Callable[..., Said]) -> None:
    assert say().code == 64


def test_of_a_damaged_ledger_what_holds_is_told_and_it_ends_with_1(
    say: Callable[..., Said], path: Path
) -> None:
    path.write_bytes(path.read_bytes().replace(b'"bob"', b'"ann"'))
    said = say("a")
    assert said.code == 1
    assert '"One"' in said.out
    assert "this record is not as it was written" in said.err


def test_two_catalogues_on_one_ledger_are_told_apart(say: Callable[..., Said], path: Path) -> None:
    run(path, (create(), None), name="run-4", catalog="jingles")
    out = say("a").out
    assert "a  in catalogue radio\n" in out
    assert "a  in catalogue jingles\n" in out
    assert "there is no file of it" in out


class TestWithASandbox:
    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with running() as served:
            served.add_bucket("spots", id=8891)
            served.add_bucket("archive", id=8892)
            yield served

    @pytest.fixture
    def work(self, sandbox: Sandbox, tmp_path: Path) -> Workplace:
        work = Workplace(tmp_path / "work", sandbox.url)
        work.catalog(CATALOG)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/summer.wav", level=2)
        assert work.run("apply", "--yes").code == 0
        return work

    def test_offline_needs_neither_token_nor_catalogue(self, work: Workplace) -> None:
        (work.folder / "catalog.yaml").unlink()
        ended = work.run("history", "spring", env=NO_TOKEN)
        assert ended.code == 0, ended.err
        assert "created" in ended.out

    def test_live_says_what_was_edited_since(self, work: Workplace, sandbox: Sandbox) -> None:
        before = work.run("history", "spring", "--live")
        assert before.code == 0, before.err
        assert "outside of reconciler" not in before.out
        spring = next(file for file in sandbox.files(8891) if "pring" in file["title"])
        sandbox.edit(spring["id"], title="Typed in the console")
        after = work.run("history", "spring", "--live")
        assert "changed outside of reconciler between" in after.out
        assert '→ "Typed in the console"' in after.out
        assert '"Typed in the console"' not in work.run("history", "spring").out

    def test_an_edit_that_an_apply_takes_back_stays_in_the_history(
        self, work: Workplace, sandbox: Sandbox
    ) -> None:
        spring = next(file for file in sandbox.files(8891) if "pring" in file["title"])
        sandbox.edit(spring["id"], title="Typed in the console")
        assert work.run("apply", "--yes").code == 0
        out = work.run("history", "spring", env=NO_TOKEN).out
        assert '→ "Typed in the console"' in out
        assert '"Typed in the console" →' in out
        (life,) = json.loads(work.run("history", "spring", "--format", "json").out)["lives"]
        assert [each["what"] for each in life["events"]] == [
            "created", "changed outside", "updated",
        ]  # fmt: skip
