"""Whatever can happen to a small world happens, in any order; see `machine`.

`RECONCILER_EXAMPLES=N` in the environment plays N stories, other ones each time. Hypothesis prints
the steps of a story that went wrong, as short as it can be made.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.edits import CATALOGUE, LIVE, TIME
from tests.simulation.machine import Simulation

if TYPE_CHECKING:
    from tests.simulation.stories import MakeWorld

pytestmark = pytest.mark.no_cover

_EXAMPLES = os.environ.get("RECONCILER_EXAMPLES")

_played = settings(
    max_examples=int(_EXAMPLES or 40),
    stateful_step_count=15,
    derandomize=_EXAMPLES is None,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


EXPECTED = {
    *(*CATALOGUE, *LIVE, *TIME, "mended"),
    *(
        "plan",
        "apply",
        "apply a kept plan",
        "apply a new plan",
        "apply elsewhere",
        "two at once",
        "meanwhile",
    ),
    *("fault: read", "fault: write"),
    *("died: kill", "died: power", "died: torn power"),
    *("converged", "applied", "stale"),
    *(f"{verb} applied" for verb in ("create", "move", "update", "delete")),
    *("replaced", "duplicate deleted", "thrown away", "came back"),
    "refused: RefusedByGuardrail",
}
"""What must have occurred, or else the machine looks at less than it says."""


def test_whatever_happens_all_is_as_it_must_be(make_world: MakeWorld) -> None:
    seen: Counter[str] = Counter()
    run_state_machine_as_test(lambda: Simulation(make_world, seen), settings=_played)
    missed = sorted(EXPECTED - {name for name, count in seen.items() if count})
    assert not missed, missed
