"""A run of apply, as text in and text out: the catalogue and the live files as in
`tests.core.scenario`, against the service in memory, with a real ledger and a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from reconciler.apply import Halt, Report, Settings, Silent, apply_changes
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Options, Plan
from reconciler.core.planner import make_plan
from reconciler.ledger import Ledger, read_records
from tests.apply.fake_clock import FakeClock
from tests.apply.fake_service import FakeService
from tests.core.scenario import given

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from reconciler.apply import Progress
    from reconciler.core.model import DesiredState


def outcome_line(outcome: Outcome) -> str:
    """How a change ended, in words."""
    match outcome:
        case Applied():
            return f"applied {outcome.file_id}" + (" already" if outcome.already else "")
        case Stale():
            live = "" if outcome.live is None else f" (is {outcome.live.title})"
            return f"stale: {outcome.why}{live}"
        case Failed():
            return f"failed: {outcome.why}"
        case Unknown():
            return f"unknown: {outcome.why}"


@dataclass
class Bench:
    """One catalogue, one service, one ledger; as many runs as the test wants."""

    desired: DesiredState
    service: FakeService
    plan: Plan
    clock: FakeClock
    ledger: Path
    halt: Halt
    progress: Progress = field(default_factory=Silent)
    runs: int = 0

    def run(self, settings: Settings | None = None, plan: Plan | None = None) -> Report:
        """Execute the plan."""
        self.runs += 1
        with Ledger(self.ledger, self.clock, f"run-{self.runs}") as ledger:
            ledger.run_began({"catalog": {"name": self.desired.catalog}})
            return apply_changes(
                (plan or self.plan).changes,
                desired=self.desired,
                service=self.service,
                ledger=ledger,
                settings=settings or Settings(concurrency=4),
                clock=self.clock,
                halt=self.halt,
                progress=self.progress,
            )

    def outcomes(self, settings: Settings | None = None) -> dict[str, str]:
        """Execute the plan; how each change ended, in words."""
        return {str(i): outcome_line(o) for i, o in self.run(settings).outcomes.items()}

    def outcome(self, settings: Settings | None = None) -> str:
        """Execute the plan of one change; how it ended."""
        (line,) = self.outcomes(settings).values()
        return line

    def replan(self) -> Plan:
        """What would be done now; of the same bench, so that the service stays."""
        self.plan = make_plan(self.desired, self.service.read_live(), Options())
        return self.plan

    def again(self) -> Bench:
        """The next run: nothing of this one is left but the service and the ledger."""
        self.halt = Halt(self.clock)
        self.replan()
        return self

    def recorded(self) -> list[Mapping[str, Any]]:
        """The ledger's records, whose chain must hold."""
        return list(read_records(self.ledger))


class MakeBench(Protocol):
    """Makes a bench of a text."""

    def __call__(
        self, text: str, *, stop_after: float | None = None, retry_broken: bool = False
    ) -> Bench: ...


@pytest.fixture
def bench(tmp_path: Path) -> MakeBench:
    """`stop_after`: seconds; `retry_broken`: as the option."""

    def make(text: str, *, stop_after: float | None = None, retry_broken: bool = False) -> Bench:
        desired, live = given(text)
        clock = FakeClock()
        return Bench(
            desired,
            FakeService(desired, live),
            make_plan(desired, live, Options(retry_broken=retry_broken)),
            clock,
            tmp_path / "ledger.jsonl",
            Halt(clock, stop_after),
        )

    return make
