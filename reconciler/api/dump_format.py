"""The files of a dump as JSON objects, one after the other, whatever form the dump has.

Nobody knows the form (field notes: UNKNOWN), so it is told by the first bytes:

| begins with          | form                                                                  |
|----------------------|-----------------------------------------------------------------------|
| `1f 8b`              | gzip, one or more members, of one of the others                       |
| `[`                  | a JSON array of objects                                               |
| `{`                  | JSON Lines                                                            |
| the name of a column | CSV with a header; its cells are texts, and `user_defined` is JSON    |

White space, and the mark of UTF-8, may stand before. Nothing at all is a dump without files. What
is cut off, goes on after its end, or is anything else raises `ValueError`, which says so. Nothing
is held but one object.
"""

import csv
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import orjson

_LARGEST: Final = 1 << 30
"""Bytes, packed and unpacked: a million files have some 400 MB."""
_LONGEST: Final = 1 << 20
"""Bytes of one object."""
_TOO_LONG: Final = "a file of it is larger than 1 MiB"
_PIECE: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_MARK_OF_UTF8: Final = b"\xef\xbb\xbf"
_COLUMN: Final = re.compile(rb'"?[A-Za-z_]')
_BRACE: Final = re.compile(
    # Never goes back: what comes before a brace, strings with whatever is in them among it.
    rb'[^"{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}]*+)*+([{}])',
    re.DOTALL,
)


def objects(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The JSON object of each file. `pieces`: the dump, as it comes."""
    start, rest = _begun(_gathered(_within(pieces)))
    if start.startswith(_GZIP):
        start, rest = _begun(_gathered(_within(_unpacked(rest))))
    if not start:
        return iter(())
    if start.startswith(b"["):
        return _of_array(rest)
    if start.startswith(b"{"):
        return _of_lines(rest)
    if _COLUMN.match(start):
        return _of_csv(rest)
    raise ValueError("it is no JSON array, no JSON Lines and no CSV")


def _begun(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """What it begins with, and all of it, without what may stand before."""
    start = b""
    for piece in pieces:
        start = _short(start + piece)
        if len(start) >= len(_MARK_OF_UTF8) and start.removeprefix(_MARK_OF_UTF8).strip():
            break
    start = start.removeprefix(_MARK_OF_UTF8).lstrip()
    return start, chain((start,), pieces)


def _within(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _LARGEST:
            raise ValueError("it is larger than 1 GiB")
        yield piece


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """In larger pieces: what is not whole yet is looked at again with each that comes."""
    held: list[bytes] = []
    size = 0
    for piece in filter(None, pieces):
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Piecewise, too, however much a piece becomes."""
    member = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            packed = piece
            while packed:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                yield member.decompress(packed, _PIECE)
                packed = member.unused_data if member.eof else member.unconsumed_tail
        yield member.flush()
    except zlib.error:
        raise ValueError("its gzip is broken") from None
    if not member.eof:
        raise ValueError("its gzip is cut off")


def _of_array(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held, before = b"", b"["
    for piece in pieces:
        held += piece
        done = 0
        while place := _object(held, done):
            start, end = place
            if held[done:start].strip() != before:
                raise ValueError("it is no JSON array of objects")
            yield held[start:end]
            done, before = end, b","
        held = _short(held[done:])
    if b"".join(held.split()) != (b"[]" if before == b"[" else b"]"):
        raise ValueError("its JSON array is cut off, or goes on after its end")


def _object(text: bytes, at: int) -> tuple[int, int] | None:
    """Where the next object begins and ends, as far as its braces say; None where the text does
    not hold the end."""
    start, depth = None, 0
    while brace := _BRACE.match(text, at):
        at = brace.end()
        start = at - 1 if start is None else start
        depth += 1 if brace[1] == b"{" else -1
        if depth <= 0:
            return start, at
    return None


def _of_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for line in _lines(pieces):
        if line.strip():
            yield line


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *lines, rest = piece.split(b"\n")
        for line in lines:
            yield held + line + b"\n"
            held = b""
        held = _short(held + rest)
    if held:
        yield held


def _short(held: bytes) -> bytes:
    if len(held) > _LONGEST:
        raise ValueError(_TOO_LONG)
    return held


def _of_csv(pieces: Iterable[bytes]) -> Iterator[bytes]:
    try:
        lines = _OneRow(_lines(pieces))
        rows = csv.reader(lines, strict=True)
        header = next(rows)
        if "id" not in header or len(set(header)) != len(header):
            raise ValueError("its CSV has no column id, or one twice")
        lines.begin()
        for row in rows:
            lines.begin()
            if not row:
                continue
            if len(row) != len(header):
                raise ValueError("a row of its CSV has not as many cells as its header")
            yield orjson.dumps(_read_alike(dict(zip(header, row, strict=True))))
    except csv.Error:
        raise ValueError("its CSV is broken") from None


class _OneRow(Iterator[str]):
    """The lines of CSV, of which one row may have many, and not without end."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._size = 0

    def begin(self) -> None:
        """The next line begins another row."""
        self._size = 0

    def __next__(self) -> str:
        line = next(self._lines)
        self._size += len(line)
        if self._size > _LONGEST:
            raise ValueError(_TOO_LONG)
        return line.decode()


def _read_alike(row: dict[str, str]) -> dict[str, str]:
    """The row, where its `user_defined` means what it means in JSON. A cell that is neither an
    object nor nothing does not say which of several values it was."""
    cell = row.get("user_defined", "")
    if cell not in ("", "[]", "null") and not cell.startswith("{"):
        raise ValueError("its CSV has a user_defined that is no object")
    return row
