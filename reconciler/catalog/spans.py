"""Where cells and values stand in the characters of a text, so that one can be changed and all
others stay."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
)

from reconciler.catalog.events import parser

Span: TypeAlias = tuple[int, int]
"""From the first character to behind the last."""

_CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|\Z)')
_BLANK: Final = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar's text and where it stands. `quote` is the sign around it, or empty."""

    text: str
    span: Span
    quote: str
    column: int = 0


@dataclass(slots=True)
class SourceSpan:
    """Where an entry's `source` stands."""

    flow: bool = True
    """`{audio: x}`, not lines of its own."""
    names: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Scalar] = field(default_factory=dict)
    """The scalars by name. What is an alias is not here."""


def csv_rows(text: str) -> Iterator[list[Span]]:
    """The cells of each row that is not empty, with their quotes."""
    at = 0
    row: list[Span] = []
    while (match := _CELL.match(text, at)) is not None:
        row.append(match.span(1))
        at = match.end()
        if match[2] == ",":
            continue
        if row != [(row[0][0], row[0][0])]:
            yield row
        row = []
        if at >= len(text):
            return


def unquoted(cell: str) -> str:
    """What a cell says."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def json_pairs(text: str, at: int) -> Iterator[tuple[Scalar, Span]]:
    """The names and values of the JSON object that begins at `at` in a valid text."""
    decoder = json.JSONDecoder()
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = decoder.raw_decode(text, at)
        begin = _skip(text, _skip(text, end) + 1)
        _, behind = decoder.raw_decode(text, begin)
        yield Scalar(name, (at, end), '"'), (begin, behind)
        at = _skip(text, behind)
        if text[at] == ",":
            at = _skip(text, at + 1)


def yaml_sources(text: str) -> dict[str, SourceSpan]:
    """The `source` of each entry under `files` that is written out where it belongs.

    The text is known to be readable, and without a byte order mark. Those that stand behind an
    alias or a merge key are left out.
    """
    following: Any = parser(text.encode())
    found: dict[str, SourceSpan] = {}
    for _ in range(2):
        following()
    if isinstance(following(), MappingStartEvent):
        for name, event in _pairs(following):
            if name.text != "files" or not isinstance(event, MappingStartEvent):
                _skip_value(following, event)
                continue
            for key, entry in _pairs(following):
                _entry(following, key.text, entry, found)
    return found


def _entry(following: Any, key: str, event: Any, found: dict[str, SourceSpan]) -> None:
    if not isinstance(event, MappingStartEvent):
        _skip_value(following, event)
        return
    for name, value in _pairs(following):
        if name.text != "source" or not isinstance(value, MappingStartEvent):
            _skip_value(following, value)
            continue
        span = SourceSpan(flow=bool(value.flow_style))
        for inner, held in _pairs(following):
            if isinstance(held, ScalarEvent):
                span.names[inner.text] = inner
                span.values[inner.text] = _scalar(held)
            else:
                _skip_value(following, held)
        found[key] = span


def _pairs(following: Any) -> Iterator[tuple[Scalar, Any]]:
    """The names of a mapping, each with the event that begins its value."""
    while not isinstance(event := following(), MappingEndEvent):
        if isinstance(event, ScalarEvent):
            yield _scalar(event), following()
        else:
            _skip_value(following, event)
            _skip_value(following, following())


def _scalar(event: Any) -> Scalar:
    start, end = event.start_mark, event.end_mark
    return Scalar(event.value, (start.index, end.index), event.style or "", start.column)


def _skip_value(following: Any, event: Any) -> None:
    depth = 0
    while True:
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif not isinstance(event, ScalarEvent | AliasEvent):
            return
        if depth == 0:
            return
        event = following()


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
