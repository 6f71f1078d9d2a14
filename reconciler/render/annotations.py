"""Annotations for GitHub: what is to be said, on the catalogue's own lines.

A step may have ten errors, ten warnings and ten notices: what is beyond that is dropped without a
word. So of more than ten the tenth says how many more there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.model import Place
from reconciler.core.plan import Plan
from reconciler.render.findings import Finding, Severity, findings, foremost, told
from reconciler.render.workflow import Level, annotation

MOST = 10
_LEVELS: Mapping[Severity, Level] = {
    Severity.REFUSED: "error",
    Severity.GRAVE: "warning",
    Severity.OPEN: "warning",
    Severity.LOSS: "notice",
    Severity.PLAIN: "notice",
}


class Remark(NamedTuple):
    """What is said at a place. The message is visible text already."""

    message: str
    place: Place | None = None
    title: str = ""


def plan_annotations(plan: Plan, catalog: str, marks: AbstractSet[str] = USUAL_MARKS) -> str:
    """The plan's commands for the runner, errors first. `catalog`: the catalogue's path from the
    top of the repository; what has no line of its own is said on its first one."""
    by_level: dict[Level, list[Finding]] = {"error": [], "warning": [], "notice": []}
    for finding in findings(plan, marks):
        by_level[_LEVELS[finding.severity]].append(finding)
    lines: list[str] = []
    for level, found in by_level.items():
        shown = foremost(found, _room(len(found)))
        lines += _lines(level, map(_remark, shown), len(found) - len(shown), catalog)
    return "".join(lines)


def annotations(
    level: Level, remarks: Sequence[Remark], catalog: str, *, count: int | None = None
) -> str:
    """The remarks as commands of one level. `count`: how many there are, where these are not all
    of them."""
    count = count or len(remarks)
    shown = remarks[: _room(count)]
    return "".join(_lines(level, shown, count - len(shown), catalog))


def in_repository(place: Place | None, catalog: str) -> Place:
    """A place in the catalogue, counted from the top of the repository; its first line for none."""
    if place is None:
        return Place(catalog, 1, 1)
    folder, slash, _ = catalog.rpartition("/")
    return place._replace(file=f"{folder}{slash}{place.file}")


def _room(count: int) -> int:
    """How many of so many are said, where the last one may have to say how many more there are."""
    return count if count <= MOST else MOST - 1


def _lines(level: Level, shown: Iterable[Remark], more: int, catalog: str) -> Iterator[str]:
    for remark in shown:
        yield _annotation(level, remark, catalog)
    if more:
        rest = f"and {more:,} more, which have no room here: see the log"
        yield _annotation(level, Remark(rest), catalog)


def _annotation(level: Level, remark: Remark, catalog: str) -> str:
    place = in_repository(remark.place, catalog)
    return annotation(level, remark.message, place=place, title=remark.title)


def _remark(finding: Finding) -> Remark:
    said = told(finding.about)
    return Remark(said.message, said.place, said.title)
