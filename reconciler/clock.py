"""The one real clock."""

import threading
import time

_BEYOND = 1e6
"""Seconds that nobody waits."""


class SystemClock:
    """The machine's time."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


class WakingClock(SystemClock):
    """The same, until nobody waits for anything any more: then all waits are over."""

    def __init__(self) -> None:
        """Take all waits for wanted."""
        self._is_over = threading.Event()

    def monotonic(self) -> float:
        """Seconds that never go back, and jump beyond every wait once it is over."""
        return super().monotonic() + (_BEYOND if self._is_over.is_set() else 0.0)

    def sleep(self, seconds: float) -> None:
        """Let time pass, or none any more."""
        self._is_over.wait(seconds)

    def wake(self) -> None:
        """All waits are over."""
        self._is_over.set()
