"""A whole pull request, by the workflows that people copy, against a GitHub and a service that are
played: opened, planned, commented on, pushed to again, approved, merged, and applied by digest."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.server import running
from tests.forge.github import REPOSITORY, FakeGitHub, Pull
from tests.workflows.runner import ROOT, Event, Run, Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.sandbox.console import Sandbox

TOKEN = "a-token-that-no-log-may-show"
CATALOG = """\
version: 1
catalog: {name}
api: {{base_url: '{url}'}}
buckets: {{spots: {{id: {bucket}}}}}
defaults: {{bucket: spots}}
files:
{files}"""
ENTRY = """\
  {key}:
    title: {title}
    source: {{audio: {key}.wav}}
    user_defined: {{artist: Acme}}
"""
BUCKETS = {"radio-ads": 8891, "jingles": 8892}
PUBLISH = {"RECONCILER_SNAPSHOT": "publish"}


@dataclass
class Repository:
    """A bare repository on this machine, somebody's checkout of it, and the workflows in it."""

    folder: Path
    url: str
    catalogs: tuple[str, ...]
    entries: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """With what is on main at the beginning: catalogues with one entry each."""
        self.origin, self.work = self.folder / "origin.git", self.folder / "checkout"
        self.workflows = self.folder / "workflows"
        shutil.copytree(ROOT / "examples/github/workflows", self.workflows)
        for path in self.workflows.iterdir():
            listed = f"[{', '.join(self.catalogs)}]"
            path.write_text(
                path.read_text("utf-8").replace("[radio-ads, jingles]", listed), "utf-8"
            )
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.origin], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", self.work], check=True)
        self.git("remote", "add", "origin", f"file://{self.origin}")
        self.entries = {name: {"first": f"First of {name}"} for name in self.catalogs}
        self.commit("Begin")
        self.git("push", "-q", "origin", "main")

    def git(self, *arguments: str) -> str:
        """What git says in the checkout."""
        done = subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
            cwd=self.work,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """The catalogues as `entries` has them, committed; the commit."""
        for name, entries in self.entries.items():
            folder = self.work / "catalogs" / name
            folder.mkdir(parents=True, exist_ok=True)
            listed = "".join(ENTRY.format(key=k, title=t) for k, t in entries.items())
            text = CATALOG.format(name=name, url=self.url, bucket=BUCKETS[name], files=listed)
            (folder / "catalog.yaml").write_text(text, "utf-8")
            for number, key in enumerate(entries):
                with wave.open(str(folder / f"{key}.wav"), "wb") as audio:
                    audio.setnchannels(1)
                    audio.setsampwidth(1)
                    audio.setframerate(8000)
                    audio.writeframes(bytes([100 + number]) * 800)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@dataclass
class World:
    """All that there is: GitHub, the service, the repository, and who approves."""

    github: FakeGitHub
    service: Sandbox
    repository: Repository
    runner: Runner
    asked: list[str] = field(default_factory=list)
    """The environments that a job has asked to go into, in order."""

    def open_pull(self, title: str) -> Pull:
        """Commit what is in `entries` to a branch, and open a pull request of it."""
        self.repository.git("checkout", "-q", "-b", f"change-{len(self.github.pulls)}")
        pull = self.github.create_pull(title)
        self._push(pull)
        return pull

    def push_again(self, pull: Pull) -> None:
        """Commit what is in `entries` on top of it."""
        self._push(pull)

    def _push(self, pull: Pull) -> None:
        pull.head = self.repository.commit(pull.title)
        pull.heads.append(pull.head)
        self.repository.git("push", "-q", "origin", "HEAD")

    def merge(self, pull: Pull) -> str:
        """Merge it into main; the new commit there."""
        git = self.repository.git
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", f"Merge {pull.title}", pull.head)
        git("push", "-q", "origin", "main")
        pull.is_merged, pull.merge_commit = True, git("rev-parse", "HEAD")
        return pull.merge_commit

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

    def _play(self, workflow: str, event: Event) -> Run:
        run = self.runner.play(self.repository.workflows / f"{workflow}.yml", event)
        assert TOKEN not in run.log
        assert self.github.token not in run.log
        return run

    def comments(self, pull: Pull) -> list[str]:
        """The bodies of all comments."""
        return [comment["body"] for comment in self.github.comments_on(pull)]

    def titles(self, bucket: int) -> list[str]:
        """What the service has in a bucket."""
        return sorted(file["title"] for file in self.service.files(bucket))

    def edit_live(self, bucket: int, old: str, new: str) -> None:
        """Somebody renames a file in the console."""
        (file,) = (file for file in self.service.files(bucket) if file["title"] == old)
        self.service.edit(file["id"], title=new)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    with FakeGitHub.running() as github, running(token=TOKEN) as service:
        for name, bucket in BUCKETS.items():
            service.add_bucket(name, id=bucket)

        def make(*catalogs: str) -> World:
            repository = Repository(tmp_path, service.url, catalogs)
            token = {"ACRCLOUD_ACCESS_TOKEN": TOKEN}
            secrets = dict.fromkeys(("acrcloud-read", "acrcloud", "acrcloud-changed"), token)
            runner = Runner(github, repository.origin, tmp_path / "machines", secrets)
            world = World(github, service, repository, runner)

            def approve(environment: str, _run: Run) -> bool:
                world.asked.append(environment)
                return True

            runner.approve = approve
            return world

        yield make


def test_from_the_pull_request_to_the_bucket(make_world: Callable[..., World]) -> None:
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
    assert "Since the previous plan of this pull request" in ads_now
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
    make_world: Callable[..., World],
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
    assert "failure" not in world.on_main("apply").results.values()
    assert world.titles(8891) == ["First of radio-ads", "Second one"]


def test_a_plan_that_guardrails_refuse_is_shown_and_not_applied(
    make_world: Callable[..., World],
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


def played_for_fork(world: World, pull: Pull) -> Run:
    """What is run for a fork's pull request: it asks the service for nothing, and writes nothing on
    GitHub."""
    artifacts = len(world.github.artifacts)
    skipped = world.on_pull("plan", pull, repository="mallory/radio-ads")
    assert set(skipped.results.values()) == {"skipped"}
    run = world.on_pull("validate", pull, repository="mallory/radio-ads")
    assert world.service.requests == []
    assert world.github.lines("POST", "PATCH", "PUT", "DELETE") == []
    assert len(world.github.artifacts) == artifacts
    return run


def test_a_fork_is_checked_and_gets_neither_a_plan_nor_a_comment(
    make_world: Callable[..., World],
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
    def world(self, make_world: Callable[..., World]) -> World:
        """Where one file is live, as the catalogue has it, but for its title."""
        world = make_world("radio-ads")
        file = {"title": "Typed in the console", "state": 1, "duration": 0.1}
        ours = {"catalog_key": "radio-ads/first", "artist": "Acme"}
        world.service.add_file(8891, user_defined=ours, **file)
        return world

    def publish(self, world: World) -> None:
        """Main keeps a snapshot; from here on the service is not to be asked."""
        world.runner.variables = PUBLISH
        assert set(world.on_main("snapshot", "schedule").results.values()) == {"success"}
        world.service.requests.clear()

    def test_sees_its_plan_in_the_summary(self, world: World) -> None:
        self.publish(world)
        # T25: the name of an artifact says nothing, nor does that of a fork's branch.
        poison = world.github.start_run(branch="main", event="pull_request", is_fork=True)
        world.github.add_artifact(poison, {"live.json": b"{}"}, "reconciler-snapshot-radio-ads")
        world.repository.entries["radio-ads"]["second"] = "Second one"
        run = played_for_fork(world, world.open_pull("Add the second"))
        assert set(run.results.values()) == {"success"}
        summary = run.jobs["plan (radio-ads)"].summary
        assert "1 to update, 1 to create" in summary
        assert "Second one" in summary
        assert "Typed in the console" in summary
        assert "Made from a snapshot" in summary

    def test_whose_plan_guardrails_refuse_is_shown_why_and_is_red(self, world: World) -> None:
        for number in range(10):
            ours = {"catalog_key": f"radio-ads/entry-{number}"}
            world.service.add_file(8891, title=f"Entry {number}", user_defined=ours, state=1)
        self.publish(world)
        run = played_for_fork(world, world.open_pull("Remove many"))
        assert run.results == {"validate (radio-ads)": "success", "plan (radio-ads)": "failure"}
        assert "10 to delete" in run.jobs["plan (radio-ads)"].summary

    def test_whose_catalogue_is_wrong_is_not_planned(self, world: World) -> None:
        world.repository.entries["radio-ads"]["second"] = "[]"
        run = played_for_fork(world, world.open_pull("Wrong"))
        assert run.results == {"validate (radio-ads)": "failure", "plan (radio-ads)": "skipped"}


def test_who_is_no_fork_is_planned_against_the_service_only(
    make_world: Callable[..., World],
) -> None:
    world = make_world("radio-ads")
    run = world.on_pull("validate", world.open_pull("From here"))
    assert run.results == {"validate (radio-ads)": "success", "plan (radio-ads)": "skipped"}


def test_a_snapshot_is_kept_of_what_an_apply_has_made(make_world: Callable[..., World]) -> None:
    world = make_world("radio-ads")
    world.runner.variables = PUBLISH
    assert set(world.on_main("apply").results.values()) == {"success"}
    assert world.asked == ["acrcloud-read", "acrcloud-changed", "acrcloud-read"]
    kept = world.github.artifacts[-1]
    assert kept["name"] == "reconciler-snapshot-radio-ads"
    with zipfile.ZipFile(io.BytesIO(kept["data"])) as archive:
        assert archive.namelist() == ["live.json"]
        assert b'"title":"First of radio-ads"' in archive.read("live.json")


def test_drift_keeps_one_issue_as_long_as_there_is_some(make_world: Callable[..., World]) -> None:
    world = make_world("radio-ads")
    world.on_main("apply")
    world.on_main("drift", "schedule")
    assert world.github.open_issues() == []

    world.edit_live(8891, "First of radio-ads", "Typed in the console")
    for _ in range(2):
        run = world.on_main("drift", "schedule")
        assert set(run.results.values()) == {"success"}
        (issue,) = world.github.open_issues()
        assert "Typed in the console" in issue["body"]
        assert "changed live" in issue["body"]

    world.on_main("apply")
    world.on_main("drift", "schedule")
    assert world.github.open_issues() == []
