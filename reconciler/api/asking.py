"""One request, until it has an answer or an end: at the run's pace, and again where that is safe.

What an attempt came to is said in `classify`, whether to ask again in `retry`, how fast in
`pace`; here they meet.
"""

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

from reconciler.api.pace import Pace
from reconciler.api.retry import Budget, wait_before_next
from reconciler.api.transport import Request, Transport
from reconciler.api.upload import Upload
from reconciler.core.ports import Clock, Sending
from reconciler.errors import ServiceError, Throttled, Unclear

Meant = TypeVar("Meant")


class Asking:
    """Asks for all workers of one run: they share its pace, and its budget of requests that are
    asked again."""

    def __init__(self, transport: Transport, pace: Pace, clock: Clock) -> None:
        """`clock` for the waits between attempts."""
        self._transport = transport
        self._pace = pace
        self._clock = clock
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
                # Whoever looks once more before it goes out waits for nobody afterwards.
                with self._transport.place():
                    self._pace.wait()
                    if sending is not None:
                        sending.goes()
                    meant = self._once(request, read, sending, upload)
            except ServiceError as failure:
                self._slow_down(failure)
                wait = wait_before_next(
                    failure,
                    attempt=attempt,
                    repeatable=repeatable,
                    budget=self._budget,
                    chance=random.random,
                )
                if wait is None:
                    raise
                self._clock.sleep(wait)
                attempt += 1
            else:
                self._pace.went_well()
                self._budget.earn()
                return meant

    def _once(
        self,
        request: Request,
        read: Callable[[bytes], Meant],
        sending: Sending | None,
        upload: Callable[[], Upload] | None,
    ) -> Meant:
        """One attempt, of whose end `sending` is told whatever it was."""
        status: int | None = None
        known = False
        try:
            with nullcontext() if upload is None else upload() as body:
                answer = self._transport.send(request, body)
            status = answer.status
            if answer.after is not None:
                self._pace.hold(answer.after)
            meant = read(answer.body)
            known = True
        except ServiceError as failure:
            status = failure.status if status is None else status
            known = not isinstance(failure, Unclear)
            raise
        finally:
            if sending is not None:
                sending.ended(status, known=known)
        return meant

    def _slow_down(self, failure: ServiceError) -> None:
        """All wait, whoever was told to, and whether this request goes again or not."""
        if isinstance(failure, Throttled):
            self._pace.throttled(failure.after)
        elif failure.after is not None:
            self._pace.hold(failure.after)
