"""The ledger that a run writes to: every record is kept before the next step is taken. Who comes
while the store is busy shares the next write with all who wait."""

import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Self

from reconciler.core.model import FileId, Json, Key
from reconciler.core.outcome import EarlierCreate, Outcome, Sent
from reconciler.core.plan import Change, ChangeId
from reconciler.core.ports import Clock
from reconciler.errors import LedgerError
from reconciler.ledger.chain import FORMAT, Record
from reconciler.ledger.earlier import Earlier
from reconciler.ledger.places import Place
from reconciler.ledger.reading import understood
from reconciler.ledger.saying import beginning, ending
from reconciler.ledger.stores import opened


@dataclass(slots=True)
class _Group:
    """Records that are kept together."""

    records: list[Mapping[str, Json]] = field(default_factory=list)
    failure: LedgerError | None = None
    """Why it is not kept."""
    is_over: threading.Event = field(default_factory=threading.Event)
    """It is kept, or will never be."""


class Ledger:
    """A ledger that is open for one run's records."""

    def __init__(self, place: Place, clock: Clock, run: str) -> None:
        """Open or make it, check its chain, and learn what earlier runs have sent.

        Raises `LedgerError`, or `LockHeld` where another run writes to the file.
        """
        self._place = place
        self._clock = clock
        self._run = run
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._open: _Group | None = None
        self._broken: LedgerError | None = None
        self._unwritten: list[Mapping[str, Json]] = []
        self._is_under_way = False
        self._origin = ""
        self._earlier = Earlier()
        self._store = opened(place, clock, self._note)

    def __enter__(self) -> Self:
        """Use as a context, so that it is let go."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it go, which also lets the next run in. A run that an error ends ends on the ledger,
        too."""
        try:
            if self._is_under_way and isinstance(error, Exception):
                with suppress(LedgerError):
                    self.run_ended({"converged": False, "error": type(error).__name__})
        finally:
            self._store.close()

    @property
    def anchor(self) -> str:
        """The last record's `SEQ:HASH`: kept elsewhere, it shows a cut or rewritten ledger."""
        return str(self._store.end)

    @property
    def unwritten(self) -> Sequence[Mapping[str, Json]]:
        """What was done and could not be written, oldest first. What was only about to be done is
        not among it: it was not done then."""
        with self._lock:
            return tuple(self._unwritten)

    def run_began(self, about: Mapping[str, Json]) -> None:
        """A run begins; `about`: the plan, and who runs it, where, for what."""
        self._origin = str(about.get("origin", ""))
        self._append([{"kind": "run.began", "format": FORMAT, **about}])
        self._is_under_way = True

    def began(self, changes: Collection[Change]) -> None:
        """These changes are about to be sent. Returns once that is kept."""
        self._append([beginning(change) for change in changes])

    def ended(
        self,
        ends: Collection[tuple[Change, Outcome]],
        sendings: Mapping[ChangeId, Sent] = MappingProxyType({}),
    ) -> None:
        """These changes have ended so. `sendings`: how those that were sent were."""
        self._append([ending(change, outcome, sendings.get(change.id)) for change, outcome in ends])

    def run_ended(self, about: Mapping[str, Json]) -> None:
        """The run has ended; `about`: its counts, and whether it converged."""
        self._is_under_way = False
        self._append([{"kind": "run.ended", **about}])

    def earlier_creates(self, names: Collection[str]) -> Mapping[Key, Sequence[EarlierCreate]]:
        """By key, what earlier runs of the catalogue, by these names and on this run's host, have
        sent and a listing may not show. Another catalogue with the same key answers for none."""
        with self._lock:
            return self._earlier.creates(names, self._origin)

    def earlier_deletes(self, names: Collection[str]) -> Mapping[FileId, float]:
        """The files that those runs have deleted, or may have, and when they said so last."""
        with self._lock:
            return self._earlier.deletes(names, self._origin)

    def _note(self, record: Record) -> None:
        with understood(record, self._place), self._lock:
            self._earlier.note(record)

    def _append(self, records: Collection[Mapping[str, Json]]) -> None:
        """Keep the records, and wait until they are. After one failure nothing is written any
        more: what an earlier fsync lost, a later one does not bring back."""
        group, is_first = self._joined(records)
        if is_first:
            with self._writing:
                self._write_out(group)
        else:
            group.is_over.wait()
        if group.failure is not None:
            raise group.failure

    def _joined(self, records: Collection[Mapping[str, Json]]) -> tuple[_Group, bool]:
        """The group in which the records now are, after all that came before them, and whether
        they are its first: then whoever brought them writes it."""
        with self._lock:
            at = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
            dated = [{"at": at, "run": self._run, **record} for record in records]
            is_first = self._open is None
            group = self._open = self._open or _Group()
            group.records += dated
        return group, is_first

    def _write_out(self, group: _Group) -> None:
        """The group, with all who joined it by now. Who comes later waits for the next."""
        failure: LedgerError | None = LedgerError(
            f"writing to the ledger {self._place}: broken off"
        )
        try:
            if self._broken is None:
                self._store.gather()
            with self._lock:
                self._open = None
            failure = self._broken or self._kept(group)
        finally:
            # Nobody waits for ever, and nobody believes what is not so, whatever broke this off.
            with self._lock:
                self._open = None if self._open is group else self._open
                if failure is not None:
                    self._broken = group.failure = failure
                    self._unwritten += [
                        each for each in group.records if str(each["kind"]).endswith(".ended")
                    ]
            group.is_over.set()

    def _kept(self, group: _Group) -> LedgerError | None:
        """None once it is kept."""
        try:
            self._store.append(group.records)
        except LedgerError as error:
            return error
        return None
