"""Drift as annotations for GitHub, on the lines of the catalogue that the entries are declared on.

| about                                                        | level   |
|--------------------------------------------------------------|---------|
| what happened over there, or cannot be told; what expired    | warning |
| what cannot be known                                         | warning |
| not yet applied, unmanaged; what is accepted, what is idle   | notice  |
"""

from collections.abc import Iterator, Sequence

from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.render.annotations import MOST, annotations
from reconciler.render.drift_words import (
    ACCEPTED,
    doubts,
    is_idle,
    named,
    sections,
    was_accepted,
    word_of,
)
from reconciler.render.remarks import Remark
from reconciler.render.shares import some_of_each
from reconciler.render.values import clipped, field_name, message_text

_KEY = 128
_NAME = 60
_MOST_FIELDS = 5
_QUIET = {word_of(Direction.NOT_YET_APPLIED), word_of(Direction.UNMANAGED), ACCEPTED}


def drift_annotations(drift: Drift, catalog: str) -> str:
    """The commands for the runner, warnings first. `catalog`: the catalogue's path from the top of
    the repository; what has no line of its own is said on its first one."""
    loud, quiet = list[tuple[str, DriftItem]](), list[tuple[str, DriftItem]]()
    for section in sections(drift):
        place = quiet if section.word in _QUIET else loud
        place += [(section.word, item) for item in section.items]
    known = [Remark(doubt, None, "What drift cannot know") for doubt in doubts(drift)]
    known += [
        Remark(f"{named(one)}: {message_text(was_accepted(one))}", None, "Expired")
        for one in drift.expired
    ]
    idle = [
        Remark(f"{named(one)}: {message_text(is_idle(one))}", None, "Accepted, and not so")
        for one in drift.idle
    ]
    warnings = _said(known, loud)
    notices = _said(idle, quiet)
    return annotations("warning", warnings, catalog, count=len(known) + len(loud)) + annotations(
        "notice", notices, catalog, count=len(idle) + len(quiet)
    )


def _said(first: Sequence[Remark], items: Sequence[tuple[str, DriftItem]]) -> Sequence[Remark]:
    """As many as have room: some of each section."""
    remarks = list(first[:MOST])
    chosen = some_of_each(items, lambda pair: pair[0], MOST - len(remarks))
    return [*remarks, *(_remark(word, item) for word, item in chosen)]


def _remark(word: str, item: DriftItem) -> Remark:
    name = " ".join(_names(item))
    where = "" if item.bucket is None else f" in {clipped(item.bucket, _KEY)}"
    fields = [field_name(field, _NAME) for field in item.fields[:_MOST_FIELDS]]
    more = len(item.fields) - len(fields)
    rest = [f"{more:,} more"] if more else []
    differ = f" Differs: {', '.join([*fields, *rest])}." if fields else ""
    said = f"{name}{where}: {message_text(item.message)}.{differ}"
    return Remark(said, item.declared_at, f"{word.capitalize()}: {name}")


def _names(item: DriftItem) -> Iterator[str]:
    if item.key is not None:
        yield clipped(item.key, _KEY)
    if item.file_id is not None:
        yield f"file {item.file_id}"
