"""A plan in the forms of which GitLab makes a widget in the merge request.

`artifacts:reports:terraform` takes three numbers; `artifacts:reports:codequality` a list of what
is wrong where. Of two entries with one fingerprint GitLab drops one, and an entry whose fingerprint
changes is taken for fixed and found anew: so they are made of what stays, and never of the line.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import orjson

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.model import Json
from reconciler.core.plan import Plan
from reconciler.core.weighing import Weighed
from reconciler.render.remarks import (
    Severity,
    Topic,
    foremost,
    place_in_repository,
    remark,
    topics,
)
from reconciler.render.safe import said

MOST = 500
"""Entries of a Code Quality report. A reader of more than that reads the plan."""
_SEVERITIES: Mapping[Severity, str] = {
    Severity.REFUSED: "blocker",
    Severity.GRAVE: "critical",
    Severity.OPEN: "major",
    Severity.LOSS: "minor",
    Severity.PLAIN: "info",
}


def plan_terraform(plan: Plan) -> bytes:
    """The plan in Terraform's three numbers, in one line: a move is an update there."""
    summary = plan.summary
    counts = {
        "create": summary.create,
        "update": summary.update + summary.move,
        "delete": summary.delete,
    }
    return orjson.dumps(counts, option=orjson.OPT_APPEND_NEWLINE)


def plan_codequality(
    plan: Plan, catalog: str, marks: AbstractSet[str] = USUAL_MARKS
) -> Iterator[bytes]:
    """The violations, the notes and the changes that can lose something, the most severe first, as
    Code Quality has it; at most MOST. `catalog`: the catalogue's path from the top of the
    repository."""
    seen: Counter[tuple[str, str, str]] = Counter()
    entries: list[dict[str, Json]] = []
    found = [one for one in topics(plan, marks) if not _is_harmless(one)]
    for severity, _, about in foremost(found, MOST):
        one = remark(about)
        place = place_in_repository(one.place, catalog)
        path = said(place.file)
        name = (path, one.rule, one.subject)
        seen[name] += 1
        entries.append(
            {
                "description": said(f"{one.title}: {one.message}"),
                "check_name": f"reconciler/{one.rule}",
                "fingerprint": _fingerprint(*name, str(seen[name])),
                "severity": _SEVERITIES[severity],
                "location": {"path": path, "lines": {"begin": place.line}},
            }
        )
    yield orjson.dumps(entries, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _is_harmless(topic: Topic) -> bool:
    """Whether it is a change that loses nothing."""
    return topic.severity is Severity.PLAIN and isinstance(topic.about, Weighed)


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
