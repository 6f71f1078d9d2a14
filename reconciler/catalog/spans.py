"""Where cells and values stand in the characters of a text of CSV or JSON."""

import json
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""From the first character to behind the last."""

_CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|\Z)')
_BLANK: Final = re.compile(r"[ \t\r\n]*")


def csv_rows(text: str) -> Iterator[list[Span]]:
    """The cells of each row that is not empty, with their quotes."""
    at = 0
    row: list[Span] = []
    while (match := _CELL.match(text, at)) is not None:
        row.append(match.span(1))
        at = match.end()
        if match[2] == ",":
            continue
        if row != [(row[0][0], row[0][0])]:
            yield row
        row = []
        if at >= len(text):
            return


def unquoted(cell: str) -> str:
    """What a cell says."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def json_pairs(text: str, at: int) -> Iterator[tuple[str, Span, Span]]:
    """The names of the JSON object that begins at `at` in a valid text, where each stands, and
    where its value does."""
    decoder = json.JSONDecoder()
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = decoder.raw_decode(text, at)
        begin = _skip(text, _skip(text, end) + 1)
        _, behind = decoder.raw_decode(text, begin)
        yield name, (at, end), (begin, behind)
        at = _skip(text, behind)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
