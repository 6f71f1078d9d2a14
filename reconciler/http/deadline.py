"""The time that a whole request has, however slowly anything of it comes or goes.

The time-outs of sockets start anew with every byte. So one thread watches all requests, and cuts
off the connection of a request whose time is over: whoever reads from it or writes to it finds
it closed at once. What it cannot cut off is what has no connection yet: connecting has a time-out
of its own for every address of a host, and asking for a host's addresses has none but the
system's.

It costs a request two system calls and a lock, and the thread wakes about once in the time that
a request has, whatever their number.
"""

import contextlib
import math
import os
import socket
import threading
import time
from types import TracebackType
from typing import Self


class Watch:
    """One request's time. Made by `Deadlines.watch`, and used as a context, by one thread."""

    def __init__(self, deadlines: "Deadlines", seconds: float) -> None:
        """It is over in so many seconds."""
        self._deadlines = deadlines
        self._connection: int | None = None
        self.over_at = time.monotonic() + seconds
        self.late = False
        """Its time was over before it was."""
        self.begun = False
        """The request itself, beyond the connection, had begun to go out."""

    def __enter__(self) -> Self:
        """From here on it is watched."""
        self._deadlines.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """It is no longer watched: once this returns, nothing is cut off any more."""
        self._deadlines.remove(self)
        self._forget()

    def follow(self, connection: socket.socket) -> None:
        """The request goes over this connection; at once cut off where its time is over.

        A duplicate of the descriptor is kept, so that what is cut off is this connection and no
        other: the number itself may be closed and mean another one a moment later, and a TLS
        socket takes it from the plain one.
        """
        duplicate = os.dup(connection.fileno())
        with self._deadlines.lock:
            self._forget()
            self._connection = duplicate
            if self.late:
                self._cut_off()

    def begin(self) -> None:
        """The request itself goes out now. Raises `TimeoutError` where its time is over."""
        with self._deadlines.lock:
            if self.late:
                raise TimeoutError
            self.begun = True

    def remaining(self) -> float:
        """Seconds; none where its time is over."""
        return max(self.over_at - time.monotonic(), 0.0)

    def end(self) -> None:
        """Its time is over. Called with the lock."""
        self.late = True
        self._cut_off()

    def _cut_off(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                connection = socket.socket(fileno=self._connection)
                try:
                    # Not closed: whoever uses it closes it.
                    connection.shutdown(socket.SHUT_RDWR)
                finally:
                    connection.detach()

    def _forget(self) -> None:
        if self._connection is not None:
            os.close(self._connection)
            self._connection = None


class Deadlines:
    """Watches requests. Its thread starts with the first."""

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self.lock = threading.Condition()
        self._watched: set[Watch] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_over = False

    def watch(self, seconds: float) -> Watch:
        """The time of a request, as a context."""
        return Watch(self, seconds)

    def close(self) -> None:
        """End the thread."""
        with self.lock:
            self._is_closed = True
            self.lock.notify()
        if self._thread is not None:
            self._thread.join()

    def end_all(self) -> None:
        """The time of all requests is over now, and that of those to come."""
        with self.lock:
            self._is_over = True
            for watch in self._watched:
                watch.end()
            self._watched.clear()

    def add(self, watch: Watch) -> None:
        """For `Watch` alone."""
        with self.lock:
            if self._is_over:
                watch.end()
                return
            self._watched.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            if watch.over_at < self._wakes_at:
                self._wakes_at = watch.over_at
                self.lock.notify()

    def remove(self, watch: Watch) -> None:
        """For `Watch` alone."""
        with self.lock:
            self._watched.discard(watch)

    def _run(self) -> None:
        with self.lock:
            while not self._is_closed:
                now = time.monotonic()
                for watch in [each for each in self._watched if each.over_at <= now]:
                    self._watched.remove(watch)
                    watch.end()
                self._wakes_at = min((each.over_at for each in self._watched), default=math.inf)
                waits = self._wakes_at - now
                self.lock.wait(None if math.isinf(waits) else waits)
