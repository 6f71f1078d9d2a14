"""A plan as a page that a reviewer opens from the artifacts of a run: one file, without network.

Every text in it is visible and escaped. The changes are there twice: the first of them as HTML,
for who runs no script, and all of them as JSON, for the script of the page, which filters them.
The page's policy lets nothing run or load but that script and that style, by their digests.

The same plan makes the same bytes, which come piece by piece.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Final

from reconciler.core.codec import Made
from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Change, ChangeId, Plan
from reconciler.core.risk import risk_of
from reconciler.render import report_html as pieces
from reconciler.render.change_text import VERBS, Verb, verb_of
from reconciler.render.fields import foldable
from reconciler.render.flows import flows_of
from reconciler.render.html import element, escaped, filled, json_in_script, policy
from reconciler.render.page import counted
from reconciler.render.plan_picture import MOST_NODES, NARROW, STYLE, WIDE, drawing
from reconciler.render.plan_words import cost, doing, more
from reconciler.render.report_rows import as_json, row_of
from reconciler.render.selection import Selection
from reconciler.render.snapshot_words import from_snapshot
from reconciler.render.values import clipped, message_text

MOST: Final = 50_000
"""How many changes a report holds: more make a browser slow."""
PLAIN: Final = 100
"""How many are there without a script; the script shows as many at first."""
_MOST_CHARACTERS: Final = 48_000_000
"""Of the changes' JSON, about: behind it, they come without their fields."""
_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Parts:
    """The files that a report is put together from, as they are in the package."""

    page: str
    style: str
    script: str


def plan_html(
    plan: Plan,
    made: Made,
    parts: Parts,
    *,
    marks: AbstractSet[str] = USUAL_MARKS,
    most: int = MOST,
) -> Iterator[str]:
    """The page, piece by piece. `marks`: the names of the mark's fields. At most `most` changes
    are in it, shared out over buckets and verbs."""
    risk = risk_of(plan, marks)
    style = f"{parts.style}{STYLE}"
    slots = {
        **_head(plan, made),
        **_Changes(plan, marks, most).slots(),
        "policy": [policy(style, parts.script)],
        "style": [style],
        "script": [parts.script],
        "risk": pieces.risk_said(risk.level, risk.reasons),
    }
    yield from filled(parts.page, slots)


def _head(plan: Plan, made: Made) -> Mapping[str, Iterable[str]]:
    """What the page says before it comes to the changes, by the names of its slots."""
    flows = flows_of(plan, MOST_NODES)
    return {
        "title": [escaped(f"{clipped(plan.catalog, 80)}: {doing(plan.summary)}")],
        "catalog": [escaped(clipped(plan.catalog, _NAME))],
        "mood": ["refused" if plan.violations else "fine"],
        "verdict": [escaped(_verdict(plan))],
        "about": pieces.about(plan, made.created_at),
        "violations": pieces.violations_said(plan.violations),
        "counts": pieces.counts(plan),
        "costs": [escaped(cost(plan.summary) if plan.changes else "")],
        "picture": [drawing(plan, flows, WIDE, "wide")],
        "narrow": [drawing(plan, flows, NARROW, "narrow")],
        "flows": pieces.flow_rows(flows),
        "notes": pieces.notes_said(plan.notes),
        "made": [escaped(f"Made by {message_text(made.tool)}, {message_text(made.created_at)}.")],
    }


def _verdict(plan: Plan) -> str:
    refused = "Refused by guardrails. " if plan.violations else ""
    made = "" if plan.snapshot is None else f". Made {from_snapshot(plan.snapshot)}"
    return f"{refused}{doing(plan.summary)}{made}"


class _Changes:
    """The changes that are in the page, in the order in which they are applied."""

    def __init__(self, plan: Plan, marks: AbstractSet[str], most: int) -> None:
        self._folds = foldable(marks)
        selection = Selection(plan.changes, most)
        self._left_out: Counter[Verb] = Counter(dict.fromkeys(VERBS, 0))
        chosen: set[ChangeId] = set()
        for bucket in selection.buckets:
            chosen.update(change.id for change in selection.shown(bucket))
            self._left_out.update(selection.left_out(bucket))
        self._changes: Sequence[Change] = plan.changes
        if len(chosen) < len(plan.changes):
            self._changes = [change for change in plan.changes if change.id in chosen]
        self._totals = Counter(map(verb_of, self._changes))
        names = {change.bucket for change in plan.changes} | set(plan.live)
        self._numbers = {name: number for number, name in enumerate(sorted(names))}
        self._buckets = [clipped(name, _NAME) for name in self._numbers]

    def slots(self) -> Mapping[str, Iterable[str]]:
        """By the names of the page's slots."""
        return {
            "left_out": self._words(),
            "actions": pieces.action_boxes({verb: self._totals[verb] for verb in VERBS}),
            "first": self._first(),
            "rest": self._rest(),
            "data": self._data(),
        }

    def _words(self) -> Iterator[str]:
        """That not all are here, where they are not."""
        missing = more(self._left_out)
        if missing:
            here = f"{len(self._changes):,} of the plan's changes"
            said = f"This report holds {here}. Left out, for size: {missing}. All of them are in"
            shown = "<code>reconciler show PLAN.json --verbose</code>"
            yield f'<p class="notice">{escaped(said)} the plan file: {shown} shows them.</p>\n'
        elif not self._changes:
            yield '<p class="none">There is nothing to do.</p>\n'

    def _first(self) -> Iterator[str]:
        for change in islice(self._changes, PLAIN):
            bucket = self._buckets[self._numbers[change.bucket]]
            yield f"{pieces.row_item(row_of(change, self._folds), bucket)}\n"

    def _rest(self) -> Iterator[str]:
        rest = len(self._changes) - PLAIN
        if rest > 0:
            said = f"{counted(rest, 'more change')} can be seen where scripts may run."
            yield element("span", said, id="rest")

    def _data(self) -> Iterator[str]:
        yield f'{{"plain":{PLAIN},"buckets":{json_in_script(self._buckets)},"changes":['
        size, before = 0, "\n"
        for change in self._changes:
            row = row_of(change, self._folds)
            if size > _MOST_CHARACTERS:
                row = row._replace(fields=(), left_out=row.left_out + len(row.fields))
            piece = before + json_in_script(as_json(row, self._numbers))
            size, before = size + len(piece), ",\n"
            yield piece
        yield "]}"
