"""A GitHub that plays the part of its REST API that reports need, and enough of GraphQL.

    with FakeGitHub.running() as github:
        pull = github.create_pull("Add the summer spots")
        run = github.start_run()
        github.add_artifact(run, {"plan.json": plan_bytes})
        env = github.job(folder, pull=pull, run=run)       # the variables of a job on this pull
        ... run `reconciler report plan plan.json` with env ...
        [comment] = github.comments_on(pull)               # comment["body"], comment["user"]
        github.push(pull)                                  # a new head; then another run, as above
        sha = github.merge(pull)
        env = github.job(folder, sha=sha, run=github.start_run())   # the variables of a push
        ... run `reconciler report reviewed` with env ...

        github.start_run(event="pull_request", is_fork=True)          # somebody else's

It keeps users, pull requests, comments, issues, runs and artifacts. Pages are as on GitHub: at most
100 a page, `Link` headers. A token is that of an app (`github-actions[bot]`), which may not ask
who it is, with the permissions of the job; `github.permissions` says which. Comments longer than
65,536 characters are refused with 422. An artifact is answered with a redirect to `github.storage`,
which is another origin. What goes wrong on demand: see `served`.

`enterprise=True`: the REST API is at `/api/v3` and GraphQL at `/api/graphql`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.forge.served import Call, Refused, Reply, Served, Storage, commit_of, listening, page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

BOT = "github-actions[bot]"
TOKEN = "ghs_aTokenThatNoOutputMayShow0123456789"
REPOSITORY = "acme/radio-ads"
REPOSITORY_ID, FORK_ID = 77, 78
WORKFLOW = {"contents": "read", "actions": "read", "issues": "write", "pull-requests": "write"}
FORK = {"contents": "read", "actions": "read", "issues": "read", "pull-requests": "read"}


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    head: str
    merge_commit: str | None = None
    is_merged: bool = False
    heads: list[str] = field(default_factory=list)
    author: str = "ada"
    body: str = ""
    branch: str = "change"
    base: str = "main"
    is_closed: bool = False


class FakeGitHub(Served):
    """One repository."""

    def __init__(self, *, enterprise: bool = False) -> None:
        super().__init__()
        self.storage = Storage()
        self.token = TOKEN
        self.login = BOT
        self.is_app = True
        self.permissions = dict(WORKFLOW)
        self.default_branch = "main"
        self._base = "/api/v3" if enterprise else ""
        self._graphql = "/api/graphql" if enterprise else "/graphql"
        self._ids = 1000
        self._number = 0
        self.pulls: dict[int, Pull] = {}
        self.comments: list[dict[str, Any]] = []
        """All of them, as the API shows them, and `issue`, their issue's number."""
        self.issues: dict[int, dict[str, Any]] = {}
        self.minimised: set[int] = set()
        self.artifacts: list[dict[str, Any]] = []
        self.runs: dict[int, dict[str, Any]] = {}
        self.branches: Callable[[], Mapping[str, str]] = dict
        """The repository's, and the commit of each."""

    @classmethod
    @contextmanager
    def running(cls, *, enterprise: bool = False) -> Iterator[FakeGitHub]:
        """It and its storage, as long as the block runs."""
        github = cls(enterprise=enterprise)
        with listening(github, github.storage):
            yield github

    @property
    def api(self) -> str:
        return f"{self.url}{self._base}"

    # What people do.

    def create_pull(self, title: str = "A change") -> Pull:
        """Open a pull request, with one commit."""
        self._number += 1
        pull = Pull(self._number, title, "")
        self.pulls[pull.number] = pull
        self.push(pull)
        return pull

    def push(self, pull: Pull) -> str:
        """Push one more commit; the new head."""
        pull.head = commit_of(pull.number * 1_000_000 + len(pull.heads) + 1)
        pull.heads.append(pull.head)
        return pull.head

    def merge(self, pull: Pull) -> str:
        """Merge it; the commit on the main branch."""
        pull.is_merged = True
        pull.merge_commit = commit_of(pull.number * 1_000_000 + 999_999)
        return pull.merge_commit

    def comment(self, pull: Pull, author: str, body: str) -> int:
        """Comment, as anybody may; the comment's id."""
        return int(self._add_comment(pull.number, author, body)["id"])

    def comments_on(self, pull: Pull) -> list[dict[str, Any]]:
        """All comments on a pull request, the oldest first."""
        return [each for each in self.comments if each["issue"] == pull.number]

    def minimise(self, comment: int) -> None:
        """Hide a comment."""
        self.minimised.add(comment)

    def open_issue(self, author: str, title: str, body: str) -> int:
        """Open an issue, as anybody may; its number."""
        return int(self._add_issue(author, title, body)["number"])

    def open_issues(self) -> list[dict[str, Any]]:
        """Those that are open, the oldest first."""
        return [each for each in self.issues.values() if each["state"] == "open"]

    def open_pulls(self) -> list[Pull]:
        """Those that are neither merged nor closed, the oldest first."""
        return [pull for pull in self.pulls.values() if not (pull.is_merged or pull.is_closed)]

    # What jobs do.

    def start_run(self, *, branch: str = "main", event: str = "push", is_fork: bool = False) -> int:
        """A run of a workflow; later ones have greater ids. `is_fork`: the branch is a fork's."""
        run = self._id()
        head = {"id": FORK_ID if is_fork else REPOSITORY_ID}
        about = {"event": event, "head_branch": branch, "head_repository": head}
        self.runs[run] = {"id": run, "repository": {"id": REPOSITORY_ID}, **about}
        return run

    def add_artifact(
        self, run: int, files: Mapping[str, bytes] | bytes, name: str = "reconciler-plan"
    ) -> int:
        """Keep files of a run, as actions/upload-artifact does. Bytes: in the place of a zip."""
        data = files if isinstance(files, bytes) else zipped(files)
        artifact = {"id": self._id(), "name": name, "expired": False, "run": run, "data": data}
        self.artifacts.append(artifact)
        return int(artifact["id"])

    def job(
        self, folder: Path, *, run: int, pull: Pull | None = None, sha: str | None = None
    ) -> dict[str, str]:
        """The variables of a job: of `pull_request` for a pull, else of a push of `sha`."""
        event: dict[str, Any] = {"after": sha}
        if pull is not None:
            sha = commit_of(pull.number * 1_000_000 + 888_888)
            event = {
                "number": pull.number,
                "pull_request": {
                    "number": pull.number,
                    "title": pull.title,
                    "head": {"sha": pull.head, "ref": "change"},
                },
            }
        path = folder / f"event-{run}.json"
        path.write_text(json.dumps(event), "utf-8")
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": self.token,
            "GITHUB_API_URL": self.api,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_SHA": sha or commit_of(1),
            "GITHUB_RUN_ID": str(run),
        }

    # What the server does.

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "Bad credentials")
        if call.path == self._graphql:
            return self._nodes(call)
        path = call.path.removeprefix(self._base)
        if not call.path.startswith(self._base):
            raise Refused(404, "Not Found")
        for method, pattern, act in _ROUTES:
            found = re.fullmatch(pattern.replace("REPO", f"/repos/{REPOSITORY}"), path)
            if found and method == call.method:
                return getattr(self, act)(call, *found.groups())
        raise Refused(404, "Not Found")

    def _user(self, call: Call) -> Reply:
        if self.is_app:
            raise Refused(403, "Resource not accessible by integration")
        return Reply(200, {"login": self.login})

    def _pull(self, call: Call, number: str) -> Reply:
        self._need("pull-requests", "read")
        pull = self.pulls.get(int(number))
        if pull is None:
            raise Refused(404, "Not Found")
        return Reply(200, _shown_pull(pull))

    def _pulls(self, call: Call) -> Reply:
        self._need("pull-requests", "read")
        owner, _, branch = call.query["head"].partition(":")
        assert (owner, call.query["state"]) == (REPOSITORY.partition("/")[0], "open")
        return self._page([_shown_pull(p) for p in self.open_pulls() if p.branch == branch], call)

    def _new_pull(self, call: Call) -> Reply:
        self._need("pull-requests", "write")
        body, branch = self._body(call), call.body["head"]
        if branch not in self.branches():
            raise Refused(422, "Validation Failed", errors=[{"field": "head", "code": "invalid"}])
        if any(p.branch == branch and p.base == call.body["base"] for p in self.open_pulls()):
            raise Refused(422, "A pull request already exists")
        self._number += 1
        head = self.branches()[branch]
        pull = Pull(self._number, call.body["title"], head, heads=[head])
        pull.author, pull.body, pull.branch, pull.base = self.login, body, branch, call.body["base"]
        self.pulls[pull.number] = pull
        return Reply(201, _shown_pull(pull))

    def _edit_pull(self, call: Call, number: str) -> Reply:
        self._need("pull-requests", "write")
        pull = self.pulls[int(number)]
        if "body" in call.body:
            pull.body = self._body(call)
        pull.is_closed = call.body.get("state", "open") == "closed"
        return Reply(200, _shown_pull(pull))

    def _branch(self, call: Call, name: str) -> Reply:
        self._need("contents", "read")
        if unquote(name) not in self.branches():
            raise Refused(404, "Branch not found")
        return Reply(200, {"name": unquote(name)})

    def _comments_of(self, call: Call, number: str) -> Reply:
        self._need_issue(number)
        return self._page([c for c in self.comments if c["issue"] == int(number)], call)

    def _new_comment(self, call: Call, number: str) -> Reply:
        self._need_issue(number)
        self._need("pull-requests" if int(number) in self.pulls else "issues", "write")
        body = self._body(call)
        return Reply(201, self._add_comment(int(number), self.login, body))

    def _edit_comment(self, call: Call, id_: str) -> Reply:
        self._need("pull-requests", "write")
        for comment in self.comments:
            if comment["id"] == int(id_):
                comment["body"] = self._body(call)
                return Reply(200, comment)
        raise Refused(404, "Not Found")

    def _pulls_of(self, call: Call, sha: str) -> Reply:
        self._need("pull-requests", "read")
        found = [p for p in self.pulls.values() if sha in (*p.heads, p.merge_commit)]
        return self._page([_shown_pull(pull) for pull in found], call)

    def _repository(self, call: Call) -> Reply:
        return Reply(200, {"id": REPOSITORY_ID, "default_branch": self.default_branch})

    def _run(self, call: Call, run: str) -> Reply:
        self._need("actions", "read")
        if int(run) not in self.runs:
            raise Refused(404, "Not Found")
        return Reply(200, self.runs[int(run)])

    def _artifacts_of(self, call: Call, run: str | None = None) -> Reply:
        self._need("actions", "read")
        shown = [
            {name: each[name] for name in ("id", "name", "expired")}
            | {"workflow_run": self._shown_run(each["run"])}
            for each in self.artifacts[::-1]
            if run in (None, str(each["run"]))
            and each["name"] == call.query.get("name", each["name"])
        ]
        page = self._page(shown, call)
        return Reply(200, {"total_count": len(shown), "artifacts": page.body}, page.headers)

    def _shown_run(self, run: int) -> dict[str, Any] | None:
        if run not in self.runs:
            return None
        about = self.runs[run]
        return {
            "id": run,
            "repository_id": about["repository"]["id"],
            "head_repository_id": about["head_repository"]["id"],
            "head_branch": about["head_branch"],
        }

    def _artifact(self, call: Call, id_: str) -> Reply:
        self._need("actions", "read")
        for each in self.artifacts:
            if each["id"] == int(id_):
                if each["expired"]:
                    raise Refused(410, "Artifact has expired")
                location = self.storage.keep(f"artifact-{id_}.zip", each["data"])
                return Reply(302, b"", {"Location": location})
        raise Refused(404, "Not Found")

    def _issues(self, call: Call) -> Reply:
        self._need("issues", "read")
        state = call.query.get("state", "open")
        pulls = [
            {
                "number": p.number,
                "state": "open",
                "body": p.body,
                "user": {"login": p.author},
                "pull_request": {},
            }
            for p in self.pulls.values()
        ]
        found = [*self.issues.values(), *pulls]
        return self._page([i for i in found if state in ("all", i["state"])][::-1], call)

    def _new_issue(self, call: Call) -> Reply:
        self._need("issues", "write")
        return Reply(201, self._add_issue(self.login, call.body["title"], self._body(call)))

    def _edit_issue(self, call: Call, number: str) -> Reply:
        self._need("issues", "write")
        if "body" in call.body:
            self._body(call)
        self.issues[int(number)].update(call.body)
        return Reply(200, self.issues[int(number)])

    def _nodes(self, call: Call) -> Reply:
        ids = call.body["variables"]["ids"]
        nodes = [
            {"id": each["node_id"], "isMinimized": each["id"] in self.minimised}
            for each in self.comments
            if each["node_id"] in ids
        ]
        return Reply(200, {"data": {"nodes": nodes}})

    def _page(self, items: list[Any], call: Call) -> Reply:
        shown, page, pages = page_of(items, call)
        links = {"next": page + 1, "last": pages} if page < pages else {"first": 1}
        link = ", ".join(
            f'<{self.url}{call.path}?{urlencode({**call.query, "page": to})}>; rel="{rel}"'
            for rel, to in links.items()
        )
        return Reply(200, shown, {"Link": link})

    def _body(self, call: Call) -> str:
        body = call.body.get("body")
        if not isinstance(body, str) or not body.strip():
            raise Refused(422, "Validation Failed", errors=[{"field": "body", "code": "missing"}])
        if len(body) > 65_536:
            raise Refused(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        return body

    def _need(self, permission: str, level: str) -> None:
        has = self.permissions.get(permission, "none")
        if has not in ("write", level):
            raise Refused(403, "Resource not accessible by integration")

    def _need_issue(self, number: str) -> None:
        if int(number) not in {*self.pulls, *self.issues}:
            raise Refused(404, "Not Found")

    def _add_comment(self, issue: int, author: str, body: str) -> dict[str, Any]:
        id_ = self._id()
        comment = {"id": id_, "node_id": f"IC_{id_}", "issue": issue, "body": body}
        self.comments.append({**comment, "user": {"login": author}})
        return self.comments[-1]

    def _add_issue(self, author: str, title: str, body: str) -> dict[str, Any]:
        self._number += 1
        issue = {
            "id": self._id(),
            "number": self._number,
            "title": title,
            "body": body,
            "state": "open",
        }
        self.issues[self._number] = {**issue, "user": {"login": author}}
        return self.issues[self._number]

    def _id(self) -> int:
        self._ids += 1
        return self._ids


_ROUTES = [
    ("GET", "/user", "_user"),
    ("GET", "REPO/pulls/([0-9]+)", "_pull"),
    ("GET", "REPO/pulls", "_pulls"),
    ("POST", "REPO/pulls", "_new_pull"),
    ("PATCH", "REPO/pulls/([0-9]+)", "_edit_pull"),
    ("GET", "REPO/branches/([^/]+)", "_branch"),
    ("GET", "REPO/issues/([0-9]+)/comments", "_comments_of"),
    ("POST", "REPO/issues/([0-9]+)/comments", "_new_comment"),
    ("PATCH", "REPO/issues/comments/([0-9]+)", "_edit_comment"),
    ("GET", "REPO/commits/([0-9a-f]+)/pulls", "_pulls_of"),
    ("GET", "REPO", "_repository"),
    ("GET", "REPO/actions/artifacts", "_artifacts_of"),
    ("GET", "REPO/actions/runs/([0-9]+)", "_run"),
    ("GET", "REPO/actions/runs/([0-9]+)/artifacts", "_artifacts_of"),
    ("GET", "REPO/actions/artifacts/([0-9]+)/zip", "_artifact"),
    ("GET", "REPO/issues", "_issues"),
    ("POST", "REPO/issues", "_new_issue"),
    ("PATCH", "REPO/issues/([0-9]+)", "_edit_issue"),
]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _shown_pull(pull: Pull) -> dict[str, Any]:
    return {
        "id": 1_000_000 + pull.number,
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "user": {"login": pull.author},
        "state": "closed" if pull.is_merged or pull.is_closed else "open",
        "merged_at": "2026-01-01T00:00:00Z" if pull.is_merged else None,
        "merge_commit_sha": pull.merge_commit,
        "head": {"sha": pull.head, "ref": pull.branch},
    }
