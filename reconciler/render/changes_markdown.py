"""The changes of a plan as tables in Markdown, with before and after folded away below."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import assert_never

from reconciler.core.plan import Create, Delete, Move, Update
from reconciler.core.weighing import Weighed
from reconciler.render.before_after import change_details
from reconciler.render.change_text import title_of
from reconciler.render.fields import foldable
from reconciler.render.fitting import Once
from reconciler.render.markdown import block, cell, code, details
from reconciler.render.page import counted
from reconciler.render.rows import Rows, together, word_of
from reconciler.render.values import size_text

_KEY = 128
_TITLE = 60
_REASON = 100
_NAME = 40
_MOST_FIELDS = 5


class ChangeTables:
    """The tables of one plan. `marks`: the names of the mark's fields."""

    def __init__(self, marks: AbstractSet[str]) -> None:
        """Begin."""
        self._marks = marks
        self._row = Once[Weighed](partial(_row, marks=marks))
        self._grave_row = Once[Weighed](partial(_grave_row, marks=marks))

    def grave(self, rows: Rows, detailed: int) -> Iterator[str]:
        """What can lose something, of all buckets together: nobody shall have to look for it."""
        if not rows.count:
            return
        yield "#### ⚠️ Look here first\n"
        if rows.listed:
            lines = "".join(map(self._grave_row, rows.listed))
            yield (
                "| action | bucket | key | title | acr_id that is lost | why |\n"
                f"|---|---|---|---|---|---|\n{lines}"
            )
        yield from self._rest(rows, detailed)

    def buckets(self, buckets: Mapping[str, Rows], detailed: int) -> Iterator[str]:
        """A table for each bucket with the other changes. `detailed`: how many have before and
        after."""
        unseen: list[Rows] = []
        for bucket, rows in buckets.items():
            if not rows.listed:
                unseen.append(rows)
                continue
            yield f"#### Bucket {code(bucket, _KEY)}: {rows.to_do()}\n"
            lines = "".join(map(self._row, rows.listed))
            yield f"| action | key | title | what |\n|---|---|---|---|\n{lines}"
            yield from self._rest(rows, detailed)
            detailed = max(0, detailed - len(rows.listed))
        if unseen:
            yield f"… and in {counted(len(unseen), 'more bucket')}: {together(unseen).to_do()}\n"

    def _rest(self, rows: Rows, detailed: int) -> Iterator[str]:
        left_out = rows.left_out()
        if left_out:
            yield f"… and {left_out}\n"
        shown = rows.listed[:detailed]
        if shown:
            of = "" if len(shown) == rows.count else f" of the first {len(shown):,}"
            lines = (line for one in shown for line in change_details(one, self._marks))
            yield details(f"Before and after{of}", block(lines, "diff"))


def _grave_row(one: Weighed, marks: AbstractSet[str]) -> str:
    bucket = cell(one.change.bucket, _KEY)
    return f"| **{word_of(one.weight)}** | {bucket} | {_about(one)} | {_lost(one, marks)} |\n"


def _row(one: Weighed, marks: AbstractSet[str]) -> str:
    return f"| {word_of(one.weight)} | {_about(one)} | {_what(one, marks)} |\n"


def _about(one: Weighed) -> str:
    """The cells of the key and the title."""
    change = one.change
    key = "" if change.key is None else cell(change.key, _KEY)
    return f"{key} | {cell(title_of(change), _TITLE)}"


def _lost(one: Weighed, marks: AbstractSet[str]) -> str:
    """The cells of what a grave change takes away, and why."""
    change = one.change
    bare = "; no longer protected" if one.unprotects else ""
    match change:
        case Create():
            lost = "" if one.old is None else cell(one.old.acr_id, _NAME)
            in_place = f"in place of file {change.replaces}"
            return f"{lost} | {in_place}: {cell(change.reason, _REASON)}{bare}"
        case Delete():
            waits = change.keeps is not None or change.after_change is not None
            when = ", once its other file is ready" if waits else ""
            was = ", which is protected" if one.was_protected else ""
            what = f"file {change.file_id}{was}{when}"
            return f"{cell(change.acr_id, _NAME)} | {what}: {cell(change.reason, _REASON)}"
        case Update():
            return f" | no longer protected; {fields_cell(change.fields, marks)}"
        case Move():
            return " | "
        case _:
            assert_never(change)


def _what(one: Weighed, marks: AbstractSet[str]) -> str:
    change = one.change
    match change:
        case Update():
            return fields_cell(change.fields, marks)
        case Create():
            size = "" if change.source.size is None else f", {size_text(change.source.size)}"
            return f"{change.source.kind}{size}"
        case Move():
            origin = cell(change.from_bucket, _KEY)
            return f"file {change.file_id} from {origin}{' to the trash' if change.trash else ''}"
        case Delete():
            return f"file {change.file_id}"
        case _:
            assert_never(change)


def fields_cell(fields: Sequence[str], marks: AbstractSet[str]) -> str:
    """The names of what differs; of the mark's fields one word is enough."""
    folds = foldable(marks)
    rest = [name for name in fields if name not in folds]
    said = [cell(name, _NAME) for name in rest[:_MOST_FIELDS]]
    if len(rest) > _MOST_FIELDS:
        said.append(f"{len(rest) - _MOST_FIELDS:,} more")
    if len(rest) < len(fields):
        said.append("mark")
    return ", ".join(said)
