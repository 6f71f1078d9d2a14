"""Any text as a key: the same for the same, and another for another as far as that goes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.keys import key_of
from reconciler.core.marks import KEY_FORM
from tests.catalog.conftest import searched


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("spring-ad", "spring-ad"),
        ("Album/01 First light!", "Album/01-First-light"),
        ("Ann & Bob - day", "Ann-Bob-day"),
        ("Caf\xe9/Stra\xdfe", "Cafe/Strasse"),
        ("a.b_c:d@e", "a.b_c:d@e"),
        ("../..//x", "x"),
        ("...", ""),
        ("", ""),
        ("\u6b4c", "602c513e"),
        ("\u6b4c 01", "01-e6da13f5"),
    ],
)
def test_the_form_of_a_key(text: str, key: str) -> None:
    assert key_of(text) == key


def test_names_in_another_script_do_not_become_one_key() -> None:
    assert key_of("\u6b4c 01") != key_of("\u66f2 01")


def test_what_is_too_long_is_told_apart_by_a_digest() -> None:
    one, other = key_of("a" * 200), key_of("a" * 201)
    assert len(one) == len(other) == 128
    assert one != other


@searched
@given(st.text())
def test_it_is_a_key_or_nothing_and_stays(text: str) -> None:
    key = key_of(text)
    assert key == "" or KEY_FORM.fullmatch(key)
    assert key_of(unicodedata.normalize("NFD", text)) == key
    assert key_of(key) == key
