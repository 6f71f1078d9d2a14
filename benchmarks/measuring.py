"""Commands in turn, again and again: A B A B, so that what slows the machine slows all of them."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.processes import Command, Ended, run
from benchmarks.serving import Counts, Load, serving

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured, by name."""

    what: str
    count: int = 0
    """Entries, or changes."""
    latency: int = 0
    """Milliseconds a request."""
    workers: int = 0
    """Requests that may be under way at once; 0: as many as the command likes."""
    rps: int = 0
    """The service's limit; 0: none."""
    retry_after: bool = False

    def __str__(self) -> str:
        """All of it, in a line."""
        parts = [self.what]
        parts += [f"{self.count:,}"] if self.count else []
        parts += [f"{self.latency} ms"] if self.latency else []
        parts += [f"{self.workers} workers"] if self.workers else []
        parts += [f"{self.rps} requests a second"] if self.rps else []
        parts += ["Retry-After"] if self.retry_after else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Subject:
    """A case and how it is run."""

    case: Case
    command: Command
    runs: int
    did: Callable[[str], bool]
    """Whether the output says that it did what it was to do."""
    load: Load | None = None
    exit_code: int = 0
    sampled: bool = True
    """Whether a run of its own, before the others, watches the memory."""
    fresh: Path | None = None
    """A folder that is empty before each run."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out of all runs of a case."""

    case: Case
    walls: Sequence[float]
    cpus: Sequence[float]
    largest: int
    """Bytes: the peak of the largest single process."""
    tree: int
    """Bytes: the peak of all processes together; 0: not watched."""
    counts: Counts | None
    """Of the last run."""

    @property
    def wall(self) -> float:
        """Seconds, the median."""
        return median(self.walls)

    @property
    def cpu(self) -> float:
        """Seconds, the median."""
        return median(self.cpus)

    @property
    def peak(self) -> int:
        """Bytes: all processes together, or what is known of them."""
        return max(self.tree, self.largest)


class WentWrong(Exception):
    """What was to be measured did not happen."""


def measure(subjects: Sequence[Subject], say: Say) -> list[Measured]:
    """Run each as often as it wants, in turn. Raises `WentWrong`."""
    watched: dict[Case, int] = {}
    for subject in subjects:
        if subject.sampled:
            ended, _ = _run(subject, sampled=True)
            watched[subject.case] = ended.tree
            say(f"{subject.case}: memory watched")
    seen: Mapping[Case, list[tuple[Ended, Counts | None]]] = {
        subject.case: [] for subject in subjects
    }
    for number in range(max((subject.runs for subject in subjects), default=0)):
        for subject in subjects:
            if number < subject.runs:
                ended, counts = _run(subject, sampled=False)
                seen[subject.case].append((ended, counts))
                say(f"{subject.case}: run {number + 1} of {subject.runs}: {ended.wall:.2f} s")
    return [_together(case, runs, watched.get(case, 0)) for case, runs in seen.items()]


def _together(case: Case, runs: Sequence[tuple[Ended, Counts | None]], tree: int) -> Measured:
    return Measured(
        case,
        [ended.wall for ended, _ in runs],
        [ended.cpu for ended, _ in runs],
        max(ended.largest for ended, _ in runs),
        tree,
        runs[-1][1],
    )


def _run(subject: Subject, *, sampled: bool) -> tuple[Ended, Counts | None]:
    if subject.fresh is not None:
        shutil.rmtree(subject.fresh, ignore_errors=True)
        subject.fresh.mkdir(parents=True)
    if subject.load is None:
        return _checked(subject, run(subject.command, sampled=sampled)), None
    with serving(subject.load) as server:
        env = {**subject.command.env, "RECONCILER_BASE_URL": server.url}
        ended = run(replace(subject.command, env=env), sampled=sampled)
        counts = server.counts()
    return _checked(subject, ended), counts


def _checked(subject: Subject, ended: Ended) -> Ended:
    if ended.exit_code != subject.exit_code or not subject.did(ended.output):
        raise WentWrong(
            f"{subject.case}: {' '.join(subject.command.arguments)} in {subject.command.folder} "
            f"ended with {ended.exit_code}, and this is the end of what it said:\n"
            f"{ended.output[-2000:]}"
        )
    return ended
