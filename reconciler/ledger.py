"""The ledger: an append-only, hash-chained record of every apply, one JSON line a record.

Every record carries `seq`, `prev` (the hash of the record before it) and, last, `hash`: the
sha256 over the exact bytes of its line before `,"hash":`. A line that a crash left torn is
cut off when the ledger is opened; anything else that does not fit is refused.
"""

import fcntl
import hashlib
import os
import stat
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, assert_never

import orjson

from reconciler.core.codec import action, encode_change, encode_content
from reconciler.core.content import Content
from reconciler.core.drift import LastApplied
from reconciler.core.model import Json, Key
from reconciler.core.outcome import Applied, Failed, Outcome, Sent, Stale, Unknown
from reconciler.core.plan import Change, ChangeId
from reconciler.core.ports import Clock
from reconciler.errors import LedgerError, LockHeld

FORMAT = "reconciler/ledger/1"
_HASH = b',"hash":"sha256:'
_END = b'"}'
_START = "sha256:" + "0" * 64


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
        self._broken: LedgerError | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise LedgerError(f"opening the ledger {path}: {error.strerror}") from error
        try:
            self._take()
            self._open_creates = self._heal()
            self._catalog = ""
            _sync_folder(path.parent)
        except OSError as error:
            os.close(self._file)
            raise LedgerError(f"opening the ledger {path}: {error.strerror}") from error
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
        """Close the file, which also lets the next run in."""
        os.close(self._file)

    @property
    def anchor(self) -> str:
        """The last record's `SEQ:HASH`: kept elsewhere, it shows a cut or rewritten ledger."""
        return f"{self._seq}:{self._prev}"

    def run_began(self, about: Mapping[str, Json]) -> None:
        """A run begins; `about`: the plan, and who runs it, where, for what."""
        self._catalog = _catalog_of(about)
        self._append([{"kind": "run.began", "format": FORMAT, **about}])

    def began(self, changes: Collection[Change]) -> None:
        """These changes are about to be sent. Returns once that is on disk."""
        self._append([{"kind": "change.began", **_named(change)} for change in changes])

    def ended(
        self,
        ends: Collection[tuple[Change, Outcome]],
        sendings: Mapping[ChangeId, Sent] = MappingProxyType({}),
    ) -> None:
        """These changes have ended so."""
        self._append(
            [
                {"kind": "change.ended", **_short(change), **_outcome(outcome), **_sent(sendings.get(change.id))}
                for change, outcome in ends
            ]
        )

    def run_ended(self, about: Mapping[str, Json]) -> None:
        """The run has ended; `about`: its counts, and whether it converged."""
        self._append([{"kind": "run.ended", **about}])

    def open_creates(self) -> Mapping[Key, float]:
        """Creates of this catalogue's earlier runs of which nobody knows how they ended, and when
        they began. Another catalogue with the same key closes none of them."""
        return self._open_creates.get(self._catalog, {})

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeld(f"another apply writes to the ledger {self._path}") from error

    def _heal(self) -> Mapping[str, Mapping[Key, float]]:
        """Read the whole chain; which creates of which catalogue are still open in it."""
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            raise LedgerError(f"opening the ledger {self._path}: it is not a regular file")
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(0)
            data = stream.read()
        whole = data.rfind(b"\n") + 1
        self._seq, self._prev = 0, _START
        creates: dict[str, dict[Key, float]] = defaultdict(dict)
        runs: dict[str, str] = {}
        for record in _chain(data[:whole], self._path):
            self._seq, self._prev = record["seq"], record["hash"]
            with _understood(record, self._path):
                if record["kind"] == "run.began":
                    runs[record["run"]] = _catalog_of(record)
                if record.get("action") == "create":
                    key, of_catalog = Key(record["key"]), creates[runs[record["run"]]]
                    of_catalog.pop(key, None)
                    if record["kind"] == "change.began" or record["outcome"] == "unknown":
                        of_catalog[key] = datetime.fromisoformat(record["at"]).timestamp()
        if whole != len(data):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)
        return creates

    def _append(self, records: Collection[Mapping[str, Json]]) -> None:
        """Write the records and wait for the disk. After one failure nothing is written any
        more: what an earlier fsync lost, a later one does not bring back."""
        with self._lock:
            if self._broken is not None:
                raise self._broken
            seq, prev = self._seq, self._prev
            lines: list[bytes] = []
            for record in records:
                seq += 1
                line, prev = _line(seq, prev, self._clock.now(), self._run, record)
                lines.append(line)
            data = b"".join(lines)
            try:
                written = 0
                while written < len(data):
                    written += os.write(self._file, data[written:])
                os.fsync(self._file)
            except OSError as error:
                self._broken = LedgerError(
                    f"writing to the ledger {self._path}: {error.strerror}; nothing more is sent"
                )
                raise self._broken from error
            self._seq, self._prev = seq, prev


def read_records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The records of a ledger, oldest first, each checked against the chain; none where there is
    no ledger. A torn last line is passed over. Raises `LedgerError`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LedgerError(f"reading the ledger {path}: it is not a regular file")
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise LedgerError(f"reading the ledger {path}: {error.strerror}") from error
    yield from _chain(data[: data.rfind(b"\n") + 1], path)


def last_applied(path: Path, catalog: str) -> Mapping[Key, LastApplied]:
    """What applies of this catalogue last made of each key."""
    began: dict[tuple[str, str], Mapping[str, Any]] = {}
    last: dict[Key, LastApplied] = {}
    ours: set[str] = set()
    for record in read_records(path):
        with _understood(record, path):
            if record["kind"] == "run.began" and record["catalog"]["name"] == catalog:
                ours.add(record["run"])
            if record["run"] not in ours or "key" not in record:
                continue
            if record["kind"] == "change.began":
                began[record["run"], record["id"]] = record
            elif record["kind"] == "change.ended" and record["outcome"] == "applied":
                change = began.get((record["run"], record["id"]))
                if change is not None:
                    key = Key(record["key"])
                    last[key] = _made(change, last.get(key))
    return last


def _made(change: Mapping[str, Any], before: LastApplied | None) -> LastApplied:
    gone = change["action"] == "delete"
    if gone and before is not None and ("after_change" in change or "keeps" in change):
        # The old file of a replacement goes, and the key lives on in the new one.
        return before
    content = change["after"] if "after" in change else change["before"]
    made = Content(content["title"], content["user_defined"])
    return LastApplied(made, change["bucket"], deleted=gone)


def _catalog_of(about: Mapping[str, Any]) -> str:
    """Which catalogue, on which host, a run was of."""
    return f"{about['catalog']['name']} {about.get('origin', '')}"


@contextmanager
def _understood(record: Mapping[str, Any], path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            f"{path}:{record.get('seq')}: this record is not one that this version writes "
            f"({type(error).__name__}: {error}); name another --ledger"
        ) from error


def _chain(data: bytes, path: Path) -> Iterator[dict[str, Any]]:
    prev = _START
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        body, mark, rest = line.rpartition(_HASH)
        told = "sha256:" + rest.removesuffix(_END).decode("ascii", "replace")
        actual = f"sha256:{hashlib.sha256(body).hexdigest()}"
        record = _parsed(line)
        fits = record is not None and record.get("seq") == number and record.get("prev") == prev
        if not mark or told != actual or record is None or not fits:
            raise LedgerError(
                f"{path}:{number}: this record is not as it was written, or one before it is "
                "missing: the ledger was changed. Keep it as evidence, and name another --ledger"
            )
        kind = record.get("kind")
        if kind is None or (kind == "run.began" and record.get("format") != FORMAT):
            raise LedgerError(
                f"{path}:{number}: written by another version, as {record.get('format')!r}"
            )
        prev = told
        yield record


def _sync_folder(folder: Path) -> None:
    """A new file is on disk only once its folder is."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _line(
    seq: int, prev: str, now: float, run: str, record: Mapping[str, Json]
) -> tuple[bytes, str]:
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    body = orjson.dumps({"seq": seq, "prev": prev, "at": at, "run": run, **record})[:-1]
    digest = hashlib.sha256(body).hexdigest()
    return body + _HASH + digest.encode() + _END + b"\n", f"sha256:{digest}"


def _named(change: Change) -> dict[str, Json]:
    return encode_change(change)


def _short(change: Change) -> dict[str, Json]:
    short: dict[str, Json] = {"id": change.id, "action": action(change), "bucket": change.bucket}
    return short if change.key is None else {**short, "key": change.key}


def _sent(sent: Sent | None) -> dict[str, Json]:
    return {} if sent is None else {"attempts": sent.attempts, "status": sent.status}


def _outcome(outcome: Outcome) -> dict[str, Json]:
    match outcome:
        case Applied(file_id=file_id, acr_id=acr_id, already=already):
            return {"outcome": "applied", "file_id": file_id, "acr_id": acr_id, "already": already}
        case Stale(why=why, live=live):
            content = None if live is None else encode_content(live)
            return {"outcome": "stale", "why": why, "live": content}
        case Failed(why=why, file_id=file_id):
            return {"outcome": "failed", "why": why, "file_id": file_id}
        case Unknown(why=why):
            return {"outcome": "unknown", "why": why}
        case _:
            assert_never(outcome)
