"""The fields in which two contents differ, found by their names and shown with both values."""

import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from rich.cells import cell_len

from reconciler.core.content import Content, Held
from reconciler.core.marks import USUAL_MARKS
from reconciler.core.model import PROTECT_FIELD, Json
from reconciler.render.page import DIM, INDENT, Page, Part, padded
from reconciler.render.safe import reads_right_to_left
from reconciler.render.values import NO_LIMIT, clipped, field_name, shown, shown_pair

_PLAIN = re.compile(r"[^\W\d][\w-]*")
_STEP = re.compile(rf'\.({_PLAIN.pattern})|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
_LONGEST_NAME = 60
_WIDEST_COLUMN = 36
"""As wide as the column of names gets: a longer one pushes its value to the right."""
_MOST_FIELDS = 20
"""How many fields of one change are shown."""


class Words(NamedTuple):
    """How two values are told apart on a line: `"a" → "b"`, or `live "a", desired "b"`."""

    before: str
    after: str
    between: str


ARROW = Words("", "", " → ")
SIDES = Words("live ", "desired ", ", ")


def at(content: Content | None, field: str) -> Held | None:
    """What a content has by a field's name: `title`, `user_defined.tags[0]`; None: nothing."""
    if content is None:
        return None
    if field == "title":
        return Held(content.title)
    here: Json = content.user_defined
    for name, place, text in _STEP.findall(field.removeprefix("user_defined")):
        if place and isinstance(here, Sequence) and not isinstance(here, str):
            if int(place) >= len(here):
                return None
            here = here[int(place)]
        elif not place and isinstance(here, Mapping):
            step = name or _unquoted(text)
            if step not in here:
                return None
            here = here[step]
        else:
            return None
    return Held(here)


def field_of(key: str) -> str:
    """The name of a whole `user_defined` value, as plans have it: the other way round."""
    plain = _PLAIN.fullmatch(key)
    return (
        f"user_defined.{key}" if plain else f"user_defined[{json.dumps(key, ensure_ascii=False)}]"
    )


def foldable(marks: AbstractSet[str]) -> AbstractSet[str]:
    """The names of the mark's fields as plans have them, of which one word is enough.

    Protection is the mark's, too, and always shown: it decides what may be deleted.
    """
    return {field_of(name) for name in marks - {PROTECT_FIELD}}


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text


def field_lines(
    page: Page,
    before: Content | None,
    after: Content | None,
    fields: Sequence[str],
    *,
    words: Words = ARROW,
    marks: AbstractSet[str] = USUAL_MARKS,
    verbose: bool = False,
) -> None:
    """One line a field; the mark's fields in one dimmed line, unless `verbose`."""
    folds = foldable(marks)
    folded = [] if verbose else [name for name in fields if name in folds]
    rest = [name for name in fields if name not in folded]
    most = len(rest) if verbose else _MOST_FIELDS
    room = NO_LIMIT if verbose else _LONGEST_NAME
    names = {name: field_name(name, room) for name in rest[:most]}
    column = max((w for w in map(cell_len, names.values()) if w <= _WIDEST_COLUMN), default=4)
    for name, label in names.items():
        field_line(page, padded(label, column), at(before, name), at(after, name), words, verbose)
    if len(rest) > most:
        page.line((f"{INDENT}… and {len(rest) - most:,} more fields", DIM))
    if folded:
        said = ", ".join(clipped(name.removeprefix("user_defined."), room) for name in folded)
        page.line((f"{INDENT}{padded('mark', column)}  {said}", DIM))


def field_line(
    page: Page, label: str, old: Held | None, new: Held | None, words: Words, verbose: bool
) -> None:
    """One field; None: it is not there."""
    used = len(INDENT) + cell_len(label) + 2
    room = NO_LIMIT if verbose else page.room(used)
    if old is not None and new is not None:
        _both(page, label, old.value, new.value, words, room)
    elif words is SIDES:
        live = "nothing" if old is None else shown(old.value, room - 24)
        desired = "nothing" if new is None else shown(new.value, room - 24)
        page.line((f"{INDENT}{label}  ", ""), *_sides((live, desired), words))
    elif new is not None:
        page.line(("    + ", "green"), (f"{label}  ", ""), (shown(new.value, room), "green"))
    elif old is not None:
        page.line(("    - ", "red"), (f"{label}  ", ""), (shown(old.value, room), "red"))
    else:
        page.line((f"{INDENT}{label}  ", ""), ("differs", DIM))


def _both(page: Page, label: str, old: Json, new: Json, words: Words, room: int) -> None:
    first, second = words.before or "  ", words.after or "→ "
    wide = max(len(first), len(second))
    cut = shown_pair(old, new, max(16, room - wide))
    one_way = not any(map(reads_right_to_left, cut))
    if one_way and sum(map(cell_len, cut)) + len("".join(words)) <= room:
        page.line((f"{INDENT}{label}  ", ""), *_sides(cut, words))
        return
    start = f"{INDENT}{label}  "
    if cell_len(label) > _WIDEST_COLUMN:
        page.line((start, ""))
        start = INDENT + "    "
        cut = shown_pair(old, new, NO_LIMIT if room == NO_LIMIT else page.room(len(start) + wide))
    page.line((start, ""), (padded(first, wide), DIM), (cut[0], "red"))
    page.line((" " * cell_len(start), ""), (padded(second, wide), DIM), (cut[1], "green"))


def _sides(values: tuple[str, str], words: Words) -> tuple[Part, ...]:
    return (
        (words.before, DIM),
        (values[0], "red"),
        (words.between, DIM),
        (words.after, DIM),
        (values[1], "green"),
    )
