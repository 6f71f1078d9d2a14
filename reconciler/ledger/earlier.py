"""What a ledger knows of the files that earlier runs have made and deleted. Pure.

| the ledger says of a create or a delete | the file of a create              | of a delete      |
|-----------------------------------------|-----------------------------------|------------------|
| begun, and nothing more: it was killed  | may come                          | may be gone      |
| ended as unknown                        | may come                          | may be gone      |
| ended as applied                        | is there                          | is gone          |
| ended otherwise, and names a file       | is there                          |                  |
| ended otherwise                         | does not come: of what this run   | is there         |
|                                         | sent; another's is another matter |                  |

A move into a trash is a delete here: where the file was, it is or may be gone. Once it is moved out
again, it is there.

A file that was made answers for all that was sent of its key before. Whatever is there or gone,
a reading may not show it yet.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from reconciler.core.model import FileId, Key
from reconciler.core.outcome import EarlierCreate
from reconciler.ledger.chain import Record

_Owner: TypeAlias = tuple[str, str]
"""A catalogue's name, and the host it is on."""


class Earlier:
    """What is known after the records that were taken note of, in their order."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._owners: dict[str, _Owner] = {}
        self._creates: dict[_Owner, dict[Key, dict[str, EarlierCreate]]] = defaultdict(dict)
        """By key, and by the run that has sent it."""
        self._deletes: dict[_Owner, dict[FileId, float]] = defaultdict(dict)

    def note(self, record: Record) -> None:
        """Take note of a record. Raises `KeyError`, `TypeError` or `ValueError` where it lacks
        what a record of its kind has."""
        run = record["run"]
        if record["kind"] == "run.began":
            self._owners[run] = (record["catalog"]["name"], record.get("origin", ""))
        match record.get("action"):
            case "create":
                self._note_create(record, self._owners[run])
            case "delete":
                self._note_delete(record, self._owners[run])
            case "move" if record.get("trash"):
                self._note_delete(record, self._owners[run])
            case "move" if record.get("outcome") == "applied":
                self._deletes[self._owners[run]].pop(_file_of(record), None)
            case _:
                return

    def creates(self, names: Collection[str], origin: str) -> Mapping[Key, Sequence[EarlierCreate]]:
        """By key, those of the catalogue with any of these names on this host."""
        found: dict[Key, list[EarlierCreate]] = defaultdict(list)
        for name in names:
            for key, sent in self._creates.get((name, origin), {}).items():
                if sent:
                    found[key] += sent.values()
        return dict(found)

    def deletes(self, names: Collection[str], origin: str) -> Mapping[FileId, float]:
        """The files that are or may be gone, and when that was said last."""
        found: dict[FileId, float] = {}
        for name in names:
            found |= self._deletes.get((name, origin), {})
        return found

    def _note_create(self, record: Record, whose: _Owner) -> None:
        run, at = record["run"], _moment(record)
        sent = self._creates[whose].setdefault(Key(record["key"]), {})
        if record["kind"] == "change.began":
            sent[run] = EarlierCreate(at, record["bucket_id"], made=False)
        elif record["outcome"] == "unknown":
            if run in sent:
                sent[run] = EarlierCreate(at, sent[run].bucket_id, made=False)
        elif record.get("file_id") is None:
            sent.pop(run, None)
        else:
            made = sent.get(run)
            sent.clear()
            if made is not None:
                file_id = FileId(record["file_id"])
                sent[run] = EarlierCreate(at, made.bucket_id, made=True, file_id=file_id)

    def _note_delete(self, record: Record, whose: _Owner) -> None:
        file_id = _file_of(record)
        if record["kind"] == "change.began" or record["outcome"] in ("applied", "unknown"):
            self._deletes[whose][file_id] = _moment(record)
        else:
            self._deletes[whose].pop(file_id, None)


def _file_of(record: Record) -> FileId:
    """The file as the plan had it."""
    return FileId(int(str(record["id"]).partition(":")[2]))


def _moment(record: Record) -> float:
    return datetime.fromisoformat(record["at"]).timestamp()
