"""`reconciler history`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.audit_log import ledger_name, meant, say_how_whole
from reconciler.cli.options import (
    NamedLedger,
    catalog_options,
    ledger_option,
    ledger_place,
    service_options,
)
from reconciler.cli.output import Output, with_output
from reconciler.core.model import FileId, Key
from reconciler.errors import LedgerError, UsageError

if TYPE_CHECKING:
    from reconciler.core.log import Deed
    from reconciler.ledger.log import Log


@click.command("history")
@click.argument("key", required=False)
@click.option(
    "--file",
    "file_id",
    type=click.IntRange(min=0),
    metavar="ID",
    help="Only what became of this file, under whatever key.",
)
@click.option("--live", is_flag=True, help="Compare with what is live now. Needs a token.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show values in full.")
@catalog_options
@service_options
@ledger_option
@with_output
def command(
    key: str | None,
    file_id: int | None,
    live: bool,
    form: str,
    verbose: bool,
    catalog: Path,
    source_root: Path | None,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    ledger: NamedLedger,
    output: Output,
) -> None:
    """Tell the life of one entry: each field with who set it and when, by which commit and pull
    request; then all that happened to it, also what happened outside of reconciler.

    Without --live it needs no token and no catalogue, and asks nobody.
    """
    from reconciler.core.life import life_of
    from reconciler.core.life_codec import encode_lives
    from reconciler.ledger.log import read_log

    if key is None and file_id is None:
        raise UsageError("say which entry: reconciler history KEY, or --file ID")
    log = read_log(ledger_place(ledger, catalog))
    found = _lives_in(log, None if key is None else Key(key), file_id)
    lives = [life_of(deeds) for deeds in found]
    if live and found:
        from reconciler.cli.reading import open_and_read
        from reconciler.cli.showing import made_now
        from reconciler.core.life import live_of

        desired, state = open_and_read(
            catalog, source_root, token_file, concurrency, max_rps, output
        )
        at = made_now().created_at
        now = [live_of(life, desired, state, at) for life in lives]
        lives = [life_of(deeds, seen) for deeds, seen in zip(found, now, strict=True)]
    if form == "json":
        output.json(encode_lives(lives, ledger_name(log)))
    else:
        from reconciler.render.history_text import history_text

        for life in lives:
            output.result(history_text(life, width=output.width, verbose=verbose))
    say_how_whole(log, output)
    if not found:
        raise LedgerError(_nothing(log, key, file_id))


def _lives_in(log: "Log", key: Key | None, file_id: int | None) -> "Sequence[Sequence[Deed]]":
    """The changes of each life, where there is any. A file alone has one on each host."""
    from reconciler.core.lineage import lives

    deeds = log.deeds
    if key is not None:
        found = lives(deeds, key)
    else:
        found = [
            [deed for deed in deeds if deed.by.origin == origin]
            for origin in dict.fromkeys(deed.by.origin for deed in deeds)
        ]
    if file_id is not None:
        of_file = FileId(file_id)
        found = [
            [deed for deed in life if any(file == of_file for _, file in deed.files)]
            for life in found
        ]
    return [life for life in found if life]


def _nothing(log: "Log", key: str | None, file_id: int | None) -> str:
    if not log.is_there:
        return f"{log.place}: there is no ledger, and so no history"
    if key is None:
        return f"{log.place}: no run has ever changed file {file_id}"
    keys = {deed.key: None for deed in log.deeds if deed.key is not None}
    of = "" if file_id is None else f" by file {file_id}"
    return f"{log.place}: no run has ever changed {key[:200]!r}{of}{meant(key, keys)}"
