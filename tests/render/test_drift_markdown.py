"""Drift as the text of an issue: whatever is in it, however much it is (T9, T10)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.drift import Accepted, Direction, Drift, DriftItem, Recalled
from reconciler.core.model import FileId, Key, Place
from reconciler.render.drift_markdown import drift_markdown
from reconciler.render.fitting import LIMIT
from tests.render import stories
from tests.render.stories import content
from tests.render.test_markdown import Read, commands
from tests.render.test_plan_markdown import LIVE, WORST, without_blocks


def drift_with(live: str) -> Drift:
    """Text of somebody else's wherever a drift can hold some."""
    before, after = content(live, live, old=live), content("x", "k", **{live: live})
    items = tuple(
        replace(
            item,
            key=Key(live),
            bucket=live,
            title=live,
            message=live,
            fields=("title", live, f"user_defined[{live}]") if item.fields else (),
            before=before if item.fields else None,
            wanted=after if item.fields else None,
        )
        for item in stories.drifted().items
    )
    accepts = stories.acceptance(live, live, field=live, place=Place(live, 3, 5))
    accepted = tuple(Accepted(item, accepts) for item in items[:1])
    return replace(
        stories.in_the_dark(),
        items=items,
        only=(live,),
        recalled=Recalled(known=False, catalogs=(live, live)),
        accepted=accepted,
        expired=(accepts,),
        idle=(accepts,),
    )


PLAIN = Read(drift_markdown(drift_with("z")))


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(LIVE)
def test_whatever_a_text_holds_the_issue_is_built_as_with_any_other(live: str) -> None:
    source = drift_markdown(drift_with(live))
    read = Read(source)
    assert read.tags == PLAIN.tags
    assert read.ends == PLAIN.ends
    assert read.outside == PLAIN.outside
    assert len(read.codes) == len(PLAIN.codes)
    assert commands(source) == []


def test_the_issue_is_read_as_it_is_meant() -> None:
    """So that the property above can fail."""
    tags = Counter(tag for tag, _ in PLAIN.tags)
    assert tags["td"] == 5 * (len(stories.drifted().items) + 1)
    assert tags["details"] == tags["pre"] == 3
    assert set(tags) == {
        *("p", "strong", "code", "h4", "pre", "details", "summary", "ul", "li"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


def test_the_first_lines_count_what_happened_over_there_first() -> None:
    lines = drift_markdown(stories.drifted()).splitlines()
    assert lines[0] == (
        "**Drift: 1 changed live, 1 missing live, 1 changed on both sides, 1 unresolved, "
        "1 broken, 1 duplicate, 1 unknown, 2 not yet applied, 1 accepted**"
    )
    assert lines[2] == (
        "1,008 of 1,017 entries in sync, 1 pending, 3 unmanaged files, coverage 99.7 %: 1,016 of "
        "1,019 files owned"
    )
    assert drift_markdown(stories.in_sync()).splitlines() == [
        "**No drift**",
        "",
        "1 of 1 entries in sync, 0 pending, 1 unmanaged file, coverage 50.0 %: 1 of 2 files owned",
    ]


def test_live_and_desired_are_folded_away_as_a_diff() -> None:
    source = drift_markdown(stories.drifted())
    assert "| `spring-ad-01` | `spots` | `Spring ad 30s` | file 1204: `changed in the" in source
    assert (
        "<details><summary>Live and desired</summary>\n\n```diff\n"
        "@@ spring-ad-01, file 1204\n"
        '- title  "Spring ad!"\n'
        '+ title  "Spring ad 30s"\n'
        '- user_defined.label  "by hand"\n'
        "+ user_defined.year  1979\n"
        "```\n"
    ) in source


def crowd(count: int, title: str) -> Drift:
    before, wanted = content(title, "k", **{title: 1}), content("x", "k")
    items = [
        DriftItem(
            direction,
            title,
            Key(f"{title}{n}"),
            title,
            FileId(n),
            title,
            ("title", title),
            before,
            wanted,
        )
        for direction in (Direction.CHANGED_LIVE, Direction.NOT_YET_APPLIED, Direction.UNKNOWN)
        for n in range(count if direction is Direction.CHANGED_LIVE else 2)
    ]
    return Drift(tuple(items), 0, 0, count, 0)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(
    st.sampled_from(WORST),
    st.sampled_from([0, 1, 700]),
    st.sampled_from([0, 7, 100, 100_000]),
    st.sampled_from([8_000, LIMIT]),
)
def test_it_fits_and_says_exactly_what_it_left_out(
    title: str, count: int, most: int, limit: int
) -> None:
    source = drift_markdown(crowd(count, title), most=most, limit=limit)
    assert len(source.encode()) < limit
    plain = without_blocks(source)
    rows = len(re.findall(r"^\| `", plain, re.MULTILINE))
    left_out = re.findall(r"^… and ([\d,]+) more$", plain, re.MULTILINE)
    assert rows + sum(int(number.replace(",", "")) for number in left_out) == count + 4
    assert rows <= most
    assert ("**Shortened**" in source) is (rows < count + 4 or source.count("\n@@ ") < rows)
