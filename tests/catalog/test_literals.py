"""What stands for a value is read as just this value: by us, and by other readers of YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog import events
from reconciler.catalog.literals import JsonSpelling, YamlSpelling
from tests.catalog.conftest import searched
from tests.catalog.pull_worlds import TEXTS

YAML = YamlSpelling()
QUOTES = ("", "'", '"', "|", ">")

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text("0123456789.:_-+eExTtZ ~nulyYNoOfF", max_size=12),
    st.text(" \t#:,[]{}&*!|>'\"%@`?-<=x", max_size=8),
    st.sampled_from(TEXTS),
)
values = st.recursive(
    st.one_of(
        texts,
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def read(text: str) -> Any:
    document = events.build(text.encode())
    assert document.faults == []
    return document.value["k"]


def alike(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@searched
@given(values, st.sampled_from(QUOTES))
def test_a_value_reads_back_with_its_type(value: Any, quote: str) -> None:
    assert alike(read(f"{{k: {YAML.value(value, quote, True)}, l: m}}\n"), value)
    assert alike(read(f"k: {YAML.value(value, quote, False)} # c\nl: m\n"), value)


@searched
@given(texts, st.sampled_from(QUOTES))
def test_no_reader_takes_a_text_for_anything_else(text: str, quote: str) -> None:
    said = YAML.value(text, quote, False)
    assert yaml.safe_load(f"k: {said}\n") == {"k": text}
    assert said.isprintable()


@searched
@given(texts, st.sampled_from(QUOTES))
def test_a_name_reads_back(name: str, quote: str) -> None:
    said = YAML.name(name, quote)
    if len(said) < 400:
        assert read(f"k: {{{said}: v}}\n") == {name: "v"}


@searched
@given(values, st.booleans(), st.booleans())
def test_json(value: Any, plain_ascii: bool, tight: bool) -> None:
    said = JsonSpelling(plain_ascii=plain_ascii, tight=tight).value(value, "", True)
    assert alike(json.loads(said), value)
    assert said.isprintable()
    assert said.isascii() or not plain_ascii


@pytest.mark.parametrize(
    ("text", "quote", "said"),
    [
        ("Acme", "", "Acme"),
        ("Acme", "'", "'Acme'"),
        ("Acme", '"', '"Acme"'),
        ("it's", "'", "'it''s'"),
        ("NO", "", '"NO"'),
        ("NO", "'", "'NO'"),
        ("two\nlines", "'", '"two\\nlines"'),
        ("Ünï 7", "", "Ünï 7"),
        ("a ##[b", "", '"a ##\\u005Bb"'),
    ],
)
def test_the_sign_that_stood_there_is_kept_where_it_can_be(
    text: str, quote: str, said: str
) -> None:
    assert YAML.value(text, quote, False) == said
