"""JSON in a format of ours: what it says it is first, then whether it has that structure."""

from typing import Any, Final

import orjson

_LONGEST_SAID: Final = 300
"""Characters of what a file says that enter a message."""


class NotOfFormatError(Exception):
    """Why some bytes are not what they should be: what goes on after what was being done."""


def parsed(data: bytes, form: str, schema: bytes) -> dict[str, Any]:
    """The JSON, which names this format and has the structure of its `schema`. Raises
    `NotOfFormatError`."""
    try:
        body = orjson.loads(data)
    except ValueError as error:
        raise NotOfFormatError(f"it is not JSON: {error}") from None
    found = body.get("format") if isinstance(body, dict) else None
    if not isinstance(body, dict) or found != form:
        raise NotOfFormatError(
            f"its format is {short(repr(found))}, and this version reads {form!r}"
        )
    _check_structure(body, schema)
    return body


def short(text: str) -> str:
    """The beginning of what a file says: it may be of any length."""
    return text if len(text) <= _LONGEST_SAID else f"{text[: _LONGEST_SAID - 1]}…"


def _check_structure(body: object, schema: bytes) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(orjson.loads(schema))
    try:
        # The first error only: all of them, each with its value, may be many times the file.
        validator.validate(body)
    except jsonschema_rs.ValidationError as error:
        where = short("/".join(map(str, error.instance_path)))
        raise NotOfFormatError(f"{where}: {short(error.message)}: make it again") from None
