"""How much a plan can do that nobody wants: the table of `risk`, line by line, and in pairs."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from reconciler.core.model import FileId
from reconciler.core.plan import Change, ChangeId, Options, Plan, Rule, Violation
from reconciler.core.risk import MANY, Level, Risk, risk_of
from tests.render import stories
from tests.render.stories import content

PROTECTED = {"catalog_protect": "true"}


def updates(count: int, *fields: str) -> list[Change]:
    before, after = content("A", "a"), content("B", "a")
    return [stories.update(f"u{n}", before, after, *fields, file_id=n) for n in range(count)]


def replaced(count: int) -> list[Change]:
    return [
        change
        for n in range(count)
        for change in (
            replace(stories.create(f"r{n}", "R"), replaces=FileId(500 + n)),
            replace(stories.delete(f"r{n}", "R", 500 + n), after_change=ChangeId(f"create:r{n}")),
        )
    ]


BARED = stories.update("p", content("A", "p", **PROTECTED), content("A", "p"), "user_defined.x")
GUARDED = replace(stories.delete("g", "G", 999), before=content("G", **PROTECTED))

HIGH: dict[str, tuple[Plan, str]] = {
    "refused": (
        stories.plan(violations=[Violation(Rule.DELETE, "m"), Violation(Rule.TWIN, "m")] * 2),
        "is refused by guardrails: delete, twin",
    ),
    "overridden": (
        stories.plan(
            *updates(1, "user_defined.catalog_key"),
            options=Options({Rule.UPDATE: 1_200, Rule.DELETE: 3}),
        ),
        "lifts guardrails: --allow delete=3 --allow update=1200",
    ),
    "one delete": (stories.plan(stories.delete("d", "D")), "deletes 1 file for good"),
    "deletes of protected files": (
        stories.plan(stories.delete("d", "D"), GUARDED),
        "deletes 2 files for good, 1 of them protected",
    ),
    "replaced": (stories.plan(*replaced(2)), "replaces 2 files: their acr_ids change"),
    "unprotected": (stories.plan(BARED), "takes the protection of 1 file away"),
}
MEDIUM: dict[str, tuple[Plan, str]] = {
    "moved": (stories.plan(stories.move("m", "M")), "moves 1 file to another bucket"),
    "one value": (
        stories.plan(*updates(1, "title"), removed=1),
        "removes 1 user_defined value",
    ),
    "many values": (
        stories.plan(*updates(1, "title"), removed=1_234),
        "removes 1,234 user_defined values",
    ),
    "many updates": (stories.plan(*updates(MANY + 1, "title")), f"updates {MANY + 1} files"),
}
LOW: dict[str, tuple[Plan, str]] = {
    "created": (stories.plan(stories.create("a", "A")), "creates 1 file"),
    "updated": (stories.plan(*updates(MANY, "title")), f"updates {MANY} files"),
}


@pytest.mark.parametrize(
    ("plan", "level", "reason"),
    [
        pytest.param(plan, level, reason, id=name)
        for level, cases in ((Level.HIGH, HIGH), (Level.MEDIUM, MEDIUM), (Level.LOW, LOW))
        for name, (plan, reason) in cases.items()
    ],
)
def test_a_plan_that(plan: Plan, level: Level, reason: str) -> None:
    assert risk_of(plan) == Risk(level, (reason,))


def test_nothing_is_no_risk_whatever_was_allowed() -> None:
    assert risk_of(stories.plan(options=Options({Rule.DELETE: 5}))) == Risk(Level.NONE)
    assert risk_of(stories.noted()) == Risk(Level.NONE)


def test_marks_alone_are_no_risk_however_many() -> None:
    plan = stories.plan(*updates(MANY * 3, "user_defined.catalog_key"))
    assert risk_of(plan) == Risk(Level.NONE, ("writes only marks",))


def both(one: Plan, other: Plan) -> Plan:
    allow = {**one.options.allow, **other.options.allow}
    return stories.plan(
        *one.changes,
        *other.changes,
        violations=one.violations + other.violations,
        removed=one.summary.removed_values + other.summary.removed_values,
        options=Options(allow),
    )


ROWS = {
    "is": HIGH["refused"],
    "lifts": HIGH["overridden"],
    "deletes": HIGH["one delete"],
    "replaces": HIGH["replaced"],
    "takes": HIGH["unprotected"],
    "moves": MEDIUM["moved"],
    "removes": MEDIUM["one value"],
    "updates": MEDIUM["many updates"],
    "creates": LOW["created"],
    "updates few": (stories.plan(*updates(1, "title")), "updates 1 file"),
}
"""A plan for each row of the table, by the first word of what is said of it."""


@pytest.mark.parametrize(("first", "second"), [*combinations(ROWS, 2)])
def test_of_two_the_graver_says_the_level_and_both_are_said_but_for_low_ones(
    first: str, second: str
) -> None:
    one, two = ROWS[first][0], ROWS[second][0]
    risk = risk_of(both(one, two))
    assert risk.level is risk_of(one).level
    told = [name for name in (first, second) if risk_of(ROWS[name][0]).level is not Level.LOW]
    words = [name.split()[0] for name in told or (first, second)]
    assert [reason.split()[0] for reason in risk.reasons] == words


def test_what_is_said_of_a_plan_that_does_it_all() -> None:
    plans = [HIGH[name][0] for name in HIGH if name != "one delete"]
    plan = plans[0]
    for other in [*plans[1:], MEDIUM["moved"][0], MEDIUM["one value"][0], LOW["created"][0]]:
        plan = both(plan, other)
    assert risk_of(plan) == Risk(
        Level.HIGH,
        (
            "is refused by guardrails: delete, twin",
            "lifts guardrails: --allow delete=3 --allow update=1200",
            "deletes 2 files for good, 1 of them protected",
            "replaces 2 files: their acr_ids change",
            "takes the protection of 1 file away",
            "moves 1 file to another bucket",
            "removes 1 user_defined value",
        ),
    )
