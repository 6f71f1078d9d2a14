"""`reconciler report reviewed`: after a merge, which plan was reviewed on the pull request."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.forge.marker import PlanMarker
from tests.forge.conftest import job
from tests.forge.github import FakeGitHub, zipped
from tests.forge.plans import file_of, plan
from tests.forge.served import Reply, commit_of
from tests.forge.test_report_plan import Playing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forge.conftest import Command, Ended, Fake

NONE = "reviewed_digest=\npull_request=\n"


@pytest.fixture
def play(forge: Fake, folder: Path, command: Command) -> Playing:
    return Playing(forge, folder, command)


def after(play: Playing, sha: str, *more: str) -> Ended:
    """What the job of a push says."""
    env = job(play.fake, play.folder, run=play.fake.start_run(), sha=sha)
    return play.command(env, "report", "reviewed", *more)


def test_the_plan_of_the_merged_pull_request_is_found_and_kept(play: Playing) -> None:
    made = plan("Spring")
    play.planned(made)
    ended = after(play, play.fake.merge(play.pull), "--out", "reviewed.json")
    assert ended.code == 0
    assert ended.out == f"reviewed_digest={made.digest}\npull_request={play.pull.number}\n"
    kept = play.folder / "reviewed.json"
    assert kept.read_bytes() == file_of(made)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_merge_of_the_last_commit_itself_is_one(play: Playing) -> None:
    """A fast-forward."""
    made = plan("Spring")
    play.planned(made)
    play.fake.merge(play.pull)
    assert f"reviewed_digest={made.digest}\n" in after(play, play.pull.head).out


def test_a_plan_that_is_no_longer_kept_is_known_by_its_digest(play: Playing) -> None:
    made = plan("Spring")
    env = job(play.fake, play.folder, run=play.fake.start_run(), pull=play.pull)
    play.reports(env, made)
    ended = after(play, play.fake.merge(play.pull), "--out", "reviewed.json")
    assert ended.code == 0
    assert f"reviewed_digest={made.digest}\n" in ended.out
    assert "is not to be had" in ended.err
    assert not (play.folder / "reviewed.json").exists()


def test_a_commit_of_no_pull_request_has_none(play: Playing) -> None:
    ended = after(play, commit_of(77))
    assert (ended.code, ended.out) == (0, NONE)


def test_a_commit_of_an_open_pull_request_has_none(play: Playing) -> None:
    play.planned(plan("Spring"))
    ended = after(play, play.pull.head)
    assert (ended.code, ended.out) == (0, NONE)


def test_a_pull_request_without_a_plan_has_no_digest(play: Playing) -> None:
    ended = after(play, play.fake.merge(play.pull))
    assert (ended.code, ended.out) == (0, f"reviewed_digest=\npull_request={play.pull.number}\n")


def test_of_another_catalogue_is_none(play: Playing) -> None:
    play.planned(plan("Spring", catalog="other"))
    assert after(play, play.fake.merge(play.pull)).out.startswith("reviewed_digest=\n")


def test_a_strangers_comment_was_not_reviewed(play: Playing) -> None:
    made = plan("Spring")
    play.planned(made)
    marker = PlanMarker("radio-ads", play.pull.head, 10**9, f"sha256:{'e' * 64}", "plan")
    play.fake.comment(play.pull, "mallory", str(marker))
    ended = after(play, play.fake.merge(play.pull))
    assert f"reviewed_digest={made.digest}\n" in ended.out
    assert "by mallory" in ended.err


def test_a_push_after_the_plan_is_told(play: Playing) -> None:
    made = plan("Spring")
    play.planned(made)
    play.fake.push(play.pull)
    ended = after(play, play.fake.merge(play.pull))
    assert f"reviewed_digest={made.digest}\n" in ended.out
    assert "the plan that was commented is of" in ended.err


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_where_it_cannot_be_known_it_is_an_error(
    github: FakeGitHub, folder: Path, command: Command, status: int
) -> None:
    """And not as if there were none."""
    play = Playing(github, folder, command)
    sha = github.merge(play.pull)
    github.goes_wrong("GET", "/commits/", Reply(status, {"message": "no"}), times=99)
    ended = after(play, sha)
    assert ended.code == (7 if status in (401, 403) else 1)
    assert ended.out == ""


@pytest.mark.parametrize(
    "poison",
    [
        b"",
        b"PK\x03\x04 not a zip",
        zipped({"../../plan.json": b"{}", "/etc/plan.json": b"{}", "x\\plan.json": b"{}"}),
        zipped({"plan.json": b"[" * 10_000}),
        zipped({"plan.json": file_of(plan("Another"))}),
    ],
    ids=["empty", "rubbish", "paths", "deep", "another"],
)
def test_a_poisoned_artifact_is_not_written(
    github: FakeGitHub, folder: Path, command: Command, poison: bytes
) -> None:
    """T25."""
    play = Playing(github, folder, command)
    made, run = plan("Spring"), github.start_run()
    github.add_artifact(run, poison)
    play.reports(github.job(folder, run=run, pull=play.pull), made)
    before = {*folder.rglob("*")}
    ended = after(play, github.merge(play.pull), "--out", "reviewed.json")
    assert f"reviewed_digest={made.digest}\n" in ended.out
    assert {path.name for path in {*folder.rglob("*")} - before} <= {
        path.name for path in folder.glob("event-*.json")
    }


def test_the_commit_may_be_named(play: Playing) -> None:
    made = plan("Spring")
    play.planned(made)
    sha = play.fake.merge(play.pull)
    assert made.digest in after(play, commit_of(77), "--commit", sha).out
    assert after(play, sha, "--commit", "main").code == 64


def test_only_the_name_of_the_catalogue_is_read(play: Playing) -> None:
    made = plan("Spring")
    play.planned(made)
    (play.folder / "broken.yaml").write_text("catalog: radio-ads\nbuckets: 7\n", "utf-8")
    sha = play.fake.merge(play.pull)
    assert made.digest in after(play, sha, "--catalog", "broken.yaml").out


@pytest.mark.parametrize("text", ["", "catalog: [1", "catalog: a b\n", "files: {}\n", "- 1\n"])
def test_a_catalogue_without_a_name_is_an_error(play: Playing, text: str) -> None:
    (play.folder / "nameless.yaml").write_text(text, "utf-8")
    ended = after(play, commit_of(77), "--catalog", "nameless.yaml")
    assert ended.code == 1
    assert "nameless.yaml:" in ended.err
    assert after(play, commit_of(77), "--catalog", "missing.yaml").code == 1
