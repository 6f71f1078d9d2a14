# ruff: noqa: E501 - a table reads better with a case on each line
"""An export read back is exactly what was exported."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.catalog.loading import load
from reconciler.catalog.write import ExportedEntry, write_csv, write_jsonl, write_yaml
from reconciler.core.cells import guarded, unguarded
from reconciler.core.normal import normal_title
from reconciler.errors import CatalogError
from tests.catalog.conftest import searched

HEADER: dict[str, Any] = {
    "version": 1,
    "catalog": "c",
    "buckets": {"spots": {"id": 1}, "no": {"id": 2, "prune": "none"}},
    "user_defined": {"ignore": []},
}
ODD = [
    "NO", "12:30", "00123", "1979", "-1", "1.5", "true", "null", "~", "", " ", " x ", "=1+1", "+1", "-x", "@x",
    "'=x", "''x", "'x", "'", "\t", "\n", "a\nb\r\nc\rd", "\0", "\x07", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029",
    "\ufeff", "\ufeffx", "\u202e", "😀", "👩\u200d👧", "é", "e\u0301", '"', "\\", "a: b", "a #b", "- a", "? a", "*a",
    "&a", "!!str", "%x", "`", "{a}", "[a]", "a,b", "<<", "---", "...", "\ufffe", "\U0010ffff", "x" * 3000, "é" * 2000,
    "key:number", "a:string", "x:boolean", "=", "1_000", "0x1F", ".inf", "y", "yes", "a,b\"c'd", "\\N", "\xa0",
]  # fmt: skip
OWN = {"catalog_key", "catalog_source", "catalog_protect"}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(ODD)
scalars = (
    st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
)  # fmt: skip
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)  # fmt: skip
titles = texts.map(normal_title).filter(bool)
names = texts.filter(lambda name: name not in OWN)


def entries(values: st.SearchStrategy[Any], fields: st.SearchStrategy[str]) -> Any:
    entry = st.builds(
        ExportedEntry,
        key=st.text("abcXYZ019._/:@-", min_size=1, max_size=12),
        title=titles,
        bucket=st.sampled_from(["spots", "no"]),
        acr_id=st.none(),
        user_defined=st.none() | st.dictionaries(fields, values, max_size=4),
    )
    return st.lists(entry, max_size=4, unique_by=lambda one: one.key)


def read_back(name: str, text: str) -> dict[str, tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "catalog.yaml"
        if name == "catalog.yaml":
            path.write_bytes(text.encode())
        else:
            (Path(place) / name).write_bytes(text.encode())
            path.write_text(json.dumps({**HEADER, "include": [name]}))
        desired = load(path).desired
    return {
        key: (e.title, e.bucket, e.acr_id, typed(e.user_defined))
        for key, e in desired.entries.items()
    }


def meant(exported: Sequence[ExportedEntry]) -> dict[str, tuple[Any, ...]]:
    return {e.key: (e.title, e.bucket, e.acr_id, typed(e.user_defined)) for e in exported}


def typed(value: Any) -> Any:
    """Told apart by type too: 1 is not 1.0, and not true."""
    match value:
        case dict():
            return {key: typed(item) for key, item in value.items()}
        case list():
            return [typed(item) for item in value]
        case _:
            return (type(value).__name__, repr(value))


@searched
@given(entries(nested, names))
def test_yaml_round_trip(exported: list[ExportedEntry]) -> None:
    text = write_yaml(HEADER, exported)
    assert read_back("catalog.yaml", text) == meant(exported)


@searched
@given(entries(nested, names))
def test_json_lines_round_trip(exported: list[ExportedEntry]) -> None:
    assert read_back("x.jsonl", write_jsonl(exported)) == meant(exported)


@searched
@given(entries(scalars.filter(lambda v: v != ""), names.filter(bool)))
def test_csv_round_trip(exported: list[ExportedEntry]) -> None:
    assert read_back("x.csv", write_csv(exported)) == meant(exported)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts(text: str) -> None:
    title = normal_title(text) or "T"
    one = [
        ExportedEntry(
            "k", title, "spots", "0" * 32, {"value": text, f"x{text}": 1, "deep": [{text: text}]}
        )
    ]
    assert read_back("catalog.yaml", write_yaml(HEADER, one)) == meant(one)
    assert read_back("x.jsonl", write_jsonl(one)) == meant(one)
    if text:
        one = [ExportedEntry("k", title, "spots", None, {"value": text, f"x{text}": 1})]
        assert read_back("x.csv", write_csv(one)) == meant(one)


@searched
@given(entries(nested, names))
def test_other_readers_of_yaml_see_the_same_texts(exported: list[ExportedEntry]) -> None:
    """What is not obviously plain is in quotes, so that YAML 1.1 reads no NO as false."""
    assume(all(e.user_defined is not None for e in exported))
    read = yaml.safe_load(write_yaml({}, exported))["files"]
    for entry in exported:
        assert str(read[entry.key]["title"]) == entry.title
        for name, value in (entry.user_defined or {}).items():
            if isinstance(value, str):
                assert read[entry.key]["user_defined"][name] == value


def test_nothing_invisible_stands_in_yaml() -> None:
    text = write_yaml(HEADER, [ExportedEntry("k", "".join(ODD), "spots", None, {"".join(ODD): 1})])
    assert all(line.isprintable() for line in text.split("\n"))


@searched
@given(texts)
def test_no_cell_is_a_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_no_formula_in_a_table() -> None:
    text = write_csv([ExportedEntry("@k", "=HYPERLINK(1)", "spots", None, {"a": "+1", "n": -1})])
    (header, row) = csv.reader(io.StringIO(text, newline=""))
    assert dict(zip(header, row, strict=True)) == {
        "key": "'@k", "title": "'=HYPERLINK(1)", "bucket": "spots", "acr_id": "",
        "user_defined.a": "'+1", "user_defined.n:number": "-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"b": 1}}, "nested or null"),
        ({"a": [1]}, "nested or null"),
        ({"a": ""}, "an empty text"),
        ({"": "x"}, "has a name that no column can have"),
        ({"a": "x" * 200_000}, "too long for a cell"),
    ],
)
def test_what_a_table_cannot_hold(value: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message) as caught:
        write_csv([ExportedEntry("k", "T", "spots", None, value)])
    assert "export to .yaml or .jsonl instead" in str(caught.value)


def test_too_deep_to_be_read_back() -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    for write in (lambda e: write_yaml(HEADER, e), write_jsonl):
        with pytest.raises(CatalogError, match="nested too deep"):
            write([ExportedEntry("k", "T", "spots", None, {"a": deep})])


def test_nothing_to_export() -> None:
    assert read_back("catalog.yaml", write_yaml(HEADER, [])) == {}
    assert read_back("x.csv", write_csv([])) == {}
    assert write_jsonl([]) == ""


def test_how_yaml_reads() -> None:
    one = ExportedEntry(
        "spots/a",
        "Spring ad 30s",
        "spots",
        "0" * 32,
        {"year": 1979, "isrc": "00123", "x": {"y": [True]}},
    )
    assert write_yaml({"version": 1}, [one]).split(os.linesep) == [
        "version: 1",
        "files:",
        "  spots/a:",
        "    title: Spring ad 30s",
        "    bucket: spots",
        f'    acr_id: "{"0" * 32}"',
        "    user_defined:",
        "      year: 1979",
        '      isrc: "00123"',
        "      x:",
        '        "y": [true]',
        "",
    ]
