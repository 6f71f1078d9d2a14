"""What GitLab makes widgets of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from reconciler.core.model import Key, Place
from reconciler.core.plan import Note
from reconciler.render.gitlab import MOST, plan_codequality, plan_terraform
from tests.render import stories
from tests.render.test_plan_markdown import LIVE, plan_with
from tests.render.test_workflow import TEXTS

if TYPE_CHECKING:
    from reconciler.core.plan import Plan


def report(plan: Plan, catalog: str = "ads/catalog.yaml") -> list[dict[str, Any]]:
    """The report, as GitLab reads it: every part that it needs is there, and is what it takes."""
    entries = json.loads(b"".join(plan_codequality(plan, catalog)).decode("utf-8"))
    for entry in entries:
        assert set(entry) == {*("description", "check_name", "fingerprint", "severity", "location")}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert set(entry["location"]) == {"path", "lines"}
        assert not entry["location"]["path"].startswith(("./", "/"))
        assert entry["location"]["lines"] == {"begin": entry["location"]["lines"]["begin"]}
        assert entry["location"]["lines"]["begin"] >= 1
    fingerprints = [entry["fingerprint"] for entry in entries]
    assert len(set(fingerprints)) == len(fingerprints)
    assert isinstance(entries, list)
    return entries


def fingerprints(plan: Plan) -> list[str]:
    return [entry["fingerprint"] for entry in report(plan)]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (stories.small(), '{"create":2,"update":2,"delete":2}\n'),  # one of them a move
        (stories.empty(), '{"create":0,"update":0,"delete":0}\n'),
        (stories.thousand(), '{"create":0,"update":1001,"delete":3}\n'),
    ],
)
def test_terraforms_three_numbers(plan: Plan, expected: str) -> None:
    assert plan_terraform(plan).decode() == expected


def test_code_quality_has_what_is_wrong_and_what_can_be_lost() -> None:
    plan = replace(stories.refused(), notes=stories.noted().notes)
    plan = replace(plan, changes=(*plan.changes, *stories.small().changes))
    told = [
        (entry["check_name"], entry["severity"], entry["location"]["path"])
        for entry in report(plan)
    ]
    included, own = "ads/spots/spring.yaml", "ads/catalog.yaml"
    assert told == [
        ("reconciler/guardrail/delete", "blocker", own),
        ("reconciler/guardrail/twin", "blocker", included),
        ("reconciler/guardrail/protected", "blocker", own),
        ("reconciler/change/delete", "critical", own),
        ("reconciler/change/delete", "critical", own),
        ("reconciler/change/delete", "critical", own),
        ("reconciler/note/broken", "major", included),
        ("reconciler/note/opaque", "major", own),
        ("reconciler/change/update", "minor", included),
        ("reconciler/note/pending", "info", included),
    ]


def test_what_takes_nothing_away_is_not_in_it() -> None:
    assert report(stories.plan(stories.create("a", "A"), stories.move("b", "B"))) == []
    assert report(stories.empty()) == []


def test_a_replacement_is_one_entry() -> None:
    checks = [entry["check_name"] for entry in report(stories.replacement())]
    assert checks == [
        "reconciler/change/delete",
        "reconciler/change/replace",
        "reconciler/change/replace",
    ]


def test_a_fingerprint_stays_when_lines_move_and_words_change() -> None:
    plan = replace(stories.refused(), notes=stories.noted().notes)
    moved = replace(
        plan,
        changes=tuple(replace(change, reason="otherwise") for change in plan.changes),
        violations=tuple(
            replace(each, message="121 deletes", declared_at=_lower(each.declared_at))
            for each in plan.violations
        ),
        notes=tuple(
            replace(note, message="m", declared_at=_lower(note.declared_at)) for note in plan.notes
        ),
    )
    assert fingerprints(moved) == fingerprints(plan)


def _lower(place: Place | None) -> Place | None:
    return None if place is None else place._replace(line=place.line + 7, column=9)


def test_another_file_key_or_rule_makes_another_fingerprint() -> None:
    note = stories.noted().notes[0]
    notes: list[Note] = [
        note,
        replace(note, key=Key("another")),
        replace(note, fact="broken"),
        replace(note, declared_at=Place("else.yaml", 3, 3)),
    ]
    assert len({fingerprints(stories.plan(notes=[each]))[0] for each in notes}) == len(notes)


def test_two_violations_of_one_rule_have_two_fingerprints() -> None:
    violation = stories.refused().violations[0]
    assert len(set(fingerprints(stories.plan(violations=[violation] * 3)))) == 3


def test_of_very_many_the_most_severe_are_there() -> None:
    deletes = [stories.delete(f"d{n}", "D" * 500, n) for n in range(5_000)]
    plan = stories.plan(*deletes, violations=stories.refused().violations)
    entries = report(plan)
    assert len(entries) == MOST
    assert [entry["severity"] for entry in entries[:4]] == ["blocker"] * 3 + ["critical"]
    assert len(b"".join(plan_codequality(plan, "catalog.yaml"))) < 1024 * 1024


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(LIVE, TEXTS)
def test_whatever_a_text_holds_it_is_json_in_which_nothing_acts(live: str, file: str) -> None:
    plan = plan_with(live)
    notes = (replace(plan.notes[0], declared_at=Place(file, 3, 1)), *plan.notes[1:])
    plan = replace(plan, notes=notes)
    assert len(report(plan)) == len(report(plan_with("z")))
    data = b"".join(plan_codequality(plan, "ads/catalog.yaml")).decode("utf-8")
    assert "##[" not in data
    assert not any(line.lstrip().startswith("::") for line in data.splitlines())
    for entry in report(plan):
        assert "\n" not in entry["description"]
        assert "\x1b" not in entry["description"]
