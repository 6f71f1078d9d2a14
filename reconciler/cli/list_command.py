"""`reconciler list`."""

import sys
from pathlib import Path

import click

from reconciler.cli.options import catalog_options, service_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option


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
@timing_option
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
    from reconciler.cli.reading import open_and_read
    from reconciler.render.listing import list_csv, list_json, list_text

    desired, live = open_and_read(catalog, source_root, token_file, concurrency, max_rps, output)
    every = list_entries(desired, live)
    match form:
        case "json":
            output.json(list_json(every))
        case "csv":
            list_csv(every, sys.stdout)
        case _:
            output.result(list_text(every, width=output.width))
