"""One write on its way: counted for the ledger, and kept back where what it rests on has changed.

The service takes no precondition, so what a write rests on is read just before. Where it goes out
later than that, since the pace held it up or since it goes once more, it is read again.
"""

from collections.abc import Callable, Sequence

from reconciler.apply.context import Context
from reconciler.core.model import File
from reconciler.core.outcome import Failed, Outcome
from reconciler.core.plan import Change
from reconciler.errors import ReconcilerError

JUST_BEFORE = 10.0
"""Seconds for which what was read counts as read just before."""
_STOPPED = Failed("it was not sent, since the run was stopped")
MOST_REWRITTEN = 5
"""How often a write is built anew, since others keep writing into what it carries over."""


class Changed(Exception):
    """What the write rests on has changed: it did not go out (once more)."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        """`outcome`: how the change ended by that, where one request is one change."""
        super().__init__()
        self.outcome = outcome


class Rewritten(Exception):
    """Others have written since into what the write carries over: it did not go out (once more),
    and is to be built anew."""

    def __init__(self, file: File) -> None:
        """`file`: as it is now."""
        super().__init__()
        self.file = file


class KeptBack(Exception):
    """It did not go out (once more): the run is stopping, or what it rests on cannot be read."""

    def __init__(self, failed: Failed) -> None:
        """`failed`: why."""
        super().__init__()
        self.failed = failed


class Delivery:
    """A request that carries these changes. `look` reads what they rest on once more, and raises
    `Changed` where they no longer hold."""

    def __init__(
        self,
        context: Context,
        changes: Sequence[Change],
        look: Callable[[], None],
        *,
        seen_at: float | None,
    ) -> None:
        """`seen_at`: when what they rest on was last read, by the monotonic clock; None: too long
        ago to count."""
        self._context = context
        self._changes = changes
        self._look = look
        self._seen_at = seen_at

    def waits(self) -> None:
        """Raise `Changed` or `KeptBack` where it must not go out."""
        self.goes()

    def goes(self) -> None:
        """The same. What was just seen is not looked at again."""
        if self._context.halt.fatal is not None:
            raise KeptBack(_STOPPED)
        now = self._context.clock.monotonic()
        if self._seen_at is not None and now - self._seen_at <= JUST_BEFORE:
            return
        if self._context.halt.asked():
            raise KeptBack(_STOPPED)
        try:
            self._look()
        except ReconcilerError as error:
            raise KeptBack(self._context.failed(error)) from error
        self._seen_at = now

    def sent(self, size: int) -> None:
        """So many more bytes are sent."""
        self._context.progress.sent(size)

    def ended(self, status: int | None, *, known: bool) -> None:
        """It has ended once. What it rested on may be another after that."""
        self._seen_at = None
        self._context.results.sent(self._changes, status, known=known)
