"""Where the time of a run goes: named stages, measured where somebody wants to know.

    with measured() as stages:
        with stage("load"): ...
        with stage("list"): ...
    stages.seconds  # {"load": 1.2, "list": 0.4}

A stage inside another takes its time from that: each second counts once. Nothing is measured, and
nothing is kept, outside `measured` and in other threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(slots=True)
class Stages:
    """The seconds of each stage, in the order in which they first ended."""

    clock: Callable[[], float] = perf_counter
    seconds: dict[str, float] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _since: float = 0.0

    def begin(self, name: str) -> None:
        """A stage begins, inside whichever is under way."""
        self._charge()
        self._open.append(name)

    def end(self) -> None:
        """The innermost stage ends."""
        self._charge()
        self._open.pop()

    def _charge(self) -> None:
        now = self.clock()
        if self._open:
            name = self._open[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


_measuring: ContextVar[Stages | None] = ContextVar("stages", default=None)


@contextmanager
def measured(clock: Callable[[], float] = perf_counter) -> Iterator[Stages]:
    """Measure the stages of what is done here."""
    stages = Stages(clock)
    token = _measuring.set(stages)
    try:
        yield stages
    finally:
        _measuring.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """What is done here is the stage of this name, for whoever measures."""
    stages = _measuring.get()
    if stages is None:
        yield
        return
    stages.begin(name)
    try:
        yield
    finally:
        stages.end()


def staged(name: str, items: Iterator[Item]) -> Iterator[Item]:
    """The items; what it takes to make them is the stage of this name."""
    while True:
        with stage(name):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
