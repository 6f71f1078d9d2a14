"""Two runners that add to one ledger at once lose nothing.

`LEDGER_APPENDS=100 pytest tests/ledger/test_two_runners.py -s` does it a hundred times each, and
says how it went.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ledger.hub import Hub

ROOT = Path(__file__).parents[2]
APPENDS = int(os.environ.get("LEDGER_APPENDS", "10"))
RUNS = ("one", "two")


def of(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def test_two_runners_at_once_lose_nothing(hub: Hub) -> None:
    with ExitStack() as stack:
        runners = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.ledger.appending", hub.clone(run), run,
                     str(APPENDS)],
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for run in RUNS
        ]  # fmt: skip
        assert [of(runner.stdout).readline() for runner in runners] == ["ready\n"] * 2
        began = time.monotonic()
        for runner in runners:
            of(runner.stdin).write("\n")
            of(runner.stdin).flush()
        assert [runner.wait() for runner in runners] == [0, 0]
        took = time.monotonic() - began
    records = hub.records()
    for run in RUNS:
        own = [record for record in records if record["run"] == run]
        assert [record["kind"] for record in own] == [
            "run.began", *["change.began"] * APPENDS, "run.ended",
        ]  # fmt: skip
        changes = [record["key"] for record in own if record["kind"] == "change.began"]
        assert changes == [f"{run}-{number}" for number in range(APPENDS)]
    lost = 2 * (APPENDS + 2) - len(records)
    assert lost == 0, "nor is anything there twice"
    turns = len(list(groupby(records, key=lambda record: record["run"])))
    sys.stdout.write(
        f"\n{len(RUNS)} runners, {APPENDS} appends each: {len(records)} records, {lost} lost, "
        f"{hub.commits()} commits, {turns} turns, {took:.1f} s\n"
    )
