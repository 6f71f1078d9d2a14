"""A plan in Markdown, for a comment on a pull or merge request: understood in ten seconds.

From what matters most to what matters least: the risk and the counts; why; what changed since the
last look; what is refused; what can be lost; a table for each bucket; what is not done. Before and
after are folded away. It always fits into a comment, and says what it left out.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from reconciler.core.comparison import compare
from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Note, Plan, Violation
from reconciler.core.risk import Level, Risk, risk_of_weighed
from reconciler.core.weighing import weighed
from reconciler.render.changes_markdown import ChangeTables
from reconciler.render.fitting import LIMIT, Room, fitted
from reconciler.render.markdown import code, message
from reconciler.render.page import counted
from reconciler.render.plan_words import asked_for, cost, instead, not_to_do
from reconciler.render.previous_markdown import SincePrevious, violation_words
from reconciler.render.rows import Listing, Rows, together
from reconciler.render.shares import some_of_each
from reconciler.render.snapshot_words import doubt, from_snapshot

_KEY = 128
_NAME = 40
_MOST_OPTIONS = 10
_LEVELS = {
    Level.NONE: "⚪ No risk",
    Level.LOW: "🟢 Low risk",
    Level.MEDIUM: "🟠 Medium risk",
    Level.HIGH: "🔴 High risk",
}


def plan_markdown(
    plan: Plan,
    *,
    most: int = 100,
    marks: AbstractSet[str] = USUAL_MARKS,
    limit: int = LIMIT,
    previous: Plan | None = None,
    artifact: str | None = None,
) -> str:
    """The plan in less than `limit` bytes of UTF-8; ends with a newline. At least 8,000 of them.

    At most `most` changes are listed, fewer where they do not fit, shared out over buckets and
    kinds, and first those that can lose something; the numbers count all. `marks`: the names of
    the mark's fields, where they are known. `previous`: the plan that was shown before, of which
    it says what changed since. `artifact`: what the run's artifact with the whole plan is called.
    """
    return fitted(most, limit, _Page(plan, marks, previous, artifact, most).blocks)


class _Page:
    """What the blocks are made of: found once, and shown in several rooms until it fits."""

    def __init__(
        self,
        plan: Plan,
        marks: AbstractSet[str],
        previous: Plan | None,
        artifact: str | None,
        most: int,
    ) -> None:
        changes = weighed(plan.changes, marks)
        self._plan = plan
        self._tables = ChangeTables(marks)
        self._artifact = artifact
        self._risk = risk_of_weighed(plan, changes)
        self._listing = Listing(changes, most)
        self._since = None if previous is None else SincePrevious(compare(previous, plan))

    def blocks(self, room: Room) -> Iterator[str]:
        """Blocks, each of which ends with a newline."""
        grave, buckets = self._listing.listed(room.rows)
        every = together([grave, *buckets.values()])
        yield from _head(self._plan, self._risk, every.to_do())
        yield from self._cut(every, min(room.details, len(every.listed)))
        if self._since is not None:
            yield from self._since.blocks(room.said)
        yield from _violations(self._plan.violations, room.said)
        yield from self._tables.grave(grave, room.details)
        left = max(0, room.details - len(grave.listed))
        yield from self._tables.buckets(buckets, left)
        yield from _notes(self._plan.notes, room.said)

    def _cut(self, every: Rows, detailed: int) -> Iterator[str]:
        """A word on what is not shown, and where it is."""
        listed = len(every.listed)
        if listed == every.count == detailed:
            return
        where = "`reconciler show PLAN.json` shows all of it"
        if self._artifact is not None:
            where = f"The whole plan is in the artifact {code(self._artifact, _KEY)} of this run"
        before_and_after = "" if detailed == listed else f", {detailed:,} with before and after"
        rows = f"{listed:,} of {counted(every.count, 'change')} listed{before_and_after}"
        yield f"**Shortened**: {rows}. {where}.\n"


def _head(plan: Plan, risk: Risk, doing: str) -> Iterator[str]:
    summary = plan.summary
    refused = "⛔ Refused. " if plan.violations else ""
    yield f"**{refused}{_LEVELS[risk.level]}: {doing or 'nothing to do'}**\n"
    if risk.level is not Level.LOW and risk.reasons:  # of a low one, the counts say it all
        yield "".join(f"- {reason}\n" for reason in risk.reasons)
    if plan.snapshot is not None:
        made = from_snapshot(plan.snapshot, lambda at: code(at, _KEY))
        yield f"**Made {made}.** {doubt(plan.snapshot)}".rstrip() + "\n"
    said = instead(plan.options.way, lambda name: code(name, _KEY))
    if said is not None:
        yield f"**{said}**\n"
    takes = f"{cost(summary)}; " if plan.changes else ""
    where = f"{code(plan.catalog, _KEY)} at {code(plan.origin, _KEY)}"
    yield f"Plan for {where}: {takes}{not_to_do(summary)}\n"
    options = list(asked_for(plan.options))
    if options:
        asked = ", ".join(code(option, _KEY) for option in options[:_MOST_OPTIONS])
        rest = len(options) - _MOST_OPTIONS
        yield f"With {asked}" + (f", and {counted(rest, 'more option')}" if rest > 0 else "") + "\n"
    yield f"Digest {code(plan.digest, _KEY)}\n"


def _violations(violations: Sequence[Violation], most: int) -> Iterator[str]:
    if not violations:
        return
    yield "#### ⛔ Refused by guardrails: apply will not run this plan\n"
    shown = some_of_each(violations, lambda violation: violation.rule, most)
    yield from _list([violation_words(violation) for violation in shown], len(violations))


def _notes(notes: Sequence[Note], most: int) -> Iterator[str]:
    if not notes:
        return
    yield "#### Not done\n"
    shown = some_of_each(notes, lambda note: note.fact, most)
    yield from _list(list(map(_note, shown)), len(notes))


def _note(note: Note) -> str:
    key = f" {code(note.key, _KEY)}" if note.key else ""
    file = "" if note.file_id is None else f" file {note.file_id}"
    bucket = "" if note.bucket is None else f" in {code(note.bucket, _KEY)}"
    return f"{code(note.fact, _NAME)}{key}{file}{bucket}: {message(note.message)}"


def _list(items: Sequence[str], count: int) -> Iterator[str]:
    if items:
        yield "".join(f"- {item}\n" for item in items)
    if count > len(items):
        yield f"… and {count - len(items):,} more\n"
