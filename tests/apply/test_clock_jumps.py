"""F72: somebody sets the wall clock, by a day, while a run is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Halt
from reconciler.core.model import FileState
from reconciler.errors import Unclear
from tests.apply.fake_clock import FakeClock
from tests.apply.fake_service import Call, Fault
from tests.apply.test_apply_plan import EVERYTHING, desk

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400.0


class Set(FakeClock):
    """A clock whose hands may be moved; what it measures by goes on."""

    moved = 0.0

    def now(self) -> float:
        return super().now() + self.moved


@pytest.mark.parametrize("by", [DAY, -DAY], ids=["on", "back"])
class TestAClockThatIsSet:
    def test_makes_the_settle_time_no_longer_and_no_shorter(
        self, tmp_path: Path, by: float
    ) -> None:
        at = desk(tmp_path, EVERYTHING)
        at.clock = clock = Set()
        at.service.script("create", Fault(Unclear("504")))

        def is_set(call: Call) -> None:
            clock.moved = by

        at.service.watch = is_set
        assert at.apply(at.work()).converged
        assert sum(clock.slept) == 120

    def test_ends_no_wait_for_new_files(self, tmp_path: Path, by: float) -> None:
        at = desk(tmp_path, "entry a spots s1")
        at.clock = clock = Set()
        at.service.made = FileState.PENDING

        def is_set_and_then_ready() -> None:
            clock.moved = by
            if len(clock.slept) == 20:
                at.service.edit(101, state=FileState.READY)

        clock.on_sleep = is_set_and_then_ready
        assert at.apply(at.work()).converged
        assert len(clock.slept) >= 20

    def test_moves_no_end_that_was_asked_for(self, by: float) -> None:
        clock = Set()
        halt = Halt(clock, stop_after=60)
        clock.moved = by
        clock.sleep(59)
        assert not halt.asked()
        clock.sleep(1)
        assert halt.asked()
