"""Jobs on a GitHub and on a GitLab of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from reconciler.cli.main import run
from tests.forge import github as hub
from tests.forge import gitlab as lab
from tests.forge.github import FakeGitHub
from tests.forge.gitlab import FakeGitLab

Fake: TypeAlias = FakeGitHub | FakeGitLab
CATALOG = "version: 1\ncatalog: radio-ads\nbuckets: {spots: {id: 8891}}\nfiles: {}\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command: TypeAlias = Callable[..., Ended]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub.running() as served:
        yield served


@pytest.fixture
def gitlab() -> Iterator[FakeGitLab]:
    with FakeGitLab.running() as served:
        yield served


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Fake:
    """Each of them."""
    made: Fake = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run: a checkout with a catalogue."""
    (tmp_path / "catalog.yaml").write_text(CATALOG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command with the variables of a job, and sees that it shows no token."""

    def go(env: Mapping[str, str], *arguments: str) -> Ended:
        with monkeypatch.context() as patch:
            for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_TOKEN", "GITLAB_TOKEN"):
                patch.delenv(name, raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            code = run(arguments)
        out, err = capsys.readouterr()
        for token in (hub.TOKEN, lab.TOKEN):
            assert token not in out + err
        return Ended(code, out, err)

    return go


def job(
    fake: Fake,
    folder: Path,
    *,
    run: int,
    pull: hub.Pull | lab.Request | None = None,
    sha: str | None = None,
) -> dict[str, str]:
    """The variables of a job on either of them."""
    if isinstance(fake, FakeGitHub):
        assert not isinstance(pull, lab.Request)
        return fake.job(folder, run=run, pull=pull, sha=sha)
    assert not isinstance(pull, hub.Pull)
    return fake.job(run=run, pull=pull, sha=sha)


def author_of(comment: Mapping[str, dict[str, str]]) -> str:
    """Whose comment it is, on either of them."""
    return comment["user"]["login"] if "user" in comment else comment["author"]["username"]
