"""What can be learned of the bytes of an upload: digest, size, duration, readable or not.

The bytes are read from the stream in pieces and kept nowhere. Formats are those that the
vendor's tools take (field notes); of some of them nothing here can tell the duration, but their
signatures are known, so that they become ready with a duration of 0 instead of an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import wave
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import mutagen

if TYPE_CHECKING:
    from collections.abc import Callable

FINGERPRINT_SUFFIXES = (".fp", ".lo", ".db.lo")

_PIECE = 1 << 20
_LONGEST = 10.0**7  # seconds, four months
_SIGNATURES = (  # (offset, bytes): containers without a reader here
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska
    (0, b"FLV\x01"),
    (0, b"#!AMR"),
    (8, b"AVI LIST"),
    (188, b"\x47"),  # MPEG transport stream: a second packet begins here (the first is checked too)
)


@dataclass(frozen=True, slots=True)
class Examined:
    """`duration` in seconds, 0 where it is not known; `readable` decides the state, 1 or -1."""

    sha256: str
    size: int
    duration: float
    readable: bool


def examine(stream: IO[bytes], name: str, *, fingerprint: bool) -> Examined:
    """Reads an upload once for its digest and once more for its duration.

    A fingerprint, by its data type or by its name's ending, has no duration and is always
    readable.
    """
    digest, size = _digest(stream)
    if fingerprint or name.lower().endswith(FINGERPRINT_SUFFIXES):
        return Examined(digest, size, 0.0, readable=True)
    for reader in (_wave_seconds, _tagged_seconds):
        seconds = _attempt(reader, stream)
        if seconds is not None:
            sensible = 0 < seconds < _LONGEST  # a forged header may say anything, infinity too
            return Examined(digest, size, seconds if sensible else 0.0, readable=sensible)
    return Examined(digest, size, 0.0, readable=_has_known_signature(stream))


def _digest(stream: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while piece := stream.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _attempt(reader: Callable[[IO[bytes]], float | None], stream: IO[bytes]) -> float | None:
    """The seconds that a reader finds; None where the bytes are not of its formats."""
    stream.seek(0)
    with contextlib.suppress(Exception):  # hostile bytes make the parsers raise anything at all
        return reader(stream)
    return None


def _wave_seconds(stream: IO[bytes]) -> float:
    with wave.open(stream, "rb") as audio:
        frame = audio.getnchannels() * audio.getsampwidth()
        # A cut file promises more frames than it has; a decoder plays those that are there.
        start = stream.tell()
        there = (stream.seek(0, 2) - start) // frame
        return min(audio.getnframes(), there) / audio.getframerate()


def _tagged_seconds(stream: IO[bytes]) -> float | None:
    audio = mutagen.File(fileobj=stream)
    return None if audio is None else float(audio.info.length)


def _has_known_signature(stream: IO[bytes]) -> bool:
    stream.seek(0)
    head = stream.read(256)
    if head.startswith(b"\x47") and head[188:189] == b"\x47":
        return True
    return any(head[at : at + len(mark)] == mark for at, mark in _SIGNATURES)
