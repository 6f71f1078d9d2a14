"""The first line of what we write: read strictly, and harmless whatever names are in it."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forge.marker import AppliedMarker, DriftMarker, PlanMarker, PulledMarker

HEAD, DIGEST = "a" * 40, f"sha256:{'b' * 64}"
MARKER = PlanMarker("radio-ads", HEAD, 17, DIGEST, "reconciler-plan")
LINE = (
    f"<!-- reconciler:plan v=1 catalog=radio-ads head={HEAD} run=17 digest={DIGEST} "
    "artifact=reconciler-plan -->"
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def test_it_is_one_line() -> None:
    assert str(MARKER) == LINE
    assert str(DriftMarker("radio-ads")) == "<!-- reconciler:drift v=1 catalog=radio-ads -->"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\ntext", "\r\ntext\r\n"])
def test_it_is_read_from_the_first_line(end: str) -> None:
    assert PlanMarker.of(LINE + end) == MARKER


@pytest.mark.parametrize(
    "body",
    [
        *("", "\n", "x", f"\n{LINE}", f" {LINE}", f"{LINE} ", f"> {LINE}", f"\ufeff{LINE}"),
        *(LINE.upper(), LINE.replace("v=1", "v=2"), LINE.replace(" -->", "-->"), LINE[:-1]),
        *(LINE.replace("head=a", "head=A"), LINE.replace("=17", "=017"), LINE.replace("=17", "=")),
        *(LINE.replace("=17", "=-1"), LINE.replace("=17", "=\u0661"), LINE + LINE),
        *(LINE.replace("radio-ads", "radio%2Dads"), LINE.replace("radio-ads", "a b")),
        *(LINE.replace("radio-ads", ""), LINE.replace("sha256:b", "sha256:")),
        *(LINE.replace("radio-ads", "%ff"), LINE.replace("radio-ads", "a--b")),
        *(LINE.replace(" run", "  run"), LINE.replace(" artifact=reconciler-plan", "")),
        LINE.replace("<!-- ", "<!--\x0b"),
    ],
)
def test_anything_else_is_none(body: str) -> None:
    assert PlanMarker.of(body) is None
    assert DriftMarker.of(body) is None


@pytest.mark.parametrize("kind", [DriftMarker, PulledMarker])
@pytest.mark.parametrize("name", ["radio-ads", "a--b", "a b", "é/%2D", "-->"])
def test_one_of_a_catalogue_alone_is_read_as_strictly(
    kind: type[DriftMarker] | type[PulledMarker], name: str
) -> None:
    line = str(kind(name))
    assert kind.of(f"{line}\r\nx") == kind(name)
    word = line.split()[1].partition(":")[2]
    for other in (f" {line}", line.replace("v=1", "v=2"), line.replace(word, "plan"), line[:-1]):
        assert kind.of(other) is None
    assert kind.of(f"<!-- reconciler:{word} v=1 catalog=radio%2Dads -->") is None
    assert kind.of(f"<!-- reconciler:{word} v=1 catalog=a--b -->") is None


def test_that_of_an_apply_is_read_as_strictly() -> None:
    line = "<!-- reconciler:applied v=1 catalog=radio-ads seq=20 -->"
    assert str(AppliedMarker("radio-ads", 20)) == line
    assert AppliedMarker.of(line) == AppliedMarker("radio-ads", 20)
    for other in (line.replace("=20", "=020"), line.replace("=20", "=-1"), f"{line} "):
        assert AppliedMarker.of(other) is None


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(NAMES, NAMES)
def test_whatever_the_names_it_is_read_again_and_nothing_shows(catalog: str, artifact: str) -> None:
    line = str(PlanMarker(catalog, HEAD, 17, DIGEST, artifact))
    assert re.fullmatch(r"<!-- [!-~ ]+ -->", line)
    assert "--" not in line[4:-3]
    if len(line) < 1_500:
        assert PlanMarker.of(f"{line}\nx") == PlanMarker(catalog, HEAD, 17, DIGEST, artifact)
    html = cmarkgfm.github_flavored_markdown_to_html(
        f"{line}\n**x**", cmarkgfm.Options.CMARK_OPT_UNSAFE
    )
    assert html.replace(line, "").strip() == "<p><strong>x</strong></p>"
