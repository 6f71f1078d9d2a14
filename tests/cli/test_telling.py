"""What is told of an apply stays short, and says what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.output import Output
from reconciler.cli.telling import tell_differences
from reconciler.core.marks import USUAL_MARKS
from tests.render import stories

if TYPE_CHECKING:
    import pytest


def test_of_many_differences_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    reviewed = stories.plan(*(stories.create(f"old-{n:03}", "Old") for n in range(60)))
    now = stories.plan(*(stories.create(f"new-{n:03}", "New") for n in range(51)))
    tell_differences(reviewed, now, USUAL_MARKS, Output(color=False))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 102
    assert lines[0] == "reviewed, and no longer planned: create old-000"
    assert lines[50] == "... and 10 more reviewed, and no longer planned"
    assert lines[51] == "planned now, and not reviewed: create new-000"
    assert lines[101] == "... and 1 more planned now, and not reviewed"


def test_of_a_change_that_is_another_the_reviewed_one_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    was, now_is, wanted = (
        stories.content(title, "ad")
        for title in ("Spring ad 30s", "Edited by hand", "Spring ad 20s")
    )
    reviewed = stories.plan(stories.update("ad", was, wanted, "title"))
    now = stories.plan(stories.update("ad", now_is, wanted, "title"))
    tell_differences(reviewed, now, USUAL_MARKS, Output(color=False))
    out = capsys.readouterr().out
    assert out.startswith("planned otherwise than reviewed: update ad (file ")
    assert '      title  "Spring ad 30s" → "Spring ad 20s"\n' in out
    assert "Edited by hand" not in out
