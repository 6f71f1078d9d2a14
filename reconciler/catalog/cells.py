"""Edits to cells of a table: values are stated and cleared, columns are added where there is none,
rows are taken out, and all else stays as it is."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reconciler.catalog.literals import scalar
from reconciler.catalog.mappings import Edit, NotEditableError
from reconciler.catalog.spans import Span, csv_rows, unquoted
from reconciler.catalog.tables import TYPES, path_of_column
from reconciler.core.cells import guarded, unguarded
from reconciler.core.model import Json

Path: TypeAlias = tuple[str, ...]
"""What a column holds: `("title",)`, `("user_defined", "artist")`."""

_KEY: Final = ("key",)
_NUMBER, _BOOLEAN, _TEXT = TYPES
_BREAKS: Final = frozenset(',"\r\n')
_ACTING: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What acts on a terminal, or turns the text around it; and a table has no way to escape it."""


@dataclass(slots=True)
class Table:
    """A text of CSV that is known to be readable, and the edits to it so far."""

    text: str
    edits: list[Edit] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _header: list[Span] = field(default_factory=list)
    _rows: dict[str, list[Span]] = field(default_factory=dict)
    _added: dict[str, dict[str, str]] = field(default_factory=dict)
    """New columns: what stands in them, by key."""

    def __post_init__(self) -> None:
        """Find the rows."""
        rows = csv_rows(self.text)
        self._header = next(rows)
        self._names = [unquoted(self.text[slice(*span)]) for span in self._header]
        at = self._names.index("key")
        self._rows = {unguarded(unquoted(self.text[slice(*row[at])])): row for row in rows}

    def state(self, key: str, values: Mapping[Path, Json]) -> None:
        """Have the row of a key say these values; None: an empty cell. Raises `NotEditableError`
        where a table cannot hold one, and then no cell is changed."""
        row = self._rows[key]
        cells = {path: _cell(path, value) for path, value in values.items()}
        for path, (kind, said) in cells.items():
            columns = [i for i, name in enumerate(self._names) if path_of_column(name) == path]
            right = next((i for i in columns if said and _kind(self._names[i]) == kind), None)
            for index in columns:
                if index == right:
                    self._put(row[index], said)
                elif row[index][0] < row[index][1]:
                    self.edits.append((row[index], ""))
            if said and right is None:
                self._added.setdefault(_name(path, kind), {})[key] = said

    def take_out(self, keys: Collection[str]) -> None:
        """Have no row of these keys."""
        for key in keys:
            row = self._rows.pop(key)
            end = row[-1][1]
            for sign in ("\r\n", "\n", "\r"):
                if self.text.startswith(sign, end):
                    end += len(sign)
                    break
            self.edits.append(((row[0][0], end), ""))

    def all_edits(self) -> list[Edit]:
        """The edits, with those for new columns, which every row has."""
        added = list(self._added.items())
        if not added:
            return self.edits
        header = "".join(f",{_quoted(name, always=False)}" for name, _ in added)
        end = self._header[-1][1]
        new: list[Edit] = [((end, end), header)]
        for key, row in self._rows.items():
            cells = (_quoted(said.get(key, ""), always=False) for _, said in added)
            end = row[-1][1]
            new.append(((end, end), "".join(f",{cell}" for cell in cells)))
        return self.edits + new

    def _put(self, span: Span, said: str) -> None:
        always = self.text.startswith('"', span[0]) and span[0] < span[1]
        self.edits.append((span, _quoted(said, always=always)))


def _cell(path: Path, value: Json) -> tuple[str, str]:
    """The kind of the column, and what the cell says before it is quoted."""
    if value is None:
        return "", ""
    if path == ("user_defined",) and value == {}:
        return "", "{}"
    if any(isinstance(said, str) and _ACTING.search(said) for said in (path[-1], value)):
        raise NotEditableError("a table cannot hold control characters")
    match value:
        case "":
            raise NotEditableError("a table cannot tell an empty text from nothing")
        case str():
            return "", guarded(value)
        case bool():
            return _BOOLEAN, scalar(value)
        case int() | float():
            return _NUMBER, scalar(value)
        case _:
            raise NotEditableError("a table holds no lists and no objects")


def _kind(name: str) -> str:
    if not name.startswith("user_defined."):
        return ""
    return next((kind for kind in (_NUMBER, _BOOLEAN) if name.endswith(kind)), "")


def _name(path: Path, kind: str) -> str:
    name = ".".join(path)
    if path[0] == "user_defined" and not kind and name.endswith(TYPES):
        return name + _TEXT
    return name + kind


def _quoted(cell: str, *, always: bool) -> str:
    if always or not _BREAKS.isdisjoint(cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell
