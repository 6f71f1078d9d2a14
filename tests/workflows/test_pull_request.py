"""A whole pull request, by the workflows that people copy, against a GitHub and a service that are
played: opened, planned, commented on, pushed to again, approved, merged, and applied by digest."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.server import running
from tests.forge.github import REPOSITORY, FakeGitHub, Pull
from tests.workflows.repository import BUCKETS, ROOT, Repository
from tests.workflows.runner import Event, Run, Runner
from tests.workflows.world import TOKEN, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class GitHubWorld(World):
    """With workflows, and who approves."""

    forge: FakeGitHub
    workflows: Path
    runner: Runner
    asked: list[str] = field(default_factory=list)
    """The environments that a job has asked to go into, in order."""

    def on_pull(self, workflow: str, pull: Pull, *, repository: str = REPOSITORY) -> Run:
        """Run a workflow for the pull request as it is."""
        payload = {
            "number": pull.number,
            "pull_request": {
                "number": pull.number,
                "title": pull.title,
                "head": {"sha": pull.head, "repo": {"full_name": repository}},
            },
        }
        ref = f"refs/pull/{pull.number}/merge"
        return self._play(workflow, Event("pull_request", pull.head, ref, payload))

    def on_main(self, workflow: str, event: str = "push") -> Run:
        """Run a workflow for main as it is."""
        sha = self.repository.git("rev-parse", "main")
        return self._play(workflow, Event(event, sha, "refs/heads/main", {"after": sha}))

    def _play(self, workflow: str, event: Event) -> Run:
        run = self.runner.play(self.workflows / f"{workflow}.yml", event)
        assert TOKEN not in run.log
        assert self.forge.token not in run.log
        return run


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., GitHubWorld]]:
    with FakeGitHub.running() as github, running(token=TOKEN) as service:
        for name, bucket in BUCKETS.items():
            service.add_bucket(name, id=bucket)

        def make(*catalogs: str) -> GitHubWorld:
            repository = Repository(tmp_path, service.url, catalogs)
            workflows = tmp_path / "workflows"
            shutil.copytree(ROOT / "examples/github/workflows", workflows)
            for path in workflows.iterdir():
                listed = f"[{', '.join(catalogs)}]"
                text = path.read_text("utf-8")
                path.write_text(text.replace("[radio-ads, jingles]", listed), "utf-8")
            token = {"ACRCLOUD_ACCESS_TOKEN": TOKEN}
            secrets = dict.fromkeys(("acrcloud-read", "acrcloud", "acrcloud-changed"), token)
            runner = Runner(github, repository.origin, tmp_path / "machines", secrets)
            world = GitHubWorld(github, service, repository, workflows, runner)

            def approve(environment: str, _run: Run) -> bool:
                world.asked.append(environment)
                return True

            runner.approve = approve
            return world

        yield make


def test_from_the_pull_request_to_the_bucket(make_world: Callable[..., GitHubWorld]) -> None:
    world = make_world("radio-ads", "jingles")
    entries = world.repository.entries

    # Somebody opens a pull request: its catalogues are checked, and each plan stands in a comment.
    entries["radio-ads"]["second"] = "Second one"
    pull = world.open_pull("Add the second")
    assert set(world.on_pull("validate", pull).results.values()) == {"success"}
    assert set(world.on_pull("plan", pull).results.values()) == {"success"}
    ads, jingles = world.comments(pull)
    assert "2 to create" in ads
    assert "Second one" in ads
    assert "1 to create" in jingles

    # They push again: the comments are brought up to date in their places.
    entries["radio-ads"]["second"] = "Second, with a better title"
    world.push_again(pull)
    world.on_pull("plan", pull)
    ads_now, _ = world.comments(pull)
    assert "Second, with a better title" in ads_now
    assert f"head={pull.head}" in ads_now.splitlines()[0]
    assert "Since the previous plan" in ads_now
    assert world.service.mutations == []

    # It is approved and merged: exactly that is applied, and the ledger is on its branch.
    world.merge(pull)
    run = world.on_main("apply")
    assert set(run.results.values()) == {"success"}
    assert world.asked.count("acrcloud") == 2
    assert "acrcloud-changed" not in world.asked
    assert world.titles(8891) == ["First of radio-ads", "Second, with a better title"]
    assert world.titles(8892) == ["First of jingles"]
    branches = world.repository.git("ls-remote", "--heads", "origin")
    assert "refs/heads/reconciler-ledger/radio-ads" in branches
    assert "refs/heads/reconciler-ledger/jingles" in branches

    # There is nothing left to do, and nobody is asked again.
    world.asked.clear()
    again = world.on_main("apply")
    assert {again.results[f"catalog ({name}) / apply"] for name in BUCKETS} == {"skipped"}
    assert set(world.asked) == {"acrcloud-read"}


def test_where_somebody_edits_live_in_between_the_new_plan_waits_for_approval(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.on_main("apply")
    assert world.titles(8891) == ["First of radio-ads"]
    world.repository.entries["radio-ads"]["second"] = "Second one"
    pull = world.open_pull("Add the second")
    world.on_pull("plan", pull)
    world.merge(pull)

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    world.asked.clear()
    seen: list[str] = []

    def reject(environment: str, run: Run) -> bool:
        seen.extend(job.summary for job in run.jobs.values())
        world.asked.append(environment)
        return environment == "acrcloud-read"

    approve, world.runner.approve = world.runner.approve, reject
    run = world.on_main("apply")
    # Who may approve it sees what is different from what was reviewed.
    assert world.asked == ["acrcloud-read", "acrcloud-changed"]
    assert run.results["catalog (radio-ads) / apply"] == "rejected"
    assert "Typed in the console" in seen[-1]
    assert world.titles(8891) == ["Typed in the console"]

    # While the next one waits, the bucket changes once more: nothing is sent.
    def approve_late(environment: str, _run: Run) -> bool:
        if environment == "acrcloud-changed":
            world.edit_live(8891, "Typed in the console", "Typed again")
        return True

    world.runner.approve = approve_late
    late = world.on_main("apply")
    assert late.results["catalog (radio-ads) / apply"] == "failure"
    assert "nothing was sent" in late.log
    assert world.titles(8891) == ["Typed again"]

    # The run is repeated, approved, and converges.
    world.runner.approve = approve
    assert set(world.on_main("apply").results.values()) == {"success"}
    assert world.titles(8891) == ["First of radio-ads", "Second one"]


def test_a_plan_that_guardrails_refuse_is_shown_and_not_applied(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    entries = world.repository.entries["radio-ads"]
    entries |= {f"entry-{number}": f"Entry {number}" for number in range(9)}
    world.repository.commit("Many")
    world.repository.git("push", "-q", "origin", "main")
    world.on_main("apply")
    for number in range(8):
        del entries[f"entry-{number}"]
    pull = world.open_pull("Remove many")
    run = world.on_pull("plan", pull)
    assert run.results == {"plan (radio-ads)": "failure", "comment (radio-ads)": "success"}
    (comment,) = world.comments(pull)
    assert "8 to delete" in comment
    assert "delete" in comment.lower()
    world.merge(pull)
    merged = world.on_main("apply")
    assert merged.results["catalog (radio-ads) / plan"] == "failure"
    assert merged.results["catalog (radio-ads) / apply"] == "skipped"
    assert len(world.titles(8891)) == 10


def test_a_fork_is_checked_and_gets_neither_a_plan_nor_a_comment(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    pull = world.open_pull("From elsewhere")
    assert world.on_pull("validate", pull, repository="mallory/radio-ads").results == {
        "validate (radio-ads)": "success"
    }
    skipped = world.on_pull("plan", pull, repository="mallory/radio-ads")
    assert set(skipped.results.values()) == {"skipped"}
    assert world.comments(pull) == []
    assert world.service.requests == []


def test_drift_keeps_one_issue_as_long_as_there_is_some(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.on_main("apply")
    world.on_main("drift", "schedule")
    assert world.forge.open_issues() == []

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    for _ in range(2):
        run = world.on_main("drift", "schedule")
        assert set(run.results.values()) == {"success"}
        (issue,) = world.forge.open_issues()
        assert "Typed in the console" in issue["body"]
        assert "changed live" in issue["body"]

    world.on_main("apply")
    world.on_main("drift", "schedule")
    assert world.forge.open_issues() == []
