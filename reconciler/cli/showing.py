"""Plans on the screen, and in files."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler import __version__
from reconciler.cli.output import Output
from reconciler.core.codec import Made, encode
from reconciler.core.plan import Plan
from reconciler.errors import RefusedByGuardrail, UsageError
from reconciler.stages import stage

_MOST = 100
"""How many changes are shown of a long plan."""


def most_shown(count: int, *, verbose: bool) -> int:
    """How many of so many are shown one by one."""
    return max(count, 1) if verbose else _MOST


def made_now() -> Made:
    """By this version, at this moment."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return Made(moment, f"reconciler {__version__}")


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a plan is shown, and what that form needs beside it."""

    name: str
    catalog: Path = Path("catalog.yaml")
    """Where the catalogue is, for paths in the repository. It need not be there."""
    previous: Plan | None = None

    @classmethod
    def asked(cls, name: str, catalog: Path, previous: Path | None) -> "Form":
        """The form as the user asked for it, the previous plan read. Raises `UsageError`."""
        if previous is None:
            return cls(name, catalog)
        if name != "markdown":
            raise UsageError("--previous goes with --format markdown")
        from reconciler.planfile import read_plan
        from reconciler.shipped import schema

        plan, _ = read_plan(previous, schema("plan.schema.json"))
        return cls(name, catalog, plan)


TEXT = Form("text")


def put_out(
    plan: Plan, out: Path | None, form: Form, output: Output, *, verbose: bool, marks: Set[str]
) -> int:
    """Write a plan that was made just now into `out`, where one is named, and show it. What is
    answered is how the command ends where nobody asks whether there is something to do."""
    from reconciler.planfile import write_plan

    made = made_now()
    with stage("write"):
        if out is not None:
            write_plan(out, plan, made)
        show_plan(plan, made, form, output, verbose=verbose, marks=marks)
    return RefusedByGuardrail.exit_code if plan.violations else 0


def show_plan(
    plan: Plan, made: Made, form: Form, output: Output, *, verbose: bool, marks: Set[str]
) -> None:
    """The plan in a form: text, the plan file's bytes, or what another program takes. `marks`: the
    mark's fields."""
    most = most_shown(len(plan.changes), verbose=verbose)
    match form.name:
        case "json":
            output.raw(encode(plan, made))
        case "markdown":
            from reconciler.render.plan_markdown import plan_markdown

            text = plan_markdown(plan, most=most, marks=marks, previous=form.previous)
            output.raw([text.encode()])
        case "text":
            from reconciler.render.plan_text import plan_text

            width = output.width
            output.result(plan_text(plan, width=width, most=most, verbose=verbose, marks=marks))
        case _:
            output.raw(_written(plan, made, form, marks))


def _written(plan: Plan, made: Made, form: Form, marks: Set[str]) -> Iterable[bytes]:
    """The forms that other programs show: a browser, and CI systems."""
    match form.name:
        case "html":
            return (piece.encode() for piece in _report(plan, made, marks))
        case "svg":
            from reconciler.render.plan_picture import plan_svg

            return [plan_svg(plan).encode()]
        case "dotenv":
            from reconciler.render.dotenv import plan_dotenv

            return [plan_dotenv(plan, marks).encode()]
        case "terraform":
            from reconciler.render.gitlab import plan_terraform

            return [plan_terraform(plan)]
        case "codequality":
            from reconciler.cli.repository import in_repository
            from reconciler.render.gitlab import plan_codequality

            return plan_codequality(plan, in_repository(form.catalog), marks)
        case "github":
            from reconciler.cli.repository import in_repository
            from reconciler.render.annotations import plan_annotations

            return [plan_annotations(plan, in_repository(form.catalog), marks).encode()]
        case _:
            raise ValueError(form.name)


def _report(plan: Plan, made: Made, marks: Set[str]) -> Iterator[str]:
    from reconciler.render.plan_html import Parts, plan_html
    from reconciler.shipped import report_file

    parts = Parts(*map(report_file, ("page.html", "page.css", "page.js")))
    return plan_html(plan, made, parts, marks=marks)
