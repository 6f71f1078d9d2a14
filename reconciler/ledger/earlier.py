"""What a ledger knows of the creates that earlier runs have sent. Pure.

| the ledger says of a create                  | its file                                    |
|----------------------------------------------|---------------------------------------------|
| begun, and nothing more: the run was killed  | may come                                    |
| ended as unknown                             | may come                                    |
| ended, and names a file                      | is there, and may not be in a listing yet   |
| ended otherwise                              | does not come: of what this run began; what |
|                                              | another began is another matter             |

A file that was made answers for all that was begun of its key before.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from reconciler.core.model import Key
from reconciler.core.outcome import EarlierCreate
from reconciler.ledger.chain import Record

Owner: TypeAlias = tuple[str, str]
"""A catalogue's name, and the host it is on."""


class EarlierCreates:
    """What is known after the records that were taken note of, in their order."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._owners: dict[str, Owner] = {}
        self._known: dict[Owner, dict[Key, dict[str, EarlierCreate]]] = defaultdict(dict)
        """By key, and by the run that has sent it."""

    def note(self, record: Record) -> None:
        """Take note of a record. Raises `KeyError`, `TypeError` or `ValueError` where it lacks
        what a record of its kind has."""
        run = record["run"]
        if record["kind"] == "run.began":
            self._owners[run] = (record["catalog"]["name"], record.get("origin", ""))
        if record.get("action") != "create":
            return
        sent = self._known[self._owners[run]].setdefault(Key(record["key"]), {})
        at = datetime.fromisoformat(record["at"]).timestamp()
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
                sent[run] = EarlierCreate(at, made.bucket_id, made=True)

    def of(self, names: Collection[str], origin: str) -> Mapping[Key, Sequence[EarlierCreate]]:
        """By key, those of the catalogue with any of these names on this host."""
        found: dict[Key, list[EarlierCreate]] = defaultdict(list)
        for key, sent in self._each(names, origin):
            found[key] += sent
        return found

    def _each(
        self, names: Collection[str], origin: str
    ) -> Iterator[tuple[Key, Collection[EarlierCreate]]]:
        for name in names:
            for key, sent in self._known.get((name, origin), {}).items():
                if sent:
                    yield key, sent.values()
