"""Figures become tables, a page and a plot."""

import re
from itertools import pairwise
from pathlib import Path
from string import Template
from xml.etree import ElementTree

import pytest

from benchmarks import page, peer, report
from benchmarks.__main__ import options
from benchmarks.machine import Machine
from benchmarks.measuring import Case, Measured
from benchmarks.plot import Line, Panel, drawn
from benchmarks.results import Results
from benchmarks.scenarios import (
    BARE,
    DELETES,
    FLOOR,
    MOVES,
    OCTODNS,
    PACED,
    SCRIPT,
    UPDATES,
)
from benchmarks.serving import Counts
from benchmarks.targets import Judged, judged

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
TEMPLATE = ROOT / "benchmarks" / "performance.md"
MIB = 1 << 20
MACHINE = Machine("2026-01-31", "A processor", 2, 8 << 30, "3.11.9", "Linux 6.1")


def measured(
    case: Case, *walls: float, peak: int = 30, began: float = 0.0, **requests: int
) -> Measured:
    """A case that took so many seconds each time, with so many requests within as many."""
    seen = Counts(
        requests,
        requests.pop("limited", 0),
        dict.fromkeys(requests, began),
        dict.fromkeys(requests, began + walls[0]),
        0.01,
    )
    return Measured(case, walls, walls, peak * MIB, 0, seen if requests else None)


def everything(*, slower: float = 1) -> Results:
    """What every promise is about; with `slower` times the seconds."""
    return Results(
        [
            measured(Case("plan", 100_000), 3 * slower, 2 * slower, 2.5 * slower, list=102),
            measured(Case(FLOOR, 100_000), 0.5, 0.6, 0.4),
            measured(Case(OCTODNS, 100_000), 45, 44, 43),
            measured(Case("plan", 1_000_000), 25, 24, 26, peak=2000, list=998),
            measured(Case(UPDATES, 5000, 50, 8), 32 * slower, update=5000, get=50),
            measured(Case(DELETES, 20_000, 50), 9, delete=200, get=200),
            measured(Case(MOVES, 20_000, 50), 9, move=200, get=201),
            measured(Case(PACED, 3900, 50, 32, 200), 20, update=3900, get=39, limited=40),
            measured(Case(BARE), 0.01, 0.02, 0.01),
            measured(Case(SCRIPT), 0.03, 0.03, 0.02),
        ]
    )


def found(results: Results) -> dict[str, Judged]:
    return {one.what: one for one in judged(results)}


def test_a_ratio_is_of_the_medians_with_its_spread() -> None:
    one = found(everything())["octoDNS / plan, 100,000"]
    assert one.found == "17.60 (15.00..22.00)"
    assert (one.promised, one.kept) == ("at least 15", True)


def test_what_is_kept() -> None:
    kept = {what: one.kept for what, one in found(everything()).items()}
    assert kept == {
        "octoDNS / plan, 100,000": True,
        "plan / floor, 100,000": True,
        "plan of 1,000,000 / plan of 100,000": True,
        "peak memory of a plan of 100,000": True,
        "list requests of a plan of 100,000": True,
        "peak memory of a plan of 1,000,000": True,
        "list requests of a plan of 1,000,000": True,
        "5,000 updates with 8 workers at 50 ms": True,
        "requests of 20,000 deletes": True,
        "requests of 20,000 moves": False,
        "requests under a limit of 200 a second, not told when to come back": True,
        "429 under a limit of 200 a second, not told when to come back": True,
        "reconciler --version / python -c pass": True,
    }


def test_what_is_missed() -> None:
    judgements = found(everything(slower=1.25))
    assert judgements["octoDNS / plan, 100,000"].kept is False
    assert judgements["plan / floor, 100,000"].kept is False
    updates = judgements["5,000 updates with 8 workers at 50 ms"]
    assert (updates.found, updates.kept) == ("78.1% of workers / latency", False)


def test_of_another_size_nothing_is_promised() -> None:
    results = Results(
        [
            measured(Case("plan", 10_000), 3, list=11),
            measured(Case("plan", 20_000), 30, list=21),
            measured(Case(FLOOR, 10_000), 0.1),
            measured(Case(OCTODNS, 10_000), 3),
        ]
    )
    assert [one.kept for one in judged(results) if "list requests" not in one.what] == [None] * 5


def test_a_table_in_text() -> None:
    (_, planning, *_) = report.tables(everything())
    head, first, *_ = planning.text().splitlines()[1:]
    assert first.split() == [
        *["plan", "100,000", "0", "ms", "2.50", "(2.00..3.00)", "2.50"],
        *["30", "30", "314", "102", "0.01"],
    ]
    assert len(head) <= len(first)


def test_the_page_has_its_figures_and_its_plot(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    page.write(path, everything(), MACHINE)
    text = path.read_text("utf-8")
    assert "2026-01-31: A processor, 2 cores, 8 GiB, Python 3.11.9, Linux 6.1" in text
    assert "| octoDNS / plan, 100,000 | 17.60 (15.00..22.00) | at least 15 | met |" in text
    assert "| requests of 20,000 moves | 200 and 201 checks | 200 and 200 checks | missed |" in text
    assert "(performance.svg)" in text
    assert "$" not in text
    assert (tmp_path / "performance.svg").exists()


def test_a_page_without_anything(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    page.write(path, Results([]), MACHINE)
    assert path.read_text("utf-8").count("Not measured in this run.") == 6
    assert not (tmp_path / "performance.svg").exists()


def test_the_page_in_the_documents_is_what_the_template_says() -> None:
    words = re.split(r"\$\w+", TEMPLATE.read_text("utf-8"))
    pattern = "(?s:.+)".join(map(re.escape, words))
    assert re.fullmatch(pattern, PAGE.read_text("utf-8"))


def test_the_template_uses_every_table() -> None:
    names = {table.name for table in report.tables(Results([]))}
    used = Template(TEMPLATE.read_text("utf-8")).get_identifiers()
    assert set(used) == names | {"machine", "plot"}


@pytest.mark.parametrize("document", [PAGE, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_the_commands_of_the_documents_are_understood(document: Path) -> None:
    commands = re.findall(r"script/bench((?: --?[\w./-]+| [\w./]+\.md)*)", document.read_text())
    assert commands
    for arguments in commands:
        options().parse_args(arguments.split())


def test_the_page_names_the_version_of_its_peer() -> None:
    assert f"octoDNS {peer.VERSION}," in TEMPLATE.read_text("utf-8")


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_plot_names_its_lines_and_its_axes() -> None:
    lines = [Line("plan", [(1e4, 0.3), (1e6, 30)]), Line("a < b", [(1e4, 1), (1e5, 10)])]
    shown = texts(drawn("A title", [Panel("Seconds", "s", "entries", lines)]))
    assert {"Seconds", "entries", "plan, 30 s", "a < b, 10 s"} <= set(shown)
    assert {"10,000", "100,000", "1,000,000", "0.1", "1", "10", "100"} <= set(shown)


def test_a_plot_of_one_point_has_room_all_the_same() -> None:
    shown = texts(drawn("A title", [Panel("Seconds", "s", "entries", [Line("plan", [(1e4, 1)])])]))
    assert {"10,000", "100,000", "1", "10"} <= set(shown)


def test_names_that_end_together_do_not_overlap() -> None:
    lines = [Line(name, [(10, 5.0)]) for name in ("one", "two", "three")]
    svg = drawn("A title", [Panel("Seconds", "s", "entries", lines)])
    heights = [float(y) for y in re.findall(r'y="([\d.]+)" style', svg)]
    assert [round(two - one) for one, two in pairwise(heights)] == [16, 16]
