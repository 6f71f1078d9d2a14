"""The ledger as it is kept, and what was done by it."""

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import ELOOP
from pathlib import Path
from typing import assert_never

from reconciler.core.content import Content
from reconciler.core.drift import LastApplied
from reconciler.core.model import Key
from reconciler.errors import LedgerError
from reconciler.ledger.chain import Record, tail, walk
from reconciler.ledger.diagnosing import diagnose
from reconciler.ledger.findings import Finding, NotALedger, OtherVersion, Torn
from reconciler.ledger.places import Branch, Kept, Place


def read(place: Place) -> Kept | None:
    """The ledger in its place; None where there is none. It needs no right to write there, takes
    no lock, and waits for nobody who writes. Raises `LedgerError`."""
    match place:
        case Path():
            data = read_bytes(place)
            return None if data is None else Kept(place, data)
        case Branch():
            from reconciler.ledger.on_branch import read_branch

            return read_branch(place)
        case _:
            assert_never(place)


def read_bytes(path: Path) -> bytes | None:
    """The bytes of a ledger in a file; None where there is none. Raises `LedgerError` where it
    cannot be read, or is no file of its own: a link, a pipe."""
    try:
        # Not blocking: a pipe would hold the opening up until somebody writes to it.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            check_is_file(opened, f"reading the ledger {path}")
            with os.fdopen(opened, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(opened)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"reading the ledger {path}: {why(error)}") from error


def read_records(place: Place) -> Iterator[Record]:
    """The records of a ledger, oldest first, each checked against the chain; none where there is
    no ledger. A torn last line is passed over. Raises `LedgerError`."""
    kept = read(place)
    if kept is not None:
        yield from checked(kept)


def checked(kept: Kept) -> Iterator[Record]:
    """The records of a ledger, up to a torn last line. Raises `LedgerError`, after those that
    hold, at the first that does not."""
    count = 0
    for record in walk(kept.data):
        count += 1
        yield record
    if count == kept.data.count(b"\n") and not tail(kept.data):
        return
    bad = next((each for each in diagnose(kept.data).findings if not isinstance(each, Torn)), None)
    if bad is not None:
        raise LedgerError(f"{kept.where(bad.line)}: {bad.said}{_what_next(bad, kept.place)}")


def last_applied(place: Place, catalog: str) -> Mapping[Key, LastApplied]:
    """What applies of this catalogue last made of each key."""
    began: dict[tuple[str, str], Record] = {}
    last: dict[Key, LastApplied] = {}
    ours: set[str] = set()
    for record in read_records(place):
        with understood(record, place):
            if record["kind"] == "run.began" and record["catalog"]["name"] == catalog:
                # What a purge deletes is no key's file any more.
                ours |= set() if "purge" in record else {record["run"]}
            if record["run"] not in ours or "key" not in record:
                continue
            if record["kind"] == "change.began":
                began[record["run"], record["id"]] = record
            elif record["kind"] == "change.ended" and record["outcome"] == "applied":
                # What was done already was not begun by this run, and its end says what it is.
                change = began.get((record["run"], record["id"]), record)
                if "before" in change or "after" in change:
                    key = Key(record["key"])
                    last[key] = _made(change, last.get(key))
    return last


@contextmanager
def understood(record: Record, place: Place) -> Iterator[None]:
    """A record that lacks what this version writes, though its hash fits, is a `LedgerError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            f"{place}:{record.get('seq')}: this record is not one that this version writes "
            f"({type(error).__name__}: {error}); name another --ledger"
        ) from error


def check_is_file(opened: int, doing: str) -> None:
    """Raise `LedgerError` where an open file is a pipe, a device or a folder."""
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        raise LedgerError(f"{doing}: it is not a regular file")


def why(error: OSError) -> str:
    """The system's words, but where they speak of something else."""
    if error.errno == ELOOP:
        return "it is a symbolic link: name the file itself"
    return error.strerror or str(error)


def _what_next(finding: Finding, place: Place) -> str:
    if isinstance(finding, OtherVersion | NotALedger):
        return ""
    named = shlex.quote(str(place))
    return (
        f". Run `reconciler audit verify --ledger {named}` to see all that is wrong with it; then "
        "keep it as evidence, and name another --ledger"
    )


def _made(change: Record, before: LastApplied | None) -> LastApplied:
    gone = change["action"] == "delete" or "trash" in change
    if gone and before is not None and ("after_change" in change or "keeps" in change):
        # The old file of a replacement goes, and the key lives on in the new one.
        return before
    content = change["after"] if "after" in change else change["before"]
    made = Content(content["title"], content["user_defined"])
    return LastApplied(made, change["bucket"], deleted=gone)
