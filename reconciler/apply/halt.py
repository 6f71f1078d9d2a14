"""Why a run stops before its end: asked to, out of time, or because going on makes no sense."""

import threading

from reconciler.core.ports import Clock
from reconciler.errors import ReconcilerError

_STEP = 0.5
"""Seconds."""


class Halt:
    """Asked by every worker before it begins a change. What is in flight is finished."""

    def __init__(self, clock: Clock, stop_after: float | None = None) -> None:
        """`stop_after`: seconds from now after which no change is begun."""
        self._clock = clock
        self._deadline = None if stop_after is None else clock.monotonic() + stop_after
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self.fatal: ReconcilerError | None = None
        """What made going on senseless: a refused token, a ledger that cannot be written."""

    def ask(self) -> None:
        """Begin nothing more. Safe to call from a signal handler."""
        self._asked.set()

    def fail(self, error: ReconcilerError) -> None:
        """Begin nothing more, because of this."""
        with self._lock:
            self.fatal = self.fatal or error
        self._asked.set()

    def pause(self, seconds: float) -> None:
        """Let time pass, in steps, so that a stop is heard."""
        left = seconds
        while left > 0 and not self.asked():
            self._clock.sleep(min(left, _STEP))
            left -= _STEP

    def asked(self) -> bool:
        """Whether nothing more is to be begun."""
        late = self._deadline is not None and self._clock.monotonic() >= self._deadline
        return late or self._asked.is_set()
