"""How fast requests go out: one pace for all workers, slower after a 429, faster again later."""

import threading

from reconciler.core.ports import Clock

_SLOWER = 0.7
_FASTER = 1.05


class Pace:
    """Spaces requests. Without a limit it lets them through until the service says 429."""

    def __init__(self, clock: Clock, max_rps: float | None = None) -> None:
        """`max_rps`: requests a second that are never exceeded; None: no limit of ours."""
        self._clock = clock
        self._most = max_rps
        self._rate = max_rps
        self._next = 0.0
        self._sent_since = 0
        self._since = clock.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may go."""
        with self._lock:
            now = self._clock.monotonic()
            start = max(now, self._next)
            self._next = start if self._rate is None else start + 1 / self._rate
            self._sent_since += 1
        if start > now:
            self._clock.sleep(start - now)

    def throttled(self, after: float | None) -> None:
        """The service said 429: everybody waits, and goes slower than it went until now."""
        with self._lock:
            now = self._clock.monotonic()
            if now < self._since:
                return
            seconds = max(now - self._since, 0.1)
            went = self._sent_since / seconds
            self._rate = max(0.2, _SLOWER * min(went, self._rate or went))
            self._next = max(self._next, now + (after or 1 / self._rate))
            # Answers to what was sent before this one say nothing new.
            self._since, self._sent_since = self._next, 0

    def went_well(self) -> None:
        """An answer that was no 429: after a while, a little faster."""
        with self._lock:
            now = self._clock.monotonic()
            if self._rate is None or now - self._since < 1:
                return
            faster = self._rate * _FASTER
            self._rate = faster if self._most is None else min(faster, self._most)
            self._since, self._sent_since = now, 0
