"""What is told of a run in a chat."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import orjson
import pytest

from reconciler.core.drift import Direction, Drift
from reconciler.core.ending import Ending
from reconciler.core.message import Message, headline, is_worth_telling, message_of
from reconciler.core.metrics import ending_of
from reconciler.core.model import FileId, Key
from reconciler.core.outcome import Applied
from reconciler.render.message_json import message_json
from reconciler.shipped import schema
from tests.core.test_metrics import APPLIED, FAILED, LOOKED
from tests.render import stories

SCHEMA = orjson.loads(schema("message.schema.json"))
NOTHING = replace(LOOKED, exit_code=0, drift=stories.in_sync())


def told(ending: Ending) -> Message:
    return message_of(ending, at="2026-01-01T00:00:00+00:00", tool="reconciler 0.1", ci_run=None)


@pytest.mark.parametrize(
    ("ending", "is_told"),
    [
        (LOOKED, True),
        (NOTHING, False),
        (FAILED, True),
        (APPLIED, True),
        (replace(APPLIED, exit_code=0), True),
        (replace(APPLIED, exit_code=0, applying=None), False),
        (replace(APPLIED, exit_code=6, applying=None), True),
    ],
)
def test_what_is_worth_telling(ending: Ending, is_told: bool) -> None:
    assert is_worth_telling(ending) is is_told


def test_an_apply_that_had_nothing_to_do_is_not() -> None:
    assert APPLIED.applying is not None
    idle = replace(APPLIED.applying, changes=(), outcomes={}, converged=True)
    assert not is_worth_telling(replace(APPLIED, exit_code=0, applying=idle))


class TestTheItems:
    def test_come_the_gravest_first_and_no_more_than_ten(self) -> None:
        message = told(LOOKED)
        assert len(message.items) == 10
        assert message.more == len(stories.drifted().items) - 10
        assert [item.what for item in message.items[:3]] == [
            "missing live",
            "changed live",
            "both changed",
        ]
        assert sum(message.counts.values()) == len(stories.drifted().items)

    def test_of_every_direction_have_a_place(self) -> None:
        items = tuple(stories.item(direction, "k", "m") for direction in Direction)
        message = told(replace(LOOKED, drift=Drift(items, 0, 0, 0, 0)))
        assert {item.what for item in message.items} == {each.value for each in Direction}

    def test_of_an_apply_are_what_did_not_go_well_and_then_the_heaviest(self) -> None:
        assert APPLIED.applying is not None
        changes = APPLIED.applying.changes
        done = {change.id: Applied(FileId(1), "") for change in changes}
        first, *_, last = told(APPLIED).items
        assert (first.what, last.what) == ("failed", "already done")
        all_done = told(replace(APPLIED, applying=replace(APPLIED.applying, outcomes=done)))
        actions = [item.action for item in all_done.items]
        assert actions == ["delete", "move", "update", "create", "create"]

    def test_hold_no_value_of_a_file(self) -> None:
        data = message_json(told(LOOKED))
        assert b"Acme" not in data
        assert b"by hand" not in data

    def test_and_errors_have_an_end(self) -> None:
        long = replace(stories.item(Direction.BROKEN, "k", "m"), title="x" * 5000, key=Key("k"))
        ending = replace(LOOKED, drift=Drift((long,), 0, 0, 1, 0), error="y" * 5000)
        message = told(ending)
        assert message.items[0].title == "x" * 999 + "…"
        assert message.error == "y" * 999 + "…"


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (LOOKED, "Drift of radio-ads: 12 items"),
        (replace(FAILED, catalog=None), "Drift: failed"),
        (APPLIED, "Apply of radio-ads: done in part"),
        (replace(APPLIED, exit_code=0), "Apply of radio-ads: done"),
        (replace(APPLIED, exit_code=143), "Apply of radio-ads: stopped"),
    ],
)
def test_the_headline(ending: Ending, words: str) -> None:
    assert headline(told(ending)) == words


class TestAsJson:
    @pytest.mark.parametrize("ending", [LOOKED, FAILED, APPLIED, NOTHING])
    def test_is_as_its_schema_says(self, ending: Ending) -> None:
        assert APPLIED.applying is not None
        anchored = replace(APPLIED.applying, anchor=f"12:sha256:{'0' * 64}")
        if ending is APPLIED:
            ending = replace(ending, applying=anchored)
        message = message_of(ending, at="now", tool="t", ci_run="https://ci.example/7")
        jsonschema.validate(orjson.loads(message_json(message)), SCHEMA)

    def test_is_exact(self) -> None:
        hostile = replace(stories.item(Direction.BROKEN, "k", "m"), title=stories.HOSTILE["bidi"])
        data = message_json(told(replace(LOOKED, drift=Drift((hostile,), 0, 0, 1, 0))))
        assert orjson.loads(data) == {
            "format": "reconciler/message/1",
            "command": "drift",
            "catalog": {"name": "radio-ads"},
            "exit_code": 2,
            "counts": {"broken": 1},
            "items": [
                {
                    "what": "broken",
                    "key": "k",
                    "title": stories.HOSTILE["bidi"],
                    "bucket": "spots",
                }
            ],
            "more": 0,
            "created_at": "2026-01-01T00:00:00+00:00",
            "tool": "reconciler 0.1",
        }

    def test_the_schema_knows_every_word(self) -> None:
        known = set(SCHEMA["$defs"]["item"]["properties"]["what"]["enum"])
        assert APPLIED.applying is not None
        outcomes = {ending_of(end) for end in (*APPLIED.applying.outcomes.values(), None)}
        assert known == {direction.value for direction in Direction} | outcomes
