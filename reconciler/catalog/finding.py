"""Which files of a folder are audio, by their names; and what there is besides.

Links to folders are not followed, so that nothing is found twice and nothing leads out. Names
that begin with a dot are nobody's music: `._song.mp3` is what macOS leaves beside `song.mp3`.
"""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from reconciler.catalog.globs import MOST_NAMES
from reconciler.errors import ReconcilerError
from reconciler.regular import reason

SUFFIXES: Final = frozenset(
    f".{name}"
    for name in (
        "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "asf", "dff", "dsf", "eac3", "flac",
        "m4a", "m4b", "mka", "mp+", "mp1", "mp2", "mp3", "mp4", "mpc", "oga", "ofr", "ofs", "ogg",
        "opus", "spx", "tak", "tta", "wav", "wave", "wma", "wv",
    )
)  # fmt: skip
"""How the names of audio files end, in small letters."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is worth saying of a file."""

    path: str
    what: str
    left_out: bool = False
    """Whether it is why the file has no entry."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds, each in the order of the paths."""

    audio: tuple[str, ...]
    """Paths of files, relative to the folder."""
    notes: tuple[Note, ...]
    others: Mapping[str, int]
    """How many other files there are, by the endings of their names."""


def find(folder: str, most: int = MOST_NAMES) -> Found:
    """The audio files in a folder, at any depth. `most`: how many names are looked at in all.
    Raises `ReconcilerError`."""
    finding = _Finding(folder, most)
    waiting = [""]
    while waiting:
        waiting += [f"{name}/" for name in finding.look_into(waiting.pop())]
    audio = sorted(finding.audio, key=lambda path: path.split("/"))
    notes = sorted(finding.notes, key=lambda note: note.path.split("/"))
    return Found(tuple(audio), tuple(notes), dict(sorted(finding.others.items())))


class _Finding:
    def __init__(self, folder: str, most: int) -> None:
        self._folder = folder
        self._most = self._left = most
        self.audio: list[str] = []
        self.notes: list[Note] = []
        self.others: Counter[str] = Counter()

    def look_into(self, within: str) -> list[str]:
        """Take in what is in one folder; the folders in it."""
        folders: list[str] = []
        try:
            with os.scandir(f"{self._folder}/{within}") as entries:
                for entry in entries:
                    self._left -= 1
                    if self._left < 0:
                        raise ReconcilerError(
                            f"scanning {self._folder}: there are more than {self._most:,} names "
                            "in it: scan its folders one by one"
                        )
                    folders += self._entry(f"{within}{entry.name}", entry)
        except OSError as error:
            if not within:
                raise ReconcilerError(f"scanning {self._folder}: {reason(error)}") from None
            self._leave_out(within, f"cannot be looked into: {reason(error)}")
        return folders

    def _entry(self, path: str, entry: "os.DirEntry[str]") -> list[str]:
        suffix = PurePath(entry.name).suffix.lower()
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith("."):
                return [path]
            self._leave_out(f"{path}/", "is hidden: not looked into")
        elif entry.is_symlink() and _is_folder(entry):
            self._leave_out(path, "is a link to a folder: not followed")
        elif suffix not in SUFFIXES:
            self.others[_shown(suffix)] += 1
        elif entry.name.startswith("."):
            self._leave_out(path, "is hidden: no entry is made of it")
        elif _shown(path) != path:
            self._leave_out(path, "has a name that is not UTF-8, which no catalogue can hold")
        else:
            self.audio.append(path)
        return []

    def _leave_out(self, path: str, why: str) -> None:
        self.notes.append(Note(_shown(path), why, left_out=True))


def _shown(name: str) -> str:
    """The name as text, whatever its bytes are."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _is_folder(link: "os.DirEntry[str]") -> bool:
    try:
        return link.is_dir()
    except OSError:
        return False  # it leads to itself, or into what is closed
