"""The picture of a plan: an XML document that hides nothing, loads nothing and is always the same.

That of an example stands in docs/plan.svg: see tests/examples.
"""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.plan import Seen
from reconciler.render.flows import flows_of
from reconciler.render.plan_picture import MOST_NODES, NARROW, WIDE, drawing, plan_svg
from tests.render import stories
from tests.render.stories import HOSTILE, content, delete, plan_with, update
from tests.render.test_golden import PLANS
from tests.render.test_markdown import TEXTS

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "style", "rect", "path", "text", "tspan"}
ATTRIBUTES = {
    *("class", "viewBox", "width", "height", "role", "aria-labelledby", "id", "rx"),
    *("x", "y", "d", "text-anchor"),
}


def read(source: str) -> ElementTree.Element:
    return ElementTree.fromstring(source)  # noqa: S314 - our own, and of no document type


def words(root: ElementTree.Element) -> list[str]:
    """What is written in it, but for what a screen reader is told."""
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", PLANS)
def test_it_is_a_small_document_and_always_the_same(name: str) -> None:
    source = plan_svg(PLANS[name]())
    assert source == plan_svg(PLANS[name]())
    root = read(source)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
    assert {name for element in root.iter() for name in element.attrib} <= ATTRIBUTES
    assert source.endswith("</svg>\n")
    assert "http" not in source.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in source


def test_a_screen_reader_is_told_all_of_it() -> None:
    root = read(plan_svg(stories.small()))
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "What the plan for radio-ads does with which files"
    assert desc.text == (
        "2 to create, 1 to move, 1 to update, 2 to delete. 2 new files in spots. "
        "10 files in archive stay as they are. 1 file moves from spots to archive. "
        "1 file updated in spots. 6 files in spots stay as they are. 2 files deleted from spots."
    )


def test_numbers_stand_beside_the_bars_and_below_with_words() -> None:
    said = words(read(plan_svg(stories.small())))
    assert {"New files", "Deleted", "spots", "archive", "10 files", "> 1 \u2212 2"} <= set(said)
    assert {"+ 2 to create", "> 1 to move", "~ 1 to update", "\u2212 2 to delete"} <= set(said)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(TEXTS | st.sampled_from([*HOSTILE.values(), "</text><script>", "]]>", "&lt;", "\x00\uffff"]))
def test_no_name_of_a_bucket_becomes_markup(live: str) -> None:
    plan = replace(plan_with(live), live={live: Seen(1, 5, ""), "spots": Seen(2, 5, "")})
    for source in (plan_svg(plan), drawing(plan, flows_of(plan, MOST_NODES), NARROW, "x")):
        root = read(source)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
        assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source)


def heights(source: str) -> dict[str, float]:
    """How high each band is, by its class."""
    return {
        look: float(high)
        for look, high in re.findall(r'<path class="(\w+)" d="[^"]*?v([\d.]+)C', source)
    }


def test_one_delete_beside_ninety_thousand_updates_is_seen() -> None:
    one = update("u", content("a"), content("b"), "title")
    plan = stories.plan(*[one] * 90_000, delete("d", "x"))
    high = heights(plan_svg(replace(plan, live={"spots": Seen(1, 90_001, "")})))
    assert high["delete"] >= 4
    assert high["update"] > 200
    assert "stay" not in high


def test_bands_are_as_wide_as_their_counts() -> None:
    many = [update(f"u{n}", content("a"), content("b"), "title", file_id=n) for n in range(60)]
    plan = stories.plan(*many, *[delete(f"d{n}", "x", 100 + n) for n in range(30)])
    high = heights(plan_svg(replace(plan, live={"spots": Seen(1, 1_000_000, "")})))
    assert high["update"] == pytest.approx(2 * high["delete"], abs=0.1)
    assert high["stay"] < high["delete"]


def test_a_hundred_buckets_are_no_more_than_twelve_places() -> None:
    changes = [replace(delete(f"k{n}", "x", n), bucket=f"bucket-{n:03}") for n in range(100)]
    root = read(plan_svg(replace(stories.plan(*changes), live={})))
    said = words(root)
    assert said.count("89 more buckets") == 2
    assert len([text for text in said if text.startswith("bucket-")]) == 2 * (MOST_NODES - 1)
    assert int(root.get("height", "0")) < 1400


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_every_label_is_inside(frame: object) -> None:
    plan = replace(
        stories.thousand(), live={"spots": Seen(1, 90_000, ""), "x" * 80: Seen(2, 1, "")}
    )
    source = drawing(plan, flows_of(plan, 12), WIDE if frame is WIDE else NARROW, "x")
    root = read(source)
    wide, high = map(int, root.get("viewBox", "").split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.get("x", "-1")) < wide
        assert 0 < float(text.get("y", "-1")) < high


def test_long_numbers_are_short_where_there_is_little_room() -> None:
    plan = replace(
        stories.empty(), live={"spots": Seen(1, 1_234_567, ""), "b": Seen(2, 12_345, "")}
    )
    said = words(read(drawing(plan, flows_of(plan, 12), NARROW, "x")))
    assert {"1.2M files", "12k files"} <= set(said)
