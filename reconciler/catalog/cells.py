"""Texts in CSV cells, so that a spreadsheet does not run them.

A spreadsheet takes a cell that begins with `= + - @`, a tab or a line break for a formula. Such
a text is written with a `'` before it, which spreadsheets hide, and read without. So that this
is exact, a text that itself begins with `'` and one of those characters, or with `''`, gets one
more `'`. A lone `'` before anything else (`'tis`) is what it is.
"""

from typing import Final

_STARTS: Final = tuple("=+-@\t\r\n")
_QUOTED_STARTS: Final = tuple(f"'{start}" for start in (*_STARTS, "'"))


def guarded(text: str) -> str:
    """The text as a cell holds it."""
    return f"'{text}" if text.startswith((*_STARTS, *_QUOTED_STARTS)) else text


def unguarded(cell: str) -> str:
    """The text that a cell holds."""
    return cell[1:] if cell.startswith(_QUOTED_STARTS) else cell
