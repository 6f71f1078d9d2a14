"""A ledger in a file: one process writes at a time, and what was appended is on the disk."""

import fcntl
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.core.model import Json
from reconciler.errors import LedgerError, LockHeld
from reconciler.ledger.chain import START, Anchor, anchor_of, chained, tail
from reconciler.ledger.places import Kept
from reconciler.ledger.reading import checked, why
from reconciler.ledger.stores import Note
from reconciler.private import make_folder, open_file, sync_folder


class FileStore:
    """The file, locked."""

    def __init__(self, path: Path, note: Note) -> None:
        """Open or make the file (0600, its folder 0700), check its chain, cut off a torn line.

        Raises `LedgerError`, or `LockHeld` where another run writes to it.
        """
        self._path = path
        self.end: Anchor = START
        try:
            make_folder(path.parent)
            self._file = open_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        except OSError as error:
            raise LedgerError(f"opening the ledger {path}: {why(error)}") from error
        try:
            self._take()
            self._heal(note)
            sync_folder(path.parent)
        except OSError as error:
            os.close(self._file)
            raise LedgerError(f"opening the ledger {path}: {why(error)}") from error
        except BaseException:
            os.close(self._file)
            raise

    def gather(self) -> None:
        """A disk is fast: who waits for it has time enough to gather."""

    def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Write the records and wait for the disk."""
        lines, end = chained(self.end, records)
        data = b"".join(lines)
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError as error:
            raise LedgerError(
                f"writing to the ledger {self._path}: {error.strerror}; nothing more is sent"
            ) from error
        self.end = end

    def close(self) -> None:
        """Close the file, which also lets the next run in."""
        os.close(self._file)

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeld(f"another apply writes to the ledger {self._path}") from error

    def _heal(self, note: Note) -> None:
        """Read the whole chain; cut off a torn end."""
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(0)
            data = stream.read()
        for record in checked(Kept(self._path, data)):
            self.end = anchor_of(record)
            note(record)
        torn = len(tail(data))
        if torn:
            os.ftruncate(self._file, len(data) - torn)
            os.fsync(self._file)
