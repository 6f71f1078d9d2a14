"""One change of a plan: a line with its verb, key and title, and below it what it does."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.content import Content
from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Change, Create, Delete, Move, Removal, Update
from reconciler.render.fields import field_lines, field_of
from reconciler.render.page import DIM, INDENT, Page, Part, padded
from reconciler.render.safe import visible
from reconciler.render.values import NO_LIMIT, clipped, message_text, shown, size_text

_WIDEST_KEY = 32
_WIDEST_TITLE = 40


class Verb(NamedTuple):
    """What a change is called, and how it looks."""

    word: str
    sign: str
    style: str

    @property
    def typeset(self) -> str:
        """The sign as typographers write it."""
        return self.sign.replace("-", "\u2212")


CREATE = Verb("create", "+", "green")
UPDATE = Verb("update", "~", "yellow")
MOVE = Verb("move", ">", "blue")
DELETE = Verb("delete", "-", "red")
VERBS = (CREATE, MOVE, UPDATE, DELETE)
"""In the order in which they are applied."""


@dataclass(frozen=True, slots=True)
class Look:
    """How changes are shown: their columns, whether in full, and which fields are the mark's."""

    key: int = 0
    title: int = 0
    verbose: bool = False
    marks: AbstractSet[str] = USUAL_MARKS


def verb_of(change: Change) -> Verb:
    """The change's verb."""
    match change:
        case Create():
            return CREATE
        case Update():
            return UPDATE
        case Move():
            return MOVE
        case Delete():
            return DELETE
        case _:
            assert_never(change)


def name_of(change: Change) -> str:
    """The change's key, or its file where that carries no mark of ours."""
    match change:
        case Delete(key=None) | Move(key=None):
            return f"file {change.file_id}"
        case _:
            return visible(change.key or "")


def column_of_keys(names: list[str]) -> int:
    """As wide as the widest name, but for those that are unusually wide: they stand out."""
    return max((cells for name in names if (cells := cell_len(name)) <= _WIDEST_KEY), default=0)


def title_of(change: Change) -> str:
    """The title that the file has, or of a new one, will have; as the plan has it, not visible."""
    return change.after.title if isinstance(change, Create) else change.before.title


def title_in(page: Page, change: Change, *, verbose: bool) -> str:
    """The title, as wide as the page has room for it."""
    return shown(title_of(change), NO_LIMIT if verbose else min(_WIDEST_TITLE, page.room(40)))


def change_text(change: Change, width: int, marks: AbstractSet[str]) -> Text:
    """The change alone, with all that it does."""
    page = Page(width)
    change_lines(page, change, Look(marks=marks))
    return page.taken()


def change_lines(page: Page, change: Change, look: Look) -> None:
    """The change, with all that it does."""
    verb = verb_of(change)
    head: tuple[Part, ...] = (
        (f"  {verb.sign} {verb.word:<6}", f"bold {verb.style}"),
        ("  ", ""),
        (padded(name_of(change), look.key), "bold"),
        ("  ", ""),
        (padded(title_in(page, change, verbose=look.verbose), look.title), ""),
    )
    page.told(head, message_text(change.reason))
    match change:
        case Create():
            _create(page, change, look)
        case Update():
            _fields(page, change, look)
        case Move():
            file = (f"  file {change.file_id}", DIM)
            page.told(((INDENT, ""), *_moved(change), file), ", ".join(_waits(change)), "")
        case Delete():
            _delete(page, change, look)
        case _:
            assert_never(change)
    if look.verbose and change.declared_at is not None:
        page.line((INDENT + visible(str(change.declared_at)), DIM))


def _create(page: Page, change: Create, look: Look) -> None:
    source = change.source
    size = "" if source.size is None else f", {size_text(source.size)}"
    digest = ", not verified" if source.digest is None else f", {visible(source.digest)}"
    page.line((f"{INDENT}{source.kind}{size}{digest}", ""))
    if change.replaces is not None:
        where = f" in {visible(change.from_bucket)}" if change.from_bucket else ""
        elsewhere = where if change.from_bucket != change.bucket else ""
        page.line(
            (f"{INDENT}replaces file {change.replaces}{elsewhere}", "yellow"),
            (" (acr_id changes)", "yellow"),
        )
    if look.verbose:
        names = [field_of(name) for name in change.after.user_defined]
        nothing = Content(change.after.title, {})
        field_lines(page, nothing, change.after, names, verbose=True)
        return
    own = {name: item for name, item in change.after.user_defined.items() if name not in look.marks}
    if own:
        label = "user_defined  "
        room = page.room(len(INDENT) + len(label))
        page.line((INDENT + label, DIM), (shown(own, room), DIM))


def _fields(page: Page, change: Update, look: Look) -> None:
    field_lines(
        page,
        change.before,
        change.after,
        change.fields,
        marks=look.marks,
        verbose=look.verbose,
    )


def _moved(change: Move) -> tuple[Part, ...]:
    here, there = visible(change.bucket), visible(change.from_bucket)
    what = ((" (the trash)", "yellow"),) if change.trash else ()
    return ((here, "blue"), *what, (" ← ", DIM), (there, ""))


def _delete(page: Page, change: Delete, look: Look) -> None:
    file = "" if change.key is None else f"file {change.file_id}, "
    waits = ", ".join(_waits(change))
    page.told(((f"{INDENT}{file}acr_id {clipped(change.acr_id, 40)}", ""),), waits, "")
    if look.verbose and change.before.user_defined:
        page.line((INDENT + shown(change.before.user_defined, NO_LIMIT), DIM))


def _waits(change: Removal) -> Iterator[str]:
    if change.keeps is not None:
        yield f"once file {change.keeps} is seen to be ready"
    if change.after_change is not None:
        yield "once the new file is ready"
