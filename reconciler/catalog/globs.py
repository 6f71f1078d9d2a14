"""Which names in a folder match patterns of `*`, `?`, `[...]` and, for folders at any depth, `**`.

No link leads out of the folder, and each folder is looked into once for each part of a pattern,
however many links lead there: two links to `.` would double what is found at every level.
"""

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from reconciler.regular import reason

MOST_NAMES: Final = 1_000_000
"""Looked at for all patterns together. It takes two seconds."""
MOST_CHARACTERS: Final = 1_000
MOST_PARTS: Final = 32
_ANY_DEPTH: Final = "**"
_MAGIC: Final = re.compile(r"[*?[]")


class TooMuchError(Exception):
    """Why a pattern is not looked for, or not to its end."""


class Matches(NamedTuple):
    """What a pattern matches, relative to the folder, sorted."""

    names: list[str]
    closed: list[tuple[str, str]]
    """What it leads to and could not be looked into, each with the reason."""


class Globs:
    """Looks into one folder, for several patterns."""

    def __init__(self, root: Path, most: int = MOST_NAMES) -> None:
        """`most`: how many names are looked at in all."""
        self._root = os.path.realpath(root)
        self._most = self._left = most

    def matches(self, pattern: str) -> Matches:
        """What the pattern matches. A name that begins with a dot is matched by a part that does.

        Raises `TooMuchError`.
        """
        parts = _parts(pattern)
        found = Matches([], [])
        known: set[tuple[str, int]] = set()
        waiting = [("", 0)] if parts else []
        while waiting:
            name, at = waiting.pop()
            if at == len(parts):
                found.names.append(name)
                continue
            real = os.path.realpath(f"{self._root}/{name}")
            if not Path(real).is_relative_to(self._root):
                found.closed.append((name, "leads outside the catalogue's folder"))
            elif (real, at) not in known:
                known.add((real, at))
                try:
                    inside = sorted(self._inside(real, parts, at), reverse=True)
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError as error:
                    found.closed.append((name or ".", f"cannot be read: {reason(error)}"))
                    continue
                waiting += [
                    ("/".join(filter(None, (name, inner))), next_) for inner, next_ in inside
                ]
        return Matches(sorted(found.names), sorted(found.closed))

    def _inside(self, real: str, parts: list[str], at: int) -> Iterator[tuple[str, int]]:
        """What part of the pattern matches in one folder, each with the next part."""
        part = parts[at]
        if part == _ANY_DEPTH:
            yield "", at + 1
            for entry in self._entries(real):
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    yield entry.name, at
        elif not _MAGIC.search(part):
            if os.path.lexists(f"{real}/{part}"):
                yield part, at + 1
        else:
            fits = re.compile(fnmatch.translate(part)).match
            for entry in self._entries(real):
                hidden = entry.name.startswith(".") and not part.startswith(".")
                if fits(entry.name) and not hidden and (at + 1 == len(parts) or _is_folder(entry)):
                    yield entry.name, at + 1

    def _entries(self, real: str) -> Iterator["os.DirEntry[str]"]:
        with os.scandir(real) as entries:
            for entry in entries:
                self._left -= 1
                if self._left < 0:
                    raise TooMuchError(f"makes more than {self._most:,} names to look at")
                yield entry


def fits(pattern: str, name: str) -> bool:
    """Whether a file of this name, relative to the folder, would be among the matches once it is
    there."""
    try:
        return _fits(_parts(pattern), name.split("/"))
    except TooMuchError:
        return False


def _fits(parts: list[str], names: list[str]) -> bool:
    if not parts or not names:
        return parts == names
    hidden = names[0].startswith(".") and not parts[0].startswith(".")
    if parts[0] == _ANY_DEPTH:
        return _fits(parts[1:], names) or (not hidden and _fits(parts, names[1:]))
    return not hidden and fnmatch.fnmatch(names[0], parts[0]) and _fits(parts[1:], names[1:])


def _parts(pattern: str) -> list[str]:
    if len(pattern) > MOST_CHARACTERS:
        raise TooMuchError(f"has more than {MOST_CHARACTERS:,} characters")
    given = PurePosixPath(pattern).parts
    if len(given) > MOST_PARTS:
        raise TooMuchError(f"has more than {MOST_PARTS} parts")
    return [*given, "*"] if given[-1:] == (_ANY_DEPTH,) else [*given]


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself, or into what is closed
