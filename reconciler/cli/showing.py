"""Plans on the screen, and in files."""

from collections.abc import Iterator, Set
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.cli.output import Output
from reconciler.core.codec import Made, encode
from reconciler.core.plan import Plan

_MOST = 100
"""How many changes are shown of a long plan."""


def most_shown(count: int, *, verbose: bool) -> int:
    """How many of so many are shown one by one."""
    return max(count, 1) if verbose else _MOST


def made_now() -> Made:
    """By this version, at this moment."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return Made(moment, f"reconciler {__version__}")


def show_plan(
    plan: Plan,
    made: Made,
    form: str,
    output: Output,
    *,
    verbose: bool,
    marks: Set[str],
) -> None:
    """The plan in one of its forms, of which `json` is the plan file's bytes. `marks`: the mark's
    fields."""
    most = most_shown(len(plan.changes), verbose=verbose)
    match form:
        case "json":
            output.raw(encode(plan, made))
        case "markdown":
            from reconciler.render.plan_markdown import plan_markdown

            output.raw([plan_markdown(plan, most=most, marks=marks).encode()])
        case "html":
            output.raw(piece.encode() for piece in _report(plan, made, marks))
        case "svg":
            from reconciler.render.plan_picture import plan_svg

            output.raw([plan_svg(plan).encode()])
        case _:
            from reconciler.render.plan_text import plan_text

            width = output.width
            output.result(plan_text(plan, width=width, most=most, verbose=verbose, marks=marks))


def _report(plan: Plan, made: Made, marks: Set[str]) -> Iterator[str]:
    from reconciler.render.plan_html import Parts, plan_html
    from reconciler.shipped import report_file

    parts = Parts(*map(report_file, ("page.html", "page.css", "page.js")))
    return plan_html(plan, made, parts, marks=marks)
