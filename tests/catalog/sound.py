"""Small audio files that are real, one of each family of tags."""

import struct
import wave
from pathlib import Path
from typing import Any

from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TXXX, Frames
from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from mutagen.wave import WAVE


def wav(path: Path, frames: dict[str, Any] | None = None, *, level: int = 0) -> Path:
    """Two seconds, with a tag of ID3 of these frames; another `level` makes other bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as audio:
        audio.setparams((1, 1, 8000, 0, "NONE", ""))
        audio.writeframes(bytes([128 + level]) * 16000)
    if frames:
        tagged = WAVE(path)
        tagged.add_tags()
        _add(tagged.tags, frames)
        tagged.save()
    return path


def mp3(path: Path, frames: dict[str, Any], *, version: int = 4) -> Path:
    """A second of frames behind a tag of ID3 2.3 or 2.4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((b"\xff\xfb\x90\x64" + b"\0" * 413) * 40)
    tag = ID3()
    _add(tag, frames)
    if version == 3:
        tag.update_to_v23()
    tag.save(path, v2_version=version)
    return path


def flac(path: Path, comments: dict[str, Any]) -> Path:
    """A stream of no samples but a length, and Vorbis comments."""
    rate, channels, bits, samples = 8000, 1, 16, 16000
    packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | samples
    info = struct.pack(">HH", 4096, 4096) + b"\0" * 6 + packed.to_bytes(8, "big") + b"\0" * 16
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"fLaC\x80" + len(info).to_bytes(3, "big") + info)
    tagged = FLAC(path)
    for name, value in comments.items():
        tagged[name] = value
    tagged.save()
    return path


def opus(path: Path, comments: dict[str, Any]) -> Path:
    """Two pages of an Ogg stream of Opus, and its comments."""
    head, tags = OggPage(), OggPage()
    head.packets = [b"OpusHead\x01\x01" + struct.pack("<HIhB", 0, 48000, 0, 0)]
    head.first = True
    tags.packets = [b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)]
    tags.sequence, tags.last, tags.position = 1, True, 48000
    path.write_bytes(head.write() + tags.write())
    tagged = OggOpus(path)
    tagged.update(comments)
    tagged.save()
    return path


def ape(path: Path, items: dict[str, Any]) -> Path:
    """A tag of APE behind a block of WavPack."""
    block = b"wvpk" + struct.pack("<IHBBIIIII", 24, 0x0407, 0, 0, 16000, 0, 16000, 4 << 23, 0)
    path.write_bytes(block)
    tag = APEv2()
    for name, value in items.items():
        tag[name] = value
    tag.save(path)
    return path


def _atom(name: bytes, *inside: bytes) -> bytes:
    data = b"".join(inside)
    return struct.pack(">I", len(data) + 8) + name + data


def mp4(path: Path, items: dict[str, Any]) -> Path:
    """The atoms that say how long it is, and its items."""
    handler = _atom(b"hdlr", b"\0" * 8 + b"soun" + b"\0" * 13)
    header = _atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 8000, 16000, 0))
    track = _atom(b"trak", _atom(b"mdia", header, handler))
    path.write_bytes(_atom(b"ftyp", b"M4A \0\0\0\0M4A ") + _atom(b"moov", track))
    tagged = MP4(path)
    tagged.add_tags()
    for name, value in items.items():
        free = name.startswith("----")
        tagged.tags[name] = [MP4FreeForm(value, AtomDataType.UTF8)] if free else value
    tagged.save()
    return path


def _add(tag: Any, frames: dict[str, Any]) -> None:
    for name, value in frames.items():
        values = value if isinstance(value, list) else [value]
        if name.startswith("TXXX:"):
            tag.add(TXXX(3, name[5:], values))
        else:
            tag.add(Frames[name](3, values))


def wma(path: Path, attributes: dict[str, Any]) -> Path:
    """A header of ASF with a length, an extension, and its attributes."""
    guids = {
        "header": "3026B2758E66CF11A6D900AA0062CE6C",
        "file": "A1DCAB8C47A9CF118EE400C00C205365",
        "extension": "B503BF5F2EA9CF118EE300C00C205365",
        "data": "3626B2758E66CF11A6D900AA0062CE6C",
    }

    def element(name: str, data: bytes) -> bytes:
        return bytes.fromhex(guids[name]) + struct.pack("<Q", len(data) + 24) + data

    length = struct.pack("<QQ", 20_000_000, 20_000_000) + struct.pack("<Q", 0)
    inside = element("file", b"\0" * 40 + length + b"\0" * 16)
    inside += element("extension", b"\x11\xd2\xd3\xab\xba\xa9\xcf\x11" * 2 + b"\6\0" + b"\0" * 4)
    path.write_bytes(
        element("header", struct.pack("<IBB", 2, 1, 2) + inside) + element("data", b"\0" * 26)
    )
    tagged = ASF(path)
    for name, value in attributes.items():
        tagged[name] = value
    tagged.save()
    return path
