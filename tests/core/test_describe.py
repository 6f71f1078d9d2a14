"""What differs, by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.content import Content
from reconciler.core.describe import differing_fields, removed_values
from reconciler.core.model import Compare
from reconciler.core.normal import same
from tests.core.worlds import searched

LOOSE, STRICT = Compare.LOOSE, Compare.STRICT


def fields(before: Any, after: Any, compare: Compare = LOOSE) -> list[str]:
    return list(differing_fields(Content("T", before), Content("T", after), compare))


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": "1"}, []),
        ({"a": 1}, {"a": 2}, [".a"]),
        ({"a": 1}, {}, [".a"]),
        ({}, {"a": 1}, [".a"]),
        ({"a": 1}, {"b": 1}, [".a", ".b"]),
        ({"a": 1, "b": 1}, {"c": 1, "d": 1, "e": 1}, [".a", ".b", ".c", ".d", ".e"]),
        ({"a": True}, {"a": 1}, [".a"]),
        ({"a": [True]}, {"a": [1]}, [".a"]),
        ({"a": False}, {"a": ""}, [".a"]),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, [".a", ".b"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [".a[1]"]),
        ({"a": [1, 2]}, {"a": ["1", 3]}, [".a[1]"]),
        ({"a": [1]}, {"a": [1, 2]}, [".a[1]"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": "1", "c": 3}}, [".a.c"]),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, [".a.b[0].c"]),
        ({"a": [1]}, {"a": {"b": 1}}, [".a"]),
        ({"a b": 1}, {"a b": 2}, ['["a b"]']),
        ({"a.b": 1}, {}, ['["a.b"]']),
        ({"1a": 1}, {}, ['["1a"]']),
        ({"a-1": 1}, {}, [".a-1"]),
        ({"": 1}, {}, ['[""]']),
        ({'"]': 1}, {}, ['["\\"]"]']),
        ({"é": 1}, {}, [".é"]),
        ({"__a": 1}, {"__a": 2}, [".__a"]),
    ],
)
def test_each_difference_is_named_by_its_path(before: Any, after: Any, named: list[str]) -> None:
    assert fields(before, after) == ["user_defined" + name for name in named]


def test_under_strict_a_number_and_its_text_differ() -> None:
    assert fields({"a": [8, 9]}, {"a": ["8", 9]}, STRICT) == ["user_defined.a[0]"]
    assert fields({"a": [8, 9]}, {"a": ["8", 9]}, LOOSE) == []


def test_the_title_comes_first() -> None:
    before, after = Content("One", {"a": 1}), Content("Two", {"a": 2})
    assert differing_fields(before, after, LOOSE) == ("title", "user_defined.a")
    assert differing_fields(before, Content("Two", {"a": 1}), LOOSE) == ("title",)


def test_what_goes_away_is_named_in_order() -> None:
    assert removed_values({"b": 1, "a": 1, "c": 1}, {"c": 2, "d": 3}) == ("a", "b")
    assert removed_values({"a": {"b": 1}}, {"a": {}}) == ()


_leaf = st.sampled_from((True, False, 0, 1, 8, 8.0, 1.5, "", "1", "8", "True", "a.b"))
_values = st.recursive(
    _leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab 1_"), inner, max_size=3)
    ),
    max_leaves=6,
)
_objects = st.dictionaries(st.sampled_from("abcd"), _values, max_size=4)


@searched
@given(_objects, _objects, st.sampled_from(Compare))
def test_every_key_that_differs_is_named_and_no_other(
    before: Any, after: Any, compare: Compare
) -> None:
    differing = {
        key
        for key in {*before, *after}
        if not same(before.get(key), after.get(key), compare) or (key in before) != (key in after)
    }
    named = fields(before, after, compare)
    assert named == sorted(named)
    assert {name.removeprefix("user_defined.")[0] for name in named} == differing
