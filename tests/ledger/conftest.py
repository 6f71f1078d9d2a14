"""A hub, and the `git` that our code finds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.ledger.hub import NOBODYS, WRAPPER, Hub, Wrapped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Nothing of the developer's own settings counts."""
    for name, value in NOBODYS.items():
        monkeypatch.setenv(name, value)
    return Hub(tmp_path / "hub").make()


@pytest.fixture
def wrapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wrapped:
    """It does what git does, until a test wants more."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "git"
    program.write_text(WRAPPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Wrapped(folder)
