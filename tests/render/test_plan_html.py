"""The report: one file that loads nothing, runs nothing but its own, and is read without a script.

What a browser does with it is tested in tests/browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.render import plan_html as module
from reconciler.render.plan_html import PLAIN
from tests.render import stories
from tests.render.stories import HOSTILE, content, plan_with, update
from tests.render.test_golden import PLANS
from tests.render.test_markdown import TEXTS
from tests.render.whole import MADE, plan_html

if TYPE_CHECKING:
    from reconciler.core.plan import Plan

VOID = {"meta", "input", "link", "br", "img", "hr", "base"}


class Page(HTMLParser):
    """The page as a browser reads it, but for what it forgives: every element is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.inside.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.inside if name == tag]

    @property
    def text(self) -> str:
        hidden = ("script", "style", "title", "desc")
        return " ".join(text for tag, text in self.inside if tag not in hidden)

    @property
    def data(self) -> Any:
        """What the script of the page is given."""
        return json.loads(self.of("script")[0])


def page(plan: Plan, **how: Any) -> Page:
    return Page(plan_html(plan, **how))


PLAIN_PAGE = page(plan_with("z"))


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(
    TEXTS.filter(bool)
    | st.sampled_from([*HOSTILE.values(), "</script><script>pwned=1</script>", "<!--<script>"])
)
def test_whatever_a_text_holds_the_page_is_built_as_with_any_other(live: str) -> None:
    """No tag, attribute, link or script of its own."""
    read = page(plan_with(live))
    assert set(read.tags) == set(PLAIN_PAGE.tags)
    # A cell of a field says by one more word that there is no value.
    assert _without_words(read) == _without_words(PLAIN_PAGE)
    assert len(read.data["changes"]) == 4


def _without_words(read: Page) -> Counter[str]:
    return Counter(tag for tag, _ in read.tags if tag != "span")


def test_the_page_is_read_as_it_is_meant() -> None:
    """So that the property above can fail."""
    names = {tag for tag, _ in PLAIN_PAGE.tags}
    assert {"header", "main", "footer", "h1", "h2", "table", "details", "svg", "form"} <= names
    assert [tag for tag, _ in PLAIN_PAGE.tags].count("script") == 2


@pytest.mark.parametrize("name", PLANS)
def test_nothing_is_loaded_and_nothing_is_styled_or_run_by_an_attribute(name: str) -> None:
    for tag, attribute, value in page(PLANS[name]()).attributes:
        assert attribute not in ("src", "srcset", "style", "action", "srcdoc", "data", "background")
        assert not attribute.startswith("on")
        if attribute == "href":
            assert (tag, value) == ("a", "#changes")


def test_the_policy_allows_the_pages_own_style_and_script_by_their_digests_alone() -> None:
    read = page(stories.hostile())
    (policy,) = [
        value for _, name, value in read.attributes if name == "content" and "src" in value
    ]
    style, script = read.of("style"), read.of("script")[1:]
    wanted = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (*style, *script)
    }
    assert set(re.findall(r"'sha256-[^']+'", policy)) == wanted
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", PLANS)
def test_the_same_plan_makes_the_same_bytes(name: str) -> None:
    assert plan_html(PLANS[name]()) == plan_html(PLANS[name]())


def test_no_character_acts_or_hides() -> None:
    source = plan_html(stories.hostile())
    source.encode()
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff]", source
    )
    data = source[source.index('id="data">') : source.rindex("<script>")]
    assert not re.search("[<>&]", data.removeprefix('id="data">').removesuffix("\n</script>\n"))


# What a reader without a script sees.


def test_the_head_says_what_the_plan_is() -> None:
    read = page(stories.refused())
    for said in (
        *("radio-ads", "https://api-v2.acrcloud.com/api", stories.refused().digest),
        *("2025-03-04T09:12:44+00:00", "--allow update=40", "--retry-broken", "reconciler 0.0.0"),
    ):
        assert said in read.text


def test_violations_stand_before_everything_and_notes_before_the_changes() -> None:
    plan = replace(stories.small(), **_told())
    headings = [text for text in page(plan).of("h2") if text.strip()]
    assert headings == [
        *("Refused by guardrails ", "What it does", "What goes where", "Not done ", "Changes"),
    ]


def _told() -> dict[str, Any]:
    return {"violations": stories.refused().violations, "notes": stories.noted().notes}


def test_few_of_many_violations_are_seen_at_once_and_the_rest_is_folded() -> None:
    violation = stories.refused().violations[0]
    many = tuple(replace(violation, message=f"number {n}") for n in range(1200))
    text = page(replace(stories.small(), violations=many)).text
    assert "number 9 " in text
    assert "1,190 more" in text
    assert "number 499 " in text
    assert "number 500 " not in text
    assert "… and 700 more" in text


def test_a_change_has_its_fields_before_and_after() -> None:
    source = plan_html(stories.small())
    assert '<tr class="changed"><th scope="row"><code>title</code>' in source
    assert "<td>&quot;Autumn sale&quot;</td><td>&quot;Autumn sale 30s&quot;</td></tr>" in source
    assert '<tr class="added"><th scope="row"><code>user_defined.label</code>' in source
    assert '<tr class="removed"><th scope="row"><code>user_defined.old</code>' in source
    assert '<tr class="same"><th scope="row"><code>user_defined.year</code>' in source


def test_what_is_the_same_is_shown_behind_what_differs() -> None:
    before, after = content("A", "k", same=1, other=2), content("B", "k", same=1, other=3)
    (change,) = page(stories.plan(update("k", before, after, "title", "user_defined.other"))).data[
        "changes"
    ]
    fields = [(name.removeprefix("user_defined."), how) for name, how, *_ in change[8]]
    assert fields == [
        *(("title", "changed"), ("other", "changed"), ("same", "same")),
        *(("catalog_key", "same"), ("catalog_source", "same")),
    ]


def test_a_field_inside_a_value_stands_for_the_value() -> None:
    (change,) = page(stories.awkward()).data["changes"]
    names = [name for name, *_ in change[8]]
    assert "user_defined.deep.a[1].b" in names
    assert "user_defined.deep" not in names


def test_a_create_only_adds_a_delete_only_removes_and_a_move_leaves() -> None:
    changes = page(stories.small()).data["changes"]
    hows = {verb: {how for _, how, *_ in fields} for verb, *_, fields, _ in changes}
    assert hows["create"] == {"added"}
    assert hows["delete"] == {"removed"}
    assert hows["move"] == {"same"}


def test_marks_are_called_so_and_protection_is() -> None:
    (change,) = page(stories.marks()).data["changes"]
    assert {name.removeprefix("user_defined."): mark for name, _, mark, *_ in change[8]} == {
        "title": False,
        "catalog_key": True,
        "catalog_protect": True,
        "catalog_source": True,
    }


def test_the_risk_is_said_with_its_reasons() -> None:
    text = page(stories.small()).text
    assert "Risk:  high" in text
    assert "deletes 2 files for good" in text


def test_a_plan_from_a_snapshot_says_so_above_all() -> None:
    text = page(stories.from_snapshot()).text
    assert text.count("from a snapshot of 2026-01-01T00:00:00Z, 3 days old: cannot be applied") == 1
    assert (
        "From a snapshot of 2026-01-01T00:00:00Z, 3 days old: cannot be applied. What is live"
        in text
    )


def test_nothing_to_do_is_said() -> None:
    text = page(stories.empty()).text
    assert "Nothing to do" in text
    assert "There is nothing to do." in text


# However much it is.


def test_the_first_hundred_are_html_and_all_are_data() -> None:
    read = page(stories.thousand())
    assert [name for name, _ in read.tags].count("details") == 1 + PLAIN
    assert len(read.data["changes"]) == 1004
    assert "904 more changes can be seen where scripts may run." in read.text


def test_what_is_left_out_is_said_and_a_few_deletes_are_not_hidden() -> None:
    read = page(stories.thousand(), most=50)
    assert [change[0] for change in read.data["changes"]].count("delete") == 3
    assert len(read.data["changes"]) == 50
    assert "This report holds 50 of the plan's changes" in read.text
    assert "954 more updates" in read.text
    assert "reconciler show PLAN.json --verbose" in read.text


def test_a_change_that_holds_a_lot_shows_some_of_it() -> None:
    wide = content("x", None, **{f"field-{n:03}": "y" * 10_000 for n in range(300)})
    (change,) = page(stories.plan(update("k", content("x"), wide))).data["changes"]
    assert len(change[8]) == 100
    assert change[9] == 201
    assert len(json.dumps(change)) < 100_000


def test_behind_so_many_bytes_fields_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CHARACTERS", 2000)
    changes = page(stories.thousand()).data["changes"]
    assert len(changes) == 1004
    assert changes[0][8]
    assert changes[-1][8] == []
    assert changes[-1][9] == 3


def test_it_comes_piece_by_piece() -> None:
    parts = module.Parts("{{data}}", "", "")
    pieces = list(module.plan_html(stories.thousand(), MADE, parts))
    assert max(map(len, pieces)) < 2000
