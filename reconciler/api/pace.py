"""One pace for all workers: whoever asks waits here for its turn. How fast is said in `tempo`."""

import threading

from reconciler.api.tempo import Tempo
from reconciler.core.ports import Clock
from reconciler.http.turns import Turns

_AT_ONCE = 1e-6
"""Seconds that are too few to sleep."""
_LATE = 0.05
"""Seconds that a turn which came late, since the machine was busy, is made up for by the next."""


class Pace:
    """Spaces requests. What the service says of how fast it wants them is for everybody.

    It holds nobody up for longer than `LONGEST_WAIT`. Where the service asks for more it lets
    requests through: whoever asks is told so, and stops, instead of sleeping over it.
    """

    def __init__(self, clock: Clock, max_rps: float | None = None) -> None:
        """`max_rps`: requests a second that are never exceeded; None: no limit of ours."""
        self._clock = clock
        self._tempo = Tempo(clock.monotonic(), max_rps)
        self._lock = threading.Lock()
        self._turn = Turns(1)
        """Of whom comes next. The others wait for it, and so are as fast as the tempo is then."""

    def wait(self) -> float:
        """Return when the next request may go. Returns when that is, to be told of again with
        what was answered."""
        came = self._clock.monotonic()
        with self._turn:
            while True:
                with self._lock:
                    now = self._clock.monotonic()
                    start = self._tempo.start(max(came, now - _LATE))
                    waits = start - now
                    if waits < _AT_ONCE:
                        self._tempo.goes(start)
                        return start
                # A pause may begin meanwhile.
                self._clock.sleep(waits)

    def hold(self, seconds: float) -> None:
        """The service asks to be left alone for so long: nobody goes before."""
        with self._lock:
            self._tempo.hold(self._clock.monotonic(), seconds)

    def throttled(self, started: float, after: float | None) -> None:
        """The service said 429 to what went out then, or that the next would be one: everybody
        waits, and goes slower than it went until now."""
        with self._lock:
            self._tempo.refused(started, self._clock.monotonic(), after)

    def went_well(self, started: float) -> None:
        """An answer to what went out then that was no 429."""
        with self._lock:
            self._tempo.passed(started, self._clock.monotonic())
