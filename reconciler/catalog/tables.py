"""CSV -> entries.

A header row names the columns: `key`, `title`, `bucket`, `acr_id`, `was` (keys with spaces
between), `protect`, `absent`, `source.audio` (`.fingerprint`, `.audio_url`, `.acrid`,
`.sha256`) and `user_defined.NAME`. Cells are texts; `user_defined.NAME:number` and `:boolean`
say otherwise (and `:string` says so, for a name that ends like one of these). An empty cell is
left out; `{}` in a column `user_defined` means none at all.

A text that a spreadsheet would take for a formula is guarded: see `core.cells`.
"""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from reconciler.catalog.places import Located, Spots
from reconciler.catalog.problems import DataPath, Findings, Hint, Likely, shown
from reconciler.catalog.records import Records
from reconciler.catalog.spans import csv_rows, unquoted
from reconciler.core.cells import unguarded
from reconciler.core.model import Json, Place

SOURCE_COLUMNS: Final = tuple(
    f"source.{name}" for name in ("audio", "fingerprint", "audio_url", "acrid", "sha256")
)
COLUMNS: Final = (
    *("key", "title", "bucket", *SOURCE_COLUMNS, "acr_id", "was", "protect", "absent"),
    "user_defined",
)
TYPES: Final = (":number", ":boolean", ":string")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells, and the line of the file that it begins on."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    path: tuple[str] | tuple[str, str]
    value: Callable[[str], Json]


class _CellError(ValueError):
    """A cell that is not what its column holds."""


def read_csv(file: str, data: bytes, findings: Findings) -> Records:
    """The entries of CSV bytes that are UTF-8; what is wrong goes to `findings`."""
    records = Records(file, locate)
    found = rows(data)
    try:
        header = next(found, None)
        if header is None:
            findings.error_at(Place(file, 1, 1), (), "the header row is missing")
            return records
        columns = _columns(file, header, data.decode("utf-8-sig"), findings)
        if columns is not None:
            for row in found:
                _take(records, columns, row, findings)
    except csv.Error as error:
        # The reader does not say where: the row after the last good one.
        line = max((spot[0] for spot in records.spots.values()), default=1)
        where = f"not readable as CSV: {error}"
        findings.error_at(Place(file, line, 1), (), where, f"at or after line {line}")
    return records


def rows(data: bytes) -> Iterator[Row]:
    """The rows that are not empty. Raises `csv.Error`."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    line = 1
    for cells in reader:
        if cells:
            yield Row(line, cells)
        line = reader.line_num + 1


def _columns(file: str, header: Row, text: str, findings: Findings) -> list[_Column | None] | None:
    names = header.cells
    columns = [_column(name) for name in names]
    faults: list[tuple[int, str, Hint]] = []
    seen: set[str] = set()
    for index, name in enumerate(names):
        if columns[index] is None:
            likely = Likely(name, COLUMNS, "user_defined.NAME holds metadata")
            faults.append((index, f"unknown column {shown(name)}", likely))
        elif name in seen:
            faults.append((index, f"the column {shown(name)} is there already", None))
        seen.add(name)
    if "key" not in names:
        faults.append((0, "the column key is missing", None))
        if len(names) == 1 and re.search("[;\t]", names[0]):
            faults = [(0, "the column key is missing", "cells are separated by commas")]
    spans, lines = (next(csv_rows(text)), Lines(text)) if faults else ([], Lines(""))
    for index, message, hint in faults:
        line, column = lines.spot(spans[index][0])
        findings.error_at(Place(file, line, column), (), message, hint)
    return columns if "key" in names else None


def path_of_column(name: str) -> tuple[str, ...] | None:
    """What a column of this name holds: `("title",)`, `("user_defined", "artist")`."""
    column = _column(name)
    return None if column is None else column.path


def _column(name: str) -> _Column | None:
    if name in COLUMNS:
        group, dot, field = name.partition(".")
        return _Column(name, (group, field) if dot else (group,), _CONVERT.get(name, unguarded))
    group, dot, field = name.partition(".")
    if group != "user_defined" or not dot:
        return None
    for suffix, typed in ((":number", _number), (":boolean", _boolean), (":string", unguarded)):
        if field.endswith(suffix):
            return _Column(name, (group, field.removesuffix(suffix)), typed)
    return _Column(name, (group, field), unguarded) if field else None


def _number(cell: str) -> int | float:
    match = _NUMBER.fullmatch(cell)
    if match is None or len(cell) > 40:
        raise _CellError("a number")
    if match[1] is None and match[2] is None:
        whole = int(cell)
        if not -(2**63) <= whole < 2**64:
            raise _CellError("a number of at most 64 bits")
        return whole
    broken = float(cell)
    if broken in (float("inf"), float("-inf")):
        raise _CellError("a number of at most 64 bits")
    return broken


def _boolean(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):  # spreadsheets write them in capitals
        raise _CellError("true or false")
    return cell.lower() == "true"


def _none_at_all(cell: str) -> Json:
    if cell != "{}":
        raise _CellError("{} for none at all; user_defined.NAME columns hold metadata")
    return {}


def _keys(cell: str) -> list[Json]:
    return [*unguarded(cell).split()]


_CONVERT: Final[dict[str, Callable[[str], Json]]] = {
    "was": _keys,
    "protect": _boolean,
    "absent": _boolean,
    "user_defined": _none_at_all,
}


def _take(records: Records, columns: list[_Column | None], row: Row, findings: Findings) -> None:
    place = Place(records.file, row.line, 1)
    if len(row.cells) != len(columns):
        what = f"this row has {len(row.cells)} cells, the header has {len(columns)}"
        findings.error_at(place, (), what, "quote cells that hold a comma")
        return
    key, entry, faults = _entry(columns, row.cells)
    if not key:
        findings.error_at(place, (), "the key is missing")
    elif key in records.entries:
        first = records.place(key)
        findings.error_at(place, ("files", key), f"this key is there already, at {first}")
    else:
        records.entries[key] = entry
        records.spots[key] = (row.line, 1)
        for path, message in faults:
            findings.error(records.file, ("files", key, *path), message)


def _entry(
    columns: list[_Column | None], cells: list[str]
) -> tuple[str, dict[str, Any], list[tuple[DataPath, str]]]:
    key, entry = "", dict[str, Any]()
    faults: list[tuple[DataPath, str]] = []
    for column, cell in zip(columns, cells, strict=True):
        if column is None or not cell:
            continue
        try:
            value = column.value(cell)
        except _CellError as error:
            faults.append((column.path, f"expected {error}, found {shown(cell)}"))
            continue
        match column.path:
            case ("key",):
                key = unguarded(cell)
            case ("user_defined",):
                entry.setdefault("user_defined", value)
            case (name,):
                entry[name] = value
            case (group, name):
                held = entry.setdefault(group, {})
                if name in held:
                    faults.append((column.path, "two columns of this row set it"))
                held[name] = value
    return key, entry, faults


def locate(data: bytes, wanted: Collection[DataPath]) -> Located:
    """The places of cells."""
    keys = {path[1] for path in wanted if len(path) > 1}
    text = data.decode("utf-8-sig")
    reading = csv_rows(text)
    columns = [_column(unquoted(text[slice(*span)])) for span in next(reading, [])]
    paths = [column.path if column else () for column in columns]
    found: dict[DataPath, Spots] = {}
    if ("key",) not in paths:
        return found
    at, lines = paths.index(("key",)), Lines(text)
    for row in reading:
        key = unguarded(unquoted(text[slice(*row[at])])) if len(row) == len(paths) else None
        if key is None or key not in keys or ("files", key) in found:
            continue
        begin = lines.spot(row[0][0])
        found["files", key] = Spots(begin, begin)
        for path, (start, _) in zip(paths, row, strict=True):
            spot = lines.spot(start)
            found.setdefault(("files", key, *path), Spots(spot, spot))
            found.setdefault(("files", key, *path[:1]), Spots(spot, spot))
    return found


class Lines:
    """Where the lines of a text begin; they end as CSV's do."""

    def __init__(self, text: str) -> None:
        """Go through the text once."""
        self._begin = [0, *(found.end() for found in re.finditer("\r\n|\r|\n", text))]

    def spot(self, index: int) -> tuple[int, int]:
        """Line and column, from 1, of a character."""
        line = bisect_right(self._begin, index)
        return line, index - self._begin[line - 1] + 1
