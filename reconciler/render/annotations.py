"""Annotations for GitHub: what is to be said, on the catalogue's own lines.

A step may have ten errors, ten warnings and ten notices: what is beyond that is dropped without a
word. So of more than ten the tenth says how many more there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Plan
from reconciler.render.remarks import (
    Remark,
    Severity,
    Topic,
    foremost,
    place_in_repository,
    remark,
    topics,
)
from reconciler.render.workflow import Level, annotation

MOST = 10
_LEVELS: Mapping[Severity, Level] = {
    Severity.REFUSED: "error",
    Severity.GRAVE: "warning",
    Severity.OPEN: "warning",
    Severity.LOSS: "notice",
    Severity.PLAIN: "notice",
}


def plan_annotations(plan: Plan, catalog: str, marks: AbstractSet[str] = USUAL_MARKS) -> str:
    """The plan's commands for the runner, errors first. `catalog`: the catalogue's path from the
    top of the repository; what has no line of its own is said on its first one."""
    by_level: dict[Level, list[Topic]] = {"error": [], "warning": [], "notice": []}
    for topic in topics(plan, marks):
        by_level[_LEVELS[topic.severity]].append(topic)
    lines: list[str] = []
    for level, found in by_level.items():
        shown = foremost(found, _room(len(found)))
        remarks = [remark(topic.about) for topic in shown]
        lines += _lines(level, remarks, len(found) - len(shown), catalog)
    return "".join(lines)


def annotations(
    level: Level, remarks: Sequence[Remark], catalog: str, *, count: int | None = None
) -> str:
    """The remarks as commands of one level. `count`: how many there are, where these are not all
    of them."""
    count = count or len(remarks)
    shown = remarks[: _room(count)]
    return "".join(_lines(level, shown, count - len(shown), catalog))


def _room(count: int) -> int:
    """How many of so many are said, where the last one may have to say how many more there are."""
    return count if count <= MOST else MOST - 1


def _lines(level: Level, shown: Iterable[Remark], more: int, catalog: str) -> Iterator[str]:
    for each in shown:
        yield _annotation(level, each, catalog)
    if more:
        rest = f"and {more:,} more, which have no room here: see the log"
        yield _annotation(level, Remark(rest), catalog)


def _annotation(level: Level, said: Remark, catalog: str) -> str:
    place = place_in_repository(said.place, catalog)
    return annotation(level, said.message, place=place, title=said.title)
