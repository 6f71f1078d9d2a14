"""What is told of an apply stays short, and says what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.output import Output
from reconciler.cli.telling import tell_differences
from tests.render import stories

if TYPE_CHECKING:
    import pytest


def test_of_many_differences_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    reviewed = stories.plan(*(stories.create(f"old-{n:03}", "Old") for n in range(60)))
    now = stories.plan(*(stories.create(f"new-{n:03}", "New") for n in range(51)))
    tell_differences(reviewed, now, Output(color=False))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 102
    assert lines[0] == "reviewed, and no longer planned: create old-000"
    assert lines[50] == "... and 10 more reviewed, and no longer planned"
    assert lines[51] == "planned now, and not reviewed: create new-000"
    assert lines[101] == "... and 1 more planned now, and not reviewed"
