"""The patterns of users' schemas, matched in bounded time.

`jsonschema` matches with Python's `re`, which goes back and forth on `^(a+)+$` for ever. Here it
asks the engine of `jsonschema_rs`, as the fast validator does, so that the two agree as well. That
engine goes through a text once; only for what cannot be matched so (lookaround, references to a
group) does it go back, and `MOST_STEPS` times at most. A text that needs more is refused; a name
that does is one that does not match.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

MOST_STEPS: Final = 10_000
"""Well under a millisecond. What people mean needs some dozens."""


class EndlessError(Exception):
    """To match takes more than `MOST_STEPS` steps."""


def options() -> Any:
    """How `jsonschema_rs` is to match."""
    import jsonschema_rs

    return jsonschema_rs.FancyRegexOptions(backtrack_limit=MOST_STEPS)


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is somewhere in the text. Raises `EndlessError`."""
    import jsonschema_rs

    error = next(_matcher(pattern).iter_errors(text), None)
    if error is None:
        return True
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Pattern):
        return False
    raise EndlessError


def unknown_names(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """The names that neither `properties` nor `patternProperties` of the schema speak of."""
    properties = schema.get("properties", {})
    for name in instance:
        if name not in properties and not any(_is_of(p, name) for p in _patterns(schema)):
            yield name


def explaining(kind: Any) -> Any:
    """The class of `jsonschema` validators with our matching in the place of its own.

    It leaves out `unevaluatedProperties`, which matches too: what only that refuses, the fast
    validator says, once nothing else is wrong.
    """
    import jsonschema

    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": None,
    }
    known = {name: function for name, function in own.items() if name in kind.VALIDATORS}
    extend: Any = jsonschema.validators.extend
    return extend(kind, known)


@cache
def _matcher(pattern: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options())


def _patterns(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    patterns: Mapping[str, Any] = schema.get("patternProperties", {})
    return patterns


def _is_of(pattern: str, name: str) -> bool:
    try:
        return matches(pattern, name)
    except EndlessError:
        return False


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    import jsonschema

    if not validator.is_type(instance, "string"):
        return
    try:
        if not matches(pattern, instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")
    except EndlessError:
        most = f"takes more than {MOST_STEPS:,} steps to match the pattern {pattern!r}"
        # Named otherwise than the keyword, so that it is not said to be no match: nobody knows.
        yield jsonschema.ValidationError(f"{most}: make it simpler", validator="endless")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any
) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, inner in patterns.items():
        for name, value in instance.items():
            if _is_of(pattern, name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[Any]:
    import jsonschema

    if not validator.is_type(instance, "object"):
        return
    unknown = list(unknown_names(instance, schema))
    if validator.is_type(allowed, "object"):
        for name in unknown:
            yield from validator.descend(instance[name], allowed, path=name)
    elif not allowed and unknown:
        yield jsonschema.ValidationError("there are unknown properties")
