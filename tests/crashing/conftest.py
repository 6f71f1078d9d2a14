"""Where the runs come from, and the points of a run that nobody kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crashing.scenario import EVERYTHING, scene
from tests.zygote import shared

if TYPE_CHECKING:
    from tests.zygote import Zygote


@pytest.fixture(scope="session")
def zygote() -> Zygote:
    """One for all tests of a worker."""
    return shared()


@pytest.fixture(scope="session")
def points(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of all points, in order."""
    with scene(tmp_path_factory.mktemp("points"), zygote) as undisturbed:
        ended, names = undisturbed.apply_dying(reads=EVERYTHING)
        assert ended.code == 0, ended.err
        undisturbed.is_repaired_by_the_next_run()
        return names
