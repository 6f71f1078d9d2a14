"""What the ledger remembers of a catalogue's files: what applies last made of each key.

| the ledger says of a change            | it was applied                                       |
|----------------------------------------|------------------------------------------------------|
| ended as applied                       | yes                                                  |
| begun and nothing more, or             | yes, where its run converged: a new plan found       |
| ended as unknown                       | nothing to do; else perhaps                          |
| ended otherwise                        | no                                                   |

Of what is perhaps applied the live state may tell: see `core/directions.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.content import Content
from reconciler.core.drift import LastApplied, Recalled
from reconciler.core.model import Key
from reconciler.ledger.chain import Record, tail
from reconciler.ledger.places import Place
from reconciler.ledger.reading import checked, read, understood


@dataclass(frozen=True, slots=True)
class Remembered:
    """By key, what is known of a catalogue's files."""

    last: Mapping[Key, LastApplied]
    """What applies last made."""
    begun: Mapping[Key, LastApplied]
    """What a later change makes that is perhaps applied."""
    recalled: Recalled


@dataclass(slots=True)
class _Memory:
    """After the records that were taken note of, in their order."""

    catalog: str
    last: dict[Key, LastApplied] = field(default_factory=dict)
    begun: dict[Key, Record] = field(default_factory=dict)
    catalogs: dict[str, str] = field(default_factory=dict)
    """By run."""

    def note(self, record: Record) -> None:
        if record["kind"] == "run.began":
            self.catalogs[record["run"]] = record["catalog"]["name"]
        if self.catalogs.get(record["run"]) != self.catalog:
            return
        if record["kind"] == "run.ended" and record.get("converged") is True:
            of_run = [each for each in self.begun.values() if each["run"] == record["run"]]
            for change in of_run:
                self._apply(Key(change["key"]), change)
        elif "key" not in record or _is_beside(record):
            return
        elif record["kind"] == "change.began":
            self.begun[Key(record["key"])] = record
        elif record["kind"] == "change.ended":
            self._end(Key(record["key"]), record)

    def _end(self, key: Key, record: Record) -> None:
        begun = self.begun.get(key)
        is_its = begun is not None and (begun["run"], begun["id"]) == (record["run"], record["id"])
        if record["outcome"] == "applied":
            # What was done already was not begun by this run, and its end says what it is.
            change = begun if begun is not None and is_its else record
            if "before" in change or "after" in change:
                self._apply(key, change)
        elif is_its and record["outcome"] != "unknown":
            del self.begun[key]

    def _apply(self, key: Key, change: Record) -> None:
        self.last[key] = _made(change)
        self.begun.pop(key, None)


def remembered(place: Place, catalog: str) -> Remembered:
    """What the ledger in its place remembers of a catalogue. Raises `LedgerError`."""
    memory, kept = _Memory(catalog), read(place)
    begun: dict[Key, LastApplied] = {}
    if kept is not None:
        for record in checked(kept):
            with understood(record, place):
                memory.note(record)
    for key, change in memory.begun.items():
        with understood(change, place):
            begun[key] = _made(change)
    catalogs = {*memory.catalogs.values()}
    return Remembered(
        memory.last,
        begun,
        Recalled(
            known=catalog in catalogs,
            catalogs=tuple(sorted(catalogs - {catalog})),
            torn=kept is not None and bool(tail(kept.data)),
        ),
    )


def last_applied(place: Place, catalog: str) -> Mapping[Key, LastApplied]:
    """What applies of this catalogue last made of each key. Raises `LedgerError`."""
    return remembered(place, catalog).last


def _is_beside(change: Record) -> bool:
    """Whether a file goes that is beside the key's own: a duplicate, or the old one of a
    replacement. The key lives on."""
    return change["action"] == "delete" and ("after_change" in change or "keeps" in change)


def _made(change: Record) -> LastApplied:
    content = change["after"] if "after" in change else change["before"]
    whole = Content(content["title"], content["user_defined"])
    return LastApplied(whole, change["bucket"], deleted=change["action"] == "delete")
