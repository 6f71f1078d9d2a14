"""New entries at the end of a file's text, all that stands there staying as it is.

What comes out is for the caller to read and to compare: where a text is written in a way that was
not thought of here, it does not say what it should.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final, TypeAlias

import orjson
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
)

from reconciler.catalog.events import parser
from reconciler.catalog.includes import FORMATS
from reconciler.catalog.spans import csv_rows, unquoted
from reconciler.catalog.tables import TYPES
from reconciler.catalog.write import yaml_entries
from reconciler.core.cells import guarded
from reconciler.core.model import Json

Record: TypeAlias = Mapping[str, Json]
"""An entry's properties: texts, and mappings of texts."""

_BOM: Final = "\ufeff"
_INDENT: Final = 2
_REST: Final = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?(?:\n|\Z))*")
"""Lines that hold nothing, or a comment."""
_INDENTED: Final = re.compile(r"(?:[ \t]+(?:#[^\n]*)?(?:\n|\Z))*")


class CannotAppendError(Exception):
    """Why nothing can be appended, and what to do: what goes on after the file's name."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A file with its new entries."""

    data: bytes
    addition: str
    """The new entries, as they stand in it."""


def appended(file: str, data: bytes, records: Mapping[str, Record]) -> Appended:
    """The bytes, UTF-8 and right, with entries by keys that it does not have. Empty bytes are a
    file that is not there yet. Raises `CannotAppendError`."""
    text = data.decode()
    bom = _BOM if text.startswith(_BOM) else ""
    after, addition = _FORMS[FORMATS[PurePath(file).suffix.lower()]](
        text.removeprefix(bom), records
    )
    return Appended((bom + after).encode(), addition)


def _yaml(text: str, records: Mapping[str, Record]) -> tuple[str, str]:
    files = _files_of(text)
    block = _in_lines_of(text, yaml_entries(records, files.indent))
    opening = "" if files.named else _in_lines_of(text, "files:\n")
    before, after = text[: files.end], text[files.end :]
    if files.emptied is not None:
        start, end = files.emptied
        before = before[:start].rstrip(" ") + before[end:]
    return _ended(before) + opening + block + after, block


@dataclass(frozen=True, slots=True)
class _Files:
    """Where the entries of a text end."""

    end: int
    indent: int = _INDENT
    named: bool = True
    """Whether there is a `files`."""
    emptied: tuple[int, int] | None = None
    """The braces of a `files: {}`."""


def _files_of(text: str) -> _Files:
    following: Any = parser(text.encode())
    following()
    following()
    root = following()
    if not isinstance(root, MappingStartEvent):
        if text.strip():
            raise CannotAppendError("holds no mapping with files")
        return _Files(len(text), named=False)
    if root.flow_style:
        raise CannotAppendError(f"is written between braces{_OTHERWISE}")
    while not isinstance(name := following(), MappingEndEvent):
        value = following()
        if isinstance(name, ScalarEvent) and name.value == "files":
            return _entries_in(text, following, value, value.end_mark.index)
        _end_of(following, value)
    return _Files(len(text), named=False)


_OTHERWISE: Final = ": write it on lines of its own, or name another file with --out"


def _entries_in(text: str, following: Any, start: Any, at: int) -> _Files:
    if not isinstance(start, MappingStartEvent):
        raise CannotAppendError(f"has its files behind an alias{_OTHERWISE}")
    first = following()
    behind = first.end_mark.index
    if start.flow_style:
        if not isinstance(first, MappingEndEvent):
            raise CannotAppendError(f"has its files between braces{_OTHERWISE}")
        return _Files(_line_end(text, behind), emptied=(at - 1, behind))
    indent, end, event = first.start_mark.column, 0, first
    while not isinstance(event, MappingEndEvent):
        end = _end_of(following, event)
        event = following()
    end = _line_end(text, end)
    rest = _REST.match(text, end)
    if rest is not None and rest.end() == len(text):
        return _Files(len(text), indent)
    comments = _INDENTED.match(text, end)
    return _Files(comments.end() if comments else end, indent)


def _end_of(following: Any, event: Any) -> int:
    """Take the rest of a value; behind which character the last thing in it ends."""
    depth, end = 0, 0
    while True:
        kind = type(event)
        depth += issubclass(kind, CollectionStartEvent) - issubclass(kind, CollectionEndEvent)
        # The end of a block has no width, and stands where the next thing begins.
        if event.end_mark.index > event.start_mark.index or issubclass(kind, ScalarEvent):
            end = event.end_mark.index
        if depth == 0:
            return end
        event = following()


def _line_end(text: str, at: int) -> int:
    """Behind the line in which what ends at `at` stands; a block of text takes its line break
    along."""
    if text[at - 1 : at] == "\n":
        return at
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


def _csv(text: str, records: Mapping[str, Record]) -> tuple[str, str]:
    rows = [_cells(key, record) for key, record in records.items()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not text.strip():
        header = sorted(names, key=lambda name: name.startswith("user_defined."))
        block = _table([dict(zip(header, header, strict=True)), *rows], header, "\r\n")
        return block, block
    spans = list(csv_rows(text))
    header = [unquoted(text[slice(*span)]) for span in spans[0]]
    new = [name for name in names if name not in header]
    for name in new:
        typed = [f"{name}{kind}" for kind in TYPES if f"{name}{kind}" in header]
        if typed:
            raise CannotAppendError(
                f"has a column {typed[0]}, and what tags say is text: name another file with "
                "--out, or leave it out with --field"
            )
    widened = _widened(text, [row[-1][1] for row in spans], new)
    ending = "\r\n" if "\r\n" in text else "\n"
    block = _table(rows, [*header, *new], ending)
    return _ended(widened, ending) + block, block


def _widened(text: str, ends: Sequence[int], new: Sequence[str]) -> str:
    """The table with more columns, which say nothing in its rows."""
    if not new:
        return text
    parts, at = [], 0
    for index, end in enumerate(ends):
        cells = _table([{name: name for name in new}], new, "") if index == 0 else ""
        parts += [text[at:end], ",", cells or "," * (len(new) - 1)]
        at = end
    return "".join([*parts, text[at:]])


def _cells(key: str, record: Record) -> dict[str, str]:
    cells = {"key": guarded(key)}
    for name, value in record.items():
        inner = value.items() if isinstance(value, Mapping) else ()
        for field, item in inner:
            column = f"{name}.{field}"
            if name == "user_defined" and field.endswith(TYPES):
                column += ":string"
            cells[column] = guarded(str(item))
        if not isinstance(value, Mapping):
            cells[name] = guarded(str(value))
    return cells


def _table(rows: Sequence[Mapping[str, str]], header: Sequence[str], ending: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=ending)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    return out.getvalue()


def _jsonl(text: str, records: Mapping[str, Record]) -> tuple[str, str]:
    lines = (orjson.dumps({"key": key, **record}).decode() for key, record in records.items())
    block = _in_lines_of(text, "".join(f"{line}\n" for line in lines))
    return _ended(text) + block, block


def _in_lines_of(text: str, block: str) -> str:
    return block.replace("\n", "\r\n") if "\r\n" in text else block


def _ended(text: str, ending: str | None = None) -> str:
    """The text with its last line ended as its lines are."""
    if not text or text.endswith(("\n", "\r")):
        return text
    return text + (ending or _in_lines_of(text, "\n"))


_FORMS: Final[dict[str, Callable[[str, Mapping[str, Record]], tuple[str, str]]]] = {
    "yaml": _yaml,
    "csv": _csv,
    "jsonl": _jsonl,
}
