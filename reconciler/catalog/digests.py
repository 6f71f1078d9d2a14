"""What was found in the files of sources, kept from one run to the next: a file that has not
changed since is not read again.

As git's index does it, and like that it does not see what is written through a memory map: the
system may date it later, or not at all. A file is taken for unchanged where its status says so in
every part, the time of the last change (ctime) too, which nobody can set back; the status is that
of the opened file. And only a file is remembered that was at rest already when it was read: else it
could change once more within the same tick of the file system's clock, and look as before.

The memory is never a reason to fail, and may be deleted at any time: where it cannot be read or
written, files are read as without it.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from reconciler.catalog import disk
from reconciler.catalog.audio import reader
from reconciler.core.ports import Clock
from reconciler.private import check_folder, make_folder

_FORM: Final = 1
"""Another number where rows are written, or files are read, in another way than before."""
_ENDING: Final = ".digests"
_REST: Final = 2.0
"""Seconds without a change after which a file is at rest: some file systems' clocks tick no
faster."""
_DAY: Final = 86_400
_KEPT: Final = 90
"""Days for which is kept what nobody asks for."""
_RENEWED: Final = 30
"""Days after which it is written down anew that somebody asked."""

_Name: TypeAlias = tuple[str, bool]
"""A path, absolute, and whether the file is read as audio."""
_State: TypeAlias = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a file's bytes."""

    sha256: str
    duration: float | None = None
    remark: str | None = None
    """What is worth a warning."""


@dataclass(frozen=True, slots=True)
class _Row:
    state: _State
    contents: Contents
    day: int
    """When somebody last asked for it, in days since 1970, as far as that was written down."""


@dataclass(frozen=True, slots=True)
class Digests:
    """A folder that keeps what was found in the files of catalogues, in a file for each."""

    folder: Path
    """For its owner only. It is made where it is missing; where others can write to it, or to the
    one above it, it is not used."""
    clock: Clock

    def of(self, catalog: Path) -> "Memory":
        """What is remembered for the catalogue at a path."""
        name = hashlib.sha256(os.fsencode(os.path.realpath(catalog))).hexdigest()[:32]
        return Memory(self.folder / f"{name}{_ENDING}", self.clock)


class Memory:
    """What was found in one catalogue's sources: read when it is first asked, written where the
    block ends, however it ends. Threads may ask it together."""

    def __init__(self, file: Path, clock: Clock) -> None:
        """Take the file that it is kept in."""
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[_Name, _Row] | None = None
        self._new = False

    def __enter__(self) -> Self:
        """Remember what is asked for in this block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write it down, where there is something new, and drop what nobody asks for."""
        if self._new:
            oldest = self._today() - _KEPT
            rows = {name: row for name, row in self._rows().items() if row.day >= oldest}
            with suppress(OSError):
                make_folder(self._file.parent)
                self._check_folder()
                _sweep(self._file.parent, oldest * _DAY)
                disk.put(self._file, _encoded(rows))
        # As large as the catalogue, which goes on without it.
        self._known, self._new = None, False

    def contents(
        self, path: str, *, audio: bool, descriptor: int, read: Callable[[], Contents]
    ) -> Contents:
        """What is in the opened file: remembered, or else `read`."""
        name, before, rows = (path, audio), _state(descriptor), self._rows()
        row = rows.get(name)
        if row is not None and row.state == before:
            self._asked(rows, name, row)
            return row.contents
        began = self._clock.now()
        found = read()
        *_, written, changed = before
        at_rest = max(written, changed) / 1e9 < began - _REST
        if at_rest and _state(descriptor) == before:
            rows[name] = _Row(before, found, self._today())
            self._new = True
        return found

    def _rows(self) -> dict[_Name, _Row]:
        """What is remembered; nothing, where there is anything wrong with it."""
        with self._lock:
            if self._known is None:
                self._known = {}
                with suppress(OSError, disk.UnreadableError):
                    self._check_folder()
                    self._known = _decoded(disk.read_bytes(self._file))
            return self._known

    def _asked(self, rows: dict[_Name, _Row], name: _Name, row: _Row) -> None:
        today = self._today()
        if row.day != today:
            rows[name] = _Row(row.state, row.contents, today)
            self._new = self._new or row.day < today - _RENEWED

    def _today(self) -> int:
        return int(self._clock.now() // _DAY)

    def _check_folder(self) -> None:
        # What lies there is believed: nobody else may put it there.
        folder = self._file.parent
        check_folder(folder.parent.resolve())
        check_folder(folder)


def _state(descriptor: int) -> _State:
    status = os.fstat(descriptor)
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _head(body: bytes) -> bytes:
    """The first line: it fits this body only, and this way of reading files only."""
    digest = hashlib.sha256(body).hexdigest()
    return f"reconciler digests {_FORM}, {reader()}, sha256 {digest}\n".encode()


def _encoded(rows: dict[_Name, _Row]) -> bytes:
    # Not by orjson, which refuses the paths that are not of valid UTF-8.
    lists = [
        (
            *name,
            *row.state,
            row.contents.sha256,
            row.contents.duration,
            row.contents.remark,
            row.day,
        )
        for name, row in rows.items()
    ]
    body = json.dumps(lists, separators=(",", ":")).encode()
    return _head(body) + body


def _decoded(data: bytes) -> dict[_Name, _Row]:
    end = data.find(b"\n") + 1
    body = data[end:]
    if data[:end] != _head(body):
        return {}
    rows: list[list[Any]] = json.loads(body)
    return {
        (path, as_audio): _Row((device, inode, size, modified, changed), Contents(*found), day)
        for path, as_audio, device, inode, size, modified, changed, *found, day in rows
    }


def _sweep(folder: Path, oldest: float) -> None:
    """Remove what is kept for catalogues that nobody asks about, and what was left half written."""
    for path in folder.glob(f"*{_ENDING}*"):
        if path.lstat().st_mtime < oldest:
            path.unlink()
