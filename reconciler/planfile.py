"""A plan's bytes on disk: written whole or not at all, readable by their owner only."""

import os
import stat
import tempfile
from pathlib import Path

import orjson

from reconciler import regular
from reconciler.core.codec import FORMAT, Made, decode, encode
from reconciler.core.plan import Plan
from reconciler.errors import PlanFileError

_LARGEST = 512 * 1024 * 1024
"""Bytes of a plan file, which hold some hundred thousand changes."""
_LONGEST_SAID = 300
"""Characters of what a file says that enter a message."""


def write_plan(path: Path, plan: Plan, made: Made) -> None:
    """Write the plan beside `path` and put it there in one step, with mode 0600.

    It takes the place of a file. Anything else there is refused, a link too: one that somebody
    planted is never followed, and one that is meant is not lost. Raises `PlanFileError`.
    """
    try:
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            raise PlanFileError(f"writing the plan {path}: what is there is not a regular file")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".plan-", delete=False) as file:
            try:
                file.writelines(encode(plan, made))
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise PlanFileError(f"writing the plan {path}: {error.strerror}") from error


def read_plan(path: Path, schema: bytes) -> tuple[Plan, Made]:
    """A plan that this format's `write_plan` wrote, unchanged since. `schema`: the plan's."""
    try:
        data, _ = regular.read(path, _LARGEST)
    except regular.NotReadError as error:
        raise PlanFileError(f"reading the plan {path}: {error}") from None
    try:
        body = orjson.loads(data)
    except ValueError as error:
        raise PlanFileError(f"reading the plan {path}: it is not JSON: {error}") from error
    found = body.get("format") if isinstance(body, dict) else None
    if found != FORMAT:
        raise PlanFileError(
            f"reading the plan {path}: its format is {_short(repr(found))}, and this version "
            f"reads {FORMAT!r}"
        )
    _check_structure(path, body, schema)
    try:
        return decode(data, body)
    except PlanFileError as error:
        raise PlanFileError(f"reading the plan {path}: {_short(str(error))}") from error


def _check_structure(path: Path, body: object, schema: bytes) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(orjson.loads(schema))
    try:
        # The first error only: all of them, each with its value, may be many times the file.
        validator.validate(body)
    except jsonschema_rs.ValidationError as error:
        where = _short("/".join(map(str, error.instance_path)))
        what = _short(error.message)
        raise PlanFileError(f"reading the plan {path}: {where}: {what}: plan again") from None


def _short(text: str) -> str:
    """The beginning of what a file says: it may be of any length."""
    return text if len(text) <= _LONGEST_SAID else f"{text[: _LONGEST_SAID - 1]}…"
