"""`reconciler export`."""

from pathlib import Path

import click

from reconciler.cli.options import service_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option
from reconciler.errors import ReconcilerError, UsageError


@click.command("export")
@click.option("--bucket", "bucket_id", type=click.IntRange(min=1), required=True, help="Its id.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write to this file: .yaml, .csv or .jsonl. Otherwise YAML, to standard output.",
)
@click.option("--name", help="The new catalogue's name. Otherwise made of the bucket's.")
@service_options
@with_output
@timing_option
def command(
    bucket_id: int,
    out: Path | None,
    name: str | None,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    output: Output,
) -> None:
    """Make a catalogue of a bucket: what is live, each file pinned by its acr_id.

    Files that carry a catalogue's mark are left out. Planning the result changes nothing but
    marks. The service's address comes from RECONCILER_BASE_URL, if it is another.
    """
    from reconciler.app import export_bucket
    from reconciler.catalog.base_url import DEFAULT as DEFAULT_BASE_URL
    from reconciler.catalog.write import write_csv, write_jsonl, write_yaml
    from reconciler.cli import environment
    from reconciler.cli.reading import connection

    form = ".yaml" if out is None else out.suffix
    if form not in (".yaml", ".yml", ".csv", ".jsonl"):
        raise UsageError(f"--out {out}: its name must end in .yaml, .csv or .jsonl")
    base_url = environment.base_url() or DEFAULT_BASE_URL
    how = connection(base_url, token_file, concurrency, max_rps)
    exported = export_bucket(base_url, bucket_id, how, name=name)
    entries = exported.entries
    if form == ".csv":
        text = write_csv(entries)
    elif form == ".jsonl":
        text = write_jsonl(entries)
    else:
        text = write_yaml(exported.header, entries)
    if out is None:
        output.raw([text.encode()])
    else:
        _write_new(out, text.encode())
    if out is not None and form in (".csv", ".jsonl"):
        output.say(f"name it in a catalogue, under include: [{out.name}]")
    output.say(
        f"{len(entries)} files exported, {exported.left_out} left out: they carry a mark, "
        "or their user_defined cannot be read"
    )


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet: a catalogue that people wrote is never overwritten."""
    from reconciler.catalog.disk import create

    try:
        create(path, data)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already, and is not overwritten") from error
    except OSError as error:
        raise ReconcilerError(f"writing {path}: {error.strerror}") from error
