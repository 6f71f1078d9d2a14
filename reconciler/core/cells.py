"""Texts in the cells of a table that a spreadsheet may open.

A spreadsheet takes a cell that begins with `= + - @`, wide or narrow, a tab or a line break for a
formula. Such a text is written with a `'` before it, which spreadsheets hide, and read without. So
that this is exact, a text that itself begins with `'` and one of those characters, or with `''`,
gets one more `'`. A lone `'` before anything else (`'tis`) is what it is.
"""

from typing import Final

_FORMULAS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_GUARDED: Final = tuple(f"'{start}" for start in (*_FORMULAS, "'"))


def guarded(text: str) -> str:
    """The text as a cell holds it."""
    return f"'{text}" if text.startswith((*_FORMULAS, *_GUARDED)) else text


def unguarded(cell: str) -> str:
    """The text that a cell holds."""
    return cell[1:] if cell.startswith(_GUARDED) else cell
