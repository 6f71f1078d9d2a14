"""The changes of a plan as the report shows them: visible texts, by the parts of a row.

The same rows are written as HTML, for who runs no script, and as JSON, for the script that
filters them: see `reconciler/render/report/page.js`.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple, assert_never

from reconciler.core.model import Json
from reconciler.core.plan import Change, Create, Delete, Move, Removal, Update
from reconciler.render.change_text import name_of, title_of, verb_of
from reconciler.render.page import counted
from reconciler.render.report_fields import Field, Sides
from reconciler.render.safe import visible
from reconciler.render.values import (
    clipped,
    field_name,
    message_text,
    shown,
    size_text,
)

_TITLE: Final = 160
_NAME: Final = 160
_MOST_SAID: Final = 3
"""How many fields are named in the row itself."""
_MOST_FIELDS: Final = 100
"""How many fields of a change are shown."""


class Row(NamedTuple):
    """A change. All texts are visible."""

    verb: str
    bucket: str
    """As the plan has it: not visible."""
    from_bucket: str | None
    """The same; of a move, and of what replaces a file elsewhere."""
    key: str
    title: str
    brief: str
    """What is done, in a few words."""
    why: str
    facts: Sequence[tuple[str, str]]
    """What else there is to know, with its labels."""
    fields: Sequence[Field]
    left_out: int
    """How many more fields there are."""


def row_of(change: Change, folds: AbstractSet[str]) -> Row:
    """The change's row. `folds`: the names of the mark's fields, as plans have them."""
    sides = _sides(change)
    names = sides.names(folds)
    return Row(
        verb=verb_of(change).word,
        bucket=change.bucket,
        from_bucket=change.from_bucket if isinstance(change, (Create, Move)) else None,
        key=name_of(change) if change.key is None else clipped(change.key, _NAME),
        title=shown(title_of(change), _TITLE),
        brief=_brief(change, folds),
        why=message_text(change.reason),
        facts=list(_facts(change)),
        fields=[sides.field(name, folds) for name in names[:_MOST_FIELDS]],
        left_out=max(0, len(names) - _MOST_FIELDS),
    )


def as_json(row: Row, buckets: Mapping[str, int]) -> Json:
    """The row by position, its buckets by their numbers: names would be half of the file."""
    origin = None if row.from_bucket is None else buckets.get(row.from_bucket)
    own: list[Json] = [row.verb, buckets[row.bucket], origin, row.key, row.title, row.brief]
    facts: list[Json] = [list(fact) for fact in row.facts]
    fields: list[Json] = [list(field) for field in row.fields]
    return [*own, row.why, facts, fields, row.left_out]


def _sides(change: Change) -> Sides:
    match change:
        case Create():
            return Sides(None, change.after, ())
        case Update():
            return Sides(change.before, change.after, change.fields)
        case Move():
            return Sides(change.before, change.before, ())
        case Delete():
            return Sides(change.before, None, ())
        case _:
            assert_never(change)


def _brief(change: Change, folds: AbstractSet[str]) -> str:
    match change:
        case Create():
            replaced = "" if change.replaces is None else ", replaces a file: its acr_id changes"
            return f"{_source(change)}{replaced}"
        case Update():
            rest = [name for name in change.fields if name not in folds]
            said = [field_name(name.removeprefix("user_defined."), 40) for name in rest]
            more = [f"{len(rest) - _MOST_SAID:,} more"] if len(rest) > _MOST_SAID else []
            mark = ["mark"] if len(rest) < len(change.fields) else []
            return ", ".join([*said[:_MOST_SAID], *more, *mark])
        case Move():
            trash = " to the trash" if change.trash else ""
            return f"from {clipped(change.from_bucket, 60)}{trash}{_waits(change)}"
        case Delete():
            return f"file {change.file_id}{_waits(change)}"
        case _:
            assert_never(change)


def _waits(change: Removal) -> str:
    waits = change.keeps is not None or change.after_change is not None
    return ", once its other file is ready" if waits else ""


def _source(change: Create) -> str:
    size = "" if change.source.size is None else f", {size_text(change.source.size)}"
    return f"{change.source.kind}{size}"


def _facts(change: Change) -> Iterator[tuple[str, str]]:
    yield from _own_facts(change)
    if not isinstance(change, Create):
        yield "File", f"{change.file_id}, acr_id {clipped(change.acr_id, 40)}"
    if change.declared_at is not None:
        yield "Declared at", visible(str(change.declared_at))


def _own_facts(change: Change) -> Iterator[tuple[str, str]]:
    match change:
        case Create():
            digest = change.source.digest
            yield "Source", _source(change)
            yield "Its digest", "not verified" if digest is None else clipped(digest, _NAME)
            if change.replaces is not None:
                where = f" in {clipped(change.from_bucket, 60)}" if change.from_bucket else ""
                yield "Replaces", f"file {change.replaces}{where} (acr_id changes)"
        case Move():
            yield "From", f"{clipped(change.from_bucket, 60)} ({change.from_bucket_id})"
            trash = ", the trash" if change.trash else ""
            yield "To", f"{clipped(change.bucket, 60)} ({change.bucket_id}){trash}"
            yield from _waited_for(change)
        case Update():
            if change.after_change is not None:
                yield "After", "its move"
        case Delete():
            yield from _waited_for(change)
        case _:
            assert_never(change)


def _waited_for(change: Removal) -> Iterator[tuple[str, str]]:
    if change.keeps is not None:
        yield "Waits", f"until file {change.keeps} is seen to be ready"
    if change.after_change is not None:
        yield "Waits", "until the new file is ready"


def fields_left_out(count: int) -> str:
    """What stands below the fields that are shown."""
    return f"… and {counted(count, 'more field')}"
