"""The ledger that a run writes to: one process at a time, and every record on disk before the
next step is taken. Who comes while the disk is busy shares the next write with all who wait."""

import fcntl
import os
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from reconciler.core.model import FileId, Json, Key
from reconciler.core.outcome import EarlierCreate, Outcome, Sent
from reconciler.core.plan import Change, ChangeId
from reconciler.core.ports import Clock
from reconciler.errors import LedgerError, LockHeld
from reconciler.ledger.chain import FORMAT, START, Anchor, anchor_of, line_after, tail
from reconciler.ledger.earlier import Earlier
from reconciler.ledger.reading import checked, understood, why
from reconciler.ledger.saying import beginning, ending
from reconciler.private import make_folder, open_file, sync_folder


@dataclass(slots=True)
class _Group:
    """Records that go to the disk together."""

    records: list[Mapping[str, Json]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    end: Anchor = START
    """The last record's."""
    failure: LedgerError | None = None
    """Why it is not on disk."""
    is_over: threading.Event = field(default_factory=threading.Event)
    """It is on disk, or will never be."""


class Ledger:
    """A ledger that is open for one run's records. One process writes at a time."""

    def __init__(self, path: Path, clock: Clock, run: str) -> None:
        """Open or make the file (0600, its folder 0700), check its chain, cut off a torn line.

        Raises `LedgerError`, or `LockHeld` where another run writes to it.
        """
        self._path = path
        self._clock = clock
        self._run = run
        self._lock = threading.Lock()
        self._disk = threading.Lock()
        self._open: _Group | None = None
        self._broken: LedgerError | None = None
        self._unwritten: list[Mapping[str, Json]] = []
        self._is_under_way = False
        self._origin = ""
        try:
            make_folder(path.parent)
            self._file = open_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        except OSError as error:
            raise LedgerError(f"opening the ledger {path}: {why(error)}") from error
        try:
            self._take()
            self._earlier = Earlier()
            self._heal()
            sync_folder(path.parent)
        except OSError as error:
            os.close(self._file)
            raise LedgerError(f"opening the ledger {path}: {why(error)}") from error
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        """Use as a context, so that the file is closed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, which also lets the next run in. A run that an error ends ends on the
        ledger, too."""
        try:
            if self._is_under_way and isinstance(error, Exception):
                with suppress(LedgerError):
                    self.run_ended({"converged": False, "error": type(error).__name__})
        finally:
            os.close(self._file)

    @property
    def anchor(self) -> str:
        """The last record's `SEQ:HASH`: kept elsewhere, it shows a cut or rewritten ledger."""
        return str(self._kept)

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
        """These changes are about to be sent. Returns once that is on disk."""
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
        return self._earlier.creates(names, self._origin)

    def earlier_deletes(self, names: Collection[str]) -> Mapping[FileId, float]:
        """The files that those runs have deleted, or may have, and when they said so last."""
        return self._earlier.deletes(names, self._origin)

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeld(f"another apply writes to the ledger {self._path}") from error

    def _heal(self) -> None:
        """Read the whole chain, and what it knows of creates; cut off a torn end."""
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(0)
            data = stream.read()
        self._at = START
        for record in checked(data, self._path):
            self._at = anchor_of(record)
            with understood(record, self._path):
                self._earlier.note(record)
        self._kept = self._at
        torn = len(tail(data))
        if torn:
            os.ftruncate(self._file, len(data) - torn)
            os.fsync(self._file)

    def _append(self, records: Collection[Mapping[str, Json]]) -> None:
        """Write the records and wait for the disk. After one failure nothing is written any
        more: what an earlier fsync lost, a later one does not bring back."""
        group, is_first = self._joined(records)
        if is_first:
            with self._disk:
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
            lines, end = _chained(self._at, dated)
            is_first = self._open is None
            group = self._open = self._open or _Group()
            group.records += dated
            group.lines += lines
            group.end = self._at = end
        return group, is_first

    def _write_out(self, group: _Group) -> None:
        """The group, with all who joined it by now. Who comes later waits for the next."""
        with self._lock:
            self._open = None
        failure: LedgerError | None = LedgerError(f"writing to the ledger {self._path}: broken off")
        try:
            failure = self._broken or self._written(b"".join(group.lines))
        finally:
            # Nobody waits for ever, and nobody believes what is not so, whatever broke this off.
            with self._lock:
                if failure is None:
                    self._kept = group.end
                else:
                    self._broken = group.failure = failure
                    self._unwritten += [
                        each for each in group.records if str(each["kind"]).endswith(".ended")
                    ]
            group.is_over.set()

    def _written(self, data: bytes) -> LedgerError | None:
        """None once it is on disk."""
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError as error:
            return LedgerError(
                f"writing to the ledger {self._path}: {error.strerror}; nothing more is sent"
            )
        return None


def _chained(at: Anchor, records: Iterable[Mapping[str, Json]]) -> tuple[list[bytes], Anchor]:
    """The lines of the records after this one, and what the next follows."""
    lines: list[bytes] = []
    for record in records:
        line, at = line_after(at, record)
        lines.append(line)
    return lines, at
