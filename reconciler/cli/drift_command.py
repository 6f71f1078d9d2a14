"""`reconciler drift`."""

from pathlib import Path

import click

from reconciler.cli.account import Account, accounted
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
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="For people, for an issue or a step summary, or for programs.",
)
@click.option("--unmanaged", is_flag=True, help="Show foreign files, and count them as drift.")
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
    verbose: bool,
    output: Output,
    account: Account,
) -> int:
    """Compare what is live with what should be, and say on which side it changed.

    Ends with 2 where there is drift. It judges no limits.
    """
    from reconciler.app import find_drift
    from reconciler.cli.reading import check_only, open_and_read
    from reconciler.cli.showing import made_now, most_shown
    from reconciler.core.drift_codec import DriftReport, encode_drift
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
    account.drift = drift
    report = DriftReport(desired.catalog, drift, made_now())
    if out is not None:
        write_drift(out, report)
    marks, most = mark_fields(desired.identity), most_shown(len(drift.items), verbose=verbose)
    match form:
        case "json":
            output.json(encode_drift(report))
        case "markdown":
            from reconciler.render.drift_markdown import drift_markdown

            output.raw([drift_markdown(drift, most=most, marks=marks).encode()])
        case _:
            from reconciler.render.drift_text import drift_text

            width = output.width
            output.result(drift_text(drift, width=width, most=most, verbose=verbose, marks=marks))
    return 2 if drift.items else 0
