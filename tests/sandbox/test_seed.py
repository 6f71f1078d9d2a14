"""--seed: the buckets of a catalogue, and the files that it pins."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import seed
from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Open

ACR_ID = "6d3e17559677cd79ecb0b7cd2c79bea0"
CATALOGUE = f"""
version: 1
catalog: radio-ads
buckets:
  spots: {{id: 8891}}
  attic: {{id: 7, prune: none}}
defaults:
  bucket: spots
  user_defined: {{label: Acme Media, dropped: here}}
include: [more.yaml]
files:
  spring-ad-01:
    title: Spring ad 30s
    source: {{audio: audio/spring.mp3}}
  pinned:
    title: Pinned
    acr_id: {ACR_ID}
    user_defined: &metadata
      {{artist: Acme, year: 1979, isrc: 00123, at: 12:30, no: NO, dropped: null}}
  numbered:
    title: 1979
    bucket: attic
    acr_id: {ACR_ID.replace("6", "7").upper()}
    user_defined: {{<<: *metadata, day: 2024-01-01, list: [1, x, true]}}
  gone:
    acr_id: {ACR_ID.replace("6", "8")}
    absent: true
"""


def test_buckets_and_pinned_files(open_sandbox: Open, tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(CATALOGUE)
    api = open_sandbox(seed=path, data=tmp_path / "sandbox.db")
    assert api("GET", "/buckets/7").json()["data"]["name"] == "attic"
    pinned, gone = api.list(8891)["data"]
    assert (pinned["title"], pinned["acr_id"], pinned["state"]) == ("Pinned", ACR_ID, 1)
    assert gone["title"] == "gone"
    metadata = {"artist": "Acme", "year": 1979, "isrc": "00123", "at": "12:30", "no": "NO"}
    expected = {"label": "Acme Media", "dropped": None, **metadata}
    assert pinned["user_defined"] == expected
    (numbered,) = api.list(7)["data"]
    assert (numbered["title"], numbered["acr_id"]) == ("1979", ACR_ID.replace("6", "7"))
    assert numbered["user_defined"] == {**expected, "day": "2024-01-01", "list": [1, "x", True]}
    assert api.sandbox.mutations == []


def test_seeding_again_keeps_what_is_there(open_sandbox: Open, tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(CATALOGUE)
    first = open_sandbox(seed=path, data=tmp_path / "sandbox.db")
    first.sandbox.edit(ACR_ID, title="edited", bucket_id=8892)
    before = first.sandbox.files()
    assert open_sandbox(seed=path, data=tmp_path / "sandbox.db").sandbox.files() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the catalogue: expected a mapping"),
        ("- a", "the catalogue: expected a mapping"),
        ("buckets: [", "cannot be read as a catalogue"),
        ("files: {}", "buckets: expected a mapping"),
        ("buckets: {a: {}}", "buckets.a.id: expected a number"),
        ("buckets: {a: {id: x}}", "buckets.a.id: expected a number"),
        ("buckets: {a: {id: 0}}", "buckets.a.id: expected a number"),
        ("buckets: {a: {id: 99999999999999999999}}", "buckets.a.id: expected a number"),
        ("buckets: {a: 1}", "buckets.a: expected a mapping"),
        ("buckets: {a: {id: 1}}\nfiles: []\ndefaults: 3", "defaults: expected a mapping"),
        ("buckets: {a: {id: 1}}\nfiles: {k: {acr_id: 3}}", "files.k.acr_id: expected 32 hex"),
        (
            f"buckets: {{a: {{id: 1}}}}\nfiles: {{k: {{acr_id: {ACR_ID}, bucket: b}}}}",
            "files.k.bucket: b is none of a",
        ),
        (
            f"buckets: {{a: {{id: 1}}}}\nfiles: {{k: {{acr_id: {ACR_ID}}}, b: 1}}",
            "files.b: expected",
        ),
        *(
            (
                f"buckets: {{a: {{id: 1}}}}\n"
                f"files: {{k: {{acr_id: {ACR_ID}, user_defined: {{v: {value}}}}}}}",
                words,
            )
            for value, words in (
                ("!!binary aGk=", "b'hi' has no form in JSON"),
                ("!!timestamp 2024-01-01", "has no form in JSON"),
                ("&v [*v]", "cannot be read"),  # holds itself
                (
                    "[&a [x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a],"
                    " &c [*b,*b,*b,*b,*b,*b,*b,*b], &d [*c,*c,*c,*c,*c,*c,*c,*c],"
                    " &e [*d,*d,*d,*d,*d,*d,*d,*d], [*e,*e,*e,*e,*e,*e,*e,*e]]",
                    "more than 10000 values",
                ),
            )
        ),
        ("a: !!python/object:os.system x", "cannot be read"),
        ("? [a]\n: b", "cannot be read"),
        ("[" * 2000, "cannot be read"),
        ("a: \x00", "cannot be read"),
    ],
)
def test_odd_input_is_an_error_of_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(text)
    with pytest.raises(SandboxError) as caught:
        seed.read(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"a: \xff")
    for name in ("latin", "missing", "."):
        with pytest.raises(SandboxError):
            seed.read(tmp_path / name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    pieces=st.lists(
        st.sampled_from(
            [*"ab:{}[]-&*!|>?,'\"\n 0189.~<#%", "id: ", "buckets: ", "files: ", "acr_id: "]
        )
    )
)
def test_no_input_raises_anything_else(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text("".join(pieces))
    with contextlib.suppress(SandboxError):
        seed.read(path)
