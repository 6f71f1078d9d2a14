"""What was promised of the speed, and whether it was kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.data import Layout
from benchmarks.measuring import Measured
from benchmarks.results import Results, in_batches, pages, ratio, reached, refused, used
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

_MIB = 1 << 20
_PLAN = PLAN[Layout.FILES]
_PEER_AT_LEAST = 15
_FLOOR_AT_MOST = 5
_TENFOLD_AT_MOST = 11
_MEMORY_AT_MOST = {100_000: 400 * _MIB, 1_000_000: 3072 * _MIB}
_APPLY_AT_LEAST = 0.95
_REACHED_AT_LEAST = 0.9
_REFUSED_UNDER = 0.02
_EXTRA_PAGES = 2
_STARTUP_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise: what, how much, and what came out. `kept`: None where nothing was promised of
    this case."""

    what: str
    found: str
    promised: str = "-"
    kept: bool | None = None


def judged(results: Results) -> Iterator[Judged]:
    """Everything that was measured and has a promise, or would have one at another size."""
    plans = [plan for plan in results.of(_PLAN) if not plan.case.latency]
    for plan in plans:
        yield from _against_others(plan, results)
    for fewer, more in pairwise(plans):
        times = ratio(more, fewer)
        times_more = more.case.count // fewer.case.count
        promised = (fewer.case.count, more.case.count) == (100_000, 1_000_000)
        yield Judged(
            f"plan of {more.case.count:,} / plan of {fewer.case.count:,}",
            f"{times} for {times_more} times the files",
            *_at_most(times.of_medians, _TENFOLD_AT_MOST if promised else None),
        )
    for plan in plans:
        yield from _memory_and_pages(plan)
    yield from _applying(results)
    for paced in results.of(PACED):
        yield from _pacing(paced)
    yield from _starting(results)


def _against_others(plan: Measured, results: Results) -> Iterator[Judged]:
    count = plan.case.count
    peer, floor = results.one(OCTODNS, count), results.one(FLOOR, count)
    promised = count == 100_000
    if peer is not None:
        times = ratio(peer, plan)
        yield Judged(
            f"octoDNS / plan, {count:,}",
            str(times),
            f"at least {_PEER_AT_LEAST}" if promised else "-",
            times.of_medians >= _PEER_AT_LEAST if promised else None,
        )
    if floor is not None:
        times = ratio(plan, floor)
        yield Judged(
            f"plan / floor, {count:,}",
            str(times),
            *_at_most(times.of_medians, _FLOOR_AT_MOST if promised else None),
        )


def _memory_and_pages(plan: Measured) -> Iterator[Judged]:
    count, counts = plan.case.count, plan.counts
    most = _MEMORY_AT_MOST.get(count)
    yield Judged(
        f"peak memory of a plan of {count:,}",
        f"{plan.peak / _MIB:.0f} MiB",
        f"under {most // _MIB} MiB" if most else "-",
        plan.peak < most if most else None,
    )
    if counts is not None:
        there, lists = pages(count), counts.requests["list"]
        yield Judged(
            f"list requests of a plan of {count:,}",
            f"{lists} for {there} pages",
            f"at most {there + _EXTRA_PAGES}",
            lists <= there + _EXTRA_PAGES,
        )


def _applying(results: Results) -> Iterator[Judged]:
    for updates in results.of(UPDATES):
        share = used(updates)
        yield Judged(
            f"{updates.case.count:,} updates with {updates.case.workers} workers "
            f"at {updates.case.latency} ms",
            f"{share:.1%} of workers / latency",
            f"at least {_APPLY_AT_LEAST:.0%}",
            share >= _APPLY_AT_LEAST,
        )
    for what, kind in ((DELETES, "delete"), (MOVES, "move")):
        for batched in results.of(what):
            assert batched.counts is not None
            sent, checks = (batched.counts.requests.get(name, 0) for name in (kind, "get"))
            needed = in_batches(batched.case.count)
            yield Judged(
                f"requests of {batched.case.count:,} {what}",
                f"{sent} and {checks} checks",
                f"{needed} and {needed} checks",
                sent <= needed and checks <= needed,
            )


def _pacing(paced: Measured) -> Iterator[Judged]:
    told = "told when to come back" if paced.case.retry_after else "not told when to come back"
    under = f"under a limit of {paced.case.rps} a second, {told}"
    share, limited = reached(paced), refused(paced)
    yield Judged(
        f"requests {under}",
        f"{share:.1%} of the limit",
        f"at least {_REACHED_AT_LEAST:.0%}",
        share >= _REACHED_AT_LEAST,
    )
    yield Judged(
        f"429 {under}",
        f"{limited:.1%} of the answers",
        f"under {_REFUSED_UNDER:.0%}",
        limited < _REFUSED_UNDER,
    )


def _starting(results: Results) -> Iterator[Judged]:
    bare = results.one(BARE)
    for what in (SCRIPT, MODULE):
        start = results.one(what)
        if bare is not None and start is not None:
            times = ratio(start, bare)
            yield Judged(
                f"{what} / {BARE}", str(times), *_at_most(times.of_medians, _STARTUP_AT_MOST)
            )


def _at_most(found: float, most: float | None) -> tuple[str, bool | None]:
    return ("-", None) if most is None else (f"at most {most}", found <= most)
