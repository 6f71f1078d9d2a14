"""A plan in `name=value` lines, for $GITHUB_OUTPUT and for GitLab's report of variables.

A value is a number, a digest, a fixed word, or the catalogue's name: letters, digits and . _ -.
There is no text from outside, and so nothing that could begin a line or name a variable.
"""

import re
from collections.abc import Set as AbstractSet

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Plan
from reconciler.core.risk import risk_of

_ODD = re.compile(r"[^A-Za-z0-9._:-]")
_LONGEST = 128


def plan_dotenv(plan: Plan, marks: AbstractSet[str] = USUAL_MARKS) -> str:
    """The lines. `marks`: the names of the mark's fields, where they are known."""
    summary = plan.summary
    values: dict[str, str | int] = {
        "catalog": _plain(plan.catalog),
        "digest": _plain(plan.digest),
        "changes": len(plan.changes),
        "create": summary.create,
        "update": summary.update,
        "move": summary.move,
        "delete": summary.delete,
        "violations": len(plan.violations),
        "risk": risk_of(plan, marks).level.value,
        "snapshot": "false" if plan.snapshot is None else "true",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _plain(text: str) -> str:
    """What a name and a digest are made of; a plan of our own holds nothing else."""
    return _ODD.sub("_", text[:_LONGEST])
