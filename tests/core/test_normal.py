"""When two values are the same."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.model import Compare, Opaque
from reconciler.core.normal import (
    canonical,
    normal_title,
    normal_user_defined,
    number_text,
    same,
    without_nulls,
)

LOOSE, STRICT = Compare.LOOSE, Compare.STRICT


@pytest.mark.parametrize(
    ("live", "normal"),
    [
        ("Spring ad", "Spring ad"),
        ("  Spring ad\t\n", "Spring ad"),
        ("Cafe\u0301", "Caf\u00e9"),
        (" Cafe\u0301\u00a0", "Caf\u00e9"),
        ("inner  space", "inner  space"),
        ("", ""),
    ],
)
def test_a_title_is_nfc_and_without_outer_space(live: str, normal: str) -> None:
    assert normal_title(live) == normal


@pytest.mark.parametrize("empty", [[], None, "", {}, "[]", "null", '""', "{}", '"{}"', '"[]"'])
def test_every_spelling_of_nothing_is_an_empty_object(empty: Any) -> None:
    assert normal_user_defined(empty) == {}


@pytest.mark.parametrize(
    ("live", "normal"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ({"a": None}, {}),
        ('{"a": null, "b": {"c": null, "d": 0}}', {"b": {"d": 0}}),
    ],
)
def test_an_object_is_read_in_whatever_spelling_and_a_null_is_an_absent_key(
    live: Any, normal: Any
) -> None:
    assert normal_user_defined(live) == normal


@pytest.mark.parametrize(
    ("live", "text"),
    [
        ([1], "[1]"),
        (8, "8"),
        (0, "0"),
        (False, "false"),
        ("text", "text"),
        ("[1]", "[1]"),
        ("7", "7"),
        ('"\\"{}\\""', '"\\"{}\\""'),  # encoded three times
        ('"text"', '"text"'),
    ],
)
def test_what_is_no_object_is_opaque_and_keeps_its_text(live: Any, text: str) -> None:
    assert normal_user_defined(live) == Opaque(text)


def test_nulls_go_from_objects_within_objects_and_stay_in_lists() -> None:
    value = {"a": None, "b": {"c": None, "d": {"e": None}}, "f": [None, {"g": None}]}
    assert without_nulls(value) == {"b": {"d": {}}, "f": [None, {"g": None}]}


def test_an_object_without_nulls_is_handed_back_as_it_is() -> None:
    value = {"a": 1, "b": "2"}
    assert without_nulls(value) is value


@pytest.mark.parametrize(
    ("one", "other", "loose", "strict"),
    [
        (8, 8, True, True),
        (8, "8", True, False),
        (8, 8.0, True, True),
        (8.0, "8", True, False),
        (8.5, "8.5", True, False),
        (8, "8.0", False, False),
        (8, 9, False, False),
        (True, True, True, True),
        (True, 1, False, False),
        (True, "True", False, False),
        (True, "true", False, False),
        (False, 0, False, False),
        (None, None, True, True),
        (None, "", False, False),
        (None, False, False, False),
        ("number", 8, False, False),
        ([1, 2], ["1", 2], True, False),
        ([1, 2], [2, 1], False, False),
        ([1], {"0": 1}, False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True),
        ({"a": {"b": 1}}, {"a": {"b": "1"}}, True, False),
        ({"a": 1}, {"b": 1}, False, False),
        ("A", "a", False, False),
    ],
)
def test_under_loose_a_number_is_its_text_and_under_strict_it_is_not(
    one: Any, other: Any, loose: bool, strict: bool
) -> None:
    assert (same(one, other, LOOSE), same(other, one, LOOSE)) == (loose, loose)
    assert (same(one, other, STRICT), same(other, one, STRICT)) == (strict, strict)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (8, "8"),
        (8.0, "8"),
        (-0.5, "-0.5"),
        (-3.0, "-3"),
        (999999999999999.0, "999999999999999"),
        (1e15, "1000000000000000.0"),
        (-1e15, "-1000000000000000.0"),
        (10**18, "1000000000000000000"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
    ],
)
def test_a_number_as_text(number: float, text: str) -> None:
    assert number_text(number) == text


def test_the_canonical_form_is_compact_and_sorted_at_every_depth() -> None:
    value = {"b": {"d": 1, "c": [True, None]}, "a": "\u00e9"}
    assert canonical(value) == '{"a":"é","b":{"c":[true,null],"d":1}}'.encode()


def test_the_canonical_form_keeps_types_apart() -> None:
    assert len({canonical(value) for value in (1, "1", 1.0, True)}) == 4
