"""`reconciler purge`."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from reconciler.cli.duration import DURATION
from reconciler.cli.options import (
    NamedLedger,
    allow_option,
    catalog_options,
    ledger_option,
    ledger_place,
    options_of,
    plan_output_options,
    scope_option,
    service_options,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timed
from reconciler.core.plan import Purge, Rule
from reconciler.errors import UsageError
from reconciler.stages import stage


@click.command("purge")
@catalog_options
@click.option(
    "--older-than",
    type=DURATION,
    required=True,
    metavar="2h|30d",
    help="Delete what is in a trash for longer than this, by the ledger.",
)
@click.option(
    "--include-unknown",
    is_flag=True,
    help="Delete also files with the catalogue's mark of which the ledger does not say since "
    "when they are in a trash.",
)
@scope_option
@allow_option
@service_options
@ledger_option
@plan_output_options
@with_output
@timed
def command(
    catalog: Path,
    source_root: Path | None,
    older_than: float,
    include_unknown: bool,
    only: tuple[str, ...],
    allow: dict[Rule, int],
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    ledger: NamedLedger,
    out: Path | None,
    form: str,
    previous: Path | None,
    detailed_exitcode: bool,
    verbose: bool,
    output: Output,
) -> int:
    """Plan to delete, for good, what is in a trash for long enough.

    It reads the service, and cannot write to it: `apply PLAN.json` executes what --out wrote.
    """
    from reconciler.aims import aim_of
    from reconciler.cli.reading import check_only, open_and_read
    from reconciler.cli.showing import Form, put_out
    from reconciler.core.aim import plan_towards
    from reconciler.core.marks import mark_fields

    how = Form.asked(form, catalog, previous)
    way = Purge(_ago(older_than), include_unknown)
    desired, live = open_and_read(catalog, source_root, token_file, concurrency, max_rps, output)
    if not desired.trashes:
        raise UsageError(f"no bucket of {catalog} names a trash: there is nothing to purge")
    check_only(only, desired, live)
    aim = aim_of(way, desired, live, ledger_place(ledger, catalog))
    options = replace(options_of(only, allow, retry_broken=False), way=way)
    with stage("plan"):
        plan = plan_towards(aim, live, options)
    marks = mark_fields(desired.identity)
    code = put_out(plan, out, how, output, verbose=verbose, marks=marks)
    return 2 if code == 0 and detailed_exitcode and plan.changes else code


def _ago(seconds: float) -> str:
    """The moment so long ago: RFC 3339, UTC."""
    now = datetime.now(UTC).timestamp()
    try:
        return datetime.fromtimestamp(now - seconds, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError) as error:
        raise UsageError("--older-than goes back further than there are dates") from error
