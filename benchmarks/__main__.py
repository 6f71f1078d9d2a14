"""Measures, and prints what was found. `script/bench` starts it."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import page, report
from benchmarks.keeping import Kept
from benchmarks.machine import this_machine
from benchmarks.measuring import Measured, WentWrong, measure
from benchmarks.results import Results
from benchmarks.scenarios import FULL, QUICK, SCENARIOS, Effort, Scenarios
from benchmarks.serving import ROOT


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measures how long the commands take and how much memory, on data and with a "
        "server of its own. Everything takes about half an hour, best on a machine that does "
        "nothing else.",
    )
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N", help="entries to plan: 10000,100000,1000000"
    )
    parser.add_argument(
        "--only", type=_scenarios, metavar="NAME,NAME", help=f"some of {', '.join(SCENARIOS)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="10,000 entries, once: for trying, in a minute"
    )
    parser.add_argument(
        "--out", type=Path, metavar="PAGE.md", help="write the page, and its plot beside it"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure what the arguments say; the exit code."""
    chosen = options().parse_args(arguments)
    effort = QUICK if chosen.quick else FULL
    if chosen.sizes:
        effort = replace(effort, sizes=chosen.sizes)
    try:
        measured = bench(ROOT / ".bench", effort, chosen.only or SCENARIOS)
    except WentWrong as error:
        _say(f"script/bench: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    results = Results(measured)
    machine = this_machine()
    sys.stdout.write(f"{machine}\n")
    for table in report.tables(results):
        if table.rows:
            sys.stdout.write(f"\n{table.text()}")
    if chosen.out is not None:
        page.write(chosen.out, results, machine)
    return 0


def bench(folder: Path, effort: Effort, only: Sequence[str]) -> list[Measured]:
    """Measure, in a folder that keeps the data for the next time."""
    scenarios = Scenarios(Kept(folder), effort, only)
    return [one for group in scenarios.groups() for one in measure(group, _say)]


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(size.replace("_", "")) for size in text.split(",")}))
    if sizes[0] < 200:
        raise ValueError(text)
    return sizes


def _scenarios(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    unknown = sorted(set(chosen) - set(SCENARIOS))
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(unknown)}: choose from {', '.join(SCENARIOS)}"
        )
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
