"""What there is on GitHub and GitLab, in words for both, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull or merge request."""

    id: int
    """Later ones have greater ids."""
    author: str
    body: str
    is_hidden: bool = False
    """Somebody minimised it, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that is open."""

    number: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A pull or merge request that is open."""

    number: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A pull or merge request that was merged."""

    number: int
    head: str
    """The last commit of its branch."""
    commits: frozenset[str]
    """What the merge made of it, as far as that is known."""


class Forge(Protocol):
    """GitHub or GitLab, one project of it. Everything raises `ForgeError`.

    What adds something raises `ForgeUnclear` where nobody knows whether it did: whoever asked
    looks before it asks again. All else is asked again by itself, a few times.
    """

    @property
    def name(self) -> str:
        """`GitHub`."""
        ...

    @property
    def request(self) -> str:
        """What a request for a change is called there: `pull request`."""
        ...

    def me(self) -> str:
        """Who we are: the author of what we write."""
        ...

    def head_of(self, number: int) -> str:
        """The last commit of a pull request's branch, now."""
        ...

    def default_branch(self) -> str:
        """The branch that pull requests are merged into, if they say nothing else."""
        ...

    def has_branch(self, branch: str) -> bool:
        """Whether the project has a branch of this name."""
        ...

    def requests_from(self, branch: str) -> Sequence[OpenRequest]:
        """The open pull requests from a branch of the project, the oldest first: none of a fork's
        branch of the same name."""
        ...

    def add_request(self, branch: str, base: str, title: str, body: str) -> None:
        """Open a pull request from a branch into another."""
        ...

    def edit_request(self, number: int, body: str) -> None:
        """Give a pull request another text."""
        ...

    def close_request(self, number: int) -> None:
        """Close a pull request, unmerged."""
        ...

    def comments(self, number: int) -> Sequence[Comment]:
        """All comments on a pull request that begin as ours do, the oldest first."""
        ...

    def add_comment(self, number: int, body: str) -> None:
        """Comment on a pull request."""
        ...

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Give a comment on a pull request another text."""
        ...

    def merged_as(self, commit: str) -> Sequence[Merged]:
        """The merged pull requests that a commit belongs to."""
        ...

    def plan_of(self, run: int, artifact: str) -> bytes:
        """The file `plan.json` that a run keeps under this name. Whoever can run something in the
        project may have put it there."""
        ...

    def snapshot_of(self, artifact: str, branch: str | None) -> bytes | None:
        """The file `live.json` that a run of this branch keeps under this name, the newest; None
        where there is none. No pull request can have put it there. None for the branch: the
        project's default branch."""
        ...

    def issues(self) -> Sequence[Issue]:
        """All open issues that begin as ours do, the oldest first."""
        ...

    def add_issue(self, title: str, body: str) -> None:
        """Open an issue."""
        ...

    def edit_issue(self, number: int, body: str) -> None:
        """Give an issue another text."""
        ...

    def close_issue(self, number: int) -> None:
        """Close an issue."""
        ...

    def add_issue_comment(self, number: int, body: str) -> None:
        """Comment on an issue."""
        ...
