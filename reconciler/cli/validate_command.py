"""`reconciler validate`."""

from pathlib import Path

import click

from reconciler.cli.options import catalog_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option


@click.command("validate")
@catalog_options
@with_output
@timing_option
def command(catalog: Path, source_root: Path | None, output: Output) -> None:
    """Check a catalogue: syntax, schema, sources and keys. Offline, without a token."""
    from reconciler.cli.reading import open_catalog

    loaded = open_catalog(catalog, source_root, output)
    desired = loaded.desired
    entries, absent = len(desired.entries), len(desired.absent)
    output.tell(
        f"{catalog} is valid: {entries} entries, {absent} absent, in {len(desired.buckets)} "
        f"bucket(s) of catalogue {desired.catalog}; {len(loaded.warnings)} warning(s)"
    )
