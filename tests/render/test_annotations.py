"""What is said on the catalogue's own lines: the most severe first, and at most ten (T6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from reconciler.core.model import Key, Place
from reconciler.core.plan import Note, Rule, Violation
from reconciler.render.annotations import annotations, plan_annotations
from reconciler.render.remarks import Remark, place_in_repository
from tests.render import stories
from tests.render.stories import content
from tests.render.test_plan_markdown import LIVE, plan_with
from tests.render.test_workflow import TEXTS, Command, obeyed

many = settings(max_examples=300, deadline=None, database=None, derandomize=True)


def of(level: str, log: str) -> list[Command]:
    return [command for command in obeyed(log) if command.name == level]


def test_a_plan_on_the_lines_of_its_catalogue() -> None:
    log = plan_annotations(stories.small(), "ads/catalog.yaml")
    assert [(c.name, c.properties["title"], c.properties["file"]) for c in obeyed(log)] == [
        ("warning", "Delete winter-ad-07 file 1310", "ads/catalog.yaml"),
        ("warning", "Delete file 1399", "ads/catalog.yaml"),
        ("notice", "Update autumn-ad-02 file 1204", "ads/spots/spring.yaml"),
        ("notice", "Move old-jingle file 1288", "ads/spots/spring.yaml"),
        ("notice", "Create spring-ad-01", "ads/spots/spring.yaml"),
        ("notice", "Create spring-ad-02", "ads/spots/spring.yaml"),
    ]
    assert [(c.properties["line"], c.data) for c in obeyed(log)][:3] == [
        (
            "1",
            f'"Winter ad" in spots is deleted for good, and its acr_id {stories.ACR} with it '
            "(no entry has its key).",
        ),
        (
            "1",
            f'"somebody\'s test upload" in spots is deleted for good, and its acr_id '
            f"{stories.ACR} with it (its bucket is pruned).",
        ),
        (
            "12",
            '"Autumn sale" in spots changes: title, user_defined.artist, user_defined.label, '
            "user_defined.old (it differs from the catalogue).",
        ),
    ]


def test_violations_are_errors_and_notes_that_matter_are_warnings() -> None:
    log = plan_annotations(replace(stories.refused(), notes=stories.noted().notes), "catalog.yaml")
    assert [(c.name, c.properties["title"]) for c in obeyed(log)] == [
        ("error", "Refused by a guardrail: delete"),
        ("error", "Refused by a guardrail: twin"),
        ("error", "Refused by a guardrail: protected"),
        ("warning", "Delete winter-ad-07 file 1310"),
        ("warning", "Not done: broken"),
        ("warning", "Not done: opaque"),
        ("notice", "Not done: pending"),
    ]
    assert obeyed(log)[1].properties["line"] == "3"
    assert obeyed(log)[1].data.startswith("spring-ad-01: it would be created beside")


def test_a_replacement_is_one_warning_and_says_what_is_lost() -> None:
    log = plan_annotations(stories.replacement(), "catalog.yaml")
    assert [c.properties["title"] for c in obeyed(log)] == [
        "Delete summer-ad file 1203",
        "Replace spring-ad-01",
        "Replace spring-ad-02",
    ]
    assert "takes the place of file 1201: the acr_id changes" in obeyed(log)[1].data


def test_of_many_deletes_and_few_replacements_both_are_seen() -> None:
    titles = [
        c.properties.get("title")
        for c in obeyed(plan_annotations(stories.dangerous(), "catalog.yaml"))
        if c.name == "warning"
    ]
    assert titles[0] == "Delete summer-ad file 1203"
    assert titles[-4:] == [
        *("Replace spring-ad-01", "Replace spring-ad-02", "Update anthem file 1204", None)
    ]


def test_protection_that_is_taken_away_is_a_warning() -> None:
    before = content("A", "a", catalog_protect="true")
    change = stories.update("a", before, content("A", "a"), "user_defined.catalog_protect")
    (only,) = obeyed(plan_annotations(stories.plan(change), "catalog.yaml"))
    assert only.name == "warning"
    assert only.data.endswith("It is no longer protected.")


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 12, 100_000])
def test_of_more_than_ten_the_tenth_says_how_many_more(count: int) -> None:
    plan = stories.plan(
        notes=[Note("broken", "m", Key(f"k{n}"), "spots", None) for n in range(count)],
        violations=[Violation(Rule.TWIN, "m", Key(f"k{n}")) for n in range(count)],
    )
    log = plan_annotations(plan, "catalog.yaml")
    for level in ("error", "warning"):
        found = of(level, log)
        assert len(found) == min(count, 10)
        told = [c for c in found if c.data.startswith("and ")]
        assert [c.data for c in told] == (
            [f"and {count - 9:,} more, which have no room here: see the log"] if count > 10 else []
        )
        assert told == found[9:] or not told


@many
@given(LIVE)
def test_a_runner_obeys_our_commands_and_nothing_that_a_text_holds(live: str) -> None:
    plain = obeyed(plan_annotations(plan_with("z"), "catalog.yaml"))
    log = plan_annotations(plan_with(live), "catalog.yaml")
    found = obeyed(f"before\n{log}after")
    assert [command.name for command in found] == [command.name for command in plain]
    assert len(found) == log.count("\n") == len(log.splitlines())
    assert "##[" not in log
    for command in found:
        assert set(command.properties) <= {"file", "line", "col", "title"}
        assert command.data.isprintable() or "\u3000" in command.data or "\u200d" in command.data


@many
@given(TEXTS, TEXTS)
def test_whatever_a_remark_or_a_path_holds_it_is_one_command(message: str, file: str) -> None:
    log = annotations("error", [Remark(message, Place(file, 3, 1))], "ads/catalog.yaml")
    (only,) = obeyed(log)
    assert only.properties["file"].startswith("ads/")
    assert only.properties["line"] == "3"


def test_where_some_are_left_out_already_all_are_counted() -> None:
    log = annotations("error", [Remark(str(n)) for n in range(301)], "c.yaml", count=5_000)
    assert obeyed(log)[-1].data == "and 4,991 more, which have no room here: see the log"


@pytest.mark.parametrize(
    ("place", "catalog", "expected"),
    [
        (Place("a.yaml", 3, 4), "catalog.yaml", "a.yaml:3:4"),
        (Place("spots/a.yaml", 3, 4), "deep/ads/catalog.yaml", "deep/ads/spots/a.yaml:3:4"),
        (None, "deep/ads/catalog.yaml", "deep/ads/catalog.yaml:1:1"),
    ],
)
def test_a_place_in_the_repository(place: Place | None, catalog: str, expected: str) -> None:
    assert str(place_in_repository(place, catalog)) == expected


def test_a_plan_from_a_snapshot_is_a_warning() -> None:
    (found,) = [
        command
        for command in of("warning", plan_annotations(stories.from_snapshot(), "catalog.yaml"))
        if command.properties["title"] == "Made from a snapshot"
    ]
    assert "3 days old: cannot be applied" in found.data
