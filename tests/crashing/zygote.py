"""The command as a process, hundreds of times: one process has imported it, and forks a child for
each run. What the child does is what `python -m reconciler` does, with the instruments around it.

Nothing may be forked from a process with threads, and so not from the one that runs the tests.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import mutagen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0
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
        self._answers = answers
        self._out = out
        self._err = err

    def said(self) -> str:
        """Its standard error so far."""
        return self._err.read_text("utf-8")

    def wait(self) -> Ended:
        """Until it has ended. One that hangs is killed, and fails the test."""
        if not select.select([self._answers], [], [], _PATIENCE)[0]:
            os.kill(self.pid, signal.SIGKILL)
            self._answers.readline()
            raise AssertionError(f"the run hung; it said: {self.said()}")
        code = os.waitstatus_to_exitcode(int(self._answers.readline()))
        return Ended(code, self._out.read_text("utf-8"), self.said())


class Zygote:
    """Starts runs, one at a time."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._orders = orders
        self._answers = answers

    def start(
        self,
        *arguments: str,
        folder: Path,
        env: Mapping[str, str],
        instruments: Sequence[tuple[str, Mapping[str, Any]]] = (),
    ) -> Running:
        """Run `reconciler` with these arguments in the folder. `instruments`: the names of
        context managers (`module:Class`) and what they are made with, the outermost first."""
        out, err = folder / "stdout.txt", folder / "stderr.txt"
        job = {
            "arguments": arguments,
            "folder": str(folder),
            "env": dict(env),
            "out": str(out),
            "err": str(err),
            "instruments": instruments,
        }
        self._orders.write(json.dumps(job).encode() + b"\n")
        return Running(int(self._answers.readline()), self._answers, out, err)


@contextmanager
def zygote() -> Iterator[Zygote]:
    """A process to start runs from, as long as the block runs."""
    # Not measured: a traced run takes many times as long, and most of these are killed.
    env = {name: item for name, item in os.environ.items() if not name.startswith("COV")}
    with subprocess.Popen(
        [sys.executable, __file__],
        env={**env, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", "the zygote could not import the command"
        yield Zygote(process.stdin, process.stdout)
        process.stdin.close()


# The other side: what follows runs in the zygote, and in its children.

_HEAVY = (
    "deepdiff",
    "jsonschema_rs",
    "reconciler.__main__",
    "reconciler.cli.apply_command",
    "reconciler.cli.main",
    "reconciler.cli.plan_command",
    "rich.console",
)
"""What a run imports once it needs it. Here it is imported once for all."""


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _serve() -> None:
    for name in _HEAVY:
        importlib.import_module(name)
    mutagen.File(io.BytesIO())  # imports its formats when it is first asked
    gc.freeze()  # so that the children share this memory
    _say("ready")
    for line in sys.stdin:
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
    os.environ.clear()
    os.environ.update(job["env"])
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
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
        os._exit(code)


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
