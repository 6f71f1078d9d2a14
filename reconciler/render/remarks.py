"""What is to be said about a plan, one thing at a time and the most severe first, for tools that
show it on the lines of the catalogue.

| about                                                  | severity |
|--------------------------------------------------------|----------|
| a violation of a guardrail                             | refused  |
| a delete, a replacement, protection that is taken away | grave    |
| a note: broken, orphaned, opaque                       | open     |
| that it was made from a snapshot, and is never applied | open     |
| `user_defined` values that are taken away              | loss     |
| any other change, and a note of what is pending        | plain    |

How much lies in a trash is no remark.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum
from typing import NamedTuple, TypeAlias, assert_never

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.model import Place, Snapshot
from reconciler.core.plan import Change, Create, Delete, Move, Note, Plan, Update, Violation
from reconciler.core.weighing import GRAVE, Weighed, Weight, weighed
from reconciler.render.change_text import title_of
from reconciler.render.rows import word_of
from reconciler.render.shares import some_of_each
from reconciler.render.snapshot_words import doubt, from_snapshot
from reconciler.render.values import clipped, field_name, message_text, shown

_KEY = 128
_TITLE = 80
_NAME = 60
_MOST_FIELDS = 5


class Severity(IntEnum):
    """How much it matters, the most severe first."""

    REFUSED = 0
    GRAVE = 1
    OPEN = 2
    LOSS = 3
    PLAIN = 4


About: TypeAlias = Violation | Weighed | Note | Snapshot


class Topic(NamedTuple):
    """What there is a remark to make about: of very many only a few are put into words."""

    severity: Severity
    kind: str
    about: About


class Remark(NamedTuple):
    """What is said at a place. Every text is visible already (see `safe`)."""

    message: str
    place: Place | None = None
    title: str = ""
    rule: str = ""
    """What kind of thing it is about: `guardrail/delete`, `change/replace`, `note/broken`."""
    subject: str = ""
    """What it is about, by a name that stays: a key, a file."""


def topics(plan: Plan, marks: AbstractSet[str] = USUAL_MARKS) -> Sequence[Topic]:
    """All of them, the most severe first. `marks`: the names of the mark's fields, where they are
    known."""
    return sorted(_found(plan, marks), key=lambda topic: topic.severity)


def foremost(found: Sequence[Topic], most: int) -> Sequence[Topic]:
    """At most `most`, in their order: the most severe, and of one severity some of each kind."""
    chosen: list[Topic] = []
    for severity in Severity:
        these = [topic for topic in found if topic.severity is severity]
        chosen += some_of_each(these, lambda topic: topic.kind, most - len(chosen))
    return chosen


def remark(about: About) -> Remark:
    """It in words."""
    match about:
        case Violation(rule=rule, message=message, key=key, declared_at=place):
            name = _key(key)
            title = f"Refused by a guardrail: {rule.value}"
            said = f"{name}: {message_text(message)}" if name else message_text(message)
            return Remark(said, place, title, f"guardrail/{rule.value}", name)
        case Note(fact=fact, message=message, key=key, file_id=file_id, declared_at=place):
            kind = clipped(fact, _NAME)
            name = " ".join(filter(None, (_key(key), _file(file_id))))
            bucket = "" if about.bucket is None else f" in {clipped(about.bucket, _KEY)}"
            said = f"{name}{bucket}: {message_text(message)}"
            return Remark(said, place, f"Not done: {kind}", f"note/{kind}", name)
        case Snapshot():
            said = f"The plan was made {from_snapshot(about)}. {doubt(about)}".rstrip()
            return Remark(said, None, "Made from a snapshot", "plan/snapshot", "")
        case _:
            change, word = about.change, word_of(about.weight)
            file = "" if isinstance(change, Create) else _file(change.file_id)
            name = " ".join(filter(None, (_key(change.key), file)))
            title = f"{word.capitalize()} {name}"
            return Remark(_doing(about), change.declared_at, title, f"change/{word}", name)


def place_in_repository(place: Place | None, catalog: str) -> Place:
    """A place in the catalogue, counted from the top of the repository; its first line for none."""
    if place is None:
        return Place(catalog, 1, 1)
    folder, slash, _ = catalog.rpartition("/")
    return place._replace(file=f"{folder}{slash}{place.file}")


def _found(plan: Plan, marks: AbstractSet[str]) -> Iterator[Topic]:
    if plan.snapshot is not None:
        yield Topic(Severity.OPEN, "snapshot", plan.snapshot)
    for violation in plan.violations:
        yield Topic(Severity.REFUSED, violation.rule, violation)
    for one in weighed(plan.changes, marks):
        yield Topic(_severity(one.weight), one.weight, one)
    for note in plan.notes:
        if note.fact == "trash":
            continue  # it is so from plan to plan, and nobody's line is to blame
        severity = Severity.PLAIN if note.fact == "pending" else Severity.OPEN
        yield Topic(severity, note.fact, note)


def _severity(weight: Weight) -> Severity:
    if weight in GRAVE:
        return Severity.GRAVE
    return Severity.LOSS if weight is Weight.EMPTIED else Severity.PLAIN


def _doing(one: Weighed) -> str:
    change = one.change
    reason = message_text(change.reason)
    bare = " It is no longer protected." if one.unprotects else ""
    where = clipped(change.bucket, _KEY)
    match change:
        case Delete():
            lost = clipped(change.acr_id, _NAME)
            what = f"{_title(change)} in {where} is deleted for good, and its acr_id {lost} with it"
        case Create(replaces=None):
            what = f"{_title(change)} is created in {where}"
        case Create():
            what = f"a new file in {where} takes the place of file {change.replaces}: the acr_id"
            what += " changes"
        case Move():
            there = f"the trash {where}" if change.trash else where
            what = f"{_title(change)} moves from {clipped(change.from_bucket, _KEY)} to {there}"
        case Update():
            what = f"{_title(change)} in {where} changes: {_fields(change)}"
        case _:
            assert_never(change)
    return f"{what} ({reason}).{bare}"


def _fields(change: Update) -> str:
    names = [field_name(name, _NAME) for name in change.fields[:_MOST_FIELDS]]
    rest = len(change.fields) - len(names)
    return ", ".join([*names, *([f"{rest:,} more"] if rest else [])])


def _title(change: Change) -> str:
    return shown(title_of(change), _TITLE)


def _key(key: str | None) -> str:
    return "" if key is None else clipped(key, _KEY)


def _file(file_id: int | None) -> str:
    return "" if file_id is None else f"file {file_id}"
