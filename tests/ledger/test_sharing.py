"""Whoever comes while the disk is busy shares the next write with all who wait."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger import Ledger, read_records
from reconciler.ledger.verifying import verify
from tests.apply.fake_clock import FakeClock
from tests.ledger.made import DONE, update

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORKERS = 6


class Busy(FakeClock):
    """The disk takes its first write only once this many have asked what time it is: all who
    write do, before their record has its place."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.left = many
        self.all_came = threading.Event()

    def now(self) -> float:
        self.left -= 1
        if not self.left:
            self.all_came.set()
        return super().now()


def on_disk(path: Path) -> list[str]:
    return [f"{record['kind']} {record.get('id', '')}" for record in read_records(path)]


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What each fsync does, the next one first; after that they are as always."""
    real = os.fsync
    those: list[Callable[[], None]] = []

    def fsync(file: int) -> None:
        if those:
            those.pop(0)()
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    return those


def test_all_who_wait_go_to_the_disk_together(
    tmp_path: Path, syncs: list[Callable[[], None]]
) -> None:
    path, clock = tmp_path / "ledger", Busy(WORKERS + 1)
    many = list[int]()
    with Ledger(path, clock, "run-1") as ledger, ThreadPoolExecutor(WORKERS) as pool:
        ledger.run_began({})
        clock.left = WORKERS

        def counted() -> None:
            many.append(len(on_disk(path)))

        def busy() -> None:
            clock.all_came.wait()

        syncs += [busy, counted, counted]
        done = [pool.submit(ledger.began, [update()]) for _ in range(WORKERS)]
        for each in done:
            each.result()
    assert many == [1 + WORKERS], "one write for the first, one for the others"
    verdict = verify(path.read_bytes())
    assert (verdict.findings, verdict.records) == ((), 1 + WORKERS)


def test_nobody_returns_before_his_own_record_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept, lock = tmp_path / "ledger", set[str](), threading.Lock()
    real = os.fsync

    def fsync(file: int) -> None:
        written = {str(record.get("key")) for record in read_records(path)}
        real(file)
        with lock:
            kept.update(written)

    def write(ledger: Ledger, number: int) -> bool:
        change = update(key=f"k{number}")
        ledger.began([change])
        with lock:
            return f"k{number}" in kept

    with Ledger(path, FakeClock(), "run-1") as ledger, ThreadPoolExecutor(16) as pool:
        ledger.run_began({})
        monkeypatch.setattr(os, "fsync", fsync)
        assert all(pool.map(lambda number: write(ledger, number), range(200)))
    assert verify(path.read_bytes()).findings == ()


def test_what_fails_fails_for_all_who_shared_it_and_for_all_who_come_later(
    tmp_path: Path, syncs: list[Callable[[], None]]
) -> None:
    path, clock = tmp_path / "ledger", Busy(WORKERS + 1)
    with Ledger(path, clock, "run-1") as ledger, ThreadPoolExecutor(WORKERS) as pool:
        ledger.run_began({})
        anchor = ledger.anchor
        clock.left = WORKERS

        def fails() -> None:
            clock.all_came.wait()
            raise OSError(errno.EIO, "Input/output error")

        syncs.append(fails)
        done = [pool.submit(ledger.ended, [(update(), DONE)]) for _ in range(WORKERS)]
        errors = [each.exception() for each in done]
        left = path.read_bytes()
        with pytest.raises(LedgerError, match="Input/output error"):
            ledger.began([update()])
        assert [type(error) for error in errors] == [LedgerError] * WORKERS
        assert path.read_bytes() == left
        assert len(ledger.unwritten) == WORKERS
        assert ledger.anchor == anchor, "what may not be on disk is nothing to go by"
