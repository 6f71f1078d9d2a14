"""What the properties of an entry mean, whatever its format: of two that mean the same, one may be
written quite otherwise. And what has to be stated for it to mean something else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.catalog.scalars import text_of
from reconciler.core.model import Json, UserDefined
from reconciler.core.normal import canonical, normal_title, without_nulls

Field: TypeAlias = tuple[str, ...]
"""`("title",)`, `("bucket",)`, or `("user_defined", NAME)`."""
TITLE: Field = ("title",)
BUCKET: Field = ("bucket",)
METADATA = "user_defined"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the catalogue says once for all entries."""

    bucket: str | None
    user_defined: Mapping[str, Json] | None

    def gives(self, name: str) -> bool:
        """Whether there is a value for a name that an entry does not state."""
        return self.user_defined is not None and self.user_defined.get(name) is not None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a live file can be like."""

    title: str | None
    bucket: str | None
    user_defined: UserDefined | None

    def value(self, field: Field) -> Json:
        """What a field should be; None where it should not be."""
        match field:
            case ("title",):
                return self.title
            case ("bucket",):
                return self.bucket
            case _:
                return (self.user_defined or {}).get(field[1])


def defaults_in(head: Any) -> Defaults:
    """The defaults of a main document's value."""
    found = head.get("defaults") if isinstance(head, dict) else None
    defaults = found if isinstance(found, dict) else {}
    metadata = defaults.get(METADATA)
    return Defaults(_text(defaults.get("bucket")), metadata if isinstance(metadata, dict) else None)


def meaning(raw: Any, defaults: Defaults) -> Meaning:
    """What an entry's properties mean over the defaults."""
    get = raw.get if isinstance(raw, dict) else {}.get
    title = _text(get("title"))
    return Meaning(
        None if title is None else normal_title(title),
        _text(get("bucket")) or defaults.bucket,
        _metadata(get(METADATA), defaults.user_defined),
    )


def differing(one: Meaning, other: Meaning) -> frozenset[Field]:
    """The fields in which two meanings differ."""
    names = (one.user_defined or {}).keys() | (other.user_defined or {}).keys()
    fields = [TITLE, BUCKET, *((METADATA, name) for name in names)]
    return frozenset(
        field for field in fields if canonical(one.value(field)) != canonical(other.value(field))
    )


def _metadata(own: Any, defaults: Mapping[str, Json] | None) -> UserDefined | None:
    """As `metadata.Metadata` has it."""
    if not isinstance(own, dict):
        return None if defaults is None else without_nulls(defaults)
    return without_nulls({**(defaults or {}), **own}) if own else {}


def _text(value: Any) -> str | None:
    return text_of(value) if isinstance(value, str | bool | int | float) else None


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be said of an entry."""

    raw: Any
    """Its properties as they are, what aliases and `<<` bring included."""
    wanted: Meaning
    fields: Collection[Field]
    """Those that are to be stated as wanted."""
    defaults: Defaults

    def top(self) -> dict[str, Json]:
        """Title and bucket, as far as they are to be stated."""
        return {
            field[0]: self.wanted.value(field) for field in (TITLE, BUCKET) if field in self.fields
        }

    def names(self) -> list[str]:
        """The names of metadata that are to be stated."""
        return sorted(field[1] for field in self.fields if field[0] == METADATA)

    def metadata(self) -> dict[str, Json]:
        """All metadata that the entry is then to state itself: null where a default would give a
        value that should not be, or where nothing would be left to state, so that nothing would
        be taken from the defaults."""
        own = self.raw.get(METADATA) if isinstance(self.raw, dict) else None
        stated: dict[str, Json] = dict(own) if isinstance(own, dict) else {}
        for name in self.names():
            value = self.wanted.value((METADATA, name))
            if value is not None or self.defaults.gives(name):
                stated[name] = value
            else:
                stated.pop(name, None)
        if not stated and self.wanted.user_defined:
            return dict.fromkeys(self.names())
        return stated
