"""The buckets, and how many files are in each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.sandbox import mutation_log
from reconciler.sandbox.records import Bucket, Mutation, NewBucket

if TYPE_CHECKING:
    import sqlite3

    from reconciler.sandbox.database import Database

_SELECT = """
SELECT id, name, type, region, net_type, labels, metadata_template, created_at, updated_at,
  (SELECT count(*) FROM versions WHERE until_at IS NULL AND bucket_id = buckets.id) AS files,
  (SELECT total(size) FROM versions WHERE until_at IS NULL AND bucket_id = buckets.id) AS size
FROM buckets
"""


class Buckets:
    """The buckets of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, bucket_id: int) -> Bucket | None:
        """One bucket with its counts, or None."""
        with self._database.reading() as connection:
            row = connection.execute(_SELECT + " WHERE id = ?", (bucket_id,)).fetchone()
        return None if row is None else _bucket(row)

    def region(self, bucket_id: int) -> str | None:
        """The region of a bucket, or None where there is no such bucket."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT region FROM buckets WHERE id = ?", (bucket_id,)
            ).fetchone()
        return None if row is None else str(row["region"])

    def in_region(self, region: str) -> frozenset[int]:
        """The ids of the buckets of a region."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id FROM buckets WHERE region = ?", (region,))
            return frozenset(row["id"] for row in rows)

    def all(self) -> list[Bucket]:
        """Every bucket, by id."""
        with self._database.reading() as connection:
            return [_bucket(row) for row in connection.execute(_SELECT + " ORDER BY id")]

    def add(self, new: NewBucket, *, now: float, log: bool = True) -> int:
        """Makes a bucket and answers its id; `log` False: somebody made it in the console."""
        with self._database.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO buckets (id, name, type, region, net_type, labels,"
                " metadata_template, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new.id,
                    new.name,
                    new.type,
                    new.region,
                    new.net_type,
                    json.dumps(new.labels),
                    new.metadata_template,
                    now,
                    now,
                ),
            )
            bucket_id = cursor.lastrowid or 0
            if log:
                mutation_log.append(connection, Mutation("create_bucket", (bucket_id,), bucket_id))
        return bucket_id


def _bucket(row: sqlite3.Row) -> Bucket:
    return Bucket(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        region=row["region"],
        net_type=row["net_type"],
        labels=tuple(json.loads(row["labels"])),
        metadata_template=row["metadata_template"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        files=row["files"],
        size=int(row["size"]),
    )
