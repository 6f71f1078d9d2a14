"""A scalar means what it looks like."""

import math
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog import events
from reconciler.catalog.scalars import resolve, text_of
from tests.catalog.conftest import searched

GOLDEN = [
    ("", None), ("~", None), ("null", None),
    ("Null", "Null"), ("NULL", "NULL"), ("none", "none"),
    ("true", True), ("false", False),
    ("True", "True"), ("TRUE", "TRUE"), ("yes", "yes"), ("no", "no"), ("NO", "NO"),
    ("on", "on"), ("Off", "Off"), ("y", "y"), ("N", "N"),
    ("0", 0), ("7", 7), ("-7", -7), ("1979", 1979), ("+1", "+1"), ("-0", "-0"),
    ("00123", "00123"), ("010", "010"), ("0o17", "0o17"), ("0x1F", "0x1F"), ("0b11", "0b11"),
    ("1_000", "1_000"), ("1,000", "1,000"), ("12:30", "12:30"), ("190:20:30", "190:20:30"),
    ("2024-01-01", "2024-01-01"), ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
    ("1.5", 1.5), ("-1.5", -1.5), ("1.50", "1.50"), ("1.0", 1.0), ("1.", "1."), (".5", ".5"),
    ("0.1", 0.1), ("1e3", "1e3"), ("1e+16", 1e16), ("1E+16", "1E+16"), ("1e400", "1e400"),
    (".inf", ".inf"), ("-.inf", "-.inf"), (".nan", ".nan"), ("inf", "inf"), ("nan", "nan"),
    ("18446744073709551615", 2**64 - 1), ("18446744073709551616", "18446744073709551616"),
    ("-9223372036854775808", -(2**63)), ("-9223372036854775809", "-9223372036854775809"),
    ("9" * 5000, "9" * 5000), ("0." + "1" * 5000, "0." + "1" * 5000),
    ("=", "="), ("<<x", "<<x"), ("-", "-"), ("--", "--"), ("DEA123", "DEA123"),
    ("\uff11\uff12", "\uff11\uff12"), ("3.14159265358979", 3.14159265358979),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), GOLDEN)
def test_plain_scalar(text: str, value: object) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", [text for text, _ in GOLDEN if 0 < len(text) < 900])
def test_the_same_in_quotes_is_a_text(text: str) -> None:
    assert events.build(f'"{text}"'.encode()).value == text
    assert events.build(f"'{text}'".encode()).value == text


@searched
@given(st.text(alphabet="0123456789.eE+-_:xo", min_size=1, max_size=24))
def test_no_text_is_lost(text: str) -> None:
    value = resolve(text)
    assert value is not None
    assert text_of(value) == text


@searched
@given(st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_is_the_number_read(number: float) -> None:
    found = resolve(repr(number))
    assert (type(found), found) == (type(number), number)
    if number == 0:
        assert math.copysign(1, found) == math.copysign(1, number)  # type: ignore[arg-type]


_SAFE = st.text(alphabet="abcXYZ é😀#:-'\"\\\n\t{}[],&*!|>%@`", max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | _SAFE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SAFE, inner, max_size=3),
    max_leaves=12,
)


@searched
@given(_VALUES, st.booleans(), st.sampled_from([None, '"', "'", "|"]))
def test_the_c_loader_is_our_oracle(value: object, flow: bool, style: str | None) -> None:
    """Same values on what both accept, our scalar rules aside: written so that both agree."""
    text = yaml.safe_dump(value, default_flow_style=flow, default_style=style, allow_unicode=True)
    if style is not None:
        text = re.sub(r"!!(int|bool|null) (\S+)", lambda m: m[2].strip("\"'"), text)
    document = events.build(text.encode())
    if document.faults:
        return
    assert document.value == yaml.safe_load(text)


@searched
@given(st.text(alphabet="ab1: -\n{}[],&*<\"'#|>?~", max_size=40))
def test_the_c_loader_is_our_oracle_on_any_text(text: str) -> None:
    document = events.build(text.encode())
    if document.faults or not document.complete:
        return
    try:
        oracle = yaml.CBaseLoader(text).get_single_data()
    except yaml.YAMLError as error:
        raise AssertionError(f"accepted what the oracle refuses: {text!r}") from error
    if "<<" not in text:
        assert _texts(document.value) == _texts(oracle)


def _texts(value: object) -> object:
    """All scalars as texts: the oracle's BaseLoader knows nothing else."""
    match value:
        case dict():
            return {key: _texts(item) for key, item in value.items()}
        case list():
            return [_texts(item) for item in value]
        case None | "~" | "null":
            return ""
        case str() | bool() | int() | float():
            return text_of(value)
        case _:
            raise AssertionError(value)
