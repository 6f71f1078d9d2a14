"""GitHub's REST API, version 2022-11-28, as far as reports need it; of GitHub Enterprise too.

A pull request is an issue, and so has an issue's comments. Whether a comment is minimised only the
GraphQL API says, and where it does not, a comment is taken for one that is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from requests.utils import parse_header_links

from reconciler.core.model import Json
from reconciler.errors import ForgeError, ForgeHasNot, ForgeRefused
from reconciler.forge import archive
from reconciler.forge.answers import Asked, items_of, member, number, text, unreadable
from reconciler.forge.artifacts import BEGUN_BY_US, Kept, made_on
from reconciler.forge.marker import ANY
from reconciler.forge.model import Comment, Issue, Merged, OpenRequest
from reconciler.forge.sender import Answer, Ask, Sender

ACTIONS: Final = "github-actions[bot]"
"""Who writes with the token that a workflow is given."""
_PAGE: Final = 100
_MOST_PAGES: Final = 100
_HIDDEN: Final = "query($ids: [ID!]!) {nodes(ids: $ids) {... on IssueComment {id isMinimized}}}"
_MOST_ASKED: Final = 100
_PLAN_FILE: Final = "plan.json"
_SNAPSHOT_FILE: Final = "live.json"


def headers(token: str) -> Mapping[str, str]:
    """What goes with every request."""
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


class GitHub:
    """One repository."""

    name = "GitHub"
    request = "pull request"

    def __init__(
        self, sender: Sender, repository: str, *, version: str = "", author: str | None = None
    ) -> None:
        """`repository`: `owner/name`. `version`: where the REST API is below the sender's base:
        on GitHub Enterprise `/v3`. `author`: who we are, where that is known."""
        self._sender = sender
        self._version = version
        self._owner = repository.partition("/")[0]
        self._repo = f"{version}/repos/{repository}"
        self._author = author

    def me(self) -> str:
        """As `Forge.me`. The token of a workflow is an app's, which may not ask who it is."""
        if self._author is None:
            try:
                user = self._ask("GET", f"{self._version}/user", "asking who we are", "").value
            except ForgeRefused as refused:
                if refused.status != 403:
                    raise
                self._author = ACTIONS
            else:
                self._author = text(user, "login") or ACTIONS
        return self._author

    def head_of(self, pull: int) -> str:
        """As `Forge.head_of`."""
        doing = f"reading pull request {pull}"
        found = self._ask("GET", f"{self._repo}/pulls/{pull}", doing, "pull-requests: read").value
        head = text(found, "head", "sha")
        if not head:
            raise unreadable(self._asked(doing, ""), "names no head")
        return head

    def default_branch(self) -> str:
        """As `Forge.default_branch`."""
        repository, asked = self._repository()
        branch = text(repository, "default_branch")
        if not branch:
            raise unreadable(asked, "names no default branch")
        return branch

    def has_branch(self, branch: str) -> bool:
        """As `Forge.has_branch`."""
        path = f"{self._repo}/branches/{quote(branch, safe='')}"
        try:
            self._ask("GET", path, f"looking for the branch {branch}", "contents: read")
        except ForgeHasNot:
            return False
        return True

    def requests_from(self, branch: str) -> Sequence[OpenRequest]:
        """As `Forge.requests_from`. GitHub takes the head's owner before its name."""
        asked = self._asked(f"looking for pull requests from {branch}", "pull-requests: read")
        params = {"state": "open", "head": f"{self._owner}:{branch}"}
        found = {
            number(pull, "number", asked): pull
            for pull in self._pages(f"{self._repo}/pulls", params, asked)
            if text(pull, "head", "ref") == branch
        }
        return [
            OpenRequest(id_, text(pull, "user", "login"), text(pull, "body"))
            for id_, pull in sorted(found.items())
        ]

    def add_request(self, branch: str, base: str, title: str, body: str) -> None:
        """As `Forge.add_request`."""
        new = {"head": branch, "base": base, "title": title, "body": body}
        self._add(f"{self._repo}/pulls", "opening a pull request", "pull-requests: write", new)

    def edit_request(self, pull: int, body: str) -> None:
        """As `Forge.edit_request`."""
        self._edit_request(pull, f"editing pull request {pull}", {"body": body})

    def close_request(self, pull: int) -> None:
        """As `Forge.close_request`."""
        self._edit_request(pull, f"closing pull request {pull}", {"state": "closed"})

    def comments(self, pull: int) -> Sequence[Comment]:
        """As `Forge.comments`."""
        doing = f"reading the comments on pull request {pull}"
        asked = self._asked(doing, "pull-requests: read")
        path = f"{self._repo}/issues/{pull}/comments"
        marked = {
            number(item, "id", asked): item
            for item in self._pages(path, {}, asked)
            if text(item, "body").startswith(ANY)
        }
        hidden = self._hidden([text(item, "node_id") for item in marked.values()])
        return [
            Comment(
                id_,
                text(item, "user", "login"),
                text(item, "body"),
                is_hidden=text(item, "node_id") in hidden,
            )
            for id_, item in sorted(marked.items())
        ]

    def add_comment(self, pull: int, body: str) -> None:
        """As `Forge.add_comment`."""
        self._write_comment(pull, f"commenting on pull request {pull}", "pull-requests", body)

    def edit_comment(self, pull: int, comment: int, body: str) -> None:
        """As `Forge.edit_comment`."""
        doing = f"editing a comment on pull request {pull}"
        path = f"{self._repo}/issues/comments/{comment}"
        self._ask("PATCH", path, doing, "pull-requests: write", {"body": body})

    def merged_as(self, commit: str) -> Sequence[Merged]:
        """As `Forge.merged_as`."""
        needs = "contents: read, pull-requests: read"
        asked = self._asked(f"looking for the pull request of commit {commit[:12]}", needs)
        found = self._pages(f"{self._repo}/commits/{commit}/pulls", {}, asked)
        return [
            Merged(
                number(pull, "number", asked),
                text(pull, "head", "sha"),
                frozenset(filter(None, [text(pull, "merge_commit_sha")])),
            )
            for pull in found
            if text(pull, "merged_at")
        ]

    def plan_of(self, run: int, artifact: str) -> bytes:
        """As `Forge.plan_of`: the newest artifact of this name, if a run made several."""
        asked = self._asked(f"fetching the artifact {artifact!r} of run {run}", "actions: read")
        path = f"{self._repo}/actions/runs/{run}/artifacts"
        params: Mapping[str, str | int] = {"name": artifact, "per_page": _PAGE}
        told = self._sender.ask(Ask("GET", path, asked, params)).value
        found = [
            number(item, "id", asked)
            for item in items_of(member(told, "artifacts"), asked)
            if text(item, "name") == artifact and member(item, "expired") is not True
        ]
        if not found:
            raise ForgeHasNot(f"{asked.doing}: there is none, or none any more")
        return self._file(max(found), _PLAN_FILE, asked)

    def snapshot_of(self, artifact: str, branch: str | None) -> bytes | None:
        """As `Forge.snapshot_of`."""
        repository, asked = self._repository()
        us, branch = number(repository, "id", asked), branch or text(repository, "default_branch")
        if not branch:
            raise unreadable(asked, "names no default branch")
        asked = self._asked(f"looking for the artifact {artifact!r} of {branch}", "actions: read")
        path = f"{self._repo}/actions/artifacts"
        listed = self._pages(path, {"name": artifact}, asked, within="artifacts")
        for kept in made_on((_kept(item, asked) for item in listed), artifact, branch, us):
            run = self._sender.ask(Ask("GET", f"{self._repo}/actions/runs/{kept.run}", asked)).value
            if text(run, "event") in BEGUN_BY_US:
                return self._file(kept.id, _SNAPSHOT_FILE, asked)
        return None

    def issues(self) -> Sequence[Issue]:
        """As `Forge.issues`. GitHub lists pull requests among them."""
        asked = self._asked("reading the open issues", "issues: read")
        found = {
            number(item, "number", asked): item
            for item in self._pages(f"{self._repo}/issues", {"state": "open"}, asked)
            if "pull_request" not in item and text(item, "body").startswith(ANY)
        }
        return [
            Issue(id_, text(item, "user", "login"), text(item, "body"))
            for id_, item in sorted(found.items())
        ]

    def add_issue(self, title: str, body: str) -> None:
        """As `Forge.add_issue`."""
        new = {"title": title, "body": body}
        self._add(f"{self._repo}/issues", "opening an issue", "issues: write", new)

    def edit_issue(self, issue: int, body: str) -> None:
        """As `Forge.edit_issue`."""
        path = f"{self._repo}/issues/{issue}"
        self._ask("PATCH", path, f"editing issue {issue}", "issues: write", {"body": body})

    def close_issue(self, issue: int) -> None:
        """As `Forge.close_issue`."""
        path, body = f"{self._repo}/issues/{issue}", {"state": "closed"}
        self._ask("PATCH", path, f"closing issue {issue}", "issues: write", body)

    def add_issue_comment(self, issue: int, body: str) -> None:
        """As `Forge.add_issue_comment`."""
        self._write_comment(issue, f"commenting on issue {issue}", "issues", body)

    def _repository(self) -> tuple[Any, Asked]:
        asked = self._asked("reading the repository", "metadata: read")
        return self._sender.ask(Ask("GET", self._repo, asked)).value, asked

    def _edit_request(self, pull: int, doing: str, change: Mapping[str, Json]) -> None:
        self._ask("PATCH", f"{self._repo}/pulls/{pull}", doing, "pull-requests: write", change)

    def _write_comment(self, issue: int, doing: str, permission: str, body: str) -> None:
        path = f"{self._repo}/issues/{issue}/comments"
        self._add(path, doing, f"{permission}: write", {"body": body})

    def _add(self, path: str, doing: str, needs: str, new: Mapping[str, Json]) -> None:
        """Never again by itself. What was added is known by its id."""
        answer = self._ask("POST", path, doing, needs, new, again=False)
        number(answer.value, "id", self._asked(doing, needs))

    def _hidden(self, nodes: Sequence[str]) -> frozenset[str]:
        """Which of these comments are minimised."""
        asked = [node for node in nodes if node][-_MOST_ASKED:]
        if not asked:
            return frozenset()
        body: dict[str, Json] = {"query": _HIDDEN, "variables": {"ids": list(asked)}}
        try:
            told = self._ask("POST", "/graphql", "asking what is minimised", "", body).value
        except ForgeError:
            return frozenset()
        found = member(told, "data", "nodes")
        found = found if isinstance(found, list) else []
        return frozenset(text(node, "id") for node in found if member(node, "isMinimized") is True)

    def _file(self, artifact: int, name: str, asked: Asked) -> bytes:
        """A file in an artifact."""
        path = f"{self._repo}/actions/artifacts/{artifact}/zip"
        data = self._sender.download(Ask("GET", path, asked))
        try:
            return archive.member(data, name)
        except archive.NotInArchive as why:
            raise ForgeError(f"{asked.doing}: the artifact {why}") from None

    def _pages(
        self,
        path: str,
        params: Mapping[str, str | int],
        asked: Asked,
        *,
        within: str | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The items of all pages, each of which is a list, or has it as its member `within`. Of
        the address of a next page only the query counts."""
        query: Mapping[str, str | int] | None = {**params, "per_page": _PAGE}
        for _ in range(_MOST_PAGES):
            answer = self._sender.ask(Ask("GET", path, asked, query))
            page = answer.value if within is None else member(answer.value, within)
            yield from items_of(page, asked)
            query = _next(answer.headers.get("Link", ""), asked)
            if query is None:
                return
        raise ForgeError(f"{asked.doing}: there are more than {_MOST_PAGES * _PAGE:,}")

    def _ask(
        self,
        method: str,
        path: str,
        doing: str,
        needs: str,
        body: Mapping[str, Json] | None = None,
        *,
        again: bool = True,
    ) -> Answer:
        asked = self._asked(doing, needs)
        return self._sender.ask(Ask(method, path, asked, body=body, is_repeatable=again))

    def _asked(self, doing: str, needs: str) -> Asked:
        return Asked(self.name, doing, needs)


def _kept(item: Mapping[str, Any], asked: Asked) -> Kept:
    run, repository = (
        found if type(found := member(item, "workflow_run", name)) is int else None
        for name in ("id", "head_repository_id")
    )
    return Kept(
        number(item, "id", asked),
        text(item, "name"),
        run,
        text(item, "workflow_run", "head_branch"),
        repository,
        is_expired=member(item, "expired") is not False,
    )


def _next(links: str, asked: Asked) -> dict[str, str | int] | None:
    for link in parse_header_links(links) if links else ():
        if link.get("rel") == "next":
            try:
                return dict(parse_qsl(urlsplit(link["url"]).query))
            except ValueError:
                raise unreadable(asked, "names no next page that can be read") from None
    return None
