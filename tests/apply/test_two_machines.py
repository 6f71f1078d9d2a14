"""F70: two applies at once, from machines that know nothing of each other's locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.core.model import Json
from tests.apply.conftest import outcome_line
from tests.apply.fake_service import Call
from tests.apply.test_apply_plan import EVERYTHING, desk

if TYPE_CHECKING:
    from pathlib import Path

THEIRS = """
    entry new spots s1
    entry moved spots s2 title=Theirs
    entry drifted spots s3 x=5
    file 7 spots moved s2
    file 8 spots drifted s3 x=2
    file 9 spots orphan s9
"""


def test_the_losers_changes_are_stale_or_done_and_nothing_of_it_is_sent(tmp_path: Path) -> None:
    loser, winner = desk(tmp_path / "loser", EVERYTHING), desk(tmp_path / "winner", THEIRS)
    winner.service = loser.service
    work = loser.work()
    assert winner.apply(winner.work()).converged
    sent = len(loser.service.calls)
    finished = loser.apply(work)
    assert {str(i): outcome_line(o) for i, o in finished.report.outcomes.items()} == {
        "create:new": "applied 101 already",
        "move:7": "stale: it was changed since the plan was made (is Theirs)",
        "update:8": "stale: it was changed since the plan was made (is T-drifted)",
        "delete:9": "applied 9 already",
    }
    assert len(loser.service.calls) == sent
    assert not finished.converged


def test_two_creates_at_one_moment_are_told_of_as_duplicates(tmp_path: Path) -> None:
    at = desk(tmp_path, "entry a spots s1")

    def the_other_is_faster(_call: Call) -> None:
        mark: dict[str, Json] = {
            "catalog_key": "radio/a",
            "catalog_source": "sha256:0000000000000001",
        }
        at.service.make("spots", "T-a", mark)

    at.service.watch = the_other_is_faster
    finished = at.apply(at.work())
    assert not finished.converged
    assert finished.remaining is not None
    assert [change.id for change in finished.remaining.changes] == ["delete:102"]
    assert len(at.service.files) == 2, "told of, and not cleared away"
