"""GitLab's REST API, version 4, as far as reports need it; of GitLab.com and self-managed ones.

A run is a pipeline, an artifact is named by its job, and a comment is a note.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from reconciler.core.model import Json
from reconciler.errors import ForgeError, ForgeHasNot
from reconciler.forge.answers import Asked, items_of, number, text, unreadable
from reconciler.forge.marker import ANY
from reconciler.forge.model import Comment, Issue, Merged, OpenRequest
from reconciler.forge.sender import Answer, Ask, Sender

_PAGE: Final = 100
_PAGE_OF_TEXTS: Final = 10
"""A note may be of a million characters, each of them six bytes of JSON: whoever may comment makes
no page that is too large to be read."""
_MOST: Final = 10_000
_NEEDS: Final = "use the API (scope api), as a Reporter or more of the project"


def headers(token: str) -> Mapping[str, str]:
    """What goes with every request."""
    return {"PRIVATE-TOKEN": token}


class GitLab:
    """One project."""

    name = "GitLab"
    request = "merge request"

    def __init__(self, sender: Sender, project: str, author: str | None = None) -> None:
        """`project`: its number, or `group/name`. `author`: who we are, where that is known."""
        self._sender = sender
        self._project = f"/projects/{quote(project, safe='')}"
        self._author = author

    def me(self) -> str:
        """As `Forge.me`."""
        if self._author is None:
            doing = "asking who we are"
            self._author = text(self._ask("GET", "/user", doing).value, "username")
            if not self._author:
                raise unreadable(self._asked(doing), "names nobody")
        return self._author

    def head_of(self, request: int) -> str:
        """As `Forge.head_of`."""
        doing = f"reading merge request {request}"
        head = text(self._ask("GET", self._request(request), doing).value, "sha")
        if not head:
            raise unreadable(self._asked(doing), "names no head")
        return head

    def default_branch(self) -> str:
        """As `Forge.default_branch`."""
        doing = "reading the project"
        branch = text(self._ask("GET", self._project, doing).value, "default_branch")
        if not branch:
            raise unreadable(self._asked(doing), "names no default branch")
        return branch

    def has_branch(self, branch: str) -> bool:
        """As `Forge.has_branch`."""
        path = f"{self._project}/repository/branches/{quote(branch, safe='')}"
        try:
            self._ask("GET", path, f"looking for the branch {branch}")
        except ForgeHasNot:
            return False
        return True

    def requests_from(self, branch: str) -> Sequence[OpenRequest]:
        """As `Forge.requests_from`."""
        asked = self._asked(f"looking for merge requests from {branch}")
        params = {"state": "opened", "source_branch": branch}
        path = f"{self._project}/merge_requests"
        found = {
            number(item, "iid", asked): item
            for item in self._pages(path, params, _PAGE_OF_TEXTS, asked)
            if text(item, "source_branch") == branch
            and item.get("source_project_id") == item.get("target_project_id")
        }
        return [
            OpenRequest(iid, text(item, "author", "username"), text(item, "description"))
            for iid, item in sorted(found.items())
        ]

    def add_request(self, branch: str, base: str, title: str, body: str) -> None:
        """As `Forge.add_request`."""
        new: dict[str, Json] = {
            "source_branch": branch,
            "target_branch": base,
            "title": title,
            "description": body,
            "remove_source_branch": True,
        }
        self._add(f"{self._project}/merge_requests", "opening a merge request", new)

    def edit_request(self, request: int, body: str) -> None:
        """As `Forge.edit_request`."""
        doing = f"editing merge request {request}"
        self._ask("PUT", self._request(request), doing, {"description": body})

    def close_request(self, request: int) -> None:
        """As `Forge.close_request`."""
        doing = f"closing merge request {request}"
        self._ask("PUT", self._request(request), doing, {"state_event": "close"})

    def comments(self, request: int) -> Sequence[Comment]:
        """As `Forge.comments`."""
        asked = self._asked(f"reading the notes on merge request {request}")
        order = {"sort": "asc", "order_by": "created_at"}
        found = {
            number(item, "id", asked): item
            for item in self._pages(f"{self._request(request)}/notes", order, _PAGE_OF_TEXTS, asked)
            if text(item, "body").startswith(ANY)
        }
        return [
            Comment(id_, text(item, "author", "username"), text(item, "body"))
            for id_, item in sorted(found.items())
        ]

    def add_comment(self, request: int, body: str) -> None:
        """As `Forge.add_comment`."""
        path, doing = f"{self._request(request)}/notes", f"commenting on merge request {request}"
        self._add(path, doing, {"body": body})

    def edit_comment(self, request: int, comment: int, body: str) -> None:
        """As `Forge.edit_comment`."""
        path = f"{self._request(request)}/notes/{comment}"
        self._ask("PUT", path, f"editing a note on merge request {request}", {"body": body})

    def merged_as(self, commit: str) -> Sequence[Merged]:
        """As `Forge.merged_as`."""
        asked = self._asked(f"looking for the merge request of commit {commit[:12]}")
        path = f"{self._project}/repository/commits/{commit}/merge_requests"
        names = ("merge_commit_sha", "squash_commit_sha", "merged_commit_sha", "sha")
        return [
            Merged(
                number(item, "iid", asked),
                text(item, "sha"),
                frozenset(filter(None, (text(item, name) for name in names))),
            )
            for item in self._pages(path, {}, _PAGE, asked)
            if text(item, "state") == "merged"
        ]

    def plan_of(self, run: int, artifact: str) -> bytes:
        """As `Forge.plan_of`: of the newest job of this name in the pipeline."""
        asked = self._asked(f"fetching plan.json of the job {artifact!r} of pipeline {run}")
        path = f"{self._project}/pipelines/{run}/jobs"
        jobs = [
            number(item, "id", asked)
            for item in self._pages(path, {}, _PAGE, asked)
            if text(item, "name") == artifact
        ]
        if not jobs:
            raise ForgeHasNot(f"{asked.doing}: there is no such job")
        path = f"{self._project}/jobs/{max(jobs)}/artifacts/plan.json"
        return self._sender.download(Ask("GET", path, asked))

    def snapshot_of(self, artifact: str, branch: str | None) -> bytes | None:
        """As `Forge.snapshot_of`: of the job of this name in the branch's last pipeline that
        succeeded. The pipelines of merge requests are of other refs."""
        # Asked also where the branch is named: a project that cannot be seen is no empty one.
        default = self.default_branch()
        branch = branch or default
        asked = self._asked(f"fetching live.json of the job {artifact!r} of {branch}")
        ref = quote(branch, safe="")
        path = f"{self._project}/jobs/artifacts/{ref}/raw/live.json"
        try:
            return self._sender.download(Ask("GET", path, asked, {"job": artifact}))
        except ForgeHasNot:
            return None

    def issues(self) -> Sequence[Issue]:
        """As `Forge.issues`."""
        asked = self._asked("reading the open issues")
        found = {
            number(item, "iid", asked): item
            for item in self._pages(
                f"{self._project}/issues", {"state": "opened"}, _PAGE_OF_TEXTS, asked
            )
            if text(item, "description").startswith(ANY)
        }
        return [
            Issue(iid, text(item, "author", "username"), text(item, "description"))
            for iid, item in sorted(found.items())
        ]

    def add_issue(self, title: str, body: str) -> None:
        """As `Forge.add_issue`."""
        new = {"title": title, "description": body}
        self._add(f"{self._project}/issues", "opening an issue", new)

    def edit_issue(self, issue: int, body: str) -> None:
        """As `Forge.edit_issue`."""
        self._edit_issue(issue, f"editing issue {issue}", {"description": body})

    def close_issue(self, issue: int) -> None:
        """As `Forge.close_issue`."""
        self._edit_issue(issue, f"closing issue {issue}", {"state_event": "close"})

    def add_issue_comment(self, issue: int, body: str) -> None:
        """As `Forge.add_issue_comment`."""
        path = f"{self._project}/issues/{issue}/notes"
        self._add(path, f"commenting on issue {issue}", {"body": body})

    def _add(self, path: str, doing: str, new: Mapping[str, Json]) -> None:
        """Never again by itself. What was added is known by its id."""
        answer = self._ask("POST", path, doing, new, again=False)
        number(answer.value, "id", self._asked(doing))

    def _edit_issue(self, issue: int, doing: str, body: Mapping[str, Json]) -> None:
        self._ask("PUT", f"{self._project}/issues/{issue}", doing, body)

    def _request(self, request: int) -> str:
        return f"{self._project}/merge_requests/{request}"

    def _pages(
        self, path: str, params: Mapping[str, str | int], size: int, asked: Asked
    ) -> Iterator[Mapping[str, Any]]:
        """The items of all pages."""
        page = "1"
        for _ in range(_MOST // size):
            query = {**params, "per_page": size, "page": page}
            answer = self._sender.ask(Ask("GET", path, asked, query))
            yield from items_of(answer.value, asked)
            page = answer.headers.get("X-Next-Page", "").strip()
            if not page:
                return
        raise ForgeError(f"{asked.doing}: there are more than {_MOST:,}")

    def _ask(
        self,
        method: str,
        path: str,
        doing: str,
        body: Mapping[str, Json] | None = None,
        *,
        again: bool = True,
    ) -> Answer:
        asked = self._asked(doing)
        return self._sender.ask(Ask(method, path, asked, body=body, is_repeatable=again))

    def _asked(self, doing: str) -> Asked:
        return Asked(self.name, doing, _NEEDS)
