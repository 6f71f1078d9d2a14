"""T11: whatever a text holds, a message in Slack is built as with any other, and within limits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.message import Message, MessageItem, message_of
from reconciler.render.message_slack import message_slack
from reconciler.render.safe import is_hidden
from tests.core.test_metrics import APPLIED, FAILED, LOOKED

HEX = "0123456789abcdef" * 4
RUN = "https://github.example/acme/ads/actions/runs/77"
TEXTS = st.text(max_size=300) | st.lists(
    st.sampled_from(["<!channel>", "<https://x|y>", "`", "```", "&lt;", "@here", "*", "\\", "\n"])
    | st.text(max_size=5)
).map("".join)  # fmt: skip
LONG = [
    char * 3000
    for char in (
        "\U0001f600",
        "a\u0301\u0301\u0301\u0301",
        "a\U0001d167",
        "&\u0301",
        "&",
        "<",
        "`",
        "\u202e",
        "x",
        "\\",
        "\u3042",
    )
]


def told(text: str, count: int = 10) -> Message:
    """A message with this text wherever one of others' can be."""
    item = MessageItem("changed live", "delete", text, text, text)
    return Message(
        command="drift",
        catalog="radio-ads",
        exit_code=2,
        at="2026-01-01T00:00:00+00:00",
        tool="reconciler 0.1",
        counts={"changed live": 12},
        items=(item,) * count,
        more=2,
        error=text,
        ci_run=RUN,
        anchor=f"12:sha256:{HEX}",
    )


def slack(message: Message) -> Any:
    return json.loads(message_slack(message))


def texts(body: Any) -> list[str]:
    """All texts of Slack's own markup."""
    found = [body["text"]]
    for block in body["blocks"]:
        if block["type"] != "header":
            found += [part["text"] for part in block.get("elements", [block.get("text")])]
    return found


def outside(text: str) -> str:
    """What stands in no code."""
    return re.sub(r"`[^`\n]*`", "`CODE`", text)


PLAIN = [outside(text) for text in texts(slack(told("z")))]


def test_a_mention_and_a_link_are_nothing_but_characters() -> None:
    for title in ("<!channel>", "<https://evil.example|text>", "<@U123>", "&lt;!here&gt;"):
        data = message_slack(told(title)).decode()
        assert title not in data
        assert title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in data
    assert "&lt;!channel&gt;" in message_slack(told("<!channel>")).decode()


@pytest.mark.parametrize("text", ["a`b", "`", "```\nx", "` <!channel> `"])
def test_no_backtick_ends_the_code_that_a_text_stands_in(text: str) -> None:
    for given_text in texts(slack(told(text))):
        assert given_text.count("`") % 2 == 0
    assert [outside(each) for each in texts(slack(told(text)))] == PLAIN


@given(TEXTS)
def test_whatever_a_text_holds_the_message_is_built_as_with_any_other(text: str) -> None:
    found = texts(slack(told(text)))
    # Long ones may take more than one section.
    assert "\n".join(map(outside, found)) == "\n".join(PLAIN)
    for each in found:
        assert not [char for char in each if is_hidden(char) and char != "\n"]
        assert re.findall(r"<[^>]*>?|>", each) in ([], [f"<{RUN}|CI run>"])
        assert not re.search(r"&(?!amp;|lt;|gt;)", each)


@pytest.mark.parametrize("text", LONG)
def test_no_limit_of_slack_is_passed(text: str) -> None:
    body = slack(told(text))
    assert len(body["blocks"]) <= 50
    for block in body["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
    assert all(len(each.encode("utf-16-le")) <= 2 * 3000 for each in texts(body))
    assert all(not re.search(r"&(?!amp;|lt;|gt;)", each) for each in texts(body))


def test_what_is_verbatim_makes_no_links_of_its_own() -> None:
    body = slack(told("https://evil.example @channel #general"))
    assert body["unfurl_links"] is body["unfurl_media"] is False
    for block in body["blocks"]:
        for part in block.get("elements", [block.get("text")]):
            assert part["type"] == "plain_text" or part["verbatim"] is True


def test_a_drift_as_it_is_read() -> None:
    message = message_of(LOOKED, at="now", tool="t", ci_run=RUN)
    body = slack(replace(message, items=message.items[:2], more=9))
    assert body["text"].startswith("Drift of radio-ads: 12 items (1 missing live, 1 changed live,")
    head, counts, items, beneath = body["blocks"]
    assert head["text"]["text"] == "Drift of radio-ads: 12 items"
    assert counts["text"]["text"].endswith("3 unmanaged, exit 2")
    assert items["text"]["text"] == (
        "• *missing live* `winter-ad` `Spring ad 30s` in `spots`\n"
        "• *changed live* `spring-ad-01` `Spring ad 30s` in `spots`\n"
        "and 9 more"
    )
    assert beneath["elements"][0]["text"] == f"<{RUN}|CI run>"


def test_an_apply_as_it_is_read() -> None:
    assert APPLIED.applying is not None
    anchored = replace(APPLIED, applying=replace(APPLIED.applying, anchor=f"12:sha256:{HEX}"))
    body = slack(message_of(anchored, at="now", tool="t", ci_run=None))
    head, counts, items, beneath = body["blocks"]
    assert head["text"]["text"] == "Apply of radio-ads: done in part"
    assert counts["text"]["text"] == (
        "1 unknown, 1 failed, 1 stale, 1 applied, 1 already done, not converged, exit 3"
    )
    assert items["text"]["text"].splitlines()[0] == "• *failed* delete `c` `C` in `spots`"
    assert beneath["elements"][0]["text"] == f"ledger at `12:sha256:{HEX}`"


def test_a_failure_as_it_is_read() -> None:
    body = slack(message_of(replace(FAILED, catalog=None), at="now", tool="t", ci_run=None))
    assert [block["text"]["text"] for block in body["blocks"]] == [
        "Drift: failed",
        "exit 7",
        "`no token`",
    ]
