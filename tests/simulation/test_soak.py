"""`script/soak`: it ends by itself, says what it told, and how a story went wrong."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.simulation.soak import Tally, report

SOAK = Path(__file__).parents[2] / "script" / "soak"


def test_it_tells_stories_for_so_many_seconds() -> None:
    done = subprocess.run([SOAK, "1", "7"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "soaking for 1 seconds, from seed 7" in done.stderr
    assert re.fullmatch(r"\d+ stories, \d+ crashes, \d+ faults, 0 violations\n", done.stdout)
    assert not done.stdout.startswith("0 stories")


@pytest.mark.parametrize("arguments", [[], ["-1"], ["ten"]])
def test_it_needs_the_seconds(arguments: list[str]) -> None:
    done = subprocess.run([SOAK, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.startswith("usage: script/soak SECONDS")


def test_what_went_wrong_is_shown_before_the_counts() -> None:
    tallies = [Tally(1500, 9, 8, ["Story(seed=7)\nmade twice"]), Tally(500, 1, 2)]
    assert report(tallies) == (
        "Story(seed=7)\nmade twice\n2,000 stories, 10 crashes, 10 faults, 1 violations"
    )
