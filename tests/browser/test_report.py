"""The report in a browser: what a reviewer does with it, and what an attacker cannot."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.render.plan_html import PLAIN
from tests.browser.conftest import INJECTIONS, MANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Browser

    Pages = Callable[[str], Path]

TAB, ENTER, SPACE, ESCAPE = "\ue004", "\ue007", "\ue00d", "\ue00c"
UP, DOWN, SHIFT = "\ue013", "\ue015", "\ue008"

SET = """
const [id, value] = arguments, field = document.getElementById(id);
field.value = value;
field.dispatchEvent(new Event(id === "text" ? "input" : "change"));
return new Promise((done) => requestAnimationFrame(() => done()));
"""
OPEN_ALL = "document.getElementById('open').click()"


def check(browser: Browser, *verbs: str) -> None:
    """Tick these actions, and no others."""
    browser.js(
        "for (const box of document.querySelectorAll('[name=action]'))"
        " if (box.checked !== arguments[0].includes(box.value)) box.click()",
        verbs,
    )


# What an attacker cannot do.


def test_no_text_runs_and_nothing_is_asked_for(browser: Browser, page: Pages) -> None:
    browser.open(page("hostile"))
    browser.js(OPEN_ALL)
    for text in INJECTIONS:
        browser.js(SET, "text", text[:12])
    browser.js(SET, "text", "")
    browser.js("document.querySelector('#list summary').click()")
    assert browser.js("return window.pwned ?? null") is None
    assert browser.requests() == [page("hostile").as_uri()]
    assert browser.js("return performance.getEntriesByType('resource').length") == 0
    strange = "img, iframe, link, base, object, embed, script ~ script ~ script, [onload], [style]"
    assert browser.js("return document.querySelectorAll(arguments[0]).length", strange) == 0
    shown = browser.js("return document.querySelector('h1').textContent")
    assert shown == INJECTIONS[1]


def test_the_policy_stops_what_would_get_in_nevertheless(started: Browser, page: Pages) -> None:
    started.open(page("small"))
    stopped = started.js(
        """
        const found = [];
        addEventListener("securitypolicyviolation", (stopped) =>
          found.push(stopped.effectiveDirective));
        const add = (name, attributes, text = "") => {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
          element.textContent = text;
          document.body.append(element);
        };
        add("script", {}, "window.pwned = 'script'");
        add("style", {}, "body { color: red }");
        add("img", { src: "https://evil.example/x.png", onerror: "window.pwned = 'img'" });
        add("p", { style: "color: red" });
        add("iframe", { src: "https://evil.example/" });
        return fetch("https://evil.example/").catch(() =>
          new Promise((done) => setTimeout(() => done([window.pwned ?? null, found.sort()]))));
        """
    )
    started.logs()  # the browser complains of each of them
    assert stopped[0] is None
    assert {"script-src-elem", "style-src-elem", "img-src", "connect-src"} <= set(stopped[1])
    assert {"script-src-attr", "style-src-attr"} <= set(stopped[1])
    assert not [url for url in started.requests() if "evil" in url and not url.startswith("https")]


# What a reviewer does.


def test_the_script_shows_what_stands_in_the_file_without_it(browser: Browser, page: Pages) -> None:
    browser.open(page("full"))
    browser.js(OPEN_ALL)
    without, with_it = browser.js(
        """
        const rows = (page) => [...page.querySelectorAll("#list > li")].map((row) => {
          const copy = row.cloneNode(true), details = copy.querySelector("details");
          copy.querySelector(".link")?.remove();
          details.removeAttribute("data-at");
          details.removeAttribute("open");
          return copy.outerHTML;
        });
        return [rows(new DOMParser().parseFromString(arguments[0], "text/html")), rows(document)];
        """,
        page("full").read_text("utf-8"),
    )
    assert len(without) > 10
    assert with_it == without


@pytest.mark.parametrize(
    ("verb", "keys"),
    [
        ("create", ["spring-ad-01", "spring-ad-02"]),
        ("move", ["old-jingle"]),
        ("update", ["autumn-ad-02"]),
        ("delete", ["winter-ad-07", "file 1399"]),
    ],
)
def test_filter_by_action(browser: Browser, page: Pages, verb: str, keys: list[str]) -> None:
    browser.open(page("small"))
    check(browser, verb)
    assert browser.keys == keys
    assert browser.found == f"{len(keys)} of 6 changes"
    assert browser.address == f"action={verb}"


def test_several_actions_are_either(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    check(browser, "move", "delete")
    assert browser.keys == ["old-jingle", "winter-ad-07", "file 1399"]
    check(browser)
    assert browser.found == "6 changes"
    assert browser.address == ""


def test_a_bucket_has_what_comes_into_it_and_what_leaves(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    browser.js(SET, "bucket", "archive")
    assert browser.keys == ["old-jingle"]
    browser.js(SET, "bucket", "spots")
    assert len(browser.keys) == 6


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("winter-ad", ["winter-ad-07"]),
        ("AUTUMN sale", ["autumn-ad-02"]),
        ("user_defined.label", ["autumn-ad-02"]),
        ("acme media", ["autumn-ad-02"]),
        ("1399", ["file 1399"]),
        ("spring 00123", ["spring-ad-01"]),
        ("no such thing", []),
    ],
    ids=["a key", "a title", "a field", "a value", "a file", "two words", "nothing"],
)
def test_search(browser: Browser, page: Pages, text: str, keys: list[str]) -> None:
    browser.open(page("small"))
    browser.js(SET, "text", text)
    assert browser.keys == keys
    assert browser.js("return document.getElementById('none').hidden") == bool(keys)


def test_filters_hold_together_and_are_cleared_at_once(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    check(browser, "create", "update")
    browser.js(SET, "bucket", "spots")
    browser.js(SET, "text", "acme")
    assert browser.keys == ["spring-ad-01", "autumn-ad-02"]
    assert browser.address == "action=create,update&bucket=spots&text=acme"
    browser.js("document.getElementById('clear').click()")
    assert browser.found == "6 changes"
    assert browser.js("return document.getElementById('clear').hidden")


def test_the_address_brings_the_filters_back(browser: Browser, page: Pages) -> None:
    browser.open(page("small"), "#action=create,update,nonsense&bucket=spots&text=acme&order=key")
    assert browser.keys == ["autumn-ad-02", "spring-ad-01"]
    values = "return ['bucket', 'text', 'order'].map((id) => document.getElementById(id).value)"
    assert browser.js(values) == ["spots", "acme", "key"]
    browser.js("location.hash = '#bucket=no-such-bucket&order=sideways'")
    browser.js("return new Promise((done) => setTimeout(done))")
    assert browser.found == "6 changes"


def test_the_address_leads_to_a_key(browser: Browser, page: Pages) -> None:
    browser.open(page("thousands"), "#key=ad-07777")
    assert browser.keys == ["ad-07777"]
    assert browser.found == "1 of 10,000 changes: only ad-07777"
    text = browser.js("return document.querySelector('#list tbody td:last-child').textContent")
    assert text == '"Advertisement 7777 (30 s)"'
    opened = browser.js("return document.querySelector('#list details').open")
    link = browser.js("return document.querySelector('#list .link a').hash")
    assert (opened, link) == (True, "#key=ad-07777")


def test_the_order_is_that_of_applying_or_by_name_or_by_bucket(
    browser: Browser, page: Pages
) -> None:
    browser.open(page("small"))
    applied = browser.keys
    browser.js(SET, "order", "key")
    assert browser.keys == sorted(applied)
    browser.js(SET, "order", "bucket")
    headings = "return [...document.querySelectorAll('#list h3')].map((each) => each.textContent)"
    assert browser.js(headings) == [
        "archive 1 to move",
        "spots 2 to create, 1 to update, 2 to delete",
    ]


def test_a_row_opens_to_before_and_after_side_by_side(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    check(browser, "update")
    browser.js("document.querySelector('#list summary').click()")
    rows = browser.js(
        "return new Promise((done) => setTimeout(done)).then(() =>"
        " [...document.querySelectorAll('#list tbody tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.innerText.replaceAll('\\n', ' '))))"
    )
    assert rows[0] == ["title changed", '"Autumn sale"', '"Autumn sale 30s"']
    assert ["user_defined.label added", "\u2013 nothing", '"Acme Media"'] in [
        [name, before.strip(), after] for name, before, after in rows
    ]
    sides = browser.js(
        "return [...document.querySelectorAll('#list tbody tr:first-child td')]"
        ".map((cell) => cell.getBoundingClientRect().top)"
    )
    assert sides[0] == sides[1]


def test_the_digest_is_copied(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    copied = browser.js(
        """
        let copied = null;
        Object.defineProperty(navigator, "clipboard",
          { value: { writeText: async (text) => { copied = text; } } });
        document.getElementById("copy").click();
        return new Promise((done) => setTimeout(() => done(copied)));
        """
    )
    assert re.fullmatch("sha256:[0-9a-f]+", copied)
    assert browser.js("return document.getElementById('copied').textContent")


# However many there are.


def rows(browser: Browser) -> int:
    count: int = browser.js("return document.getElementById('list').childElementCount")
    return count


def test_of_ten_thousand_changes_few_are_built_at_once(browser: Browser, page: Pages) -> None:
    browser.open(page("thousands"))
    assert rows(browser) == PLAIN
    assert browser.found == "10,000 changes, the first 100 shown"
    assert browser.js("return document.querySelectorAll('*').length") < 3000
    browser.js(SET, "text", "zürich 30")
    assert rows(browser) == PLAIN
    assert re.fullmatch(r"[\d,]+ of 10,000 changes, the first 100 shown", browser.found)
    check(browser, "delete")
    assert "of 10,000 changes" in browser.found


def test_more_are_shown_when_asked_for(browser: Browser, page: Pages) -> None:
    browser.open(page("thousands"))
    more = "const more = document.getElementById('more'); more.click(); return more.textContent"
    assert browser.js(more) == "Show 500 more"
    assert rows(browser) == PLAIN + 500
    assert browser.found == "10,000 changes, the first 600 shown"
    at = "return document.activeElement.querySelector('.key').textContent"
    assert browser.js(at) == browser.keys[PLAIN]
    check(browser, "move")
    count = rows(browser)
    assert count < PLAIN
    assert browser.js("return document.getElementById('more').hidden")


# Without a mouse, and without eyes.


def focused(browser: Browser) -> str:
    """What has the focus: its id, or its value, or its text."""
    said: str = browser.js(
        "const at = document.activeElement;"
        "return at.id || at.value || at.querySelector('.key')?.textContent || at.textContent"
    )
    return said


def test_everything_is_done_by_the_keyboard(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    browser.press(TAB)
    assert focused(browser) == "Skip to the changes"
    browser.press(ENTER, TAB)
    assert focused(browser) == "text"
    browser.press(*"winter")
    browser.js("return new Promise((done) => requestAnimationFrame(() => done()))")
    assert browser.keys == ["winter-ad-07"]
    browser.press(ESCAPE, TAB, TAB)
    assert focused(browser) == "order"
    browser.press(TAB, SPACE)
    assert focused(browser) == "create"
    assert browser.keys == ["spring-ad-01", "spring-ad-02"]
    browser.press(SPACE, TAB, TAB, TAB)
    assert focused(browser) == "delete"
    browser.press(TAB)
    assert focused(browser) == "open"
    browser.press(TAB, TAB)
    assert focused(browser) == "spring-ad-01"
    browser.press(ENTER)
    assert browser.js("return document.activeElement.parentElement.open")
    browser.press(DOWN, DOWN)
    assert focused(browser) == "old-jingle"
    browser.press(UP)
    assert focused(browser) == "spring-ad-02"


def test_the_focus_goes_through_the_page_and_out_of_it_and_is_seen(
    browser: Browser, page: Pages
) -> None:
    browser.open(page("full"))
    seen = []
    for _ in range(80):
        browser.press(TAB)
        at, outline = browser.js(
            "const at = document.activeElement, box = at.closest('.box');"
            "const { outlineStyle, outlineWidth } = getComputedStyle(box ?? at);"
            "return [at === document.body, `${outlineStyle} ${outlineWidth}`]"
        )
        if at:
            break
        seen.append(outline)
    assert 20 < len(seen) < 80
    assert set(seen) == {"solid 3px"}


def tree(browser: Browser) -> list[tuple[str, str]]:
    """The page as a screen reader has it: roles and names."""
    nodes = browser.run("Accessibility.getFullAXTree")["nodes"]
    shown: list[dict[str, Any]] = [node for node in nodes if not node["ignored"]]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]


def test_every_control_has_a_name_and_the_page_its_landmarks(browser: Browser, page: Pages) -> None:
    browser.open(page("full"))
    browser.js(OPEN_ALL)
    parts = tree(browser)
    roles = {role for role, _ in parts}
    assert {"banner", "main", "contentinfo", "search", "status", "heading", "list"} <= roles
    controls = {
        *("button", "checkbox", "searchbox", "combobox", "link", "DisclosureTriangle"),
        *("image", "table", "columnheader", "rowheader", "region"),
    }
    assert controls - {"combobox"} <= roles
    assert [(role, name) for role, name in parts if role in controls and not name.strip()] == []
    names = {
        name for role, name in parts if role in ("searchbox", "checkbox", "combobox", "button")
    }
    assert {"Search", "Bucket", "Order", "Copy digest", "Open all shown"} <= names
    assert any(name.startswith("create") for name in names)


def test_headings_leave_no_level_out(browser: Browser, page: Pages) -> None:
    browser.open(page("full"), "#order=bucket")
    headings = "document.querySelectorAll('h1, h2, h3')"
    levels = browser.js(f"return [...{headings}].map((each) => Number(each.localName[1]))")
    assert levels[0] == 1
    assert set(levels) == {1, 2, 3}
    assert all(below <= level + 1 for level, below in pairwise(levels))


# However it is looked at.

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_every_text_stands_out(browser: Browser, page: Pages, dark: bool, width: int) -> None:
    browser.open(page("full"), dark=dark, width=width)
    browser.js(OPEN_ALL)
    background = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(16, 20, 26)" if dark else "rgb(255, 255, 255)")
    found = browser.js(CONTRAST)
    assert found.pop("seen") > 200
    assert found == {}


@pytest.mark.parametrize("name", ["full", "hostile", "thousands"])
def test_a_phone_shows_it_without_scrolling_sideways(
    browser: Browser, page: Pages, name: str
) -> None:
    browser.open(page(name), width=360)
    browser.js("for (const each of document.querySelectorAll('details')) each.open = true")
    browser.js(OPEN_ALL)
    wide = browser.js("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide == [360, 360]
    seen = "return document.querySelector(arguments[0]).checkVisibility()"
    assert [browser.js(seen, ".wide"), browser.js(seen, ".narrow")] == [False, True]


def test_printed_there_are_no_controls(browser: Browser, page: Pages) -> None:
    browser.open(page("small"))
    browser.run("Emulation.setEmulatedMedia", media="print")
    shown = browser.js(
        "return ['.filters', '#copy', 'h1', '#list'].map("
        "(each) => document.querySelector(each).checkVisibility())"
    )
    assert shown == [False, False, True, True]


def test_without_scripts_there_is_all_but_the_filters(browser: Browser, page: Pages) -> None:
    browser.run("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page("thousands"))
        nodes = tree(browser)
    finally:
        browser.run("Emulation.setScriptExecutionDisabled", value=False)
    roles = [role for role, _ in nodes]
    assert not {"searchbox", "checkbox", "button"} & set(roles)
    assert roles.count("DisclosureTriangle") == 1 + PLAIN
    assert any(f"{MANY - PLAIN:,} more changes can be seen" in name for _, name in nodes)
