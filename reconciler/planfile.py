"""A plan's bytes on disk: written whole or not at all, readable by their owner only."""

import os
import stat
import tempfile
from pathlib import Path

from reconciler import regular
from reconciler.core.codec import FORMAT, Made, decode, encode
from reconciler.core.plan import Plan
from reconciler.errors import PlanFileError
from reconciler.structured import NotOfFormatError, parsed, short

_LARGEST = 512 * 1024 * 1024
"""Bytes of a plan file, which hold some hundred thousand changes."""


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
    return plan_in(data, schema, f"reading the plan {path}")


def plan_in(data: bytes, schema: bytes, doing: str) -> tuple[Plan, Made]:
    """The plan that these bytes are: those of a plan file, unchanged. `doing`: the words for it in
    a `PlanFileError`."""
    try:
        return decode(data, parsed(data, FORMAT, schema))
    except NotOfFormatError as error:
        raise PlanFileError(f"{doing}: {error}") from None
    except PlanFileError as error:
        raise PlanFileError(f"{doing}: {short(str(error))}") from error
