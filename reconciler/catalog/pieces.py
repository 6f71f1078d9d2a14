"""One large YAML file in pieces that mean, each by itself, what they mean in the whole.

A piece is some of the entries of a file whose last part is `files:`, and begins where a line begins
with the key of one. That such a line is a key cannot be seen without reading all before it: it may
lie inside a quoted text or between braces. But then the piece before it ends inside them, and
whoever reads it finds so. Pieces say what the file says where each of them is readable, none of
them is `linked` (see `events`), and no key is in two of them; else the whole must be read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_FILES: Final = re.compile(rb"^files:[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_BEHIND: Final = re.compile(rb"^[^ \t\r\n#]", re.MULTILINE)
"""What stands at the very left ends the entries."""
_FIRST: Final = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*( +)[^ \t\r\n#]")
_ODD_BREAKS: Final = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
"""What ends a line for YAML 1.1 besides: next line, line separator, paragraph separator."""
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
TOP: Final = b"files:\n"
"""What a piece begins with, so that it can be read like a file that is included."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file in pieces."""

    head: bytes
    """All before the entries; its `files` has nothing in it."""
    rest: memoryview
    starts: tuple[int, ...]
    """Where in the rest each piece begins."""
    lines: int
    """How many lines the head has."""

    def each(self) -> Iterator[tuple[int, bytes]]:
        """The pieces, each with the number of lines of the file that come before its first entry,
        less the line that it begins with itself."""
        before = self.lines - 1
        for start, end in zip(self.starts, (*self.starts[1:], len(self.rest)), strict=True):
            piece = bytes(self.rest[start:end])
            yield before, TOP + piece
            before += piece.count(b"\n")


def split(data: bytes, size: int) -> Pieces | None:
    """The file in pieces of about so many bytes; None where it cannot be told where to cut."""
    found = _FILES.search(data)
    if found is None or _BEHIND.search(data, found.end()):
        return None
    first = _FIRST.match(data, found.end())
    if first is None or any(odd in data for odd in _ODD_BREAKS) or _LONE_RETURN.search(data):
        return None  # lines are counted by their line feeds
    key = re.compile(rb"\n" + first[1] + rb"(?=[^ \t\r\n#])")
    starts = [found.end()]
    while (cut := key.search(data, starts[-1] + size)) is not None:
        starts.append(cut.start() + 1)
    return Pieces(
        head=data[: found.end()],
        rest=memoryview(data)[found.end() :],
        starts=tuple(start - found.end() for start in starts),
        lines=data.count(b"\n", 0, found.end()),
    )
