"""A clock that goes only where somebody sleeps by it: a test that waits for minutes takes none.
The wall clock of it may be set."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHRISTMAS_EVE = 1608799757.0


class FakeClock:
    """The product's clock, and, called, the sandbox's: both live in the same time."""

    def __init__(self, now: float = CHRISTMAS_EVE) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.slept: list[float] = []
        """Every sleep, in seconds."""
        self.ahead = 0.0
        """Seconds by which the product's wall clock is wrong; the sandbox's is right."""
        self.on_sleep: Callable[[], None] = lambda: None
        """What happens while somebody sleeps."""

    def __call__(self) -> float:
        return self._now

    def now(self) -> float:
        return self._now + self.ahead

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds
        self.on_sleep()
