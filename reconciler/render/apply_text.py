"""How changes ended: a line for each, and all three sides of one that is stale."""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.content import Content
from reconciler.render.change_text import VERBS
from reconciler.render.fields import at, field_of
from reconciler.render.page import DIM, INDENT, Page, Part, padded
from reconciler.render.safe import reads_right_to_left, visible
from reconciler.render.values import field_name, message_text, shown

_ENDINGS: Mapping[str, str] = {
    "applied": "green",
    "stale": "yellow",
    "failed": "red",
    "unknown": "magenta",
}
_WIDEST = 36


def outcome_line(
    verb: str,
    key: str | None,
    file_id: int | None,
    ending: str,
    message: str = "",
    *,
    width: int = 100,
) -> Text:
    """`  + create  spring-ad-01  file 1204  applied  MESSAGE`; ends with a newline.

    The message stands below where there is no room for it.
    """
    page = Page(width)
    known = {each.word: each for each in VERBS}
    sign, style = (known[verb].sign, known[verb].style) if verb in known else (" ", "")
    names: tuple[Part, ...] = (
        (f"  {sign} {visible(verb):<6}", f"bold {style}".strip()),
        (f"  {visible(key)}" if key is not None else "", "bold"),
        (f"  file {file_id}" if file_id is not None else "", ""),
        (f"  {visible(ending)}", _ENDINGS.get(ending, "")),
    )
    page.told(names, message_text(message))
    return page.taken()


def stale_text(
    base: Content | None,
    live: Content | None,
    wanted: Content | None,
    fields: Sequence[str] = (),
    *,
    width: int = 100,
) -> Text:
    """What the plan saw, what is there, and what should be, field by field; ends with a newline.

    In columns where all values fit, and read from left to right; else one below the other. A side
    that is None has no file. Without `fields`: those in which the three differ.
    """
    page = Page(width)
    sides = {"base": base, "live": live, "wanted": wanted}
    names = list(fields) or _differing([side for side in sides.values() if side is not None])
    labels = [field_name(name, _WIDEST) for name in names]
    wide = max(map(cell_len, labels), default=0)
    room = max(12, (page.width - len(INDENT) - wide) // 3 - 2)
    cells = [[_cell(side, name, page.room(16)) for side in sides.values()] for name in names]
    every = [cell for row in cells for cell in row]
    if all(cell_len(cell) <= room and not reads_right_to_left(cell) for cell in every):
        _columns(page, labels, cells, wide)
    else:
        _below(page, labels, cells)
    return page.taken()


_SIDES = (("base", DIM), ("live", "red"), ("wanted", "green"))


def _columns(page: Page, labels: Sequence[str], cells: Sequence[Sequence[str]], wide: int) -> None:
    widths = [
        max(len(name), *(cell_len(row[place]) for row in cells)) if cells else len(name)
        for place, (name, _) in enumerate(_SIDES)
    ]
    head = [(f"  {padded(name, w)}", DIM) for (name, _), w in zip(_SIDES, widths, strict=True)]
    page.line((INDENT + padded("", wide), ""), *head)
    for label, row in zip(labels, cells, strict=True):
        shown_row = [
            (f"  {padded(cell, w)}", style)
            for cell, w, (_, style) in zip(row, widths, _SIDES, strict=True)
        ]
        page.line((INDENT + padded(label, wide), ""), *shown_row)


def _below(page: Page, labels: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    for label, row in zip(labels, cells, strict=True):
        page.line((INDENT + label, ""))
        for cell, (name, style) in zip(row, _SIDES, strict=True):
            page.line((f"{INDENT}  {name:<6}  ", DIM), (cell, style))


def _cell(side: Content | None, name: str, room: int) -> str:
    if side is None:
        return "no file"
    held = at(side, name)
    return "nothing" if held is None else shown(held.value, room)


def _differing(sides: Sequence[Content]) -> list[str]:
    """The names of what the sides do not all have alike: `title` and whole `user_defined` keys."""
    if len(sides) < 2:
        return ["title"]
    names = ["title"] if len({side.title for side in sides}) > 1 else []
    keys: AbstractSet[str] = set().union(*(side.user_defined for side in sides))
    return names + [
        field_of(key)
        for key in sorted(keys)
        if len({json.dumps(side.user_defined.get(key), sort_keys=True) for side in sides}) > 1
    ]
