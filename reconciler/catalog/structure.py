"""Whether data has the catalogue's form: `catalog.schema.json`.

`jsonschema_rs` accepts, which is fast; only what it refuses is given to `jsonschema`, whose
errors are put into the catalogue's words, with near matches.
"""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from reconciler import shipped
from reconciler.catalog.patterns import unknown_names
from reconciler.catalog.problems import DataPath, Hint, Likely, cut, listed, shown
from reconciler.core.model import Json

_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}

MOST_REFUSALS: Final = 100
"""Of one value. A schema whose references double each other would give them without end."""


class Refusal(NamedTuple):
    """One way in which data does not have its form."""

    path: DataPath
    message: str
    hint: Hint = None
    at_key: bool = False


class Form:
    """One form of ours: the catalogue's head, or an entry."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take a schema that is known to be a valid one, and whose references are inside it."""
        self._schema = dict(schema)

    @cached_property
    def _fast(self) -> Any:
        import jsonschema_rs

        return jsonschema_rs.Draft202012Validator(self._schema, validate_formats=False)

    @cached_property
    def _slow(self) -> Any:
        import jsonschema
        import referencing

        return jsonschema.Draft202012Validator(self._schema, registry=referencing.Registry())

    def accepts(self, data: Json) -> bool:
        """Whether the data has this form."""
        accepted: bool = self._fast.is_valid(data)
        return accepted

    def refusals(self, data: Json) -> list[Refusal]:
        """The ways in which the data does not have this form; none where it has."""
        if self.accepts(data):
            return []
        found = [
            refusal
            for error in islice(self._slow.iter_errors(data), MOST_REFUSALS)
            for refusal in explain(error, ours=True)
        ]
        # The two read some patterns differently (`$` before a last newline): never let that pass.
        return found or fast_refusals(self._fast, data)


@cache
def head_form() -> Form:
    """The form of a catalogue without its `files`."""
    return Form({**_shipped(), "required": ["version", "catalog", "buckets"]})


@cache
def entry_form() -> Form:
    """The form of one entry."""
    return Form({"$ref": "#/$defs/entry", "$defs": _shipped()["$defs"]})


def _shipped() -> dict[str, Any]:
    schema: dict[str, Any] = orjson.loads(shipped.schema("catalog.schema.json"))
    return schema


def fast_refusals(validator: Any, data: Json) -> list[Refusal]:
    """The fast validator's own words, where the explaining one has none: its first error. All of
    them it would gather before it gave one."""
    import jsonschema_rs

    try:
        validator.validate(data)
    except jsonschema_rs.ValidationError as error:
        return [Refusal(tuple(error.instance_path), cut(error.message))]
    return []


def explain(error: Any, *, ours: bool) -> Iterator[Refusal]:
    """One error of `jsonschema`'s, in words of the catalogue.

    In a schema of `ours` a `$comment` says what is expected; in one of the users' it is theirs.
    """
    path: DataPath = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    wanted = schema.get("$comment") if ours else None
    match error.validator:
        case "additionalProperties" if schema.get("additionalProperties") is False:
            yield from _unknown(path, error.instance, schema)
        case "required":
            yield from _missing(path, error)
        case "enum" | "const":
            yield _not_among(path, error, schema)
        case "oneOf" if wanted and not isinstance(error.instance, Mapping):
            pass  # its type is wrong, which is said already
        case "oneOf" if wanted and isinstance(error.instance, Mapping):
            given = [name for name in error.instance if name != "sha256"]
            what = f"found {listed(given).replace(' or ', ' and ')}" if given else "found none"
            yield Refusal(path, f"expected {wanted}, {what}")
        case "propertyNames" | "pattern" if wanted:
            at_key = "propertyNames" in error.absolute_schema_path
            where = (*path, error.instance) if at_key else path
            yield Refusal(where, _expected(error, wanted), None, at_key)
        case "uniqueItems":
            yield Refusal(path, "an item stands in this list twice")
        case "maxLength" if ours:
            limit = f"must be at most {error.validator_value} characters long"
            yield Refusal(path, f"{limit}, found {len(error.instance)}")
        case "minProperties" | "minItems" | "minLength":
            yield Refusal(path, "must not be empty")
        case _:
            yield Refusal(path, _expected(error, wanted), _quote_hint(error))


def _expected(error: Any, wanted: str | None) -> str:
    if wanted is None and error.validator == "type":
        types = error.validator_value
        names = types if isinstance(types, list) else [types]
        wanted = listed([_TYPES.get(name, name) for name in names])
    if wanted is None:
        return _own_words(error)
    return f"expected {wanted}, found {shown(error.instance)}"


def _own_words(error: Any) -> str:
    limit = error.validator_value
    match error.validator:
        case "minimum":
            return f"must be at least {limit}, found {shown(error.instance)}"
        case "maximum":
            return f"must be at most {limit}, found {shown(error.instance)}"
        case "pattern":
            return f"{shown(error.instance)} does not match the pattern {shown(limit)}"
        case _:
            return cut(str(error.message))


def _quote_hint(error: Any) -> str | None:
    if error.validator != "type":
        return None
    types = error.validator_value
    takes_text = "string" in (types if isinstance(types, list) else [types])
    found_plain = error.instance is None or isinstance(error.instance, bool | int | float)
    return "quote it to make it a text" if takes_text and found_plain else None


def _unknown(path: DataPath, instance: Any, schema: Mapping[str, Any]) -> Iterator[Refusal]:
    known = schema.get("properties", {})
    otherwise = f"known here: {listed(known)}"
    for name in unknown_names(instance, schema):
        hint = Likely(str(name), known, otherwise)
        yield Refusal((*path, name), "unknown property", hint, at_key=True)


def _missing(path: DataPath, error: Any) -> Iterator[Refusal]:
    # jsonschema makes one error for each missing name, and says which one only in its text.
    for name in error.validator_value:
        if name not in error.instance and error.message.startswith(repr(name)):
            yield Refusal(path, f"{name} is missing", at_key=True)


def _not_among(path: DataPath, error: Any, schema: Mapping[str, Any]) -> Refusal:
    if error.validator == "const":
        return Refusal(
            path, f"expected {shown(error.validator_value)}, found {shown(error.instance)}"
        )
    options = schema["enum"]
    hint = Likely(error.instance, options) if isinstance(error.instance, str) else None
    return Refusal(path, f"expected {listed(options)}, found {shown(error.instance)}", hint)
