"""The load server as a process of its own, for as long as one command runs."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Load:
    """What is served, and how."""

    live: Path
    latency: int = 0
    """Milliseconds."""
    rps: int | None = None
    retry_after: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What the server has seen; the times are seconds of one clock, by kind of request."""

    requests: Mapping[str, int]
    limited: int
    began: Mapping[str, float]
    ended: Mapping[str, float]
    cpu: float

    @property
    def answered(self) -> int:
        """All requests but those that got a 429."""
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class Server:
    """A running one."""

    url: str

    def counts(self) -> Counts:
        """What it has seen until now."""
        # Straight to this machine, whatever proxy the surroundings name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/-/counts", timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return Counts(**told)


@contextmanager
def serving(load: Load) -> Iterator[Server]:
    """Start it; ready to answer when this returns."""
    command = [sys.executable, "-m", "benchmarks.load_server", "--live", str(load.live)]
    command += ["--latency", str(load.latency)]
    if load.rps is not None:
        command += ["--rps", str(load.rps)]
    if load.retry_after:
        command.append("--retry-after")
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError("the load server did not start; see above")
            yield Server(f"http://127.0.0.1:{port}")
        finally:
            process.stdin.close()
