"""How fast requests go out: one pace for all workers, slower after a 429, faster again later."""

import threading

from reconciler.api.quota import LONGEST_WAIT
from reconciler.core.ports import Clock

_SLOWER = 0.7
_FASTER = 1.05
_SLOWEST = 0.2
"""Requests a second."""


class Pace:
    """Spaces requests. Without a limit it lets them through until the service says 429, or that
    the next one would be a 429.

    It holds nobody up for longer than `LONGEST_WAIT`. Where the service asks for more it lets
    requests through: whoever asks is told so, and stops, instead of sleeping over it.
    """

    def __init__(self, clock: Clock, max_rps: float | None = None) -> None:
        """`max_rps`: requests a second that are never exceeded; None: no limit of ours."""
        self._clock = clock
        self._most = max_rps
        self._rate = max_rps
        self._next = 0.0
        self._quiet_until = 0.0
        self._sent_since = 0
        self._since = clock.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may go."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                start = max(now, self._next, self._quiet_until)
                self._next = start if self._rate is None else start + 1 / self._rate
            if start > now:
                self._clock.sleep(start - now)
            with self._lock:
                # A pause that began meanwhile is for those too who were waiting already.
                if start >= self._quiet_until:
                    self._sent_since += 1
                    return

    def hold(self, seconds: float) -> None:
        """The service asks to be left alone for so long: nobody goes before."""
        with self._lock:
            self._hold(self._clock.monotonic(), seconds)

    def throttled(self, after: float | None) -> None:
        """The service said 429: everybody waits, and goes slower than it went until now."""
        if after is not None and after > LONGEST_WAIT:
            return
        with self._lock:
            now = self._clock.monotonic()
            # Answers to what was sent before a pause say nothing new of how fast is too fast.
            if now >= self._since:
                went = self._sent_since / max(now - self._since, 0.1)
                self._rate = max(_SLOWEST, _SLOWER * min(went, self._rate or went))
                self._hold(now, after or 1 / self._rate)
            elif after is not None:
                self._hold(now, after)

    def went_well(self) -> None:
        """An answer that was no 429: after a while, a little faster."""
        with self._lock:
            now = self._clock.monotonic()
            if self._rate is None or now - self._since < 1:
                return
            faster = self._rate * _FASTER
            self._rate = faster if self._most is None else min(faster, self._most)
            self._since, self._sent_since = now, 0

    def _hold(self, now: float, seconds: float) -> None:
        if seconds <= LONGEST_WAIT and now + seconds > self._quiet_until:
            self._quiet_until = now + seconds
            # A pause is no sign of a slow pace.
            self._since, self._sent_since = self._quiet_until, 0
