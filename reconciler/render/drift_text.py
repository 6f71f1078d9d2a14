"""Drift, as people read it in the morning: what changed, on which side, and what it was."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.core.marks import USUAL_MARKS
from reconciler.render.change_text import column_of_keys
from reconciler.render.fields import SIDES, field_lines
from reconciler.render.page import DIM, INDENT, Page, Part, counted, padded
from reconciler.render.safe import visible
from reconciler.render.shares import some_of_each
from reconciler.render.values import NO_LIMIT, message_text, shown

_STYLES: Mapping[Direction, str] = {
    Direction.CHANGED_LIVE: "red",
    Direction.MISSING_LIVE: "red",
    Direction.BOTH_CHANGED: "red",
    Direction.UNRESOLVED: "magenta",
    Direction.BROKEN: "magenta",
    Direction.DUPLICATE: "yellow",
    Direction.UNKNOWN: "yellow",
    Direction.NOT_YET_APPLIED: "blue",
    Direction.UNMANAGED: "cyan",
}
DIRECTIONS: Sequence[Direction] = tuple(_STYLES)
"""In the order in which they are shown: what happened over there first."""


def drift_text(
    drift: Drift,
    *,
    width: int,
    most: int = 100,
    verbose: bool = False,
    marks: AbstractSet[str] = USUAL_MARKS,
) -> Iterator[Text]:
    """The drift by direction, in `width` columns where it fits, some lines at a time.

    At most `most` items are shown, shared out over the directions; the numbers count all.
    """
    page = Page(width)
    counts = Counter(item.direction for item in drift.items)
    shown = some_of_each(drift.items, lambda item: item.direction, most)
    for direction in DIRECTIONS:
        if counts[direction]:
            items = [item for item in shown if item.direction is direction]
            count = counts[direction]
            yield from _direction(page, direction, count, items, verbose=verbose, marks=marks)
    _summary(page, drift, counts)
    yield page.taken()


def _direction(
    page: Page,
    direction: Direction,
    count: int,
    items: Sequence[DriftItem],
    *,
    verbose: bool,
    marks: AbstractSet[str],
) -> Iterator[Text]:
    page.line((direction.capitalize(), f"bold {_STYLES[direction]}"), (f"  {count:,}", DIM))
    keys = column_of_keys([visible(item.key or "-") for item in items])
    room = NO_LIMIT if verbose else min(40, page.room(40))
    titles = ["" if item.title is None else shown(item.title, room) for item in items]
    column = min(32, max(map(cell_len, titles), default=0))
    for item, title in zip(items, titles, strict=True):
        head: tuple[Part, ...] = (
            (f"  {padded(visible(item.key or '-'), keys)}", "bold"),
            (f"  {padded(title, column)}" if column else "", ""),
            (_where(item), ""),
        )
        page.told(head, message_text(item.message))
        if item.before is not None and item.wanted is not None:
            field_lines(
                page,
                item.before,
                item.wanted,
                item.fields,
                words=SIDES,
                marks=marks,
                verbose=verbose,
            )
        if verbose and item.declared_at is not None:
            page.line((INDENT + visible(str(item.declared_at)), DIM))
        yield page.taken()
    if len(items) < count:
        page.line((f"  … and {count - len(items):,} more", ""))
    page.blank()


def _where(item: DriftItem) -> str:
    file = "" if item.file_id is None else f"  file {item.file_id}"
    bucket = "" if item.bucket is None else f" in {visible(item.bucket)}"
    return file + bucket if file else bucket and " " + bucket


def _summary(page: Page, drift: Drift, counts: Mapping[Direction, int]) -> None:
    parts = [
        (f"{counts[direction]:,} {direction}", f"bold {style}")
        for direction, style in _STYLES.items()
        if counts.get(direction) and direction is not Direction.UNMANAGED
    ]
    of = f"{drift.in_sync:,} of {drift.entries:,} entries in sync"
    rest = f"{of}, {drift.pending:,} pending, {counted(drift.unmanaged, 'unmanaged file')}"
    page.counts(parts or [("No drift", "bold")], rest)
