"""Every entry with its file: a table for people, JSON and CSV for programs.

In CSV a cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a
tab, a return or a newline) gets a `'` before it. Apart from that its cells are exact: a program
that reads keys takes JSON, or takes one leading `'` off. Every cell is quoted, so that no line
begins with a key such as `::error::x`, which a CI runner would obey.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.text import Text

from reconciler.core.listing import Row
from reconciler.core.model import Json
from reconciler.render.change_text import column_of_keys
from reconciler.render.page import DIM, Page, padded
from reconciler.render.safe import visible

_COLUMNS = ("key", "bucket", "acr_id", "id", "state", "in sync")
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class Writable(Protocol):
    """What CSV is written to."""

    def write(self, text: str, /) -> object:
        """Take a piece."""
        ...


def list_text(rows: Sequence[Row], *, width: int) -> Iterator[Text]:
    """The rows as a table, some at a time, with a line that counts them."""
    page = Page(width)
    if rows:
        cells = [list(map(visible, _cells(row))) for row in rows]
        widths = [column_of_keys(list(column)) for column in zip(_COLUMNS, *cells, strict=True)]
        page.line(("  ".join(map(padded, _COLUMNS, widths)), DIM))
        for row, texts in zip(rows, cells, strict=True):
            *most, last = map(padded, texts, widths)
            key, *rest = most
            style = "green" if row.in_sync else "yellow"
            page.line((key, "bold"), (f"  {'  '.join(rest)}  ", ""), (last, style))
            yield page.taken()
        page.blank()
    in_sync = sum(1 for row in rows if row.in_sync)
    page.line((f"{in_sync:,} of {len(rows):,} entries in sync", ""))
    yield page.taken()


def list_json(rows: Sequence[Row]) -> Iterator[Json]:
    """The rows for `--format json`."""
    return (
        {
            "key": row.key,
            "bucket": row.bucket,
            "acr_id": row.acr_id,
            "id": row.id,
            "state": row.state,
            "in_sync": row.in_sync,
            "facts": list(row.facts),
        }
        for row in rows
    )


def list_csv(rows: Sequence[Row], to: Writable) -> None:
    """Write the rows with a header, lines ended by a newline."""
    writer = csv.writer(to, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(name.replace(" ", "_") for name in _COLUMNS)
    writer.writerows(map(_harmless, _cells(row)) for row in rows)


def _cells(row: Row) -> tuple[str, ...]:
    file_id = "" if row.id is None else str(row.id)
    in_sync = "yes" if row.in_sync else ", ".join(row.facts)
    return (row.key, row.bucket, row.acr_id or "", file_id, row.state or "", in_sync)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
