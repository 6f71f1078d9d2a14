"""A folder of audio -> entries that the catalogue does not have yet, at the end of one file.

An entry is there already where one names the very file as its source, by whatever key. What is
there is never changed, so that the same folder scanned twice changes nothing.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from reconciler.catalog.appending import Appended, CannotAppendError, Record, appended
from reconciler.catalog.destination import Destination, NewCatalog, Writing, destination
from reconciler.catalog.digests import Digests
from reconciler.catalog.finding import Found, Note, find
from reconciler.catalog.head import Head, name_complaint
from reconciler.catalog.includes import is_included
from reconciler.catalog.loading import Foreseen, foresee
from reconciler.catalog.naming import Named, naming_of
from reconciler.catalog.newcomers import Newcomers
from reconciler.catalog.problems import Likely, listed, shown
from reconciler.catalog.sources import Seen, Sources
from reconciler.core.model import DesiredState, Json
from reconciler.errors import CatalogError, ScanError, UsageError

USUAL_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {name: f"{{{name}}}" for name in ("artist", "album", "isrc", "date")}
)
"""The metadata of entries, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Making:
    """How entries are made. The texts are templates (see `templates`)."""

    key: str = "{path}"
    """What comes of it is brought into the form of a key."""
    title: str = "{title|stem}"
    fields: Mapping[str, str] = field(default_factory=lambda: USUAL_FIELDS)
    """Of `user_defined`, by name; what comes out empty is left out."""
    bucket: str | None = None
    """None: the catalogue's default, or its only one."""
    pin: bool = True
    """Whether each entry says the sha256 of its file."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What came of a folder. Nothing is written yet."""

    file: str
    """The file that the entries go to, relative to the catalogue's folder."""
    new: Mapping[str, Record]
    """The new entries, by key."""
    addition: str
    """The new entries, as they stand in the file."""
    there: int
    """How many files of the folder have an entry already."""
    notes: tuple[Note, ...]
    others: Mapping[str, int]
    """How many files are no audio by their names, by the endings of these."""
    is_included: bool
    """Whether the catalogue reads that file."""
    writings: tuple[Writing, ...]
    """What is to be written, in this order."""


def scan(
    folder: Path,
    catalog: Path,
    *,
    out: Path | None = None,
    making: Making | None = None,
    begin: NewCatalog | None = None,
    source_root: Path | None = None,
    digests: Digests | None = None,
) -> Scan:
    """Entries for the audio in `folder` that the catalogue does not have, to go to the end of
    `out`: the catalogue itself where it is None, or a file in its folder. `begin`: the catalogue
    to make where there is none. `digests`: as of `load`.

    Raises `CatalogError` where the catalogue is not right, `UsageError`, `ScanError` where what
    the folder holds cannot become entries, `ReconcilerError` where something cannot be read.
    """
    making = making or Making()
    naming = naming_of(making.key, making.title, making.fields)
    target = destination(catalog, out, begin)
    prefix = _prefix(folder, catalog, source_root)
    found = find(str(folder))
    before = foresee(catalog, target.before, source_root=source_root, digests=digests)
    bucket = _bucket(before.head, making.bucket, begin)
    seen = _looked(found, prefix, catalog, source_root, digests)
    newcomers = Newcomers(before.desired, str(folder))
    for path in found.audio:
        newcomers.take(path, seen.get((f"{prefix}{path}", True)))
    refused = _refused(before.head, making.fields) if newcomers.new else {}
    named, notes = naming.without(refused).named(str(folder), newcomers.new)
    fresh, taken = _not_taken(named, before.desired)
    records: dict[str, Record] = {
        each.key: _record(each, f"{prefix}{each.path}", bucket, pin=making.pin) for each in fresh
    }
    result = _appended(target, records)
    if records:
        _check(catalog, target, result, before, fresh, source_root, digests)
    said = sorted((*found.notes, *newcomers.notes, *notes, *taken), key=lambda note: note.path)
    return Scan(
        target.name,
        records,
        result.addition,
        newcomers.there,
        (*(Note(f"user_defined.{name}", why) for name, why in refused.items()), *said),
        found.others,
        target.is_catalog
        or target.new_catalog is not None
        or is_included(before.head.include, target.name),
        target.writings(result.data) if records else (),
    )


def write_scan(scanned: Scan) -> None:
    """Write what a scan made, each file whole or not at all. Raises `ReconcilerError`, also where
    a file was changed since."""
    for writing in scanned.writings:
        writing.write()


def _prefix(folder: Path, catalog: Path, source_root: Path | None) -> str:
    """What the paths of sources in the folder begin with."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: name the one that the audio lies in")
    roots = [catalog.parent, *([] if source_root is None else [source_root])]
    real = folder.resolve()
    if any(real.is_relative_to(root.resolve()) for root in roots):
        # As it is named, which may be by a link; else as it lies there.
        named = [(_absolute(root), _absolute(folder)) for root in roots]
        for root, path in (*named, *((root.resolve(), real) for root in roots)):
            if path.is_relative_to(root):
                return _beginning(path.relative_to(root))
    where = "the catalogue's folder" + ("" if source_root is None else " or the source root")
    raise UsageError(
        f"{folder} does not lie in {where}, and sources are named by their paths from there: "
        "--source-root says where they lie"
    )


def _beginning(within: Path) -> str:
    text = within.as_posix()
    if os.fsencode(text).decode(errors="replace") != text:
        raise UsageError(
            f"{shown(text)} has a name that is not UTF-8, which no catalogue can hold: rename it"
        )
    return "" if text == "." else f"{text}/"


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _bucket(head: Head, wanted: str | None, begin: NewCatalog | None) -> str | None:
    """The bucket that entries must name; None where it is the default."""
    wanted = wanted if begin is None else begin.bucket
    if wanted is None:
        if head.default_bucket is not None or len(head.buckets) == 1:
            return None if head.default_bucket else next(iter(head.buckets))
        raise UsageError(f"which bucket? There are {listed(head.buckets)}: give --bucket NAME")
    known = head.buckets.get(wanted)
    if known is None:
        hint = Likely(wanted, head.buckets, f"buckets here: {listed(head.buckets)}").text()
        raise UsageError(f"--bucket {wanted}: the catalogue has no such bucket ({hint})")
    if begin is not None and known.id != begin.bucket_id:
        raise UsageError(
            f"--bucket {wanted}={begin.bucket_id}: the catalogue is there, and says that the id "
            f"of {wanted} is {known.id}: give its name alone"
        )
    return None if wanted == head.default_bucket else wanted


def _looked(
    found: Found,
    prefix: str,
    catalog: Path,
    source_root: Path | None,
    digests: Digests | None,
) -> Mapping[tuple[str, bool], Seen]:
    memory = None if digests is None else digests.of(catalog)
    with memory or nullcontext():
        sources = Sources(catalog.parent, source_root, memory)
        return sources.look((f"{prefix}{path}", True) for path in found.audio)


def _refused(head: Head, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The usual fields that this catalogue cannot have. Raises `UsageError` for one that was
    asked for."""
    refused: dict[str, str] = {}
    for name, text in fields.items():
        complaint = name_complaint(head, name, is_set=True)
        if complaint is None:
            continue
        if text != USUAL_FIELDS.get(name):
            raise UsageError(f"--field {name}: {complaint}")
        refused[name] = f"{complaint}: left out"
    return refused


def _not_taken(
    named: Sequence[Named], desired: DesiredState
) -> tuple[Sequence[Named], Sequence[Note]]:
    """Those whose keys no entry has, and what to say of the others."""
    former = {
        name: key
        for entries in (desired.entries, desired.absent)
        for key, entry in entries.items()
        for name in entry.was
    }
    notes: list[Note] = []
    fresh: list[Named] = []
    for each in named:
        key, entry, what = each.key, desired.entries.get(each.key), None
        if key in desired.absent:
            what = f"its key {key} is that of an entry that says absent"
        elif key in former:
            what = f"its key {key} is one that {former[key]} had"
        elif entry is not None and entry.source is None:
            what = f"its key {key} is there already, without a source: name this file there"
        elif entry is not None:
            what = f"its key {key} is there already, with another source: --key makes others"
        if what is None:
            fresh.append(each)
        else:
            notes.append(Note(each.path, what, left_out=True))
    return fresh, notes


def _record(named: Named, path: str, bucket: str | None, *, pin: bool) -> Record:
    record: dict[str, Json] = {"title": named.title}
    if bucket is not None:
        record["bucket"] = bucket
    record["source"] = {"audio": path}
    if pin and named.seen.sha256 is not None:
        record["source"] = {"audio": path, "sha256": named.seen.sha256}
    if named.user_defined:
        record["user_defined"] = dict(named.user_defined)
    return record


def _appended(target: Destination, records: Mapping[str, Record]) -> Appended:
    if not records:
        return Appended(target.data, "")
    try:
        return appended(target.name, target.data, records)
    except CannotAppendError as error:
        raise ScanError(f"nothing was written: {target.name} {error}") from None


def _check(
    catalog: Path,
    target: Destination,
    result: Appended,
    before: Foreseen,
    fresh: Sequence[Named],
    source_root: Path | None,
    digests: Digests | None,
) -> None:
    """Read the catalogue as it would be: it must say what it said, and what is new."""
    files = target.after(result.data)
    try:
        after = foresee(catalog, files, source_root=source_root, digests=digests)
    except CatalogError as error:
        raise ScanError(
            f"nothing was written: this is what would be wrong with the catalogue:\n{error}"
        ) from None
    new = {each.key for each in fresh}
    kept = {key: entry for key, entry in after.desired.entries.items() if key not in new}
    same = replace(after.desired, entries=kept, digest="") == replace(before.desired, digest="")
    if not same or not all(_says(after.desired, each) for each in fresh):
        raise ScanError(
            f"nothing was written: {target.name} is written in a way that entries cannot be "
            "appended to: name another file with --out"
        )


def _says(desired: DesiredState, named: Named) -> bool:
    """Whether the catalogue says just this of a file."""
    entry = desired.entries.get(named.key)
    if entry is None or entry.source is None:
        return False
    held = entry.user_defined or {}
    return (
        entry.title == named.title
        and (entry.source.location, entry.source.sha256) == (named.seen.path, named.seen.sha256)
        and all(held.get(name) == text for name, text in named.user_defined.items())
    )
