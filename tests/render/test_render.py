"""What holds of every text, whatever is in it; and what whole texts cannot show."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from reconciler.core.model import FileId, Key, Snapshot
from reconciler.core.plan import Delete, Update
from reconciler.render import plan_text as module
from reconciler.render.apply_text import outcome_line, stale_text
from reconciler.render.listing import list_csv, list_json
from reconciler.render.problems import error_text, warning_text
from reconciler.render.shares import shares
from tests.render import stories
from tests.render.stories import content, update
from tests.render.whole import drift_text, list_text, plan_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.core.plan import Change

ANY = st.one_of(
    st.text(max_size=30),
    st.sampled_from([text for name, text in stories.HOSTILE.items() if name != "long"]),
    st.lists(st.sampled_from(["::error::x", "##[group]", " ", "\n", "a", "\u3000"])).map("".join),
)


def texts_with(live: str, width: int) -> Iterator[Text]:
    """Every renderer, with live text in every place that can hold some."""
    before, after = content(live, live, old=live), content("x", "k", **{live: live})
    fields = ("title", "user_defined.old", f"user_defined[{json.dumps(live)}]", live)
    changes = [
        replace(stories.create(live, live, **{live: live}), reason=live),
        replace(update(live, before, after, *fields), reason=live),
        replace(stories.move("a", live), key=Key(live), from_bucket=live, bucket=live),
        replace(stories.delete(live, live), acr_id=live, reason=live, bucket=live),
    ]
    plan = stories.plan(*changes)
    notes = [replace(note, key=Key(live), message=live) for note in stories.noted().notes]
    refused = stories.refused()
    plan = replace(
        plan,
        catalog=live,
        origin=live,
        digest=live,
        notes=tuple(replace(note, bucket=live, fact=live) for note in notes),
        violations=tuple(replace(each, message=live) for each in refused.violations),
        options=replace(refused.options, only=(live,)),
        snapshot=Snapshot(live, 60),
    )
    yield plan_text(plan, width=width)
    yield plan_text(plan, width=width, verbose=True)
    drift = stories.drifted()
    items = [
        replace(item, key=Key(live), bucket=live, title=live, message=live, before=before)
        for item in drift.items
    ]
    yield drift_text(replace(drift, items=tuple(items)), width=width)
    rows = [
        replace(row, key=Key(live), bucket=live, acr_id=live, facts=(live,))
        for row in stories.listed()
    ]
    yield list_text(rows, width=width)
    yield outcome_line(live, live, 1, live, live, width=width)
    yield stale_text(before, after, None, fields, width=width)
    yield stale_text(before, after, None, width=width)
    yield error_text(live)
    yield warning_text(live)


@settings(max_examples=80, deadline=None, database=None, derandomize=True)
@given(ANY, st.integers(20, 160))
@example(stories.HOSTILE["long"], 80)  # not among the others: it takes as long as all of them
def test_no_line_is_a_command_and_no_character_acts(live: str, width: int) -> None:
    for text in texts_with(live, width):
        for line in text.plain.splitlines():
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
        assert "\x1b" not in text.plain
        assert "\u202e" not in text.plain
        assert text.plain.splitlines() == text.plain.removesuffix("\n").split("\n")


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(ANY)
@example(stories.HOSTILE["long"])
def test_what_is_printed_is_the_text(live: str) -> None:
    """No markup, no emoji codes, no highlighting, no wrapping: not even in a default console."""
    for text in texts_with(live, 60):
        file = io.StringIO()
        Console(file=file, width=60).print(text, soft_wrap=True, end="")
        assert file.getvalue() == text.plain


def test_a_terminal_gets_colours_and_nothing_else() -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, color_system="standard")
    console.print(plan_text(stories.hostile(), width=80), soft_wrap=True, end="")
    assert "\x1b[1;32m  + create\x1b[0m" in file.getvalue()
    assert Text.from_ansi(file.getvalue()).plain.split() == (
        plan_text(stories.hostile(), width=80).plain.split()
    )
    assert "link=https://evil.example" in file.getvalue()
    assert "\x1b]8" not in file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_ordinary_plans_fit(width: int) -> None:
    for plan in (stories.small(), stories.replacement(), stories.noted(), stories.awkward()):
        for line in plan_text(plan, width=width).plain.splitlines():
            assert len(line) <= max(width, 80)


def test_every_key_is_shown_in_full_and_every_number_counts_all() -> None:
    text = plan_text(stories.thousand(), width=100, most=12).plain
    assert "… and 992 more updates" in text
    assert "1,000 to update, 1 to move, 3 to delete" in text
    assert text.count("- delete") == 3
    long = "k" * 128
    assert long in plan_text(stories.plan(stories.create(long, "x")), width=60).plain


def test_more_notes_and_violations_than_are_shown() -> None:
    notes = [replace(stories.noted().notes[0], key=Key(f"k{n}")) for n in range(20)]
    broken = stories.noted().notes[1]
    violations = [replace(stories.refused().violations[1], key=Key(f"v{n}")) for n in range(20)]
    plan = stories.plan(notes=[*notes, broken], violations=violations)
    text = plan_text(plan, width=100, most=5).plain
    assert "  … and 16 more\n" in text
    assert "  … and 15 more\n" in text
    assert broken.key is not None
    assert broken.key in text
    assert "Nothing to do: 55 entries" in text


def test_a_hidden_replacement_hides_its_delete() -> None:
    plan = stories.replacement()
    text = plan_text(plan, width=100, most=1).plain
    assert text.count("+ create") + text.count("- delete") <= 3
    assert "more create" in text
    assert "more delete" in text
    everything = plan_text(plan, width=100).plain
    assert everything.index("file 1201 (acr_id") < everything.index("file 1201, acr_id")


def test_a_change_with_very_many_fields() -> None:
    after = content("T", **{f"name-{number}": number for number in range(100)})
    names = [f"user_defined.name-{number}" for number in range(100)]
    plan = stories.plan(update("a", content("T"), after, *names))
    assert "… and 80 more fields" in plan_text(plan, width=80).plain
    assert "name-99" in plan_text(plan, width=80, verbose=True).plain


def test_other_names_of_the_mark() -> None:
    after = content("T", isrc="radio-ads/a", catalog_key="mine")
    plan = stories.plan(
        update("a", content("T"), after, "user_defined.isrc", "user_defined.catalog_key")
    )
    text = plan_text(plan, width=80, marks=frozenset({"isrc"})).plain
    assert '+ user_defined.catalog_key  "mine"' in text
    assert "      mark                      isrc\n" in text


def test_a_field_that_is_on_neither_side_is_still_named() -> None:
    plan = stories.plan(update("a", content("T"), content("T"), "user_defined.x"))
    assert "user_defined.x  differs" in plan_text(plan, width=80).plain


def test_of_a_large_plan_only_what_is_shown_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[Change] = []
    monkeypatch.setattr(module, "change_lines", lambda page, change, look: rendered.append(change))
    updates = [change for change in stories.thousand().changes if isinstance(change, Update)]
    delete = stories.delete("a", "Gone")
    deletes = [replace(delete, file_id=FileId(number)) for number in range(50_000)]
    plan_text(stories.plan(*updates * 50, *deletes), width=100)
    assert Counter(map(type, rendered)) == {Update: 50, Delete: 50}


@pytest.mark.parametrize(
    ("counts", "most", "expected"),
    [
        ({}, 5, {}),
        ({"a": 3}, 5, {"a": 3}),
        ({"a": 1000, "b": 3}, 12, {"a": 9, "b": 3}),
        ({"a": 1000, "b": 1000}, 12, {"a": 6, "b": 6}),
        ({"a": 5, "b": 5, "c": 5}, 2, {"a": 1, "b": 1, "c": 0}),
        ({"a": 5}, 0, {"a": 0}),
    ],
)
def test_shares(counts: dict[str, int], most: int, expected: dict[str, int]) -> None:
    assert shares(counts, most) == expected


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.dictionaries(st.integers(), st.integers(1, 50), max_size=8), st.integers(0, 100))
def test_shares_use_all_that_there_is(counts: dict[int, int], most: int) -> None:
    given_out = shares(counts, most)
    assert sum(given_out.values()) == min(most, sum(counts.values()))
    assert all(given_out[kind] <= counts[kind] for kind in counts)


def test_a_list_as_json_is_exact() -> None:
    told = [*list_json(stories.listed())]
    assert told[2] == {
        "key": "autumn-ad-02",
        "bucket": "archive",
        "acr_id": stories.ACR,
        "id": 99,
        "state": "ready",
        "in_sync": False,
        "facts": ["misplaced", "drifted"],
    }


def _csv(live: str) -> list[list[str]]:
    file = io.StringIO(newline="")
    rows = [replace(row, bucket=live, acr_id=live) for row in stories.listed()]
    list_csv(rows, file)
    assert live == "\r" or "\r\n" not in file.getvalue()
    file.seek(0)
    return list(csv.reader(file))


def test_a_list_as_csv() -> None:
    header, first, second, *_ = _csv("spots")
    assert header == ["key", "bucket", "acr_id", "id", "state", "in_sync"]
    assert first == ["::error::x", "spots", "spots", "1201", "ready", "yes"]
    assert second[0] == "'@here"


@pytest.mark.parametrize("start", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_a_spreadsheet_takes_no_cell_for_a_formula(start: str) -> None:
    for row in _csv(f'{start}1+1,"x"')[1:]:
        assert row[1] == f'\'{start}1+1,"x"'


def test_no_line_of_csv_is_a_runners_command() -> None:
    """T6: a key may be `::error::x`, and stands first."""
    file = io.StringIO(newline="")
    list_csv(stories.listed(), file)
    assert [line for line in file.getvalue().splitlines() if line.startswith(":")] == []
    assert '"::error::x"' in file.getvalue()


@pytest.mark.parametrize("live", ["a,b", 'a"b', "a\nb", "\x1b", "x=1"])
def test_other_cells_are_exact(live: str) -> None:
    assert all(row[1] == live for row in _csv(live)[1:])


RIGHT_TO_LEFT = ("\u05d0\u05d1\u05d2", "\u05d3\u05d4\u05d5")


def _lines_with(text: Text, one: str, other: str) -> list[str]:
    return [line for line in text.plain.splitlines() if one in line and other in line]


def test_before_and_after_never_change_places() -> None:
    """T8: between two texts that read from right to left an arrow would stand in the middle of
    one text, and the second value before it."""
    one, other = RIGHT_TO_LEFT
    change = update(
        "a", content(one, "a", x="b"), content(other, "a", x="c"), "title", "user_defined.x"
    )
    shown = plan_text(stories.plan(change), width=140)
    assert _lines_with(shown, one, other) == []
    assert _lines_with(shown, '"b"', '"c"')


def test_base_live_and_wanted_never_change_places() -> None:
    one, other = RIGHT_TO_LEFT
    sides = content(one, "a"), content(other, "a"), content(one + other, "a")
    shown = stale_text(*sides, width=140)
    assert _lines_with(shown, f'"{one}"', f'"{other}"') == []
    assert all(_lines_with(shown, name, '"') for name in ("base", "live", "wanted"))
