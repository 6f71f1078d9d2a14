"""Updates whose files were just read: in batches, ahead of whoever sends them, but not far ahead.

What lies for too long is neither sent as it is nor read again one by one: what is left of its
batch is read once more, together, and meanwhile a little of it keeps everybody busy.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from reconciler.apply.batches import batches
from reconciler.apply.context import Context
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.model import File, FileId
from reconciler.core.outcome import Applied
from reconciler.core.plan import Update
from reconciler.core.planner import BATCH
from reconciler.errors import ReconcilerError

READERS = 3
"""Batches that are read at once, at most."""
_ROUNDS = 4
"""Updates for each worker that are read before they are wanted: a read takes a round or two."""
_LYING = JUST_BEFORE / 2
"""Seconds for which a batch may lie: whoever takes of it may have to wait for its turn as well."""
_MEANWHILE = 0.3
"""How many are taken while others are read, as a part of what was taken while the batch lay."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """An update with its file."""

    update: Update
    file: File | None
    """None: it is not in its bucket."""
    at: float
    """When it was read, by the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is left of a batch."""

    left: deque[Fresh]
    many: int
    """How many there were."""
    since: float
    """When its files were asked for, or what was left of them was looked over last. To be read may
    take long: at a slow pace that waits for its turn, too."""

    def part(self, now: float) -> Sequence[Fresh]:
        """Take out what lies for too long to be taken before it is read again."""
        if now - self.since <= _LYING:
            return ()
        keeps = 1 + int((self.many - len(self.left)) * _MEANWHILE)
        return [self.left.pop() for _ in range(len(self.left) - keeps)][::-1]


class FreshUpdates:
    """A run's updates, for any number of workers."""

    def __init__(
        self, context: Context, updates: Sequence[Update], readers: ThreadPoolExecutor
    ) -> None:
        """`readers`: where the files are read."""
        self._context = context
        self._readers = readers
        self._ahead = _ROUNDS * context.settings.concurrency
        self._unread = deque(batches(updates, lambda update: update.bucket))
        self._reading: deque[Future[_Batch]] = deque()
        self._lying: deque[_Batch] = deque()
        self._lock = threading.Lock()

    def take(self) -> Fresh | None:
        """The next, which nobody else gets; None: there is none, or the run is stopping."""
        with self._lock:
            while not self._context.halt.asked():
                self._read_ahead()
                batch = self._next_batch()
                if batch is None:
                    return None
                self._read_ahead()
                if batch.left:
                    return batch.left.popleft()
                self._lying.popleft()
        return None

    def _read_ahead(self) -> None:
        many = sum(len(batch.left) for batch in self._lying) + BATCH * len(self._reading)
        while self._unread and many <= self._ahead:
            self._reading.append(self._readers.submit(self._read, self._unread.popleft()))
            many += BATCH

    def _next_batch(self) -> _Batch | None:
        """The one that is taken from, once it is there. What lies for too long goes back."""
        if not self._lying:
            if not self._reading:
                return None
            # Whoever comes meanwhile would wait for the same.
            self._lying.append(self._reading.popleft().result())
        batch, now = self._lying[0], self._context.clock.monotonic()
        back = batch.part(now)
        if back:
            self._unread.appendleft([fresh.update for fresh in back])
            batch = self._lying[0] = _Batch(batch.left, len(batch.left), now)
        return batch

    def _read(self, updates: Sequence[Update]) -> _Batch:
        context = self._context
        ids = {update.id: _id_now(context, update) for update in updates}
        at = context.clock.monotonic()
        try:
            files = context.service.read_files(updates[0].bucket, list(ids.values()))
        except ReconcilerError as error:
            context.results.end([(update, context.failed(error)) for update in updates])
            return _Batch(deque(), 0, at)
        live = {file.id: file for file in files}
        left = deque(Fresh(update, live.get(ids[update.id]), at) for update in updates)
        return _Batch(left, len(left), at)


def _id_now(context: Context, update: Update) -> FileId:
    """The file's id: a service may give it a new one when it moves it."""
    if update.after_change is not None:
        moved = context.results.of(update.after_change)
        if isinstance(moved, Applied):
            return moved.file_id
    return update.file_id
