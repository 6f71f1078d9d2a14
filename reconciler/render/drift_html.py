"""A drift as a page for the browser: one file, without network and without a script.

Every text in it is visible and escaped. The same drift makes the same bytes, piece by piece.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from reconciler.core.drift import Acceptance, DriftItem
from reconciler.core.drift_codec import DriftReport
from reconciler.core.marks import USUAL_MARKS
from reconciler.render.drift_words import (
    Section,
    counts,
    coverage,
    doubts,
    is_idle,
    named,
    rest,
    sections,
    was_accepted,
)
from reconciler.render.fields import foldable
from reconciler.render.html import element, escaped, filled, policy
from reconciler.render.report_fields import Sides
from reconciler.render.report_html import fields_table
from reconciler.render.report_rows import fields_left_out
from reconciler.render.safe import visible
from reconciler.render.shares import shares
from reconciler.render.values import clipped, message_text, shown

MOST: Final = 5_000
"""How many items a page holds: more make a browser slow."""
_NAME: Final = 160
_MOST_FIELDS: Final = 100


def drift_html(
    report: DriftReport,
    page: str,
    style: str,
    *,
    marks: AbstractSet[str] = USUAL_MARKS,
    most: int = MOST,
) -> Iterator[str]:
    """The page, piece by piece. `page`, `style`: `drift.html` and `page.css` as they are in the
    package. At most `most` items are in it, shared out over the sections."""
    drift, made = report.drift, report.made
    said = ", ".join(f"{count:,} {word}" for word, count in counts(drift)) or "No drift"
    catalog = clipped(report.catalog, _NAME)
    slots = {
        "policy": [policy(style)],
        "style": [style],
        "title": [escaped(f"{catalog}: {said}")],
        "catalog": [escaped(catalog)],
        "verdict": [escaped(said)],
        "rest": [escaped(f"{rest(drift)}, {coverage(drift)}")],
        "doubts": (element("p", doubt, class_="notice") + "\n" for doubt in doubts(drift)),
        "sections": _sections(report, foldable(marks), most),
        "made": [escaped(f"Made by {message_text(made.tool)}, {message_text(made.created_at)}.")],
    }
    yield from filled(page, slots)


def _sections(report: DriftReport, folds: AbstractSet[str], most: int) -> Iterator[str]:
    every = sections(report.drift)
    listed = shares({section.word: len(section.items) for section in every}, most)
    for section in every:
        yield from _section(section, listed[section.word], folds)
    yield from _told("expired", "Expired", report.drift.expired, was_accepted)
    yield from _told("idle", "Accepted, and not so", report.drift.idle, is_idle)


def _section(section: Section, most: int, folds: AbstractSet[str]) -> Iterator[str]:
    yield from _begin(section.word.replace(" ", "-"), section.word.capitalize(), len(section.items))
    yield '<ol class="list">\n'
    for item in section.items[:most]:
        yield f"{_item(item, folds)}\n"
    yield "</ol>\n"
    yield from _end(len(section.items) - most)


def _item(item: DriftItem, folds: AbstractSet[str]) -> str:
    file = "" if item.file_id is None else f"file {item.file_id}"
    key = "-" if item.key is None else clipped(item.key, _NAME)
    head = " ".join(
        (
            element("span", file, class_="dim"),
            element("code", key, class_="key"),
            element("span", "" if item.title is None else shown(item.title, _NAME), class_="title"),
            element(
                "span", "" if item.bucket is None else clipped(item.bucket, _NAME), class_="bucket"
            ),
            element("span", message_text(item.message), class_="brief"),
        )
    )
    return f"<li><details><summary>{head}</summary>{_body(item, key, folds)}</details></li>"


def _body(item: DriftItem, key: str, folds: AbstractSet[str]) -> str:
    parts = [element("p", message_text(item.message), class_="why")]
    if item.declared_at is not None:
        place = element("dt", "Declared at") + element("dd", visible(str(item.declared_at)))
        parts.append(f'<dl class="facts"><div>{place}</div></dl>')
    if item.before is not None and item.wanted is not None and item.fields:
        sides = Sides(item.before, item.wanted, item.fields)
        fields = [sides.field(name, folds) for name in item.fields[:_MOST_FIELDS]]
        parts.append(fields_table(fields, f"Live and desired of {key}", ("Live", "Desired")))
        if len(item.fields) > _MOST_FIELDS:
            left_out = fields_left_out(len(item.fields) - _MOST_FIELDS)
            parts.append(element("p", left_out, class_="dim"))
    return f'<div class="body">{"".join(parts)}</div>'


def _told(
    name: str, title: str, those: Sequence[Acceptance], say: Callable[[Acceptance], str]
) -> Iterator[str]:
    """What is to be said of the baseline itself."""
    if not those:
        return
    yield from _begin(name, title, len(those), "notes")
    yield "<ul>\n"
    for one in those[:MOST]:
        what = element("p", message_text(say(one)))
        yield f"<li>{element('code', named(one))} {what}</li>\n"
    yield "</ul>\n"
    yield from _end(len(those) - MOST)


def _begin(name: str, title: str, count: int, look: str = "changes") -> Iterator[str]:
    yield f'<section aria-labelledby="{name}" class="{look}">\n'
    yield f'<h2 id="{name}">{title} <span>{count:,}</span></h2>\n'


def _end(left_out: int) -> Iterator[str]:
    if left_out > 0:
        yield f"<p>… and {left_out:,} more</p>\n"
    yield "</section>\n"
