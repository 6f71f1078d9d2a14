"""The command as a process, hundreds of times: one process has imported it, and forks a child for
each run. What the child does is what `python -m reconciler` does, with the instruments around it;
only what Python itself does as it starts is not done anew. The tests in which that matters start a
process of their own: of start-up, of streams, of the interpreter's own variables.

Nothing may be forked from a process with threads, and so not from the one that runs the tests.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import inspect
import io
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 120.0
"""Seconds after which a run hangs."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, or the signal that killed it as a negative number."""

    code: int
    out: str
    err: str


class Running:
    """A run that may not have ended yet."""

    def __init__(self, pid: int, answers: IO[bytes], out: Path, err: Path) -> None:
        self.pid = pid
        self.ended = False
        self._answers = answers
        self._out = out
        self._err = err

    def said(self) -> str:
        """Its standard error so far."""
        return self._err.read_text("utf-8")

    def wait(self) -> Ended:
        """Until it has ended. One that hangs is killed, and fails the test."""
        if not select.select([self._answers], [], [], _PATIENCE)[0]:
            self.kill()
            raise AssertionError(f"the run hung; it said: {self.said()}")
        self.ended = True
        code = os.waitstatus_to_exitcode(int(self._answers.readline()))
        return Ended(code, self._out.read_text("utf-8"), self.said())

    def kill(self) -> None:
        """End it, whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        self._answers.readline()
        self.ended = True


class Zygote:
    """Starts runs, one at a time."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes], streams: Path) -> None:
        """`streams`: a folder for what the runs read and say."""
        self._orders = orders
        self._answers = answers
        self._streams = streams
        self._last: Running | None = None

    def start(
        self,
        *arguments: str,
        folder: Path,
        env: Mapping[str, str],
        stdin: str = "",
        instruments: Sequence[tuple[str, Mapping[str, Any]]] = (),
    ) -> Running:
        """Run `reconciler` with these arguments in the folder. `instruments`: the names of
        context managers (`module:Class`) and what they are made with, the outermost first."""
        if self._last is not None and not self._last.ended:
            self._last.kill()  # the test that started it failed before its end
        given, out, err = (self._streams / name for name in ("in", "out", "err"))
        given.write_text(stdin, "utf-8")
        job = {
            "arguments": arguments,
            "folder": str(folder),
            "env": dict(env),
            "umask": _umask(),
            "in": str(given),
            "out": str(out),
            "err": str(err),
            "instruments": instruments,
        }
        self._orders.write(json.dumps(job).encode() + b"\n")
        self._last = Running(int(self._answers.readline()), self._answers, out, err)
        return self._last


@cache
def shared() -> Zygote:
    """The one of this process: started when it is first asked for, and ended with it."""
    kept = ExitStack()
    process = kept.enter_context(_zygote())
    atexit.register(kept.close)  # goes before what its parts have registered
    return process


@contextmanager
def _zygote() -> Iterator[Zygote]:
    """A process to start runs from, as long as the block runs."""
    with (
        tempfile.TemporaryDirectory() as streams,
        subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            cwd=ROOT,
            env={},  # as bare as the surroundings of the runs: by these Python makes its streams
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", "the zygote could not import the command"
        yield Zygote(process.stdin, process.stdout, Path(streams))
        process.stdin.close()


def _umask() -> int:
    """This process's; there is no other way to ask."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


# The other side: what follows runs in the zygote, and in its children.

_LAZY = (
    *("concurrent.futures.thread", "coverage.sqldata", "csv", "deepdiff", "encodings.idna"),
    *("filelock", "jsonschema", "jsonschema_rs", "orjson", "requests", "shlex"),
    *("unittest.mock", "yaml"),
    *("rich.console", "rich.markup", "rich.progress", "rich.table", "rich.text"),
)
"""What a run imports once it needs it, beside our own modules. Here it is imported once for all."""


def _import_everything() -> None:
    import mutagen

    import reconciler

    for name in _LAZY:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith("reconciler.sandbox"):
            importlib.import_module(module.name)
    mutagen.File(io.BytesIO())  # imports its formats when it is first asked
    inspect.stack()  # learns where a thousand modules are, which coverage asks as it starts


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _serve() -> None:
    _import_everything()
    gc.freeze()  # so that the children share this memory
    _say("ready")
    # Not by the stream itself, which is the children's: nothing must have been read ahead of it.
    with os.fdopen(os.dup(0)) as orders:
        for line in orders:
            pid = os.fork()
            if pid == 0:
                _run(json.loads(line))
            _say(pid)
            _say(os.waitpid(pid, 0)[1])


def _run(job: Mapping[str, Any]) -> NoReturn:
    code = 1
    signal.alarm(2 * int(_PATIENCE))  # nobody waits for it any more
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored in the background
    os.chdir(job["folder"])
    os.umask(job["umask"])
    os.environ.clear()
    os.environ.update(job["env"])
    measured = _measured()
    for number, path, flags in (
        (0, job["in"], os.O_RDONLY),
        (1, job["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, job["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.argv = ["reconciler", *job["arguments"]]
    try:
        with ExitStack() as stack:
            stack.push(_tell)
            for name, made_with in job["instruments"]:
                stack.enter_context(_instrument(name, made_with))
            code = _exit_code()
    finally:
        if measured is not None:
            measured.stop()
            measured.save()
        os._exit(code)


def _measured() -> Any:
    """What counts the lines of this run, where its surroundings ask for that."""
    import coverage

    return coverage.process_startup()


def _tell(_kind: object, error: BaseException | None, _trace: object) -> None:
    if error is not None:
        traceback.print_exception(error)
        sys.stderr.flush()


def _instrument(name: str, made_with: Mapping[str, Any]) -> Any:
    module, _, kind = name.partition(":")
    paths = {key: Path(made_with[key]) for key in ("ledger", "journal") if made_with.get(key)}
    return getattr(importlib.import_module(module), kind)(**{**made_with, **paths})


def _exit_code() -> int:
    from reconciler.__main__ import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    _serve()
