"""Drift, as people read it in the morning: what changed, on which side, and what it was."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.drift import Acceptance, Direction, Drift, DriftItem
from reconciler.core.marks import USUAL_MARKS
from reconciler.render.change_text import column_of_keys
from reconciler.render.drift_words import (
    ACCEPTED,
    Section,
    counts,
    coverage,
    doubts,
    named,
    rest,
    sections,
    was_accepted,
    word_of,
)
from reconciler.render.fields import SIDES, field_lines
from reconciler.render.page import DIM, INDENT, Page, Part, padded, wrapped
from reconciler.render.safe import visible
from reconciler.render.shares import shares
from reconciler.render.values import NO_LIMIT, message_text, shown

_STYLES: Mapping[str, str] = {
    word_of(Direction.CHANGED_LIVE): "red",
    word_of(Direction.MISSING_LIVE): "red",
    word_of(Direction.BOTH_CHANGED): "red",
    word_of(Direction.UNRESOLVED): "magenta",
    word_of(Direction.BROKEN): "magenta",
    word_of(Direction.DUPLICATE): "yellow",
    word_of(Direction.UNKNOWN): "yellow",
    word_of(Direction.NOT_YET_APPLIED): "blue",
    word_of(Direction.UNMANAGED): "cyan",
    ACCEPTED: "green",
}


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
    every = sections(drift)
    listed = shares({section.word: len(section.items) for section in every}, most)
    for section in every:
        yield from _section(page, section, listed[section.word], verbose=verbose, marks=marks)
    _expired(page, drift.expired, most)
    for doubt in doubts(drift):
        for line in wrapped(doubt, page.width):
            page.line((line, "yellow"))
        page.blank()
    _summary(page, drift)
    yield page.taken()


def _section(
    page: Page, section: Section, most: int, *, verbose: bool, marks: AbstractSet[str]
) -> Iterator[Text]:
    _heading(page, section.word, len(section.items), _STYLES[section.word])
    items = section.items[:most]
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
    _more(page, len(section.items) - len(items))
    page.blank()


def _expired(page: Page, expired: Sequence[Acceptance], most: int) -> None:
    if not expired:
        return
    _heading(page, "expired", len(expired), "red")
    for one in expired[:most]:
        page.told(((f"  {named(one)}", "bold"),), message_text(was_accepted(one)))
    _more(page, len(expired[most:]))
    page.blank()


def _heading(page: Page, word: str, count: int, style: str) -> None:
    page.line((word.capitalize(), f"bold {style}"), (f"  {count:,}", DIM))


def _more(page: Page, count: int) -> None:
    if count:
        page.line((f"  … and {count:,} more", ""))


def _where(item: DriftItem) -> str:
    file = "" if item.file_id is None else f"  file {item.file_id}"
    bucket = "" if item.bucket is None else f" in {visible(item.bucket)}"
    return file + bucket if file else bucket and " " + bucket


def _summary(page: Page, drift: Drift) -> None:
    parts = [(f"{count:,} {word}", f"bold {_STYLES[word]}") for word, count in counts(drift)]
    if not any(word != ACCEPTED for word, _ in counts(drift)):
        parts = [("No drift", "bold"), *parts]
    page.counts(parts, rest(drift))
    page.line((coverage(drift), ""))
