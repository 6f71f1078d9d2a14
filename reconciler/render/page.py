"""Lines of styled text, put together without anything being interpreted.

Parts are visible text already (see `safe`). The result is printed with `soft_wrap`, so that a
line is a line, whatever its length: a title cannot come to stand at the start of one.

What may be long is taken off the page piece by piece, and is never there as a whole.
"""

from collections.abc import Sequence
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Text

from reconciler.render.safe import guarded

Part: TypeAlias = tuple[str, str]
"""Visible text, and its style."""

DIM = "dim"
INDENT = " " * 6
_LEAST = 24
"""Columns that a value always has, however narrow the terminal."""


class Page:
    """Gathers lines. `width` is what they should fit into where they can."""

    def __init__(self, width: int) -> None:
        """Begin an empty page."""
        self.width = width
        self._text = _empty()

    def taken(self) -> Text:
        """What was gathered since it was last taken; ends with a newline."""
        text, self._text = self._text, _empty()
        return text

    def line(self, *parts: Part) -> None:
        """Add one line."""
        parts = one_line(parts)
        for text, style in parts:
            self._text.append(text, style or None)
        self._text.append("\n")

    def blank(self) -> None:
        """Add an empty line."""
        self._text.append("\n")

    def told(self, head: tuple[Part, ...], message: str, style: str = DIM) -> None:
        """Add a line, with a message behind it where there is room, else below, wrapped."""
        for fitting in (head, without_padding(head)):
            if _cells(fitting) + 2 + cell_len(message) <= self.width or not message:
                self.line(*fitting, ("  ", ""), (message, style))
                return
        self.line(*head)
        self.paragraph(message, style)

    def counts(self, parts: Sequence[Part], rest: str) -> None:
        """Add a summary: `3 to create, 1 to update; 14 unchanged`, on as few lines as it takes."""
        commas = [("", "")] + [(", ", "")] * (len(parts) - 1)
        line: list[Part] = []
        for comma, part in zip(commas, parts, strict=True):
            if line and _cells(line) + cell_len(part[0]) + 3 > self.width:
                self.line(*line, (",", ""))
                line = []
            line += [comma, part] if line else [part]
        if _cells(line) + 2 + cell_len(rest) <= self.width:
            self.line(*line, (f"; {rest}", ""))
        else:
            self.line(*line, (";", ""))
            self.line((rest, ""))

    def paragraph(self, message: str, style: str = "") -> None:
        """Add a message, wrapped at spaces and indented."""
        for line in wrapped(message, self.room(len(INDENT))):
            self.line((INDENT, ""), (line, style))

    def room(self, used: int) -> int:
        """The columns that are left beside `used` ones."""
        return max(_LEAST, self.width - used)


def _empty() -> Text:
    return Text(no_wrap=True, overflow="ignore")


def one_line(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts without spaces at the end, and not to be taken for a CI runner's command."""
    parts = without_padding(parts)
    plain = "".join(text for text, _ in parts)
    return ((guarded(plain), parts[0][1]),) if plain.lstrip().startswith("::") else parts


def without_padding(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts without spaces at the end."""
    while parts and not parts[-1][0].strip(" "):
        parts = parts[:-1]
    return (*parts[:-1], (parts[-1][0].rstrip(" "), parts[-1][1])) if parts else ()


def _cells(parts: Sequence[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)


def padded(text: str, cells: int) -> str:
    """The text with spaces up to a column. Wide characters count as the terminal counts them."""
    return text + " " * max(0, cells - cell_len(text))


def wrapped(message: str, room: int) -> list[str]:
    """The message in lines of at most `room` columns; a word is never broken, so may stand out."""
    lines = [""]
    for word in message.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def counted(count: int, what: str) -> str:
    """A count in words: `1 update`, `1,234 updates`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")
