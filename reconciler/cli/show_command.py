"""`reconciler show`."""

from pathlib import Path

import click

from reconciler.cli.options import verbose_option
from reconciler.cli.output import Output, with_output


@click.command("show")
@click.argument("plan_file", metavar="PLAN.json", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "svg", "json"]),
    default="text",
    show_default=True,
    help="For people, for a comment on a pull request, a report for the browser, its picture, "
    "or the file's own bytes.",
)
@verbose_option
@with_output
def command(plan_file: Path, form: str, verbose: bool, output: Output) -> None:
    """Show a saved plan."""
    from reconciler.cli.showing import show_plan
    from reconciler.core.marks import mark_fields
    from reconciler.core.model import Identity
    from reconciler.planfile import read_plan
    from reconciler.shipped import schema

    plan, made = read_plan(plan_file, schema("plan.schema.json"))
    # A plan does not say how its catalogue names them.
    marks = mark_fields(Identity())
    show_plan(plan, made, form, output, verbose=verbose, marks=marks)
