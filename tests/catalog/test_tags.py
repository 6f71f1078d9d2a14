"""What tags say, in plain words, whatever the format; hostile ones do nothing."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.tags import clean, read_tags
from tests.catalog import sound
from tests.catalog.conftest import searched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAID = {
    "title": "First light", "artist": "Ann; Bob", "album": "Day", "isrc": "00123",
    "date": "2007-05-01", "year": "2007", "track": "3", "label": "Acme", "catalog number": "X1",
}  # fmt: skip
ID3 = {
    "TIT2": "First light", "TPE1": ["Ann", "Bob"], "TALB": "Day", "TSRC": "00123",
    "TDRC": "2007-05-01", "TRCK": "3/12", "TPUB": "Acme", "TXXX:Catalog Number": "X1",
}  # fmt: skip
COMMENTS = {
    "title": "First light", "ARTIST": ["Ann", "Bob"], "album": "Day", "isrc": "00123",
    "date": "2007-05-01", "tracknumber": "3", "organization": "Acme", "Catalog Number": "X1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "name", "tags"),
    [
        (sound.wav, "a.wav", ID3),
        (sound.mp3, "a.mp3", ID3),
        (sound.flac, "a.flac", COMMENTS),
        (sound.opus, "a.opus", COMMENTS),
        (
            sound.ape,
            "a.wv",
            {
                "Title": "First light", "Artist": ["Ann", "Bob"], "Album": "Day", "ISRC": "00123",
                "Year": "2007-05-01", "Track": "3/12", "Publisher": "Acme", "Catalog Number": "X1",
            },
        ),
        (
            sound.mp4,
            "a.m4a",
            {
                "\xa9nam": "First light", "\xa9ART": ["Ann", "Bob"], "\xa9alb": "Day",
                "\xa9day": "2007-05-01", "trkn": [(3, 12)],
                "----:com.apple.iTunes:ISRC": b"00123", "----:com.apple.iTunes:LABEL": b"Acme",
                "----:com.apple.iTunes:Catalog Number": b"X1",
            },
        ),
        (
            sound.wma,
            "a.wma",
            {
                "Title": "First light", "Author": ["Ann", "Bob"], "WM/AlbumTitle": "Day",
                "WM/ISRC": "00123", "WM/Year": "2007-05-01", "WM/TrackNumber": "3",
                "WM/Publisher": "Acme", "Catalog Number": "X1",
            },
        ),
    ],
    ids=["wav", "mp3", "flac", "opus", "ape", "mp4", "wma"],
)  # fmt: skip
def test_each_format_says_the_same(
    tmp_path: Path, make: Callable[..., Path], name: str, tags: dict[str, Any]
) -> None:
    read = read_tags(str(make(tmp_path / name, tags)))
    assert read.complaint is None
    assert {name: read.values.get(name) for name in SAID} == SAID


def test_id3_of_version_2_3(tmp_path: Path) -> None:
    path = sound.mp3(tmp_path / "a.mp3", {"TIT2": "T", "TDRC": "2007-05-01"}, version=3)
    assert read_tags(str(path)).values == {"title": "T", "date": "2007-05-01", "year": "2007"}


def test_id3_of_version_2_2(tmp_path: Path) -> None:
    frame = (
        b"TT2" + (3).to_bytes(3, "big") + b"\0Hi" + b"TYE" + (5).to_bytes(3, "big") + b"\x001999"
    )
    path = tmp_path / "a.mp3"
    audio = (b"\xff\xfb\x90\x64" + b"\0" * 413) * 40
    path.write_bytes(b"ID3\2\0\0\0\0\0" + bytes([len(frame)]) + frame + audio)
    assert read_tags(str(path)).values == {"title": "Hi", "date": "1999", "year": "1999"}


def test_a_genre_by_its_number_is_its_name(tmp_path: Path) -> None:
    path = sound.mp3(tmp_path / "a.mp3", {"TCON": "(17)"})
    assert read_tags(str(path)).values == {"genre": "Rock"}


def test_numbers_are_text_and_pictures_are_nothing(tmp_path: Path) -> None:
    path = sound.mp4(tmp_path / "a.m4a", {"tmpo": [120], "cpil": True, "covr": [b"\xff\xd8"]})
    assert read_tags(str(path)).values == {"bpm": "120"}


def test_no_tags_are_no_tags(tmp_path: Path) -> None:
    assert read_tags(str(sound.wav(tmp_path / "a.wav"))).values == {}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a\0b", "a; b"),
        (" a\r\n\tb\x1b[31m\x85c ", "a b [31m c"),
        ("e\u0301", "\xe9"),
        ("a\u202eb\u2066c\ufeff", "abc"),
        ("a\u2028b", "a b"),
        ("\x01\x02", None),
    ],
)
def test_a_value_is_one_line_of_text(tmp_path: Path, said: str, meant: str | None) -> None:
    read = read_tags(str(sound.flac(tmp_path / "a.flac", {"title": said})))
    assert read.values.get("title") == meant


def test_half_a_character_is_none() -> None:
    assert clean("a\ud83db") == "ab"


@searched
@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()
    assert not {*map(ord, once)} & {*range(32), *range(127, 160)}


def test_what_is_too_long_is_refused_and_said(tmp_path: Path) -> None:
    read = read_tags(
        str(sound.flac(tmp_path / "a.flac", {"title": "x" * 1001, "album": "x" * 1000}))
    )
    assert read.refused == {"title": "is longer than 1,000 characters"}
    assert read.values == {"album": "x" * 1000}


def test_a_large_frame_is_refused_and_said(tmp_path: Path) -> None:
    read = read_tags(str(sound.mp3(tmp_path / "a.mp3", {"TIT2": "x" * 20_000, "TALB": "B"})))
    assert read.refused == {"title": "is packed, or too large for a text"}
    assert read.values == {"album": "B"}


def test_very_many_tags_are_not_all_read(tmp_path: Path) -> None:
    """T13: to bring them together, each with all before it, takes long."""
    comments = b"".join(struct.pack("<I", 9) + b"x%06d=y" % number for number in range(9_000))
    block = struct.pack("<II", 0, 9_000) + comments
    path = sound.flac(tmp_path / "a.flac", {})
    info = path.read_bytes()[8:42]
    path.write_bytes(b"fLaC\0\0\0\x22" + info + b"\x84" + len(block).to_bytes(3, "big") + block)
    read = read_tags(str(path))
    assert read.complaint is None
    assert len(read.values) == 256


def test_very_many_frames_are_not_all_read(tmp_path: Path) -> None:
    frames = b"".join(
        b"TPE1" + struct.pack(">IH", 5, 0) + b"\3%04d" % number for number in range(5_000)
    )
    path = tmp_path / "a.mp3"
    audio = (b"\xff\xfb\x90\x64" + b"\0" * 413) * 40
    path.write_bytes(b"ID3\3\0\0" + syncsafe(len(frames)) + frames + audio)
    read = read_tags(str(path))
    assert read.values["artist"].startswith("0000; 0001; 0002")
    assert "0999" not in read.values["artist"]


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


@pytest.mark.parametrize("version", [3, 4])
def test_a_packed_frame_is_never_unpacked(tmp_path: Path, version: int) -> None:
    """T13: 30 kB of a tag may be 30 MB of text. Read as mutagen does, it would be."""
    unpacked = 8 * 1024 * 1024
    data = zlib.compress(b"\3" + b"A" * unpacked, 9)
    if version == 4:
        frame = b"TIT2" + syncsafe(len(data) + 4) + b"\0\x09" + syncsafe(0) + data
    else:
        frame = b"TIT2" + struct.pack(">I", len(data) + 4) + b"\0\x80" + struct.pack(">I", 0) + data
    path = tmp_path / "a.mp3"
    audio = (b"\xff\xfb\x90\x64" + b"\0" * 413) * 40
    path.write_bytes(b"ID3" + bytes([version]) + b"\0\0" + syncsafe(len(frame)) + frame + audio)
    read_tags(str(sound.wav(tmp_path / "warm.wav")))
    tracemalloc.start()
    try:
        read = read_tags(str(path))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read.values == {}
    assert read.refused == {"title": "is packed, or too large for a text"}
    assert most < unpacked / 4


def test_names_that_no_template_can_say_are_left_out(tmp_path: Path) -> None:
    frames = {
        "TXXX:{a}": "1",
        "TXXX:" + "n" * 65: "2",
        "TXXX:": "3",
        "TXXX:B|c": "4",
        "TXXX:D": "5",
    }
    read = read_tags(str(sound.mp3(tmp_path / "a.mp3", frames)))
    assert read.values == {"d": "5"}


def test_a_file_that_is_gone_or_no_file_says_so(tmp_path: Path) -> None:
    assert read_tags(str(tmp_path / "none.mp3")).complaint == (
        "its tags cannot be read: No such file or directory"
    )
    (tmp_path / "link.mp3").symlink_to("none.mp3")
    assert read_tags(str(tmp_path / "link.mp3")).complaint is not None


@searched
@given(st.data())
def test_hostile_bytes_raise_nothing(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile"
    folder.mkdir(exist_ok=True)
    make, name, tags = data.draw(
        st.sampled_from(
            [
                (sound.wav, "a.wav", ID3),
                (sound.mp3, "a.mp3", ID3),
                (sound.flac, "a.flac", COMMENTS),
                (sound.opus, "a.opus", COMMENTS),
                (sound.ape, "a.wv", {"Title": "T"}),
                (sound.mp4, "a.m4a", {"\xa9nam": "T"}),
                (sound.wma, "a.wma", {"Title": "T"}),
            ]
        )
    )
    path = make(folder / name, tags)
    held = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        held[data.draw(st.integers(0, min(len(held), 600) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(held))
    read = read_tags(str(path))
    assert all(clean(value) == value and len(value) <= 1000 for value in read.values.values())
