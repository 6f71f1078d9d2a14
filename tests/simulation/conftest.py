"""One service of each kind for all stories of a worker: a world forgets what was on it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.simulation.world import Services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulation.stories import MakeWorld


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Made once, since that takes longer than a story."""
    with ExitStack() as stack:
        yield Services(stack)


@pytest.fixture
def make_world(services: Services, tmp_path: Path) -> MakeWorld:
    """A new world, in the place of the one before."""
    return lambda quirk: services.world(tmp_path, quirk)
