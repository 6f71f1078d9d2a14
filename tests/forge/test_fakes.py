"""That the fakes can say no: so that the tests with them can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.forge.github import BOT

if TYPE_CHECKING:
    from tests.forge.github import FakeGitHub
    from tests.forge.gitlab import FakeGitLab


def on_github(github: FakeGitHub, method: str, path: str, **body: Any) -> requests.Response:
    auth = {"Authorization": f"Bearer {github.token}"}
    url = f"{github.api}/repos/acme/radio-ads{path}"
    return requests.request(
        method, url, json=body or None, headers=auth, allow_redirects=False, timeout=5
    )


def on_gitlab(gitlab: FakeGitLab, method: str, path: str, **body: Any) -> requests.Response:
    auth = {"PRIVATE-TOKEN": gitlab.token}
    url = f"{gitlab.api}/projects/42{path}"
    return requests.request(method, url, json=body or None, headers=auth, timeout=5)


def test_github_wants_its_token(github: FakeGitHub) -> None:
    assert requests.get(f"{github.api}/user", timeout=5).status_code == 401


def test_github_has_pages(github: FakeGitHub) -> None:
    pull = github.create_pull()
    for n in range(130):
        github.comment(pull, "ada", f"{n}")
    first = on_github(github, "GET", f"/issues/{pull.number}/comments?per_page=999")
    assert len(first.json()) == 100
    auth = {"Authorization": f"Bearer {github.token}"}
    second = requests.get(first.links["next"]["url"], headers=auth, timeout=5)
    assert [comment["body"] for comment in second.json()] == [f"{n}" for n in range(100, 130)]
    assert "next" not in second.links


@pytest.mark.parametrize(("length", "status"), [(0, 422), (65_536, 201), (65_537, 422)])
def test_github_takes_comments_of_a_length(github: FakeGitHub, length: int, status: int) -> None:
    pull = github.create_pull()
    said = on_github(github, "POST", f"/issues/{pull.number}/comments", body="x" * length)
    assert said.status_code == status


def test_githubs_storage_refuses_whoever_shows_a_token(github: FakeGitHub) -> None:
    github.add_artifact(7, {"plan.json": b"{}"})
    listed = on_github(github, "GET", "/actions/runs/7/artifacts").json()["artifacts"]
    moved = on_github(github, "GET", f"/actions/artifacts/{listed[0]['id']}/zip")
    assert moved.status_code == 302
    address = moved.headers["Location"]
    shown = requests.get(address, headers={"Authorization": "Bearer x"}, timeout=5)
    assert shown.status_code == 400
    assert requests.get(address, timeout=5).content.startswith(b"PK")
    assert requests.get(address.split("?")[0], timeout=5).status_code == 403


def test_an_app_may_not_ask_who_it_is(github: FakeGitHub) -> None:
    auth = {"Authorization": f"Bearer {github.token}"}
    assert requests.get(f"{github.api}/user", headers=auth, timeout=5).status_code == 403
    assert github.login == BOT


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("/close", ["/close"]),
        ("x\n  /label ~bug", ["/label"]),
        ("<!-- x -->\n<!--\n/merge\n-->", ["/merge"]),
        ("```\n/close\n```\n", []),
        ("a /close b\n`/close`", []),
        ("http://x/close", []),
    ],
)
def test_gitlab_runs_quick_actions(gitlab: FakeGitLab, body: str, found: list[str]) -> None:
    request = gitlab.create_pull()
    on_gitlab(gitlab, "POST", f"/merge_requests/{request.number}/notes", body=body)
    assert gitlab.executed == found


def test_gitlab_has_pages(gitlab: FakeGitLab) -> None:
    request = gitlab.create_pull()
    for n in range(130):
        gitlab.comment(request, "ada", f"{n}")
    path = f"/merge_requests/{request.number}/notes?sort=asc&per_page=999"
    first, second = (on_gitlab(gitlab, "GET", f"{path}&page={page}") for page in (1, 2))
    assert (len(first.json()), first.headers["X-Next-Page"]) == (100, "2")
    assert (len(second.json()), second.headers["X-Next-Page"]) == (30, "")
