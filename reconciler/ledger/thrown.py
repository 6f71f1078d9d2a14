"""What applies have thrown away, and when: since when a file lies in a trash.

| the ledger says of a move into a trash  | the file lies there since                            |
|-----------------------------------------|------------------------------------------------------|
| begun, and nothing more; or unknown     | that moment, if it lies there: nobody else is known  |
| ended as applied                        | that moment, by the id that it has then              |
| ended otherwise                         | nothing is known: it was not this move               |

A move out of it takes that back; so does an update that saw it elsewhere. No record is older than
one that stands before it, whatever the clock said: a file must not seem to lie there for long.
"""

from collections.abc import Collection
from datetime import datetime

from reconciler.core.model import FileId
from reconciler.core.purge import Thrown
from reconciler.ledger.chain import Record
from reconciler.ledger.places import Place
from reconciler.ledger.reading import read_records, understood


def thrown_away(place: Place, names: Collection[str], origin: str) -> dict[FileId, Thrown]:
    """By file, where and when applies of the catalogue with any of these names threw it away, on
    this host. Raises `LedgerError`."""
    thrown: dict[FileId, Thrown] = {}
    ours: set[str] = set()
    latest = 0.0
    for record in read_records(place):
        with understood(record, place):
            latest = max(latest, datetime.fromisoformat(record["at"]).timestamp())
            if record["kind"] == "run.began":
                is_ours = record["catalog"]["name"] in names and record.get("origin", "") == origin
                ours |= {record["run"]} if is_ours else set()
            elif record["run"] in ours and record.get("action") == "move":
                _note_move(record, thrown, latest)
            elif record["run"] in ours and record.get("action") == "update":
                _note_update(record, thrown)
    return thrown


def _note_move(record: Record, thrown: dict[FileId, Thrown], at: float) -> None:
    planned = _file_of(record)
    outcome = record.get("outcome")
    if "trash" not in record:
        if outcome == "applied":
            thrown.pop(planned, None)
    elif outcome is None:
        thrown[planned] = Thrown(record["bucket_id"], at)
    elif outcome == "applied":
        begun = thrown.pop(planned, None)
        # What was found done already was done by the earlier run that began it, if one did.
        since = begun if record["already"] else None
        thrown[FileId(record["file_id"])] = since or Thrown(record["bucket_id"], at)
    elif outcome != "unknown":
        thrown.pop(planned, None)


def _note_update(record: Record, thrown: dict[FileId, Thrown]) -> None:
    """It begins only where the file was just seen in its bucket."""
    there = thrown.get(_file_of(record))
    if there is not None and record.get("bucket_id", there.bucket_id) != there.bucket_id:
        del thrown[_file_of(record)]


def _file_of(record: Record) -> FileId:
    """The file as the plan had it."""
    return FileId(int(str(record["id"]).partition(":")[2]))
