"""The files, and every way to read or change them; time comes in as an argument.

Reads take `now` and show the state of `read_lag` seconds before it; writes act on the newest
state. Every write is one transaction, so that two processes may use one database at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reconciler.sandbox import mutation_log
from reconciler.sandbox.records import Action, File, Mutation, NewFile
from reconciler.sandbox.versions import Versions

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Sequence

    from reconciler.sandbox.database import Database
    from reconciler.sandbox.quirks import UnknownId

_STATE = "CASE WHEN ready_at > :moment THEN 0 ELSE outcome END"
_SORTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("id", "asc"): ("ORDER BY id",),
    ("id", "desc"): ("ORDER BY id DESC",),
    ("status", "asc"): ("ORDER BY", _STATE, ", id"),
    ("status", "desc"): ("ORDER BY", _STATE, "DESC, id DESC"),
    ("created_at", "asc"): ("ORDER BY created_at, id",),
    ("created_at", "desc"): ("ORDER BY created_at DESC, id DESC",),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """Which files of a bucket, in which order. `limit` None: all of them."""

    search: str = ""
    sort: Literal["id", "status", "created_at"] = "id"
    order: Literal["asc", "desc"] = "asc"
    state: int | None = None
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of several ids: the files found (or changed), and the ids that stopped it."""

    files: tuple[File, ...]
    missing: tuple[str, ...] = ()


class Store:
    """The files of one database. `read_lag` is the quirk of that name.

    `log` False keeps a write out of the log of mutations: it is somebody in the console.
    """

    def __init__(self, database: Database, *, read_lag: float = 0.0) -> None:
        self._database = database
        self._lag = read_lag

    def page(self, bucket_id: int, listing: Listing, *, now: float) -> tuple[tuple[File, ...], int]:
        """The files of one page, and how many match in all, seen at one moment."""
        clauses = ["AND bucket_id = :bucket"]
        if listing.search:
            clauses.append("AND instr(folded_title, :search) > 0")
        if listing.state is not None:
            clauses += ("AND", _STATE, "= :state")
        values = {
            "moment": now - self._lag,
            "bucket": bucket_id,
            "search": listing.search.casefold(),
            "state": listing.state,
            "limit": -1 if listing.limit is None else listing.limit,  # SQLite: -1 is no limit
            "offset": listing.offset,
        }
        ordered = (*clauses, *_SORTS[listing.sort, listing.order], "LIMIT :limit OFFSET :offset")
        with self._database.reading() as connection:
            versions = Versions(connection, self._lag)
            total = versions.count(*clauses, values=values, lagging=True)
            return tuple(versions.rows(*ordered, values=values, lagging=True)), total

    def get(self, bucket_id: int, refs: Sequence[str], *, unknown: UnknownId, now: float) -> Batch:
        """The files with these ids or acr_ids in the order asked, each once."""
        with self._database.reading() as connection:
            versions = Versions(connection, self._lag)
            moment = now - self._lag
            batch = _chosen(
                [(ref, versions.find(ref, (bucket_id,), moment=moment)) for ref in refs], unknown
            )
        return Batch((), batch.missing) if batch.missing else batch

    def live_files(self, bucket_id: int | None = None) -> tuple[File, ...]:
        """The truth without any lag, by id; of one bucket or of all."""
        with self._database.reading() as connection:
            return tuple(
                Versions(connection, self._lag).rows(
                    "AND (:bucket IS NULL OR bucket_id = :bucket) ORDER BY id",
                    values={"bucket": bucket_id},
                    lagging=False,
                )
            )

    def live_file(self, ref: str) -> File | None:
        """The truth about one file, wherever it is."""
        with self._database.reading() as connection:
            return Versions(connection, self._lag).find(ref, None)

    def add(
        self, bucket_id: int, files: Iterable[NewFile], *, now: float, log: bool = True
    ) -> tuple[File, ...]:
        """New files in the order given. Ids grow, and none is ever used again."""
        with self._database.writing() as connection:
            versions = Versions(connection, self._lag)
            added = tuple(_add(versions, bucket_id, new, now) for new in files)
            _log(connection, "create", added, bucket_id, wanted=log)
        return added

    def change(
        self,
        ref: str,
        edit: Callable[[File], File],
        *,
        now: float,
        bucket_id: int | None = None,
        log: bool = True,
    ) -> File | None:
        """Replaces one file by what `edit` makes of it; None where there is no such file.

        A change that changes nothing leaves `updated_at` alone, as Eloquent's save does (LIKELY).
        """
        with self._database.writing() as connection:
            versions = Versions(connection, self._lag)
            old = versions.find(ref, None if bucket_id is None else (bucket_id,))
            if old is None:
                return None
            new = edit(old)
            if new != old:
                new = replace(new, updated_at=now)
                versions.end(old.id, now)
                versions.begin(new, now)
            _log(connection, "update", (new,), new.bucket_id, wanted=log)
        return new

    def delete(
        self,
        buckets: Collection[int] | None,
        refs: Sequence[str],
        *,
        unknown: UnknownId,
        now: float,
        log: bool = True,
    ) -> Batch:
        """Deletes files that are in these buckets (None: in any), by `unknown_id`'s rule."""
        with self._database.writing() as connection:
            versions = Versions(connection, self._lag)
            batch = _chosen([(ref, versions.find(ref, buckets)) for ref in refs], unknown)
            for file in batch.files:
                versions.end(file.id, now)
            if batch.files:
                _log(connection, "delete", batch.files, batch.files[0].bucket_id, wanted=log)
        return batch

    def move(
        self,
        destination: int,
        refs: Sequence[str],
        *,
        sources: Collection[int],
        unknown: UnknownId,
        new_ids: bool,
        now: float,
    ) -> Batch:
        """Moves files that are in one of `sources`; one that is in the destination stays."""
        with self._database.writing() as connection:
            versions = Versions(connection, self._lag)
            buckets = {destination, *sources}
            batch = _chosen([(ref, versions.find(ref, buckets)) for ref in refs], unknown)
            moved = []
            for file in batch.files:
                new = file
                if file.bucket_id != destination:
                    file_id = versions.next_id() if new_ids else file.id
                    new = replace(file, id=file_id, bucket_id=destination, updated_at=now)
                    versions.end(file.id, now)
                    versions.begin(new, now)
                moved.append(new)
            _log(connection, "move", moved, destination, wanted=True)
        return Batch(tuple(moved), batch.missing)

    def mutations(self) -> list[Mutation]:
        """Every write that was made through the API, in the order of their commits."""
        with self._database.reading() as connection:
            return mutation_log.read(connection)

    def forget_mutations(self) -> None:
        """Empties the log of mutations."""
        with self._database.writing() as connection:
            mutation_log.clear(connection)


def _add(versions: Versions, bucket_id: int, new: NewFile, now: float) -> File:
    file = File(
        id=versions.next_id() if new.id is None else versions.reserve_id(new.id),
        bucket_id=bucket_id,
        acr_id=new.acr_id or secrets.token_hex(16),
        title=new.title,
        user_defined=new.user_defined,
        outcome=new.outcome,
        ready_at=new.ready_at,
        duration=new.duration,
        audio_id=new.audio_id,
        data_type=new.data_type,
        size=new.size,
        sha256=new.sha256,
        created_at=now,
        updated_at=now,
    )
    versions.begin(file, now)
    return file


def _chosen(found: Sequence[tuple[str, File | None]], unknown: UnknownId) -> Batch:
    """Which of the files asked for are taken: the second table in `quirks`.

    An id that is asked for twice, or once by id and once by acr_id, counts once.
    """
    missing = tuple(ref for ref, file in found if file is None)
    if unknown == "skipped":
        missing = ()
    elif missing and unknown == "404":
        first = next(place for place, (_, file) in enumerate(found) if file is None)
        found, missing = found[:first], missing[:1]
    elif missing:
        found = ()
    return Batch(tuple({file.id: file for _, file in found if file is not None}.values()), missing)


def _log(
    connection: sqlite3.Connection,
    what: Action,
    files: Sequence[File],
    bucket_id: int,
    *,
    wanted: bool,
) -> None:
    if wanted and files:
        ids = tuple(file.id for file in files)
        mutation_log.append(connection, Mutation(what, ids, bucket_id))
