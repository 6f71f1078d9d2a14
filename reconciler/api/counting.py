"""Counts the requests of one run, whoever asks."""

import threading
from collections import Counter

from reconciler.core.ending import Calls, NoAnswer
from reconciler.errors import ServiceError, Unclear


class CallCounter:
    """What went out, and what came of it, so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock = threading.Lock()
        self._ended: Counter[tuple[str, int | NoAnswer]] = Counter()
        self._retries = 0

    def answered(self, method: str, status: int) -> None:
        """A request has its whole answer."""
        with self._lock:
            self._ended[method, status] += 1

    def failed(self, method: str, failure: ServiceError) -> None:
        """A request has ended so."""
        if failure.status is not None:
            self.answered(method, failure.status)
            return
        sent = isinstance(failure, Unclear)
        with self._lock:
            self._ended[method, NoAnswer.UNANSWERED if sent else NoAnswer.UNREACHABLE] += 1

    def asks_again(self) -> None:
        """A request goes out once more."""
        with self._lock:
            self._retries += 1

    def so_far(self) -> Calls:
        """All of them."""
        with self._lock:
            return Calls(dict(self._ended), self._retries)
