"""The versions of files: the one place that reads and writes rows of them.

A file is a line of versions. Its live version has no end; a change ends it and begins the next.
Reads with a lag look up the version that was live at that moment.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.sandbox import json_text
from reconciler.sandbox.records import File

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping

    from reconciler.sandbox.records import JsonValue

# Every statement is joined of these constants; values travel as parameters, never as text.
_SELECT = (
    "SELECT id, bucket_id, acr_id, title, user_defined, outcome, ready_at, duration, audio_id,"
    " data_type, size, sha256, created_at, updated_at FROM versions WHERE"
)
_COUNT = "SELECT count(*) FROM versions WHERE"
_LIVE = "until_at IS NULL"
_PAST = "from_at <= :moment AND (until_at IS NULL OR until_at > :moment)"
_INSERT = (
    "INSERT INTO versions VALUES (:id, :bucket_id, :acr_id, :title, :folded_title,"
    " :user_defined, :outcome, :ready_at, :duration, :audio_id, :data_type, :size, :sha256,"
    " :created_at, :updated_at, :now, NULL)"
)


class Versions:
    """The table inside one transaction. `lag`: how far back its lagging reads look."""

    def __init__(self, connection: sqlite3.Connection, lag: float) -> None:
        self._connection = connection
        self._lag = lag

    def rows(self, *clauses: str, values: Mapping[str, object], lagging: bool) -> Iterator[File]:
        """Files under further conditions; `values` holds `moment` where `lagging`."""
        sql = " ".join((_SELECT, self._visible(lagging), *clauses))
        return map(_file, self._connection.execute(sql, values))

    def count(self, *clauses: str, values: Mapping[str, object], lagging: bool) -> int:
        """How many files there are under these conditions."""
        sql = " ".join((_COUNT, self._visible(lagging), *clauses))
        total: int = self._connection.execute(sql, values).fetchone()[0]
        return total

    def find(
        self, ref: str, buckets: Collection[int] | None, *, moment: float | None = None
    ) -> File | None:
        """The file with this id or acr_id in these buckets (None: in any). `moment`: as a
        lagging read at that time sees it; without one, as it is."""
        column, value = _column(ref)
        if column is None:
            return None
        files = self.rows(
            "AND",
            column,
            "= :value ORDER BY id",
            values={"value": value, "moment": moment},
            lagging=moment is not None,
        )
        return next((file for file in files if buckets is None or file.bucket_id in buckets), None)

    def begin(self, file: File, now: float) -> None:
        """Writes a version that is live from now on."""
        self._connection.execute(
            _INSERT,
            {
                **asdict(file),
                "folded_title": file.title.casefold(),
                "user_defined": json_text.write(file.user_defined),
                "now": now,
            },
        )

    def end(self, file_id: int, now: float) -> None:
        """Ends the live version, and drops what no read can reach any more."""
        self._connection.execute(
            "UPDATE versions SET until_at = ? WHERE id = ? AND until_at IS NULL", (now, file_id)
        )
        self._connection.execute("DELETE FROM versions WHERE until_at <= ?", (now - self._lag,))

    def next_id(self) -> int:
        """An id that no file ever had."""
        rows = self._connection.execute(
            "UPDATE sequence SET value = value + 1 WHERE name = 'file' RETURNING value"
        ).fetchall()
        value: int = rows[0][0]
        return value

    def reserve_id(self, file_id: int) -> int:
        """Takes a certain id, so that `next_id` goes on behind it."""
        self._connection.execute(
            "UPDATE sequence SET value = max(value, ?) WHERE name = 'file'", (file_id,)
        )
        return file_id

    def _visible(self, lagging: bool) -> str:
        return _PAST if lagging and self._lag else _LIVE


def _column(ref: str) -> tuple[str, int | str] | tuple[None, None]:
    """What a reference names: an id (digits), an acr_id (32 hex digits), or nothing at all."""
    if len(ref) == 32 and all(character in "0123456789abcdefABCDEF" for character in ref):
        return "acr_id", ref.lower()
    if ref.isascii() and ref.isdecimal() and len(ref) <= 18:  # what surely fits into 64 bits
        return "id", int(ref)
    return None, None


def _file(row: sqlite3.Row) -> File:
    user_defined: JsonValue = json.loads(row["user_defined"])
    return File(
        id=row["id"],
        bucket_id=row["bucket_id"],
        acr_id=row["acr_id"],
        title=row["title"],
        user_defined=user_defined,
        outcome=row["outcome"],
        ready_at=row["ready_at"],
        duration=row["duration"],
        audio_id=row["audio_id"],
        data_type=row["data_type"],
        size=row["size"],
        sha256=row["sha256"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
