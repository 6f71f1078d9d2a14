"""The dumps of buckets: one task a bucket and day, each with what it found."""

from __future__ import annotations

import secrets
import string
import zlib
from typing import TYPE_CHECKING

from reconciler.sandbox.records import Dump

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from reconciler.sandbox.database import Database

_KEPT = 3  # dumps of a bucket; older ones cannot be fetched any more
_TASK_ID_LENGTH = 10  # as the page's "sFKD2eLbGX"
_OF_DAY = "SELECT * FROM dumps WHERE bucket_id = ? AND day = ?"
_OF_TASK = "SELECT * FROM dumps WHERE bucket_id = ? AND task_id = ?"


class Dumps:
    """The dumps of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_day(
        self, bucket_id: int, day: str, *, ready_at: float, content: Callable[[], bytes]
    ) -> Dump:
        """The day's dump of a bucket; the first to ask starts it, with what is there then."""
        with self._database.reading() as connection:
            row = connection.execute(_OF_DAY, (bucket_id, day)).fetchone()
        if row is not None:
            return _dump(row)
        packed = zlib.compress(content(), 1)
        with self._database.writing() as connection:
            # Another process may have been faster: then its dump is the day's.
            connection.execute(
                "INSERT OR IGNORE INTO dumps (task_id, bucket_id, day, ready_at, content)"
                " VALUES (?, ?, ?, ?, ?)",
                (_task_id(), bucket_id, day, ready_at, packed),
            )
            connection.execute(
                "DELETE FROM dumps WHERE bucket_id = ? AND day NOT IN"
                " (SELECT day FROM dumps WHERE bucket_id = ? ORDER BY day DESC LIMIT ?)",
                (bucket_id, bucket_id, _KEPT),
            )
            row = connection.execute(_OF_DAY, (bucket_id, day)).fetchone()
        return _dump(row)

    def task(self, bucket_id: int, task_id: str) -> Dump | None:
        """A bucket's dump by its task, or None."""
        with self._database.reading() as connection:
            row = connection.execute(_OF_TASK, (bucket_id, task_id)).fetchone()
        return None if row is None else _dump(row)


def _task_id() -> str:
    return "".join(
        secrets.choice(string.ascii_letters + string.digits) for _ in range(_TASK_ID_LENGTH)
    )


def _dump(row: sqlite3.Row) -> Dump:
    return Dump(
        task_id=row["task_id"],
        bucket_id=row["bucket_id"],
        day=row["day"],
        ready_at=row["ready_at"],
        content=zlib.decompress(row["content"]),
    )
