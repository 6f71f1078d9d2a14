"""The page about speed: `performance.md` beside this module, with the results in their places."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

from benchmarks import report
from benchmarks.data import Layout
from benchmarks.machine import Machine
from benchmarks.plot import Line, Panel, drawn
from benchmarks.results import Results
from benchmarks.scenarios import FLOOR, OCTODNS, PLAN

_TEMPLATE = Path(__file__).with_name("performance.md")
_NOTHING = "Not measured in this run."


def write(path: Path, results: Results, machine: Machine) -> None:
    """Write the page, and beside it its plot, if there is anything to plot."""
    plot = plotted(results)
    picture = path.with_suffix(".svg")
    path.write_text(written(results, machine, picture.name if plot else None), "utf-8")
    if plot:
        picture.write_text(plot, "utf-8")


def written(results: Results, machine: Machine, picture: str | None) -> str:
    """The page's text; `picture`: where its plot lies."""
    told: Mapping[str, str] = {
        table.name: table.markdown() if table.rows else _NOTHING for table in report.tables(results)
    }
    plot = f"![Time and memory of a plan against its size]({picture})" if picture else _NOTHING
    text = _TEMPLATE.read_text("utf-8")
    return Template(text).substitute(told, machine=str(machine), plot=plot)


def plotted(results: Results) -> str | None:
    """Time and memory against the number of entries; None: no plan was measured."""
    panels = [
        Panel("Seconds", "s", "entries", list(_lines(results, by_memory=False))),
        Panel("Peak memory, MiB", "MiB", "entries", list(_lines(results, by_memory=True))),
    ]
    if not panels[0].lines:
        return None
    return drawn("How the time and the memory of a plan grow with its size", panels)


def _lines(results: Results, *, by_memory: bool) -> Iterator[Line]:
    for name, what in (("plan", PLAN[Layout.FILES]), (OCTODNS, OCTODNS), (FLOOR, FLOOR)):
        points = [
            (one.case.count, one.peak / (1 << 20) if by_memory else one.wall)
            for one in results.of(what)
            if not one.case.latency
        ]
        if points:
            yield Line(name, points)
