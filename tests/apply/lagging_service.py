"""The service in memory, with reads that lag behind writes by the test's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tests.apply.fake_service import FakeService

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from reconciler.core.model import DesiredState, File, FileId, LiveState
    from tests.apply.fake_clock import FakeClock

Read = TypeVar("Read")


class LaggingService(FakeService):
    """What is read is what was so many seconds ago; what was there at first was always there."""

    def __init__(
        self, desired: DesiredState, live: LiveState, clock: FakeClock, lag: float
    ) -> None:
        super().__init__(desired, live)
        self.lag = lag
        self._clock = clock
        self._past = [(float("-inf"), dict(self.files))]
        clock.on_sleep = self.remember

    def remember(self) -> None:
        """What is there from now on is seen when its time comes."""
        with self._lock:
            if self._past[-1][1] != self.files:
                self._past.append((self._clock.now(), dict(self.files)))

    def read_live(self) -> LiveState:
        return self._as_it_was(super().read_live)

    def read_files(self, bucket: str, ids: Sequence[FileId | str]) -> Sequence[File]:
        return self._as_it_was(lambda: FakeService.read_files(self, bucket, ids))

    def read_newest(self, bucket: str, above: FileId) -> Sequence[File]:
        return self._as_it_was(lambda: FakeService.read_newest(self, bucket, above))

    def _ask(self, *args: Any) -> Any:
        try:
            return super()._ask(*args)
        finally:
            self.remember()

    def _as_it_was(self, read: Callable[[], Read]) -> Read:
        with self._lock:
            self.remember()
            moment = self._clock.now() - self.lag
            now, self.files = self.files, self._seen_at(moment)
            try:
                return read()
            finally:
                self.files = now

    def _seen_at(self, moment: float) -> dict[FileId, File]:
        return next(dict(files) for since, files in reversed(self._past) if since <= moment)
