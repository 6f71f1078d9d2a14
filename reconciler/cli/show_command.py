"""`reconciler show`."""

from pathlib import Path

import click

from reconciler.cli.options import plan_format_option, verbose_option
from reconciler.cli.output import Output, with_output


@click.command("show")
@click.argument("plan_file", metavar="PLAN.json", type=click.Path(path_type=Path))
@plan_format_option
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("catalog.yaml"),
    show_default=True,
    help="With --format github and codequality: where the catalogue is, for the paths in them. It "
    "is not read.",
)
@verbose_option
@with_output
def command(
    plan_file: Path,
    form: str,
    previous: Path | None,
    catalog: Path,
    verbose: bool,
    output: Output,
) -> None:
    """Show a saved plan."""
    from reconciler.cli.showing import Form, show_plan
    from reconciler.core.marks import mark_fields
    from reconciler.core.model import Identity
    from reconciler.planfile import read_plan
    from reconciler.shipped import schema

    how = Form.asked(form, catalog, previous)
    plan, made = read_plan(plan_file, schema("plan.schema.json"))
    # A plan does not say how its catalogue names them.
    marks = mark_fields(Identity())
    show_plan(plan, made, how, output, verbose=verbose, marks=marks)
