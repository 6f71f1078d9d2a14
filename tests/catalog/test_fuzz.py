# ruff: noqa: E501 - a table reads better with a case on each line
"""Whatever the bytes: a catalogue, or CatalogError with places. Nothing else, ever."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.loading import load
from reconciler.catalog.problems import Problem
from reconciler.core.model import DesiredState, Opaque
from reconciler.errors import CatalogError
from tests.catalog.conftest import searched

CATALOG = b"""\
version: 1
catalog: c
buckets: {s: {id: 1}, t: {id: 2, prune: none}}
identity: {field: k, format: catalog/key, source_field: ~}
user_defined: {mode: merge, ignore: ["x*"], schema: schema.json}
limits: {max_deletes: 10, max_delete_percent: 1.5}
defaults: {bucket: s, user_defined: &d {label: X}}
include: [t.csv, f.jsonl]
files:
  a: &a {title: 1979, source: {audio: a.mp3}, user_defined: {<<: *d, year: 1979}, was: [b]}
  c: {title: "\\u00e9", acr_id: 6d3e17559677cd79ecb0b7cd2c79bea0, protect: true}
  d: {absent: true}
  e: {title: E, source: {audio_url: "https://x.example/a.mp3", sha256: ""}}
"""
TABLE = b'key,title,user_defined.year:number,was\nt1,"a ""b""",1979,o p\nt2,T,,\n'
LINES = b'{"key": "j1", "title": "J", "user_defined": {"n": {"a": [1, null]}}}\n{"key": "j2", "title": "K"}\n'
SCHEMA = b'{"type": "object", "properties": {"label": {"type": "string"}}}'
JUNK = [b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"*a", b"&a ", b"!!str ", b"<<: ", b"? ", b"- ", b": ", b"~", b"[", b"{",
        b"}", b"\n", b"\n  ", b"\t", b"'", b'"', b"#", b"|", b">", b"---\n", b"...\n", b"%", b"@", b"null", b"1e999",
        b"9" * 30, b"\xc2\x85", b"\xe2\x80\xa8", b"\r", b",", b"NaN", b"\\ud800", b"-1", b"true"]  # fmt: skip


def check_problems(error: CatalogError) -> None:
    assert error.problems
    for problem in error.problems:
        assert isinstance(problem, Problem)
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert str(problem).isprintable()


def outcome(home: Path, files: dict[str, bytes]) -> None:
    home.mkdir(exist_ok=True)
    for name, content in files.items():
        (home / name).write_bytes(content)
    desired, problems = loaded_or_refused(home / "catalog.yaml")
    if desired is None:
        assert problems
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert str(problem).isprintable()
    for entry in desired.entries.values() if desired else ():
        assert entry.title
        assert desired is not None
        assert entry.bucket in desired.buckets
        assert not isinstance(entry.user_defined, Opaque)
        json.dumps(entry.user_defined, allow_nan=False).encode()


def loaded_or_refused(path: Path) -> tuple[DesiredState | None, tuple[Any, ...]]:
    try:
        return load(path).desired, ()
    except CatalogError as error:
        return None, error.problems


@pytest.fixture(scope="module")
def home(tmp_path_factory: Any) -> Path:
    place: Path = tmp_path_factory.mktemp("fuzz")
    return place


FILES = {"catalog.yaml": CATALOG, "t.csv": TABLE, "f.jsonl": LINES, "schema.json": SCHEMA}


@searched
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_arbitrary_bytes(home: Path, data: bytes) -> None:
    outcome(home, {"catalog.yaml": data})


@searched
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(
        st.tuples(st.integers(0, 1000), st.integers(0, 30), st.sampled_from(JUNK)),
        min_size=1,
        max_size=4,
    ),
)
def test_mutated_catalogues(home: Path, name: str, edits: list[tuple[int, int, bytes]]) -> None:
    files = dict(FILES)
    for at, cut, junk in edits:
        data = files[name]
        begin = at % (len(data) + 1)
        files[name] = data[:begin] + junk + data[begin + cut :]
    outcome(home, files)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = [
    "version",
    "catalog",
    "api",
    "buckets",
    "identity",
    "user_defined",
    "limits",
    "defaults",
    "include",
    "files",
]
INNER = ["title", "bucket", "source", "user_defined", "acr_id", "was", "protect", "absent", "id", "prune", "base_url",
         "field", "format", "former_names", "mode", "ignore", "schema", "max_deletes", "a", "spots"]  # fmt: skip
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        name: VALUES
        | st.dictionaries(
            st.sampled_from(INNER),
            VALUES | st.dictionaries(st.sampled_from(INNER), VALUES, max_size=4),
            max_size=4,
        )
        for name in NAMES
    },
)


@searched
@given(SHAPED)
def test_wrong_types_everywhere(home: Path, document: dict[str, Any]) -> None:
    whole = {"version": 1, "catalog": "c", "buckets": {"s": {"id": 1}}, **document}
    outcome(home, {"catalog.yaml": json.dumps(whole, ensure_ascii=False).encode()})


@searched
@given(
    st.binary(max_size=100) | st.text(max_size=100).map(str.encode),
    st.sampled_from(["t.csv", "f.jsonl", "schema.json"]),
)
def test_arbitrary_included_bytes(home: Path, data: bytes, name: str) -> None:
    outcome(home, {**FILES, name: data})
