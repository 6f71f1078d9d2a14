"""The file that new entries go to: the catalogue itself, or one in its folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from reconciler.catalog import disk
from reconciler.catalog.includes import FORMATS
from reconciler.catalog.problems import listed
from reconciler.catalog.write import write_yaml
from reconciler.core.model import Json
from reconciler.errors import ReconcilerError, UsageError

_NOTHING: Final = MappingProxyType({"yaml": b"files: {}\n", "csv": b"key\n", "jsonl": b""})
"""Files without entries."""


@dataclass(frozen=True, slots=True)
class NewCatalog:
    """A catalogue to begin with, where there is none."""

    name: str
    bucket: str
    bucket_id: int


@dataclass(frozen=True, slots=True)
class Writing:
    """A file as it is to be."""

    path: Path
    data: bytes
    before: bytes | None
    """What it must hold until then; None where there must be none."""

    def write(self) -> None:
        """Write it, whole or not at all. Raises `ReconcilerError`, also where somebody else has
        written to it meanwhile."""
        try:
            if self.before is None:
                disk.create(self.path, self.data)
            elif disk.read_bytes(self.path) == self.before:
                disk.replace(self.path, self.data)
            else:
                raise ReconcilerError(f"writing {self.path}: it was changed meanwhile: try again")
        except FileExistsError:
            raise ReconcilerError(f"writing {self.path}: it is there by now: try again") from None
        except OSError as error:
            raise ReconcilerError(f"writing {self.path}: {error.strerror}") from None
        except disk.UnreadableError as error:
            raise ReconcilerError(f"writing {self.path}: it {error}") from None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where new entries go."""

    path: Path
    name: str
    """Relative to the catalogue's folder."""
    is_catalog: bool
    there: bytes | None
    """What is in the file; None where it is not there."""
    new_catalog: tuple[Path, bytes] | None
    """The catalogue and its head, where it is not there yet."""

    @property
    def data(self) -> bytes:
        """What new entries go behind: nothing, where there is nothing but space."""
        if self.is_catalog and self.new_catalog is not None:
            return self.new_catalog[1]
        return self.there if self.there and self.there.strip() else b""

    @property
    def before(self) -> Mapping[str, bytes]:
        """What there is to be read as if it were there, and included."""
        files = {} if self.new_catalog is None else {self.new_catalog[0].name: self.new_catalog[1]}
        if self.is_catalog:
            return files
        form = FORMATS[self.path.suffix.lower()]
        return {**files, self.name: self.data or _NOTHING[form]}

    def after(self, data: bytes) -> Mapping[str, bytes]:
        """The same, once this stands in the file."""
        return {**self.before, self.name: data}

    def writings(self, data: bytes) -> tuple[Writing, ...]:
        """What is to be written for that: a new catalogue last, so that what it includes is
        there."""
        entries = Writing(self.path, data, self.there)
        if self.is_catalog or self.new_catalog is None:
            return (entries,)
        return (entries, Writing(*self.new_catalog, None))


def destination(catalog: Path, out: Path | None, begin: NewCatalog | None) -> Destination:
    """Where the entries go that `--out` sends to `out`, or nowhere in particular. Raises
    `UsageError`, `ReconcilerError`."""
    path = catalog if out is None else out
    folder, real = catalog.parent.resolve(), path.resolve()
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--out {path}: its name must end in {listed(FORMATS)}")
    if not real.is_relative_to(folder):
        raise UsageError(
            f"--out {path}: it must lie in the catalogue's folder, {catalog.parent}: nothing "
            "else can be included"
        )
    is_catalog = real == catalog.resolve()
    name = catalog.name if is_catalog else real.relative_to(folder).as_posix()
    new_catalog = None
    if not os.path.lexists(catalog):
        new_catalog = catalog, _head(begin, catalog, None if is_catalog else name)
    return Destination(path, name, is_catalog, _bytes_of(path), new_catalog)


def _head(begin: NewCatalog | None, catalog: Path, include: str | None) -> bytes:
    if begin is None:
        raise UsageError(
            f"there is no catalogue {catalog}. --catalog says where it is. To begin one, give "
            "--bucket NAME=ID: a name of your own, and the number that the service gave the "
            "bucket. For a bucket that has files already, begin with reconciler export"
        )
    head: dict[str, Json] = {
        "version": 1,
        "catalog": begin.name,
        "buckets": {begin.bucket: {"id": begin.bucket_id}},
        "defaults": {"bucket": begin.bucket},
    }
    if include is not None:
        head["include"] = [include]
    return write_yaml(head, []).encode()


def _bytes_of(path: Path) -> bytes | None:
    if not os.path.lexists(path):
        return None
    try:
        return disk.read(path).data
    except disk.UnreadableError as error:
        raise ReconcilerError(f"reading {path}: it {error}") from None
