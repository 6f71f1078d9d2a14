"""F64, F65: a disk that takes a part, or takes all and cannot keep it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger import Ledger
from reconciler.ledger.verifying import verify
from tests.apply.fake_clock import FakeClock
from tests.ledger.made import DONE, update

if TYPE_CHECKING:
    from pathlib import Path

RUN = {"catalog": {"name": "radio"}}


def test_what_could_not_be_synced_is_an_error_and_nothing_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a failed fsync lost, a later one that succeeds does not bring back."""
    path = tmp_path / "ledger"
    with Ledger(path, FakeClock(), "run-1") as ledger:
        ledger.run_began(RUN)

        def fails(_file: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", fails)
            with pytest.raises(LedgerError, match="Input/output error; nothing more is sent"):
                ledger.began([update()])
        left = path.read_bytes()
        with pytest.raises(LedgerError, match="Input/output error"):
            ledger.ended([(update(), DONE)])
    assert path.read_bytes() == left


def test_a_ledger_that_cannot_be_kept_is_not_opened_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger"

    def fails(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails)
        with pytest.raises(LedgerError, match=r"^opening the ledger .*ledger: Input/output error$"):
            Ledger(path, FakeClock(), "run-1")
    with Ledger(path, FakeClock(), "run-2") as ledger:
        ledger.run_began(RUN)
    assert verify(path.read_bytes()).records == 1


@pytest.mark.parametrize("most", [1, 7, 100])
def test_what_is_taken_in_parts_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    path, write = tmp_path / "ledger", os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:most]))
    with Ledger(path, FakeClock(), "run-1") as ledger:
        ledger.run_began(RUN)
        ledger.began([update()])
        ledger.ended([(update(), DONE)])
    monkeypatch.undo()
    verdict = verify(path.read_bytes())
    assert (verdict.findings, verdict.records) == ((), 3)
