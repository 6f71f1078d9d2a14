"""A plan's bytes on disk: written whole or not at all, readable by their owner only."""

from pathlib import Path

import orjson

from reconciler import formats, private, regular
from reconciler.core.codec import FORMAT, Made, decode, encode
from reconciler.core.plan import Plan
from reconciler.errors import PlanFileError

_LARGEST = 512 * 1024 * 1024
"""Bytes of a plan file, which hold some hundred thousand changes."""


def write_plan(path: Path, plan: Plan, made: Made) -> None:
    """Write the plan, in place of a file or where nothing is. Raises `PlanFileError`."""
    try:
        private.write(path, encode(plan, made))
    except OSError as error:
        raise PlanFileError(f"writing the plan {path}: {error.strerror}") from error


def read_plan(path: Path, schema: bytes) -> tuple[Plan, Made]:
    """A plan that this format's `write_plan` wrote, unchanged since. `schema`: the plan's."""
    doing = f"reading the plan {path}"
    try:
        data, _ = regular.read(path, _LARGEST)
    except regular.NotReadError as error:
        raise PlanFileError(f"{doing}: {error}") from None
    return plan_in(data, schema, doing)


def plan_in(data: bytes, schema: bytes, doing: str) -> tuple[Plan, Made]:
    """The plan that these bytes are: those of a plan file, unchanged. `doing`: the words for it in
    a `PlanFileError`."""
    try:
        body = formats.parsed(data, form=FORMAT, schema=schema, remedy="plan again")
        return decode(data, body)
    except orjson.JSONEncodeError as error:
        # It was read, and cannot have been written.
        raise PlanFileError(f"{doing}: it is nested too deep to be a plan: plan again") from error
    except formats.NotOfFormatError as error:
        raise PlanFileError(f"{doing}: {error}") from None
    except PlanFileError as error:
        raise PlanFileError(f"{doing}: {formats.short(str(error))}") from error
