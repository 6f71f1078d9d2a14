"""`reconciler revert`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import (
    NamedLedger,
    allow_option,
    catalog_options,
    ledger_option,
    ledger_place,
    plan_output_options,
    service_options,
)
from reconciler.cli.output import Output, with_output
from reconciler.cli.run_names import LAST, SHORTEST, meant_by
from reconciler.cli.timing import timed
from reconciler.core.model import DesiredState, Key
from reconciler.core.plan import Options, Revert, Rule
from reconciler.errors import UsageError
from reconciler.stages import stage

if TYPE_CHECKING:
    from reconciler.ledger import Place


@click.command("revert")
@click.argument("run", metavar="RUN")
@catalog_options
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Take back what was done to this key alone; may be given several times.",
)
@allow_option
@service_options
@ledger_option
@plan_output_options
@with_output
@timed
def command(
    run: str,
    catalog: Path,
    source_root: Path | None,
    keys: tuple[str, ...],
    allow: dict[Rule, int],
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    ledger: NamedLedger,
    out: Path | None,
    form: str,
    previous: Path | None,
    detailed_exitcode: bool,
    verbose: bool,
    output: Output,
) -> int:
    """Plan the way back of what an apply did, for `apply PLAN.json`.

    RUN is the id that the apply said, the first characters of it, or `last`. Nothing is written
    to the service. What was changed since is left, and what cannot come back is said.
    """
    from reconciler.aims import aim_of
    from reconciler.cli.reading import open_catalog, read_for
    from reconciler.cli.showing import Form, put_out
    from reconciler.core.aim import plan_towards
    from reconciler.core.marks import mark_fields

    how = Form.asked(form, catalog, previous)
    place = ledger_place(ledger, catalog)
    desired = open_catalog(catalog, source_root, output).desired
    way = Revert(_run_named(run, place, desired), tuple(sorted(set(map(Key, keys)))))
    live = read_for(desired, token_file, concurrency, max_rps, output)
    with stage("plan"):
        aim = aim_of(way, desired, live, place)
        plan = plan_towards(aim, live, Options(allow=allow, way=way))
    marks = mark_fields(desired.identity)
    code = put_out(plan, out, how, output, verbose=verbose, marks=marks)
    return 2 if code == 0 and detailed_exitcode and plan.changes else code


def _run_named(named: str, place: "Place", desired: DesiredState) -> str:
    """The id of the run that is meant. Raises `UsageError`, `LedgerError`."""
    from reconciler.ledger.images import read_runs

    runs = read_runs(place)
    if named == LAST:
        ours = [run.id for run in runs if run.catalog in desired.names]
        if not ours:
            raise UsageError(f"the ledger {place} has no run of the catalogue {desired.catalog}")
        return ours[-1]
    known = [run.id for run in runs]
    found = meant_by(named, known)
    if len(found) == 1:
        return found[0]
    raise UsageError(_not_one(named, found, known, place))


def _not_one(named: str, found: Sequence[str], known: Sequence[str], place: "Place") -> str:
    if found:
        return f"several runs of the ledger {place} begin with {named}: {', '.join(found)}"
    from difflib import get_close_matches

    near = get_close_matches(named, known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return (
        f"the ledger {place} has no run {named}{hint}. `reconciler audit log` lists them; the "
        f"first {SHORTEST} characters of one are enough, and `last` is the last of this catalogue"
    )
