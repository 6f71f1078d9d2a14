"""JSON of one of our formats: what it says it is first, then whether it has that structure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from reconciler import regular

_LONGEST_SAID = 300
"""Characters of what a file says that enter a message."""


class NotOfFormatError(Exception):
    """Why a file is none of a format: what goes on after its name."""


def read(
    path: Path, *, form: str, schema: bytes, most: int, remedy: str
) -> tuple[bytes, Mapping[str, Any]]:
    """A file's bytes, at most so many, and their JSON, as `parsed` gives it. Raises
    `NotOfFormatError`."""
    try:
        data, _ = regular.read(path, most)
    except regular.NotReadError as error:
        raise NotOfFormatError(str(error)) from None
    return data, parsed(data, form=form, schema=schema, remedy=remedy)


def parsed(data: bytes, *, form: str, schema: bytes, remedy: str) -> Mapping[str, Any]:
    """The JSON in some bytes: of the format `form`, and as its `schema` says. `remedy`: what to do
    about one that is not. Raises `NotOfFormatError`."""
    try:
        body = orjson.loads(data)
    except ValueError as error:
        raise NotOfFormatError(f"it is not JSON: {error}") from error
    found = body.get("format") if isinstance(body, dict) else None
    if not isinstance(body, dict) or found != form:
        raise NotOfFormatError(
            f"its format is {short(repr(found))}, and this version reads {form!r}"
        )
    _check_structure(body, schema, remedy)
    return body


def short(text: str) -> str:
    """The beginning of what a file says: it may be of any length."""
    return text if len(text) <= _LONGEST_SAID else f"{text[: _LONGEST_SAID - 1]}…"


def _check_structure(body: object, schema: bytes, remedy: str) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(orjson.loads(schema))
    try:
        # The first error only: all of them, each with its value, may be many times the file.
        validator.validate(body)
    except jsonschema_rs.ValidationError as error:
        where = short("/".join(map(str, error.instance_path)))
        raise NotOfFormatError(f"{where}: {short(error.message)}: {remedy}") from None
    except ValueError as error:
        raise NotOfFormatError(f"it is nested deeper than anything we write: {remedy}") from error
