"""A forge, the service, and a repository of catalogues, with what people do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox
    from tests.forge.github import FakeGitHub, Pull
    from tests.forge.gitlab import FakeGitLab, Request
    from tests.workflows.repository import Repository

TOKEN = "a-token-that-no-log-may-show"
"""The service's."""


@dataclass
class World:
    """All that there is."""

    forge: FakeGitHub | FakeGitLab
    service: Sandbox
    repository: Repository

    def __post_init__(self) -> None:
        """The forge knows the repository's branches."""
        self.forge.branches = self.repository.branches

    def open_pull(self, title: str) -> Pull | Request:
        """Commit what is in `entries` to a branch, and open a pull or merge request of it."""
        self.repository.git("checkout", "-q", "-b", f"change-{len(self.forge.pulls)}")
        pull = self.forge.create_pull(title)
        self.push_again(pull)
        return pull

    def push_again(self, pull: Pull | Request) -> None:
        """Commit what is in `entries` on top of it."""
        pull.head = self.repository.commit(pull.title)
        pull.heads.append(pull.head)
        self.repository.git("push", "-q", "origin", "HEAD")

    def merge(self, pull: Pull | Request) -> str:
        """Merge it into main; the new commit there."""
        git = self.repository.git
        git("fetch", "-q", "origin")
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", f"Merge {pull.title}", pull.head)
        git("push", "-q", "origin", "main")
        pull.is_merged, pull.merge_commit = True, git("rev-parse", "HEAD")
        return pull.merge_commit

    def comments(self, pull: Pull | Request) -> list[str]:
        """The bodies of all comments."""
        return [comment["body"] for comment in self.forge.comments_on(pull)]

    def titles(self, bucket: int) -> list[str]:
        """What the service has in a bucket."""
        return sorted(file["title"] for file in self.service.files(bucket))

    def edit_live(self, bucket: int, old: str, new: str) -> None:
        """Somebody renames a file in the console."""
        (file,) = (file for file in self.service.files(bucket) if file["title"] == old)
        self.service.edit(file["id"], title=new)
