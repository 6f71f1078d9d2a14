"""Processes that read YAML, where there is so much of it that they pay.

They only make it faster: what they cannot read, for whatever reason, is for whoever asked to read
without them.
"""

import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import orjson

from reconciler.catalog.events import Spot

WORTH: Final = 4 << 20
"""Bytes of YAML from which on processes are started: a fifth of a second each, on other cores."""
_MOST: Final = 8
_AHEAD: Final = 2
"""Texts for each process that are read before their turn."""
_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; from reconciler.catalog.worker import main; main()"
)
_LONGEST: Final = 1 << 32
"""Bytes of an answer. What says that it has more is none."""
_SECRETS: Final = ("ACRCLOUD_ACCESS_TOKEN",)
"""Of the environment: none of a worker's business."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Read:
    """What a text says, each entry of its form."""

    entries: dict[str, Any]
    spots: dict[str, Spot]


class Workers:
    """As many as there are cores for them, started when they are first needed."""

    def __init__(self) -> None:
        """Start nothing."""
        self._count = min(_cores(), _MOST)
        self._pool: ThreadPoolExecutor | None = None
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Use as a context, so that none is left."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them."""
        if self._pool is not None:  # first, so that none is started in the place of another
            self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._started:
            process.kill()
        if self._pool is not None:
            self._pool.shutdown()
        for process in self._started:
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    if stream is not None:
                        stream.close()
            process.wait()

    def pay(self, size: int) -> bool:
        """Whether so many bytes are read sooner with them."""
        return size >= WORTH and self._count > 1 and bool(sys.executable)

    def read(
        self, items: Iterable[tuple[Item, bytes | None]]
    ) -> Iterator[tuple[Item, Read | None]]:
        """For each item, in order, what its text says; None where it has none, or where it could
        not be read here. Some are read before their turn, but never very many."""
        ahead: deque[tuple[Item, Future[Read | None] | None]] = deque()
        for item, text in items:
            ahead.append((item, None if text is None else self._submit(text)))
            if len(ahead) > self._count * _AHEAD:
                yield _done(*ahead.popleft())
        while ahead:
            yield _done(*ahead.popleft())

    def _submit(self, text: bytes) -> Future[Read | None] | None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count)
            for _ in range(self._count):
                self._idle.put(None)
        try:
            return self._pool.submit(self._read, text)
        except RuntimeError:  # the system has no thread for us
            return None

    def _read(self, text: bytes) -> Read | None:
        process = self._idle.get()
        try:
            process = process or self._start()
            answer = _asked(process, text)
        except (OSError, EOFError):
            process, answer = None, b""  # it was killed, or there can be none: the next is another
        finally:
            self._idle.put(process)
        if not answer:
            return None
        found = orjson.loads(answer)
        numbers = iter(found["spots"])
        spots = zip(found["entries"], zip(numbers, numbers, strict=True), strict=True)
        return Read(found["entries"], dict(spots))

    def _start(self) -> subprocess.Popen[bytes]:
        alone = "-I" if sys.flags.isolated else "-P"
        environment = {name: text for name, text in os.environ.items() if name not in _SECRETS}
        process = subprocess.Popen(
            [sys.executable, alone, "-c", _PROGRAM, *_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._started.append(process)
        return process


def _asked(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """What the process answers. Raises `OSError` or `EOFError` where it has gone, or says
    something else."""
    incoming, outgoing = process.stdout, process.stdin
    if incoming is None or outgoing is None:
        raise EOFError
    outgoing.write(len(text).to_bytes(8))
    outgoing.write(text)
    outgoing.flush()
    head = incoming.read(8)
    length = int.from_bytes(head)
    if len(head) < 8 or length > _LONGEST:
        raise EOFError
    answer = incoming.read(length)
    if len(answer) < length:
        raise EOFError
    return answer


def _done(item: Item, coming: Future[Read | None] | None) -> tuple[Item, Read | None]:
    return item, None if coming is None else coming.result()


def _path() -> list[str]:
    """Where a worker finds what it imports: where it was found here, and not in the folder that it
    happens to run in."""
    package = str(Path(__file__).parent.parent.parent)
    path = [each for each in sys.path if each]
    return path if package in path else [package, *path]


def _cores() -> int:
    """Those that this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
