"""What the ledger remembers of a catalogue's files: what applies last made of each key.

| the ledger says of a change            | it was applied                                       |
|----------------------------------------|------------------------------------------------------|
| ended as applied                       | yes                                                  |
| begun and nothing more, or             | yes, where its run converged: a new plan found       |
| ended as unknown                       | nothing to do; else perhaps                          |
| ended otherwise                        | no                                                   |

Of what is perhaps applied the live state may tell: see `core/directions.py`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.content import Content
from reconciler.core.drift import LastApplied, Recalled
from reconciler.core.model import Key
from reconciler.ledger.chain import Record, tail
from reconciler.ledger.places import Place
from reconciler.ledger.reading import checked, read, understood

_Id: TypeAlias = tuple[str, str]
"""A change's, by the run that began it."""


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

    names: Collection[str]
    origin: str
    last: dict[Key, LastApplied] = field(default_factory=dict)
    changes: dict[_Id, Record] = field(default_factory=dict)
    """All that were begun."""
    open: dict[Key, _Id] = field(default_factory=dict)
    """The latest of each key, while it is perhaps applied."""
    ours: set[str] = field(default_factory=set)
    """The runs of the catalogue on the host."""
    others: set[str] = field(default_factory=set)
    """Catalogues with other names."""
    purges: set[str] = field(default_factory=set)

    def note(self, record: Record) -> None:
        run = record["run"]
        if record["kind"] == "run.began":
            self._note_run(run, record["catalog"]["name"], record)
        # What a purge deletes is no key's file any more.
        if run not in self.ours or run in self.purges:
            return
        if record["kind"] == "run.ended":
            if record.get("converged") is True:
                for key in [key for key, (of_run, _) in self.open.items() if of_run == run]:
                    self._apply(key, self.changes[self.open[key]])
        elif "key" in record and not _is_beside(record):
            self._note_change(Key(record["key"]), (run, record["id"]), record)

    def _note_run(self, run: str, catalog: str, record: Record) -> None:
        if catalog not in self.names:
            self.others.add(catalog)
        elif record.get("origin", "") == self.origin:
            self.ours.add(run)
        if "purge" in record:
            self.purges.add(run)

    def _note_change(self, key: Key, change: _Id, record: Record) -> None:
        if record["kind"] == "change.began":
            self.changes[change], self.open[key] = record, change
        elif record["outcome"] == "applied":
            # What was done already was not begun by this run, and its end says what it is.
            about = self.changes.get(change, record)
            if "before" in about or "after" in about:
                self._apply(key, about)
        elif record["outcome"] != "unknown" and self.open.get(key) == change:
            del self.open[key]

    def _apply(self, key: Key, change: Record) -> None:
        self.last[key] = _made(change)
        self.open.pop(key, None)


def remembered(place: Place, names: Collection[str], origin: str) -> Remembered:
    """What the ledger in its place remembers of the catalogue with any of these names, on this
    host. Raises `LedgerError`."""
    memory, kept = _Memory(names, origin), read(place)
    begun: dict[Key, LastApplied] = {}
    if kept is not None:
        for record in checked(kept):
            with understood(record, place):
                memory.note(record)
    for key, change in memory.open.items():
        with understood(memory.changes[change], place):
            begun[key] = _made(memory.changes[change])
    return Remembered(
        memory.last,
        begun,
        Recalled(
            known=bool(memory.ours),
            catalogs=tuple(sorted(memory.others)),
            torn=kept is not None and bool(tail(kept.data)),
        ),
    )


def last_applied(place: Place, names: Collection[str], origin: str) -> Mapping[Key, LastApplied]:
    """What applies of this catalogue on this host last made of each key. Raises `LedgerError`."""
    return remembered(place, names, origin).last


def _is_beside(change: Record) -> bool:
    """Whether a file goes that is beside the key's own: a duplicate, or the old one of a
    replacement. The key lives on."""
    gone = change["action"] in ("delete", "move")
    return gone and ("after_change" in change or "keeps" in change)


def _made(change: Record) -> LastApplied:
    content = change["after"] if "after" in change else change["before"]
    whole = Content(content["title"], content["user_defined"])
    if not isinstance(whole.user_defined, dict):
        raise TypeError("what has the values is no object")
    gone = change["action"] == "delete" or "trash" in change
    return LastApplied(whole, change["bucket"], deleted=gone)
