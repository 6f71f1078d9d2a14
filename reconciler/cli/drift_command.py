"""`reconciler drift`."""

from pathlib import Path

import click

from reconciler.cli.account import Account, accounted
from reconciler.cli.baseline import Baseline, baseline_options
from reconciler.cli.options import (
    NamedLedger,
    catalog_options,
    ledger_option,
    ledger_place,
    scope_option,
    service_options,
    verbose_option,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timed


@click.command("drift")
@catalog_options
@scope_option
@service_options
@ledger_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the drift here, as JSON, for `reconciler report drift`.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json", "github", "dotenv"]),
    default="text",
    show_default=True,
    help="text: for people. markdown: an issue, or a step summary. html: a page for the browser. "
    "json: for programs. github: annotations on the catalogue's lines. dotenv: outputs of a job, "
    "on GitHub and GitLab.",
)
@click.option("--unmanaged", is_flag=True, help="Show foreign files, and count them as drift.")
@baseline_options
@verbose_option
@with_output
@accounted("drift")
@timed
def command(
    catalog: Path,
    source_root: Path | None,
    only: tuple[str, ...],
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    ledger: NamedLedger,
    out: Path | None,
    form: str,
    unmanaged: bool,
    baseline: Baseline,
    verbose: bool,
    output: Output,
    account: Account,
) -> int:
    """Compare what is live with what should be, and say on which side it changed.

    Ends with 2 where there is drift that no baseline accepts. It judges no limits.
    """
    from reconciler.app import find_drift
    from reconciler.cli.reading import check_only, open_and_read
    from reconciler.cli.showing import made_now
    from reconciler.cli.showing_drift import show_drift
    from reconciler.core.drift_codec import DriftReport
    from reconciler.core.marks import mark_fields
    from reconciler.driftfile import write_drift

    desired, live = open_and_read(
        catalog, source_root, token_file, concurrency, max_rps, output, account=account
    )
    check_only(only, desired, live)
    drift = find_drift(
        desired,
        live,
        ledger=ledger_place(ledger, catalog),
        only=tuple(sorted(set(only))),
        unmanaged=unmanaged,
    )
    drift = baseline.judge(drift, desired, catalog, output, unmanaged=unmanaged)
    account.drift = drift
    report = DriftReport(desired.catalog, drift, made_now())
    if out is not None:
        write_drift(out, report)
    marks = mark_fields(desired.identity)
    show_drift(report, form, catalog, output, verbose=verbose, marks=marks)
    return 2 if drift.items else 0
