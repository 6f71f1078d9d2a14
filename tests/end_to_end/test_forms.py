"""The forms in which a plan reaches a pull request, made by the commands themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import CATALOG, Workplace
from tests.render.test_dotenv import NAMES, outputs
from tests.render.test_workflow import obeyed

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

NO_TOKEN = {"ACRCLOUD_ACCESS_TOKEN": None}
FORMS = ("github", "dotenv", "terraform", "codequality", "markdown")


@pytest.mark.parametrize("form", FORMS)
def test_a_plan_and_a_saved_one_have_the_same_form(spots: Workplace, form: str) -> None:
    planned = spots.run("plan", "--out", "plan.json", "--format", form)
    shown = spots.run("show", "plan.json", "--format", form, env=NO_TOKEN)
    assert planned.code == shown.code == 0
    assert planned.out == shown.out != ""


def test_what_each_form_says_of_two_creates(spots: Workplace) -> None:
    digest = spots.run("plan", "--format", "json", "--out", "plan.json").json["digest"]
    lines = outputs(spots.run("show", "plan.json", "--format", "dotenv").out)
    assert list(lines) == NAMES
    assert lines["digest"] == digest
    assert (lines["create"], lines["risk"]) == ("2", "low")
    terraform = spots.run("show", "plan.json", "--format", "terraform")
    assert terraform.json == {"create": 2, "update": 0, "delete": 0}
    assert spots.run("show", "plan.json", "--format", "codequality").json == []


def test_annotations_stand_on_the_lines_of_the_catalogue(spots: Workplace) -> None:
    """Wherever in the repository the catalogue is, and whoever shows the plan."""
    assert spots.run("plan", "--out", "plan.json").code == 0
    shown = spots.run("show", "plan.json", "--format", "github", "--catalog", "ads/catalog.yaml")
    lines = (spots.folder / "catalog.yaml").read_text("utf-8").splitlines()
    for command, key in zip(obeyed(shown.out), ("spring", "summer"), strict=True):
        assert (command.name, command.properties["file"]) == ("notice", "ads/catalog.yaml")
        assert command.properties["title"] == f"Create {key}"
        assert lines[int(command.properties["line"]) - 1].strip() == f"{key}:"
    from_above = spots.run(
        "plan", "--format", "github", env={"GITHUB_WORKSPACE": str(spots.folder.parent)}
    )
    (first, _) = obeyed(from_above.out)
    assert first.properties["file"] == f"{spots.folder.name}/catalog.yaml"


def test_what_is_refused_is_an_error_on_its_line(applied: Workplace) -> None:
    gone = CATALOG.split("      summer:")[0].replace("prune: none", "prune: owned")
    applied.catalog(gone + "    limits: {max_deletes: 0}\n")
    planned = applied.run("plan", "--format", "github", "--out", "plan.json")
    assert planned.code == 6
    assert [command.name for command in obeyed(planned.out)] == ["error", "warning"]
    report = applied.run("show", "plan.json", "--format", "codequality").json
    assert [(one["severity"], one["location"]["path"]) for one in report] == [
        ("blocker", "catalog.yaml"),
        ("critical", "catalog.yaml"),
    ]
    risk = outputs(applied.run("show", "plan.json", "--format", "dotenv").out)
    assert (risk["risk"], risk["violations"], risk["delete"]) == ("high", "1", "1")


def test_a_hostile_title_is_no_command(spots: Workplace, sandbox: Sandbox) -> None:
    spots.catalog(CATALOG.replace("prune: none", "prune: all"))
    sandbox.add_file(8892, title="x\n::error::boo\r##[add-mask]\u2028/close", user_defined={})
    planned = spots.run("plan", "--format", "github", "--out", "plan.json")
    assert [command.name for command in obeyed(planned.out)] == ["warning", "notice", "notice"]
    assert planned.err == ""


class TestPrevious:
    def test_what_changed_since_is_said(self, spots: Workplace) -> None:
        assert spots.run("plan", "--out", "before.json").code == 0
        same = spots.run("plan", "--format", "markdown", "--previous", "before.json")
        assert "#### Since the previous plan: nothing\n" in same.out
        spots.catalog(CATALOG.replace("Summer ad", "Summer ad, late"))
        assert spots.run("plan", "--out", "after.json").code == 0
        shown = spots.run("show", "after.json", "--format", "markdown", "--previous", "before.json")
        assert "1 different, the rest as before\n\n- different: create `summer`" in shown.out

    @pytest.mark.parametrize("command", [("plan",), ("show", "plan.json")])
    def test_it_goes_with_markdown_only(self, spots: Workplace, command: tuple[str, ...]) -> None:
        assert spots.run("plan", "--out", "plan.json").code == 0
        ended = spots.run(*command, "--previous", "plan.json")
        assert ended.code == 64
        assert "--previous goes with --format markdown" in ended.err

    def test_one_that_is_no_plan_is_said_before_the_service_is_asked(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        (spots.folder / "before.json").write_text("{}")
        ended = spots.run("plan", "--format", "markdown", "--previous", "before.json")
        assert ended.code == 1
        assert "reading the plan before.json" in ended.err
        assert list(sandbox.requests) == []


class TestValidate:
    def test_problems_are_errors_on_their_lines_and_text_on_standard_error(
        self, work: Workplace
    ) -> None:
        path = work.catalog(CATALOG.replace("title: Spring ad", "titel: Spring ad"))
        plain = work.run("validate")
        ended = work.run("validate", "--format", "github")
        assert (ended.code, ended.err) == (plain.code, plain.err)
        assert plain.code == 1
        found = obeyed(ended.out)
        assert {command.name for command in found} == {"error"}
        misspelt = next(command for command in found if "titel" in command.data)
        line = path.read_text("utf-8").splitlines()[int(misspelt.properties["line"]) - 1]
        assert "titel" in line
        assert misspelt.properties["file"] == "catalog.yaml"
        assert not misspelt.data.startswith("catalog.yaml:")

    def test_warnings_are_warnings(self, spots: Workplace) -> None:
        (spots.folder / "audio" / "spring.wav").unlink()
        plain = spots.run("validate")
        ended = spots.run("validate", "--format", "github")
        assert ended.code == 0
        assert ended.err == plain.err + plain.out
        (warning,) = obeyed(ended.out)
        assert warning.name == "warning"
        assert "not verified: the file is not there" in warning.data

    def test_a_catalogue_that_is_right_has_nothing_to_annotate(self, spots: Workplace) -> None:
        ended = spots.run("validate", "--format", "github")
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == spots.run("validate").out

    def test_of_very_many_problems_all_are_counted(self, work: Workplace) -> None:
        entries = "".join(f"      k{n}: {{titel: x}}\n" for n in range(400))
        work.catalog(CATALOG.split("      spring:")[0] + entries)
        ended = work.run("validate", "--format", "github")
        count = int(ended.err.strip().split("\n")[-1].split()[0].replace(",", ""))
        found = obeyed(ended.out)
        assert len(found) == 10
        assert found[-1].data.startswith(f"and {count - 9:,} more")


def test_drift_in_markdown(applied: Workplace, sandbox: Sandbox) -> None:
    edited = sandbox.files(8891)[0]
    sandbox.edit(edited["id"], title="Edited | by `hand`")
    ended = applied.run("drift", "--format", "markdown")
    assert ended.code == 2
    assert ended.out.startswith("**Drift: 1 changed live**\n\n1 of 2 entries in sync")
    assert '- title  "Edited | by `hand`"\n' in ended.out
    assert json.loads(applied.run("drift", "--format", "json").out)["items"]
