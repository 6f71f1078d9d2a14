"""The sandbox behind a socket: for the command line until it is signalled, for tests in a thread.

Binds the loopback address and nothing else. Prints nothing. In order, from the socket inwards:
a front that plays faults where some are asked for, waitress, a delay, the application.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from waitress import wasyncore
from waitress.server import create_server

from reconciler.sandbox import seed as seeds
from reconciler.sandbox.app import LARGEST_UPLOAD, Request, create_app
from reconciler.sandbox.buckets import Buckets
from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.database import Database
from reconciler.sandbox.faults import AnyRule, playing
from reconciler.sandbox.loopback import HOST, bound
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_THREADS = 16
_THREADS_WITH_LATENCY = 64  # a delayed request holds its thread
_CONNECTIONS = 1000
_GRACE_S = 5.0


class Served(TypedDict):
    """The sandbox that `serve` serves. `data` None keeps everything in memory."""

    data: Path | None
    seed: Path | None
    latency_ms: int
    ready_after: float
    quirks: Quirks
    token: str | None


def serve(
    *,
    port: int,
    announce: Callable[[str], None],
    faults: Sequence[AnyRule] = (),
    **served: Unpack[Served],
) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is in flight finish, and returns.

    To be called from the main thread. `port` 0 takes a free one; `faults` are played there, in
    front of the sandbox, which then has another; `announce` is called once with the URL, when
    requests are answered. A port that is taken, a seed or a database that cannot be read:
    `SandboxError`.
    """
    settings = _Settings(clock=time.time, **served)
    signalled: queue.SimpleQueue[int] = queue.SimpleQueue()  # may be filled by a signal handler
    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            former = signal.signal(number, lambda number, _frame: signalled.put(number))
            stack.callback(signal.signal, number, former)
        own_port = 0 if faults else port
        sandbox = stack.enter_context(_running(settings, port=own_port, requests=None))
        url = sandbox.url
        if faults:
            url = stack.enter_context(playing(sandbox, *faults, port=port, logged=False)).url
        announce(url)
        signalled.get()


@contextmanager
def running(
    *,
    quirks: Quirks | None = None,
    token: str | None = None,
    data: Path | None = None,
    seed: Path | None = None,
    clock: Callable[[], float] = time.time,
    latency_ms: int = 0,
    ready_after: float = 0.0,
) -> Iterator[Sandbox]:
    """Serves from a thread as long as the block runs, on a free port and, without `data`, in
    memory.

    `clock` gives the epoch's seconds. `ready_after` 0: an upload is ready at the next look.
    """
    settings = _Settings(
        quirks=quirks or Quirks(),
        token=token,
        data=data,
        seed=seed,
        clock=clock,
        latency_ms=latency_ms,
        ready_after=ready_after,
    )
    with _running(settings, port=0, requests=[]) as sandbox:
        yield sandbox


@dataclass(frozen=True, slots=True)
class _Settings:
    quirks: Quirks
    token: str | None
    data: Path | None
    seed: Path | None
    clock: Callable[[], float]
    latency_ms: int
    ready_after: float


@contextmanager
def _running(
    settings: _Settings, *, port: int, requests: list[Request] | None
) -> Iterator[Sandbox]:
    """`requests` None keeps no log of them: it would grow as long as the server lives."""
    planted = None if settings.seed is None else seeds.read(settings.seed)
    database = Database(settings.data)
    try:
        store, buckets = Store(database, read_lag=settings.quirks.read_lag), Buckets(database)
        if planted is not None:
            seeds.plant(planted, buckets, store, now=settings.clock())
        app: WSGIApplication = create_app(
            database,
            quirks=settings.quirks,
            token=settings.token,
            clock=settings.clock,
            ready_after=settings.ready_after,
            watch=None if requests is None else requests.append,
        )
        if settings.latency_ms:
            app = _delayed(app, settings.latency_ms / 1000)
        threads = _THREADS_WITH_LATENCY if settings.latency_ms else _THREADS
        with _listening(app, port, threads) as url:
            log = [] if requests is None else requests
            yield Sandbox(url, store, buckets, settings.clock, log)
    finally:
        database.close()


def _delayed(app: WSGIApplication, seconds: float) -> WSGIApplication:
    def delayed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        time.sleep(seconds)
        return app(environ, start_response)

    return delayed


@contextmanager
def _listening(app: WSGIApplication, port: int, threads: int) -> Iterator[str]:
    # waitress warns on standard error where requests wait for a thread; here that is usual.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    register: dict[int, Any] = {}  # waitress's register of this server's sockets, and no other's
    # Bound here, not by waitress, which would leave threads and sockets behind on failure.
    with bound(port) as listening:
        server = create_server(
            app,
            map=register,
            sockets=[listening],
            threads=threads,
            server_name=HOST,
            ident="acrcloud-sandbox",
            connection_limit=_CONNECTIONS,
            max_request_body_size=LARGEST_UPLOAD,
            log_socket_errors=False,
            asyncore_use_poll=True,
        )
        with _in_thread(server, register):
            yield f"http://{HOST}:{listening.getsockname()[1]}"


@contextmanager
def _in_thread(server: Any, register: dict[int, Any]) -> Iterator[None]:
    thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        # First the requests that are being answered, while the loop still sends for them. Then the
        # loop, which ends once its register is empty; it may not close the sockets itself, since
        # whoever wakes it still writes to one of them.
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=_GRACE_S)
        left: dict[int, Any] = {}

        def empty_register() -> None:
            left.update(register)
            register.clear()

        server.trigger.pull_trigger(empty_register)
        thread.join(_GRACE_S)
        wasyncore.close_all(left, ignore_all=True)
