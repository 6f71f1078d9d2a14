"""Plans on the screen, and in files."""

from collections.abc import Set
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
    """The plan as text, as Markdown, or as the plan file's bytes. `marks`: the mark's fields."""
    most = most_shown(len(plan.changes), verbose=verbose)
    match form:
        case "json":
            output.raw(encode(plan, made))
        case "markdown":
            from reconciler.render.plan_markdown import plan_markdown

            output.raw([plan_markdown(plan, most=most, marks=marks).encode()])
        case _:
            from reconciler.render.plan_text import plan_text

            width = output.width
            output.result(plan_text(plan, width=width, most=most, verbose=verbose, marks=marks))
