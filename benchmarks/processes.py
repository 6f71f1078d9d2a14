"""One command, run as a process: how long it took, of how much CPU and memory. Linux only."""

import os
import resource
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

_SAMPLE_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, and where."""

    arguments: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went. `cpu` includes that of the processes that it started and waited for."""

    exit_code: int
    wall: float
    cpu: float
    largest: int
    """Bytes: the peak of resident memory of the largest single process."""
    tree: int
    """Bytes: the peak of all its processes together, shared pages counted once; 0: not sampled."""
    output: str
    """Standard output and standard error."""


def run(command: Command, *, sampled: bool = False) -> Ended:
    """Run it to its end. `sampled`: watch its memory as well, which may slow it down."""
    with TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=command.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            status, usage, tree = _wait(process.pid, sampled=sampled)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Ended(
            process.returncode,
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024,
            tree,
            output.read().decode(errors="replace"),
        )


def _wait(pid: int, *, sampled: bool) -> tuple[int, resource.struct_rusage, int]:
    peak = 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG if sampled else 0)
        if ended:
            return status, usage, peak
        peak = max(peak, memory(pid))
        time.sleep(_SAMPLE_EVERY)


def memory(pid: int) -> int:
    """Bytes that the process and all that descend from it hold, shared pages counted once."""
    return sum(map(_share, _tree(pid)))


def _tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        # It may end while we look.
        with suppress(OSError):
            # After the name, which may hold anything: the state, then the parent.
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            children[int(parent)].append(int(folder.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _share(pid: int) -> int:
    """Its resident bytes, of a page that n processes share the nth part."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
