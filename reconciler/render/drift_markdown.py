"""Drift in Markdown, for an issue: what changed, on which side, and what it was.

It follows the rules of a plan's comment (see `plan_markdown`): the counts first, a table for each
direction, before and after folded away, always small enough, and a word on what was left out.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from reconciler.core.drift import Acceptance, Direction, Drift, DriftItem
from reconciler.core.marks import USUAL_MARKS
from reconciler.render.before_after import content_details
from reconciler.render.changes_markdown import fields_cell
from reconciler.render.drift_words import (
    ACCEPTED,
    Section,
    counts,
    coverage,
    doubts,
    is_idle,
    named,
    rest,
    sections,
    was_accepted,
)
from reconciler.render.fitting import LIMIT, Once, Room, fitted
from reconciler.render.markdown import block, cell, code, details, message
from reconciler.render.page import counted
from reconciler.render.shares import shares
from reconciler.render.values import clipped

_KEY = 128
_NAME = 60
_TITLE = 60
_MESSAGE = 160


def drift_markdown(
    drift: Drift,
    *,
    most: int = 100,
    marks: AbstractSet[str] = USUAL_MARKS,
    limit: int = LIMIT,
) -> str:
    """The drift in less than `limit` bytes of UTF-8; ends with a newline. At least 8,000 of them.

    At most `most` items are listed, fewer where they do not fit, shared out over the directions;
    the numbers count all. `marks`: the names of the mark's fields, where they are known.
    """
    ways = [_WAYS] if drift.items else []
    return fitted(most, limit, lambda room: chain(_Page(drift, marks).blocks(room), ways))


_WAYS = """\
What to do: `reconciler apply` brings the files back to the catalogue; `reconciler pull KEY` takes \
into the catalogue what is live; `reconciler drift --write-baseline` accepts it for now.
"""


def pulled_markdown(drift: Drift, *, limit: int = LIMIT) -> str:
    """What of the drift a pull request takes into the catalogue, and what merging it does, in less
    than `limit` bytes of UTF-8. It lists what was changed live, which is what `pull` takes by
    itself."""
    taken = [item for item in drift.items if item.direction is Direction.CHANGED_LIVE]
    told = replace(drift, items=tuple(taken), accepted=(), expired=(), idle=())
    page = _Page(told, USUAL_MARKS)
    return fitted(100, limit, lambda room: chain([_PULLED], page.blocks(room)))


_PULLED = """\
Somebody has edited files in the service itself. Here their edits are written into the catalogue.

- **Merge** this, and the files stay as they are now.
- **Close** it, and they are as the catalogue has them once it is applied.
"""


class _Page:
    def __init__(self, drift: Drift, marks: AbstractSet[str]) -> None:
        self._drift = drift
        self._marks = marks
        self._sections = sections(drift)
        self._row = Once[DriftItem](self._in_cells)

    def blocks(self, room: Room) -> Iterator[str]:
        """Blocks, each of which ends with a newline."""
        sizes = {section.word: len(section.items) for section in self._sections}
        listed = shares(sizes, room.rows)
        count, shown = sum(sizes.values()), sum(listed.values())
        yield from self._head()
        left = room.details
        if shown < count or left < shown:
            rows = f"{shown:,} of {counted(count, 'item')} listed"
            told = "" if left >= shown else f", {left:,} with live and desired"
            yield f"**Shortened**: {rows}{told}. `reconciler drift -v` shows all of it.\n"
        for section in self._sections:
            items = section.items[: listed[section.word]]
            yield from self._section(section, items, left)
            left = max(0, left - len(items))
        yield from _told("Expired", self._drift.expired, room.said, was_accepted)
        yield from _told("Accepted, and not so", self._drift.idle, room.said, is_idle)

    def _head(self) -> Iterator[str]:
        drift = self._drift
        said = {word: f"{count:,} {word}" for word, count in counts(drift)}
        accepted = said.pop(ACCEPTED, None)
        drifting = f"Drift: {', '.join(said.values())}" if said else "No drift"
        beside = "" if accepted is None else f", {accepted}"
        yield f"**{drifting}{beside}**\n"
        yield f"{rest(drift)}, {coverage(drift)}\n"
        for doubt in doubts(drift, lambda name: code(name, _NAME)):
            yield f"{doubt}\n"

    def _section(
        self, section: Section, items: Sequence[DriftItem], detailed: int
    ) -> Iterator[str]:
        count = len(section.items)
        yield f"#### {section.word.capitalize()}: {count:,}\n"
        if items:
            rows = "".join(map(self._row, items))
            yield f"| key | bucket | title | what | fields |\n|---|---|---|---|---|\n{rows}"
        if len(items) < count:
            yield f"… and {count - len(items):,} more\n"
        lines = [line for item in items[:detailed] for line in self._details(item)]
        if lines:
            yield details("Live and desired", block(lines, "diff"))

    def _in_cells(self, item: DriftItem) -> str:
        key = "" if item.key is None else cell(item.key, _KEY)
        bucket = "" if item.bucket is None else cell(item.bucket, _KEY)
        title = "" if item.title is None else cell(item.title, _TITLE)
        file = "" if item.file_id is None else f"file {item.file_id}: "
        what = f"{file}{cell(item.message, _MESSAGE)}"
        fields = fields_cell(item.fields, self._marks)
        return f"| {key} | {bucket} | {title} | {what} | {fields} |\n"

    def _details(self, item: DriftItem) -> Iterator[str]:
        """Live is what is to go, desired what is to come: as apply would do it."""
        if item.before is None or item.wanted is None or not item.fields:
            return
        key = "" if item.key is None else f" {clipped(item.key, _KEY)},"
        yield f"@@{key} file {item.file_id}"
        yield from content_details(item.before, item.wanted, item.fields, self._marks)


def _told(
    heading: str,
    those: Sequence[Acceptance],
    most: int,
    say: Callable[[Acceptance], str],
) -> Iterator[str]:
    """What is to be said of the baseline itself."""
    if not those:
        return
    yield f"#### {heading}: {len(those):,}\n"
    if most:
        yield "".join(f"- {message(f'{named(one)}: {say(one)}')}\n" for one in those[:most])
    if len(those) > most:
        yield f"… and {len(those) - most:,} more\n"
