"""A whole merge request, by the pipeline that people copy, against a GitLab and a service that are
played: opened, planned, noted, pushed to again, merged, and applied by digest."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.server import running
from tests.forge.gitlab import PROJECT, FakeGitLab, Request
from tests.workflows.pipeline import FORK, JOB_TOKEN, Cause, Pipeline, Runner, Variable
from tests.workflows.repository import BUCKETS, ROOT, Repository
from tests.workflows.world import TOKEN, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PUSHES = "glpat-aTokenThatPushesAndNoLogMayShow"


@dataclass
class GitLabWorld(World):
    """With a pipeline."""

    forge: FakeGitLab
    file: Path
    runner: Runner

    def on_request(
        self, request: Request, *, source_project: int = PROJECT, project: int = PROJECT
    ) -> Pipeline:
        """Run the pipeline of the merge request as it is."""
        return self._play(
            Cause("merge_request_event", request.head, request, source_project, project)
        )

    def on_main(self, source: str = "push", **inputs: str) -> Pipeline:
        """Run the pipeline of main as it is."""
        return self._play(Cause(source, self.repository.git("rev-parse", "main"), inputs=inputs))

    def press(self, pipeline: Pipeline, name: str) -> str:
        """Run a job by hand; how it ended."""
        ended = self.runner.press(pipeline, name)
        self._is_silent(pipeline)
        return ended.result

    def _play(self, cause: Cause) -> Pipeline:
        pipeline = self.runner.play(self.file, cause)
        self._is_silent(pipeline)
        return pipeline

    def _is_silent(self, pipeline: Pipeline) -> None:
        for token in (TOKEN, PUSHES, JOB_TOKEN, self.forge.token):
            assert token not in pipeline.log


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., GitLabWorld]]:
    with FakeGitLab.running() as gitlab, running(token=TOKEN) as service:
        for name, bucket in BUCKETS.items():
            service.add_bucket(name, id=bucket)

        def make(*catalogs: str) -> GitLabWorld:
            repository = Repository(tmp_path, service.url, catalogs)
            shutil.copytree(ROOT / "examples/gitlab", tmp_path / "gitlab")
            file = tmp_path / "gitlab" / ".gitlab-ci.yml"
            text = file.read_text("utf-8")
            for name in BUCKETS.keys() - set(catalogs):
                text, times = re.subn(
                    rf"  - local: .*\n    inputs: {{catalog: {name},.*\n", "", text
                )
                assert times == 1
            file.write_text(text, "utf-8")
            variables = [
                Variable("ACRCLOUD_ACCESS_TOKEN", TOKEN, "acrcloud-read"),
                Variable("ACRCLOUD_ACCESS_TOKEN", TOKEN, "acrcloud/*", is_protected=True),
                Variable("RECONCILER_LEDGER_TOKEN", PUSHES, "acrcloud/*", is_protected=True),
                Variable("GITLAB_TOKEN", gitlab.token, "acrcloud-report"),
            ]
            runner = Runner(
                gitlab, repository.origin, tmp_path / "machines", variables, push_token=PUSHES
            )
            return GitLabWorld(gitlab, service, repository, file, runner)

        yield make


def test_from_the_merge_request_to_the_bucket(make_world: Callable[..., GitLabWorld]) -> None:
    world = make_world("radio-ads", "jingles")
    entries = world.repository.entries

    # Somebody opens a merge request: its catalogues are checked, and each plan stands in a note.
    entries["radio-ads"]["second"] = "Second one"
    request = world.open_pull("Add the second")
    first = world.on_request(request)
    assert first.results == {
        f"{job} {name}": "success" for job in ("validate", "plan", "note") for name in BUCKETS
    }
    ads, jingles = world.comments(request)
    assert "2 to create" in ads
    assert "Second one" in ads
    assert "1 to create" in jingles

    # They push again: the notes are brought up to date in their places.
    entries["radio-ads"]["second"] = "Second, with a better title"
    world.push_again(request)
    world.on_request(request)
    ads_now, _ = world.comments(request)
    assert "Second, with a better title" in ads_now
    assert f"head={request.head}" in ads_now.splitlines()[0]
    assert "Since the previous plan" in ads_now
    assert world.service.mutations == []
    assert world.forge.executed == []

    # It is merged: exactly that is applied, and the ledger is on its branch.
    world.merge(request)
    merged = world.on_main()
    assert {merged.results[f"apply {name}"] for name in BUCKETS} == {"success"}
    assert {merged.results[f"apply-changed {name}"] for name in BUCKETS} == {"manual"}
    assert world.titles(8891) == ["First of radio-ads", "Second, with a better title"]
    assert world.titles(8892) == ["First of jingles"]
    branches = world.repository.git("ls-remote", "--heads", "origin")
    assert "refs/heads/reconciler-ledger/radio-ads" in branches
    assert "refs/heads/reconciler-ledger/jingles" in branches

    # How it ended stands on the merge request, with the anchor of each catalogue's ledger.
    assert {merged.results[f"applied {name}"] for name in BUCKETS} == {"success"}
    _, _, *ended = world.comments(request)
    assert len(ended) == 2
    assert "2 applied, 0 stale" in ended[0]
    assert re.search(r"`git:reconciler-ledger/radio-ads` at `[0-9]+:sha256:[0-9a-f]{64}`", ended[0])
    assert world.forge.executed == []

    # There is nothing left to do.
    before = len(world.service.mutations)
    again = world.on_main("web")
    assert again.jobs["plan-merged radio-ads"].dotenv["changes"] == "0"
    assert set(again.results.values()) == {"success", "manual", "skipped"}
    assert {name for name, result in again.results.items() if result == "skipped"} == {
        f"applied-changed {name}" for name in BUCKETS
    }
    assert len(world.service.mutations) == before
    assert len(world.comments(request)) == 4


def test_where_somebody_edits_live_in_between_the_new_plan_waits_for_somebody(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    # What no merge request has shown is not applied by itself.
    begun = world.on_main()
    assert begun.results["apply radio-ads"] == "warning"
    assert world.press(begun, "apply-changed radio-ads") == "success"
    world.repository.entries["radio-ads"]["second"] = "Second one"
    request = world.open_pull("Add the second")
    world.on_request(request)
    world.merge(request)

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    pipeline = world.on_main()
    assert pipeline.results == {
        "reviewed radio-ads": "success",
        "plan-merged radio-ads": "success",
        "apply radio-ads": "warning",
        "apply-changed radio-ads": "manual",
        "applied radio-ads": "success",
        "applied-changed radio-ads": "skipped",
    }
    log = pipeline.jobs["apply radio-ads"].log
    assert "Typed in the console" in log
    assert "run the job apply-changed" in log
    assert world.titles(8891) == ["Typed in the console"]

    # While it waits, the bucket changes once more: nothing is sent.
    world.edit_live(8891, "Typed in the console", "Typed again")
    assert world.press(pipeline, "apply-changed radio-ads") == "warning"
    assert "nothing was sent" in pipeline.jobs["apply-changed radio-ads"].log
    assert world.titles(8891) == ["Typed again"]

    # The pipeline is run anew, and its plan, once somebody has approved it, converges.
    anew = world.on_main("web")
    assert anew.results["apply radio-ads"] == "warning"
    assert world.press(anew, "apply-changed radio-ads") == "success"
    assert world.titles(8891) == ["First of radio-ads", "Second one"]
    assert anew.results["applied-changed radio-ads"] == "success"
    assert "converged" in world.comments(request)[-1]


def test_a_plan_that_guardrails_refuse_is_shown_and_not_applied(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    entries = world.repository.entries["radio-ads"]
    entries |= {f"entry-{number}": f"Entry {number}" for number in range(9)}
    world.repository.commit("Many")
    world.repository.git("push", "-q", "origin", "main")
    world.press(world.on_main(), "apply-changed radio-ads")
    for number in range(8):
        del entries[f"entry-{number}"]
    request = world.open_pull("Remove many")
    assert world.on_request(request).results == {
        "validate radio-ads": "success",
        "plan radio-ads": "failed",
        "note radio-ads": "success",
    }
    (note,) = world.comments(request)
    assert "8 to delete" in note
    world.merge(request)
    assert world.on_main().results == {
        "reviewed radio-ads": "success",
        "plan-merged radio-ads": "failed",
        "apply radio-ads": "skipped",
        "apply-changed radio-ads": "skipped",
        "applied radio-ads": "success",
        "applied-changed radio-ads": "skipped",
    }
    assert len(world.comments(request)) == 1
    assert len(world.titles(8891)) == 10

    # Somebody lets it pass, in a pipeline that they run by hand, and somebody approves that plan.
    allowing = world.on_main("web", allow="delete=8")
    assert allowing.results["apply radio-ads"] == "warning"
    assert world.press(allowing, "apply-changed radio-ads") == "success"
    assert len(world.titles(8891)) == 2


def test_where_the_catalogue_is_wrong_there_is_no_plan_and_no_note(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    world.repository.entries["radio-ads"]["first"] = "{}"
    request = world.open_pull("Break it")
    assert world.on_request(request).results == {
        "validate radio-ads": "failed",
        "plan radio-ads": "skipped",
        "note radio-ads": "success",
    }
    assert world.comments(request) == []
    assert world.service.requests == []


@pytest.mark.parametrize("project", [FORK, PROJECT], ids=["in the fork", "in the project"])
def test_a_fork_is_checked_and_gets_neither_a_plan_nor_a_note(
    make_world: Callable[..., GitLabWorld], project: int
) -> None:
    world = make_world("radio-ads")
    request = world.open_pull("From elsewhere")
    pipeline = world.on_request(request, source_project=FORK, project=project)
    assert pipeline.results == {"validate radio-ads": "success"}
    assert world.comments(request) == []
    assert world.service.requests == []


def test_drift_keeps_one_issue_as_long_as_there_is_some(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    world.press(world.on_main(), "apply-changed radio-ads")
    world.on_main("schedule")
    assert world.forge.open_issues() == []

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    for _ in range(2):
        assert set(world.on_main("schedule").results.values()) == {"success"}
        (issue,) = world.forge.open_issues()
        assert "Typed in the console" in issue["description"]

    world.press(world.on_main(), "apply-changed radio-ads")
    world.on_main("schedule")
    assert world.forge.open_issues() == []


def test_an_edit_is_taken_into_the_catalogue_by_merging_a_merge_request(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    world.press(world.on_main(), "apply-changed radio-ads")
    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    heads = set()
    for _ in range(2):
        pipeline = world.on_main("schedule")
        assert set(pipeline.results.values()) == {"success"}, pipeline.log
        (request,) = world.forge.open_pulls()
        assert "Typed in the console" in request.body
        heads.add(world.repository.branches()["reconciler/pull-radio-ads"])
    assert heads == {request.head}

    world.merge(request)
    pipeline = world.on_main("schedule")
    assert set(pipeline.results.values()) == {"success"}, pipeline.log
    assert world.titles(8891) == ["Typed in the console"]
    assert (world.forge.open_issues(), world.forge.open_pulls()) == ([], [])
    assert "reconciler/pull-radio-ads" not in world.repository.branches()


def test_a_pull_that_failed_leaves_the_merge_request_of_the_day_before(
    make_world: Callable[..., GitLabWorld],
) -> None:
    world = make_world("radio-ads")
    world.press(world.on_main(), "apply-changed radio-ads")
    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    world.on_main("schedule")
    (request,) = world.forge.open_pulls()

    path = world.file.parent / "catalog.gitlab-ci.yml"
    text, pull = path.read_text("utf-8"), "reconciler pull "
    assert text.count(pull) == 1
    path.write_text(text.replace(pull, f"{pull}--only no-such "), "utf-8")
    pipeline = world.on_main("schedule")
    assert pipeline.results["drift radio-ads"] == "failed"
    assert pipeline.results["take-in radio-ads"] == "success", pipeline.log
    assert world.forge.open_pulls() == [request]
    assert world.repository.branches()["reconciler/pull-radio-ads"] == request.head
