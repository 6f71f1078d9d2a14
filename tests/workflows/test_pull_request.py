"""A whole pull request, by the workflows that people copy, against a GitHub and a service that are
played: opened, planned, commented on, pushed to again, approved, merged, and applied by digest."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.ledger.chain import Anchor
from reconciler.ledger.verifying import verify
from reconciler.sandbox.server import running
from tests.forge.github import REPOSITORY, FakeGitHub, Pull
from tests.workflows.repository import BUCKETS, ROOT, Repository
from tests.workflows.runner import Event, Run, Runner
from tests.workflows.world import TOKEN, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUBLISH = {"RECONCILER_SNAPSHOT": "publish"}


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
                # Its author may call the branch what they like.
                "head": {"sha": pull.head, "ref": "main", "repo": {"full_name": repository}},
            },
        }
        ref = f"refs/pull/{pull.number}/merge"
        return self._play(workflow, Event("pull_request", pull.head, ref, payload))

    def on_main(self, workflow: str, event: str = "push") -> Run:
        """Run a workflow for main as it is."""
        sha = self.repository.git("rev-parse", "main")
        return self._play(workflow, Event(event, sha, "refs/heads/main", {"after": sha}))

    def applies(self) -> None:
        """What is on main is applied."""
        run = self.on_main("apply")
        assert "failure" not in run.results.values(), run.log

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


def anchor_in(summary: str) -> Anchor:
    """What an apply's summary says of the ledger."""
    said = re.fullmatch(r"`apply` ended with 0\. The ledger is at `(\S+)`\.\n", summary)
    assert said is not None, summary
    return Anchor.parse(said[1])


def test_from_the_pull_request_to_the_bucket(make_world: Callable[..., GitHubWorld]) -> None:
    world = make_world("radio-ads", "jingles")
    entries = world.repository.entries

    # Somebody opens a pull request: its catalogues are checked, and each plan stands in a comment.
    entries["radio-ads"]["second"] = "Second one"
    pull = world.open_pull("Add the second")
    assert set(world.on_pull("validate", pull).results.values()) == {"success", "skipped"}
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
    assert set(run.results.values()) == {"success", "skipped"}
    # Nobody has asked for snapshots.
    assert {name for name, result in run.results.items() if result == "skipped"} == {
        f"snapshot / snapshot ({name})" for name in BUCKETS
    }
    assert world.asked.count("acrcloud") == 2
    anchor = anchor_in(run.jobs["catalog (radio-ads) / apply"].summary)
    assert anchor.seq > 0

    # How it ended stands on the pull request, with the anchor of each catalogue's ledger.
    _, _, *ended = world.comments(pull)
    assert len(ended) == 2
    assert "2 applied, 0 stale" in ended[0]
    assert str(anchor) in ended[0]
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
    world.applies()
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
    assert "failure" not in world.on_main("apply").results.values()
    assert world.titles(8891) == ["First of radio-ads", "Second one"]


def test_a_plan_that_guardrails_refuse_is_shown_and_not_applied(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    entries = world.repository.entries["radio-ads"]
    entries |= {f"entry-{number}": f"Entry {number}" for number in range(9)}
    world.repository.commit("Many")
    world.repository.git("push", "-q", "origin", "main")
    world.applies()
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


def played_for_fork(world: GitHubWorld, pull: Pull) -> Run:
    """What is run for a fork's pull request: it asks the service for nothing, and writes nothing on
    GitHub."""
    artifacts = len(world.forge.artifacts)
    skipped = world.on_pull("plan", pull, repository="mallory/radio-ads")
    assert set(skipped.results.values()) == {"skipped"}
    run = world.on_pull("validate", pull, repository="mallory/radio-ads")
    assert world.service.requests == []
    assert world.forge.lines("POST", "PATCH", "PUT", "DELETE") == []
    assert len(world.forge.artifacts) == artifacts
    return run


def test_a_fork_is_checked_and_gets_neither_a_plan_nor_a_comment(
    make_world: Callable[..., GitHubWorld],
) -> None:
    """Where nobody has asked for snapshots."""
    world = make_world("radio-ads")
    assert set(world.on_main("snapshot", "schedule").results.values()) == {"skipped"}
    pull = world.open_pull("From elsewhere")
    run = played_for_fork(world, pull)
    assert set(run.results.values()) == {"success"}
    said = "There is no snapshot of radio-ads to plan from, so no plan.\n"
    assert run.jobs["plan (radio-ads)"].summary == said
    assert world.comments(pull) == []


class TestAFork:
    @pytest.fixture
    def world(self, make_world: Callable[..., GitHubWorld]) -> GitHubWorld:
        """Where one file is live, as the catalogue has it, but for its title."""
        world = make_world("radio-ads")
        file = {"title": "Typed in the console", "state": 1, "duration": 0.1}
        ours = {"catalog_key": "radio-ads/first", "artist": "Acme"}
        world.service.add_file(8891, user_defined=ours, **file)
        return world

    def publish(self, world: GitHubWorld) -> None:
        """Main keeps a snapshot; from here on the service is not to be asked."""
        world.runner.variables = PUBLISH
        assert set(world.on_main("snapshot", "schedule").results.values()) == {"success"}
        world.service.requests.clear()

    def test_sees_its_plan_in_the_summary(self, world: GitHubWorld) -> None:
        self.publish(world)
        # T25: the name of an artifact says nothing, nor does that of a fork's branch.
        poison = world.forge.start_run(branch="main", event="pull_request", is_fork=True)
        world.forge.add_artifact(poison, {"live.json": b"{}"}, "reconciler-snapshot-radio-ads")
        world.repository.entries["radio-ads"]["second"] = "Second one"
        run = played_for_fork(world, world.open_pull("Add the second"))
        assert set(run.results.values()) == {"success"}
        summary = run.jobs["plan (radio-ads)"].summary
        assert "1 to update, 1 to create" in summary
        assert "Second one" in summary
        assert "Typed in the console" in summary
        assert "Made from a snapshot" in summary

    def test_whose_plan_guardrails_refuse_is_shown_why_and_is_red(self, world: GitHubWorld) -> None:
        for number in range(10):
            ours = {"catalog_key": f"radio-ads/entry-{number}"}
            world.service.add_file(8891, title=f"Entry {number}", user_defined=ours, state=1)
        self.publish(world)
        run = played_for_fork(world, world.open_pull("Remove many"))
        assert run.results == {"validate (radio-ads)": "success", "plan (radio-ads)": "failure"}
        assert "10 to delete" in run.jobs["plan (radio-ads)"].summary

    def test_whose_catalogue_is_wrong_is_not_planned(self, world: GitHubWorld) -> None:
        world.repository.entries["radio-ads"]["second"] = "[]"
        run = played_for_fork(world, world.open_pull("Wrong"))
        assert run.results == {"validate (radio-ads)": "failure", "plan (radio-ads)": "skipped"}


def test_who_is_no_fork_is_planned_against_the_service_only(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    run = world.on_pull("validate", world.open_pull("From here"))
    assert run.results == {"validate (radio-ads)": "success", "plan (radio-ads)": "skipped"}


def test_a_snapshot_is_kept_of_what_an_apply_has_made(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.runner.variables = PUBLISH
    assert set(world.on_main("apply").results.values()) == {"success"}
    assert world.asked == ["acrcloud-read", "acrcloud-changed", "acrcloud-read"]
    kept = world.forge.artifacts[-1]
    assert kept["name"] == "reconciler-snapshot-radio-ads"
    with zipfile.ZipFile(io.BytesIO(kept["data"])) as archive:
        assert archive.namelist() == ["live.json"]
        assert b'"title":"First of radio-ads"' in archive.read("live.json")


def test_drift_keeps_one_issue_as_long_as_there_is_some(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.applies()
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


def test_an_edit_is_taken_into_the_catalogue_by_merging_a_pull_request(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.applies()
    world.on_main("drift", "schedule")
    assert world.forge.open_pulls() == []

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    heads = set()
    for _ in range(2):
        run = world.on_main("drift", "schedule")
        assert set(run.results.values()) == {"success"}, run.log
        (pull,) = world.forge.open_pulls()
        assert pull.title == "Take what was edited live into radio-ads"
        assert "Typed in the console" in pull.body
        heads.add(world.repository.branches()["reconciler/pull-radio-ads"])
    assert heads == {pull.head}
    assert len(world.forge.open_issues()) == 1

    world.merge(pull)
    changed = world.repository.git("show", "--format=", "-U0", "--first-parent", "main")
    assert re.findall(r"^[-+] .*", changed, re.MULTILINE) == [
        "-    title: First of radio-ads",
        "+    title: Typed in the console",
    ]
    world.applies()
    assert world.titles(8891) == ["Typed in the console"]
    run = world.on_main("drift", "schedule")
    assert set(run.results.values()) == {"success"}, run.log
    assert (world.forge.open_issues(), world.forge.open_pulls()) == ([], [])
    assert "reconciler/pull-radio-ads" not in world.repository.branches()


def test_an_edit_that_is_undone_needs_no_pull_request_any_more(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.applies()
    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    world.on_main("drift", "schedule")
    (pull,) = world.forge.open_pulls()

    world.applies()
    assert world.titles(8891) == ["First of radio-ads"]
    run = world.on_main("drift", "schedule")
    assert set(run.results.values()) == {"success"}, run.log
    assert pull.is_closed
    assert world.forge.open_issues() == []


def test_a_pull_that_failed_leaves_the_pull_request_of_the_day_before(
    make_world: Callable[..., GitHubWorld],
) -> None:
    world = make_world("radio-ads")
    world.applies()
    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    world.on_main("drift", "schedule")
    (pull,) = world.forge.open_pulls()

    path = world.workflows / "drift.yml"
    before, mark, step = path.read_text("utf-8").partition("command: pull")
    refused = step.replace("${{ secrets.ACRCLOUD_ACCESS_TOKEN }}", "refused", 1)
    path.write_text(before + mark + refused, "utf-8")
    run = world.on_main("drift", "schedule")
    assert run.jobs["drift (radio-ads)"].result == "failure"
    assert run.jobs["take-in (radio-ads)"].result == "success", run.log
    assert world.forge.open_pulls() == [pull]
    assert world.repository.branches()["reconciler/pull-radio-ads"] == pull.head


def test_a_ledger_in_a_file_is_kept_as_an_artifact_and_its_anchor_is_said(
    make_world: Callable[..., GitHubWorld],
) -> None:
    """As docs/github.md has it for those who want no branch."""
    world = make_world("radio-ads")
    page = (ROOT / "docs" / "github.md").read_text("utf-8")
    step = r"^      - uses: actions/upload-artifact@.*?(?=^```)"
    (upload,) = re.findall(step, page, re.MULTILINE | re.DOTALL)
    path = world.workflows / "apply-catalog.yml"
    text = path.read_text("utf-8")
    on_a_branch = "ledger: git:reconciler-ledger/${{ inputs.catalog }}"
    assert on_a_branch in text
    steps, mark, rest = text.replace(on_a_branch, "ledger: ledger.jsonl").partition("\n  # How it")
    path.write_text(steps + upload + mark + rest, "utf-8")

    run = world.on_main("apply")
    anchor = anchor_in(run.jobs["catalog (radio-ads) / apply"].summary)
    assert world.forge.artifacts[-1]["name"] == "ledger"
    with zipfile.ZipFile(io.BytesIO(world.forge.artifacts[-1]["data"])) as archive:
        verdict = verify(archive.read("ledger.jsonl"), anchor)
    assert (verdict.head, verdict.findings) == (anchor, ())
