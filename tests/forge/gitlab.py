"""A GitLab that plays the part of its REST API that reports need.

    with FakeGitLab.running() as gitlab:
        request = gitlab.create_pull("Add the summer spots")
        run = gitlab.start_run()                           # a pipeline
        gitlab.add_artifact(run, {"plan.json": plan_bytes})            # of its job `plan`
        env = gitlab.job(pull=request, run=run)            # the variables of a job on this request
        ... run `reconciler report plan plan.json` with env ...
        [note] = gitlab.comments_on(request)
        gitlab.push(request)
        sha = gitlab.merge(request)
        env = gitlab.job(sha=sha, run=gitlab.start_run())  # the variables of a push
        ... run `reconciler report reviewed` with env ...

It keeps users, merge requests, notes, issues, pipelines, jobs and their artifacts. Pages are as on
GitLab: `X-Next-Page` and `Link`, at most 100 a page. `gitlab.role` below `reporter` may not write.
Whatever is written as a note or a description is read for quick actions, as GitLab does: also
inside of HTML comments, and not in blocks of code. `gitlab.executed` has those that it found.
Artifacts are answered here, or, with `gitlab.direct = True`, with a redirect to `gitlab.storage`.
What goes wrong on demand: see `served`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.forge.served import Call, Refused, Reply, Served, Storage, commit_of, listening, page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BOT = "project_42_bot_ab12"
TOKEN = "glpat-aTokenThatNoOutputMayShow0123456789"
PROJECT = 42
_FENCED = re.compile(
    r"^(?P<fence>```+|~~~+)[^\n]*\n.*?^(?P=fence)`*~*\s*$", re.DOTALL | re.MULTILINE
)
_QUICK = re.compile(r"^\s*(/[a-z_]+)", re.MULTILINE)


@dataclass
class Request:
    """A merge request."""

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


class FakeGitLab(Served):
    """One project."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = Storage()
        self.token = TOKEN
        self.login = BOT
        self.role = "reporter"
        self.direct = False
        self.default_branch = "main"
        self.executed: list[str] = []
        """Quick actions that what was written would have run."""
        self._ids = 1000
        self.pulls: dict[int, Request] = {}
        self.notes: list[dict[str, Any]] = []
        self.issues: dict[int, dict[str, Any]] = {}
        self.jobs: list[dict[str, Any]] = []
        self.pipelines: dict[int, dict[str, Any]] = {}
        self.branches: Callable[[], Mapping[str, str]] = dict
        """The project's, and the commit of each."""

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[FakeGitLab]:
        """It and its storage, as long as the block runs."""
        gitlab = cls()
        with listening(gitlab, gitlab.storage):
            yield gitlab

    @property
    def api(self) -> str:
        return f"{self.url}/api/v4"

    # What people do.

    def create_pull(self, title: str = "A change") -> Request:
        """Open a merge request, with one commit."""
        request = Request(len(self.pulls) + 1, title, "")
        self.pulls[request.number] = request
        self.push(request)
        return request

    def push(self, request: Request) -> str:
        """Push one more commit; the new head."""
        request.head = commit_of(request.number * 1_000_000 + len(request.heads) + 1)
        request.heads.append(request.head)
        return request.head

    def merge(self, request: Request) -> str:
        """Merge it; the commit on the main branch."""
        request.is_merged = True
        request.merge_commit = commit_of(request.number * 1_000_000 + 999_999)
        return request.merge_commit

    def comment(self, request: Request, author: str, body: str) -> int:
        """Comment, as anybody may; the note's id."""
        return int(self._add_note("merge_requests", request.number, author, body)["id"])

    def comments_on(self, request: Request) -> list[dict[str, Any]]:
        """All notes on a merge request, the oldest first."""
        return self._notes_on("merge_requests", request.number)

    def open_issue(self, author: str, title: str, body: str) -> int:
        """Open an issue, as anybody may; its number."""
        return int(self._add_issue(author, title, body)["iid"])

    def open_issues(self) -> list[dict[str, Any]]:
        """Those that are open, the oldest first."""
        return [each for each in self.issues.values() if each["state"] == "opened"]

    def open_pulls(self) -> list[Request]:
        """Those that are neither merged nor closed, the oldest first."""
        return [each for each in self.pulls.values() if not (each.is_merged or each.is_closed)]

    # What jobs do.

    def start_run(self, *, branch: str = "main", status: str = "success") -> int:
        """A pipeline; later ones have greater ids. That of a merge request has a ref such as
        `refs/merge-requests/7/head` for its branch."""
        run = self._id()
        self.pipelines[run] = {"ref": branch, "status": status}
        return run

    def add_artifact(self, run: int, files: Mapping[str, bytes] | bytes, name: str = "plan") -> int:
        """Keep the artifacts of a job. Bytes: those of its plan.json."""
        kept = {"plan.json": files} if isinstance(files, bytes) else dict(files)
        self.jobs.append({"id": self._id(), "name": name, "pipeline": run, "files": kept})
        return int(self.jobs[-1]["id"])

    def job(
        self, *, run: int, pull: Request | None = None, sha: str | None = None
    ) -> dict[str, str]:
        """The variables of a job: of a merge request pipeline, else of a push of `sha`."""
        env = {
            "GITLAB_CI": "true",
            "GITLAB_TOKEN": self.token,
            "CI_API_V4_URL": self.api,
            "CI_PROJECT_ID": str(PROJECT),
            "CI_PIPELINE_ID": str(run),
            "CI_COMMIT_SHA": sha or (pull.head if pull else commit_of(1)),
        }
        if pull is not None:
            env["CI_MERGE_REQUEST_IID"] = str(pull.number)
            env["CI_MERGE_REQUEST_PROJECT_ID"] = str(PROJECT)
            env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] = ""
        return env

    # What the server does.

    def answer(self, call: Call) -> Reply:
        if call.headers.get("private-token") != self.token:
            raise Refused(401, "401 Unauthorized")
        path = call.path.removeprefix("/api/v4")
        for method, pattern, act in _ROUTES:
            found = re.fullmatch(pattern.replace("PROJECT", f"/projects/{PROJECT}"), path)
            if found and method == call.method:
                return getattr(self, act)(call, *found.groups())
        raise Refused(404, "404 Not found")

    def _user(self, call: Call) -> Reply:
        return Reply(200, {"username": self.login})

    def _request(self, call: Call, number: str) -> Reply:
        if int(number) not in self.pulls:
            raise Refused(404, "404 Not found")
        return Reply(200, _shown_request(self.pulls[int(number)]))

    def _requests(self, call: Call) -> Reply:
        assert call.query["state"] == "opened"
        branch = call.query["source_branch"]
        return self._page(
            [_shown_request(each) for each in self.open_pulls() if each.branch == branch], call
        )

    def _new_request(self, call: Call) -> Reply:
        body, branch = self._written(call, "description"), call.body["source_branch"]
        if branch not in self.branches():
            raise Refused(400, {"source_branch": ["does not exist"]})
        if any(each.branch == branch for each in self.open_pulls()):
            raise Refused(409, "Another open merge request already exists for this source branch")
        head = self.branches()[branch]
        request = Request(len(self.pulls) + 1, call.body["title"], head, heads=[head])
        request.author, request.body = self.login, body
        request.branch, request.base = branch, call.body["target_branch"]
        self.pulls[request.number] = request
        return Reply(201, _shown_request(request))

    def _edit_request(self, call: Call, number: str) -> Reply:
        self._may_write()
        request = self.pulls[int(number)]
        if "description" in call.body:
            request.body = self._written(call, "description")
        request.is_closed = call.body.get("state_event") == "close"
        return Reply(200, _shown_request(request))

    def _branch(self, call: Call, name: str) -> Reply:
        if unquote(name) not in self.branches():
            raise Refused(404, "404 Branch Not Found")
        return Reply(200, {"name": unquote(name)})

    def _notes_of(self, call: Call, kind: str, number: str) -> Reply:
        found = self._notes_on(kind, int(number))
        return self._page(found if call.query.get("sort") == "asc" else found[::-1], call)

    def _new_note(self, call: Call, kind: str, number: str) -> Reply:
        body = self._written(call, "body")
        return Reply(201, self._add_note(kind, int(number), self.login, body))

    def _edit_note(self, call: Call, kind: str, number: str, id_: str) -> Reply:
        body = self._written(call, "body")
        for note in self._notes_on(kind, int(number)):
            if note["id"] == int(id_):
                note["body"] = body
                return Reply(200, note)
        raise Refused(404, "404 Not found")

    def _requests_of(self, call: Call, sha: str) -> Reply:
        found = [r for r in self.pulls.values() if sha in (*r.heads, r.merge_commit)]
        return self._page([_shown_request(each) for each in found], call)

    def _jobs_of(self, call: Call, run: str) -> Reply:
        found = [{"id": j["id"], "name": j["name"]} for j in self.jobs if j["pipeline"] == int(run)]
        return self._page(found, call)

    def _artifact(self, call: Call, id_: str, name: str) -> Reply:
        for job in self.jobs:
            if job["id"] == int(id_) and name in job["files"]:
                if self.direct:
                    location = self.storage.keep(f"{id_}-{name}", job["files"][name])
                    return Reply(302, b"", {"Location": location})
                return Reply(200, job["files"][name])
        raise Refused(404, "404 Not found")

    def _project(self, call: Call) -> Reply:
        return Reply(200, {"id": PROJECT, "default_branch": self.default_branch})

    def _artifact_of_ref(self, call: Call, ref: str, name: str) -> Reply:
        """As GitLab does: of the last pipeline of the ref that succeeded, whatever is in it."""
        found = [
            run
            for run, about in self.pipelines.items()
            if about == {"ref": unquote(ref), "status": "success"}
        ]
        for job in self.jobs[::-1]:
            if found and job["pipeline"] == max(found) and job["name"] == call.query["job"]:
                return self._artifact(call, str(job["id"]), name)
        raise Refused(404, "404 Not found")

    def _issues(self, call: Call) -> Reply:
        state = call.query.get("state", "all")
        found = [each for each in self.issues.values() if state in ("all", each["state"])]
        return self._page(found[::-1], call)

    def _new_issue(self, call: Call) -> Reply:
        body = self._written(call, "description")
        return Reply(201, self._add_issue(self.login, call.body["title"], body))

    def _edit_issue(self, call: Call, number: str) -> Reply:
        self._may_write()
        issue = self.issues[int(number)]
        if "description" in call.body:
            issue["description"] = self._written(call, "description")
        if call.body.get("state_event") == "close":
            issue["state"] = "closed"
        return Reply(200, issue)

    def _written(self, call: Call, name: str) -> str:
        self._may_write()
        body = call.body.get(name)
        if not isinstance(body, str) or not body.strip():
            raise Refused(400, f'400 Bad request - "{name}" is missing')
        if len(body) > 1_000_000:
            raise Refused(400, {name: ["is too long (maximum is 1000000 characters)"]})
        self.executed += _QUICK.findall(_FENCED.sub("", body))
        return body

    def _may_write(self) -> None:
        if self.role not in ("reporter", "developer", "maintainer"):
            raise Refused(403, "403 Forbidden")

    def _page(self, items: list[Any], call: Call) -> Reply:
        shown, page, pages = page_of(items, call)
        following = str(page + 1) if page < pages else ""
        headers = {"X-Page": str(page), "X-Next-Page": following, "X-Total": str(len(items))}
        return Reply(200, shown, headers)

    def _notes_on(self, kind: str, number: int) -> list[dict[str, Any]]:
        return [each for each in self.notes if each["on"] == [kind, number]]

    def _add_note(self, kind: str, number: int, author: str, body: str) -> dict[str, Any]:
        note = {"id": self._id(), "on": [kind, number], "body": body}
        self.notes.append({**note, "author": {"username": author}})
        return self.notes[-1]

    def _add_issue(self, author: str, title: str, body: str) -> dict[str, Any]:
        iid = len(self.issues) + 1
        issue = {
            "id": self._id(),
            "iid": iid,
            "title": title,
            "description": body,
            "state": "opened",
        }
        self.issues[iid] = {**issue, "author": {"username": author}}
        return self.issues[iid]

    def _id(self) -> int:
        self._ids += 1
        return self._ids


_ROUTES = [
    ("GET", "/user", "_user"),
    ("GET", "PROJECT/merge_requests/([0-9]+)", "_request"),
    ("GET", "PROJECT/merge_requests", "_requests"),
    ("POST", "PROJECT/merge_requests", "_new_request"),
    ("PUT", "PROJECT/merge_requests/([0-9]+)", "_edit_request"),
    ("GET", "PROJECT/repository/branches/([^/]+)", "_branch"),
    ("GET", "PROJECT/(merge_requests|issues)/([0-9]+)/notes", "_notes_of"),
    ("POST", "PROJECT/(merge_requests|issues)/([0-9]+)/notes", "_new_note"),
    ("PUT", "PROJECT/(merge_requests|issues)/([0-9]+)/notes/([0-9]+)", "_edit_note"),
    ("GET", "PROJECT/repository/commits/([0-9a-f]+)/merge_requests", "_requests_of"),
    ("GET", "PROJECT/pipelines/([0-9]+)/jobs", "_jobs_of"),
    ("GET", "PROJECT", "_project"),
    ("GET", "PROJECT/jobs/([0-9]+)/artifacts/(.+)", "_artifact"),
    ("GET", "PROJECT/jobs/artifacts/(.+)/raw/(.+)", "_artifact_of_ref"),
    ("GET", "PROJECT/issues", "_issues"),
    ("POST", "PROJECT/issues", "_new_issue"),
    ("PUT", "PROJECT/issues/([0-9]+)", "_edit_issue"),
]


def _shown_request(request: Request) -> dict[str, Any]:
    return {
        "id": 1_000_000 + request.number,
        "iid": request.number,
        "title": request.title,
        "description": request.body,
        "author": {"username": request.author},
        "source_branch": request.branch,
        "source_project_id": PROJECT,
        "target_project_id": PROJECT,
        "state": _state(request),
        "sha": request.head,
        "merge_commit_sha": request.merge_commit,
        "squash_commit_sha": None,
    }


def _state(request: Request) -> str:
    return "merged" if request.is_merged else "closed" if request.is_closed else "opened"
