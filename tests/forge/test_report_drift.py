"""`reconciler report drift`: one issue while there is drift, and none while there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.core.drift import Accepted, Direction, Drift, DriftItem
from reconciler.core.drift_codec import DriftReport, encode_drift
from reconciler.core.model import FileId, Key
from reconciler.core.streaming import indented
from reconciler.forge.marker import DriftMarker
from tests.forge.conftest import author_of, job
from tests.forge.github import FakeGitHub
from tests.forge.plans import MADE
from tests.forge.served import Reply
from tests.forge.test_report_plan import TITLES
from tests.render import stories
from tests.render.test_markdown import commands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forge.conftest import Command, Ended, Fake

MARK = str(DriftMarker("radio-ads"))


def drift(*titles: str) -> Drift:
    """A drift of files with these titles."""
    items = [
        DriftItem(Direction.CHANGED_LIVE, "changed", Key("k"), "spots", FileId(7), title)
        for title in titles
    ]
    return Drift(tuple(items), 0, 0, 9 + len(items), 9)


class Watching:
    """Scheduled jobs, one after the other."""

    def __init__(self, fake: Fake, folder: Path, command: Command) -> None:
        self.fake = fake
        self.folder = folder
        self.command = command

    def reports(self, *titles: str, **fields: Any) -> Ended:
        report = DriftReport("radio-ads", replace(drift(*titles), **fields), MADE)
        data = b"".join(indented(encode_drift(report)))
        (self.folder / "drift.json").write_bytes(data)
        env = job(self.fake, self.folder, run=self.fake.start_run())
        return self.command(env, "report", "drift", "drift.json")

    def texts(self) -> list[str]:
        """Of the open issues."""
        return [_text(issue) for issue in self.fake.open_issues()]

    def closing(self) -> list[str]:
        """All comments on issues."""
        found = self.fake.comments if isinstance(self.fake, FakeGitHub) else self.fake.notes
        return [comment["body"] for comment in found]


def _text(issue: dict[str, Any]) -> str:
    text: str = issue.get("body") or issue["description"]
    return text


@pytest.fixture
def watch(forge: Fake, folder: Path, command: Command) -> Watching:
    return Watching(forge, folder, command)


def test_no_drift_and_no_issue_is_nothing_to_do(watch: Watching) -> None:
    ended = watch.reports()
    assert (ended.code, watch.texts()) == (0, [])
    assert "no drift" in ended.out


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(watch: Watching) -> None:
    assert watch.reports("Spring").code == 0
    (text,) = watch.texts()
    assert text.startswith(f"{MARK}\n")
    assert "Spring" in text
    assert author_of(watch.fake.open_issues()[0]) == watch.fake.login
    assert watch.reports("Spring", "Summer").code == 0
    (text,) = watch.texts()
    assert "Summer" in text
    assert watch.closing() == []
    ended = watch.reports()
    assert (ended.code, watch.texts()) == (0, [])
    assert "is closed" in ended.out
    assert watch.closing() == ["There is no drift of radio-ads any more.\n"]
    assert watch.reports().code == 0
    assert len(watch.closing()) == 1


@pytest.mark.parametrize("titles", [(), ("Summer",)])
def test_a_look_at_a_part_never_touches_the_issue_about_all(
    watch: Watching, titles: tuple[str, ...]
) -> None:
    watch.reports("Spring")
    texts = watch.texts()
    ended = watch.reports(*titles, only=("sum*",))
    assert ended.code == 64
    assert "this drift is of a part (--only sum*)" in ended.err
    assert (watch.texts(), watch.closing()) == (texts, [])


def test_what_is_accepted_is_in_the_issue_and_alone_keeps_none_open(watch: Watching) -> None:
    (item,) = drift("Winter").items
    by = stories.acceptance("k", "the label renames it")
    watch.reports("Spring", accepted=(Accepted(item, by),))
    (text,) = watch.texts()
    assert "**Drift: 1 changed live, 1 accepted**" in text
    assert "accepted until 2026-12-31: the label renames it" in text
    watch.reports(accepted=(Accepted(item, by),))
    assert watch.texts() == []


def test_the_same_drift_is_not_told_again(watch: Watching) -> None:
    watch.reports("Spring")
    before = len(watch.fake.lines("POST", "PATCH", "PUT"))
    assert "already" in watch.reports("Spring").out
    assert len(watch.fake.lines("POST", "PATCH", "PUT")) == before


def test_of_several_the_oldest_is_kept(watch: Watching) -> None:
    oldest = watch.fake.open_issue(watch.fake.login, "a", f"{MARK}\nx")
    watch.fake.open_issue(watch.fake.login, "b", f"{MARK}\ny")
    assert watch.reports("Spring").code == 0
    (issue,) = watch.fake.open_issues()
    assert issue.get("number", issue.get("iid")) == oldest
    assert "Spring" in _text(issue)


def test_all_are_closed_once_there_is_none(watch: Watching) -> None:
    for _ in range(3):
        watch.fake.open_issue(watch.fake.login, "a", f"{MARK}\nx")
    assert watch.reports().code == 0
    assert watch.texts() == []
    assert len(watch.closing()) == 1


@pytest.mark.parametrize("others", [0, 1, 130])
def test_it_is_found_on_any_page_and_only_ours(watch: Watching, others: int) -> None:
    watch.fake.open_issue(watch.fake.login, "ours", f"{MARK}\nx")
    for n in range(others):
        watch.fake.open_issue("mallory", f"n {n}", f"{MARK}\nsomebody else's")
    watch.fake.open_issue(watch.fake.login, "n", f"{DriftMarker('other')}\nof another")
    watch.reports("Spring")
    assert len(watch.texts()) == others + 2
    assert "Spring" in watch.texts()[0]
    watch.reports()
    assert len(watch.texts()) == others + 1


@pytest.mark.parametrize("title", [*TITLES, "x\n/close\n", "/merge", "-->\n/close", f"\n{MARK}"])
def test_no_command_is_in_it_whatever_a_title_holds(watch: Watching, title: str) -> None:
    assert watch.reports(title).code == 0
    assert commands(watch.texts()[0]) == []
    assert getattr(watch.fake, "executed", []) == []
    assert "already" in watch.reports(title).out


def test_it_is_never_too_long(watch: Watching) -> None:
    assert watch.reports(*["`" * 200] * 2_000).code == 0
    assert len(watch.texts()[0].encode()) < 65_536
    assert "more" in watch.texts()[0]


def test_a_lost_answer_opens_no_second_issue(watch: Watching) -> None:
    watch.fake.loses_answer("POST", "/issues$")
    assert watch.reports("Spring").code == 0
    assert len(watch.texts()) == 1


def test_a_lost_answer_says_nothing_twice(watch: Watching) -> None:
    watch.reports("Spring")
    watch.fake.loses_answer("POST", "/(comments|notes)$")
    ended = watch.reports()
    assert ended.code == 0
    assert "not known" in ended.err
    assert (watch.texts(), len(watch.closing())) == ([], 1)


def test_without_the_right_to_write_issues_it_says_so(
    github: FakeGitHub, folder: Path, command: Command
) -> None:
    github.permissions["issues"] = "read"
    ended = Watching(github, folder, command).reports("Spring")
    assert ended.code == 7
    assert "issues: write" in ended.err


def test_a_pull_request_is_no_issue(github: FakeGitHub, folder: Path, command: Command) -> None:
    """GitHub lists both. One that an app of the same name has opened is not ours to close."""
    pull = github.create_pull()
    pull.author, pull.body = github.login, f"{MARK}\nx"
    assert Watching(github, folder, command).reports().code == 0
    assert github.lines("PATCH") == []


def test_it_closes_nothing_where_the_issues_cannot_be_read(watch: Watching) -> None:
    watch.reports("Spring")
    watch.fake.goes_wrong("GET", "/issues$", Reply(404, {"message": "no"}), times=9)
    assert watch.reports().code == 1
    assert len(watch.texts()) == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "format"),
        (b'{"items": []}', "format"),
        (b'{"format": "reconciler/drift/1"}', "required"),
        (b'{"format": "reconciler/drift/2"}', "reads 'reconciler/drift/1'"),
    ],
)
def test_what_is_no_drift_is_refused(watch: Watching, data: bytes, why: str) -> None:
    (watch.folder / "drift.json").write_bytes(data)
    env = job(watch.fake, watch.folder, run=1)
    ended = watch.command(env, "report", "drift", "drift.json")
    assert ended.code == 1
    assert why in " ".join(ended.err.split())
    assert watch.fake.calls == []
