"""One request, until it has an answer or an end: at the run's pace, and again where that is safe.

What an attempt came to is said in `classify`, whether to ask again in `retry`, how fast in
`pace`; here they meet.
"""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import nullcontext
from typing import TypeVar

from reconciler.api.counting import CallCounter
from reconciler.api.pace import Pace
from reconciler.api.retry import Budget, wait_before_next
from reconciler.api.transport import Answer, Request, Transport
from reconciler.api.upload import Upload
from reconciler.core.ports import Clock, Sending
from reconciler.errors import ServiceError, Throttled, Unclear

Meant = TypeVar("Meant")


class Asking:
    """Asks for all workers of one run: they share its pace, and its budget of requests that are
    asked again."""

    def __init__(
        self, transport: Transport, pace: Pace, clock: Clock, counter: CallCounter
    ) -> None:
        """`clock` for the waits between attempts. `counter` is told of each that went out."""
        self._transport = transport
        self._pace = pace
        self._is_given_up = threading.Event()
        self._clock = clock
        self._counter = counter
        self._budget = Budget()

    def ask(
        self,
        request: Request,
        read: Callable[[bytes], Meant],
        *,
        repeatable: bool,
        sending: Sending | None = None,
        upload: Callable[[], Upload] | None = None,
    ) -> Meant:
        """What the answer means: `read` makes it of the bytes, and raises `UnreadableAnswer`
        where it cannot. `repeatable`: to do it twice does what once does. `sending` follows a
        write, and has the last word before each time that it goes out. `upload` opens the body
        anew for each attempt."""
        attempt = 1
        while True:
            try:
                meant = self._in_turn(request, read, sending, upload)
            except ServiceError as failure:
                if self._is_given_up.is_set():
                    raise CancelledError from failure
                wait = wait_before_next(
                    failure,
                    attempt=attempt,
                    repeatable=repeatable,
                    budget=self._budget,
                    chance=random.random,
                )
                if wait is None:
                    raise
                if wait:
                    self._clock.sleep(wait)
                self._counter.asks_again()
                attempt += 1
            else:
                self._budget.earn()
                return meant

    def ask_once(
        self, request: Request, read: Callable[[bytes], Meant], goes: Callable[[], None]
    ) -> Meant:
        """The same, and never again, whatever it came to. `goes` has the last word before it goes
        out: what that raises, though no `ServiceError`, keeps it back."""
        with self._transport.place():
            started = self._wait()
            goes()
            return self._once(request, read, None, None, started)

    def download(self, request: Request, read: Callable[[Iterator[bytes]], None]) -> None:
        """As `Transport.download`, once."""
        started = self._wait()
        try:
            self._transport.download(request, read)
        except ServiceError as failure:
            self._slow_down(failure, started)
            raise
        self._pace.went_well(started)

    def redacted(self, data: bytes) -> bytes:
        """Without the token."""
        return self._transport.redacted(data)

    def give_up(self) -> None:
        """Ask nothing more, and cut off what is under way: who asks is told so by
        `CancelledError`."""
        self._is_given_up.set()
        self._transport.cut_off()

    def _in_turn(
        self,
        request: Request,
        read: Callable[[bytes], Meant],
        sending: Sending | None,
        upload: Callable[[], Upload] | None,
    ) -> Meant:
        """One attempt, once it may go. Whoever has to look once more before that waits for no
        connection after it has looked."""
        with self._transport.place():
            if sending is not None:
                sending.waits()
            started = self._wait()
            if sending is not None:
                sending.goes()
            return self._once(request, read, sending, upload, started)

    def _wait(self) -> float:
        """Until a request may go, and when that was."""
        started = self._pace.wait()
        if self._is_given_up.is_set():
            raise CancelledError
        return started

    def _once(
        self,
        request: Request,
        read: Callable[[bytes], Meant],
        sending: Sending | None,
        upload: Callable[[], Upload] | None,
        started: float,
    ) -> Meant:
        """One attempt, of whose end `sending` is told whatever it was."""
        status: int | None = None
        known = False
        try:
            answer = self._send(request, upload)
            status = answer.status
            self._pace.went_well(started)
            if answer.after is not None:
                self._pace.throttled(started, answer.after)
            meant = read(answer.body)
            known = True
        except ServiceError as failure:
            status = failure.status if status is None else status
            known = not isinstance(failure, Unclear)
            self._slow_down(failure, started)
            raise
        finally:
            if sending is not None:
                sending.ended(status, known=known)
        return meant

    def _send(self, request: Request, upload: Callable[[], Upload] | None) -> Answer:
        """The answer, counted, or else its failure."""
        try:
            with nullcontext() if upload is None else upload() as body:
                answer = self._transport.send(request, body)
        except ServiceError as failure:
            self._counter.failed(request.method, failure)
            raise
        self._counter.answered(request.method, answer.status)
        return answer

    def _slow_down(self, failure: ServiceError, started: float) -> None:
        """All wait, whoever was told to, and whether this request goes again or not."""
        if isinstance(failure, Throttled):
            self._pace.throttled(started, failure.after)
        elif failure.after is not None:
            self._pace.hold(failure.after)
