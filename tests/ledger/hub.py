"""A hub that keeps a repository, and clones of it, each as on a runner that is thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.ledger import Branch, read_records
from reconciler.ledger.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.ledger.chain import Record

GIT = shutil.which("git") or "git"
NOBODYS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
WRAPPER = f"""\
#!/bin/sh
# Git, with what a test wants to happen first.
here=${{0%/*}}
git={GIT}
env >> "$here/environment"
for each in push fetch ls-remote; do
    case " $* " in *" $each "*) [ ! -f "$here/$each" ] || . "$here/$each";; esac
done
exec $git "$@"
"""


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """Git as a developer has it, on nobody's settings."""
    named = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        [GIT, *named, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **NOBODYS},
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@dataclass
class Hub:
    """The repository that everybody clones."""

    folder: Path

    @property
    def bare(self) -> Path:
        """Where the hub keeps it."""
        return self.folder / "hub.git"

    @property
    def url(self) -> str:
        """Where it is cloned from."""
        return f"file://{self.bare}"

    def make(self, *options: str) -> Hub:
        """With a catalogue on `main`."""
        self.folder.mkdir(exist_ok=True)
        git(self.folder, "init", "--quiet", "--bare", *options, str(self.bare))
        first = self.folder / "author"
        (first / "cat").mkdir(parents=True)
        (first / "cat" / "catalog.yaml").write_text("version: 1\n")
        git(first, "init", "--quiet", *options)
        for number in range(2):
            git(first, "add", ".")
            git(first, "commit", "--quiet", "--allow-empty", "-m", f"commit {number}")
        git(first, "push", "--quiet", self.url, "HEAD:refs/heads/main")
        return self

    def clone(self, name: str = "runner", *options: str) -> Path:
        """A new clone; the folder of its catalogue."""
        into = self.folder / name
        git(self.folder, "clone", "--quiet", "--branch=main", *options, self.url, str(into))
        return into / "cat"

    def branch(self, name: str = "runner", *options: str) -> Branch:
        """The ledger, as a new clone has it."""
        return Branch("ledger", self.clone(name, *options))

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Ask the hub."""
        return git(self.bare, *arguments, stdin=stdin)

    def hook(self, name: str, script: str) -> None:
        """What the hub does with a push."""
        path = self.bare / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def files(self) -> Mapping[str, bytes]:
        """What the ledger's branch holds."""
        names = self.git("ls-tree", "--name-only", "ledger").split()
        return {
            name: subprocess.run(
                [GIT, "show", f"ledger:{name}"], cwd=self.bare, capture_output=True, check=True
            ).stdout
            for name in names
        }

    def data(self) -> bytes:
        """The bytes of the ledger, by no code of ours."""
        return b"".join(data for name, data in sorted(self.files().items()) if "jsonl" in name)

    def records(self) -> Sequence[Record]:
        """The records, whose chain must hold."""
        path = self.folder / "as-a-file.jsonl"
        path.write_bytes(self.data())
        assert verify(self.data()).findings == ()
        return list(read_records(path))

    def said(self) -> Sequence[str]:
        """The records in short."""
        return [f"{record['run']} {record['kind']} {record.get('key', '')}".strip()
                for record in self.records()]  # fmt: skip

    def commits(self) -> int:
        """How many commits the ledger's branch has."""
        return int(self.git("rev-list", "--count", "ledger"))

    def replace(self, **files: bytes) -> None:
        """Somebody pushes another ledger over the one that is there. By the segments' numbers."""
        tree = ""
        for number, data in files.items():
            path = self.folder / "replacing"
            path.write_bytes(data)
            blob = self.git("hash-object", "-w", str(path))
            tree += f"100644 blob {blob}\tledger-00000{number[1:]}.jsonl\n"
        commit = self.git("commit-tree", "-m", "again", self.git("mktree", stdin=tree))
        self.git("update-ref", "refs/heads/ledger", commit)


@dataclass
class Wrapped:
    """The `git` that our code finds."""

    folder: Path

    def before(self, command: str, script: str, *, times: int = 1) -> None:
        """Before git does this for the first times, a shell runs the script: `$git` is the real
        one, "$@" what it was asked for."""
        count = 'n=$(cat "$here/count" 2>/dev/null || echo 0); echo $((n + 1)) > "$here/count"'
        only = f'{count}\nif [ "$n" -lt {times} ]; then\n{script}\nfi\n'
        (self.folder / command).write_text(only)

    @property
    def environments(self) -> str:
        """What git was given, each time."""
        return (self.folder / "environment").read_text()
