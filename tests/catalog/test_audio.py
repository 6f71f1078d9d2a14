"""How long a file plays, whatever its tags hold."""

from __future__ import annotations

import io
import struct
import tracemalloc
import wave
import zlib
from typing import TYPE_CHECKING

import mutagen
import pytest

from reconciler.catalog import audio

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = 32 * 1024 * 1024


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag() -> bytes:
    """A tag of ID3 whose comment unpacks to a thousand times its size."""
    packed = syncsafe(0) + zlib.compress(b"\3eng\0" + b"A" * UNPACKED, 9)
    frame = b"COMM" + syncsafe(len(packed)) + b"\0\x09" + packed
    return b"ID3\4\0\0" + syncsafe(len(frame)) + frame


def mp3() -> bytes:
    """A hundred frames of 26 ms behind a tag."""
    return tag() + (b"\xff\xfb\x90\x64" + b"\0" * 413) * 100


def wav() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 20_000)
    chunk = tag() + b"\0" * (len(tag()) % 2)
    whole = held.getvalue() + b"id3 " + struct.pack("<I", len(chunk)) + chunk
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


@pytest.mark.parametrize("data", [mp3(), wav()], ids=["mp3", "wav"])
def test_a_tag_is_never_unpacked(data: bytes) -> None:
    """T13: 400 kB of a tag may be 400 MB of text."""
    tracemalloc.start()
    try:
        seconds, remark = audio.duration(io.BufferedReader(io.BytesIO(data)), "a.bin")  # type: ignore[arg-type]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert remark is None
    assert seconds == pytest.approx(2.5, abs=0.2)
    assert most < UNPACKED / 4


def every(kind: type) -> Iterator[str]:
    for each in kind.__subclasses__():
        yield each.__name__
        yield from every(each)


def test_all_formats_that_mutagen_knows_are_tried() -> None:
    mutagen.File(io.BytesIO(b"nothing"))
    ours = {kind.__name__ for kind in audio._kinds()}
    theirs = {name for name in every(mutagen.FileType) if not name.startswith("Easy")}
    assert ours == theirs - {"OggFileType"}
