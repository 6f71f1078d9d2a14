"""First come, first served: a semaphore that hands over to whoever waits longest.

Those of `threading` wake one that waits, and anybody who comes just then is faster: under many
workers some wait for so long that what they are about to send must be looked at anew.
"""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """So many at once, as a context."""

    def __init__(self, most: int) -> None:
        """`most`: how many may be inside."""
        self._lock = threading.Lock()
        self._free = most
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()  # by whoever leaves

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
