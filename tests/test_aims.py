"""What a plan is towards that goes another way than to the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.aims import aim_of
from reconciler.core.aim import Aim, plan_towards
from reconciler.core.model import Key
from reconciler.core.plan import Options, Purge, Revert
from reconciler.errors import PlanFileError, UsageError
from reconciler.ledger import Ledger
from tests.apply.fake_clock import FakeClock
from tests.core.scenario import given
from tests.ledger.made import DONE, update

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "https://api-v2.acrcloud.com/api"
NOW = "entry a spots s1 \n file 7 spots a s1"


def ledger_of(path: Path, *, catalog: str = "radio", origin: str = ORIGIN) -> Path:
    with Ledger(path, FakeClock(), "run-1") as ledger:
        ledger.run_began({"catalog": {"name": catalog}, "origin": origin})
        ledger.began([update()])
        ledger.ended([(update(), DONE)])
    return path


def test_the_run_of_a_former_name_is_the_catalogues(tmp_path: Path) -> None:
    desired, live = given("catalog former=old \n " + NOW)
    aim = aim_of(Revert("run-1"), desired, live, ledger_of(tmp_path / "ledger", catalog="old"))
    assert aim.reason == "run run-1 is taken back"


@pytest.mark.parametrize(
    ("about", "way", "said"),
    [
        ({"catalog": "other"}, Revert("run-1"), "was of another catalogue: other, and this is"),
        ({"origin": "http://127.0.0.1"}, Revert("run-1"), "was of another host: http://127.0.0.1,"),
        ({}, Revert("run-1", (Key("b"),)), "the run run-1 did not change b"),
    ],
)
def test_what_is_another_is_refused(
    tmp_path: Path, about: dict[str, str], way: Revert, said: str
) -> None:
    desired, live = given(NOW)
    with pytest.raises(UsageError, match=said):
        aim_of(way, desired, live, ledger_of(tmp_path / "ledger", **about))


def test_a_bucket_that_is_another_now_is_refused(tmp_path: Path) -> None:
    desired, live = given("bucket spots 9 \n entry a spots s1")
    with pytest.raises(UsageError, match="the bucket spots was 1 in the run run-1, and the cat"):
        aim_of(Revert("run-1"), desired, live, ledger_of(tmp_path / "ledger"))


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
