"""`reconciler snapshot`."""

from pathlib import Path

import click

from reconciler.cli.options import catalog_options, refresh_option, service_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option


@click.command("snapshot")
@catalog_options
@service_options
@refresh_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="LIVE.json",
    help="Write the snapshot here.",
)
@with_output
@timing_option
def command(
    catalog: Path,
    source_root: Path | None,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    refresh: str,
    out: Path,
    output: Output,
) -> None:
    """Write down what is live, for `plan --snapshot`, which needs no token.

    The file holds no token. It does hold the titles and user_defined of all files in the
    catalogue's buckets, foreign ones too: who gets it can read them.
    """
    from reconciler.app import write_snapshot
    from reconciler.cli.reading import open_and_read
    from reconciler.clock import SystemClock
    from reconciler.render.page import counted
    from reconciler.snapshot import moment

    began = SystemClock().now()
    _, live = open_and_read(catalog, source_root, token_file, concurrency, max_rps, output, refresh)
    write_snapshot(out, live, taken_at=began)
    files = sum(len(bucket.files) for bucket in live.buckets.values())
    output.tell(
        f"{out}: {counted(files, 'file')} in {counted(len(live.buckets), 'bucket')}, "
        f"as of {moment(began)}"
    )
    for name, bucket in live.buckets.items():
        if bucket.incomplete is not None:
            output.tell(
                f"bucket {name} ({bucket.id}) is not proved complete: {bucket.incomplete}; a plan "
                "from this snapshot is refused by a guardrail: take it again"
            )
