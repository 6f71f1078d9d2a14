"""How much a plan can do that nobody wants: a level, and why, in a few words.

| the plan                               | level  | in words                                      |
|----------------------------------------|--------|-----------------------------------------------|
| breaks guardrails                      | high   | is refused by guardrails: delete, twin        |
| was given `--allow`                    | high   | lifts guardrails: --allow delete=120          |
| deletes files, the replaced ones aside | high   | deletes 3 files for good, 1 of them protected |
| replaces files                         | high   | replaces 2 files: their acr_ids change        |
| takes protection away                  | high   | takes the protection of 1 file away           |
| throws files away                      | medium | moves 3 files to the trash                    |
| moves files                            | medium | moves 3 files to another bucket               |
| takes `user_defined` values away       | medium | removes 2 user_defined values                 |
| updates more than MANY files           | medium | updates 90 files                              |
| creates files                          | low    | creates 3 files                               |
| updates files                          | low    | updates 2 files                               |
| writes nothing but marks               | none   | writes only marks                             |
| does nothing                           | none   |                                               |

The level is the highest of those that apply. The reasons are those of levels high and medium, in
this order; where there are none, those of the level itself. `--allow` counts where anything is
done, whether or not the guardrail would have held. To write a mark is no update.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.marks import USUAL_MARKS
from reconciler.core.plan import Plan
from reconciler.core.weighing import Weighed, Weight, weighed

MANY = 50
"""So many updates are read one by one."""


class Level(StrEnum):
    """How much there is to lose."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Risk:
    """The level, and why: each reason goes on from `the plan`."""

    level: Level
    reasons: tuple[str, ...] = ()


def risk_of(plan: Plan, marks: AbstractSet[str] = USUAL_MARKS) -> Risk:
    """The risk of a plan. `marks`: the names of the mark's fields, where they are known: with
    others, to write marks is to update."""
    return risk_of_weighed(plan, weighed(plan.changes, marks))


def risk_of_weighed(plan: Plan, changes: tuple[Weighed, ...]) -> Risk:
    """The same, where the plan's changes were weighed already."""
    found = [*_high(plan, changes), *_medium(plan, changes)] or [*_low(changes)]
    if not found:
        return Risk(Level.NONE, ("writes only marks",) if changes else ())
    return Risk(found[0][0], tuple(words for _, words in found))


def _high(plan: Plan, changes: tuple[Weighed, ...]) -> Iterator[tuple[Level, str]]:
    counts = Counter(one.weight for one in changes)
    rules = dict.fromkeys(violation.rule.value for violation in plan.violations)
    allowed = [f"{rule.value}={count}" for rule, count in sorted(plan.options.allow.items())]
    deleted, replaced = counts[Weight.DELETED], counts[Weight.REPLACED]
    bared = sum(1 for one in changes if one.unprotects)
    protected = _protected(changes, Weight.DELETED)
    for holds, words in (
        (rules, f"is refused by guardrails: {', '.join(rules)}"),
        (allowed and changes, f"lifts guardrails: --allow {' --allow '.join(allowed)}"),
        (deleted, f"deletes {_files(deleted)} for good{protected}"),
        (replaced, f"replaces {_files(replaced)}: {_acr_ids(replaced)}"),
        (bared, f"takes the protection of {_files(bared)} away"),
    ):
        if holds:
            yield Level.HIGH, words


def _medium(plan: Plan, changes: tuple[Weighed, ...]) -> Iterator[tuple[Level, str]]:
    thrown = sum(1 for one in changes if one.weight is Weight.TRASHED)
    moved = sum(1 for one in changes if one.weight is Weight.MOVED)
    removed = plan.summary.removed_values
    updated = _updated(changes)
    for holds, words in (
        (thrown, f"moves {_files(thrown)} to the trash{_protected(changes, Weight.TRASHED)}"),
        (moved, f"moves {_files(moved)} to another bucket"),
        (removed, f"removes {removed:,} user_defined value{'' if removed == 1 else 's'}"),
        (updated > MANY, f"updates {_files(updated)}"),
    ):
        if holds:
            yield Level.MEDIUM, words


def _low(changes: tuple[Weighed, ...]) -> Iterator[tuple[Level, str]]:
    created = sum(1 for one in changes if one.weight is Weight.CREATED)
    updated = _updated(changes)
    if created:
        yield Level.LOW, f"creates {_files(created)}"
    if updated:
        yield Level.LOW, f"updates {_files(updated)}"


def _protected(changes: tuple[Weighed, ...], weight: Weight) -> str:
    guarded = sum(1 for one in changes if one.weight is weight and one.was_protected)
    return f", {guarded:,} of them protected" if guarded else ""


def _updated(changes: tuple[Weighed, ...]) -> int:
    weights = (Weight.UPDATED, Weight.EMPTIED, Weight.UNPROTECTED)
    return sum(1 for one in changes if one.weight in weights)


def _acr_ids(count: int) -> str:
    return "its acr_id changes" if count == 1 else "their acr_ids change"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
