"""Stories without end: what `script/soak` runs."""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from tests.simulation.stories import Stories, play
from tests.simulation.world import Services

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROCESSES = 2


@dataclass
class Tally:
    """What was told."""

    stories: int = 0
    crashes: int = 0
    faults: int = 0
    wrong: list[str] = field(default_factory=list)
    """Each story that went wrong, and how."""


def soak(seconds: int, first: int, step: int) -> Tally:
    """Tell every `step`-th story from the `first` on, for so many seconds."""
    tally = Tally()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = Services(stack)
        stories = Stories(lambda quirk: services.world(Path(folder), quirk))
        for seed in itertools.count(first, step):
            if time.monotonic() >= end:
                return tally
            story = stories.of(seed)
            tally.stories += 1
            try:
                told = play(story, services.world(Path(folder), story.quirk))
            except (AssertionError, ReconcilerError):
                tally.wrong.append(f"{story!r}\n{traceback.format_exc()}")
            else:
                tally.crashes += told.crashed
                tally.faults += told.faults
    raise AssertionError("seeds have no end")


def report(tallies: Sequence[Tally]) -> str:
    """Every story that went wrong, and the counts."""
    wrong = [story for tally in tallies for story in tally.wrong]
    counts = [
        f"{sum(getattr(tally, name) for tally in tallies):,} {name}"
        for name in ("stories", "crashes", "faults")
    ]
    return "\n".join([*wrong, f"{', '.join(counts)}, {len(wrong)} violations"])


def main(seconds: int, seed: int | None = None) -> int:
    """Soak, and say how it went. The exit code: 1 where a story went wrong."""
    first = random.randrange(10**9) if seed is None else seed
    sys.stderr.write(f"soaking for {seconds} seconds, from seed {first}\n")
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        each = [
            pool.submit(soak, seconds, first + number, _PROCESSES) for number in range(_PROCESSES)
        ]
        tallies = [one.result() for one in each]
    sys.stdout.write(f"{report(tallies)}\n")
    return 1 if any(tally.wrong for tally in tallies) else 0
