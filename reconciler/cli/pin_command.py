"""`reconciler pin`."""

from pathlib import Path

import click

from reconciler.cli.options import catalog_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option


@click.command("pin")
@catalog_options
@with_output
@timing_option
def command(catalog: Path, source_root: Path | None, output: Output) -> int:
    """Write the sha256 of every source that is there into the catalogue.

    Only the bytes that must change do: comments, order and quoting stay.
    """
    from reconciler.catalog.pinning import pin
    from reconciler.cli import environment

    report = pin(catalog, source_root=source_root, digests=environment.digests())
    for key in report.refreshed:
        output.say(f"{key}: its source changed, and so does its pin")
    for key in report.not_there:
        output.say(f"{key}: its source is not there, so it is not pinned")
    for problem in report.problems:
        output.error(str(problem))
    output.say(
        f"{len(report.pinned)} pinned, {len(report.refreshed)} refreshed, "
        f"{report.unchanged} unchanged; {len(report.files)} file(s) written"
    )
    return 1 if report.problems else 0
