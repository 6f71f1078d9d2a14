"""Requests that were answered before they were forwarded, and their time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

_GLANCE_S = 0.01


@dataclass(frozen=True, slots=True)
class _Waiting:
    forward: Callable[[], object]
    forget: Callable[[], object]
    due: float | None  # None: only when somebody says so


class Held:
    """Forwards what it is given: when its time has come, or when somebody says so.

    `clock` gives seconds; it may stand still, and jump.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def add(
        self, forward: Callable[[], object], forget: Callable[[], object], after: float | None
    ) -> None:
        """One more, `after` so many seconds (None: when somebody says so). In the end `forget` is
        called, be it forwarded or not."""
        with self._lock:
            due = None if after is None else self._clock() + after
            self._waiting.append(_Waiting(forward, forget, due))
            if due is not None and self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()

    def release(self) -> int:
        """Forwards all of them now, in order; how many there were."""
        with self._lock:
            released, self._waiting = self._waiting, []
        for each in released:
            _done(each)
        return len(released)

    def end(self, grace: float) -> None:
        """Forwards nothing any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(grace)
        for each in self._waiting:
            each.forget()

    def _watch(self) -> None:
        while not self._over.wait(_GLANCE_S):
            for each in self._due():
                _done(each)

    def _due(self) -> list[_Waiting]:
        with self._lock:
            if not self._waiting:
                return []
            now = self._clock()
            due = [each for each in self._waiting if each.due is not None and each.due <= now]
            self._waiting = [each for each in self._waiting if each not in due]
        return due


def _done(waiting: _Waiting) -> None:
    try:
        waiting.forward()
    finally:
        waiting.forget()
