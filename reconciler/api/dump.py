"""A bucket's files from the service's own dump of it: a few requests, however many files.

The dump is asked for with a GET that has an effect, once a day (API page). What a second one
answers, what a dump looks like and how old it is, nobody knows (field notes). So

- each is asked for at most once a day (UTC), remembered before it is asked for, and never again
  by itself, whatever became of it. One that is ready at once is an old one. Any other is waited
  for, until it is ready, and not into the next day, in which asking would start another (somebody
  else may have started it a moment before: then it is as much older);
- it is believed where it is the whole bucket as it is afterwards: as many files as the service
  says there are, each once, of which the first and the last page of the listing are the first and
  the last. (What this cannot see: an edit in the middle since the dump was begun. A listing has the
  same gap, from its first page to its last; apply reads each file again.)

Otherwise the bucket is listed, and it is said why. A refused token stays one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from reconciler.api.listing import Lister
from reconciler.api.wire import DumpTask, Page
from reconciler.core.model import File, FileId
from reconciler.core.ports import Clock
from reconciler.errors import Busy, ServiceError, Throttled, TokenRefused, Unclear, Unreachable

_PATIENCE: Final = 600.0
"""Seconds until all of a run's dumps are ready, from the first that is asked for."""
_LONGEST_WAIT: Final = 30.0
_NOT_YET: Final = 0
_READY: Final = 1
_PASSES: Final = (Unclear, Unreachable, Throttled, Busy)
"""What a poll may meet that the next one need not."""


class Memory(Protocol):
    """Remembers which dumps were asked for."""

    def claim(self, origin: str, bucket_id: int, day: str) -> str | None:
        """Remember, beyond the end of the process, that a dump is asked for on this day
        (`2024-12-31`). None: it may be. Otherwise why not."""
        ...


@dataclass(frozen=True, slots=True)
class Calls:
    """What is asked for, each by the catalogue's name of the bucket."""

    ask: Callable[[str, Callable[[], None]], DumpTask]
    """Asks for the dump, or how it stands, once. The second: has the last word before."""
    download: Callable[[str, str], Mapping[FileId, File]]
    """The files of the dump that lies at an address."""
    claim: Callable[[str, str], str | None]
    """As `Memory`, for a day."""


class _NoDump(Exception):
    """Why there is no dump that is believed: a sentence."""


@dataclass(frozen=True, slots=True)
class _Started:
    """A dump that was started now."""

    task: DumpTask
    day: str


class Dumps:
    """The dumps of one run's buckets: all are started, and then one after the other is read."""

    def __init__(
        self, calls: Calls, lister: Lister, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        """`tell` takes a sentence for each bucket that is listed instead."""
        self._calls = calls
        self._lister = lister
        self._clock = clock
        self._tell = tell
        self._started: dict[str, _Started | _NoDump] = {}
        self._until = clock.monotonic() + _PATIENCE

    def start(self, bucket: str) -> None:
        """Ask for the bucket's dump, where that may be. Raises `TokenRefused`."""
        try:
            self._started[bucket] = self._start(bucket)
        except _NoDump as why:
            self._started[bucket] = why

    def files(self, bucket: str) -> tuple[Sequence[File], str | None]:
        """As `Lister.files`: of the dump that was started, or else listed."""
        try:
            return self._dumped(bucket), None
        except _NoDump as why:
            self._tell(f"{why}; listed instead")
        return self._lister.files(bucket)

    def _start(self, bucket: str) -> _Started:
        day = ""

        def claim() -> None:
            nonlocal day
            day = self._today()
            refused = self._calls.claim(bucket, day)
            if refused is not None:
                raise _said(bucket, refused)

        with _or_no_dump():
            task = self._calls.ask(bucket, claim)
        if task.status == _READY:
            raise _said(
                bucket, "it was ready at once: it was started earlier, and nobody knows when"
            )
        return _Started(task, day)

    def _dumped(self, bucket: str) -> Sequence[File]:
        started = self._started[bucket]
        if isinstance(started, _NoDump):
            raise started
        url = self._when_ready(bucket, started)
        with _or_no_dump():
            by_id = self._calls.download(bucket, url)
            first, last = self._lister.ends(bucket)
        files = tuple(by_id[file_id] for file_id in sorted(by_id))
        doubt = doubt_of(files, first, last)
        if doubt is not None:
            raise _said(bucket, doubt)
        return files

    def _when_ready(self, bucket: str, started: _Started) -> str:
        task, wait = started.task, 1.0
        while task.status != _READY:
            if task.status != _NOT_YET:
                raise _said(bucket, f"its status is {task.status}, which nobody knows")
            left = self._until - self._clock.monotonic()
            if left <= 0:
                raise _said(bucket, f"it was not ready after {_PATIENCE / 60:.0f} minutes")
            self._clock.sleep(min(wait, left))
            wait = min(2 * wait, _LONGEST_WAIT)
            task = self._poll(bucket, started) or task
        return task.url

    def _poll(self, bucket: str, started: _Started) -> DumpTask | None:
        """How the dump stands; None where there was no answer, and the next one may have one."""

        def same_day() -> None:
            if self._today() != started.day:
                raise _said(bucket, "it was not ready before the day's end (UTC)")

        with _or_no_dump():
            try:
                task = self._calls.ask(bucket, same_day)
            except _PASSES:
                return None
        if task.id != started.task.id:
            raise _said(bucket, "another one was started meanwhile")
        return task

    def _today(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%d}"


def doubt_of(files: Sequence[File], first: Page, last: Page) -> str | None:
    """Why these, by id, are not all files of a bucket with these first and last pages; None where
    they are."""
    totals = {first.total, last.total}
    if totals != {len(files)}:
        return f"it has {len(files)} files, and the service says that there are {max(totals)}"
    if files and not (first.files and last.files):
        return "the first or the last page of the listing is empty, and so proves nothing"
    head, tail = len(first.files), len(files) - len(last.files)
    for ordered in (files, files[::-1]):
        if tuple(ordered[:head]) == first.files and tuple(ordered[tail:]) == last.files:
            return None
    return "its files are not those of the first and the last page of the listing"


@contextmanager
def _or_no_dump() -> Iterator[None]:
    """Whatever fails is a reason to list. But a token that is refused here is refused there."""
    try:
        yield
    except TokenRefused:
        raise
    except ServiceError as error:
        raise _NoDump(str(error)) from error


def _said(bucket: str, why: str) -> _NoDump:
    return _NoDump(f"the dump of bucket {bucket}: {why}")
