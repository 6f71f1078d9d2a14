"""A catalogue's files, changed where they must be and nowhere else: opened, edited, written."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.catalog import events
from reconciler.catalog.disk import UnreadableError, read, replace
from reconciler.catalog.includes import FORMATS
from reconciler.catalog.jsonlines import read_jsonl
from reconciler.catalog.mappings import Edit, edited
from reconciler.catalog.problems import Findings, Problem
from reconciler.catalog.tables import read_csv
from reconciler.core.model import Place
from reconciler.errors import CatalogError

_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Text:
    """One file, as it was read."""

    file: str
    """Relative to the catalogue's folder."""
    path: Path
    data: bytes

    @property
    def format(self) -> str:
        """`yaml`, `csv` or `jsonl`. A catalogue's own file may be called anything."""
        return FORMATS.get(Path(self.file).suffix.lower(), "yaml")

    @property
    def text(self) -> str:
        """Without a byte order mark."""
        return self.data.decode("utf-8-sig")

    def edited(self, edits: Collection[Edit]) -> bytes:
        """The file's bytes with the edits. Raises `NotEditableError` where they do not go
        together."""
        text = self.data.decode()
        bom = _BOM if text.startswith(_BOM) else ""
        return (bom + edited(text.removeprefix(_BOM), edits)).encode()

    def entries(self, data: bytes | None = None) -> dict[str, Any]:
        """The properties of each entry that the file has, or would have with these bytes; none
        where nothing can be read."""
        return _ENTRIES[self.format](self.file, self.data if data is None else data)


def opened(file: str, path: Path) -> Text:
    """The file. Raises `CatalogError`."""
    try:
        return Text(file, path, read(path).data)
    except UnreadableError as error:
        place = Place(file, error.line, error.column)
        raise CatalogError([Problem(place, "", str(error))]) from None


def written(file: str, path: Path, data: bytes) -> None:
    """Put the bytes in the file's place. Raises `CatalogError`."""
    try:
        replace(path, data)
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise CatalogError([Problem(Place(file, 1, 1), "", message)]) from None


def document(data: bytes) -> Any:
    """What a YAML text says as a whole; None where it cannot be read."""
    found = events.build(data)
    return found.value if found.complete and not found.faults else None


def _yaml(_file: str, data: bytes) -> dict[str, Any]:
    value = document(data)
    entries = value.get("files") if isinstance(value, dict) else None
    return dict(entries) if isinstance(entries, dict) else {}


def _csv(file: str, data: bytes) -> dict[str, Any]:
    return read_csv(file, data, Findings()).entries


def _jsonl(file: str, data: bytes) -> dict[str, Any]:
    return read_jsonl(file, data, Findings()).entries


_ENTRIES: Final[Mapping[str, Callable[[str, bytes], dict[str, Any]]]] = {
    "yaml": _yaml,
    "csv": _csv,
    "jsonl": _jsonl,
}
