"""Where a ledger is kept, and where in it each line stands. Pure.

A ledger on a branch is cut into segments, `ledger-000001.jsonl` and so on: one after the other they
are the ledger, byte for byte as a file would have it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

SEGMENT_LIMIT = 256 * 1024
"""Bytes from which on a segment is closed. Each push carries the open one anew, so it is small."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_SEGMENT = re.compile(r"ledger-[0-9]{6}\.jsonl")


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of `origin` of the repository that a folder is in."""

    name: str
    folder: Path

    def __str__(self) -> str:
        """As `--ledger` takes it."""
        return f"git:{self.name}"


Place: TypeAlias = Path | Branch


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a ledger that is a file of its own, by its lines."""

    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of a ledger as it was read."""

    place: Place
    data: bytes
    segments: tuple[Segment, ...] = ()
    """Those of a branch; a file has none."""

    def spot(self, line: int) -> tuple[str | None, int]:
        """The segment that a line of the ledger stands in, and its number there."""
        if not self.segments:
            return None, line
        for segment in self.segments[:-1]:
            if line <= segment.lines:
                return segment.name, line
            line -= segment.lines
        return self.segments[-1].name, line

    def where(self, line: int) -> str:
        """`PATH:LINE`, or `git:BRANCH:SEGMENT:LINE`."""
        segment, number = self.spot(line)
        return f"{self.place}:{number}" if segment is None else f"{self.place}:{segment}:{number}"


def check_branch(name: str) -> str:
    """The name, which git takes for a branch's. Raises `ValueError` with what is wrong. Fewer are
    allowed than git allows: none that a shell, a terminal or an option parser reads otherwise."""
    if not _NAME.fullmatch(name):
        raise ValueError("a ledger's branch is named with letters, digits, `.`, `_`, `-` and `/`")
    parts = name.split("/")
    if ".." in name or any(not p or p[0] == "." or p.endswith((".", ".lock")) for p in parts):
        raise ValueError("git takes no such name for a branch")
    if parts[0] == "refs" or name == "HEAD":
        raise ValueError("name the branch alone, as in git:ledger")
    return name


def segment_name(number: int) -> str:
    """The name of a segment; the first is number 1."""
    return f"ledger-{number:06}.jsonl"


def segment_number(name: str) -> int:
    """The number in a segment's name."""
    return int(name[-len("000001.jsonl") : -len(".jsonl")])


def is_segment(name: str) -> bool:
    """Whether a file is named as segments are."""
    return _SEGMENT.fullmatch(name) is not None


def filled(last: bytes, lines: Sequence[bytes]) -> list[bytes]:
    """The last segment with these lines after it, and the segments that begin with them: none is
    longer than the limit, unless a line alone is."""
    segments, open_ones, size = list[bytes](), [last], len(last)
    for line in lines:
        if size and size + len(line) > SEGMENT_LIMIT:
            segments.append(b"".join(open_ones))
            open_ones, size = [], 0
        open_ones.append(line)
        size += len(line)
    return [*segments, b"".join(open_ones)]
