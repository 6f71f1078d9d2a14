"""Whose file is this: reading the mark off a live file, and writing it for an entry.

| the identity field holds                         | the file is              |
|--------------------------------------------------|--------------------------|
| nothing                                          | unmarked: foreign        |
| our catalogue's name (or a former one) and a key | owned                    |
| anything else                                    | another's: foreign       |

With `format: key` the field holds the key alone, so whatever is a key there is owned.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.model import (
    PROTECT_FIELD,
    DesiredState,
    Entry,
    File,
    Identity,
    Json,
    Key,
    MarkFormat,
    Opaque,
    UserDefined,
)
from reconciler.core.normal import canonical, number_text

KEY_FORM = re.compile(r"[A-Za-z0-9._/:@-]{1,128}")
"""What a key may look like."""


@dataclass(frozen=True, slots=True)
class Owned:
    """The file carries this catalogue's mark."""

    key: Key


@dataclass(frozen=True, slots=True)
class Another:
    """The file carries a mark that is not this catalogue's, and is never ours to touch."""

    mark: str


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Nobody's mark is on the file, or none that can be read."""


Owner: TypeAlias = Owned | Another | Unmarked

_UNMARKED = Unmarked()


def owner(file: File, desired: DesiredState) -> Owner:
    """Whose file it is, by its mark."""
    if isinstance(file.user_defined, Opaque):
        return _UNMARKED
    mark = _text(file.user_defined.get(desired.identity.field))
    if not mark:
        return _UNMARKED
    key = _key_in(mark, desired)
    return Owned(key) if key is not None else Another(mark)


def source_digest(file: File, identity: Identity) -> str | None:
    """The digest of what the file was made from, as its mark says; None where it says nothing."""
    if identity.source_field is None or isinstance(file.user_defined, Opaque):
        return None
    return _text(file.user_defined.get(identity.source_field)) or None


def is_protected(file: File) -> bool:
    """Whether the file carries protection, which outlives its entry."""
    return not isinstance(file.user_defined, Opaque) and protects(file.user_defined)


def protects(user_defined: UserDefined) -> bool:
    """Whether a `user_defined` says that its file is protected."""
    return _text(user_defined.get(PROTECT_FIELD)).lower() not in ("", "false", "0", "no")


def mark_fields(identity: Identity) -> frozenset[str]:
    """The names of the `user_defined` fields that are the mark's."""
    names = {identity.field, identity.source_field, PROTECT_FIELD}
    return frozenset(name for name in names if name is not None)


USUAL_MARKS = mark_fields(Identity())
"""The names of the mark's fields where a catalogue does not name them otherwise."""


def mark_of(entry: Entry, desired: DesiredState, *, digest: str | None) -> UserDefined:
    """What an entry's mark says, its source being `digest` (None: not known, so not said)."""
    identity = desired.identity
    text = entry.key if identity.format is MarkFormat.KEY else f"{desired.catalog}/{entry.key}"
    mark: dict[str, Json] = {identity.field: text}
    if identity.source_field is not None and digest is not None:
        mark[identity.source_field] = digest
    if entry.protect or desired.buckets[entry.bucket].protect:
        mark[PROTECT_FIELD] = "true"
    return mark


def _key_in(mark: str, desired: DesiredState) -> Key | None:
    if desired.identity.format is MarkFormat.KEY:
        return Key(mark) if KEY_FORM.fullmatch(mark) else None
    name, _, key = mark.partition("/")
    if name not in desired.names:
        return None
    return Key(key) if KEY_FORM.fullmatch(key) else None


def _text(value: Json) -> str:
    """The field as text: a service that keeps numbers may hand back a numeric key as one."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case None:
            return ""
        case _:
            return canonical(value).decode()
