"""No test writes into the home of whoever runs it, or is timed by the clock, or searches where it
is measured, or has another name in another process."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


WHOLE = ("tests/benchmarks/test_bench.py", "tests/house/test_wheel.py")
"""Files of which all tests look at one thing that takes seconds to make."""
LONG = ("simulation", "crashing")
"""Folders of which single tests take many seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What searches through hundreds of examples takes several times as long where its lines are
    counted; and a line that only a search comes to has no test that says what it is for. What is
    long comes first, so that no worker is left with it when the others have nothing to do."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
    items.sort(key=lambda item: item.path.parent.name not in LONG)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are no short text are counted, and not shown: there may be a time in them, as in
    what gzip packs, or a path, and the workers must all name a test alike."""
    if isinstance(val, bytes) and not (len(val) <= 40 and val.isascii()):
        return argname
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each worker gets one test after another, and a file that is to stay whole at once."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file in WHOLE else nodeid

    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """A worker counts lines three times over: as any process that a measured one starts, as any
    run of pytest-cov, and as its worker. The last is the one that counts, and that is paused where
    a test is marked `no_cover`: the others would go on."""
    started = []
    while (coverage := Coverage.current()) is not None:
        coverage.stop()
        started.append(coverage)
    if started:
        started[0].start()


def pytest_collection_finish() -> None:
    """Half a million things stay until the end: nobody need look among them for what goes."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _folders_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield
