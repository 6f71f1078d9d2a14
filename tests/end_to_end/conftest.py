"""A catalogue in a folder, a sandbox that plays the service, and the commands run on both."""

import json
import os
import subprocess
import sys
import textwrap
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.server import running
from tests.zygote import shared

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-that-no-output-may-show"
READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ")
"""How the names begin of what Python itself reads, once."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass
class Workplace:
    """A folder with a catalogue, and the surroundings that commands run in."""

    folder: Path
    url: str
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing of the developer's own surroundings."""
        # Coverage's own variable goes on, so that what these processes run is counted, too.
        measured = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_")}
        self.env = {
            **measured,
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": str(ROOT),
            "RECONCILER_BASE_URL": self.url,
            "ACRCLOUD_ACCESS_TOKEN": TOKEN,
            **self.env,
        }

    def catalog(self, text: str, name: str = "catalog.yaml") -> Path:
        """Write a catalogue."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        return path

    def audio(self, name: str, *, seconds: float = 0.2, level: int = 0) -> Path:
        """Write a small audio file; another `level` makes other bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as audio:
            audio.setnchannels(1)
            audio.setsampwidth(1)
            audio.setframerate(8000)
            audio.writeframes(bytes([128 + level]) * int(8000 * seconds))
        return path

    def run(
        self, *arguments: str, env: Mapping[str, str | None] | None = None, stdin: str = ""
    ) -> Ended:
        """Run a command as a process, and see that it shows no token and no traceback."""
        given = {**self.env, **(env or {})}
        surroundings = {name: value for name, value in given.items() if value is not None}
        if any(name.startswith(READ_AT_START) for name in env or ()):
            ended = self._run_anew(arguments, surroundings, stdin)
        else:
            run = shared().start(*arguments, folder=self.folder, env=surroundings, stdin=stdin)
            forked = run.wait()
            ended = Ended(forked.code, forked.out, forked.err)
        assert TOKEN not in ended.out + ended.err
        assert "Traceback" not in ended.err, ended.err
        return ended

    def _run_anew(self, arguments: Sequence[str], env: Mapping[str, str], stdin: str) -> Ended:
        """By a Python that starts for it."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def ledger(self) -> list[dict[str, Any]]:
        """The ledger's records."""
        path = self.folder / ".reconciler" / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with two empty buckets."""
    with running() as served:
        served.add_bucket("spots", id=8891)
        served.add_bucket("archive", id=8892)
        yield served


@pytest.fixture
def work(tmp_path: Path, sandbox: Sandbox) -> Workplace:
    """An empty folder, and the sandbox."""
    return Workplace(tmp_path, sandbox.url)


CATALOG = """
    version: 1
    catalog: radio-ads
    buckets:
      spots: {id: 8891}
      archive: {id: 8892, prune: none}
    defaults: {bucket: spots}
    files:
      spring:
        title: Spring ad
        source: {audio: audio/spring.wav}
        user_defined: {artist: Acme, year: 1979}
      summer:
        title: Summer ad
        source: {audio: audio/summer.wav}
        user_defined: {artist: Acme, isrc: 00123}
"""


@pytest.fixture
def spots(work: Workplace) -> Workplace:
    """Two spots with their audio, not applied yet."""
    work.catalog(CATALOG)
    work.audio("audio/spring.wav", level=1)
    work.audio("audio/summer.wav", level=2)
    return work


@pytest.fixture
def applied(spots: Workplace) -> Workplace:
    """Two spots, applied."""
    assert spots.run("apply", "--yes").code == 0
    return spots


NothingSent = Callable[[], None]


@pytest.fixture
def nothing_sent(sandbox: Sandbox) -> NothingSent:
    """Call it to see that no mutation has reached the service since the test began."""
    before = len(sandbox.mutations)

    def check() -> None:
        assert list(sandbox.mutations)[before:] == []

    return check
