"""A plan's bytes on disk: written whole or not at all, readable by their owner only."""

from pathlib import Path

from reconciler import formats, private
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
    try:
        data, body = formats.read(
            path, form=FORMAT, schema=schema, most=_LARGEST, remedy="plan again"
        )
        return decode(data, body)
    except formats.NotOfFormatError as error:
        raise PlanFileError(f"reading the plan {path}: {error}") from error
    except PlanFileError as error:
        raise PlanFileError(f"reading the plan {path}: {formats.short(str(error))}") from error
