"""A plan as a comment: whatever is in it, however much it is (T9, T10)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import FileId, Key
from reconciler.core.plan import Options, Rule
from reconciler.render.plan_markdown import LIMIT, plan_markdown
from tests.render import stories
from tests.render.stories import HOSTILE, content
from tests.render.test_markdown import TEXTS, Read, commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.plan import Change, Plan

VERBS = ("create", "move", "update", "delete")


def plan_with(live: str) -> Plan:
    """Text of somebody else's wherever a plan can hold some."""
    before, after = content(live, live, old=live), content("x", "k", **{live: live})
    changes = [
        replace(stories.create(live, live), replaces=FileId(7)),
        stories.update(live, before, after, "title", live, f"user_defined[{live}]"),
        replace(stories.move("a", live), key=Key(live), from_bucket=live, bucket=live),
        replace(stories.delete(live, live), acr_id=live, reason=live, bucket=live),
    ]
    refused = stories.refused().violations
    return replace(
        stories.plan(*changes, options=Options({Rule.DELETE: 3}, (live, live))),
        catalog=live,
        origin=live,
        digest=live,
        notes=tuple(
            replace(note, key=Key(live), bucket=live, fact=live, message=live)
            for note in stories.noted().notes
        ),
        violations=tuple(replace(each, message=live, key=Key(live)) for each in refused),
    )


PLAIN = Read(plan_markdown(plan_with("z")))


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(TEXTS.filter(bool) | st.sampled_from([*HOSTILE.values()]))
def test_whatever_a_text_holds_the_comment_is_built_as_with_any_other(live: str) -> None:
    """No cell, tag, link, mention, heading or line of its own; and no word outside of code."""
    source = plan_markdown(plan_with(live))
    read = Read(source)
    order = sorted(["spots", live]).index(live) == sorted(["spots", "z"]).index("z")
    if order:
        assert read.tags == PLAIN.tags
        assert read.outside == PLAIN.outside
    assert Counter(tag for tag, _ in read.tags) == Counter(tag for tag, _ in PLAIN.tags)
    assert sorted(read.outside.split()) == sorted(PLAIN.outside.split())
    assert len(read.codes) == len(PLAIN.codes)
    assert commands(source) == []


def test_the_comment_is_read_as_it_is_meant() -> None:
    """So that the property above can fail."""
    assert Counter(tag for tag, _ in PLAIN.tags)["td"] == 4 * 4
    assert {tag for tag, _ in PLAIN.tags} == {
        *("p", "strong", "code", "h4", "ul", "li"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


# However much it is.


def counts_of(plan: Plan) -> Counter[str]:
    summary = plan.summary
    return Counter({verb: getattr(summary, verb) for verb in VERBS if getattr(summary, verb)})


def said_of(source: str) -> Counter[str]:
    """The rows, and what is said to be left out, by verb."""
    rows = Counter(re.findall(r"^\| (create|move|update|delete) \|", source, re.MULTILINE))
    for line in re.findall(r"^… and (.*)$", source, re.MULTILINE):
        for number, verb in re.findall(r"([\d,]+) (?:more|to) (create|move|update|delete)", line):
            rows[verb] += int(number.replace(",", ""))
    return rows


def big(creates: int, updates: int, deletes: int, buckets: int, title: str) -> Plan:
    """So many changes, spread over buckets."""
    before, after = content(title, "k", **{title: 1}), content("x", "k")
    of_kind: list[Sequence[Change]] = [
        [stories.create(f"c{n}", title) for n in range(creates)],
        [stories.update(f"u{n}", before, after, "title", title) for n in range(updates)],
        [stories.delete(f"d{n}", title) for n in range(deletes)],
    ]
    changes = [
        replace(change, bucket=f"bucket-{place % buckets}-{title}")
        for changes in of_kind
        for place, change in enumerate(changes)
    ]
    return stories.plan(*changes)


WORST = ["Ad", "`" * 200, "|" * 200, "\U0001d4d0" * 200, "\u202e" * 200, "\u6625" * 200]


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    *[st.sampled_from([0, 1, 3, 700])] * 3,
    st.sampled_from([1, 2, 500]),
    st.sampled_from(WORST),
    st.sampled_from([0, 1, 7, 100, 100_000]),
    st.sampled_from([8_000, 20_000, LIMIT]),
)
def test_it_fits_and_says_exactly_what_it_left_out(
    creates: int, updates: int, deletes: int, buckets: int, title: str, most: int, limit: int
) -> None:
    plan = big(creates, updates, deletes, buckets, title)
    source = plan_markdown(plan, most=most, limit=limit)
    assert len(source.encode()) < limit
    assert said_of(source) == counts_of(plan)
    assert len(re.findall(r"^\| (?:create|update|delete) \|", source, re.MULTILINE)) <= most


@pytest.mark.no_cover
@pytest.mark.parametrize("live", WORST)
def test_however_much_is_refused_and_left_it_fits(live: str) -> None:
    violation, note = stories.refused().violations[0], stories.noted().notes[0]
    crowd = replace(
        big(0, 150, 3, 3, live),
        catalog=live,
        origin=live,
        digest=live,
        options=Options(only=tuple(f"{n}{live}" for n in range(50))),
        violations=tuple(replace(violation, message=f"{n} {live * 20}") for n in range(100)),
        notes=tuple(
            replace(note, message=f"{n} {live * 20}", fact=f"{live}{n}", bucket=live)
            for n in range(100)
        ),
    )
    for limit in (8_000, LIMIT):
        source = plan_markdown(crowd, limit=limit)
        assert len(source.encode()) < limit
        assert said_of(source) == counts_of(crowd)
        left_out = re.findall(r"^… and ([\d,]+) more$", source, re.MULTILINE)
        items = len(re.findall(r"^- ", source, re.MULTILINE))
        assert items + sum(map(int, left_out)) == 200
        assert "and 40 more options" in source


def test_a_few_deletes_are_not_hidden_by_many_updates() -> None:
    source = plan_markdown(stories.thousand(), most=12)
    assert source.count("| delete |") == 3
    assert "… and 992 more updates\n" in source


def test_a_hundred_thousand_changes_are_a_short_comment() -> None:
    updates = stories.thousand().changes[1:1001]
    source = plan_markdown(stories.plan(*updates * 100))
    assert source.count("\n| update |") == 100
    assert "… and 99,900 more updates\n" in source
    assert len(source) < 10_000


def test_marks_are_one_word_and_protection_is_none_of_them() -> None:
    source = plan_markdown(stories.marks())
    assert "`user_defined.catalog_protect`, mark |" in source
    assert "user_defined.catalog_key" not in source
