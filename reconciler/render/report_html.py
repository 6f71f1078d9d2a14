"""The pieces of HTML that the report is put together from: lists, tables and rows, escaped.

`reconciler/render/report/page.js` builds the rows of changes just so; a browser test compares.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.core.plan import Note, Plan, Violation
from reconciler.render.change_text import VERBS, Verb
from reconciler.render.flows import NEW, STAY, Band, Flows
from reconciler.render.html import element, escaped
from reconciler.render.plan_picture import node_name
from reconciler.render.plan_words import asked_for, instead
from reconciler.render.report_fields import Field
from reconciler.render.report_rows import Row, fields_left_out
from reconciler.render.safe import visible
from reconciler.render.shares import some_of_each
from reconciler.render.snapshot_words import doubt, from_snapshot
from reconciler.render.values import clipped, message_text

_MOST_SAID: Final = 500
"""How many violations are said, and how many notes."""
_AT_ONCE: Final = 10
"""How many of them are seen at once."""
_NAME: Final = 200
_NOTHING: Final = "\u2013"


def about(plan: Plan, created_at: str) -> Iterator[str]:
    """What the plan was made from, and when."""
    yield _about("Service", element("code", clipped(plan.origin, _NAME)))
    yield _about("Made", escaped(clipped(created_at, _NAME)))
    if plan.snapshot is not None:
        words = f"{from_snapshot(plan.snapshot)}. {doubt(plan.snapshot)}".strip()
        yield _about("Live", escaped(words[:1].upper() + words[1:]))
    said = instead(plan.options.way, lambda name: element("code", clipped(name, _NAME)))
    if said is not None:
        yield _about("Does", said)
    options = [element("code", clipped(option, _NAME)) for option in asked_for(plan.options)]
    if options:
        yield _about("With", " ".join(options))
    copy = '<button type="button" id="copy" hidden>Copy digest</button>'
    yield _about(
        "Digest", f'<code id="digest">{escaped(clipped(plan.digest, _NAME))}</code> {copy}'
    )
    yield _about("Catalogue digest", element("code", clipped(plan.catalog_digest, _NAME)))


def _about(name: str, value: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}</dd></div>\n"


def counts(plan: Plan) -> Iterator[str]:
    """The plan in numbers, each with its word."""
    summary = plan.summary
    numbers = (summary.create, summary.move, summary.update, summary.delete)
    for verb, number in zip(VERBS, numbers, strict=True):
        yield _count(verb.word if number else "none", verb.typeset, number, f"to {verb.word}")
    rest = (("unchanged", summary.unchanged), ("foreign", summary.foreign))
    for word, number in (*rest, ("pending", summary.pending)):
        yield _count("rest", "", number, word)


def _count(look: str, mark: str, number: int, words: str) -> str:
    shown = f'<span class="sign" aria-hidden="true">{escaped(mark)}</span>' if mark else ""
    return f'<li class="{look}">{shown}<b>{number:,}</b> <span>{words}</span></li>\n'


def risk_said(level: str, reasons: Iterable[str]) -> Iterator[str]:
    """How much can be lost, in a word of ours, and why."""
    yield f'<div class="risk {escaped(level)}"><p>Risk: <b>{escaped(level)}</b></p>'
    said = "".join(element("li", message_text(reason)) for reason in reasons)
    yield f"<ul>{said}</ul></div>\n" if said else "</div>\n"


def violations_said(violations: Sequence[Violation]) -> Iterator[str]:
    """A section, where there are any."""
    said: list[str] = []
    for each in some_of_each(violations, lambda each: each.rule, _MOST_SAID):
        place = "" if each.declared_at is None else visible(str(each.declared_at))
        said.append(_told(each.rule, each.key, place, each.message))
    yield from _section("violations", "Refused by guardrails", said, len(violations))


def notes_said(notes: Sequence[Note]) -> Iterator[str]:
    """The same for what is not done."""
    said: list[str] = []
    for note in some_of_each(notes, lambda note: note.fact, _MOST_SAID):
        file = "" if note.file_id is None else f"file {note.file_id}"
        bucket = "" if note.bucket is None else f"in {clipped(note.bucket, _NAME)}"
        said.append(_told(note.fact, note.key, f"{file} {bucket}".strip(), note.message))
    yield from _section("notes", "Not done", said, len(notes))


def _section(name: str, title: str, said: Sequence[str], count: int) -> Iterator[str]:
    """What is said, in a list; what is more than a screen of it is folded."""
    if not said:
        return
    yield f'<section aria-labelledby="{name}" class="{name}">\n'
    yield f'<h2 id="{name}">{title} <span>{count:,}</span></h2>\n'
    yield from ("<ul>\n", *said[:_AT_ONCE], "</ul>\n")
    if len(said) > _AT_ONCE:
        yield f"<details><summary>{count - _AT_ONCE:,} more</summary>\n"
        yield from ("<ul>\n", *said[_AT_ONCE:], "</ul>\n")
        left_out = count - len(said)
        yield f"<p>… and {left_out:,} more</p></details>\n" if left_out else "</details>\n"
    yield "</section>\n"


def _told(word: str, key: str | None, where: str, message: str) -> str:
    parts = [element("b", clipped(word, 40), class_="word")]
    if key:
        parts.append(element("code", clipped(key, _NAME)))
    if where:
        parts.append(element("span", where, class_="dim"))
    return f"<li>{' '.join(parts)} <p>{escaped(message_text(message))}</p></li>\n"


def flow_rows(flows: Flows) -> Iterator[str]:
    """The picture as the rows of a table."""
    for band in flows.bands:
        start = "New" if band.start == NEW else node_name(flows.nodes[band.start], 60)
        end = "Deleted" if band.end == flows.gone else node_name(flows.nodes[band.end], 60)
        cells = element("th", start, scope="row") + element("td", end)
        what = f"{_badge(band.verb.word, band.verb.typeset)} {escaped(_also(band))}"
        number = element("td", f"{band.files:,}", class_="number")
        yield f"<tr>{cells}<td>{what.strip()}</td>{number}</tr>\n"


def _also(band: Band) -> str:
    if band.verb is STAY:
        return "as they are"
    return f"({band.updated:,} updated as well)" if band.updated else ""


def row_item(row: Row, bucket: str) -> str:
    """One change, closed. `bucket`: its name, visible."""
    verb = next(verb for verb in VERBS if verb.word == row.verb)
    head = " ".join(
        (
            _badge(verb.word, verb.typeset),
            element("code", row.key, class_="key"),
            element("span", row.title, class_="title"),
            element("span", bucket, class_="bucket"),
            element("span", row.brief, class_="brief"),
        )
    )
    return f"<li><details><summary>{head}</summary>{_body(row)}</details></li>"


def _body(row: Row) -> str:
    facts = "".join(
        f"<div>{element('dt', label)}{element('dd', text)}</div>" for label, text in row.facts
    )
    parts = [element("p", row.why, class_="why"), f'<dl class="facts">{facts}</dl>']
    if row.fields:
        parts.append(fields_table(row.fields, f"Before and after of {row.key}"))
    if row.left_out:
        parts.append(element("p", fields_left_out(row.left_out), class_="dim"))
    return f'<div class="body">{"".join(parts)}</div>'


def fields_table(
    fields: Iterable[Field], caption: str, sides: tuple[str, str] = ("Before", "After")
) -> str:
    """The fields on both sides. `sides`: what these are called."""
    said = element("caption", caption, class_="vh")
    names = "".join(element("th", name, scope="col") for name in ("Field", *sides))
    rows = "".join(map(_field, fields))
    return (
        f'<table class="fields">{said}<thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _field(field: Field) -> str:
    mark = f" {element('span', 'mark', class_='tag')}" if field.mark else ""
    how = element("span", field.how, class_="how")
    name = f'<th scope="row">{element("code", field.name)}{mark} {how}</th>'
    return f'<tr class="{field.how}">{name}{_side(field.before)}{_side(field.after)}</tr>'


def _side(text: str | None) -> str:
    if text is None:
        return f'<td class="nothing">{_NOTHING}<span class="vh"> nothing</span></td>'
    return element("td", text)


def _badge(word: str, mark: str) -> str:
    shown = element("span", mark, class_="sign", aria_hidden="true")
    return f'<span class="verb {word}">{shown}{word}</span>'


def action_boxes(totals: Mapping[Verb, int]) -> Iterator[str]:
    """A box for every verb that there is, to filter by."""
    for verb, count in totals.items():
        if count:
            badge = _badge(verb.word, verb.typeset)
            yield (
                f'<label class="box"><input type="checkbox" name="action" value="{verb.word}">'
                f"{badge} <b>{count:,}</b></label>\n"
            )
