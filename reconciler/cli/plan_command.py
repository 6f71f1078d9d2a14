"""`reconciler plan`."""

from pathlib import Path

import click

from reconciler.cli.options import (
    catalog_options,
    check_snapshot_options,
    options_of,
    plan_format_option,
    plan_options,
    refresh_option,
    service_options,
    snapshot_options,
    verbose_option,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timed
from reconciler.core.plan import Rule
from reconciler.errors import RefusedByGuardrail
from reconciler.stages import stage


@click.command("plan")
@catalog_options
@plan_options
@service_options
@refresh_option
@snapshot_options
@click.option("--out", type=click.Path(path_type=Path), help="Write the plan file here.")
@plan_format_option
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with 2 where there is something to do."
)
@verbose_option
@with_output
@timed
def command(
    catalog: Path,
    source_root: Path | None,
    only: tuple[str, ...],
    allow: dict[Rule, int],
    retry_broken: bool,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    refresh: str,
    snapshot: Path | None,
    max_age: float,
    out: Path | None,
    form: str,
    previous: Path | None,
    detailed_exitcode: bool,
    verbose: bool,
    output: Output,
) -> int:
    """Show what apply would do. It reads the service, and cannot write to it."""
    from reconciler.app import make_plan
    from reconciler.cli.reading import check_only, open_and_read, open_and_read_snapshot
    from reconciler.cli.showing import Form, made_now, show_plan
    from reconciler.core.marks import mark_fields
    from reconciler.planfile import write_plan

    check_snapshot_options(snapshot)
    how = Form.asked(form, catalog, previous)
    if snapshot is None:
        desired, live = open_and_read(
            catalog, source_root, token_file, concurrency, max_rps, output, refresh
        )
    else:
        desired, live = open_and_read_snapshot(catalog, source_root, snapshot, max_age, output)
    check_only(only, desired, live)
    plan = make_plan(desired, live, options_of(only, allow, retry_broken=retry_broken))
    made = made_now()
    with stage("write"):
        if out is not None:
            write_plan(out, plan, made)
        marks = mark_fields(desired.identity)
        show_plan(plan, made, how, output, verbose=verbose, marks=marks)
    if plan.violations:
        return RefusedByGuardrail.exit_code
    return 2 if detailed_exitcode and plan.changes else 0
