"""Rows and columns, for a terminal or for a page."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table; what is in the first column is words, in the others figures."""

    name: str
    """What a page's template calls it."""
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """For a terminal: the figures stand at the right."""
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *(f"  {line}" for line in shown)]) + "\n"

    def markdown(self) -> str:
        """For a page."""
        marks = ["---"] + ["---:"] * (len(self.head) - 1)
        return "\n".join(
            f"| {' | '.join(cells)} |" if cells is not marks else f"|{'|'.join(marks)}|"
            for cells in [self.head, marks, *self.rows]
        )
