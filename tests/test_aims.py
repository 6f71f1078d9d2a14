"""What a plan is towards that goes another way than to the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.aims import aim_of
from reconciler.core.aim import Aim, plan_towards
from reconciler.core.plan import Options, Purge
from reconciler.errors import PlanFileError
from tests.core.scenario import given

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "bucket spots 1 trash=bin \n bucket bin 2 \n entry a spots s1 \n file 7 bin b s2"


def test_without_one_it_is_towards_the_catalogue(tmp_path: Path) -> None:
    desired, live = given(TEXT)
    assert aim_of(None, desired, live, tmp_path / "ledger.jsonl") == Aim(desired)


def test_a_purge_is_towards_a_trash_without_what_is_due(tmp_path: Path) -> None:
    desired, live = given(TEXT)
    way = Purge("2026-01-01T00:00:00+00:00", unknown=True)
    aim = aim_of(way, desired, live, tmp_path / "ledger.jsonl")
    plan = plan_towards(aim, live, Options(way=way))
    assert [change.id for change in plan.changes] == ["delete:7"]


@pytest.mark.parametrize("before", ["soon", "", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"])
def test_a_purge_before_what_is_no_moment_is_refused(tmp_path: Path, before: str) -> None:
    desired, live = given(TEXT)
    with pytest.raises(PlanFileError, match="is no moment: plan again"):
        aim_of(Purge(before), desired, live, tmp_path / "ledger.jsonl")
