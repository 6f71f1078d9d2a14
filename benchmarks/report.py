"""The results as tables."""

from collections.abc import Sequence

from benchmarks.measuring import Measured
from benchmarks.results import Results, reached, refused, used
from benchmarks.scenarios import (
    BARE,
    DELETES,
    FLOOR,
    MODULE,
    MOVES,
    OCTODNS,
    PACED,
    PLAN,
    SCRIPT,
    UPDATES,
)
from benchmarks.tables import Table
from benchmarks.targets import judged

_MIB = 1 << 20
_NOT_TOLD = "-"


def tables(results: Results) -> Sequence[Table]:
    """All of them, those without a row too."""
    return [
        _targets(results),
        _planning(results),
        _applying(results),
        _pacing(results),
        _starting(results),
    ]


def _targets(results: Results) -> Table:
    met = {None: "", True: "met", False: "missed"}
    rows = [[one.what, one.found, one.promised, met[one.kept]] for one in judged(results)]
    return Table("targets", "Targets", ["", "measured", "target", ""], rows)


def _planning(results: Results) -> Table:
    head = ["", "entries", "latency", "wall s", "CPU s", "peak MiB", "largest process MiB"]
    rows = [
        [
            one.case.what,
            f"{one.case.count:,}",
            f"{one.case.latency} ms" if one.counts else _NOT_TOLD,
            _spread(one.walls, one.wall),
            f"{one.cpu:.2f}",
            f"{one.peak / _MIB:.0f}",
            f"{one.largest / _MIB:.0f}",
            f"{one.peak // one.case.count:,}",
            f"{one.counts.answered:,}" if one.counts else _NOT_TOLD,
            _server_cpu(one),
        ]
        for one in results.of(*PLAN.values(), FLOOR, OCTODNS)
    ]
    more = ["bytes an entry", "requests", "server's CPU s"]
    return Table("planning", "Planning", head + more, rows)


def _applying(results: Results) -> Table:
    head = ["", "changes", "workers", "wall s", "CPU s", "requests"]
    rows = [
        [
            one.case.what,
            f"{one.case.count:,}",
            str(one.case.workers or "8"),
            _spread(one.walls, one.wall),
            f"{one.cpu:.2f}",
            _requests(one),
            _server_cpu(one),
            f"{used(one):.1%}" if one.case.what == UPDATES else _NOT_TOLD,
        ]
        for one in results.of(UPDATES, DELETES, MOVES)
    ]
    more = ["server's CPU s", "of workers / latency"]
    return Table("applying", "Applying, at 50 ms a request", head + more, rows)


def _pacing(results: Results) -> Table:
    head = ["limit", "Retry-After", "updates", "wall s", "reached", "429"]
    rows = [
        [
            f"{one.case.rps} requests a second",
            "told" if one.case.retry_after else "not told",
            f"{one.case.count:,}",
            _spread(one.walls, one.wall),
            f"{reached(one):.1%}",
            f"{refused(one):.1%}",
        ]
        for one in results.of(PACED)
    ]
    return Table("pacing", "Under the service's limit", head, rows)


def _starting(results: Results) -> Table:
    rows = [
        [one.case.what, str(len(one.walls)), f"{one.wall * 1000:.0f}", f"{one.cpu * 1000:.0f}"]
        for one in results.of(BARE, SCRIPT, MODULE)
    ]
    return Table("starting", "Starting", ["", "runs", "wall ms", "CPU ms"], rows)


def _requests(one: Measured) -> str:
    """By kind, the most numerous first."""
    assert one.counts is not None
    kinds = sorted(one.counts.requests.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds)


def _server_cpu(one: Measured) -> str:
    return f"{one.counts.cpu:.2f}" if one.counts else _NOT_TOLD


def _spread(values: Sequence[float], middle: float) -> str:
    if len(values) == 1:
        return f"{middle:.2f}"
    return f"{middle:.2f} ({min(values):.2f}..{max(values):.2f})"
