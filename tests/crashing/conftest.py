"""One zygote for all tests of a worker, and the points of a run that nobody kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crashing import zygote as zygotes
from tests.crashing.scenario import EVERYTHING, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.crashing.zygote import Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Where the runs come from."""
    with zygotes.zygote() as process:
        yield process


@pytest.fixture(scope="session")
def points(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of all points, in order."""
    with scene(tmp_path_factory.mktemp("points"), zygote) as undisturbed:
        ended, names = undisturbed.apply_dying(reads=EVERYTHING)
        assert ended.code == 0, ended.err
        undisturbed.is_repaired_by_the_next_run()
        return names
