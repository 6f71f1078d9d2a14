"""What the tags of an audio file say, as plain texts by plain names, whatever its format.

Tags are hostile text. Of ID3, whose frames may unpack to a thousand times their size, only frames
of text are read that are neither packed nor large. A value is one line in NFC without control
characters, and none that is longer than a text of its kind ever is.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from reconciler.catalog.audio import BrokenFileError, kinds_with, parsed

STANDARD: Final = (
    *("title", "artist", "album", "albumartist", "isrc", "date", "year", "track", "disc"),
    *("genre", "composer", "label", "copyright", "language", "bpm"),
)
"""The names of what most formats have; `year` is the beginning of `date`."""

_FRAMES: Final = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TPE2": "albumartist", "TSRC": "isrc",
    "TDRC": "date", "TYER": "date", "TRCK": "track", "TPOS": "disc", "TCON": "genre",
    "TCOM": "composer", "TPUB": "label", "TCOP": "copyright", "TLAN": "language", "TBPM": "bpm",
    "TDAT": "", "TXXX": "",
    "TT2": "title", "TP1": "artist", "TAL": "album", "TP2": "albumartist", "TRC": "isrc",
    "TYE": "date", "TRK": "track", "TPA": "disc", "TCO": "genre", "TCM": "composer",
    "TPB": "label", "TCR": "copyright", "TLA": "language", "TBP": "bpm", "TXX": "",
}  # fmt: skip
"""The frames of ID3 that are read; those of three letters are version 2.2's."""
_ALSO: Final = {
    "\xa9nam": "title", "\xa9art": "artist", "\xa9alb": "album", "aart": "albumartist",
    "\xa9day": "date", "trkn": "track", "disk": "disc", "\xa9gen": "genre", "\xa9wrt": "composer",
    "cprt": "copyright", "tmpo": "bpm",
    "author": "artist", "wm/albumtitle": "album", "wm/albumartist": "albumartist",
    "wm/isrc": "isrc", "wm/year": "date", "wm/tracknumber": "track", "wm/partofset": "disc",
    "wm/genre": "genre", "wm/composer": "composer", "wm/publisher": "label",
    "wm/language": "language", "wm/beatsperminute": "bpm",
    "tracknumber": "track", "discnumber": "disc", "organization": "label", "publisher": "label",
    "album artist": "albumartist", "year": "date",
}  # fmt: skip
"""What MP4, ASF, Vorbis comments and APE call the same."""
_OF_MANY: Final = ("track", "disc")
"""Numbers that may say of how many: `3/12`."""
_LONGEST: Final = 1_000
"""Characters of a value."""
_LONGEST_NAME: Final = 64
_MOST_TAGS: Final = 256
_MOST_VALUES: Final = 32
_MOST_FRAMES: Final = 1_000
"""How many frames or comments are looked at: to bring many together takes long."""
_MOST_BYTES: Final = 16 * 1024
"""Bytes of a frame of text."""
_READER: Final = "_fromData"
"""What mutagen makes a frame with of the bytes that the file has for it."""
_YEAR: Final = re.compile(r"[0-9]{4}(?![0-9])", re.ASCII)
_DEEPEST: Final = 3
_UTF8: Final = 1
"""What MP4 calls a text."""
_TURNING: Final = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that only turn the direction of what stands around them, or show as nothing."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tags of one file say."""

    values: Mapping[str, str] = field(default_factory=dict)
    """By name, none of them empty."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why there is no value by a name for which the file has something."""
    complaint: str | None = None
    """Why none was read."""


def read_tags(path: str) -> Tags:
    """The tags of the regular file at `path`. Hostile bytes raise nothing."""
    try:
        # Its links were resolved before, and looked at.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return Tags(complaint=f"its tags cannot be read: {error.strerror}")
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Tags(complaint="its tags cannot be read: it is no file any more")
        try:
            audio = parsed(file, path, _kinds())
            held = getattr(audio, "tags", None)
            return Tags() if held is None else _tags(held)
        except BrokenFileError:
            return Tags(complaint="its tags cannot be read")


def clean(text: str) -> str:
    """The text on one line, in NFC, without control characters, half characters, and what only
    turns the direction of others."""
    if not text.isascii():
        text = unicodedata.normalize(
            "NFC", "".join(c for c in text if c not in _TURNING and not "\ud800" <= c <= "\udfff")
        )
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())


def _tags(held: Any) -> Tags:
    values: dict[str, str] = {}
    refused = {
        name: "is packed, or too large for a text"
        for frame in getattr(held, "unknown_frames", ())
        if (name := _FRAMES.get(bytes(frame[:4]).decode("latin-1")))
    }
    for tag, value in islice(_items(held), _MOST_TAGS):
        name = _name(str(tag))
        if not name or name in values:
            continue
        text = _joined(value)
        if name in _OF_MANY:
            text = text.partition("/")[0].strip()
        if len(text) > _LONGEST:
            refused[name] = f"is longer than {_LONGEST:,} characters"
        elif text:
            values[name] = text
    year = _YEAR.match(values.get("date", ""))
    if year:
        values["year"] = year[0]
    return Tags(values, {name: why for name, why in refused.items() if name not in values})


def _items(held: Any) -> Iterator[tuple[str, Any]]:
    """The tags with their values. Vorbis comments and those of ASF are lists of pairs, and mutagen
    goes through the whole of it for each name."""
    if not isinstance(held, list):
        return iter(held.items())
    items: dict[str, list[Any]] = {}
    for name, value in islice(held, _MOST_FRAMES):
        items.setdefault(str(name).lower(), []).append(value)
    return iter(items.items())


def _name(tag: str) -> str:
    """A tag's plain name; empty where it can have none."""
    known = _FRAMES.get(tag)
    if known:
        return known
    own = tag.partition(":")[2] if tag.startswith("TXXX:") else tag
    own = own.rpartition(":")[2] if own.startswith("----:") else own
    name = clean(own).lower()
    if len(name) > _LONGEST_NAME or any(sign in name for sign in "{}|"):
        return ""
    return _ALSO.get(name, name)


def _joined(value: Any) -> str:
    found: dict[str, None] = {}
    for text in islice(_texts(value, 0), _MOST_VALUES):
        found.setdefault(clean(text))
    return "; ".join(filter(None, found))


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts in a value of one of mutagen's kinds; pictures and the like have none."""
    match value:
        case str():
            yield from value[:_MOST_BYTES].split("\0")
        case bytes():
            if getattr(value, "dataformat", None) == _UTF8:
                yield value[:_MOST_BYTES].decode(errors="ignore")
        case bool() | None:
            pass
        case int():
            yield str(value)
        case (int() as number, int()):
            yield str(number or "")
        case _ if depth < _DEEPEST:
            for item in value if isinstance(value, list) else _inside(value):
                yield from _texts(item, depth + 1)
        case _:
            pass


def _inside(value: Any) -> Sequence[Any]:
    """What a frame of ID3, or an attribute of ASF or APE, holds."""
    held = getattr(value, "genres", None) or getattr(value, "text", None)
    if isinstance(held, list):
        return [str(item) for item in held]
    return [held if isinstance(held, str) else getattr(value, "value", None)]


def _kinds() -> list[Any]:
    """All formats, reading the frames of text of one file. Those of version 2.2 become, when they
    are read, what they are called since."""
    from mutagen import id3

    left = iter(range(_MOST_FRAMES))

    def bounded(kind: Any) -> Any:
        read = getattr(kind, _READER)

        def made(_: Any, header: Any, flags: int, data: bytes) -> Any:
            packed = flags & (0x0008 if header.version >= (2, 4, 0) else 0x0080)
            if packed or len(data) > _MOST_BYTES or next(left, None) is None:
                raise NotImplementedError  # mutagen keeps such a frame as it is
            return read(header, flags, data)

        return type(kind.__name__, (kind,), {_READER: classmethod(made)})

    frames = {name: bounded(id3.Frames[name]) for name in _FRAMES if len(name) == 4}
    for name in _FRAMES.keys() - frames.keys():
        later = id3.Frames_2_2[name].__bases__[0].__name__
        frames[name] = type(name, (frames[later],), {})
    return kinds_with(frames)
