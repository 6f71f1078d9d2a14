"""A plan, as people read it before they say yes: what will be done, what not, and why."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.model import Place
from reconciler.core.plan import Change, Note, Plan, Revert, Violation
from reconciler.render.change_text import Look, change_lines, column_of_keys, name_of, title_in
from reconciler.render.page import DIM, Page, Part, counted, padded, wrapped
from reconciler.render.plan_words import asked_for, cost, instead, more, not_to_do, to_do
from reconciler.render.safe import visible
from reconciler.render.selection import Selection
from reconciler.render.shares import some_of_each
from reconciler.render.snapshot_words import doubt, from_snapshot
from reconciler.render.values import message_text


def plan_text(
    plan: Plan,
    *,
    width: int,
    most: int = 100,
    verbose: bool = False,
    marks: AbstractSet[str] = USUAL_MARKS,
) -> Iterator[Text]:
    """The plan as lines that fit into `width` columns where they can, some at a time.

    At most `most` changes are shown, shared out over buckets and verbs so that a few deletes
    are not hidden by many updates; the numbers count all. `verbose`: values in full, the
    mark's fields and places. `marks`: the names of the mark's fields, where they are known.
    """
    page = Page(width)
    _header(page, plan)
    yield page.taken()
    yield from _Changes(plan, page, most, verbose=verbose, marks=marks).texts()
    yield from _notes(page, plan.notes, most)
    yield from _violations(page, plan.violations, most)
    page.blank()
    _summary(page, plan)
    yield page.taken()


def _header(page: Page, plan: Plan) -> None:
    page.line(
        ("Plan for ", ""), (visible(plan.catalog), "bold"), (f"  {visible(plan.origin)}", DIM)
    )
    if plan.snapshot is not None:
        made: tuple[Part, ...] = (("  ", ""), (from_snapshot(plan.snapshot), "bold yellow"))
        page.told(made, doubt(plan.snapshot), "yellow")
    said = instead(plan.options.way)
    if said is not None:
        for line in wrapped(said, page.room(2)):
            page.line(("  ", ""), (line, "bold"))
    options = [visible(option) for option in asked_for(plan.options)]
    together = "  ".join(options)
    lines = [together] if cell_len(together) + 7 <= page.width else options
    for place, line in enumerate(lines if options else []):
        page.line(("       " if place else "  with ", DIM), (line, ""))


class _Changes:
    """The changes by bucket."""

    def __init__(
        self, plan: Plan, page: Page, most: int, *, verbose: bool, marks: AbstractSet[str]
    ) -> None:
        self._page = page
        self._ids = {name: seen.id for name, seen in plan.live.items()}
        self._verbose = verbose
        self._marks = marks
        self._selection = Selection(plan.changes, most)

    def texts(self) -> Iterator[Text]:
        """Every bucket that has changes, by name."""
        for bucket in self._selection.buckets:
            yield from self._bucket(bucket)

    def _bucket(self, bucket: str) -> Iterator[Text]:
        changes = self._selection.shown(bucket)
        self._page.blank()
        bucket_id = self._ids.get(bucket)
        self._page.line(
            ("bucket ", ""),
            (visible(bucket), "bold"),
            (f" ({bucket_id})" if bucket_id is not None else "", DIM),
            (f"  {to_do(self._selection.totals(bucket))}", DIM),
        )
        look = self._look(changes)
        for change in changes:
            change_lines(self._page, change, look)
            yield self._page.taken()
        left_out = more(self._selection.left_out(bucket))
        if left_out:
            self._page.line((f"  … and {left_out}", ""))
        yield self._page.taken()

    def _look(self, changes: Sequence[Change]) -> Look:
        titles = [title_in(self._page, change, verbose=self._verbose) for change in changes]
        return Look(
            key=column_of_keys([name_of(change) for change in changes]),
            title=min(32, max(map(cell_len, titles), default=0)),
            verbose=self._verbose,
            marks=self._marks,
        )


def _notes(page: Page, notes: Sequence[Note], most: int) -> Iterator[Text]:
    if not notes:
        return
    page.blank()
    page.line(("Not done", "bold"))
    shown = some_of_each(notes, lambda note: note.fact, most)
    facts = max((cell_len(visible(note.fact)) for note in shown), default=0)
    keys = column_of_keys([visible(note.key or "") for note in shown])
    for note in shown:
        head: tuple[Part, ...] = (
            (f"  {padded(visible(note.fact), facts)}", "yellow"),
            (f"  {padded(visible(note.key or ''), keys)}" if keys else "", "bold"),
            (f"  {_where(note)}", ""),
        )
        page.told(head, message_text(note.message))
        yield page.taken()
    _more(page, len(notes) - len(shown))


def _where(note: Note) -> str:
    file = "" if note.file_id is None else f"file {note.file_id}"
    bucket = "" if note.bucket is None else f"in {visible(note.bucket)}"
    return " ".join(filter(None, (file, bucket)))


def _violations(page: Page, violations: Sequence[Violation], most: int) -> Iterator[Text]:
    if not violations:
        return
    page.blank()
    page.line(("Refused by guardrails", "bold red"))
    shown = some_of_each(violations, lambda violation: violation.rule, most)
    rules = max(len(violation.rule) for violation in violations)
    for violation in shown:
        head: tuple[Part, ...] = (
            (f"  {violation.rule:<{rules}}", "red"),
            (f"  {visible(violation.key)}" if violation.key else "", "bold"),
            (_place(violation.declared_at), DIM),
        )
        page.told(head, message_text(violation.message), "")
        yield page.taken()
    _more(page, len(violations) - len(shown))


def _place(place: Place | None) -> str:
    return "" if place is None else f"  {visible(str(place))}"


def _more(page: Page, count: int) -> None:
    if count > 0:
        page.line((f"  … and {count:,} more", ""))


def _summary(page: Page, plan: Plan) -> None:
    summary = plan.summary
    if plan.changes:
        page.line((cost(plan.summary), DIM))
    else:
        _nothing(page, plan)
    counts = (summary.create, summary.update, summary.move, summary.delete)
    styles = ("green", "yellow", "blue", "red")
    words = ("create", "update", "move", "delete")
    parts = [
        (f"{count:,} to {word}", f"bold {style}" if count else DIM)
        for count, style, word in zip(counts, styles, words, strict=True)
    ]
    page.counts(parts, not_to_do(summary))
    page.line(("digest  ", DIM), (visible(plan.digest), ""))


def _nothing(page: Page, plan: Plan) -> None:
    if isinstance(plan.options.way, Revert):
        page.line(("Nothing to do", "bold"))
        return
    compared = plan.summary.unchanged + len(
        {note.key for note in plan.notes if note.fact in ("pending", "broken")}
        | {violation.key for violation in plan.violations if violation.key is not None}
    )
    entries = f"{compared:,} entr{'y' if compared == 1 else 'ies'}"
    files = counted(sum(seen.files for seen in plan.live.values()), "file")
    amiss = plan.violations or any(note.fact != "trash" for note in plan.notes)
    agree = "" if amiss else ", and all is as it should be"
    page.line(("Nothing to do: ", "bold"), (f"{entries} compared with {files}{agree}.", ""))
