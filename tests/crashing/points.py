"""Numbers every point at which a run can die, and lets it die at one of them.

The product has no hook for it: what is wrapped is the standard library, where a process meets
its disk and its wire. So nothing that the product does can go round it.

| point                                | what was done by then                               |
|--------------------------------------|-----------------------------------------------------|
| `ledger 3 before`                    | nothing of the third write to the ledger            |
| `ledger 3 torn`                      | half of its bytes                                   |
| `ledger 3 written`                   | all of them; a power cut would lose them            |
| `ledger 3 synced`                    | they are on disk                                    |
| `ledger cut before, written, synced` | the same of the cut that heals a torn last line     |
| `PUT /api/buckets/1/files/7 before`  | nothing of the request                              |
| `PUT /api/buckets/1/files/7 sent`    | it went out whole; of its answer nothing was read   |
| `PUT /api/buckets/1/files/7 read`    | its answer was read                                 |

A run of one worker passes the same points every time. Requests that only read are counted where
`reads` says so: a death at one of them leaves the ledger and the service as they were at the
point before it.
"""

from __future__ import annotations

import http.client
import os
import random
import select
import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self
from unittest.mock import patch
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Mode = Literal["kill", "power", "torn power"]
"""What a death leaves of the ledger: all that was written; what was synced; that, and as chance
will have it some of what was not."""

Die = Literal["raise", "kill"]

_LONGEST_ANSWER = 30.0
"""Seconds in which a service answers the last request of a run that dies there."""


class Crash(BaseException):
    """The process has died. Nothing may catch it and go on."""


class Points:
    """As long as the block runs, every point is counted, and at `die_at` (from 1) the run dies.

    `die`: "raise" a `Crash` in the thread that came to the point, and in every thread that comes
    to any later one; or "kill" the process. `passed`: the names of the points so far, the one of
    the death included. `dead`: whether it has died. `seed`: chooses how much of what was not
    synced outlives a torn power cut. `journal`: a file that gets the names too, and outlives it.

    The reading of standard input, locks and sources is nobody's business here. Requests of the
    same process that are not the product's (by `http.client`) would be counted: make none.
    """

    def __init__(
        self,
        ledger: Path,
        *,
        die_at: int | None = None,
        mode: Mode = "kill",
        die: Die = "raise",
        reads: bool = False,
        seed: int = 0,
        journal: Path | None = None,
    ) -> None:
        """`die_at` None: only count."""
        self.passed: list[str] = []
        self.dead = False
        self._ledger = ledger
        self._die_at = die_at
        self._mode = mode
        self._die = die
        self._reads = reads
        self._chance = random.Random(seed)
        self._journal_path = journal
        self._journal: int | None = None
        self._turn = threading.RLock()
        self._writes = 0
        self._writing = "ledger"
        self._patches = ExitStack()
        self._durable = b""

    def __enter__(self) -> Self:
        """Take note of what is on disk already, and begin to count."""
        self._durable = self._read_ledger()
        # What the run makes is there after a power cut only once its folder was synced.
        self._unsynced = {path for path in (self._ledger, *self._ledger.parents) if _is_new(path)}
        if self._journal_path is not None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._journal = os.open(self._journal_path, flags, 0o600)
            self._patches.callback(os.close, self._journal)
        # The originals, taken now: they may be wrapped already, by a fault.
        self._os_write, self._os_fsync, self._os_ftruncate = os.write, os.fsync, os.ftruncate
        for where, name, wrapped in (
            (os, "write", self._write),
            (os, "fsync", self._fsync),
            (os, "ftruncate", self._ftruncate),
            (http.client.HTTPConnection, "putrequest", self._asking()),
            (http.client.HTTPConnection, "send", self._sending()),
            (http.client.HTTPConnection, "getresponse", self._answered()),
            *((http.client.HTTPResponse, name, self._reading(name)) for name in _READS),
        ):
            self._patches.enter_context(patch.object(where, name, wrapped))
        return self

    def __exit__(self, *_error: object) -> None:
        """Put everything back as it was."""
        self._patches.close()

    @property
    def durable(self) -> bytes:
        """What of the ledger a power cut would leave now."""
        return self._durable

    # The disk.

    def _write(self, file: int, data: bytes) -> int:
        if not (data and self._is_ledger(file)):
            return self._os_write(file, data)
        with self._turn:
            self._check()
            self._writes += 1
            self._writing = f"ledger {self._writes}"
        name = self._writing
        self._pass(f"{name} before")
        self._pass(f"{name} torn", last=lambda: self._os_write(file, data[: len(data) // 2]))
        written = self._os_write(file, data)
        self._pass(f"{name} written")
        return written

    def _ftruncate(self, file: int, length: int) -> None:
        if not self._is_ledger(file):
            self._os_ftruncate(file, length)
            return
        self._writing = "ledger cut"
        self._pass("ledger cut before")
        self._os_ftruncate(file, length)
        self._pass("ledger cut written")

    def _fsync(self, file: int) -> None:
        if not self._is_ledger(file):
            self._os_fsync(file)
            with self._turn:
                gone = {path for path in self._unsynced if path.exists()}
                self._unsynced -= {path for path in gone if _is(file, path.parent)}
            return
        self._check()
        self._os_fsync(file)
        with self._turn:
            self._check()
            self._durable = self._read_ledger()
        self._pass(f"{self._writing} synced")

    def _is_ledger(self, file: int) -> bool:
        return _is(file, self._ledger)

    def _read_ledger(self) -> bytes:
        return self._ledger.read_bytes() if self._ledger.is_file() else b""

    def _cut_the_power(self) -> None:
        if self._mode == "kill" or not self._ledger.is_file():
            return
        torn, chance = self._mode == "torn power", self._chance
        if self._unsynced and not (torn and chance.random() < 0.5):
            self._ledger.unlink()
            return
        seen = self._read_ledger()
        left = self._durable
        if torn and seen.startswith(left):
            left = seen[: chance.randint(len(left), len(seen))]
            # The length may be on disk before the bytes are: they read as NUL then.
            left += bytes(chance.choice((0, len(seen) - len(left))))
        elif torn:
            left = chance.choice((left, seen))
        file = os.open(self._ledger, os.O_WRONLY | os.O_TRUNC)
        self._os_write(file, left)
        os.close(file)

    # The wire. Each function makes a method, for the class's own instances to be its `self`.

    def _asking(self) -> Callable[..., None]:
        original = http.client.HTTPConnection.putrequest

        def putrequest(
            connection: http.client.HTTPConnection, method: str, url: str, *args: Any, **kwargs: Any
        ) -> None:
            request = f"{method} {urlsplit(url).path}"
            vars(connection)["request_of_points"] = request
            self._pass_request(request, "before")
            original(connection, method, url, *args, **kwargs)

        return putrequest

    def _sending(self) -> Callable[..., None]:
        original = http.client.HTTPConnection.send

        def send(connection: http.client.HTTPConnection, data: Any) -> None:
            self._check()
            original(connection, data)

        return send

    def _answered(self) -> Callable[..., http.client.HTTPResponse]:
        original = http.client.HTTPConnection.getresponse

        def getresponse(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
            request = vars(connection).pop("request_of_points")
            self._pass_request(request, "sent", last=lambda: _wait_for_answer(connection))
            response = original(connection)
            vars(response)["request_of_points"] = request
            return response

        return getresponse

    def _reading(self, name: str) -> Callable[..., Any]:
        original = getattr(http.client.HTTPResponse, name)

        def read(response: http.client.HTTPResponse, *args: Any) -> Any:
            self._check()
            data = original(response, *args)
            whole = response.isclosed() or response.length == 0
            request = vars(response).pop("request_of_points", None) if whole else None
            if request is not None:
                self._pass_request(request, "read")
            return data

        return read

    # Life and death.

    def _pass_request(
        self, request: str, point: str, last: Callable[[], object] | None = None
    ) -> None:
        if self._reads or not request.startswith(("GET ", "HEAD ")):
            self._pass(f"{request} {point}", last)
        else:
            self._check()

    def _pass(self, name: str, last: Callable[[], object] | None = None) -> None:
        """`last`: what is still done where the run dies here."""
        with self._turn:
            self._check()
            self.passed.append(name)
            if self._journal is not None:
                self._os_write(self._journal, f"{name}\n".encode())
            if len(self.passed) != self._die_at:
                return
            if last is not None:
                last()
            self._cut_the_power()
            self.dead = True
            if self._die == "kill":
                _kill()
            raise Crash(name)

    def _check(self) -> None:
        """A dead process does nothing more."""
        if self.dead:
            raise Crash


_READS = ("read", "read1", "readinto")


def _is(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _is_new(path: Path) -> bool:
    return not path.exists()


def _wait_for_answer(connection: http.client.HTTPConnection) -> None:
    """Until it comes, nobody knows whether the service has done it: a test must know."""
    select.select([connection.sock], [], [], _LONGEST_ANSWER)


def _kill() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # until the signal is here
        time.sleep(1)
