"""The life of a key, for people: each field with who set it, then all that happened."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.text import Text

from reconciler.core.life import Event, FieldChange, Known, Life, What
from reconciler.core.log import Deed, Ending
from reconciler.render.audit_log_text import special, who
from reconciler.render.fields import ARROW, field_line
from reconciler.render.page import DIM, INDENT, Page
from reconciler.render.values import NO_LIMIT, clipped, field_name, message_text, shown

_LONGEST = 200
_STYLES: Final[Mapping[What, str]] = {
    What.CREATED: "green",
    What.REPLACED: "green",
    What.UPDATED: "yellow",
    What.MOVED: "blue",
    What.THROWN_AWAY: "red",
    What.DELETED: "red",
    What.OUTSIDE: "magenta",
    What.GONE: "magenta",
}


def history_text(life: Life, *, width: int, verbose: bool = False) -> Iterator[Text]:
    """The life, some lines at a time. Values are cut to the width, unless `verbose`."""
    page = Page(width)
    page.line((_named(life.key), "bold"), (f"  in catalogue {_named(life.catalog)}", ""))
    if life.origin:
        page.line((f"{INDENT}on {_named(life.origin)}", DIM))
    if not life.fields:
        page.line((f"{INDENT}there is no file of it, as far as the ledger says", ""))
    for known in life.fields:
        _known(page, known, verbose=verbose)
    page.blank()
    for event in life.events:
        yield page.taken()
        _event(page, event, verbose=verbose)
    yield page.taken()


def _known(page: Page, known: Known, *, verbose: bool) -> None:
    label = field_name(known.name, NO_LIMIT if verbose else 60)
    room = NO_LIMIT if verbose else page.room(len(label) + 4)
    page.line((f"  {label}", "bold"), (f"  {shown(known.value, room)}", ""))
    for line in _set_by(known.event):
        page.line((INDENT, ""), (line, DIM))


def _set_by(event: Event) -> Iterator[str]:
    """Who it was, on one line or more."""
    deed = event.deed
    if event.what is What.FIRST_SEEN:
        yield f"it was so when the ledger first saw it, {_named(event.at)}: nobody knows who set it"
    elif deed is None:
        yield f"{_outside(event)}: nobody knows by whom"
    else:
        run = f"{event.what} {_named(event.at)} in run {_named(deed.by.run)}"
        kind = special(deed.by)
        yield f"{run} {', '.join([*who(deed.by), *([kind] if kind else [])])}"


def _event(page: Page, event: Event, *, verbose: bool) -> None:
    style = _STYLES.get(event.what, "")
    page.line((_named(event.at), "bold"), (f"  {_said(event)}", style))
    deed = event.deed
    if deed is not None:
        run = f"run {_named(deed.by.run)} {', '.join(who(deed.by))}"
        page.line((INDENT, ""), (run, DIM))
        kind = special(deed.by)
        if kind:
            page.line((INDENT, ""), (kind, DIM))
        if deed.reason:
            page.line((INDENT, ""), (f"because: {message_text(deed.reason)}", DIM))
    for change in event.fields:
        _field(page, change, verbose=verbose)


def _field(page: Page, change: FieldChange, *, verbose: bool) -> None:
    label = field_name(change.name, NO_LIMIT if verbose else 60)
    field_line(page, label, change.before, change.after, ARROW, verbose)


def _said(event: Event) -> str:
    deed = event.deed
    if deed is None:
        return _outside(event) if event.what is not What.FIRST_SEEN else _FIRST
    if event.what is What.OTHER:
        verb = "thrown away" if deed.trash else "moved" if deed.action == "move" else "deleted"
        return f"{verb}: file {deed.file_id}, another one of this entry"
    if event.what is What.DONE:
        return f"{deed.action}: done after all, though how it ended was not known"
    if event.what is What.FOUND:
        return f"{deed.action}: it was found done already"
    if event.what is What.ATTEMPTED:
        return _attempted(deed)
    return str(event.what)


_FIRST: Final = "first seen: it was there before the ledger has anything of it"


def _attempted(deed: Deed) -> str:
    tried = f"{deed.action}: attempted"
    match deed.ending:
        case Ending.STALE:
            return f"{tried}, and not sent: {message_text(deed.why)}"
        case Ending.FAILED:
            return f"{tried}, and failed: {message_text(deed.why)}"
        case Ending.UNKNOWN:
            return f"{tried}, and whether it was done is not known: {message_text(deed.why)}"
        case _:
            return f"{tried}, and the ledger has no end of it: the run was killed, or is at it"


def _outside(event: Event) -> str:
    what = "gone" if event.what is What.GONE else "changed"
    between = "before" if event.since is None else f"between {_named(event.since)} and"
    return f"{what} outside of reconciler {between} {_named(event.at)}"


def _named(text: str) -> str:
    return clipped(text, _LONGEST)
