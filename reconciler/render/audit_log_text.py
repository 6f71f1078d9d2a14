"""Runs as a ledger has them, for people: who did what, from what to what, and how it ended."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.core.content import Content, Held
from reconciler.core.describe import field_of
from reconciler.core.log import About, Deed, Ending, Run
from reconciler.render.apply_text import outcome_line
from reconciler.render.fields import ARROW, field_line, field_lines
from reconciler.render.page import DIM, INDENT, Page, counted
from reconciler.render.values import NO_LIMIT, clipped

_LONGEST = 200
"""Columns of what somebody is called, or of an address: anybody may have chosen it."""
_OPEN = "the ledger has no end of it: the run was killed, or is at it"


def log_text(runs: Sequence[Run], *, width: int, verbose: bool = False) -> Iterator[Text]:
    """The runs, the oldest first, some lines at a time."""
    page = Page(width)
    for run in runs:
        _head(page, run.about)
        for deed in run.deeds:
            yield page.taken()
            yield _deed_line(deed, width)
            _content(page, deed, verbose=verbose)
        _end(page, run)
        yield page.taken()
    changes = sum(len(run.deeds) for run in runs)
    page.line((f"{counted(changes, 'change')} of {counted(len(runs), 'run')}", ""))
    yield page.taken()


def who(about: About) -> tuple[str, ...]:
    """Who it was and from where, each part visible: `by octocat on ci-7`, `commit 4e1f (dirty)`."""
    dirty = " (the catalogue was not as committed)" if about.dirty else ""
    host = "" if about.host is None else f" on {_named(about.host)}"
    every = (
        f"by {'whom is not said' if about.actor is None else _named(about.actor)}{host}",
        None if about.commit is None else f"commit {_named(about.commit)}{dirty}",
        None if about.pull_request is None else f"request {_named(about.pull_request)}",
        None if about.ci_run is None else _named(about.ci_run),
    )
    return tuple(part for part in every if part is not None)


def special(about: About) -> str:
    """What kind of run it was, where not an ordinary apply."""
    if about.revert is not None:
        return f"a revert of run {_named(about.revert)}"
    if about.purge is not None:
        return f"a purge of what was in a trash before {_named(about.purge)}"
    return ""


def _head(page: Page, about: About) -> None:
    page.line(
        (f"run {_named(about.run)}", "bold"),
        (f"  {_named(about.at)}", ""),
        (f"  {_named(about.catalog)}", ""),
    )
    kind = special(about)
    for part in (*who(about), *([kind] if kind else [])):
        page.line((INDENT, ""), (part, ""))
    if about.plan is not None:
        page.line((INDENT, ""), (f"plan {_named(about.plan)}", DIM))


def _deed_line(deed: Deed, width: int) -> Text:
    ending = "already done" if deed.already else str(deed.ending)
    why = deed.why or (_OPEN if deed.ending is Ending.OPEN else deed.reason)
    return outcome_line(deed.action, deed.key, deed.file_id, ending, why, width=width)


def _content(page: Page, deed: Deed, *, verbose: bool) -> None:
    room = NO_LIMIT if verbose else _LONGEST
    bucket = clipped(deed.bucket, room)
    if deed.from_bucket is not None and deed.action == "move":
        page.line((f"{INDENT}bucket  {clipped(deed.from_bucket, room)} → {bucket}", ""))
    else:
        page.line((f"{INDENT}bucket  {bucket}", DIM))
    if deed.action == "create":
        for label, value in (("source", deed.source), ("acr_id", deed.acr_id)):
            if value is not None:
                field_line(page, label, None, Held(value), ARROW, verbose)
        if deed.replaces is not None:
            page.line((f"{INDENT}in the place of file {deed.replaces}", ""))
    field_lines(page, deed.before, _after(deed), names_of(deed), verbose=verbose)


def _after(deed: Deed) -> Content | None:
    return deed.before if deed.action == "move" else deed.after


def names_of(deed: Deed) -> Sequence[str]:
    """The names of the fields that it was to change."""
    if deed.fields:
        return deed.fields
    if deed.action == "move":
        return ()
    contents = [each for each in (deed.before, deed.after) if each is not None]
    keys = dict.fromkeys(key for each in contents for key in each.user_defined)
    return ["title", *map(field_of, keys)] if contents else ()


def _end(page: Page, run: Run) -> None:
    if run.end is None:
        page.line((f"{INDENT}the run has no end on the ledger: it was killed, or is at it", "red"))
    else:
        error = "" if run.end.error is None else f", ended by {_named(run.end.error)}"
        said = ", ".join(f"{count} {name}" for name, count in run.end.counts.items())
        converged = "converged" if run.end.converged else "not converged"
        page.line((f"{INDENT}{said}: {converged}{error}", ""))
        page.line((f"{INDENT}ended {_named(run.end.at)} at {_named(run.end.anchor)}", DIM))
    page.blank()


def _named(text: str) -> str:
    return clipped(text, _LONGEST)
