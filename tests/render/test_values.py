"""Values on one line: short, told apart, and never silently cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.core.content import Content, Held
from reconciler.core.describe import differing_fields
from reconciler.core.model import Compare
from reconciler.render.fields import at, field_of
from reconciler.render.values import (
    NO_LIMIT,
    clipped,
    field_name,
    message_text,
    shown,
    shown_pair,
    size_text,
)

if TYPE_CHECKING:
    from reconciler.core.model import Json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
many = settings(max_examples=500, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize(
    ("value", "room", "expected"),
    [
        ("a", 20, '"a"'),
        (8, 20, "8"),
        (8.5, 20, "8.5"),
        (True, 20, "true"),
        (None, 20, "null"),
        ([], 20, "[]"),
        ({}, 20, "{}"),
        ([1, "a", {"b": None}], 40, '[1, "a", {"b": null}]'),
        ("x" * 50, 30, '"xxxxxxxx"… +42 characters'),
        ("春" * 30, 40, '"春春春春春春春春春"… +21 characters'),
        ("x" * 10 + "e\u0301" * 20, 33, '"xxxxxxxxxxe\u0301"… +38 characters'),
        (list(range(100)), 20, "[0, 1, 2, 3, … +96]"),
        ({"a": "x" * 99, "b": 1}, 30, '{"a": "xxxxxx"… +93 characters, … +1}'),
    ],
)
def test_a_value(value: Json, room: int, expected: str) -> None:
    assert shown(value, room) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "b", ('"a"', '"b"')),
        (8, "8", ("8", '"8"')),
        (True, 1, ("true", "1")),
        ("\u212a", "K", (r'"\u{212a}"', '"K"')),
        (["Caf\u00e9"], ["Cafe\u0301"], (r'["Caf\u{e9}"]', r'["Cafe\u{301}"]')),
        (
            "x" * 99 + "a",
            "x" * 99 + "b",
            ('91 characters, then …"xxxxxxxxa"', '91 characters, then …"xxxxxxxxb"'),
        ),
        ("a" + "x" * 99, "b" + "x" * 99, tuple(f'"{c}{"x" * 17}"… +82 characters' for c in "ab")),
        ([*range(50), 1], [*range(50), 2], None),
    ],
)
def test_two_values(one: Json, other: Json, expected: tuple[str, str] | None) -> None:
    whole = shown(one, NO_LIMIT), shown(other, NO_LIMIT)
    assert shown_pair(one, other, 40) == (expected or whole)


@many
@given(JSON, JSON, st.integers(16, 80))
def test_two_values_that_differ_are_told_apart(one: Json, other: Json, room: int) -> None:
    if shown(one, NO_LIMIT) != shown(other, NO_LIMIT):
        first, second = shown_pair(one, other, room)
        assert first != second


@many
@given(st.text(min_size=1), st.text(), st.text(), st.integers(16, 80))
def test_texts_with_a_long_beginning_in_common(start: str, one: str, other: str, room: int) -> None:
    if one != other:
        first, second = shown_pair(start * 20 + one, start * 20 + other, room)
        assert first != second


@many
@given(st.text(), st.integers(30, 80))
def test_what_is_cut_is_counted(text: str, room: int) -> None:
    said = shown(text * 5, room)
    cut = re.search(r'"… \+([\d,]+) characters$', said)
    if cut:
        left = int(cut[1].replace(",", ""))
        assert said.startswith(shown((text * 5)[: len(text * 5) - left], NO_LIMIT))
        assert cell_len(said) <= room + 10
    else:
        assert said == shown(text * 5, NO_LIMIT)


def test_names_and_messages() -> None:
    assert clipped("spots", 20) == "spots"
    assert clipped("x" * 50, 20) == "x" * 11 + "… +39"
    assert clipped("a\n", 20) == r"a\n"
    assert field_name(r'user_defined["\u001b"]', 40) == r'user_defined["\u001b"]'
    assert message_text("x" * 801) == "x" * 791 + "… +10"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000_000, "5,000.0 GB"),
    ],
)
def test_a_size(count: int, expected: str) -> None:
    assert size_text(count) == expected


VALUES = Content("T", {"a": {"b": [1, {"c": None}]}, "a.b": 2, 'q"\\': 3, "é": 4, "5": 5, "s": "x"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", Held("T")),
        ("user_defined.a.b[0]", Held(1)),
        ("user_defined.a.b[1].c", Held(None)),
        ('user_defined["a.b"]', Held(2)),
        (r'user_defined["q\"\\"]', Held(3)),
        ("user_defined.é", Held(4)),
        ('user_defined["5"]', Held(5)),
        ("user_defined.a.b[2]", None),
        ("user_defined.a.x", None),
        ("user_defined.s[0]", None),
        ("user_defined.a.b.c", None),
        (r'user_defined["\x"]', None),
        ("user_defined", Held(VALUES.user_defined)),
    ],
)
def test_a_field_is_found_by_its_name(field: str, value: Held | None) -> None:
    assert at(VALUES, field) == value
    assert at(None, field) is None


@many
@given(st.text(max_size=6), st.integers())
def test_every_key_has_a_name_that_finds_it(key: str, value: int) -> None:
    assert at(Content("", {key: value}), field_of(key)) == Held(value)


@settings(many, max_examples=200)
@given(*[st.dictionaries(st.text(max_size=4), JSON, max_size=4)] * 2)
def test_every_field_that_the_core_names_is_found(
    before: dict[str, Json], after: dict[str, Json]
) -> None:
    one, other = Content("", before), Content("", after)
    for field in differing_fields(one, other, Compare.STRICT):
        old, new = at(one, field), at(other, field)
        assert old is not None or new is not None
        if old is not None and new is not None:
            assert shown(old.value, NO_LIMIT) != shown(new.value, NO_LIMIT)
