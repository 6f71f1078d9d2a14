"""A branch of a repository's `origin`, met from a repository of our own.

That one is bare, in a folder for temporary files, and gone afterwards. The user's own is asked for
its settings only: neither its work tree nor its index, its branches or its objects are touched. Its
settings name commands, so only those are taken over that say how `origin` is reached.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from reconciler.ledger.git import Git, GitFailed
from reconciler.ledger.places import Branch, is_segment

README: Final = "README.md"
_TAKEN: Final = re.compile(
    r"(?s)remote\.origin\.(url|pushurl|proxy|proxyauthmethod)|http\..+|credential\..+|url\..+"
    r"|core\.(sshcommand|askpass|gitproxy)|ssh\.variant"
)
_ID: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_TIP: Final = "refs/reconciler/tip"
_FOR_A_LOOK, _FOR_A_PUSH, _FOR_A_FETCH = 60.0, 120.0, 600.0
"""Seconds."""


class ForeignFiles(Exception):
    """The branch holds files that are no ledger's. `names`: some of them."""

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the names."""
        super().__init__(", ".join(names))


@dataclass(frozen=True, slots=True)
class Named:
    """A file by its name, and the id of its bytes."""

    name: str
    blob: str


@dataclass(frozen=True, slots=True)
class Tree:
    """What a commit of the branch holds."""

    segments: tuple[Named, ...]
    """In their order."""
    has_readme: bool


class Origin:
    """The branch, as long as the temporary repository is there."""

    def __init__(self, branch: Branch) -> None:
        """Find the repository and its `origin`, which is not asked yet. Raises `GitFailed`."""
        self._ref = f"refs/heads/{branch.name}"
        self._clone = Git(branch.folder)
        self._temporary = TemporaryDirectory(prefix="reconciler-", ignore_cleanup_errors=True)
        try:
            self._git = _reaching_as(self._clone, Path(self._temporary.name))
        except BaseException:
            self._temporary.cleanup()
            raise

    def __enter__(self) -> Self:
        """Use as a context, so that the temporary repository goes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        self.close()

    def close(self) -> None:
        """Remove the temporary repository."""
        self._temporary.cleanup()

    def is_checked_out(self) -> bool:
        """Whether the user's own repository is on this branch."""
        try:
            head = self._clone.run("symbolic-ref", "--quiet", "HEAD")
        except GitFailed:
            return False
        return head.decode("utf-8", "replace").strip() == self._ref

    def tip(self) -> str | None:
        """The commit that the branch has now; None where there is no such branch."""
        for line in self._git.run(
            "ls-remote", "origin", self._ref, seconds=_FOR_A_LOOK
        ).splitlines():
            found, _, name = line.partition(b"\t")
            if name == self._ref.encode() and _ID.fullmatch(found):
                return found.decode()
        return None

    def fetch(self) -> str:
        """Bring the branch's last commit here, without those before it. Its id."""
        wanted = f"+{self._ref}:{_TIP}"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1")
        self._git.run("fetch", *options, "origin", wanted, seconds=_FOR_A_FETCH)
        return self._git.run("rev-parse", "--verify", _TIP).decode().strip()

    def tree(self, commit: str) -> Tree:
        """The files of a commit that is here. Raises `ForeignFiles` where one is not ours."""
        segments: list[Named] = []
        foreign: list[str] = []
        has_readme = False
        for line in self._git.run("ls-tree", "-z", commit).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, _, rest = about.partition(b" ")
            name = path.decode("utf-8", "replace")
            if mode == b"100644" and is_segment(name):
                segments.append(Named(name, rest.rpartition(b" ")[2].decode()))
            elif mode == b"100644" and name == README:
                has_readme = True
            else:
                foreign.append(name)
        if foreign:
            raise ForeignFiles(foreign)
        return Tree(tuple(segments), has_readme)

    def read(self, blobs: Collection[str]) -> list[bytes]:
        """The bytes of files that are here, in this order."""
        said = self._git.run("cat-file", "--batch", stdin="".join(f"{b}\n" for b in blobs).encode())
        found, at = list[bytes](), 0
        for blob in blobs:
            end = said.index(b"\n", at)
            told = said[at:end].rpartition(b" ")[2]
            if not told.isdigit():
                raise GitFailed("git cat-file", f"{blob} is missing")
            size = int(told)
            found.append(said[end + 1 : end + 1 + size])
            at = end + size + 2
        return found

    def commit(
        self, parent: str | None, files: Mapping[str, bytes], message: str, at: float
    ) -> tuple[str, Mapping[str, str]]:
        """Make a commit here with these files, beside those that its parent has, at this moment.
        Its id, and the files'."""
        told = _import(parent, files, message, at)
        commit, *blobs = self._git.run("fast-import", "--quiet", "--force", stdin=told).split()
        return commit.decode(), dict(zip(files, (blob.decode() for blob in blobs), strict=True))

    def push(self, commit: str, after: str | None) -> None:
        """Make it the branch's last commit, where the branch is still as it was `after`.

        Raises `GitFailed`, also where it has been done all the same and the answer was lost.
        """
        lease = f"--force-with-lease={self._ref}:{after or ''}"
        what = f"{commit}:{self._ref}"
        options = ("--quiet", "--no-verify", lease)
        self._git.run("push", *options, "origin", what, seconds=_FOR_A_PUSH)


def _reaching_as(clone: Git, folder: Path) -> Git:
    """A new repository in the folder, for which `origin` is what it is for the user's own."""
    top, form = _about(clone)
    own = Git(top, folder)
    own.run("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
    known = _settings(own)
    settings = _taken(_settings(clone), known)
    if not any(name == "remote.origin.url" for name, _ in (*settings, *known)):
        raise GitFailed("this repository has no remote named origin", is_nowhere=True)
    return replace(own, settings=settings, known=tuple(known))


def _about(clone: Git) -> tuple[Path, str]:
    """The top of the user's work tree, and how its repository hashes."""
    said = clone.run("rev-parse", "--show-object-format", "--show-toplevel")
    form, _, top = said.rstrip(b"\n").partition(b"\n")
    return Path(top.decode("utf-8", "surrogateescape")), form.decode()


def _settings(git: Git) -> list[tuple[str, str]]:
    listed = git.run("config", "--list", "--includes", "-z").decode("utf-8", "surrogateescape")
    pairs = (each.partition("\n") for each in listed.split("\0")[:-1])
    return [(name, value if mark else "true") for name, mark, value in pairs]


def _taken(
    theirs: Sequence[tuple[str, str]], ours: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """What the user's repository says beyond what every repository of this user says: a header
    that was sent twice would be refused."""
    known = Counter(ours)
    taken: list[tuple[str, str]] = []
    for each in theirs:
        if known[each]:
            known[each] -= 1
        elif _TAKEN.fullmatch(each[0]):
            taken.append(each)
    return tuple(taken)


def _import(parent: str | None, files: Mapping[str, bytes], message: str, at: float) -> bytes:
    """What `git fast-import` reads, and answers with the commit's id and those of the files."""
    marked = list(enumerate(files.items(), start=2))
    who = f"reconciler <reconciler@localhost> {int(at)} +0000"
    parts = [b"blob\nmark :%d\n%b" % (mark, _data(data)) for mark, (_, data) in marked]
    parts.append(f"commit {_TIP}\nmark :1\ncommitter {who}\n".encode())
    parts.append(_data(message.encode()))
    parts.append(b"" if parent is None else f"from {parent}\n".encode())
    parts += [f"M 100644 :{mark} {name}\n".encode() for mark, (name, _) in marked]
    parts.append(b"\n")
    parts += [f"get-mark :{mark}\n".encode() for mark in range(1, len(files) + 2)]
    return b"".join(parts)


def _data(data: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(data), data)
