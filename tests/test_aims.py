"""What a plan is towards that takes a run back: only what that run was, where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.aims import aim_of
from reconciler.core.model import Key
from reconciler.core.plan import Revert
from reconciler.errors import UsageError
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
