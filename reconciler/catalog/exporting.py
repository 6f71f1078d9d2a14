"""Live files -> entries of a new catalogue, for a bucket that is to be adopted."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from reconciler.catalog import base_url
from reconciler.catalog.write import ExportedEntry
from reconciler.core.content import Contents
from reconciler.core.marks import Another, Owned, Unmarked, owner
from reconciler.core.model import DesiredState, File, Json, Opaque

_NOT_IN_A_KEY = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 60


def exported_entries(
    files: Sequence[File], desired: DesiredState
) -> tuple[Sequence[ExportedEntry], int]:
    """An entry for every unmarked file, pinned by its acr_id, and how many were left out: files
    with a mark belong to a catalogue already, and what cannot be read cannot be written down.

    `desired` says which fields are a mark, and which keys are ignored.
    """
    contents = Contents(desired)
    entries: list[ExportedEntry] = []
    for file in files:
        match owner(file, desired):
            case Unmarked() if not isinstance(file.user_defined, Opaque):
                user_defined = contents.of(file).user_defined
                entries.append(
                    ExportedEntry(
                        key=f"{slug(file.title) or 'file'}-{file.id}",
                        title=file.title,
                        bucket=file.bucket,
                        acr_id=file.acr_id or None,
                        user_defined=user_defined,
                    )
                )
            case Owned() | Another() | Unmarked():
                pass
    return entries, len(files) - len(entries)


def exported_header(desired: DesiredState, default_base_url: str) -> Mapping[str, Json]:
    """The properties above `files`, without an address that only the operator may name."""
    header: dict[str, Json] = {"version": 1, "catalog": desired.catalog}
    if desired.base_url != default_base_url and _may_stand(desired.base_url):
        header["api"] = {"base_url": desired.base_url}
    header["buckets"] = {name: {"id": bucket.id} for name, bucket in desired.buckets.items()}
    return header


def _may_stand(url: str) -> bool:
    try:
        base_url.of_catalogue(url)
    except base_url.AddressError:
        return False
    return True


def slug(text: str) -> str:
    """A text as the part of a key: letters and digits of ASCII, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_A_KEY.sub("-", plain).strip("-")[:_LONGEST_NAME].strip("-")
