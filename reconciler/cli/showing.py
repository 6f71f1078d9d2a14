"""Plans on the screen, and in files."""

from collections.abc import Set
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.cli.output import Output
from reconciler.core.codec import Made, encode
from reconciler.core.plan import Plan
from reconciler.render.plan_text import USUAL_MARKS, plan_text


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
    marks: Set[str] = USUAL_MARKS,
) -> None:
    """The plan as text, or as the plan file's bytes. `marks`: the mark's fields, where known."""
    if form == "json":
        output.raw(encode(plan, made))
    else:
        output.result(plan_text(plan, width=output.width, verbose=verbose, marks=marks))
