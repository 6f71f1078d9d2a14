"""A reviewed plan that meets a world which moved on: the rows that reach beyond one file or one
bucket. (What holds, is done, or is stale, change by change: `tests/core/test_reviewed.py`.)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.outcome import Applied, Stale
from reconciler.core.plan import Create, Options, Rule
from reconciler.core.reviewed import standing
from tests.core.scenario import given, lines, plan_of

ORPHAN = "entry a spots s1 \n file 7 spots a s1 \n file 9 spots orphan s9"
MOVED = "entry a archive s1 \n file 7 spots a s1"
PRUNED = "bucket spots 1 prune=all \n bucket archive 2 \n entry a spots s1 \n file 7 spots a s1 \n"


def stands(before: str, now: str, options: Options | None = None) -> list[str]:
    options = options or Options()
    found = standing(plan_of(before, options), plan_of(now, options), *given(now))
    ends = [
        f"{'applied already' if isinstance(outcome, Applied) else 'stale'}: {change.id}"
        for change, outcome in found.settled
    ]
    return [
        *(f"holds {change.id}" for change in found.holding),
        *ends,
        *(f"new {change.id}" for change in found.new),
    ]


ROWS = {
    "a file that was to be deleted was moved by somebody: it is not gone": (
        ORPHAN,
        ORPHAN.replace("file 9 spots", "file 9 archive"),
        "stale: delete:9 \n new delete:9",
    ),
    "a file that was to be deleted is another catalogue's by now": (
        ORPHAN,
        ORPHAN.replace("9 spots orphan", "9 spots other/orphan"),
        "stale: delete:9",
    ),
    "a foreign file that was to be pruned is gone": (
        PRUNED + "file 8 spots -",
        PRUNED,
        "applied already: delete:8",
    ),
    "a foreign file that was to be pruned was edited": (
        PRUNED + "file 8 spots - title=T",
        PRUNED + "file 8 spots - title=U",
        "stale: delete:8 \n new delete:8",
    ),
    "a move whose file has a new id by now is known by its acr_id": (
        MOVED,
        "entry a archive s1 \n file 70 archive a s1 acr=7",
        "applied already: move:7",
    ),
    "a move of which two files have the acr_id by now cannot be told": (
        MOVED,
        "entry a archive s1 \n file 70 archive a s1 acr=7 \n file 71 archive a s1 acr=7",
        "stale: move:7 \n new delete:71",
    ),
    "a move whose file is gone, and another with its acr_id is there": (
        MOVED,
        "entry a archive s1 \n file 70 archive - s1 acr=7 title=Theirs",
        "stale: move:7 \n new create:a",
    ),
    "another bucket id under the same name is another change": (
        "bucket spots 1 \n entry a spots s1",
        "bucket spots 5 \n entry a spots s1",
        "stale: create:a \n new create:a",
    ),
    "a replacement whose old file was edited by hand: the new one is not made": (
        "entry a spots s2 \n file 7 spots a s1",
        "entry a spots s2 \n file 7 spots a s1 title=U",
        "stale: create:a \n stale: delete:7 \n new delete:7",
    ),
    "a create of which the source changed since": (
        "entry a spots s1",
        "entry a spots s2",
        "stale: create:a \n new create:a",
    ),
    "a create that somebody did in another bucket": (
        "entry a spots s1",
        "entry a spots s1 \n file 7 archive a s1",
        "applied already: create:a \n new move:7",
    ),
    "a duplicate whose keeper changed": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1",
        "entry a spots s1 \n file 6 spots a s1 \n file 7 spots a s1 \n file 8 spots a s1",
        "stale: delete:8 \n new delete:7 \n new delete:8",
    ),
    "a file that cannot be read any more": (
        "entry a spots s1 x=1 \n file 7 spots a s1 x=2",
        "entry a spots s1 x=1 \n file 7 spots opaque",
        "stale: update:7 \n new create:a",
    ),
}


@pytest.mark.parametrize(("before", "now", "expected"), ROWS.values(), ids=ROWS)
def test_how_a_reviewed_plan_stands(before: str, now: str, expected: str) -> None:
    assert stands(before, now) == lines(expected)


def test_a_source_of_unknown_size_is_the_same_source() -> None:
    """The size is known only where the file is: the reviewer's machine may not have had it."""
    desired, live = given("entry a spots s1")
    now = plan_of("entry a spots s1")
    (create,) = now.changes
    assert isinstance(create, Create)
    source = replace(create.source, size=None)
    reviewed = replace(now, changes=(replace(create, source=source),))
    assert standing(reviewed, now, desired, live).holding == reviewed.changes


def test_what_is_settled_says_what_is_there_now() -> None:
    now = "entry a spots s1 x=1 \n file 7 spots a s1 x=3"
    reviewed = plan_of("entry a spots s1 x=1 \n file 7 spots a s1 x=2")
    ((change, outcome),) = standing(reviewed, plan_of(now), *given(now)).settled
    assert change.id == "update:7"
    assert isinstance(outcome, Stale)
    assert outcome.live is not None
    assert outcome.live.user_defined["x"] == 3


def test_options_are_the_reviewed_plans_own() -> None:
    options = Options({Rule.TWIN: 1}, ("a*",))
    text = "entry a spots s1 \n entry b spots s2"
    assert stands(text, text, options) == ["holds create:a"]
