"""What is measured: subjects, in groups whose members are run in turn."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, peer
from benchmarks.data import Differing, Layout, shares
from benchmarks.keeping import Kept
from benchmarks.measuring import Case, Subject
from benchmarks.processes import Command
from benchmarks.serving import ROOT, Load

FLOOR = "floor"
OCTODNS = "octoDNS"
PLAN = {
    Layout.FILES: "plan",
    Layout.WHOLE: f"plan, {Layout.WHOLE}",
    Layout.JSONL: f"plan, {Layout.JSONL}",
}
UPDATES = "updates"
PACED = "updates under a limit"
DELETES = "deletes"
MOVES = "moves"
BARE = "python -c pass"
SCRIPT = "reconciler --version"
MODULE = "python -m reconciler --version"

SCENARIOS = ("startup", "plan", "floor", "octodns", "apply", "paced")
"""What `--only` chooses from."""

PAGE = 1000
BATCH = 100
_LATENCY = 50
_LIMITED_WORKERS = 32
_LARGEST_PEER = 100_000
"""Of a million records its plan would take a quarter of an hour."""


_HUGE = 1_000_000
"""Entries that take a minute: beside the case that the targets speak of they are planned once."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything."""

    sizes: Sequence[int]
    runs: int
    """Of a case that takes seconds."""
    startups: int
    updates: int
    workers: Sequence[int]
    batched: int
    """How many deletes, and how many moves."""
    limits: Sequence[int]
    """Requests a second that the service allows."""
    limited_seconds: float
    """How long a run under a limit would take at the full rate."""


FULL = Effort(
    sizes=(10_000, 100_000, 1_000_000),
    runs=3,
    startups=20,
    updates=5000,
    workers=(1, 8, 32, 64),
    batched=20_000,
    limits=(20, 200),
    limited_seconds=60,
)
QUICK = Effort(
    sizes=(10_000,),
    runs=1,
    startups=5,
    updates=500,
    workers=(8, 64),
    batched=1000,
    limits=(200,),
    limited_seconds=2,
)


class Scenarios:
    """Makes the subjects, and what they work on."""

    def __init__(self, kept: Kept, effort: Effort, only: Sequence[str] = SCENARIOS) -> None:
        """`only`: some of `SCENARIOS`."""
        self._kept = kept
        self._effort = effort
        self._only = only
        self._scratch = kept.folder / "scratch"
        self._command = str(Path(sys.executable).with_name("reconciler"))

    def groups(self) -> Iterator[Sequence[Subject]]:
        """One group after another, each with its data made."""
        if "startup" in self._only:
            yield [self._startup(*named) for named in self._startups()]
        yield list(self._planning())
        if "apply" in self._only:
            yield [self._updates(workers) for workers in self._effort.workers]
            yield [
                self._batches(DELETES, Differing.GONE),
                self._batches(MOVES, Differing.BUCKETS),
            ]
        if "paced" in self._only:
            yield [
                self._paced(limit, retry_after=told)
                for limit in self._effort.limits
                for told in (False, True)
            ]

    def _startups(self) -> Sequence[tuple[str, tuple[str, ...]]]:
        return [
            (BARE, (sys.executable, "-c", "pass")),
            (SCRIPT, (self._command, "--version")),
            (MODULE, (sys.executable, "-m", "reconciler", "--version")),
        ]

    def _startup(self, what: str, arguments: tuple[str, ...]) -> Subject:
        return Subject(
            Case(what),
            Command(arguments, self._kept.folder, self._env()),
            self._effort.startups,
            lambda output: what == BARE or output.startswith("reconciler "),
            sampled=False,
        )

    def _planning(self) -> Iterator[Subject]:
        for size in self._effort.sizes:
            if "plan" in self._only:
                yield self._plan(size, Layout.FILES)
            if "floor" in self._only:
                yield self._floor(size)
            if "octodns" in self._only and size <= _LARGEST_PEER:
                yield self._peer(size)
            if "plan" in self._only:
                yield self._plan(size, Layout.FILES, _LATENCY)
                yield self._plan(size, Layout.WHOLE)
                if size == 100_000:
                    yield self._plan(size, Layout.JSONL)

    def _plan(self, size: int, layout: Layout, latency: int = 0) -> Subject:
        creates, updates, deletes = shares(size)
        main = layout is Layout.FILES and not latency
        return Subject(
            Case(PLAN[layout], size, latency),
            Command(
                (self._command, "plan"),
                self._catalog(Differing.FEW, size, layout),
                self._env(),
            ),
            self._runs(size) if main or size < _HUGE else 1,
            says(f"{creates} to create, {updates} to update, 0 to move, {deletes} to delete"),
            Load(self._live(Differing.FEW, size), latency),
        )

    def _floor(self, size: int) -> Subject:
        folder = self._kept.data(
            f"floor-{size}",
            lambda path: data.write_floor(path, data.pairs(Differing.FEW, size)),
        )
        creates, updates, deletes = shares(size)
        return Subject(
            Case(FLOOR, size),
            Command(
                (
                    *(sys.executable, "-m", "benchmarks.floor"),
                    *(str(folder / name) for name in ("desired.json", "live.json")),
                ),
                ROOT,
                self._env(),
            ),
            self._runs(size),
            lambda output: output == f"{(updates, creates, deletes)}\n",
        )

    def _peer(self, size: int) -> Subject:
        command = peer.installed(self._kept.folder)
        folder = self._kept.data(
            f"octodns-{peer.RECORDS_A_ZONE}-{size}", lambda path: peer.write(path, size)
        )
        return Subject(
            Case(OCTODNS, size),
            Command(peer.arguments(command), folder, peer.surroundings()),
            self._runs(size),
            lambda output: peer.planned(output) == shares(size),
        )

    def _updates(self, workers: int) -> Subject:
        count = self._effort.updates
        case = Case(UPDATES, count, _LATENCY, workers)
        load = Load(self._live(Differing.TITLES, count), _LATENCY)
        # One worker alone takes minutes, and has nobody to wait for.
        runs = 1 if workers == 1 else self._effort.runs
        return self._apply(case, Differing.TITLES, load, runs, "--concurrency", str(workers))

    def _batches(self, what: str, differing: Differing) -> Subject:
        count = self._effort.batched
        load = Load(self._live(differing, count), _LATENCY)
        return self._apply(Case(what, count, _LATENCY), differing, load, self._effort.runs)

    def _paced(self, limit: int, *, retry_after: bool) -> Subject:
        count = round(limit * self._effort.limited_seconds)
        workers = _LIMITED_WORKERS
        case = Case(PACED, count, _LATENCY, workers, limit, retry_after)
        load = Load(self._live(Differing.TITLES, count), _LATENCY, limit, retry_after)
        return self._apply(case, Differing.TITLES, load, 1, "--concurrency", str(workers))

    def _apply(
        self, case: Case, differing: Differing, load: Load, runs: int, *options: str
    ) -> Subject:
        ledger = str(self._scratch / "ledger.jsonl")
        return Subject(
            case,
            Command(
                (self._command, "apply", "--yes", "--ledger", ledger, *options),
                self._catalog(differing, case.count, Layout.FILES),
                self._env(),
            ),
            runs,
            says(f"{case.count} applied, 0 stale, 0 failed, 0 unknown, 0 left"),
            load,
            sampled=False,
            fresh=self._scratch,
        )

    def _catalog(self, differing: Differing, count: int, layout: Layout) -> Path:
        return self._kept.data(
            f"{differing.value}-{layout.name.lower()}-{count}",
            lambda path: data.write_catalog(path, data.pairs(differing, count), layout),
        )

    def _live(self, differing: Differing, count: int) -> Path:
        return self._kept.data(
            f"{differing.value}-{count}.jsonl",
            lambda path: data.write_live(path, data.pairs(differing, count)),
        )

    def _runs(self, size: int) -> int:
        # What is over soon is measured more often.
        more = self._effort.runs > 1 and size <= 10_000
        return self._effort.runs + 2 if more else self._effort.runs

    def _env(self) -> Mapping[str, str]:
        """Nothing of the surroundings that could slow it down or send it elsewhere."""
        ours = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        return {
            **ours,
            "PATH": os.defpath,
            "HOME": str(self._scratch),
            "LANG": "C.UTF-8",
            # As long as a real one, since every answer is searched for it.
            "ACRCLOUD_ACCESS_TOKEN": "a-token-as-long-as-a-real-one-is." * 8,
        }


def says(expected: str) -> Callable[[str], bool]:
    """Whether an output says it, wherever its lines end and its thousands are marked."""
    return lambda output: expected in re.sub(r"(?<=\d),(?=\d)", "", " ".join(output.split()))
