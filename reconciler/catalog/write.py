"""Live files -> a catalogue's text: YAML, CSV or JSON Lines.

Reading the text back gives exactly these titles and metadata, types included. What CSV cannot
hold (nested values, empty texts) is refused with the format that can.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from reconciler.catalog import literals
from reconciler.catalog.events import MAX_DEPTH
from reconciler.catalog.problems import Problem, path_text
from reconciler.catalog.tables import TYPES
from reconciler.core.cells import guarded
from reconciler.core.model import Json, Place, UserDefined
from reconciler.errors import CatalogError

_LONGEST_CELL: Final = 100_000
_DEEPEST: Final = MAX_DEPTH - 4


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """One live file, as an entry."""

    key: str
    title: str
    bucket: str
    """The catalogue's name of the bucket."""
    acr_id: str | None
    user_defined: UserDefined | None
    """Without mark and ignored fields. None: left out, so not managed."""


def write_yaml(catalog_header: Mapping[str, Json], entries: Sequence[ExportedEntry]) -> str:
    """A whole catalogue: the header's properties, then the entries under `files`."""
    _refuse("export.yaml", _too_deep(entries))
    lines: list[str] = []
    for name, value in catalog_header.items():
        lines += _property(name, value, 0)
    lines.append("files:" if entries else "files: {}")
    records = {entry.key: _record(entry) for entry in entries}
    return "\n".join(lines) + "\n" + yaml_entries(records, 2)


def yaml_entries(records: Mapping[str, Mapping[str, Json]], indent: int) -> str:
    """Entries as lines, their keys that many columns from the left."""
    lines: list[str] = []
    for key, record in records.items():
        lines.append(f"{' ' * indent}{literals.text(key)}:")
        for name, value in record.items():
            lines += _property(name, value, indent + 2)
    return "".join(f"{line}\n" for line in lines)


def item_lines(record: Mapping[str, Json], indent: int) -> list[str]:
    """The record as an item of a list in YAML, in lines. Its first property has a short value."""
    lines = [line for item in record.items() for line in _property(*item, indent + 2)]
    return [f"{' ' * indent}- {lines[0].lstrip()}", *lines[1:]]


def write_jsonl(entries: Sequence[ExportedEntry]) -> str:
    """One JSON object a line."""
    _refuse("export.jsonl", _too_deep(entries))
    records = ({"key": entry.key, **_record(entry)} for entry in entries)
    return "".join(f"{orjson.dumps(record).decode()}\n" for record in records)


def write_csv(entries: Sequence[ExportedEntry]) -> str:
    """A table. Raises `CatalogError` with every value that a table cannot hold."""
    _refuse("export.csv", _not_for_cells(entries))
    metadata = sorted(
        {_column(name, value) for entry in entries for name, value in _metadata(entry).items()}
    )
    emptied = ["user_defined"] if any(entry.user_defined == {} for entry in entries) else []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["key", "title", "bucket", "acr_id", *emptied, *metadata])
    for entry in entries:
        cells = {_column(name, value): _cell(value) for name, value in _metadata(entry).items()}
        cells["user_defined"] = "{}" if entry.user_defined == {} else ""
        fixed = (entry.key, entry.title, entry.bucket, entry.acr_id or "")
        writer.writerow(
            [*map(guarded, fixed), *(cells.get(name, "") for name in (*emptied, *metadata))]
        )
    return out.getvalue()


def _record(entry: ExportedEntry) -> dict[str, Json]:
    record: dict[str, Json] = {"title": entry.title, "bucket": entry.bucket}
    if entry.acr_id is not None:
        record["acr_id"] = entry.acr_id
    if entry.user_defined is not None:
        record["user_defined"] = entry.user_defined
    return record


def _metadata(entry: ExportedEntry) -> UserDefined:
    return entry.user_defined or {}


def _refuse(file: str, problems: Iterator[tuple[str, str, str | None]]) -> None:
    found = [Problem(Place(file, 1, 1), path, what, hint) for path, what, hint in problems]
    if found:
        raise CatalogError(found)


def _too_deep(entries: Sequence[ExportedEntry]) -> Iterator[tuple[str, str, str | None]]:
    for entry in entries:
        for name, value in _metadata(entry).items():
            if _depth(value) > _DEEPEST:
                yield (
                    path_text(("files", entry.key, "user_defined", name)),
                    "is nested too deep",
                    None,
                )


def _depth(value: Json) -> int:
    deepest, waiting = 0, [(value, 0)]
    while waiting and deepest <= _DEEPEST:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(item, Mapping):
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, Sequence) and not isinstance(item, str):
            waiting += [(inner, depth + 1) for inner in item]
    return deepest


def _not_for_cells(entries: Sequence[ExportedEntry]) -> Iterator[tuple[str, str, str | None]]:
    hint = "export to .yaml or .jsonl instead"
    for entry in entries:
        for name, value in (("title", entry.title), *_metadata(entry).items()):
            what = None
            if not isinstance(value, str | bool | int | float):
                what = "is nested or null, which a table cannot hold"
            elif value == "":
                what = "is an empty text, which a table cannot tell from nothing"
            elif isinstance(value, str) and len(value) > _LONGEST_CELL:
                what = "is too long for a cell"
            elif name == "" or len(name) > _LONGEST_CELL:
                what = "has a name that no column can have"
            if what:
                path = ("title",) if value is entry.title else ("user_defined", name)
                yield path_text(("files", entry.key, *path)), what, hint


def _column(name: str, value: Json) -> str:
    kind = ":boolean" if isinstance(value, bool) else ":number"
    if isinstance(value, str):
        kind = ":string" if name.endswith(TYPES) else ""
    return f"user_defined.{name}{kind}"


def _cell(value: Json) -> str:
    return guarded(value) if isinstance(value, str) else literals.scalar(value)


def _property(name: str, value: Any, indent: int) -> list[str]:
    margin = " " * indent
    if isinstance(value, Mapping) and value:
        inner = [line for item in value.items() for line in _property(*item, indent + 2)]
        if literals.is_long(name):
            return [f"{margin}? {literals.text(name)}", f"{margin}:", *inner]
        return [f"{margin}{literals.text(name)}:", *inner]
    if literals.is_long(name):
        return [f"{margin}? {literals.text(name)}", f"{margin}: {literals.flow(value)}"]
    return [f"{margin}{literals.text(name)}: {literals.flow(value)}"]
