"""A plan as outputs of a CI job: exactly our names, whatever a plan holds (T5)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.render.dotenv import plan_dotenv
from tests.render import stories
from tests.render.stories import HOSTILE
from tests.render.test_plan_markdown import plan_with
from tests.render.test_workflow import TEXTS

NAMES = [
    *("catalog", "digest", "changes", "create", "update", "move", "delete"),
    *("violations", "risk", "snapshot"),
]


def outputs(text: str) -> dict[str, str]:
    """What a runner reads from $GITHUB_OUTPUT (actions/runner, `FileCommandManager.cs`): lines,
    and texts of several lines between a word and the same word."""
    found: dict[str, str] = {}
    lines = iter(re.split("\r\n|\n|\r", text))
    for line in lines:
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
        elif heredoc >= 0:
            found[line[:heredoc]] = "\n".join(iter(lines.__next__, line[heredoc + 2 :]))
        else:
            assert line == "", line
    return found


def variables(text: str) -> dict[str, str]:
    """What GitLab reads: each line is a variable."""
    return dict(re.fullmatch(r"(\w+)=(.*)", line).groups() for line in text.split("\n") if line)  # type: ignore[union-attr,misc]


def test_the_readers_see_what_they_must() -> None:
    """So that the property can fail."""
    assert outputs("a=1\nb<<EOF\nc=2\nEOF\nd=3\n") == {"a": "1", "b": "c=2", "d": "3"}
    with pytest.raises(AttributeError):
        variables("a=1\n\u2028b\n")


def test_a_plan_in_lines() -> None:
    assert plan_dotenv(stories.replacement()) == (
        "catalog=radio-ads\n"
        f"digest={stories.replacement().digest}\n"
        "changes=5\n"
        "create=2\n"
        "update=0\n"
        "move=0\n"
        "delete=3\n"
        "violations=0\n"
        "risk=high\n"
        "snapshot=false\n"
    )


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(TEXTS | st.sampled_from([*HOSTILE.values(), "a\nchanges=0\nEOF", "x<<EOF\ny", "a\r\nb=c"]))
def test_whatever_a_plan_holds_there_are_our_names_and_plain_values(live: str) -> None:
    text = plan_dotenv(plan_with(live))
    assert list(outputs(text)) == list(variables(text)) == NAMES
    assert outputs(text) == variables(text)
    assert re.fullmatch(r"([a-z]+=[A-Za-z0-9._:-]*\n){10}", text)
    assert len(text) < 1_000


def test_a_catalogue_with_its_own_marks_has_its_own_risk() -> None:
    plan = replace(
        stories.plan(
            stories.update("a", stories.content("A"), stories.content("A"), "user_defined.owner")
        )
    )
    assert outputs(plan_dotenv(plan))["risk"] == "low"
    assert outputs(plan_dotenv(plan, {"owner"}))["risk"] == "none"


def test_a_plan_that_is_never_applied_says_so() -> None:
    assert outputs(plan_dotenv(stories.from_snapshot()))["snapshot"] == "true"
