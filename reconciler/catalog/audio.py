"""How long an audio file plays, by its own headers.

Tags are not looked at: what a frame of ID3 unpacks to may be a thousand times as large as the file.
"""

import math
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
_UNKNOWN: Final = "its duration cannot be read: not an audio format that is known here"


def duration(file: BufferedReader, path: str) -> tuple[float | None, str | None]:
    """The duration in seconds, or why there is none. Hostile bytes raise nothing."""
    import mutagen

    try:
        audio = mutagen.File(_Named(file, path), options=_kinds())
        length = getattr(getattr(audio, "info", None), "length", None)
    except (
        mutagen.MutagenError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError,
        OSError, RuntimeError, TypeError, ValueError, AssertionError,
    ):  # fmt: skip
        return None, _UNKNOWN  # all that its parsers were seen to raise on broken files
    if not isinstance(length, int | float) or not math.isfinite(length) or length <= 0:
        return None, _UNKNOWN
    return float(length), None


class _Named:
    """A file object with a name: mutagen tells some formats by the name's ending."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = file
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._file, attribute)


class _WithoutFrames:
    """A format of mutagen's that leaves the frames of its ID3 tag as they are."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self.__name__ = kind.__name__
        self.score = kind.score

    def __call__(self, file: Any, **others: Any) -> Any:
        return self._kind(file, known_frames={}, **others)


@cache
def _kinds() -> list[Any]:
    with_id3 = [_WithoutFrames(_kind(*named)) for named in _WITH_ID3.items()]
    return [*with_id3, *(_kind(*named) for named in _OTHERS.items())]


def _kind(module: str, name: str) -> Any:
    return getattr(import_module(f"mutagen.{module}"), name)
