"""A plan as a comment: whatever is in it, however much it is (T9, T10)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import FileId, Key, Snapshot
from reconciler.core.plan import ChangeId, Options, Rule, Violation
from reconciler.core.weighing import Weight, weighed
from reconciler.render.fitting import LIMIT
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.rows import word_of
from tests.render import stories
from tests.render.stories import HOSTILE, content
from tests.render.test_markdown import TEXTS, Read, commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.plan import Change, Plan

STEP_SUMMARY = 1024 * 1024
"""A longer step summary is dropped by GitHub, as a whole."""


LIVE = st.one_of(
    # A plain word may be the name of a mark, or of the field beside it: then there are fewer lines.
    TEXTS.filter(lambda text: not re.fullmatch("[a-z_]*", text)),
    st.sampled_from([*HOSTILE.values()]),
)


def plan_with(live: str) -> Plan:
    """Text of somebody else's wherever a plan can hold some."""
    before, after = content(live, live, old=live), content("x", "k", **{live: live})
    protected = content(live, "p", catalog_protect="true", **{live: live})
    new = replace(stories.create(live, live), replaces=FileId(7), reason=live)
    changes = [
        new,
        replace(
            stories.delete(live, live, 7), acr_id=live, bucket=live, after_change=ChangeId(new.id)
        ),
        replace(stories.create("new", live, **{live: live}), bucket=live),
        stories.update(live, before, after, "title", live, f"user_defined[{live}]"),
        stories.update(live, protected, after, "title", live, file_id=8),
        replace(stories.move("a", live), key=Key(live), from_bucket=live, bucket=live),
        replace(
            stories.move("gone", live),
            key=Key(live),
            file_id=FileId(9),
            from_bucket=live,
            bucket=live,
            reason=live,
            trash=True,
        ),
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
        snapshot=Snapshot(live, 60),
    )


def earlier(live: str) -> Plan:
    """A plan before it, of which all is gone or different."""
    gone = replace(stories.delete(live, live, 99), bucket=live)
    other = stories.update(live, content(live, live), content("y", "k"), "title")
    refused = Violation(Rule.TWIN, f"{live}!", Key(live))
    return replace(
        stories.plan(gone, other, violations=[refused]), catalog=f"{live}!", digest=f"{live}!"
    )


def comment(live: str, most: int = 100) -> str:
    # What is no Unicode has no digest, so no two plans with it are ever compared.
    live = live.encode("utf-8", "replace").decode()
    return plan_markdown(plan_with(live), most=most, previous=earlier(live), artifact=live)


ALL_OF_IT = Read(comment("z"))
SHORTENED = Read(comment("z", most=4))


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(LIVE, st.booleans())
def test_whatever_a_text_holds_the_comment_is_built_as_with_any_other(
    live: str, shortened: bool
) -> None:
    """No cell, tag, link, mention, heading or line of its own; and no word outside of code."""
    source = comment(live, most=4 if shortened else 100)
    live = live.encode("utf-8", "replace").decode()
    read, plain = Read(source), SHORTENED if shortened else ALL_OF_IT
    order = sorted(["spots", live]).index(live) == sorted(["spots", "z"]).index("z")
    if order:
        assert read.tags == plain.tags
        assert read.outside == plain.outside
    assert Counter(tag for tag, _ in read.tags) == Counter(tag for tag, _ in plain.tags)
    assert sorted(read.outside.split()) == sorted(plain.outside.split())
    assert len(read.codes) == len(plain.codes)
    assert commands(source) == []


def test_the_comment_is_read_as_it_is_meant() -> None:
    """So that the property above can fail."""
    tags = Counter(tag for tag, _ in ALL_OF_IT.tags)
    assert tags["td"] == 3 * 6 + 4 * 4
    assert tags["details"] == tags["summary"] == tags["pre"] == 3
    assert set(tags) == {
        *("p", "strong", "code", "h4", "ul", "li", "pre", "details", "summary"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert "Shortened" in SHORTENED.outside


def test_only_details_and_their_summaries_are_tags_of_the_source() -> None:
    tags = set(re.findall(r"<[^>]*>", comment("z")))
    assert tags == {"<details>", "<summary>", "</summary>", "</details>"}


# However much it is.


def counts_of(plan: Plan) -> Counter[str]:
    return Counter(word_of(one.weight) for one in weighed(plan.changes))


def said_of(source: str) -> Counter[str]:
    """The rows, and what is said to be left out, by verb."""
    verbs = "create|move|update|delete|replace"
    rows = Counter(re.findall(rf"^\| \**({verbs})\** \|", source, re.MULTILINE))
    for line in re.findall(r"^… and (.*)$", source, re.MULTILINE):
        for number, verb in re.findall(rf"([\d,]+) (?:more|to) ({verbs})", line):
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
    source = plan_markdown(plan, most=most, limit=limit, previous=stories.small())
    assert len(source.encode()) < limit
    assert said_of(source) == counts_of(plan)
    rows = len(re.findall(r"^\| \**(?:create|update|delete)\** \|", source, re.MULTILINE))
    assert rows <= most
    assert ("**Shortened**" in source) is (rows < len(plan.changes) or details_of(source) < rows)


def without_blocks(source: str) -> str:
    return re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", source)


def details_of(source: str) -> int:
    return len(re.findall(r"^@@ ", source, re.MULTILINE))


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
    before = replace(crowd, digest="other", changes=(), violations=())
    for limit in (8_000, LIMIT):
        source = plan_markdown(crowd, limit=limit, previous=before, artifact=live)
        assert len(source.encode()) < limit
        assert said_of(source) == counts_of(crowd)
        since, rest = source.split("#### ⛔ Refused", 1)
        left_out = re.findall(r"^… and ([\d,]+) more$", rest, re.MULTILINE)
        items = len(re.findall(r"^- \D", without_blocks(rest), re.MULTILINE))
        assert items + sum(map(int, left_out)) == 200
        assert "and 40 more options" in source
        assert "153 new" in since


def test_a_marker_line_has_room_before_it() -> None:
    marker = "<!-- reconciler:plan v=1 catalog=radio-ads head=0 -->\n"
    plan = big(700, 700, 3, 2, "Ad")
    source = marker + plan_markdown(plan, most=1000, limit=LIMIT - len(marker))
    assert LIMIT - 30_000 < len(source.encode()) < LIMIT


def test_a_few_deletes_and_replacements_are_not_hidden_by_many_updates() -> None:
    new = replace(stories.create("zz", "Z"), replaces=FileId(77))
    old = replace(stories.delete("zz", "Z", 77), after_change=ChangeId(new.id))
    plan = stories.plan(*stories.thousand().changes, new, old)
    source = plan_markdown(plan, most=12)
    assert source.count("| **delete** |") == 3
    assert source.count("| **replace** |") == 1
    assert "… and 993 more updates\n" in source
    first = source.index("| update |")
    assert source.rindex("| **replace** |") < first
    assert source.rindex("| **delete** |") < first
    assert len(source[: source.index("| **delete** |")]) < 1_000


def test_of_what_is_grave_too_the_few_are_not_hidden_by_the_many() -> None:
    source = plan_markdown(stories.dangerous())
    first = source.index("| **delete** |")
    assert source.rindex("| **replace** |") < first
    assert source.rindex("| **update** |") < first


def test_deletes_of_another_bucket_stand_above_every_update() -> None:
    changes = [
        *stories.thousand().changes,
        *(replace(stories.delete(f"x{n}", "X", n), bucket="zzz") for n in range(3)),
    ]
    source = plan_markdown(stories.plan(*changes), most=12)
    assert source.rindex("| `zzz` |") < source.index("| update |")


def test_a_hundred_thousand_changes_are_a_short_comment() -> None:
    updates = stories.thousand().changes[1:1001]
    source = plan_markdown(stories.plan(*updates * 100), most=100_000)
    assert source.count("\n| update |") > 100
    assert len(source) < LIMIT < STEP_SUMMARY / 10
    assert re.search(r"^… and 99,\d\d\d more updates$", source, re.MULTILINE)


# In ten seconds.


def test_the_first_line_is_the_risk_and_the_counts_and_the_next_ones_say_why() -> None:
    assert plan_markdown(stories.small()).splitlines()[:5] == [
        "**🔴 High risk: 2 to delete, 1 to move, 1 to update, 2 to create**",
        "",
        "- deletes 2 files for good",
        "- moves 1 file to another bucket",
        "- removes 1 user_defined value",
    ]
    assert plan_markdown(stories.empty()).startswith("**⚪ None risk") is False
    assert plan_markdown(stories.empty()).startswith("**⚪ No risk: nothing to do**\n")
    assert plan_markdown(stories.wide()).startswith(
        "**🟢 Low risk: 1 to update, 4 to create**\n\nPlan"
    )
    assert plan_markdown(stories.refused()).startswith(
        "**⛔ Refused. 🔴 High risk: 1 to delete**\n"
    )


def test_of_a_replacement_the_acr_id_that_is_lost_is_shown() -> None:
    source = plan_markdown(stories.replacement())
    assert "**🔴 High risk: 1 to delete, 2 to replace**" in source
    assert (
        f"| **replace** | `spots` | `spring-ad-01` | `Spring ad 30s` | `{stories.ACR}` |" in source
    )


def test_what_is_no_longer_protected_is_looked_at_first() -> None:
    before = content("A", "a", catalog_protect="true")
    change = stories.update("a", before, content("A", "a"), "user_defined.catalog_protect")
    source = plan_markdown(stories.plan(change))
    assert "Look here first" in source
    assert "| **update** | `spots` | `a` | `A` |  | no longer protected; `user_d" in source


def test_marks_are_one_word_and_protection_is_none_of_them() -> None:
    source = plan_markdown(stories.marks())
    assert "`user_defined.catalog_protect`, mark |" in source
    assert "user_defined.catalog_key" not in source


def test_before_and_after_are_folded_away_as_a_diff() -> None:
    source = plan_markdown(stories.small())
    assert (
        "<details><summary>Before and after</summary>\n\n```diff\n"
        "@@ update autumn-ad-02, file 1204\n"
        '- title  "Autumn sale"\n'
        '+ title  "Autumn sale 30s"\n'
    ) in source
    assert "- bucket  spots\n+ bucket  archive\n" in source


def test_every_weight_has_its_place() -> None:
    """Each change is one row, and one before and after."""
    plan = plan_with("z")
    assert {one.weight for one in weighed(plan.changes)} >= set(Weight) - {
        Weight.UPDATED,
        Weight.MARKED,
    }
    source = plan_markdown(plan)
    assert said_of(source) == counts_of(plan)
    assert details_of(source) == sum(counts_of(plan).values())


# Since the previous plan.


def since(previous: Plan, plan: Plan) -> list[str]:
    source = plan_markdown(plan, previous=previous)
    section = source.split("#### Since the previous plan: ", 1)[1]
    return section.split("\n#### ", 1)[0].strip().splitlines()


def test_without_a_previous_plan_nothing_is_said_of_one() -> None:
    assert "previous" not in plan_markdown(stories.small())


def test_where_nothing_changed_it_says_nothing() -> None:
    assert since(stories.small(), stories.small()) == ["nothing"]


def test_what_is_new_gone_and_different_is_said_with_its_key() -> None:
    kept = stories.create("kept", "K")
    one = stories.update("u", content("A", "u"), content("B", "u"), "title", file_id=5)
    before = stories.plan(kept, stories.delete("d", "D", 7), one)
    after = replace(
        stories.plan(
            kept,
            stories.move("m", "M"),
            replace(one, after=content("C", "u")),
            violations=[Violation(Rule.TWIN, "beside 7", Key("kept"))],
            options=Options({Rule.DELETE: 1}),
        ),
        digest="sha256:other",
    )
    assert since(before, after) == [
        "1 new, 1 gone, 1 different, the rest as before",
        "",
        "- it was asked for with other options",
        "- newly refused: twin `kept`: `beside 7`",
        "- new: move `m` file 1288 in `archive`",
        "- gone: delete `d` file 7 in `spots`",
        "- different: update `u` file 5 in `spots`",
    ]


def test_of_many_differences_the_rest_is_counted() -> None:
    after = replace(big(0, 0, 100, 1, "Ad"), digest="sha256:other")
    told = since(stories.plan(), after)
    assert told[0] == "100 new"
    assert told[-1] == "- … and 80 more new"
    assert len(told) == 2 + 20 + 1


# What was cut.


def test_it_says_where_the_whole_is() -> None:
    thousand = stories.thousand()
    assert "Shortened" not in plan_markdown(stories.small())
    assert (
        "**Shortened**: 12 of 1,004 changes listed. `reconciler show PLAN.json` shows all of it.\n"
        in plan_markdown(thousand, most=12)
    )
    assert (
        "**Shortened**: 12 of 1,004 changes listed. "
        "The whole plan is in the artifact `reconciler-plan` of this run.\n"
    ) in plan_markdown(thousand, most=12, artifact="reconciler-plan")
    short = plan_markdown(thousand, most=100, limit=12_000)
    assert re.search(
        r"^\*\*Shortened\*\*: 100 of 1,004 changes listed, \d+ with before", short, re.MULTILINE
    )
