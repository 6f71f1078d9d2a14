"""`reconciler audit log`."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.moment import Moment
from reconciler.cli.options import NamedLedger, ledger_option, ledger_place
from reconciler.cli.output import Output, with_output
from reconciler.cli.run_names import LAST, meant_by
from reconciler.core.model import FileId, Key
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.core.log import Run
    from reconciler.ledger.log import Log, Wanted

FORMAT = "reconciler/audit-log/1"

catalog_option = click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("catalog.yaml"),
    show_default=True,
    help="The catalogue whose ledger it is. It is not read, and need not be there.",
)


@click.command("log")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Only changes of this entry, and of its file under former keys; may be given several "
    "times. So may all that follow but the times.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.IntRange(min=0),
    metavar="ID",
    help="Only changes of this file.",
)
@click.option("--actor", "actors", multiple=True, metavar="NAME", help="Only by this one.")
@click.option(
    "--run",
    "run_ids",
    multiple=True,
    metavar="RUN",
    help="Only of this run: its id, the first characters of it, or `last`, the ledger's last.",
)
@click.option(
    "--since",
    type=Moment(),
    metavar="T",
    help="Only what ended then or later: a day or a moment by RFC 3339, or an age such as 30d.",
)
@click.option(
    "--until",
    type=Moment(end_of_day=True),
    metavar="T",
    help="Only what ended before. Of a day: by its end.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="For people, for programs (the records), or for a spreadsheet (a row a field).",
)
@click.option("-v", "--verbose", is_flag=True, help="Show values in full, and the marks.")
@catalog_option
@ledger_option
@with_output
def log_command(
    keys: tuple[str, ...],
    files: tuple[int, ...],
    actors: tuple[str, ...],
    run_ids: tuple[str, ...],
    since: float | None,
    until: float | None,
    form: str,
    verbose: bool,
    catalog: Path,
    ledger: NamedLedger,
    output: Output,
) -> None:
    """Show who changed what, when, from what to what, and how it ended. The oldest comes first.

    It needs no token, and only reads. Where the ledger is damaged, what comes before that is
    shown, and the command ends with 1.
    """
    from reconciler.ledger.log import Wanted, read_log, selected

    log = read_log(ledger_place(ledger, catalog))
    runs_meant = tuple(_run_meant(log, named) for named in run_ids)
    wanted = Wanted(
        tuple(map(Key, keys)), tuple(map(FileId, files)), actors, runs_meant, since, until
    )
    runs = selected(log, wanted)
    _show(log, runs, form, output, verbose=verbose)
    if not runs and form != "text":
        _tell_nothing(log, wanted, output.say)
    elif not runs:
        _tell_nothing(log, wanted, output.tell)
    say_how_whole(log, output)


def say_how_whole(log: "Log", output: Output) -> None:
    """That its last line is torn. Raises `LedgerError` where it is damaged."""
    if log.is_torn:
        output.say(f"{log.place}: the last line is torn, and passed over: see `audit verify`")
    if log.error is not None:
        raise log.error


def ledger_name(log: "Log") -> str:
    """How the ledger is called, for JSON."""
    return os.fsencode(str(log.place)).decode("utf-8", "replace")


def meant(word: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant instead."""
    from difflib import get_close_matches

    near = get_close_matches(word[:200], [each[:200] for each in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _run_meant(log: "Log", named: str) -> str:
    """Its id. Of a damaged ledger also one that it does not have: that may be in the rest."""
    known = [run.about.run for run in log.runs]
    if named == LAST and known:
        return known[-1]
    found = meant_by(named, known)
    if len(found) > 1:
        raise UsageError(
            f"{log.place}: several runs begin with {named[:200]!r}: {', '.join(found[:10])}"
        )
    if not found and log.error is None:
        raise UsageError(f"{log.place}: there is no run {named[:200]!r}{meant(named, known)}")
    return found[0] if found else named


def _show(log: "Log", runs: "Sequence[Run]", form: str, output: Output, *, verbose: bool) -> None:
    match form:
        case "json":
            from reconciler.ledger.chain import anchor_of
            from reconciler.ledger.log import records_of

            output.json(
                {
                    "format": FORMAT,
                    "ledger": ledger_name(log),
                    "anchor": str(anchor_of(log.records[-1])) if log.records else None,
                    "records": map(dict, records_of(log, runs)),
                }
            )
        case "csv":
            from reconciler.render.audit_log_csv import log_csv

            log_csv(runs, sys.stdout)
        case _:
            from reconciler.render.audit_log_text import log_text

            if runs:
                output.result(log_text(runs, width=output.width, verbose=verbose))


def _tell_nothing(log: "Log", wanted: "Wanted", say: Callable[[str], None]) -> None:
    if not log.is_there:
        say(f"{log.place}: there is no ledger")
        return
    keys = {deed.key: None for deed in log.deeds if deed.key is not None}
    strange = [key for key in wanted.keys if key not in keys]
    for key in strange:
        say(f"{log.place}: no run has ever changed {key[:200]!r}{meant(key, keys)}")
    if not strange:
        say(f"{log.place}: nothing of what was asked for")
