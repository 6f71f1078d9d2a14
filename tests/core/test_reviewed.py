"""A plan that was reviewed, held against what would be planned now: text in, text out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.diff import diff
from reconciler.core.model import Place
from reconciler.core.outcome import Applied, Outcome, Stale
from reconciler.core.plan import Create, Delete, Move, Options, Update
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
    "an update would be to true, which is 1 to Python: stale, and new": (
        DRIFTED,
        "entry a spots s1 x=true \n file 7 spots a s1 x=2",
        "stale, and is T-a: update:7 \n new update:7",
    ),
    "an update is there already, beside another file with its acr_id": (
        DRIFTED,
        "entry a spots s1 x=1 \n file 7 spots a s1 x=1 \n file 8 archive other/z acr=7",
        "applied already as 7: update:7",
    ),
    "an updated value is there as its text: that is the same": (
        DRIFTED,
        "entry a spots s1 x=1 \n file 7 spots a s1 'x=\"1\"'",
        "applied already as 7: update:7",
    ),
    "an updated value is there as its text, where types count: stale": (
        "catalog compare=strict \n" + DRIFTED,
        "catalog compare=strict \n entry a spots s1 x=1 \n file 7 spots a s1 'x=\"1\"'",
        "stale, and is T-a: update:7 \n new update:7",
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
    "a move is there already, and its file has another id since": (
        MISPLACED,
        "entry a archive s1 \n file 70 archive a s1 acr=7",
        "applied already as 70: move:7",
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
    "a delete is there already, and another file has its acr_id": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 spots z s9",
        "entry a spots s1 \n file 7 spots a s1 \n file 9 spots other/z acr=8",
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
    "a create from another source, where no file says what it is made from: stale": (
        "catalog sources=off \n entry a spots s1",
        "catalog sources=off \n entry a spots s2",
        "stale: create:a \n new create:a",
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


def test_what_is_for_eyes_only_is_no_part_of_any_change() -> None:
    """Another version may word a reason otherwise, and an entry may stand on another line."""
    text = """
        entry a spots s1
        entry b archive s2
        entry c spots s3 x=1
        file 6 spots b s2
        file 7 spots c s3 x=2
        file 8 spots z s9
    """
    now = plan_of(text)
    elsewhere = Place("elsewhere.yaml", 7, 1)
    changes = tuple(replace(c, reason="as said", declared_at=elsewhere) for c in now.changes)
    assert {type(change) for change in changes} == {Create, Move, Update, Delete}
    found = standing(replace(now, changes=changes), now, *given(text))
    assert (found.holding, found.settled, found.new) == (changes, (), ())


def test_a_moved_file_without_an_acr_id_is_no_other_one_without() -> None:
    reviewed = plan_of(MISPLACED)
    (move,) = reviewed.changes
    assert isinstance(move, Move)
    nameless = replace(reviewed, changes=(replace(move, acr_id=""),))
    now = "entry a archive s1 \n file 8 archive other/z"
    desired, live = given(now)
    archive = live.buckets["archive"]
    files = [replace(file, acr_id="") for file in archive.files]
    live = replace(live, buckets={**live.buckets, "archive": replace(archive, files=files)})
    ((_, outcome),) = standing(nameless, plan_of(now), desired, live).settled
    assert told(outcome) == "stale"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (DRIFTED, "entry a spots s1 x=1 \n file 7 spots a s1 x=1"),
        (MISPLACED, "entry a archive s1 \n file 70 archive a s1 acr=7"),
        ("entry a spots s1", "entry a spots s1 \n file 70 spots a s1 acr=7"),
    ],
    ids=["update", "move", "create"],
)
def test_what_is_there_already_has_its_acr_id(before: str, now: str) -> None:
    """The vendor's other services know a file by that."""
    ((_, outcome),) = standing(plan_of(before), plan_of(now), *given(now)).settled
    assert isinstance(outcome, Applied)
    assert outcome.acr_id == "acr7"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("entry a spots s1", ""),
        (DRIFTED, "entry a spots s1 x=1 \n file 7 spots a s1 x=3"),
    ],
    ids=["create", "update"],
)
def test_what_is_stale_says_why(before: str, now: str) -> None:
    ((_, outcome),) = standing(plan_of(before), plan_of(now), *given(now)).settled
    assert isinstance(outcome, Stale)
    assert outcome.why == "it is no longer what would be done"


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
