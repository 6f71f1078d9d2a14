"""How long an audio file plays, by its own headers.

Tags are not looked at: what a frame of ID3 unpacks to may be a thousand times as large as the file.
"""

import math
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from io import BufferedReader
from typing import Any, Final

_WITH_ID3: Final = {
    "mp3": "MP3",
    "trueaudio": "TrueAudio",
    "id3": "ID3FileType",
    "aiff": "AIFF",
    "dsf": "DSF",
    "dsdiff": "DSDIFF",
    "wave": "WAVE",
}
_OTHERS: Final = {
    "asf": "ASF",
    "apev2": "APEv2File",
    "flac": "FLAC",
    "oggflac": "OggFLAC",
    "oggspeex": "OggSpeex",
    "oggtheora": "OggTheora",
    "oggvorbis": "OggVorbis",
    "oggopus": "OggOpus",
    "wavpack": "WavPack",
    "mp4": "MP4",
    "musepack": "Musepack",
    "monkeysaudio": "MonkeysAudio",
    "optimfrog": "OptimFROG",
    "aac": "AAC",
    "ac3": "AC3",
    "smf": "SMF",
    "tak": "TAK",
}
"""Modules of mutagen and their classes: all those that it knows."""
_MOST_READS: Final = 20_000
_MOST_BYTES: Final = 64 * 1024 * 1024
"""How often, and how much, is read of a file to find its duration. Files as they are take some
hundred reads, and the pictures in their tags."""
_UNKNOWN: Final = "its duration cannot be read: not an audio format that is known here"


def reader() -> str:
    """What reads the durations, by name and version."""
    import mutagen

    return f"mutagen {mutagen.version_string}"


def duration(file: BufferedReader, path: str) -> tuple[float | None, str | None]:
    """The duration in seconds, or why there is none. Hostile bytes raise nothing."""
    try:
        length = getattr(getattr(parsed(file, path, _kinds()), "info", None), "length", None)
    except BrokenFileError:
        return None, _UNKNOWN
    if not isinstance(length, int | float) or not math.isfinite(length) or length <= 0:
        return None, _UNKNOWN
    return float(length), None


class BrokenFileError(Exception):
    """The bytes are not what they begin like."""


def parsed(file: BufferedReader, path: str, kinds: list[Any]) -> Any:
    """What mutagen makes of the file by the likeliest of its formats; None where it is of none.
    Raises `BrokenFileError`, and nothing else, whatever the bytes are."""
    import mutagen

    try:
        return mutagen.File(_Named(file, path), options=kinds)
    except (
        mutagen.MutagenError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError,
        OSError, RuntimeError, TypeError, ValueError, AssertionError,
    ):  # fmt: skip
        raise BrokenFileError from None  # all that its parsers were seen to raise on broken files


class _Named:
    """A file object with a name, since mutagen tells some formats by the name's ending; and with
    an end to its patience, since some bytes send it through all of them, piece by piece."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = file
        self._reads = _MOST_READS
        self._bytes = _MOST_BYTES
        self.name = name

    def read(self, size: int = -1) -> bytes:
        """So many bytes. Raises `EOFError` where that is too much."""
        self._reads -= 1
        if self._reads < 0 or size > self._bytes:
            raise EOFError("more than a header takes")
        data = self._file.read(size)
        self._bytes -= len(data)
        return data

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._file, attribute)


class _WithFrames:
    """A format of mutagen's that reads these frames of its ID3 tag, and leaves all others as they
    are."""

    def __init__(self, kind: Any, frames: Mapping[str, Any]) -> None:
        self._kind = kind
        self._frames = dict(frames)
        self.__name__ = kind.__name__
        self.score = kind.score

    def __call__(self, file: Any, **others: Any) -> Any:
        return self._kind(file, known_frames=self._frames, **others)


def kinds_with(frames: Mapping[str, Any]) -> list[Any]:
    """All formats of mutagen's, reading these frames of ID3 only, by their names."""
    with_id3 = [_WithFrames(_kind(*named), frames) for named in _WITH_ID3.items()]
    return [*with_id3, *(_kind(*named) for named in _OTHERS.items())]


@cache
def _kinds() -> list[Any]:
    return kinds_with({})


def _kind(module: str, name: str) -> Any:
    return getattr(import_module(f"mutagen.{module}"), name)
