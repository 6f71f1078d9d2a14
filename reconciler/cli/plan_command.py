"""`reconciler plan`."""

from pathlib import Path

import click

from reconciler.cli.options import (
    catalog_options,
    check_snapshot_options,
    options_of,
    plan_options,
    plan_output_options,
    refresh_option,
    service_options,
    snapshot_options,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timed
from reconciler.core.plan import Rule


@click.command("plan")
@catalog_options
@plan_options
@service_options
@refresh_option
@snapshot_options
@plan_output_options
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
    from reconciler.cli.showing import Form, put_out
    from reconciler.core.marks import mark_fields

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
    marks = mark_fields(desired.identity)
    code = put_out(plan, out, how, output, verbose=verbose, marks=marks)
    return 2 if code == 0 and detailed_exitcode and plan.changes else code
