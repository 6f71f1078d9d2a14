"""`reconciler pull`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.baseline import baseline_option, rest_of
from reconciler.cli.options import (
    NamedLedger,
    catalog_options,
    ledger_option,
    ledger_place,
    scope_option,
    service_options,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.catalog.pulling import Edition

_KINDS = (
    *("changed-live", "both-changed", "unknown", "missing-live", "not-yet-applied"),
    "all",
)


@click.command("pull")
@click.argument("named", nargs=-1, metavar="[KEY]...")
@catalog_options
@scope_option
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="Only drift of this kind; may be given several times. Without it, whatever differs of "
    "the keys that are named; an entry whose file is gone is taken out only by missing-live.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@service_options
@ledger_option
@baseline_option
@with_output
@timing_option
def command(
    named: tuple[str, ...],
    catalog: Path,
    source_root: Path | None,
    only: tuple[str, ...],
    kinds: tuple[str, ...],
    dry_run: bool,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    ledger: NamedLedger,
    baseline: Path | None,
    output: Output,
) -> int:
    """Write what is live back into the catalogue, for the keys or kinds named.

    Only the bytes that must change do: comments, order and quoting stay. Nothing is written to the
    service. Ends with 1 where something that was named could not be taken.
    """
    if not (named or only or kinds):
        raise UsageError(
            "pull writes into the catalogue only what is named: keys, --only GLOB, or --kind "
            f"({', '.join(_KINDS)}); `reconciler drift` shows what there is"
        )
    from reconciler.app import edition, what_to_pull
    from reconciler.cli import environment
    from reconciler.cli.reading import check_keys, check_only, open_and_read
    from reconciler.core.model import Key
    from reconciler.core.pull import Asked, Kind

    desired, live = open_and_read(catalog, source_root, token_file, concurrency, max_rps, output)
    check_only(only, desired, live)
    check_keys(named, desired, live)
    asked = Asked(frozenset(map(Key, named)), only, frozenset(map(Kind, kinds)))
    pull = what_to_pull(
        desired,
        live,
        ledger=ledger_place(ledger, catalog),
        asked=asked,
        rest_of=rest_of(baseline, catalog, desired),
    )
    made = edition(
        catalog,
        desired,
        pull,
        source_root=source_root,
        environment_base_url=environment.base_url(),
        digests=environment.digests(),
    )
    _report(made, output, dry_run=dry_run)
    for key in pull.marks:
        output.say(f"{key}: its mark is to be written, which the next apply does")
    for key in pull.accepted:
        output.say(f"{key}: accepted for now by the baseline, and left; name the key to take it")
    return 1 if made.left else 0


def _report(made: "Edition", output: Output, *, dry_run: bool) -> None:
    """Write the files, or show what would become of them."""
    from reconciler.app import write_edition
    from reconciler.render.file_diff import file_diff
    from reconciler.render.pull_text import left_line, summary, taken_lines

    if dry_run:
        for one in made.files:
            for line in file_diff(one.file, one.before.decode(), one.after.decode()):
                output.tell(line)
    else:
        write_edition(made)
    for line in taken_lines(made.taken, made.out):
        (output.say if dry_run else output.tell)(line)
    if not dry_run:
        for one in made.files:
            output.say(f"{one.file}: written")
    for left in made.left:
        output.error(left_line(left))
    output.say(summary(made.taken, made.out, made.left, made.files, dry_run=dry_run))
