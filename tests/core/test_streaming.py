"""JSON in pieces is JSON as a whole: the same bytes, and never all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.normal import canonical
from reconciler.core.streaming import compact, indented
from tests.core.worlds import searched

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
LISTS = st.builds(
    lambda some, times: some * times, st.lists(VALUES, max_size=4), st.integers(0, 120)
)


def whole(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def streamed(value: dict[str, Any]) -> dict[str, Any]:
    """The object, with an iterator for each array in it."""
    return {name: iter(item) if isinstance(item, list) else item for name, item in value.items()}


@searched
@given(st.dictionaries(TEXTS, VALUES | LISTS, min_size=1, max_size=4))
def test_an_object_is_written_as_it_is_as_a_whole(value: dict[str, Any]) -> None:
    assert b"".join(indented(streamed(value))) == b"".join(indented(value)) == whole(value)
    assert b"".join(compact(streamed(value))) == b"".join(compact(value)) == canonical(value)


@searched
@given(LISTS)
def test_an_array_is_written_as_it_is_as_a_whole(value: list[Any]) -> None:
    assert b"".join(indented(iter(value))) == whole(value)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 201])
def test_however_many_items_there_are(count: int) -> None:
    value = {"items": [{"n": number} for number in range(count)], "count": count}
    assert b"".join(indented(streamed(value))) == whole(value)
    assert b"".join(compact(streamed(value))) == canonical(value)


def test_items_are_asked_for_as_they_are_written() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10_000):
            asked.append(number)
            yield number

    for pieces in (indented(items()), indented({"items": items()}), compact({"items": items()})):
        asked.clear()
        written = 0
        for piece in pieces:
            written += piece.count(b",")
            assert len(asked) - written <= 101
        assert len(asked) == 10_000


@searched
@given(st.lists(TEXTS, min_size=1, max_size=300))
def test_no_piece_ends_inside_a_text(texts: list[str]) -> None:
    for piece in indented({"items": iter(texts), "end": texts[0]}):
        plain = piece.replace(rb"\\", b"").replace(rb"\"", b"")
        assert plain.count(b'"') % 2 == 0
        piece.decode()
