"""What was measured, by case, and the numbers that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.data import shares
from benchmarks.measuring import Case, Measured
from benchmarks.scenarios import BATCH, PAGE


@dataclass(frozen=True, slots=True)
class Ratio:
    """How often one goes into another: of the medians, and of the runs one by one."""

    of_medians: float
    least: float
    most: float

    def __str__(self) -> str:
        """With its spread."""
        return f"{self.of_medians:.2f} ({self.least:.2f}..{self.most:.2f})"


class Results:
    """All cases of one run of the bench."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        """In the order that they are to be shown in."""
        self._by_case = {one.case: one for one in measured}

    def of(self, *what: str) -> Sequence[Measured]:
        """The cases that are called so, in their order."""
        return [one for case, one in self._by_case.items() if case.what in what]

    def one(self, what: str, count: int = 0) -> Measured | None:
        """The case without latency; None: it was not measured."""
        return self._by_case.get(Case(what, count))


def ratio(one: Measured, other: Measured) -> Ratio:
    """Of `one`'s time to `other`'s."""
    # Runs of one round stand beside each other; where one has more rounds, these are left out.
    single = [a / b for a, b in zip(one.walls, other.walls, strict=False)]
    return Ratio(median(one.walls) / median(other.walls), min(single), max(single))


def used(updates: Measured) -> float:
    """Updates a second, as a share of workers / latency: what no apply can exceed."""
    counts = updates.counts
    assert counts is not None
    seconds = counts.ended["update"] - counts.began["update"]
    return updates.case.count / seconds * updates.case.latency / 1000 / updates.case.workers


def reached(paced: Measured) -> float:
    """Requests a second, as a share of the service's limit, while the updates were sent."""
    counts = paced.counts
    assert counts is not None
    seconds = counts.ended["update"] - counts.began["get"]
    return (counts.requests["get"] + counts.requests["update"]) / seconds / paced.case.rps


def refused(paced: Measured) -> float:
    """The share of all requests that got a 429."""
    counts = paced.counts
    assert counts is not None
    return counts.limited / (counts.limited + counts.answered)


def pages(count: int) -> int:
    """How many pages the buckets of a plan's case have: one at least, each."""
    creates, _, _ = shares(count)
    return max(-(-(count - creates) // PAGE), 1) + 1


def in_batches(count: int) -> int:
    """How many requests so many changes need."""
    return -(-count // BATCH)
