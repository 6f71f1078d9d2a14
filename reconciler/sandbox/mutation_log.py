"""The log of committed writes, kept in the same transactions as the writes themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.records import Mutation

if TYPE_CHECKING:
    import sqlite3

_LONGEST = 1_000_000  # entries; the oldest go first


def append(connection: sqlite3.Connection, mutation: Mutation) -> None:
    """Notes a mutation that the running transaction makes."""
    ids = ",".join(str(file_id) for file_id in mutation.ids)
    cursor = connection.execute(
        "INSERT INTO mutations (what, ids, bucket_id) VALUES (?, ?, ?)",
        (mutation.what, ids, mutation.bucket),
    )
    connection.execute(
        "DELETE FROM mutations WHERE seq <= ?", ((cursor.lastrowid or 0) - _LONGEST,)
    )


def read(connection: sqlite3.Connection) -> list[Mutation]:
    """Every mutation, in the order of their commits."""
    rows = connection.execute("SELECT what, ids, bucket_id FROM mutations ORDER BY seq")
    return [
        Mutation(what, tuple(int(part) for part in ids.split(",")), bucket)
        for what, ids, bucket in rows
    ]


def clear(connection: sqlite3.Connection) -> None:
    """Forgets every mutation."""
    connection.execute("DELETE FROM mutations")
