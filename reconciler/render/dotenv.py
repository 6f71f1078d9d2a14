"""A plan, or a drift, in `name=value` lines: $GITHUB_OUTPUT, GitLab's report of variables.

A value is a number, a digest, a fixed word, nothing, or the catalogue's name: letters, digits and
. _ -.
There is no text from outside, and so nothing that could begin a line or name a variable.
"""

import re
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from reconciler.core.drift import Direction, Drift
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
        "snapshot": _truth(plan.snapshot),
    }
    return _lines(values)


def drift_dotenv(catalog: str, drift: Drift) -> str:
    """The lines for a drift: there is some where `drift` is true."""
    counts = Counter(item.direction for item in drift.items)
    values: dict[str, str | int] = {
        "catalog": _plain(catalog),
        "drift": _truth(drift.items),
        "items": len(drift.items),
        **{_plain(direction): counts[direction] for direction in Direction},
        "entries": drift.entries,
        "in_sync": drift.in_sync,
        "pending": drift.pending,
        "unmanaged_files": drift.unmanaged,
        "files": drift.files,
        "owned": drift.owned,
        "coverage": "" if drift.coverage is None else f"{drift.coverage:.1f}",
        "accepted": len(drift.accepted),
        "expired": len(drift.expired),
        "idle": len(drift.idle),
        "partial": _truth(drift.only),
        "ledger_known": _truth(drift.recalled.known),
    }
    return _lines(values)


def _lines(values: Mapping[str, str | int]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _truth(value: object) -> str:
    return "true" if value else "false"


def _plain(text: str) -> str:
    """What a name and a digest are made of; a plan of our own holds nothing else."""
    return _ODD.sub("_", text[:_LONGEST])
