"""Progress on standard error: bars on a terminal, elsewhere a line every few seconds."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.apply import Progress
from reconciler.cli.output import Output
from reconciler.clock import SystemClock
from reconciler.core.change_codec import action
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change, Create

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_EVERY = 5.0
"""Seconds between lines."""


@contextmanager
def watching(changes: tuple[Change, ...], output: Output) -> Iterator[Progress]:
    """Progress for a run of these changes."""
    size = sum(change.source.size or 0 for change in changes if isinstance(change, Create))
    console = output.console()
    if not console.is_terminal:
        yield _Lines(len(changes), output)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    text = TextColumn("{task.description}", markup=False)
    with RichProgress(
        text,
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bars:
        yield _Bars(bars, len(changes), size)


class _Bars:
    def __init__(self, bars: "Bars", changes: int, size: int) -> None:
        self._bars = bars
        self._changes: TaskID = bars.add_task("changes", total=changes)
        self._bytes: TaskID | None = None
        if size:
            self._bytes = bars.add_task("kB uploaded", total=size // 1000)
        self._sent = 0
        self._lock = threading.Lock()

    def ended(self, change: Change, outcome: Outcome) -> None:
        self._bars.advance(self._changes)

    def sent(self, size: int) -> None:
        if self._bytes is None:
            return
        with self._lock:
            self._sent += size
            sent = self._sent
        self._bars.update(self._bytes, completed=sent // 1000)

    def doing(self, what: str) -> None:
        self._bars.update(self._changes, description=what)

    def waiting(self, what: str) -> None:
        self.doing(what)


class _Lines:
    def __init__(self, changes: int, output: Output) -> None:
        self._changes = changes
        self._output = output
        self._clock = SystemClock()
        self._last = self._clock.monotonic()
        self._ended: Counter[str] = Counter()
        self._waits_for = ""
        self._sent = 0
        self._lock = threading.Lock()

    def ended(self, change: Change, outcome: Outcome) -> None:
        with self._lock:
            self._ended[action(change)] += 1
        self._tell()

    def sent(self, size: int) -> None:
        with self._lock:
            self._sent += size
        self._tell()

    def doing(self, what: str) -> None:
        self._tell()

    def waiting(self, what: str) -> None:
        """At once, and once: whoever sees nothing else may end the run."""
        if what != self._waits_for:
            self._waits_for = what
            self._output.say(what)

    def _tell(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            if now - self._last < _EVERY:
                return
            self._last = now
            done, sent = sum(self._ended.values()), self._sent
        self._output.say(f"{done} of {self._changes} changes ended, {sent:,} bytes uploaded")
