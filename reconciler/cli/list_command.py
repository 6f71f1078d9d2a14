"""`reconciler list`."""

import sys
from pathlib import Path

import click

from reconciler.cli.options import catalog_options, service_options
from reconciler.cli.output import Output, with_output


@click.command("list")
@catalog_options
@service_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for a spreadsheet.",
)
@with_output
def command(
    catalog: Path,
    source_root: Path | None,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    form: str,
    output: Output,
) -> None:
    """Show every entry: its file, the file's state, and whether it is in sync."""
    from reconciler.app import list_entries
    from reconciler.cli.opening import open_catalog, read_for
    from reconciler.render.listing import list_csv, list_json, list_text

    desired = open_catalog(catalog, source_root, output).desired
    live = read_for(desired, token_file, concurrency, max_rps, output)
    every = list_entries(desired, live)
    match form:
        case "json":
            output.json(list_json(every))
        case "csv":
            list_csv(every, sys.stdout)
        case _:
            output.result(list_text(every, width=output.width))
