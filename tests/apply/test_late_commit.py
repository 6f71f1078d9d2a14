"""F15: an upload that the service finishes later than anybody looks. Nobody can keep it from being
there twice then; but it is seen, said, and never cleared away by a run that did not plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.core.model import Json
from reconciler.errors import Unclear
from tests.apply.fake_service import Call, Fault
from tests.apply.test_apply_plan import Desk, desk

if TYPE_CHECKING:
    from pathlib import Path

ONE = "entry a spots s1"
MARK: dict[str, Json] = {
    "catalog_key": "radio/a",
    "catalog_source": "sha256:0000000000000001",
}


def commits_late(at: Desk) -> None:
    at.service.make("spots", "T-a", MARK)


def whose_first_answer_is_lost(folder: Path) -> Desk:
    """And whose first upload is still under way when the second is sent."""
    at = desk(folder, ONE)
    at.service.script("create", Fault(Unclear("504")))
    return at


def test_is_seen_by_the_closing_listing_and_left_alone(tmp_path: Path) -> None:
    at = whose_first_answer_is_lost(tmp_path)

    def after_the_last_look(call: Call) -> None:
        if len(at.service.calls) == 1:
            commits_late(at)

    at.service.watch = after_the_last_look
    finished = at.apply(at.work())
    assert [call.what for call in at.service.calls] == ["create", "create"]
    assert not finished.converged
    assert finished.remaining is not None
    assert [change.id for change in finished.remaining.changes] == ["delete:102"]
    assert len(at.service.files) == 2


def test_is_a_duplicate_to_the_next_plan(tmp_path: Path) -> None:
    at = whose_first_answer_is_lost(tmp_path)
    assert at.apply(at.work()).converged
    commits_late(at)
    (change,) = at.work().plan.changes
    assert change.id == "delete:102"
    assert change.reason == "a duplicate of file 101"
