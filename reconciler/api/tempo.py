"""How fast requests may go out, by what was heard of the service. Pure: it is told the time.

It starts with a few at once, and goes faster with every answer, by a third each time that an
answer takes: by the time of the first 429 no more than a third of what the service takes is on
its way in vain. A 429 shows the limit: what went through just before. From then on requests are
spaced evenly, by a cubic curve as in CUBIC (RFC 9438): from a little below the limit, flat where
the limit is, and the steeper the longer no 429 has come.
"""

from collections import deque
from collections.abc import Sequence

from reconciler.http.quota import LONGEST_WAIT

_FIRST = 8
"""Requests that go at once."""
_GROWTH = 1 / 3
"""Of what was sent, how much is on its way at once while no limit is known."""
_UNKNOWN_LATENCY = 0.2
"""Seconds that an answer is taken to need before the first has come."""
_BELOW = 0.05
"""The part of the limit by which the pace falls below it."""
_TOO_SOON = 0.05
"""The part of the limit by which it is lowered after a pause that was in vain, twice as much with
each in a row."""
_LEAST_OF_SHORT, _LEAST_OF_LONG = 0.5, 0.85
"""The part of it that one 429 leaves: soon after a pause, and otherwise."""
_SHORTEST_RISE, _LONGEST_RISE = 4.0, 30.0
"""Seconds until the pace is at the limit again: twice what it took last time."""
_RISE_A_PAUSE = 20
"""And so many times the pause: less, and the pauses cost more than the rises gain."""
_WINDOW = 1.0
"""Seconds in which the usual limiters count, or more: what went in less says nothing of a rate."""
_LONGEST_WINDOW = 5.0
_LONG_PAUSE = 2.0
"""Seconds of a pause that shows a window which is longer than a second."""
_LEAST_KEPT = 0.25
"""The part of what was taken to be the limit that is kept where a pause shows a lower one."""
_SLOWEST = 0.2
"""Requests a second."""
_LONGEST_PAUSE = 30.0
"""Seconds, where the service does not say how long."""


class Tempo:
    """The tempo of one run. All times are of one monotonic clock."""

    def __init__(self, now: float, max_rps: float | None = None) -> None:
        """`max_rps`: requests a second that are never exceeded."""
        self._most = max_rps
        self._next = now
        self._sent = 0
        self._passed = 0
        self._latency = _UNKNOWN_LATENCY
        self._limit: float | None = None
        """Requests a second that the service seems to take."""
        self._rise = _SHORTEST_RISE
        self._rises_from = now
        self._since = now
        """When the last pause ended, or will."""
        self._began = now
        """When the first request went after which nothing was refused until the last pause."""
        self._passes: deque[float] = deque()
        """When those went out that passed, of the last seconds."""
        self._went = 0
        """Requests that passed since it began."""
        self._short = 0
        """How many pauses in a row came so soon after the one before that nothing can be told."""
        self._probing = False
        self._paused = 0.0
        """How long the last pause was, with those before it between which nothing passed."""

    def start(self, came: float) -> float:
        """When the next request may go that came then."""
        return max(came, self._next)

    def goes(self, at: float) -> None:
        """A request goes out."""
        self._sent += 1
        rate = self._rate(at)
        self._next = at if rate is None else at + 1 / rate

    def passed(self, started: float, now: float) -> None:
        """A request that went out then was let through."""
        took = max(now - started, 0.001)
        self._latency += (took - self._latency) / 8 if self._passed else took - self._latency
        self._passed += 1
        if started >= self._since:
            if self._paused:
                self._resumed()
            self._went += 1
        self._passes.append(started)
        while self._passes[0] < started - _LONGEST_WINDOW:
            self._passes.popleft()

    def refused(self, started: float, now: float, after: float | None) -> None:
        """A request that went out then was one too many. `after`: the seconds for which the
        service asks to be left alone."""
        if after is not None and after > LONGEST_WAIT:
            return
        if started < self._since:
            # Answers to what was sent before a pause say nothing new of how fast is too fast.
            self._next = max(self._next, now + (after or 0.0))
            if now < self._since:
                self._since = self._next
            return
        if self._paused or not self._went:
            pause = after or min(max(self._paused, 1 / (self._rate(now) or 1)), _LONGEST_PAUSE)
            self._probing = True
        else:
            self._find_limit(started)
            pause = self._until_room(started) - now
        pause = max(pause, after or 0.0, 1 / self._limit if self._limit else 0.0)
        rise = max(2 * (started - self._rises_from), _SHORTEST_RISE, _RISE_A_PAUSE * pause)
        # What is only guessed is soon to be put to the proof.
        self._rise = min(rise, _SHORTEST_RISE if self._short > 1 else _LONGEST_RISE)
        self._paused += pause
        self._quiet(now + pause)
        self._rises_from = self._since

    def hold(self, now: float, seconds: float) -> None:
        """Nobody goes for so long. It is no sign of how fast is too fast."""
        if seconds <= LONGEST_WAIT and now + seconds > self._next:
            self._quiet(now + seconds)

    def _quiet(self, until: float) -> None:
        self._next = self._since = max(until, self._since)

    def _rate(self, at: float) -> float | None:
        """Requests a second; None: at once."""
        if self._probing:
            rate = 1 / (2 * self._latency)
        elif self._limit is not None:
            rise = (at - self._rises_from) / self._rise - 1
            rate = max(self._limit * (1 + _BELOW * rise**3), _SLOWEST)
        elif self._sent >= _FIRST:
            rate = (_FIRST + self._passed) * _GROWTH / self._latency
        else:
            return self._most
        return rate if self._most is None else min(rate, self._most)

    def _find_limit(self, started: float) -> None:
        """The limit is what went through until now."""
        length = started - self._since
        if self._limit is None:
            limit = len(self._in_the_last(_WINDOW, started)) / _WINDOW
        elif length >= _WINDOW:
            window = min(length, _LONGEST_WINDOW)
            # It may have gone slower than it was allowed to.
            least = _LEAST_OF_LONG * (self._rate(started) or 0.0)
            limit = max(len(self._in_the_last(window, started)) / window, least)
            self._short = 0
        else:
            self._short += 1
            lower = self._limit * max(1 - _TOO_SOON * 2**self._short, _LEAST_OF_SHORT)
            limit = max(lower, len(self._in_the_last(length, started)) / _WINDOW)
        self._limit = max(limit, _SLOWEST)

    def _until_room(self, started: float) -> float:
        """When there is room again: each that went makes some after a window, and until then no
        more may go than had room before."""
        limit = self._limit or _SLOWEST
        went = self._in_the_last(_WINDOW, started)
        return max((at + _WINDOW - (many - 2) / limit for many, at in enumerate(went)), default=0.0)

    def _resumed(self) -> None:
        """A pause is over. Where it was long, what went before it is for all of that time."""
        if self._limit is not None and self._paused > _LONG_PAUSE:
            # Seconds are often told as whole ones, the next greater.
            whole = max(self._since - self._began - 1, _WINDOW)
            self._limit = min(
                self._limit, max(self._went / whole, self._limit * _LEAST_KEPT, _SLOWEST)
            )
        self._began, self._went, self._paused, self._probing = self._since, 0, 0.0, False

    def _in_the_last(self, seconds: float, until: float) -> Sequence[float]:
        """When those went out that passed."""
        return [at for at in self._passes if until - seconds < at <= until]
