"""A change of the catalogue from the pull request to the ledger, and a live edit afterwards: the
commands that jobs run, in their order, on a GitHub and a GitLab of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import CATALOG, Workplace
from tests.forge import github, gitlab
from tests.forge.conftest import Fake, job
from tests.forge.github import FakeGitHub
from tests.forge.gitlab import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.console import Sandbox


@pytest.fixture(params=[FakeGitHub, FakeGitLab], ids=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Iterator[Fake]:
    with request.param.running() as running:
        yield running


def planned(work: Workplace, forge: Fake, env: dict[str, str], run: int) -> str:
    """The job of a pull request; the plan's digest."""
    assert work.run("plan", "--out", "plan.json").code == 0
    plan = (work.folder / "plan.json").read_bytes()
    forge.add_artifact(run, {"plan.json": plan})
    ended = work.run("report", "plan", "plan.json", env=env)
    assert (ended.code, ended.err) == (0, "")
    digest: str = work.run("show", "plan.json", "--format", "json").json["digest"]
    return digest


def test_a_change_from_the_pull_request_to_the_ledger(
    spots: Workplace, sandbox: Sandbox, forge: Fake
) -> None:
    pull, first = forge.create_pull("Two spots"), forge.start_run()
    planned(spots, forge, job(forge, spots.folder, run=first, pull=pull), first)

    forge.push(pull)
    spots.catalog(CATALOG.replace("title: Summer ad", "title: Summer ad 30s"))
    second = forge.start_run()
    digest = planned(spots, forge, job(forge, spots.folder, run=second, pull=pull), second)
    (comment,) = forge.comments_on(pull)
    assert digest in comment["body"]
    assert "Summer ad 30s" in comment["body"]

    merge = job(forge, spots.folder, run=forge.start_run(), sha=forge.merge(pull))
    ended = spots.run("report", "reviewed", "--out", "reviewed.json", env=merge)
    assert ended.out == f"reviewed_digest={digest}\npull_request={pull.number}\n"
    ended = spots.run(
        "apply", "--yes", "--plan-digest", digest, "--reviewed", "reviewed.json", env=merge
    )
    assert ended.code == 0

    for edited in (True, False):
        if edited:
            sandbox.edit(sandbox.files(8891)[0]["id"], title="Edited by hand")
        else:
            assert spots.run("apply", "--yes").code == 0
        found = spots.run("drift", "--format", "json")
        assert found.code == (2 if edited else 0)
        (spots.folder / "drift.json").write_text(found.out, "utf-8")
        watch = job(forge, spots.folder, run=forge.start_run())
        assert spots.run("report", "drift", "drift.json", env=watch).code == 0
        assert len(forge.open_issues()) == edited
    files = b"".join(path.read_bytes() for path in spots.folder.rglob("*") if path.is_file())
    assert github.TOKEN.encode() not in files
    assert gitlab.TOKEN.encode() not in files
