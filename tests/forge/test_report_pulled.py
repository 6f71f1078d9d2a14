"""`reconciler report pulled`: one pull request while a branch takes in what was edited live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.core.drift_codec import DriftReport, encode_drift
from reconciler.core.model import FileId, Key
from reconciler.core.streaming import indented
from reconciler.forge.marker import PulledMarker
from tests.forge.conftest import job
from tests.forge.github import FakeGitHub
from tests.forge.plans import MADE
from tests.forge.served import Reply, commit_of
from tests.forge.test_report_plan import TITLES
from tests.render.test_markdown import commands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forge.conftest import Command, Ended, Fake

MARK = str(PulledMarker("radio-ads"))
BRANCH = "reconciler/pull-radio-ads"


class Pulling:
    """Scheduled jobs, one after the other."""

    def __init__(self, fake: Fake, folder: Path, command: Command) -> None:
        self.fake = fake
        self.folder = folder
        self.command = command
        self.has_pushed = True
        fake.branches = lambda: {BRANCH: commit_of(7)} if self.has_pushed else {}

    def reports(self, *titles: str, options: tuple[str, ...] = ()) -> Ended:
        items = [
            DriftItem(Direction.CHANGED_LIVE, "changed", Key("k"), "spots", FileId(7), title)
            for title in titles
        ]
        missing = DriftItem(Direction.MISSING_LIVE, "it had a file", Key("gone"), "spots")
        drift = Drift((*items, missing), 0, 0, 9 + len(items), 9)
        report = DriftReport("radio-ads", drift, MADE)
        (self.folder / "drift.json").write_bytes(b"".join(indented(encode_drift(report))))
        env = job(self.fake, self.folder, run=self.fake.start_run())
        branch = ("--branch", BRANCH)
        return self.command(env, "report", "pulled", "drift.json", *branch, *options)


@pytest.fixture
def pulling(forge: Fake, folder: Path, command: Command) -> Pulling:
    return Pulling(forge, folder, command)


def test_it_is_opened_kept_up_to_date_and_closed_with_its_branch(pulling: Pulling) -> None:
    assert pulling.reports("Spring").code == 0
    (opened,) = pulling.fake.open_pulls()
    assert opened.body.startswith(f"{MARK}\n")
    assert "Spring" in opened.body
    assert "**Merge** this" in opened.body
    assert (opened.branch, opened.base) == (BRANCH, "main")
    assert opened.title == "Take what was edited live into radio-ads"

    assert pulling.reports("Spring", "Summer").code == 0
    (same,) = pulling.fake.open_pulls()
    assert same.number == opened.number
    assert "Summer" in same.body

    pulling.has_pushed = False
    ended = pulling.reports()
    assert (ended.code, pulling.fake.open_pulls()) == (0, [])
    assert f"closed {pulling_word(pulling)} {opened.number}" in ended.out
    ended = pulling.reports()
    assert ended.out == "there is nothing to take in\n"


def pulling_word(pulling: Pulling) -> str:
    """What the forge calls it."""
    return "pull request" if isinstance(pulling.fake, FakeGitHub) else "merge request"


def test_only_what_was_changed_live_is_said_to_be_taken_in(pulling: Pulling) -> None:
    pulling.reports("Spring")
    (opened,) = pulling.fake.open_pulls()
    assert "gone" not in opened.body


def test_the_same_is_not_told_again(pulling: Pulling) -> None:
    pulling.reports("Spring")
    before = len(pulling.fake.lines("POST", "PATCH", "PUT"))
    assert "already" in pulling.reports("Spring").out
    assert len(pulling.fake.lines("POST", "PATCH", "PUT")) == before


def test_it_goes_into_the_branch_that_is_named(pulling: Pulling) -> None:
    assert pulling.reports("Spring", options=("--base", "next")).code == 0
    (opened,) = pulling.fake.open_pulls()
    assert opened.base == "next"


def test_that_of_somebody_else_from_the_branch_is_let_be(pulling: Pulling) -> None:
    other = pulling.fake.create_pull("Mine")
    other.branch, other.body, other.base = BRANCH, f"{MARK}\nmine", "elsewhere"
    pulling.has_pushed = False
    ended = pulling.reports()
    assert ended.code == 0
    assert f"{other.number} is from {BRANCH}, is not ours, and is let be" in ended.err
    assert pulling.fake.open_pulls() == [other]
    assert other.body == f"{MARK}\nmine"


def test_one_whose_opening_was_not_answered_is_looked_for(pulling: Pulling) -> None:
    pulling.fake.loses_answer("POST", "/(pulls|merge_requests)$")
    assert pulling.reports("Spring").code == 0
    assert len(pulling.fake.open_pulls()) == 1


@pytest.mark.parametrize("title", [*TITLES, "x\n/close\n", "/merge", "-->\n/close", f"\n{MARK}"])
def test_a_title_does_nothing_in_it(pulling: Pulling, title: str) -> None:
    assert pulling.reports(title).code == 0
    (opened,) = pulling.fake.open_pulls()
    assert commands(opened.body) == []
    assert getattr(pulling.fake, "executed", []) == []


def test_a_right_that_is_missing_is_named(pulling: Pulling) -> None:
    if isinstance(pulling.fake, FakeGitHub):
        pulling.fake.permissions["pull-requests"] = "read"
    else:
        pulling.fake.role = "guest"
    ended = pulling.reports("Spring")
    assert ended.code == 7
    assert "pull-requests: write" in ended.err or "scope api" in ended.err
    assert pulling.fake.open_pulls() == []


def test_nothing_is_closed_where_nobody_knows_whether_the_branch_is_there(pulling: Pulling) -> None:
    pulling.reports("Spring")
    pulling.has_pushed = False
    pulling.fake.goes_wrong("GET", "/branches/", Reply(500, {"message": "no"}), times=9)
    assert pulling.reports("Spring").code == 1
    assert len(pulling.fake.open_pulls()) == 1
