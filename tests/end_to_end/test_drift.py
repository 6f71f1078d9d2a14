"""`reconciler drift`: on which side, by which ledger, of how much, and what is accepted of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest

from reconciler.shipped import schema
from tests.end_to_end.conftest import CATALOG, Workplace
from tests.ledger.tampering import forged, split
from tests.render.test_dotenv import outputs
from tests.render.test_workflow import obeyed

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox

FORMS = ("text", "markdown", "html", "json", "github", "dotenv")
UNKNOWN = "Which side changed is not known"
ACCEPTED = """
    version: 1
    accepted:
      - key: spring
        field: title
        live: Edited by hand
        reason: the label renames it
        until: 2999-12-31
"""


@pytest.fixture
def edited(applied: Workplace, sandbox: Sandbox) -> Workplace:
    """Somebody changed the title of `spring`."""
    edit(sandbox, "spring", title="Edited by hand")
    return applied


def edit(sandbox: Sandbox, key: str, **fields: Any) -> None:
    (file,) = (f for f in sandbox.files(8891) if f["user_defined"]["catalog_key"].endswith(key))
    sandbox.edit(file["id"], **fields)


def ledger(work: Workplace) -> Path:
    return work.folder / ".reconciler" / "ledger.jsonl"


def found(work: Workplace, *arguments: str) -> Any:
    """The drift as JSON, which has its form."""
    told = work.run("drift", "--format", "json", *arguments).json
    jsonschema.validate(told, orjson.loads(schema("drift.schema.json")))
    return told


class TestTheForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_each_ends_with_2_and_the_edit_is_in_it(self, edited: Workplace, form: str) -> None:
        ended = edited.run("drift", "--format", form)
        assert (ended.code, ended.err) == (2, "")
        assert "changed live" in ended.out.lower().replace("_", " ")

    @pytest.mark.parametrize("form", FORMS)
    def test_each_ends_with_0_where_there_is_none(self, applied: Workplace, form: str) -> None:
        assert applied.run("drift", "--format", form).code == 0

    def test_json_counts_by_direction(self, edited: Workplace) -> None:
        told = found(edited)
        assert told["directions"]["changed live"] == 1
        assert sum(told["directions"].values()) == 1
        (item,) = told["items"]
        assert item["sides"] == {"live": ["title"], "desired": []}

    def test_outputs_of_a_job(self, edited: Workplace, sandbox: Sandbox) -> None:
        sandbox.add_file(8891, title="somebody's", state=1)
        lines = outputs(edited.run("drift", "--format", "dotenv").out)
        assert lines["drift"] == "true"
        assert (lines["items"], lines["changed_live"], lines["both_changed"]) == ("1", "1", "0")
        assert (lines["entries"], lines["in_sync"], lines["coverage"]) == ("2", "1", "66.6")
        assert (lines["files"], lines["owned"], lines["unmanaged_files"]) == ("3", "2", "1")
        assert (lines["ledger_known"], lines["partial"]) == ("true", "false")

    def test_annotations_stand_on_the_lines_of_the_catalogue(self, edited: Workplace) -> None:
        (command,) = obeyed(edited.run("drift", "--format", "github").out)
        assert (command.name, command.properties["file"]) == ("warning", "catalog.yaml")
        assert command.properties["title"].startswith("Changed live: spring file ")
        line = (edited.folder / "catalog.yaml").read_text().splitlines()
        assert line[int(command.properties["line"]) - 1].strip() == "spring:"
        assert command.data.endswith("since it was last applied. Differs: title.")

    def test_a_page_needs_nothing_but_itself(self, edited: Workplace) -> None:
        page = edited.run("drift", "--format", "html").out
        assert page.startswith("<!doctype html>")
        assert "&quot;Edited by hand&quot;" in page
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")

    def test_what_changed_on_both_sides_says_which_fields_on_which(self, edited: Workplace) -> None:
        edited.catalog(CATALOG.replace("artist: Acme, year: 1979", "artist: Acme Inc, year: 1979"))
        (item,) = found(edited)["items"]
        assert item["direction"] == "both changed"
        assert item["sides"] == {"live": ["title"], "desired": ["user_defined.artist"]}
        text = edited.run("drift").out
        assert "Changed on both sides  1" in text
        assert "title in the service, user_defined.artist in the catalogue" in " ".join(
            text.split()
        )
        assert "1 changed on both sides; 1 of 2 entries in sync" in text


class TestCoverage:
    def test_is_owned_of_all_and_never_100_where_one_is_missing(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        assert "coverage 100.0 %: 2 of 2 files owned" in applied.run("drift").out
        sandbox.add_file(8892, title="somebody's", state=1)
        assert "coverage 66.6 %: 2 of 3 files owned" in applied.run("drift").out
        assert found(applied)["coverage"] == 66.6

    def test_of_no_files_is_said(self, spots: Workplace) -> None:
        assert "coverage: no files" in spots.run("drift").out
        assert found(spots)["coverage"] is None


class TestAPart:
    def test_is_never_taken_for_all_of_it(self, edited: Workplace) -> None:
        told = found(edited, "--only", "sum*")
        assert (told["only"], told["items"]) == (["sum*"], [])
        for form in ("text", "markdown"):
            said = edited.run("drift", "--only", "sum*", "--format", form)
            assert said.code == 0
            assert "Only keys that match" in said.out
        assert (
            outputs(edited.run("drift", "--only", "sum*", "--format", "dotenv").out)["partial"]
            == "true"
        )


class TestTheLedger:
    @pytest.mark.parametrize("form", ["text", "markdown", "html", "github"])
    def test_without_one_it_is_said_once_what_cannot_be_known(
        self, edited: Workplace, form: str
    ) -> None:
        ended = edited.run("drift", "--ledger", "none.jsonl", "--format", form)
        assert ended.code == 2
        assert ended.out.count(UNKNOWN) == 1
        assert "there is no ledger" in ended.out.replace("\n", " ")
        assert "--ledger" in ended.out

    def test_without_one_programs_are_told(self, edited: Workplace) -> None:
        told = found(edited, "--ledger", "none.jsonl")
        assert told["ledger"] == {"known": False, "catalogs": [], "torn": False}
        assert [item["direction"] for item in told["items"]] == ["unknown"]
        ended = edited.run("drift", "--ledger", "none.jsonl", "--format", "dotenv")
        assert outputs(ended.out)["ledger_known"] == "false"

    def test_without_drift_nothing_need_be_known(self, applied: Workplace) -> None:
        assert UNKNOWN not in applied.run("drift", "--ledger", "none.jsonl").out

    def test_of_another_catalogue_it_names_that(self, edited: Workplace) -> None:
        edited.catalog(CATALOG.replace("catalog: radio-ads", "catalog: other-ads"), "other.yaml")
        lines = split(ledger(edited).read_bytes())
        ours = orjson.loads(lines[0])["catalog"]
        (edited.folder / "theirs.jsonl").write_bytes(
            forged(lines[0], catalog={**ours, "name": "tv-ads"})
        )
        ended = edited.run("drift", "--ledger", "theirs.jsonl")
        said = " ".join(ended.out.split())
        assert "the ledger has no run of this catalogue, and runs of tv-ads" in said
        assert found(edited, "--ledger", "theirs.jsonl")["ledger"]["catalogs"] == ["tv-ads"]

    @pytest.mark.parametrize("form", ["text", "markdown", "html", "github"])
    def test_with_a_torn_tail_the_drift_is_made_and_that_is_noted(
        self, edited: Workplace, form: str
    ) -> None:
        ledger(edited).write_bytes(ledger(edited).read_bytes()[:-20])
        ended = edited.run("drift", "--format", form)
        assert ended.code == 2
        assert "changed live" in ended.out.lower()
        assert "The last line of the ledger has no end" in ended.out.replace("\n", " ")
        assert found(edited)["ledger"]["torn"] is True

    def test_that_was_changed_in_its_middle_is_an_error(self, edited: Workplace) -> None:
        data = ledger(edited).read_bytes()
        ledger(edited).write_bytes(data.replace(b"Spring ad", b"Sprinq ad", 1))
        ended = edited.run("drift")
        assert (ended.code, ended.out) == (1, "")
        assert "this record is not as it was written" in ended.err
        assert "audit verify" in ended.err

    def test_of_a_newer_version_is_an_error(self, edited: Workplace) -> None:
        first, *rest = split(ledger(edited).read_bytes())
        newer = forged(first, format="reconciler/ledger/2")
        ledger(edited).write_bytes(b"".join([newer, *rest]))
        ended = edited.run("drift")
        assert (ended.code, ended.out) == (1, "")
        assert "it was written as 'reconciler/ledger/2'" in ended.err

    def test_that_does_not_say_how_a_change_ended_is_understood(self, applied: Workplace) -> None:
        """The run was killed after the change was sent, and nothing was found to do since."""
        kept = [
            line
            for line in split(ledger(applied).read_bytes())
            if orjson.loads(line)["kind"] in ("run.began", "change.began")
        ]
        data, prev = b"", "sha256:" + "0" * 64
        for seq, line in enumerate(kept, start=1):
            again = forged(line, seq=seq, prev=prev)
            data, prev = data + again, orjson.loads(again)["hash"]
        ledger(applied).write_bytes(data)
        assert applied.run("apply", "--yes").code == 0
        assert applied.run("drift").code == 0
        applied.catalog(CATALOG.replace("title: Spring ad", "title: Another"))
        (item,) = found(applied)["items"]
        assert item["direction"] == "not yet applied"
        assert item["sides"] == {"live": [], "desired": ["title"]}


class TestTheBaseline:
    def test_what_it_accepts_is_no_drift_and_is_shown(self, edited: Workplace) -> None:
        edited.catalog(ACCEPTED, "drift-baseline.yaml")
        ended = edited.run("drift")
        assert (ended.code, ended.err) == (0, "")
        assert "Accepted  1" in ended.out
        assert "changed live; accepted until 2999-12-31: the label renames it" in ended.out
        assert "No drift, 1 accepted; 1 of 2 entries in sync" in ended.out
        told = found(edited)
        assert (told["items"], told["in_sync"]) == ([], 1)
        (one,) = told["accepted"]
        assert one["item"]["fields"] == ["title"]
        assert one["by"] == {
            "key": "spring",
            "field": "title",
            "live": "Edited by hand",
            "reason": "the label renames it",
            "until": "2999-12-31",
            "declared_at": "drift-baseline.yaml:4:5",
        }

    @pytest.mark.parametrize("form", FORMS)
    def test_it_is_in_every_form(self, edited: Workplace, form: str) -> None:
        edited.catalog(ACCEPTED, "elsewhere/it.yaml")
        ended = edited.run("drift", "--baseline", "elsewhere/it.yaml", "--format", form)
        assert (ended.code, ended.err) == (0, "")
        assert "accepted" in ended.out

    def test_what_else_changed_is_drift(self, edited: Workplace, sandbox: Sandbox) -> None:
        edited.catalog(ACCEPTED, "drift-baseline.yaml")
        edited.catalog(CATALOG.replace("year: 1979", "year: 1980"))
        ended = edited.run("drift")
        assert ended.code == 2
        assert "Not yet applied  1" in ended.out
        assert "1 not yet applied, 1 accepted; 1 of 2 entries in sync" in ended.out

    def test_another_live_value_is_drift_and_the_entry_idle(
        self, edited: Workplace, sandbox: Sandbox
    ) -> None:
        edited.catalog(ACCEPTED, "drift-baseline.yaml")
        edit(sandbox, "spring", title="Edited once more")
        ended = edited.run("drift")
        assert ended.code == 2
        assert "drift-baseline.yaml:4:5: spring title: the drift that" in ended.err

    def test_what_expired_comes_back_and_is_named(self, edited: Workplace) -> None:
        edited.catalog(ACCEPTED.replace("2999", "2020"), "drift-baseline.yaml")
        ended = edited.run("drift")
        assert (ended.code, ended.err) == (2, "")
        assert "until 2020-12-31, by drift-baseline.yaml:4:5: the label" in " ".join(
            ended.out.split()
        )
        assert "1 changed live; 1 of 2" in ended.out
        (one,) = found(edited)["expired"]
        assert (one["key"], one["until"]) == ("spring", "2020-12-31")
        for form in ("markdown", "html", "github"):
            assert "was accepted until 2020-12-31" in edited.run("drift", "--format", form).out

    def test_what_nothing_is_like_is_warned_of(self, applied: Workplace) -> None:
        applied.catalog(ACCEPTED, "drift-baseline.yaml")
        ended = applied.run("drift", "--format", "dotenv")
        assert ended.code == 0
        assert "warning: drift-baseline.yaml:4:5: spring title: the drift that" in ended.err
        assert outputs(ended.out)["idle"] == "1"
        assert applied.run("drift", "--only", "sum*").err == ""

    def test_a_key_that_is_misspelt_has_its_near_match(self, edited: Workplace) -> None:
        edited.catalog(ACCEPTED.replace("key: spring", "key: sprnig"), "drift-baseline.yaml")
        ended = edited.run("drift")
        assert ended.code == 2
        assert ended.err.strip().endswith("take the entry out (did you mean spring?)")

    def test_of_many_that_are_idle_only_some_have_a_near_match(self, applied: Workplace) -> None:
        entry = "- {key: sprnig, reason: r, until: 2999-12-31}\n"
        applied.catalog(f"version: 1\naccepted:\n{entry * 9}", "drift-baseline.yaml")
        ended = applied.run("drift")
        assert ended.err.count("take the entry out") == 9
        assert ended.err.count("did you mean spring?") == 3

    def test_a_foreign_file_is_accepted_by_its_number(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        number = sandbox.add_file(8891, title="somebody's", state=1)["id"]
        text = f"version: 1\naccepted: [{{file: {number}, reason: a test, until: 2999-01-01}}]\n"
        applied.catalog(text, "drift-baseline.yaml")
        assert applied.run("drift", "--unmanaged").code == 0
        assert applied.run("drift").err == ""

    def test_all_that_is_wrong_with_it_is_said_and_nothing_is_compared(
        self, edited: Workplace
    ) -> None:
        wrong = ACCEPTED.replace("reason:", "raeson:").replace("2999-12-31", "soon")
        edited.catalog(wrong, "drift-baseline.yaml")
        ended = edited.run("drift")
        assert (ended.code, ended.out) == (1, "")
        assert (
            "drift-baseline.yaml:7:5: accepted[0].raeson: unknown property (did you mean reason?)"
            in ended.err
        )
        assert "drift-baseline.yaml:8:12: accepted[0].until: expected a day such as" in ended.err

    def test_one_that_was_named_must_be_there(self, applied: Workplace) -> None:
        ended = applied.run("drift", "--baseline", "none.yaml")
        assert ended.code == 1
        assert "none.yaml:1:1: the baseline cannot be read: there is no such file" in ended.err

    def test_plan_and_apply_know_nothing_of_it(self, edited: Workplace) -> None:
        edited.catalog(ACCEPTED, "drift-baseline.yaml")
        assert edited.run("plan", "--detailed-exitcode").code == 2
        assert "1 applied" in edited.run("apply", "--yes").out


class TestWritingTheBaseline:
    WRITE = ("drift", "--write-baseline", "--reason", "we know", "--until", "2999-12-31")

    def test_accepts_all_that_is_found_and_keeps_what_is_there(
        self, edited: Workplace, sandbox: Sandbox
    ) -> None:
        first = edited.run(*self.WRITE)
        assert first.code == 0
        assert "drift-baseline.yaml: 1 accepted until 2999-12-31" in first.err
        before = (edited.folder / "drift-baseline.yaml").read_bytes()
        assert b"live: Edited by hand\n" in before
        assert edited.run("drift").code == 0
        edit(sandbox, "summer", user_defined={"catalog_key": "radio-ads/summer", "isrc": "00123"})
        assert edited.run("drift").code == 2
        second = edited.run(*self.WRITE, "--out", "drift.json")
        told = orjson.loads((edited.folder / "drift.json").read_bytes())
        jsonschema.validate(told, orjson.loads(schema("drift.schema.json")))
        lines = [one["by"]["declared_at"].split(":")[1] for one in told["accepted"]]
        assert lines == ["3", "8", "13"]
        assert second.code == 0
        assert "warning" not in second.err
        assert (edited.folder / "drift-baseline.yaml").read_bytes().startswith(before)
        assert edited.run("drift").code == 0
        assert edited.run("drift").err == ""

    def test_without_drift_writes_nothing(self, applied: Workplace) -> None:
        ended = applied.run(*self.WRITE)
        assert ended.code == 0
        assert "0 accepted" in ended.err
        assert not (applied.folder / "drift-baseline.yaml").exists()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--write-baseline",), "takes a --reason"),
            (("--write-baseline", "--reason", "x"), "takes a --reason"),
            (("--write-baseline", "--reason", "x", "--until", "soon"), "such as 2026-12-31"),
            (("--write-baseline", "--reason", "x", "--until", "2020-01-01"), "that day is over"),
            (
                ("--write-baseline", "--reason", "x" * 1001, "--until", "2999-12-31"),
                "is 1,001 characters long",
            ),
            (("--reason", "x"), "go with --write-baseline"),
        ],
    )
    def test_what_makes_no_sense(
        self, applied: Workplace, arguments: tuple[str, ...], said: str
    ) -> None:
        ended = applied.run("drift", *arguments)
        assert ended.code == 64
        assert said in ended.err


def test_an_expired_entry_may_be_written_anew(edited: Workplace) -> None:
    edited.catalog(ACCEPTED.replace("2999", "2020"), "drift-baseline.yaml")
    assert edited.run(*TestWritingTheBaseline.WRITE).code == 0
    assert edited.run("drift").code == 0
    shutil.rmtree(edited.folder / ".reconciler")
    assert edited.run("drift").code == 0
