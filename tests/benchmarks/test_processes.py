"""A process is measured with all that it starts."""

import subprocess
import sys
from pathlib import Path

from benchmarks.processes import Command, Ended, memory, run

MIB = 1 << 20


def ended(code: str, folder: Path, *, sampled: bool = False) -> Ended:
    return run(Command((sys.executable, "-c", code), folder, {"NAME": "value"}), sampled=sampled)


def test_how_it_ended_and_what_it_said(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ['NAME']); sys.exit('no')"
    told = ended(code, tmp_path)
    assert told.exit_code == 1
    assert sorted(told.output.splitlines()) == [f"{tmp_path} value", "no"]


def test_its_memory_is_watched_only_where_that_is_asked_for(tmp_path: Path) -> None:
    assert ended("pass", tmp_path).tree == 0
    assert ended("pass", tmp_path, sampled=True).tree > 0


def test_the_memory_of_its_own_processes_counts() -> None:
    inner = "held = bytearray(b'x') * (80 << 20); print(1, flush=True); input()"
    outer = (
        "import subprocess, sys; held = bytearray(b'x') * (60 << 20)\n"
        f"subprocess.run([sys.executable, '-c', {inner!r}])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert memory(process.pid) >= 140 * MIB
        process.communicate(b"\n")


def test_the_largest_of_its_processes(tmp_path: Path) -> None:
    assert ended("held = bytearray(b'x') * (80 << 20)", tmp_path).largest >= 80 * MIB


def test_the_cpu_of_its_own_processes_counts(tmp_path: Path) -> None:
    inner = "import time\nwhile time.process_time() < 0.3: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    assert ended(outer, tmp_path).cpu >= 0.3
