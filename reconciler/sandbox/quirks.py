"""What nobody outside knows of the live service: each a named quirk with named values.

The first value is the default. KNOWN, LIKELY and UNKNOWN grade how sure anybody is.

| quirk        | values                 | what changes                                        |
|--------------|------------------------|-----------------------------------------------------|
| put          | replace, merge         | UNKNOWN: PUT replaces user_defined, or merges into  |
|              |                        | it: top level only, a null is stored as null        |
| empty        | object, list, null,    | LIKELY: an empty user_defined comes back as {}, [], |
|              | string                 | null or ""                                          |
| user_defined | object, text           | LIKELY: it comes back as an object, or as the JSON  |
|              |                        | of it (empty: "{}", "[]", null or "" as `empty`)    |
| numbers      | kept, text             | UNKNOWN: numbers in it come back as numbers, or as  |
|              |                        | their text, at any depth                            |
| titles       | kept, trimmed, nfc     | UNKNOWN: titles are stored as sent, without outer   |
|              |                        | space, or in Unicode's form NFC                     |
| create       | 200, 201               | KNOWN both: the page says 200, users see 201        |
| order        | asc, desc              | KNOWN conflict: the page says asc, its sample       |
|              |                        | descends. Under desc the service always descends    |
|              |                        | and ignores `order`; `sort` still counts            |
| max_per_page | N (1000)               | UNKNOWN: more a page is cut to N, and               |
|              |                        | `meta.per_page` says what was granted               |
| get_one      | list, object           | KNOWN both: GET of one id gives a list (page), or   |
|              |                        | an object (the vendor's client reads one)           |
| unknown_id   | 404, skipped, refused  | UNKNOWN: the next table                             |
| move_ids     | kept, new              | LIKELY kept: a moved file keeps its id, or gets a   |
|              |                        | new one; its acr_id is kept either way              |
| read_lag     | SECONDS (0)            | UNKNOWN: list, get and dump show the files as they  |
|              |                        | were so long ago; writes and their answers do not   |
| per_page     | text, number           | KNOWN text: `meta.per_page` is a string on the page |
| dump         | array, lines, csv,     | UNKNOWN: `down_url` gives a JSON array, JSON Lines, |
|              | gzip                   | CSV, or a gzipped JSON array                        |

Ids that are not there (`unknown_id`). Update takes one id: unknown is 404 under every value.

| value   | get                         | delete and move                                   |
|---------|-----------------------------|---------------------------------------------------|
| 404     | any unknown id: 404         | one by one in the order given; the first unknown  |
|         |                             | id ends it with 404; what came before it is done  |
| skipped | 200 with the known ones,    | the known ones are done; 204 or 200 even where    |
|         | perhaps none                | none is known                                     |
| refused | any unknown id: 422 for ids | any unknown id: 422 for ids, and nothing is done  |
"""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self

from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable

UnknownId = Literal["404", "skipped", "refused"]

_LARGEST_PAGE = 100_000
_LONGEST_LAG = 3600.0


@dataclass(frozen=True, slots=True)
class Quirks:
    """One way in which the live service may behave; `Quirks()` is the page's own way.

    The table in the module's docstring says what each value means. A value that is not in
    it raises `SandboxError`, listing those that are.
    """

    put: Literal["replace", "merge"] = "replace"
    empty: Literal["object", "list", "null", "string"] = "object"
    user_defined: Literal["object", "text"] = "object"
    numbers: Literal["kept", "text"] = "kept"
    titles: Literal["kept", "trimmed", "nfc"] = "kept"
    create: Literal["200", "201"] = "200"
    order: Literal["asc", "desc"] = "asc"
    max_per_page: int = 1000
    get_one: Literal["list", "object"] = "list"
    unknown_id: UnknownId = "404"
    move_ids: Literal["kept", "new"] = "kept"
    read_lag: float = 0.0
    per_page: Literal["text", "number"] = "text"
    dump: Literal["array", "lines", "csv", "gzip"] = "array"

    def __post_init__(self) -> None:
        for name, values in self.choices().items():
            if getattr(self, name) not in values:
                raise SandboxError(_wrong_value(name, getattr(self, name)))
        if not 1 <= self.max_per_page <= _LARGEST_PAGE:
            raise SandboxError(_wrong_value("max_per_page", self.max_per_page))
        if not 0 <= self.read_lag <= _LONGEST_LAG:
            raise SandboxError(_wrong_value("read_lag", self.read_lag))

    @classmethod
    def choices(cls) -> dict[str, tuple[str, ...]]:
        """The values of every quirk that has named ones, the default first."""
        hints = typing.get_type_hints(cls)
        return {
            field.name: typing.get_args(hints[field.name])
            for field in fields(cls)
            if typing.get_origin(hints[field.name]) is Literal
        }

    @staticmethod
    def help() -> list[str]:
        """Every quirk with its values."""
        return [f"{name}={expected}" for name, expected in _EXPECTED.items()]

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Self:
        """Reads `NAME=VALUE` strings, as `--quirk` takes them; a later one wins."""
        chosen: dict[str, Any] = {}
        for setting in settings:
            name, equals, value = setting.partition("=")
            if not equals or name not in _EXPECTED:
                raise SandboxError(f"{setting!r} is no quirk; the quirks are {_everything()}")
            chosen[name] = _value(name, value)
        return cls(**chosen)


def _value(name: str, text: str) -> str | int | float:
    try:
        if name == "max_per_page":
            return int(text)
        if name == "read_lag":
            lag = float(text)
            return lag if math.isfinite(lag) else -1.0
    except ValueError:
        raise SandboxError(_wrong_value(name, text)) from None
    return text


_EXPECTED: dict[str, str] = {
    **{field.name: "" for field in fields(Quirks)},
    **{name: "|".join(values) for name, values in Quirks.choices().items()},
    "max_per_page": f"N from 1 to {_LARGEST_PAGE}",
    "read_lag": f"SECONDS from 0 to {_LONGEST_LAG:.0f}",
}


def _wrong_value(name: str, value: object) -> str:
    return f"quirk {name}={value}: expected {name}={_EXPECTED[name]}"


def _everything() -> str:
    return ", ".join(f"{name}={expected}" for name, expected in _EXPECTED.items())
