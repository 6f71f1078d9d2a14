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


class Counted(io.BytesIO):
    """Counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.aiff", b"FORM" + struct.pack(">I", 2**23) + b"AIFF" + b"abcd\0\0\0\0" * 2**20),
        ("a.wav", b"RIFF" + struct.pack("<I", 2**23) + b"WAVE" + b"abcd\0\0\0\0" * 2**20),
        ("a.mp4", struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + b"\0\0\0\x08free" * 2**20),
        ("a.tak", b"tBaK" + b"\3\0\0\0" * 2**21),
    ],
)
def test_a_header_without_end_is_given_up(name: str, data: bytes) -> None:
    """T13: chunks of nothing, each read by itself; packed they are no size at all."""
    file = Counted(data)
    seconds, remark = audio.duration(file, name)  # type: ignore[arg-type]
    assert seconds is None
    assert remark == "its duration cannot be read: not an audio format that is known here"
    assert 0 < file.reads <= 20_000
