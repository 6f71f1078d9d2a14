"""A plan, as people read it before they say yes: what will be done, what not, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.model import Place
from reconciler.core.plan import Change, ChangeId, Create, Delete, Note, Options, Plan, Violation
from reconciler.render.change_text import (
    VERBS,
    Look,
    Verb,
    change_lines,
    column_of_keys,
    name_of,
    title_of,
    verb_of,
)
from reconciler.render.fields import USUAL_MARKS
from reconciler.render.page import DIM, Page, Part, counted, padded
from reconciler.render.safe import visible
from reconciler.render.shares import shares
from reconciler.render.values import message_text, size_text


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
    options = list(_options(plan.options))
    together = "  ".join(options)
    lines = [together] if cell_len(together) + 7 <= page.width else options
    for place, line in enumerate(lines if options else []):
        page.line(("       " if place else "  with ", DIM), (line, ""))


def _options(options: Options) -> Iterator[str]:
    for rule in sorted(options.allow):
        yield f"--allow {rule}={options.allow[rule]}"
    for glob in options.only:
        yield f"--only {visible(glob)}"
    if options.retry_broken:
        yield "--retry-broken"


class _Changes:
    """The changes by bucket. What is not shown is counted once, and never looked at again."""

    def __init__(
        self, plan: Plan, page: Page, most: int, *, verbose: bool, marks: AbstractSet[str]
    ) -> None:
        self._page = page
        self._ids = {name: seen.id for name, seen in plan.live.items()}
        self._verbose = verbose
        self._marks = marks
        beside = _replaced(plan.changes)
        self._beside: Mapping[ChangeId, Sequence[Delete]] = beside
        attached = {delete.id for delete in chain.from_iterable(beside.values())}
        self._totals = Counter((change.bucket, verb_of(change)) for change in plan.changes)
        alone = Counter(self._totals)
        alone.subtract((delete.bucket, verb_of(delete)) for delete in chain(*beside.values()))
        self._shown: dict[str, list[Change]] = defaultdict(list)
        left = shares({group: count for group, count in alone.items() if count}, most)
        missing = sum(left.values())
        for change in plan.changes:
            if not missing:
                break
            group = (change.bucket, verb_of(change))
            if left.get(group) and change.id not in attached:
                self._shown[change.bucket].append(change)
                left[group] -= 1
                missing -= 1

    def texts(self) -> Iterator[Text]:
        """Every bucket that has changes, by name."""
        for bucket in sorted({bucket for bucket, _ in self._totals}):
            yield from self._bucket(bucket)

    def _bucket(self, bucket: str) -> Iterator[Text]:
        changes = list(self._with_deletes(self._shown[bucket]))
        totals = {verb: self._totals[bucket, verb] for verb in VERBS}
        shown = Counter(map(verb_of, changes))
        self._page.blank()
        bucket_id = self._ids.get(bucket)
        self._page.line(
            ("bucket ", ""),
            (visible(bucket), "bold"),
            (f" ({bucket_id})" if bucket_id is not None else "", DIM),
            (f"  {_to_do(totals)}", DIM),
        )
        look = self._look(changes)
        for change in changes:
            change_lines(self._page, change, look)
            yield self._page.taken()
        more = [
            counted(totals[verb] - shown[verb], f"more {verb.word}")
            for verb in VERBS
            if totals[verb] > shown[verb]
        ]
        if more:
            self._page.line((f"  … and {', '.join(more)}", ""))
        yield self._page.taken()

    def _with_deletes(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Below a new file, the one that it replaces."""
        for change in changes:
            yield change
            yield from self._beside.get(change.id, ())

    def _look(self, changes: Sequence[Change]) -> Look:
        titles = [title_of(change, self._page, verbose=self._verbose) for change in changes]
        return Look(
            key=column_of_keys([name_of(change) for change in changes]),
            title=min(32, max(map(cell_len, titles), default=0)),
            verbose=self._verbose,
            marks=self._marks,
        )


def _replaced(changes: Sequence[Change]) -> dict[ChangeId, list[Delete]]:
    """By each create, the deletes in its bucket that wait for it."""
    waiting = [change for change in changes if isinstance(change, Delete) and change.after_change]
    if not waiting:
        return {}
    creates = {change.id: change.bucket for change in changes if isinstance(change, Create)}
    beside: dict[ChangeId, list[Delete]] = defaultdict(list)
    for delete in waiting:
        if delete.after_change and creates.get(delete.after_change) == delete.bucket:
            beside[delete.after_change].append(delete)
    return beside


def _to_do(totals: Mapping[Verb, int]) -> str:
    return ", ".join(f"{count:,} to {verb.word}" for verb, count in totals.items() if count)


def _notes(page: Page, notes: Sequence[Note], most: int) -> Iterator[Text]:
    if not notes:
        return
    page.blank()
    page.line(("Not done", "bold"))
    left = shares(Counter(note.fact for note in notes), most)
    shown: list[Note] = []
    for note in notes:
        if left[note.fact]:
            left[note.fact] -= 1
            shown.append(note)
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
    left = shares(Counter(violation.rule for violation in violations), most)
    rules = max(len(violation.rule) for violation in violations)
    shown = 0
    for violation in violations:
        if left[violation.rule]:
            left[violation.rule] -= 1
            shown += 1
            head: tuple[Part, ...] = (
                (f"  {violation.rule:<{rules}}", "red"),
                (f"  {visible(violation.key)}" if violation.key else "", "bold"),
                (_place(violation.declared_at), DIM),
            )
            page.told(head, message_text(violation.message), "")
            yield page.taken()
    _more(page, len(violations) - shown)


def _place(place: Place | None) -> str:
    return "" if place is None else f"  {visible(str(place))}"


def _more(page: Page, count: int) -> None:
    if count > 0:
        page.line((f"  … and {count:,} more", ""))


def _summary(page: Page, plan: Plan) -> None:
    summary = plan.summary
    if plan.changes:
        page.line((_cost(plan), DIM))
    else:
        _nothing(page, plan)
    counts = (summary.create, summary.update, summary.move, summary.delete)
    styles = ("green", "yellow", "blue", "red")
    words = ("create", "update", "move", "delete")
    parts = [
        (f"{count:,} to {word}", f"bold {style}" if count else DIM)
        for count, style, word in zip(counts, styles, words, strict=True)
    ]
    rest = f"{summary.unchanged:,} unchanged, {summary.foreign:,} foreign, "
    page.counts(parts, rest + f"{summary.pending:,} pending")
    page.line(("digest  ", DIM), (visible(plan.digest), ""))


def _cost(plan: Plan) -> str:
    summary = plan.summary
    uploads = f"{size_text(summary.upload_bytes)} to upload" if summary.create else ""
    removed = summary.removed_values
    values = f"{counted(removed, 'user_defined value')} removed" if removed else ""
    return ", ".join(filter(None, (uploads, values, counted(summary.requests, "request"))))


def _nothing(page: Page, plan: Plan) -> None:
    compared = plan.summary.unchanged + len(
        {note.key for note in plan.notes if note.fact in ("pending", "broken")}
        | {violation.key for violation in plan.violations if violation.key is not None}
    )
    entries = f"{compared:,} entr{'y' if compared == 1 else 'ies'}"
    files = counted(sum(seen.files for seen in plan.live.values()), "file")
    agree = "" if plan.notes or plan.violations else ", and all is as it should be"
    page.line(("Nothing to do: ", "bold"), (f"{entries} compared with {files}{agree}.", ""))
