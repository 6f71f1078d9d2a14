"""JSON on a screen shows what it holds, and means what it meant."""

from __future__ import annotations

import json
import unicodedata

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.render.json_text import harmless
from reconciler.render.safe import is_hidden
from tests.render.stories import HOSTILE

HIDDEN = "\x7f\x9b\u202e\u2066\u200b\u200d\xad\u2028\ufeff\u3164\u115f\U000e0041\U000e0100\ue000"
TEXTS = st.text(
    st.one_of(st.sampled_from(HIDDEN + '\u0301#["\\é春'), st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    TEXTS | st.integers(-(2**63), 2**63) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
many = settings(max_examples=300, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Spring été 春", "Spring été 春"),
        ("a\u202eb", r"a\u202eb"),
        ("\U000e0041", r"\udb40\udc41"),
        ("##[group]", r"##\u005bgroup]"),
        ("\x7f\x9b", r"\u007f\u009b"),
        ("\u0301", r"\u0301"),
        ("é\u0316", "é\u0316"),
        ("👨\u200d👩", r"👨\u200d👩"),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert harmless(orjson.dumps(text)).decode() == f'"{shown}"'


@many
@given(VALUES)
def test_the_values_stay_what_they_are(value: object) -> None:
    for data in (orjson.dumps(value), orjson.dumps(value, option=orjson.OPT_INDENT_2)):
        assert json.loads(harmless(data)) == value


@many
@given(VALUES)
def test_nothing_hidden_is_left(value: object) -> None:
    text = harmless(orjson.dumps(value, option=orjson.OPT_INDENT_2)).decode()
    assert not [char for char in text if char != "\n" and is_hidden(char)]
    assert "##[" not in text
    for place, char in enumerate(text):
        assert not (unicodedata.category(char).startswith("M") and text[place - 1].isascii())


@pytest.mark.parametrize("data", [b'{"title":"Spring"}', b"[1, 2]\n", b'"\\u001b"'])
def test_what_holds_nothing_hidden_is_not_touched(data: bytes) -> None:
    assert harmless(data) is data


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_titles(text: str) -> None:
    seen = text.encode("utf-8", "replace").decode()
    assert orjson.loads(harmless(orjson.dumps(seen))) == seen
