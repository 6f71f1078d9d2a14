"""What a plan does instead of bringing about what the catalogue says, in every form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.model import Key
from reconciler.core.plan import Note, Options, Plan, Purge, Revert
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_words import instead
from tests.render import stories
from tests.render.whole import plan_html, plan_text

MANY = tuple(Key(f"k{number}") for number in range(12))


def back(run: str, *keys: Key) -> Plan:
    plan = stories.plan(stories.create("a", "T"))
    notes = (Note("lost", "the audio of \x1b[31m`<b>\u202e is gone", Key("a")),)
    return replace(plan, options=Options(way=Revert(run, keys)), notes=notes)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (None, None),
        (Revert("r1"), "Takes back run r1"),
        (Revert("r1", (Key("a"),)), "Takes back run r1, key a"),
        (Revert("r1", MANY[:2]), "Takes back run r1, keys k0, k1"),
        (Revert("r1", MANY), f"Takes back run r1, keys {', '.join(MANY[:10])} and 2 more"),
        (Purge("2025-03-04T09:12:44Z"), None),
    ],
    ids=str,
)
def test_it_is_said_in_words(way: Revert | Purge | None, said: str | None) -> None:
    assert instead(way) == said


def test_it_heads_every_form() -> None:
    plan = back("r1", Key("a"))
    assert "\n  Takes back run r1, key a\n" in plan_text(plan, width=100).plain
    assert "**Takes back run `r1`, key `a`**" in plan_markdown(plan)
    assert "Takes back run <code>r1</code>, key <code>a</code>" in plan_html(plan)


def test_nothing_to_take_back_is_not_called_as_it_should_be() -> None:
    plan = replace(stories.plan(), options=Options(way=Revert("r1")), notes=())
    text = plan_text(plan, width=100).plain
    assert "Nothing to do\n" in text
    assert "as it should be" not in text


def test_a_hostile_ledger_does_nothing_to_who_reads_it() -> None:
    plan = back("\x1b[2J`|<script>\u202e\n")
    for shown in (plan_text(plan, width=100).plain, plan_markdown(plan), plan_html(plan)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script>\u202e" not in plan_html(plan)
    assert "run <code>\\u{1b}[2J`|&lt;script&gt;" in plan_html(plan)
