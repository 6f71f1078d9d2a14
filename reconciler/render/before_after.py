"""Before and after, line by line, for a block of code that is coloured as a `diff`.

    @@ update spring-ad-01, file 1204
    - title  "Spring ad"
    + title  "Spring ad 30s"
      mark  catalog_key, catalog_source

Lines are visible text already (see `safe`), and short.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import assert_never

from reconciler.core.content import Content
from reconciler.core.plan import Create, Delete, Move, Update
from reconciler.core.weighing import Weighed
from reconciler.render.fields import at, field_of, foldable
from reconciler.render.rows import word_of
from reconciler.render.safe import visible
from reconciler.render.values import clipped, field_name, shown, shown_pair, size_text

_VALUE = 160
_NAME = 60
_KEY = 128
_MOST_FIELDS = 20


def change_details(one: Weighed, marks: AbstractSet[str]) -> Iterator[str]:
    """What the change makes of what. `marks`: the names of the mark's fields."""
    change = one.change
    word = word_of(one.weight)
    match change:
        case Create():
            yield f"@@ {word} {clipped(change.key, _KEY)}"
            if one.old is not None:
                yield f"- acr_id  {clipped(one.old.acr_id, _NAME)}"
                yield "+ acr_id  a new one"
            before = None if one.old is None else one.old.before
            yield from _source(change)
            yield from _whole(before, change.after, marks)
        case Update():
            yield f"@@ {word} {clipped(change.key, _KEY)}, file {change.file_id}"
            yield from content_details(change.before, change.after, change.fields, marks)
        case Move():
            key = "" if change.key is None else f" {clipped(change.key, _KEY)},"
            yield f"@@ {word}{key} file {change.file_id}"
            yield f"- bucket  {clipped(change.from_bucket, _KEY)}"
            yield f"+ bucket  {clipped(change.bucket, _KEY)}{', the trash' if change.trash else ''}"
        case Delete():
            key = "" if change.key is None else f" {clipped(change.key, _KEY)},"
            yield f"@@ {word}{key} file {change.file_id}"
            yield f"- acr_id  {clipped(change.acr_id, _NAME)}"
            yield from _whole(change.before, None, marks)
        case _:
            assert_never(change)


def content_details(
    before: Content | None, after: Content | None, fields: Sequence[str], marks: AbstractSet[str]
) -> Iterator[str]:
    """The named fields of two contents: what was, and what is to be. None: no file."""
    folds = foldable(marks)
    rest = [name for name in fields if name not in folds]
    for name in rest[:_MOST_FIELDS]:
        yield from _field(before, after, name)
    if len(rest) > _MOST_FIELDS:
        yield f"  … and {len(rest) - _MOST_FIELDS:,} more fields"
    folded = [name.removeprefix("user_defined.") for name in fields if name in folds]
    if folded:
        yield f"  mark  {', '.join(clipped(name, _NAME) for name in folded)}"


def _field(before: Content | None, after: Content | None, name: str) -> Iterator[str]:
    old, new = at(before, name), at(after, name)
    label = field_name(name, _NAME)
    if old is not None and new is not None:
        was, will = shown_pair(old.value, new.value, _VALUE)
        if was != will:
            yield f"- {label}  {was}"
            yield f"+ {label}  {will}"
    elif old is not None:
        yield f"- {label}  {shown(old.value, _VALUE)}"
    elif new is not None:
        yield f"+ {label}  {shown(new.value, _VALUE)}"
    else:
        yield f"  {label}  differs"


def _whole(before: Content | None, after: Content | None, marks: AbstractSet[str]) -> Iterator[str]:
    """Every field that either has and that is not the same, but for the marks: they go without
    saying with a file."""
    was = {} if before is None else before.user_defined
    will = {} if after is None else after.user_defined
    keys = [*will, *(key for key in was if key not in will)]
    differ = [key for key in keys if key not in was or key not in will or was[key] != will[key]]
    fields = [*_title(before, after), *map(field_of, differ)]
    return content_details(
        before, after, [name for name in fields if name not in foldable(marks)], marks
    )


def _title(before: Content | None, after: Content | None) -> Sequence[str]:
    same = before is not None and after is not None and before.title == after.title
    return () if same else ("title",)


def _source(change: Create) -> Iterator[str]:
    source = change.source
    size = "" if source.size is None else f", {size_text(source.size)}"
    digest = ", not verified" if source.digest is None else f", {clipped(source.digest, _NAME)}"
    yield f"+ source  {visible(source.kind)}{size}{digest}"
