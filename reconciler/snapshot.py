"""A snapshot on disk: written whole or not at all, readable by its owner only, and read back for
the catalogue, the service and the days that it is good for."""

from datetime import UTC, datetime
from pathlib import Path

from reconciler import __version__, formats, private
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
    taken = Taken(live, moment(taken_at), f"reconciler {__version__}")
    try:
        private.write(path, encode(taken))
    except OSError as error:
        raise SnapshotError(f"writing the snapshot {path}: {error.strerror}") from error


def read_snapshot(
    path: Path, schema: bytes, desired: DesiredState, *, now: float, max_age: float = WEEK
) -> LiveState:
    """What a snapshot says of a catalogue's buckets. `schema`: the snapshot's. `now`: in seconds
    since 1970. Raises `SnapshotError` where a byte was changed since it was written, where it is
    as old as `max_age` or from the future, of another host, or lacks one of the buckets."""
    remedy = "take a new one"
    try:
        data, body = formats.read(path, form=FORMAT, schema=schema, most=_LARGEST, remedy=remedy)
        taken = decode(data, body)
        return live_for(desired, taken, _age(taken.at, now, max_age))
    except formats.NotOfFormatError as error:
        raise SnapshotError(f"reading the snapshot {path}: {error}") from error
    except SnapshotError as error:
        raise SnapshotError(f"reading the snapshot {path}: {formats.short(str(error))}") from error


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
