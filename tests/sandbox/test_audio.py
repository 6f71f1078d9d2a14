"""What the bytes of an upload are: duration, readable or not."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.audio import examine

if TYPE_CHECKING:
    from collections.abc import Callable


def _frames(seconds: float) -> bytes:
    return (bytes.fromhex("fffb9064") + bytes(413)) * round(seconds * 44100 / 1152)


def _flac(seconds: int) -> bytes:
    rate, samples = 44100, 44100 * seconds
    packed = (rate << 44) | (1 << 41) | (15 << 36) | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info


def _extensible_wav(seconds: int) -> bytes:
    """The variant of wav that the standard library of Python 3.11 refuses."""
    rate = 8000
    body = bytes(rate * 2 * seconds)
    form = struct.pack("<HHIIHH", 0xFFFE, 1, rate, rate * 2, 2, 16) + struct.pack("<HHI", 22, 16, 4)
    form += bytes.fromhex("0100000000001000800000aa00389b71")
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("content", "name", "seconds"),
    [
        (_frames(3), "a.mp3", 3.0),
        (_frames(3), "a", 3.0),  # by its bytes, whatever it is called
        (_flac(7), "a.flac", 7.0),
        (_extensible_wav(2), "a.wav", 2.0),
    ],
    ids=["mp3", "no name", "flac", "wav extensible"],
)
def test_durations(content: bytes, name: str, seconds: float) -> None:
    found = examine(io.BytesIO(content), name, fingerprint=False)
    assert found.readable
    assert found.duration == pytest.approx(seconds, abs=0.05)


def test_a_wav_that_was_cut_is_as_long_as_what_is_there(wav: bytes) -> None:
    half = wav[: 44 + (len(wav) - 44) // 2]
    assert examine(io.BytesIO(half), "a.wav", fingerprint=False).duration == pytest.approx(1.25)


@pytest.mark.parametrize("name", ["a.fp", "a.LO", "a.db.lo"])
def test_fingerprints_are_always_readable(name: str) -> None:
    assert examine(io.BytesIO(b"??"), name, fingerprint=False).readable
    assert examine(io.BytesIO(b"??"), "a.bin", fingerprint=True).readable
    assert not examine(io.BytesIO(b"??"), "a.bin", fingerprint=False).readable


@pytest.mark.parametrize(
    "head",
    [
        b"\x1a\x45\xdf\xa3",
        b"FLV\x01",
        b"#!AMR\n",
        b"RIFF\0\0\0\0AVI LIST",
        b"\x47" + bytes(187) + b"\x47",
    ],
    ids=["mkv", "flv", "amr", "avi", "ts"],
)
def test_formats_of_the_vendor_without_a_reader_here(head: bytes) -> None:
    found = examine(io.BytesIO(head + bytes(500)), "a", fingerprint=False)
    assert (found.readable, found.duration) == (True, 0.0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda wav: b"",
        lambda wav: wav[:20],
        lambda wav: wav[:44],  # a header and no sound
        lambda wav: wav[:24] + bytes(4) + wav[28:],  # no samples a second
        lambda wav: b"<html>" + wav,
    ],
    ids=["empty", "cut in the header", "silent", "rate 0", "html"],
)
def test_what_is_no_audio(wav: bytes, spoil: Callable[[bytes], bytes]) -> None:
    assert not examine(io.BytesIO(spoil(wav)), "a.wav", fingerprint=False).readable


@given(
    head=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb\x90\x64", b"MAC "]),
    tail=st.binary(max_size=300),
)
def test_hostile_bytes_raise_nothing(head: bytes, tail: bytes) -> None:
    found = examine(io.BytesIO(head + tail), "a", fingerprint=False)
    assert found.duration >= 0
