"""A snapshot on disk: written whole or not at all, readable by its owner only, and read back for
the catalogue, the service and the days that it is good for."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from reconciler import __version__, formats, private, regular
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.snapshot import FORMAT, Taken, age_text, decode, encode, live_for
from reconciler.errors import SnapshotError

WEEK = 7 * 24 * 60 * 60
"""In seconds: the age at which a snapshot is too old, unless somebody says otherwise."""

_LARGEST = 1024 * 1024 * 1024
"""Bytes of a snapshot, which hold some two million files."""
_APART = 5 * 60
"""Seconds by which the clocks of two machines may differ."""


def moment(seconds: float) -> str:
    """A time since 1970 as a snapshot has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_snapshot(path: Path, live: LiveState, *, taken_at: float) -> None:
    """Write down what is live, in place of a file or where nothing is. `taken_at`: when its
    reading began, in seconds since 1970. Raises `SnapshotError`."""
    if live.snapshot is not None:
        raise SnapshotError(
            f"writing the snapshot {path}: what is to be written comes from a snapshot itself, "
            "and would look younger than it is: copy that"
        )
    _write(path, encode(Taken(live, moment(taken_at), f"reconciler {__version__}")))


def keep_snapshot(path: Path, data: bytes) -> None:
    """Write down a snapshot that came from elsewhere, as it came. Raises `SnapshotError`."""
    _write(path, [data])


def snapshot_in(data: bytes, schema: bytes, doing: str) -> Taken:
    """The snapshot that these bytes are, unchanged since they were written. `schema`: the
    snapshot's. `doing`: the words for it in a `SnapshotError`."""
    try:
        body = formats.parsed(data, form=FORMAT, schema=schema, remedy="take a new one")
        return decode(data, body)
    except formats.NotOfFormatError as error:
        raise SnapshotError(f"{doing}: {error}") from error
    except SnapshotError as error:
        raise SnapshotError(f"{doing}: {formats.short(str(error))}") from error


def read_snapshot(
    path: Path, schema: bytes, desired: DesiredState, *, now: float, max_age: float = WEEK
) -> LiveState:
    """What a snapshot says of a catalogue's buckets. `schema`: the snapshot's. `now`: in seconds
    since 1970. Raises `SnapshotError` where a byte was changed since it was written, where it is
    as old as `max_age` or from the future, of another host, or lacks one of the buckets."""
    doing = f"reading the snapshot {path}"
    try:
        data, _ = regular.read(path, _LARGEST)
    except regular.NotReadError as error:
        raise SnapshotError(f"{doing}: {error}") from None
    taken = snapshot_in(data, schema, doing)
    try:
        return live_for(desired, taken, _age(taken.at, now, max_age))
    except SnapshotError as error:
        raise SnapshotError(f"{doing}: {formats.short(str(error))}") from error


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        private.write(path, pieces)
    except OSError as error:
        raise SnapshotError(f"writing the snapshot {path}: {error.strerror}") from error


def _age(taken_at: str, now: float, most: float) -> int:
    try:
        age = int(now - datetime.fromisoformat(taken_at).timestamp())
    except ValueError:
        raise SnapshotError(f"{taken_at} is no time: take a new one") from None
    if age < -_APART:
        raise SnapshotError(
            f"it was taken at {taken_at}, and here it is {moment(now)}: one of the two clocks is "
            "wrong; set it right, and take a new one"
        )
    if age >= most:
        raise SnapshotError(
            f"it was taken at {taken_at}, {age_text(age)} ago, and may not be as old as "
            f"{age_text(int(most))}: take a new one, or give --max-age"
        )
    return max(age, 0)
