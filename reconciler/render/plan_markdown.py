"""A plan in Markdown, for a comment on a pull or merge request.

It says what would be done to which file, and not the values: they are in the plan's text. It
always fits into a comment, and says how much it left out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import assert_never

from reconciler.core.plan import Change, Create, Delete, Move, Note, Plan, Update, Violation
from reconciler.render.change_text import VERBS, verb_of
from reconciler.render.fields import USUAL_MARKS, foldable
from reconciler.render.markdown import cell, code, message
from reconciler.render.page import counted
from reconciler.render.plan_words import asked_for, cost, doing, more, not_to_do, to_do
from reconciler.render.selection import Selection
from reconciler.render.shares import shares
from reconciler.render.values import size_text

LIMIT = 65_536
"""A comment on GitHub is shorter, by characters; here by bytes, which nobody counts as fewer."""
_LARGEST = 1000
"""More rows than fit are not tried."""
_MOST_SAID = 20
"""How many violations are said, and how many notes."""
_MOST_FIELDS = 5
_MOST_OPTIONS = 10
_KEY = 128
_TITLE = 60
_NAME = 40


def plan_markdown(
    plan: Plan, *, most: int = 100, marks: AbstractSet[str] = USUAL_MARKS, limit: int = LIMIT
) -> str:
    """The plan in less than `limit` bytes of UTF-8; ends with a newline. At least 8,000 of them.

    At most `most` changes are shown, fewer where they do not fit, shared out over buckets and
    verbs; the numbers count all. `marks`: the names of the mark's fields, where they are known.
    """
    shown = min(most, _LARGEST)
    said = _MOST_SAID
    while True:
        text = "\n".join(_blocks(plan, shown, said, marks))
        if len(text.encode()) < limit or not (shown or said):
            return text
        shown, said = shown // 2, (said // 2 if shown <= said else said)


def _blocks(plan: Plan, most: int, said: int, marks: AbstractSet[str]) -> Iterator[str]:
    """Blocks, each of which ends with a newline."""
    yield from _head(plan)
    yield from _violations(plan.violations, said)
    yield from _changes(plan, most, marks)
    yield from _notes(plan.notes, said)


def _head(plan: Plan) -> Iterator[str]:
    summary = plan.summary
    yield f"**{doing(summary)}**; {not_to_do(summary)}\n"
    takes = f": {cost(summary)}" if plan.changes else ""
    yield f"Plan for {code(plan.catalog, _KEY)} at {code(plan.origin, _KEY)}{takes}\n"
    options = list(asked_for(plan.options))
    if options:
        asked = ", ".join(code(option, _KEY) for option in options[:_MOST_OPTIONS])
        rest = len(options) - _MOST_OPTIONS
        yield f"With {asked}" + (f", and {counted(rest, 'more option')}" if rest > 0 else "") + "\n"
    yield f"Digest {code(plan.digest, _KEY)}\n"


def _violations(violations: Sequence[Violation], most: int) -> Iterator[str]:
    if not violations:
        return
    yield "#### Refused by guardrails\n"
    left = shares(Counter(violation.rule for violation in violations), most)
    lines: list[str] = []
    for violation in violations:
        if left[violation.rule]:
            left[violation.rule] -= 1
            key = f" {code(violation.key, _KEY)}" if violation.key else ""
            lines.append(f"- {violation.rule}{key}: {message(violation.message)}\n")
    yield from _list(lines, len(violations))


def _notes(notes: Sequence[Note], most: int) -> Iterator[str]:
    if not notes:
        return
    yield "#### Not done\n"
    left = shares(Counter(note.fact for note in notes), most)
    lines: list[str] = []
    for note in notes:
        if left[note.fact]:
            left[note.fact] -= 1
            key = f" {code(note.key, _KEY)}" if note.key else ""
            file = "" if note.file_id is None else f" file {note.file_id}"
            bucket = "" if note.bucket is None else f" in {code(note.bucket, _KEY)}"
            about = f"{code(note.fact, _NAME)}{key}{file}{bucket}"
            lines.append(f"- {about}: {message(note.message)}\n")
    yield from _list(lines, len(notes))


def _list(lines: Sequence[str], count: int) -> Iterator[str]:
    if lines:
        yield "".join(lines)
    if count > len(lines):
        yield f"… and {count - len(lines):,} more\n"


def _changes(plan: Plan, most: int, marks: AbstractSet[str]) -> Iterator[str]:
    selection = Selection(plan.changes, most)
    folds = foldable(marks)
    others = Counter(dict.fromkeys(VERBS, 0))
    unseen = 0
    for bucket in selection.buckets:
        shown = selection.shown(bucket)
        if not shown:
            unseen += 1
            others.update(selection.totals(bucket))
            continue
        yield f"#### Bucket {code(bucket, _KEY)}: {to_do(selection.totals(bucket))}\n"
        rows = "".join(_row(change, folds) for change in shown)
        yield f"| action | key | title | fields |\n|---|---|---|---|\n{rows}"
        left_out = more(selection.left_out(bucket))
        if left_out:
            yield f"… and {left_out}\n"
    if unseen:
        yield f"… and in {counted(unseen, 'more bucket')}: {to_do(others)}\n"


def _row(change: Change, folds: AbstractSet[str]) -> str:
    key = "" if change.key is None else cell(change.key, _KEY)
    title = change.after.title if isinstance(change, Create) else change.before.title
    what = _what(change, folds)
    return f"| {verb_of(change).word} | {key} | {cell(title, _TITLE)} | {what} |\n"


def _what(change: Change, folds: AbstractSet[str]) -> str:
    match change:
        case Update():
            return _fields(change, folds)
        case Create():
            return _source(change)
        case Move():
            return f"file {change.file_id} from {cell(change.from_bucket, _KEY)}"
        case Delete():
            waits = change.keeps is not None or change.after_change is not None
            return f"file {change.file_id}{', once its other file is ready' if waits else ''}"
        case _:
            assert_never(change)


def _fields(change: Update, folds: AbstractSet[str]) -> str:
    rest = [name for name in change.fields if name not in folds]
    said = [cell(name, _NAME) for name in rest[:_MOST_FIELDS]]
    if len(rest) > _MOST_FIELDS:
        said.append(f"{len(rest) - _MOST_FIELDS:,} more")
    if len(rest) < len(change.fields):
        said.append("mark")
    return ", ".join(said)


def _source(change: Create) -> str:
    size = "" if change.source.size is None else f", {size_text(change.source.size)}"
    old = change.replaces
    replaced = "" if old is None else f", replaces file {old} (acr_id changes)"
    return f"{change.source.kind}{size}{replaced}"
