"""Services that take only so many requests, and workers who ask them, in simulated time."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from reconciler.api.tempo import Tempo

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter(Protocol):
    """Counts requests."""

    def wait(self, now: float) -> float:
        """Take one more: 0, or for how many seconds it does not."""
        ...


@dataclass
class FixedWindow:
    """So many in a window, which begins with its first request: as Laravel's throttle."""

    most: float
    seconds: float = 1.0
    _began: float = -math.inf
    _used: int = 0

    def wait(self, now: float) -> float:
        if now - self._began >= self.seconds:
            self._began, self._used = now, 0
        self._used += 1
        return 0.0 if self._used <= self.most else self._began + self.seconds - now


@dataclass
class SlidingWindow:
    """So many in any window; what is refused does not count."""

    most: float
    seconds: float = 1.0
    _taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        while self._taken and now - self._taken[0] >= self.seconds:
            self._taken.popleft()
        if len(self._taken) + 1 > self.most:
            return self._taken[0] + self.seconds - now
        self._taken.append(now)
        return 0.0


@dataclass
class TokenBucket:
    """So many a second, with as many saved up at most."""

    most: float
    seconds: float = 1.0
    _level: float | None = None
    _at: float = 0.0

    def wait(self, now: float) -> float:
        rate = self.most / self.seconds
        level = self.most if self._level is None else self._level + (now - self._at) * rate
        self._level, self._at = min(level, self.most), now
        if self._level < 1:
            return (1 - self._level) / rate
        self._level -= 1
        return 0.0


@dataclass(frozen=True)
class Ran:
    """How a run went."""

    seconds: float
    passed: int
    refused: int
    sent: tuple[float, ...]
    """When each request went out."""

    @property
    def rate(self) -> float:
        """Requests a second that were let through."""
        return self.passed / self.seconds

    @property
    def in_vain(self) -> float:
        """The part of the answers that were 429."""
        return self.refused / (self.passed + self.refused)


def run(
    tempo: Tempo,
    limiter: Limiter,
    *,
    requests: int,
    workers: int,
    latency: float,
    says: Callable[[float], float | None] = lambda wait: None,
) -> Ran:
    """So many requests, each until it passes. `says`: what a 429 says of how long to wait."""
    now = 0.0
    free = deque([0.0] * workers)
    answers: list[tuple[float, float, float]] = []
    left, passed, refused, sent = requests, 0, 0, list[float]()
    while passed < requests:
        start = max(now, tempo.start(free[0])) if free and left else math.inf
        if answers and answers[0][0] <= start:
            now, started, wait = heapq.heappop(answers)
            if wait:
                refused += 1
                left += 1
                tempo.refused(started, now, says(wait))
            else:
                passed += 1
                tempo.passed(started, now)
            free.append(now)
            continue
        now = start
        slot = tempo.start(free.popleft())
        tempo.goes(slot)
        sent.append(now)
        left -= 1
        heapq.heappush(answers, (now + latency, slot, limiter.wait(now + latency / 2)))
    return Ran(now, passed, refused, tuple(sent))
