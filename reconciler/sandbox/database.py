"""One SQLite file, safe for several threads here and for several processes at once.

Threads share one connection and take turns. Between processes SQLite itself keeps order:
write-ahead logging lets readers go on beside a writer, and every write takes the write lock
at its beginning (BEGIN IMMEDIATE), so that none can fail half-way for want of it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S = 30.0

# A file is a line of versions, each valid from `from_at` until `until_at` (NULL: still).
# That is what lets a read show the state of some seconds ago (quirk read_lag).
_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, type TEXT NOT NULL,
  region TEXT NOT NULL, net_type INTEGER NOT NULL, labels TEXT NOT NULL,
  metadata_template TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS versions (
  id INTEGER NOT NULL, bucket_id INTEGER NOT NULL, acr_id TEXT NOT NULL, title TEXT NOT NULL,
  folded_title TEXT NOT NULL, user_defined TEXT NOT NULL, outcome INTEGER NOT NULL,
  ready_at REAL NOT NULL, duration REAL NOT NULL, audio_id TEXT NOT NULL,
  data_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  created_at REAL NOT NULL, updated_at REAL NOT NULL, from_at REAL NOT NULL, until_at REAL);
CREATE UNIQUE INDEX IF NOT EXISTS live_by_id ON versions (id) WHERE until_at IS NULL;
CREATE INDEX IF NOT EXISTS live_by_bucket ON versions (bucket_id, id) WHERE until_at IS NULL;
CREATE INDEX IF NOT EXISTS live_by_acr_id ON versions (acr_id) WHERE until_at IS NULL;
CREATE INDEX IF NOT EXISTS past ON versions (until_at) WHERE until_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO sequence VALUES ('file', 0);
CREATE TABLE IF NOT EXISTS dumps (
  task_id TEXT PRIMARY KEY, bucket_id INTEGER NOT NULL, day TEXT NOT NULL,
  ready_at REAL NOT NULL, content BLOB NOT NULL, UNIQUE (bucket_id, day));
CREATE TABLE IF NOT EXISTS mutations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, ids TEXT NOT NULL,
  bucket_id INTEGER NOT NULL);
"""


class Database:
    """`path` None: in memory, gone with the process. A path that is no database of ours, or
    cannot be written, raises `SandboxError`."""

    def __init__(self, path: Path | None) -> None:
        self._turn = threading.RLock()
        self._path = path
        try:
            if path is not None:
                # Not left to SQLite, which lets everybody read. Its other files take this mode.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path,
                timeout=_PATIENCE_S,
                isolation_level=None,  # transactions are begun and ended below, nowhere else
                check_same_thread=False,  # `_turn` sees to it
            )
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise SandboxError(f"{path}: {why}") from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise SandboxError(f"{path}: not a database of the sandbox: {error}") from error

    def _prepare(self) -> None:
        # Switching to WAL does not wait for another process that is doing the same at this
        # moment: SQLite answers "locked" at once, whatever the time-out. So ask again.
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        # In WAL mode NORMAL survives the death of the process; only a power cut can lose the end.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self.writing() as connection:
            for statement in _SCHEMA.strip().split(";\n"):
                connection.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that may write; committed at the end, rolled back on any exception."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one moment, whatever other processes write meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the file. Nothing is lost: every transaction is committed already."""
        with self._turn:
            self._connection.close()
