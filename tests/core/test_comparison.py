"""What differs between two plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.codec import plan_digest
from reconciler.core.comparison import compare
from reconciler.core.model import Place
from reconciler.core.plan import Change, Create, Options, Plan, Rule, Violation
from tests.render import stories
from tests.render.stories import content


def digested(plan: Plan) -> Plan:
    """With the digest that it would have."""
    digest = plan_digest(
        catalog=plan.catalog,
        origin=plan.origin,
        buckets={name: seen.id for name, seen in plan.live.items()},
        options=plan.options,
        changes=plan.changes,
    )
    return replace(plan, digest=digest)


def updated(title: str, value: object = 1) -> Change:
    before, after = content("A", "u", x=value), content(title, "u", x=value)  # type: ignore[arg-type]
    return stories.update("u", before, after, "title")


def test_a_plan_is_the_same_as_itself() -> None:
    since = compare(stories.small(), stories.small())
    assert since.same
    assert (since.new, since.gone, since.different) == ((), (), ())
    assert since.kept == len(stories.small().changes)
    assert (since.catalog, since.origin, since.options) == (False, False, False)


def test_changes_are_new_gone_and_different() -> None:
    kept, gone = stories.create("kept", "K"), stories.delete("gone", "G")
    new = stories.move("new", "N")
    before = digested(stories.plan(kept, gone, updated("B")))
    after = digested(stories.plan(kept, new, updated("C")))
    since = compare(before, after)
    assert not since.same
    assert since.new == (new,)
    assert since.gone == (gone,)
    assert since.different == ((updated("B"), updated("C")),)
    assert since.kept == 1


def test_what_is_for_eyes_only_makes_no_other_change_of_one() -> None:
    """Nor does the size of a source, which is known only where the file is."""
    one = stories.create("a", "A")
    other = replace(
        one,
        reason="for another reason",
        declared_at=Place("else.yaml", 9, 9),
        source=replace(one.source, size=None),
    )
    since = compare(digested(stories.plan(one)), digested(stories.plan(other)))
    assert since.same
    assert since.kept == 1
    assert since.different == ()


def test_a_type_is_a_difference_as_it_is_to_a_digest() -> None:
    """To Python, True and 1 are equal."""
    one, other = updated("B", 1), updated("B", True)
    assert one == other
    assert compare(stories.plan(one), stories.plan(other)).different == ((one, other),)


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        (replace(stories.small(), catalog="another"), "catalog"),
        (replace(stories.small(), origin="https://elsewhere.example"), "origin"),
        (
            replace(
                stories.small(),
                live={n: replace(s, id=7) for n, s in stories.small().live.items()},
            ),
            "origin",
        ),
        (replace(stories.small(), options=Options({Rule.DELETE: 1})), "options"),
        (replace(stories.small(), options=Options(only=("a*",))), "options"),
    ],
)
def test_what_a_plan_is_for_and_was_asked_for(changed: Plan, differs: str) -> None:
    since = compare(stories.small(), changed)
    found = {name for name in ("catalog", "origin", "options") if getattr(since, name)}
    assert found == {differs}


def test_more_files_in_a_bucket_make_it_no_other() -> None:
    seen = {name: replace(one, files=99) for name, one in stories.small().live.items()}
    assert not compare(stories.small(), replace(stories.small(), live=seen)).origin


def test_violations_are_new_and_gone() -> None:
    one, two, three = (Violation(Rule.TWIN, message) for message in ("1", "2", "3"))
    since = compare(stories.plan(violations=[one, two]), stories.plan(violations=[two, three]))
    assert since.new_violations == (three,)
    assert since.gone_violations == (one,)


POOL: list[Change] = [
    *stories.small().changes,
    *stories.replacement().changes,
    updated("B"),
    updated("C"),
    updated("B", True),
    updated("B", 1.0),
]
PLANS = st.builds(
    lambda changes, allow, catalog: digested(
        replace(
            stories.plan(*changes, options=Options({Rule.DELETE: 1} if allow else {})),
            catalog="x" if catalog else "y",
        )
    ),
    st.lists(st.sampled_from(POOL), unique_by=lambda change: change.id, max_size=6).map(
        lambda changes: sorted(changes, key=lambda change: change.id)
    ),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(PLANS, PLANS)
def test_two_plans_have_one_digest_exactly_where_nothing_differs(one: Plan, two: Plan) -> None:
    since = compare(one, two)
    differs = bool(since.new or since.gone or since.different)
    differs = differs or since.catalog or since.origin or since.options
    assert since.same is not differs
    back = compare(two, one)
    assert {change.id for change in back.new} == {change.id for change in since.gone}
    assert since.kept + len(since.new) + len(since.different) == len(two.changes)


def test_a_hundred_thousand_changes_are_compared_in_one_pass() -> None:
    """By the number of changes that are looked at: with each against each it would not end."""
    creates = [stories.create(f"k{n}", "T") for n in range(50_000)]
    since = compare(stories.plan(*creates), stories.plan(*creates[1:]))
    assert since.gone == (creates[0],)
    assert since.kept == 49_999
    assert all(isinstance(change, Create) for change in since.gone)
