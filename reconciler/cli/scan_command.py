"""`reconciler scan`."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import catalog_options
from reconciler.cli.output import Output, with_output
from reconciler.cli.timing import timing_option
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.app import NewCatalog, Scan
    from reconciler.core.model import Json

_BUCKET = re.compile(r"([A-Za-z0-9._-]{1,64})=([0-9]{1,18})", re.ASCII)
_MOST_ENDINGS = 5


@click.command("scan")
@click.argument("folder", type=click.Path(path_type=Path))
@catalog_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Append the entries to this file in the catalogue's folder: .yaml, .csv or .jsonl. "
    "Otherwise to the catalogue itself.",
)
@click.option(
    "--key",
    default="{path}",
    show_default=True,
    metavar="TEMPLATE",
    help="What keys are made of: {path}, {stem}, {suffix} and {folder}, and the names of tags.",
)
@click.option(
    "--title",
    default="{title|stem}",
    show_default=True,
    metavar="TEMPLATE",
    help="What titles are made of.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=TEMPLATE",
    help="What a field of user_defined is made of; may be given several times. artist, album, "
    "isrc and date are made of the tags of their names; NAME= leaves one out.",
)
@click.option(
    "--bucket",
    metavar="NAME[=ID]",
    help="The entries' bucket. With its id it begins a catalogue where there is none.",
)
@click.option("--name", help="The name of the catalogue that is begun. Otherwise its folder's.")
@click.option(
    "--pin/--no-pin",
    default=True,
    show_default=True,
    help="Write the sha256 of each file, as reconciler pin does.",
)
@click.option("--dry-run", is_flag=True, help="Show the entries, in YAML, and write nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@with_output
@timing_option
def command(
    folder: Path,
    catalog: Path,
    source_root: Path | None,
    out: Path | None,
    key: str,
    title: str,
    fields: Sequence[str],
    bucket: str | None,
    name: str | None,
    pin: bool,
    dry_run: bool,
    form: str,
    output: Output,
) -> None:
    """Make entries of the audio files in FOLDER. Offline, without a token.

    Titles and metadata are read from the files' own tags. What the catalogue has already is never
    changed, and files that it has as sources are passed over: to scan again adds what is new.
    """
    from reconciler.app import Making, scan, write_scan
    from reconciler.cli import environment

    begin = _begin(bucket, name, catalog)
    making = Making(
        key=key,
        title=title,
        fields=_fields(fields),
        bucket=None if begin is not None else bucket,
        pin=pin,
    )
    with output.busy("reading the audio"):
        scanned = scan(
            folder,
            catalog,
            out=out,
            making=making,
            begin=begin,
            source_root=source_root,
            digests=environment.digests(),
        )
    if not dry_run:
        write_scan(scanned)
    if form == "json":
        output.json(_json(scanned, written=bool(scanned.writings) and not dry_run))
    else:
        _tell(scanned, dry_run=dry_run, output=output)


def _begin(bucket: str | None, name: str | None, catalog: Path) -> "NewCatalog | None":
    from reconciler.app import NewCatalog
    from reconciler.catalog.exporting import slug

    found = _BUCKET.fullmatch(bucket or "")
    if found is None:
        if bucket is not None and "=" in bucket:
            raise UsageError(
                f"--bucket {bucket}: NAME=ID is a name of your own, with letters, digits and "
                ". _ -, and the number that the service gave the bucket"
            )
        if name is not None:
            raise UsageError("--name names a catalogue that is begun: give --bucket NAME=ID, too")
        return None
    return NewCatalog(
        name or slug(catalog.resolve().parent.name) or "audio", found[1], int(found[2])
    )


def _fields(given: Sequence[str]) -> Mapping[str, str]:
    from reconciler.catalog.scanning import USUAL_FIELDS

    fields = dict(USUAL_FIELDS)
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name:
            raise UsageError(f"--field {item}: NAME=TEMPLATE, such as year={{year}}")
        fields[name] = text
    return {name: text for name, text in fields.items() if text}


def _tell(scanned: "Scan", *, dry_run: bool, output: Output) -> None:
    for note in scanned.notes:
        output.say(f"{note.path}: {note.what}")
    if scanned.others:
        output.say(f"passed over, by their names: {_others(scanned.others)}")
    if dry_run:
        from reconciler.catalog.write import yaml_entries

        # In YAML, whatever the file is: there, no text acts on a terminal or a CI runner.
        output.raw([yaml_entries(scanned.new, 0).encode()])
    elif scanned.new and not scanned.is_included:
        output.say(f"the catalogue does not include it yet: give it include: [{scanned.file}]")
    count, left_out = len(scanned.new), sum(note.left_out for note in scanned.notes)
    where = f" {'would go' if dry_run else 'written'} to {scanned.file}" if count else ""
    summary = (
        f"{count} new {'entry' if count == 1 else 'entries'}{where}; "
        f"{scanned.there} there already, {left_out} left out"
    )
    (output.say if dry_run else output.tell)(summary)


def _others(others: Mapping[str, int]) -> str:
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{count} {suffix or 'without an ending'}" for suffix, count in most[:_MOST_ENDINGS]]
    rest = sum(count for _, count in most[_MOST_ENDINGS:])
    return ", ".join([*said, *([f"{rest} more"] if rest else [])])


def _json(scanned: "Scan", *, written: bool) -> "Mapping[str, Json]":
    return {
        "file": scanned.file,
        "included": scanned.is_included,
        "written": written,
        "entries": [{"key": key, **record} for key, record in scanned.new.items()],
        "there": scanned.there,
        "notes": [
            {"path": note.path, "what": note.what, "left_out": note.left_out}
            for note in scanned.notes
        ],
        "others": dict(scanned.others),
    }
