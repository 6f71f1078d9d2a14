"""Updates are read in batches, ahead of whoever sends them, but not so far that it gets stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply import Settings
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.outcome import Applied

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench


def many(count: int) -> str:
    return "\n".join(
        f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, count + 1)
    )


def run(ran: Bench) -> None:
    """All of it, and everything is applied."""
    report = ran.run(settings=Settings(concurrency=1))
    assert {type(outcome) for outcome in report.outcomes.values()} == {Applied}


def test_one_worker_reads_one_batch_and_the_next_only_when_it_is_nearly_used_up(
    bench: MakeBench,
) -> None:
    ran = bench(many(300))
    read_at: list[int] = []
    ran.service.watch_reads = lambda read: read_at.append(len(ran.service.calls))
    run(ran)
    assert len(read_at) == 3
    assert all(
        100 * batch - 10 <= sent <= 100 * batch for batch, sent in enumerate(read_at) if batch
    )


@pytest.mark.parametrize("seconds", [0.25, 1.0, 3.0])
def test_what_lies_for_long_is_read_again_together(bench: MakeBench, seconds: float) -> None:
    """However slow the service is: not each for itself."""
    ran = bench(many(100))
    ran.service.watch = lambda call: ran.clock.sleep(seconds)
    run(ran)
    in_five = 5 / seconds
    assert len(ran.service.reads) <= 2 + 2 * 100 / in_five


def test_nothing_is_sent_by_what_was_read_long_before(bench: MakeBench) -> None:
    ran = bench(many(120))
    read: dict[str, float] = {}
    ages: list[float] = []

    def reads(line: str) -> None:
        read.update(dict.fromkeys(line.split()[2].split(","), ran.clock.monotonic()))

    def sends(call: object) -> None:
        file_id = str(call).split()[2]
        ages.append(ran.clock.monotonic() - read[file_id])
        ran.clock.sleep(0.5)

    ran.service.watch_reads = reads
    ran.service.watch = sends
    run(ran)
    assert len(ages) == 120
    assert max(ages) <= JUST_BEFORE
