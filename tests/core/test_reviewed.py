"""A plan that was reviewed, held against what would be planned now: text in, text out."""

from __future__ import annotations

import pytest

from reconciler.core.diff import diff
from reconciler.core.outcome import Applied, Outcome, Stale
from reconciler.core.plan import Options
from reconciler.core.reviewed import standing, within
from tests.core.scenario import fact_line, given, lines, plan_of


def told(outcome: Outcome) -> str:
    match outcome:
        case Applied(already=True):
            return f"applied already as {outcome.file_id}"
        case Stale():
            return "stale" + (f", and is {outcome.live.title}" if outcome.live else "")
        case _:
            raise AssertionError(outcome)


def stands(before: str, now: str, retry_broken: bool = False) -> list[str]:
    """How the plan for `before` stands now."""
    options = Options(retry_broken=retry_broken)
    found = standing(plan_of(before, options), plan_of(now, options), *given(now))
    return [
        *(f"holds {change.id}" for change in found.holding),
        *(f"{told(outcome)}: {change.id}" for change, outcome in found.settled),
        *(f"new {change.id}" for change in found.new),
    ]


DRIFTED = "entry a spots s1 x=1 \n file 7 spots a s1 x=2"
MISPLACED = "entry a archive s1 \n file 7 spots a s1"
BOTH = "entry a archive s1 x=1 \n file 7 spots a s1 x=2"
OUTDATED = "entry a spots s2 \n file 7 spots a s1"

CASES = {
    "nothing has changed: everything holds": (
        OUTDATED + "\n file 8 spots z s9",
        OUTDATED + "\n file 8 spots z s9",
        "holds create:a \n holds delete:8 \n holds delete:7",
    ),
    "what is for eyes only has changed: it holds": (
        "entry z spots s1 \n file 6 spots z s1 \n" + DRIFTED,
        DRIFTED + "\n entry z spots s1 \n file 6 spots z s1",
        "holds update:7",
    ),
    "an update is there already": (
        DRIFTED,
        "entry a spots s1 x=1 \n file 7 spots a s1 x=1",
        "applied already as 7: update:7",
    ),
    "an update would be another: stale, and new": (
        DRIFTED,
        "entry a spots s1 x=1 \n file 7 spots a s1 x=3 title=U",
        "stale, and is U: update:7 \n new update:7",
    ),
    "an updated file is gone: stale": (
        DRIFTED,
        "entry a spots s1 x=1",
        "stale: update:7 \n new create:a",
    ),
    "an updated title is there, its values are not: stale": (
        "entry a spots s1 x=1 title=T \n file 7 spots a s1 x=2 title=U",
        "entry a spots s1 x=1 title=T \n file 7 spots a s1 x=2 title=T",
        "stale, and is T: update:7 \n new update:7",
    ),
    "a move is there already": (
        MISPLACED,
        "entry a archive s1 \n file 7 archive a s1",
        "applied already as 7: move:7",
    ),
    "a moved file is gone: stale": (
        MISPLACED,
        "entry a archive s1",
        "stale: move:7 \n new create:a",
    ),
    "an update whose move no longer holds does not hold either": (
        BOTH,
        "entry a archive s1 x=1 \n file 7 archive a s1 x=2",
        "applied already as 7: move:7 \n stale, and is T-a: update:7 \n new update:7",
    ),
    "a delete whose create no longer holds does not hold either": (
        OUTDATED,
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s2",
        "applied already as 8: create:a \n stale, and is T-a: delete:7 \n new delete:7",
    ),
    "a delete is there already": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 spots z s9",
        "entry a spots s1 \n file 7 spots a s1",
        "applied already as 8: delete:8",
    ),
    "a file that is not to be deleted any more: stale": (
        "file 8 spots z s9",
        "entry z spots s9 \n file 8 spots z s9",
        "stale, and is T-z: delete:8",
    ),
    "a create whose mark is there": (
        "entry a spots s1",
        "entry a spots s1 \n file 6 spots - s1 \n file 7 spots a s1",
        "applied already as 7: create:a",
    ),
    "a create whose mark is there with another source: stale": (
        "entry a spots s1",
        "entry a spots s1 \n file 7 spots a s2",
        "stale: create:a \n new create:a \n new delete:7",
    ),
    "a create that is no longer wanted: stale": ("entry a spots s1", "", "stale: create:a"),
    "what is new is listed": (
        "",
        "entry a spots s1 \n file 7 spots z s9",
        "new create:a \n new delete:7",
    ),
}


@pytest.mark.parametrize(("before", "now", "expected"), CASES.values(), ids=CASES)
def test_how_a_reviewed_plan_stands(before: str, now: str, expected: str) -> None:
    assert stands(before, now) == lines(expected)


def test_the_file_that_was_to_be_replaced_is_not_its_own_replacement() -> None:
    broken = "entry a spots s1 x=1 \n file 7 spots a s1 broken"
    assert stands(broken, broken.replace("x=1", "x=2"), retry_broken=True) == [
        "stale: create:a",
        "stale, and is T-a: delete:7",
        "new create:a",
    ]


def test_the_differences_that_a_plans_changes_are_about() -> None:
    text = """
        bucket spots 1 prune=all
        entry a spots s1 x=1
        entry b spots s2
        file 6 spots a s1
        file 7 spots z s9
        file 8 spots -
    """
    later = text + "file 9 spots - \n file 10 spots y s9"
    found = within(diff(*given(later)), plan_of(text))
    assert [fact_line(fact) for fact in found.facts] == lines("""
        drifted a 6 x
        missing b
        orphaned z 7 deletable
        foreign 8 deletable
    """)
