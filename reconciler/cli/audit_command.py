"""`reconciler audit`."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.audit_log import log_command
from reconciler.cli.options import NamedLedger, ledger_option, ledger_place
from reconciler.cli.output import Output, with_output
from reconciler.core.model import Json
from reconciler.core.streaming import Streamed
from reconciler.ledger.chain import Anchor
from reconciler.ledger.findings import Finding, NotALedger, OtherVersion, Torn
from reconciler.ledger.places import Kept, Place
from reconciler.ledger.reading import read
from reconciler.ledger.verifying import Verdict, verify

_UNSEEN = "without --anchor, a cut or a rewritten end would not be seen"
_MOST = 50
"""How many findings are told of one by one."""


@click.group("audit")
def command() -> None:
    """Look into the ledger of all applies."""


command.add_command(log_command)


def _parse_anchor(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Anchor | None:
    try:
        return None if value is None else Anchor.parse(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is not SEQ:HASH as an apply prints it at its end: a number, `:sha256:` "
            "and 64 hex digits"
        ) from error


@command.command("verify")
@click.option(
    "--anchor",
    metavar="SEQ:HASH",
    callback=_parse_anchor,
    help="A record that is known from elsewhere: what an apply printed at its end.",
)
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("catalog.yaml"),
    show_default=True,
    help="The catalogue whose ledger it is. It is not read, and need not be there.",
)
@ledger_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "dotenv"]),
    default="text",
    show_default=True,
    help="For people, for programs, or as variables of a CI job.",
)
@click.option(
    "--require", is_flag=True, help="End with 1 as well where there is no ledger, or an empty one."
)
@with_output
def verify_command(
    anchor: Anchor | None,
    catalog: Path,
    ledger: NamedLedger,
    form: str,
    require: bool,
    output: Output,
) -> int:
    """Check that the ledger is as it was written, and name what is not. It only reads.

    Each record holds the hash of the one before, so a record that was changed, dropped, moved or
    put in is found. Nobody can see in the ledger alone that records were cut off its end, or that
    it was written anew with new hashes, all of it or its end. An anchor shows both, as far as it
    reaches: so keep the SEQ:HASH that every apply prints somewhere else, such as in a pull request.

    Ends with 1 where something is found. A ledger that is missing or empty is no finding, unless
    --require says that there must be one.
    """
    place = ledger_place(ledger, catalog)
    found = read(place)
    kept = found or Kept(place, b"")
    verdict = verify(kept.data, anchor)
    if form == "json":
        output.json(_json(kept, verdict))
    elif form == "dotenv":
        for name, value in _variables(verdict).items():
            output.tell(f"{name}={value}")
    else:
        if not kept.data:
            _tell_nothing(place, anchor, output, is_there=found is not None)
        _tell(kept, verdict, anchor, output)
    is_missed = require and not kept.data
    if is_missed:
        output.error(f"{place}: there must be a ledger, and there is no record")
    return 1 if verdict.findings or is_missed else 0


def _tell_nothing(place: Place, anchor: Anchor | None, output: Output, *, is_there: bool) -> None:
    output.tell(f"{place}: {'the ledger is empty' if is_there else 'there is no ledger'}")
    if anchor is None:
        output.say(_UNSEEN)


def _tell(kept: Kept, verdict: Verdict, anchor: Anchor | None, output: Output) -> None:
    for finding in verdict.findings[:_MOST]:
        output.tell(f"{kept.where(finding.line)}: {finding.kind}: {finding.said}")
    if len(verdict.findings) > _MOST:
        output.tell(f"... and {len(verdict.findings) - _MOST} more; --format json has them all")
    if verdict.findings:
        output.error(_what_now(verdict.findings))
    elif verdict.records:
        output.tell(
            f"{verdict.records} record(s) of {verdict.runs} run(s), from {verdict.first} to "
            f"{verdict.last}, each as it was written after the one before"
        )
        if anchor is None:
            output.say(_UNSEEN)
        else:
            output.tell(f"record {anchor.seq} is the anchor's")
        output.tell(f"ledger: {kept.place} at {verdict.head}")


def _what_now(findings: Sequence[Finding]) -> str:
    if all(isinstance(finding, Torn) for finding in findings):
        return "the last line of the ledger is torn; the others are as they were written"
    if any(isinstance(finding, OtherVersion | NotALedger) for finding in findings):
        return "the ledger cannot be read to its end"
    return (
        "the ledger is not as it was written: keep it as evidence, and name another --ledger to "
        "go on"
    )


def _variables(verdict: Verdict) -> dict[str, str | int]:
    """Of a ledger that is as it was written, the anchor; otherwise nothing behind its name."""
    anchor = str(verdict.head) if verdict.records and not verdict.findings else ""
    return {"anchor": anchor, "records": verdict.records, "findings": len(verdict.findings)}


def _json(kept: Kept, verdict: Verdict) -> Streamed:
    return {
        "ledger": os.fsencode(str(kept.place)).decode("utf-8", "replace"),
        "records": verdict.records,
        "runs": verdict.runs,
        "first": verdict.first,
        "last": verdict.last,
        "anchor": _variables(verdict)["anchor"] or None,
        "findings": (
            {"kind": finding.kind, **_spot(kept, finding), "message": finding.said}
            for finding in verdict.findings
        ),
    }


def _spot(kept: Kept, finding: Finding) -> dict[str, Json]:
    segment, line = kept.spot(finding.line)
    return {"line": line} if segment is None else {"segment": segment, "line": line}
