"""A snapshot as JSON and back: everything that planning needs to know of what is live.

One line for each file, so that it is written as it comes. The last member, `checksum`, is over
every byte before it: a file of which one was changed is refused.

What a plan says of a file rests on all that the file has, ignored and foreign keys too, so all of
it is in here; and no token, no address but the API's, and nothing of the catalogue but its names
of the buckets.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import orjson

from reconciler.core.model import (
    DesiredState,
    File,
    FileId,
    FileState,
    Json,
    LiveBucket,
    LiveState,
    Opaque,
    Snapshot,
)
from reconciler.core.normal import canonical
from reconciler.errors import SnapshotError

FORMAT = "reconciler/snapshot/1"

_SEAL = b',\n"checksum":"sha256:%b"}\n'
_SEAL_SIZE = len(_SEAL % (b"0" * 64))
_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


@dataclass(frozen=True, slots=True)
class Taken:
    """What the service had, and when."""

    live: LiveState
    at: str
    """When its reading began: RFC 3339, UTC."""
    tool: str
    """What wrote it. Informative only."""


def encode(taken: Taken) -> Iterator[bytes]:
    """The snapshot's bytes, piece by piece: the same ones for the same files."""
    hashed = hashlib.sha256()
    for piece in _pieces(taken):
        hashed.update(piece)
        yield piece
    yield _SEAL % hashed.hexdigest().encode()


def decode(data: bytes, body: Mapping[str, Any]) -> Taken:
    """What a snapshot says. `body`: its JSON, whose structure was checked against
    `schemas/snapshot.schema.json`.

    Raises `SnapshotError` where a byte was changed since it was written.
    """
    hashed = hashlib.sha256(memoryview(data)[:-_SEAL_SIZE])
    if not data.endswith(_SEAL % hashed.hexdigest().encode()):
        raise SnapshotError(
            "its bytes were changed after it was written (checksum): take a new one"
        )
    buckets = {name: _bucket(name, told) for name, told in body["buckets"].items()}
    return Taken(LiveState(body["origin"], buckets), body["taken_at"], body["tool"])


def live_for(desired: DesiredState, taken: Taken, age: int) -> LiveState:
    """What a snapshot of this age says of the catalogue's buckets.

    Raises `SnapshotError` where it is of another host, or lacks one of them.
    """
    live, host = taken.live, desired.base_url.rstrip("/")
    if live.origin != host:
        raise SnapshotError(
            f"it was taken of {live.origin}, and the catalogue's service is {host}: take one of "
            "that, or name the right service in RECONCILER_BASE_URL"
        )
    wrong = [
        f"{name} ({bucket.id}), " + ("which is missing" if seen is None else f"which has {seen.id}")
        for name, bucket in sorted(desired.buckets.items())
        if (seen := live.buckets.get(name)) is None or seen.id != bucket.id
    ]
    if wrong:
        raise SnapshotError(
            f"it was taken of other buckets than the catalogue's: {'; '.join(wrong)}: take one "
            "with this catalogue"
        )
    buckets = {name: live.buckets[name] for name in sorted(desired.buckets)}
    return LiveState(live.origin, buckets, Snapshot(taken.at, age))


def age_text(seconds: int) -> str:
    """An age in words: `3 days`."""
    for size, name in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size:,} {name}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _pieces(taken: Taken) -> Iterator[bytes]:
    head = {"origin": taken.live.origin, "taken_at": taken.at, "tool": taken.tool}
    yield b'{"format":' + canonical(FORMAT)
    for name, item in head.items():
        yield b",\n" + canonical(name) + b":" + canonical(item)
    yield b',\n"buckets":{'
    before = b"\n"
    for name, bucket in sorted(taken.live.buckets.items()):
        about = {"id": bucket.id, "region": bucket.region, "incomplete": bucket.incomplete}
        yield before + canonical(name) + b":" + orjson.dumps(about)[:-1] + b',"files":['
        yield from _lines(bucket)
        yield b"\n]}"
        before = b",\n"
    yield b"}"


def _lines(bucket: LiveBucket) -> Iterator[bytes]:
    before = b"\n"
    for file in bucket.files:
        yield before + orjson.dumps(_file(file))
        before = b",\n"


def _file(file: File) -> dict[str, Json | orjson.Fragment]:
    content = file.user_defined
    told: dict[str, Json | orjson.Fragment] = {
        "id": file.id,
        "acr_id": file.acr_id,
        "title": file.title,
        "state": file.state.value,
    }
    if file.duration is not None:
        told["duration"] = file.duration
    if isinstance(content, Opaque):
        told["opaque"] = content.text
    else:
        # By itself: inside another object it might be nested too deep to be written.
        told["user_defined"] = orjson.Fragment(canonical(content))
    return told


def _bucket(name: str, told: Mapping[str, Any]) -> LiveBucket:
    files = tuple(
        File(
            FileId(each["id"]),
            each["acr_id"],
            name,
            each["title"],
            each["user_defined"] if "user_defined" in each else Opaque(each["opaque"]),
            FileState(each["state"]),
            each.get("duration"),
        )
        for each in told["files"]
    )
    if any(one.id >= other.id for one, other in pairwise(files)):
        raise SnapshotError("its files are not in the order of their ids: take a new one")
    return LiveBucket(told["id"], files, told["region"], told["incomplete"])
