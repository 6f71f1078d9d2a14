"""`reconciler report snapshot`: the snapshot that the default branch keeps, and nobody else's."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.core.snapshot import Taken, encode
from reconciler.forge import archive
from tests.core.scenario import given
from tests.forge.conftest import Ended, job
from tests.forge.github import FORK, FakeGitHub, zipped
from tests.forge.plans import file_of, plan
from tests.forge.served import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.forge.conftest import Command, Fake
    from tests.forge.gitlab import FakeGitLab

NONE = "snapshot_taken_at=\n"
NAMES = {"FakeGitHub": "reconciler-snapshot", "FakeGitLab": "snapshot"}


def snapshot(day: int = 1) -> bytes:
    """A snapshot's bytes, as of a day."""
    _, live = given("""
        bucket spots 1
        file 7 spots a s1 title=Spring
    """)
    return b"".join(encode(Taken(live, f"2026-01-{day:02}T00:00:00Z", "reconciler 0.1")))


def taken(day: int) -> str:
    return f"snapshot_taken_at=2026-01-{day:02}T00:00:00Z\n"


@pytest.fixture
def fetch(folder: Path, command: Command) -> Callable[..., Ended]:
    """Runs it in the job of a pull request."""

    def go(fake: Fake, *more: str) -> Ended:
        env = job(fake, folder, run=fake.start_run(branch="change"), pull=fake.create_pull())
        return command(env, "report", "snapshot", "--out", "live.json", *more)

    return go


def keep(fake: Fake, files: bytes, *, run: int | None = None, name: str | None = None) -> None:
    """Keep `live.json` as a job of main does, or of another run."""
    run = fake.start_run() if run is None else run
    fake.add_artifact(run, {"live.json": files}, name or NAMES[type(fake).__name__])


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith("event-")}


class TestTheSnapshot:
    def test_of_the_default_branch_is_fetched_and_is_private(
        self, forge: Fake, folder: Path, fetch: Callable[..., Ended]
    ) -> None:
        keep(forge, snapshot(3))
        ended = fetch(forge)
        assert (ended.code, ended.out, ended.err) == (0, taken(3), "")
        path = folder / "live.json"
        assert path.read_bytes() == snapshot(3)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_newest_is_taken(self, forge: Fake, fetch: Callable[..., Ended]) -> None:
        for day in (1, 2, 3):
            keep(forge, snapshot(day))
        assert fetch(forge).out == taken(3)

    def test_takes_the_place_of_an_older_one(
        self, forge: Fake, folder: Path, fetch: Callable[..., Ended]
    ) -> None:
        (folder / "live.json").write_bytes(snapshot(1))
        keep(forge, snapshot(2))
        fetch(forge)
        assert (folder / "live.json").read_bytes() == snapshot(2)

    def test_may_have_another_name_and_be_of_another_branch(
        self, forge: Fake, fetch: Callable[..., Ended]
    ) -> None:
        keep(forge, snapshot(1), name="live jingles")
        branch = forge.start_run(branch="release/2026")
        keep(forge, snapshot(2), name="live jingles", run=branch)
        assert fetch(forge, "--artifact", "live jingles").out == taken(1)
        found = fetch(forge, "--artifact", "live jingles", "--branch", "release/2026")
        assert found.out == taken(2)

    def test_of_a_default_branch_by_another_name(
        self, forge: Fake, fetch: Callable[..., Ended]
    ) -> None:
        forge.default_branch = "trunk"
        keep(forge, snapshot(1))
        keep(forge, snapshot(2), run=forge.start_run(branch="trunk"))
        keep(forge, snapshot(3))
        assert fetch(forge).out == taken(2)

    def test_needs_no_more_than_a_fork_may(
        self, github: FakeGitHub, fetch: Callable[..., Ended]
    ) -> None:
        keep(github, snapshot())
        github.permissions = {"contents": "read", "actions": "read"}
        assert set(github.permissions.items()) <= set(FORK.items())
        assert fetch(github).code == 0
        assert github.lines("POST", "PATCH", "PUT", "DELETE") == []
        assert all("authorization" not in call.headers for call in github.storage.calls)


class TestWhereThereIsNone:
    def test_it_is_said_and_nothing_is_written(
        self, forge: Fake, folder: Path, fetch: Callable[..., Ended]
    ) -> None:
        before = written(folder)
        ended = fetch(forge)
        assert (ended.code, ended.out) == (0, NONE)
        assert "no run of the default branch keeps a snapshot as" in ended.err
        assert written(folder) == before

    def test_what_another_run_left_is_not_touched(
        self, forge: Fake, folder: Path, fetch: Callable[..., Ended]
    ) -> None:
        (folder / "live.json").write_bytes(snapshot(1))
        assert fetch(forge).out == NONE
        assert (folder / "live.json").read_bytes() == snapshot(1)

    def test_one_that_has_expired_is_none(
        self, github: FakeGitHub, fetch: Callable[..., Ended]
    ) -> None:
        keep(github, snapshot(1))
        keep(github, snapshot(2))
        github.artifacts[-1]["expired"] = True
        assert fetch(github).out == taken(1)
        github.artifacts[0]["expired"] = True
        assert fetch(github).out == NONE

    def test_a_pipeline_that_failed_has_none(
        self, gitlab: FakeGitLab, fetch: Callable[..., Ended]
    ) -> None:
        keep(gitlab, snapshot(1))
        keep(gitlab, snapshot(2), run=gitlab.start_run(status="failed"))
        assert fetch(gitlab).out == taken(1)

    @pytest.mark.parametrize("status", [401, 403, 500])
    def test_where_it_cannot_be_known_it_is_an_error(
        self, forge: Fake, folder: Path, fetch: Callable[..., Ended], status: int
    ) -> None:
        keep(forge, snapshot())
        forge.goes_wrong("GET", "artifacts", Reply(status, {"message": "no"}), times=99)
        before = written(folder)
        ended = fetch(forge)
        assert (ended.code, ended.out) == (7 if status in (401, 403) else 1, "")
        assert written(folder) == before

    def test_a_project_that_the_token_cannot_see_is_an_error(
        self, forge: Fake, fetch: Callable[..., Ended]
    ) -> None:
        where = "/radio-ads$" if isinstance(forge, FakeGitHub) else "/projects/42$"
        forge.goes_wrong("GET", where, Reply(404, {"message": "Not Found"}), times=99)
        assert fetch(forge, "--branch", "main").code == 1


class TestAStrangers:
    """T25: an artifact has whatever name whoever opens a pull request likes."""

    @pytest.mark.parametrize(
        "run",
        [
            {"branch": "main", "event": "pull_request", "is_fork": True},
            {"branch": "main", "event": "push", "is_fork": True},
            {"branch": "change", "event": "pull_request"},
            {"branch": "change", "event": "push"},
            {"branch": "main", "event": "pull_request_target"},
            {"branch": "main", "event": "workflow_run"},
            {"branch": "main", "event": "issue_comment"},
        ],
        ids=lambda run: " ".join(map(str, run.values())),
    )
    def test_snapshot_is_passed_over(
        self, github: FakeGitHub, fetch: Callable[..., Ended], run: dict[str, str]
    ) -> None:
        keep(github, snapshot(9), run=github.start_run(**run))
        assert fetch(github).out == NONE
        keep(github, snapshot(2))
        keep(github, snapshot(9), run=github.start_run(**run))
        assert fetch(github).out == taken(2)
        # Nothing of it is even looked at.
        assert len(github.storage.calls) == 1

    def test_artifact_of_no_run_that_is_known_is_passed_over(
        self, github: FakeGitHub, fetch: Callable[..., Ended]
    ) -> None:
        keep(github, snapshot(9), run=7)
        assert fetch(github).out == NONE

    def test_flood_does_not_bury_ours(
        self, github: FakeGitHub, fetch: Callable[..., Ended]
    ) -> None:
        keep(github, snapshot(2))
        run = github.start_run(event="pull_request", is_fork=True)
        for _ in range(130):
            keep(github, snapshot(9), run=run)
        assert fetch(github).out == taken(2)
        assert len([line for line in github.lines() if line.endswith("/artifacts")]) == 2

    def test_merge_request_is_passed_over(
        self, gitlab: FakeGitLab, fetch: Callable[..., Ended]
    ) -> None:
        run = gitlab.start_run(branch="refs/merge-requests/1/head")
        keep(gitlab, snapshot(9), run=run)
        assert fetch(gitlab).out == NONE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is not JSON"),
        (b"[" * 10_000, "it is not JSON"),
        (b"{}", "its format is None"),
        (file_of(plan("Spring")), "its format is 'reconciler/plan/1'"),
        (snapshot().replace(b"Spring", b"Autumn"), "its bytes were changed"),
        (snapshot().replace(b'"incomplete":null', b'"incomplete":7'), "take a new one"),
        (snapshot()[:-2], "it is not JSON"),
        (b"[" + b"0," * 2_000_001 + b"0]", "it holds too much"),
    ],
    ids=["empty", "deep", "other JSON", "a plan", "changed", "structure", "cut", "many"],
)
def test_what_is_no_snapshot_is_not_kept(
    forge: Fake, folder: Path, fetch: Callable[..., Ended], content: bytes, said: str
) -> None:
    keep(forge, snapshot(1))
    keep(forge, content)
    before = written(folder)
    ended = fetch(forge)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert written(folder) == before


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (b"PK\x03\x04 not a zip", "is not a whole zip archive"),
        (zipped({"../live.json": snapshot(), "/live.json": b""}), "holds no files named live.json"),
        (zipped({"live.json": b"\0" * (archive.MOST + 1)}), "of more than 64 MiB"),
    ],
    ids=["rubbish", "paths", "bomb"],
)
def test_what_is_no_archive_of_one_is_not_unpacked(
    github: FakeGitHub, folder: Path, fetch: Callable[..., Ended], files: bytes, said: str
) -> None:
    github.add_artifact(github.start_run(), files, "reconciler-snapshot")
    before = written(folder)
    ended = fetch(github)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert written(folder) == before


def test_a_link_is_not_written_through(
    forge: Fake, folder: Path, fetch: Callable[..., Ended]
) -> None:
    (folder / "victim").write_text("before", "utf-8")
    (folder / "live.json").symlink_to("victim")
    keep(forge, snapshot())
    ended = fetch(forge)
    assert ended.code == 1
    assert "writing the snapshot live.json: what is there is not a regular file" in ended.err
    assert (folder / "victim").read_text("utf-8") == "before"


@pytest.mark.parametrize("option", ["--artifact", "--branch"])
@pytest.mark.parametrize("name", ["", "a\nb", "x" * 256, "\udcff"])
def test_a_name_that_none_has_is_refused(
    forge: Fake, fetch: Callable[..., Ended], option: str, name: str
) -> None:
    assert fetch(forge, option, name).code == 64
    assert forge.calls == []
