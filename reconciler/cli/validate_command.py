"""`reconciler validate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import catalog_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option
from reconciler.errors import CatalogError

if TYPE_CHECKING:
    from reconciler.render.workflow import Level


@click.command("validate")
@catalog_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="For people, or for GitHub too, as annotations on the catalogue's lines.",
)
@with_output
@timing_option
def command(catalog: Path, source_root: Path | None, form: str, output: Output) -> None:
    """Check a catalogue: syntax, schema, sources and keys. Offline, without a token."""
    from reconciler.cli.reading import open_catalog

    try:
        loaded = open_catalog(catalog, source_root, output)
    except CatalogError as error:
        if form == "github":
            _annotate("error", error.problems, error.count, catalog, output)
        raise
    desired = loaded.desired
    entries, absent = len(desired.entries), len(desired.absent)
    valid = (
        f"{catalog} is valid: {entries} entries, {absent} absent, in {len(desired.buckets)} "
        f"bucket(s) of catalogue {desired.catalog}; {len(loaded.warnings)} warning(s)"
    )
    if form == "github":
        _annotate("warning", loaded.warnings, len(loaded.warnings), catalog, output)
        output.say(valid)
    else:
        output.tell(valid)


def _annotate(
    level: "Level", problems: Sequence[object], count: int, catalog: Path, output: Output
) -> None:
    from reconciler.catalog.problems import Problem
    from reconciler.cli.repository import in_repository
    from reconciler.render.annotations import annotations
    from reconciler.render.remarks import Remark

    remarks = [
        Remark(problem.said, problem.place)
        if isinstance(problem, Problem)
        else Remark(str(problem))
        for problem in problems
    ]
    text = annotations(level, remarks, in_repository(catalog), count=count)
    output.raw([text.encode()])
