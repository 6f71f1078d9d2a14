"""A repository with catalogues: bare on this machine, somebody's checkout of it, and a job's."""

from __future__ import annotations

import shutil
import subprocess
import wave
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOG = """\
version: 1
catalog: {name}
api: {{base_url: '{url}'}}
buckets: {{spots: {{id: {bucket}}}}}
defaults: {{bucket: spots}}
files:
{files}"""
ENTRY = """\
  {key}:
    title: {title}
    source: {{audio: {key}.wav}}
    user_defined: {{artist: Acme}}
"""
BUCKETS = {"radio-ads": 8891, "jingles": 8892}


@dataclass
class Repository:
    """A bare repository on this machine, and somebody's checkout of it."""

    folder: Path
    url: str
    """The service."""
    catalogs: tuple[str, ...]
    entries: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """With what is on main at the beginning: catalogues with one entry each."""
        self.origin, self.work = self.folder / "origin.git", self.folder / "checkout"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.origin], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", self.work], check=True)
        self.git("remote", "add", "origin", f"file://{self.origin}")
        self.entries = {name: {"first": f"First of {name}"} for name in self.catalogs}
        self.commit("Begin")
        self.git("push", "-q", "origin", "main")

    def git(self, *arguments: str) -> str:
        """What git says in the checkout."""
        done = subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
            cwd=self.work,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def branches(self) -> dict[str, str]:
        """Those that were pushed, and the commit of each."""
        heads = self.git("ls-remote", "--heads", "origin").splitlines()
        return {ref.removeprefix("refs/heads/"): sha for sha, ref in map(str.split, heads)}

    def commit(self, message: str) -> str:
        """The catalogues as `entries` has them, committed; the commit."""
        for name, entries in self.entries.items():
            folder = self.work / "catalogs" / name
            folder.mkdir(parents=True, exist_ok=True)
            listed = "".join(ENTRY.format(key=k, title=t) for k, t in entries.items())
            text = CATALOG.format(name=name, url=self.url, bucket=BUCKETS[name], files=listed)
            (folder / "catalog.yaml").write_text(text, "utf-8")
            for number, key in enumerate(entries):
                with wave.open(str(folder / f"{key}.wav"), "wb") as audio:
                    audio.setnchannels(1)
                    audio.setsampwidth(1)
                    audio.setframerate(8000)
                    audio.writeframes(bytes([100 + number]) * 800)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def check_out(origin: Path, sha: str, folder: Path) -> None:
    """A job's clone: this commit alone, on no branch."""
    shutil.rmtree(folder, ignore_errors=True)
    for arguments in (
        ["init", "--quiet", str(folder)],
        ["-C", str(folder), "remote", "add", "origin", f"file://{origin}"],
        ["-C", str(folder), "fetch", "--quiet", "--depth=1", "origin", sha],
        ["-C", str(folder), "checkout", "--quiet", "--detach", "FETCH_HEAD"],
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
