"""Drift in Markdown, for an issue: what changed, on which side, and what it was.

It follows the rules of a plan's comment (see `plan_markdown`): the counts first, a table for each
direction, before and after folded away, always small enough, and a word on what was left out.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.core.marks import USUAL_MARKS
from reconciler.render.before_after import content_details
from reconciler.render.changes_markdown import fields_cell
from reconciler.render.drift_text import DIRECTIONS
from reconciler.render.fitting import LIMIT, Once, Room, fitted
from reconciler.render.markdown import block, cell, details
from reconciler.render.page import counted
from reconciler.render.shares import shares
from reconciler.render.values import clipped

_KEY = 128
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
    return fitted(most, limit, _Page(drift, marks).blocks)


def pulled_markdown(drift: Drift, *, limit: int = LIMIT) -> str:
    """What of the drift a pull request takes into the catalogue, and what merging it does, in less
    than `limit` bytes of UTF-8. It lists what was changed live, which is what `pull` takes by
    itself."""
    taken = [item for item in drift.items if item.direction is Direction.CHANGED_LIVE]
    page = _Page(replace(drift, items=tuple(taken)), USUAL_MARKS)
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
        self._items: dict[Direction, list[DriftItem]] = {each: [] for each in DIRECTIONS}
        for item in drift.items:
            self._items[item.direction].append(item)
        self._counts = {direction: len(items) for direction, items in self._items.items()}
        self._row = Once[DriftItem](self._in_cells)

    def blocks(self, room: Room) -> Iterator[str]:
        """Blocks, each of which ends with a newline."""
        listed = shares(self._counts, room.rows)
        count, shown = len(self._drift.items), sum(listed.values())
        yield from self._head()
        left = room.details
        if shown < count or left < shown:
            rows = f"{shown:,} of {counted(count, 'item')} listed"
            told = "" if left >= shown else f", {left:,} with live and desired"
            yield f"**Shortened**: {rows}{told}. `reconciler drift -v` shows all of it.\n"
        for direction in DIRECTIONS:
            if self._counts[direction]:
                items = self._items[direction][: listed[direction]]
                yield from self._direction(direction, items, left)
                left = max(0, left - len(items))

    def _head(self) -> Iterator[str]:
        drift = self._drift
        said = ", ".join(
            f"{self._counts[direction]:,} {direction}"
            for direction in DIRECTIONS
            if self._counts[direction] and direction is not Direction.UNMANAGED
        )
        yield f"**{f'Drift: {said}' if said else 'No drift'}**\n"
        unmanaged = counted(drift.unmanaged, "unmanaged file")
        of = f"{drift.in_sync:,} of {drift.entries:,} entries in sync"
        yield f"{of}, {drift.pending:,} pending, {unmanaged}\n"

    def _direction(
        self, direction: Direction, items: Sequence[DriftItem], detailed: int
    ) -> Iterator[str]:
        count = self._counts[direction]
        yield f"#### {direction.capitalize()}: {count:,}\n"
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
