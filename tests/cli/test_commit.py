"""Which commit a catalogue is of, and whether it is as in that commit; and that asking runs nothing
that a repository names (T31)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli import commit
from reconciler.cli.environment import provenance

OWN = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def git(folder: Path, *arguments: str, **env: str) -> str:
    """Git as a developer has it, on nobody's settings."""
    named = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *named, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **OWN, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def committed(folder: Path, *init: str) -> Path:
    """A repository with a catalogue in one of its folders, all of it committed."""
    cat = folder / "cat"
    cat.mkdir(parents=True)
    (cat / "catalog.yaml").write_text("version: 1\n")
    git(folder, "init", "-q", *init)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return cat


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    return committed(tmp_path / "repo")


def is_dirty(cat: Path, *files: Path) -> bool | None:
    head = commit.head_of(cat)
    assert head is not None
    return commit.is_dirty(cat, head, files or (cat / "catalog.yaml",))


class TestACommit:
    def test_is_the_one_that_is_checked_out(self, cat: Path) -> None:
        assert commit.head_of(cat) == git(cat, "rev-parse", "HEAD")

    def test_is_none_where_there_is_no_repository(self, tmp_path: Path) -> None:
        assert commit.head_of(tmp_path) is None

    def test_is_none_where_there_is_no_commit_yet(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q")
        assert commit.head_of(tmp_path) is None

    def test_is_none_without_git(self, cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        head = commit.head_of(cat)
        assert head is not None
        monkeypatch.setenv("PATH", str(cat))
        assert commit.head_of(cat) is None
        assert commit.is_dirty(cat, head, [cat / "catalog.yaml"]) is None


class TestACatalogue:
    def test_is_clean_as_it_was_committed(self, cat: Path) -> None:
        assert is_dirty(cat) is False

    def test_is_clean_under_another_hash(self, tmp_path: Path) -> None:
        assert is_dirty(committed(tmp_path / "other", "--object-format=sha256")) is False

    def test_is_dirty_where_a_byte_differs(self, cat: Path) -> None:
        (cat / "catalog.yaml").write_text("version: 2\n")
        assert is_dirty(cat) is True
        (cat / "catalog.yaml").write_text("version: 1\n")
        assert is_dirty(cat) is False

    def test_is_dirty_where_the_change_is_staged(self, cat: Path) -> None:
        (cat / "catalog.yaml").write_text("version: 2\n")
        git(cat, "add", ".")
        assert is_dirty(cat) is True

    def test_is_dirty_where_it_includes_what_was_not_committed(self, cat: Path) -> None:
        new = cat / "ads" / "new.yaml"
        new.parent.mkdir()
        new.write_text("files: {}\n")
        assert is_dirty(cat, cat / "catalog.yaml", new) is True
        git(cat, "add", ".")
        git(cat, "commit", "-q", "-m", "second")
        assert is_dirty(cat, cat / "catalog.yaml", new) is False

    def test_is_clean_whatever_else_lies_beside_it(self, cat: Path) -> None:
        """The ledger, say."""
        (cat / "ledger.jsonl").write_text("x")
        assert is_dirty(cat) is False

    @pytest.mark.parametrize("name", ["é ü.yaml", ":(top)x.yaml", "-x.yaml", "a\nb\t.yaml", "*"])
    def test_may_have_any_name(self, cat: Path, name: str) -> None:
        (cat / name).write_text("files: {}\n")
        assert is_dirty(cat, cat / name) is True
        git(cat, "add", ".")
        git(cat, "commit", "-q", "-m", "second")
        assert is_dirty(cat, cat / name) is False

    def test_is_followed_through_a_link_to_what_is_read(self, cat: Path) -> None:
        link = cat / "link.yaml"
        link.symlink_to("catalog.yaml")
        assert is_dirty(cat, link) is False

    def test_that_is_gone_is_dirty(self, cat: Path) -> None:
        (cat / "catalog.yaml").unlink()
        assert is_dirty(cat) is True

    @pytest.mark.parametrize("named", ["0" * 40, "--all", "main", "", "HEAD:../.."])
    def test_is_not_judged_by_what_is_no_commit_here(self, cat: Path, named: str) -> None:
        """A CI's own variable may name a commit that was not fetched."""
        assert commit.is_dirty(cat, named, [cat / "catalog.yaml"]) is None


def bare_inside(folder: Path, ran: Path, *, by: str) -> Path:
    """A pull request can carry a bare repository, whose settings git would take for its own."""
    cat = folder / "cat"
    cat.mkdir(parents=True)
    git(folder, "init", "-q", "--bare", "cat")
    (cat / "catalog.yaml").write_text("version: 1\n")
    git(cat, "config", "core.bare", "false")
    git(cat, "config", "core.worktree", ".")
    here = {"GIT_DIR": ".", "GIT_WORK_TREE": "."}
    git(cat, "add", "catalog.yaml", **here)
    git(cat, "commit", "-q", "-m", "first", **here)
    return _armed(cat, cat / "config", ran, by)


def bare_fsmonitor(folder: Path, ran: Path) -> Path:
    return bare_inside(folder, ran, by="fsmonitor")


def bare_filter(folder: Path, ran: Path) -> Path:
    return bare_inside(folder, ran, by="filter")


def archive_fsmonitor(folder: Path, ran: Path) -> Path:
    cat = committed(folder)
    return _armed(cat, folder / ".git" / "config", ran, "fsmonitor")


def archive_filter(folder: Path, ran: Path) -> Path:
    cat = committed(folder)
    return _armed(cat, folder / ".git" / "config", ran, "filter")


def submodule_fsmonitor(folder: Path, ran: Path) -> Path:
    cat = committed(folder)
    sub = committed(cat / "sub")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "second")
    _armed(sub, cat / "sub" / ".git" / "config", ran, "fsmonitor")
    return cat


def archive_that_fetches(folder: Path, ran: Path) -> Path:
    """Objects that are missing are fetched, by a command that the settings name."""
    cat = committed(folder)
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://x.example/y",
        "core.sshCommand": f"touch {ran}; false",
    }.items():
        git(folder, "config", name, value)
    tree = git(folder, "rev-parse", "HEAD^{tree}")
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    return cat


def _armed(cat: Path, config: Path, ran: Path, by: str) -> Path:
    with config.open("a") as file:
        file.write(f'[core]\n\tfsmonitor = "touch {ran}; false"\n' if by == "fsmonitor" else "")
        file.write(f'[filter "x"]\n\tclean = "touch {ran}; cat"\n' if by == "filter" else "")
    (cat / ".gitattributes").write_text("* filter=x\n")
    os.utime(cat / "catalog.yaml", (10**9, 10**9))
    return cat


HOSTILE = [
    bare_fsmonitor,
    bare_filter,
    archive_fsmonitor,
    archive_filter,
    submodule_fsmonitor,
    archive_that_fetches,
]


@pytest.mark.parametrize("made", HOSTILE, ids=lambda made: made.__name__)
class TestARepositoryThatNamesCommands:
    def test_would_run_them_for_git_status(
        self, tmp_path: Path, made: Callable[[Path, Path], Path]
    ) -> None:
        """So that the next test can fail."""
        cat = made(tmp_path / "repo", tmp_path / "ran")
        asked = ["git", "-C", str(cat), "status", "--porcelain", "--", "."]
        subprocess.run(asked, env={**os.environ, **OWN}, capture_output=True, check=False)
        assert (tmp_path / "ran").exists()

    def test_is_asked_and_runs_none(
        self, tmp_path: Path, made: Callable[[Path, Path], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GITHUB_SHA", raising=False)
        monkeypatch.delenv("CI_COMMIT_SHA", raising=False)
        cat = made(tmp_path / "repo", tmp_path / "ran")
        provenance(cat, [cat / "catalog.yaml"])
        head = git(cat, "rev-parse", "HEAD")
        commit.is_dirty(cat, head, [cat / "catalog.yaml"])
        assert not (tmp_path / "ran").exists()


def test_a_bare_repository_inside_the_folder_is_not_the_catalogues(tmp_path: Path) -> None:
    """Its commit is not what is applied."""
    cat = bare_filter(tmp_path / "repo", tmp_path / "ran")
    assert commit.head_of(cat) is None


def test_git_is_asked_with_nothing_of_what_is_secret(
    cat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1: not in the environment of a process that needs it not."""
    bin_folder, seen = tmp_path / "bin", tmp_path / "seen"
    bin_folder.mkdir()
    fake = bin_folder / "git"
    fake.write_text(f'#!/bin/sh\nenv > {seen}\nexec {shutil.which("git")} "$@"\n')
    fake.chmod(0o700)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", "canary")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert commit.head_of(cat) is not None
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "ACRCLOUD_ACCESS_TOKEN" not in names
    assert "GIT_DIR" not in names
