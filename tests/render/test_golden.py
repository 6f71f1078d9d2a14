"""Whole texts, as they stand in `golden/`. `RECONCILER_GOLDEN=write` writes them anew: look at it.

Each is printed as the command line prints it, to what is no terminal.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.text import Text

from reconciler.render.annotations import plan_annotations
from reconciler.render.apply_text import outcome_line, stale_text
from reconciler.render.drift_markdown import drift_markdown
from reconciler.render.gitlab import plan_codequality
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.problems import error_text, warning_text
from tests.render import stories
from tests.render.whole import drift_text, list_text, plan_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.core.plan import Plan

GOLDEN = Path(__file__).parent / "golden"
PLANS: dict[str, Callable[[], Plan]] = {
    "awkward": stories.awkward,
    "empty": stories.empty,
    "hostile": stories.hostile,
    "marks": stories.marks,
    "notes": stories.noted,
    "refused": stories.refused,
    "replacement": stories.replacement,
    "small": stories.small,
    "snapshot": stories.from_snapshot,
    "thousand": stories.thousand,
    "wide": stories.wide,
}


def printed(text: Text, width: int = 100) -> str:
    """What comes out at the other end of a pipe."""
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    console.print(text, soft_wrap=True, end="")
    return file.getvalue()


def check(name: str, said: str) -> None:
    place = GOLDEN / (name if "." in name else f"{name}.txt")
    if os.environ.get("RECONCILER_GOLDEN") == "write":
        place.write_text(said, "utf-8")
    assert said == place.read_text("utf-8")


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", PLANS)
def test_a_plan(name: str, width: int) -> None:
    text = plan_text(PLANS[name](), width=width, most=12 if name == "thousand" else 100)
    assert printed(text, width) == text.plain
    check(f"plan-{name}-{width}", text.plain)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_in_markdown(name: str) -> None:
    check(f"plan-{name}-markdown", plan_markdown(PLANS[name](), most=12))


def test_three_comments() -> None:
    """As a pull request has them: of everyday size, large, and dangerous."""
    check("comment-small.md", plan_markdown(stories.small()))
    large = stories.large()
    check("comment-large.md", plan_markdown(large, previous=stories.before_large()))
    dangerous = plan_markdown(stories.dangerous(), artifact="reconciler-plan")
    check("comment-dangerous.md", dangerous)


def test_an_issue_about_drift() -> None:
    check("issue-drift.md", drift_markdown(stories.drifted()))
    check("issue-drift-in-the-dark.md", drift_markdown(stories.in_the_dark(), most=8))


def test_the_forms_for_programs() -> None:
    dangerous = stories.dangerous()
    check("plan-dangerous-github", plan_annotations(dangerous, "ads/catalog.yaml"))
    check("plan-small-github", plan_annotations(stories.small(), "ads/catalog.yaml"))
    report = b"".join(plan_codequality(dangerous, "ads/catalog.yaml")).decode()
    check("plan-dangerous-codequality.json", report)


@pytest.mark.parametrize("name", ["small", "marks", "awkward"])
def test_a_plan_in_full(name: str) -> None:
    check(f"plan-{name}-verbose", printed(plan_text(PLANS[name](), width=80, verbose=True)))


@pytest.mark.parametrize("width", [80, 140])
def test_a_drift(width: int) -> None:
    check(f"drift-{width}", printed(drift_text(stories.drifted(), width=width)))


def test_other_drifts() -> None:
    check("drift-none", printed(drift_text(stories.in_sync(), width=80)))
    verbose = drift_text(stories.drifted(), width=80, most=4, verbose=True)
    check("drift-verbose", printed(verbose))
    dark = drift_text(stories.in_the_dark(), width=80, most=4)
    check("drift-in-the-dark", printed(dark))


@pytest.mark.parametrize("width", [80, 140])
def test_a_list(width: int) -> None:
    check(f"list-{width}", printed(list_text(stories.listed(), width=width)))


def test_the_end_of_an_apply() -> None:
    base = stories.content("Spring ad", "a", artist="Acme")
    live = stories.content("Spring ad!", "a", artist="Acme", label="x")
    wanted = stories.content("Spring ad 30s", "a", artist="ACME")
    fields = ("title", "user_defined.artist")
    long = stories.content("Spring ad " * 8, "a", artist="ACME")
    texts = [
        outcome_line("create", "spring-ad-01", 1401, "applied"),
        outcome_line("update", "autumn-ad-02", 1204, "stale", "changed after the plan was made"),
        stale_text(base, live, wanted, fields),
        stale_text(base, live, wanted),
        stale_text(base, live, long),
        outcome_line("update", "winter-ad", 1205, "stale", "the file is gone"),
        stale_text(base, None, wanted, fields),
        stale_text(None, None, wanted),
        outcome_line("move", "old-jingle", 1288, "failed", "422: " + "the service said no " * 5),
        outcome_line("delete", None, 1310, "unknown", "no answer"),
        outcome_line("create", "::error::x", None, "failed", stories.HOSTILE["newline"]),
    ]
    check("apply", "".join(map(printed, texts)))


def test_problems() -> None:
    message = "catalog.yaml:3:5: files.a: x\n::error::.yaml:4:1: y\n2 problems in the catalogue"
    texts = [error_text(message), warning_text("a\x1b[2J\rb ##[group]"), error_text("")]
    check("problems", "\n".join(map(printed, texts)) + "\n")
