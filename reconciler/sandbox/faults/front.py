"""The front: stands between a client and the sandbox's own socket, and plays faults.

One thread takes connections, each connection has a thread, and all of them end with the block.
Links in answers name the sandbox's own socket, as behind any proxy.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.sandbox.faults import wire
from reconciler.sandbox.faults.fault import Whole
from reconciler.sandbox.faults.held import Held
from reconciler.sandbox.faults.http1 import Answer, BadMessage, Request, Stream
from reconciler.sandbox.faults.player import Played, Player
from reconciler.sandbox.faults.script import AnyRule, Script, kind_of
from reconciler.sandbox.faults.upstream import Upstream
from reconciler.sandbox.loopback import HOST, bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.console import Sandbox

_CONNECTIONS = 1000
_GRACE_S = 5.0
_BAD_REQUEST = Answer(400, "Bad Request", (), b"")


@contextmanager
def playing(
    sandbox: Sandbox, *rules: AnyRule, port: int = 0, logged: bool = True
) -> Iterator[Front]:
    """A front before a running sandbox, as long as the block runs.

    `port` 0 takes a free one; one that is taken: `SandboxError`. `logged` False keeps no log,
    which would grow as long as the front lives. What a fault's callbacks raise ends their
    connection, and is raised in its thread.
    """
    with bound(port) as listening:
        listening.listen(_CONNECTIONS)
        front = Front(sandbox, listening, rules, log=[] if logged else None)
        try:
            yield front
        finally:
            front.end()


class Front:
    """A running front: `url` is the address to use in place of the sandbox's, `log` grows with
    every request, in the order in which they came."""

    def __init__(
        self,
        sandbox: Sandbox,
        listening: socket.socket,
        rules: tuple[AnyRule, ...],
        log: list[Played] | None,
    ) -> None:
        """Takes connections from now on. Made by `playing`."""
        port = listening.getsockname()[1]
        self.url = f"http://{HOST}:{port}"
        self.log: list[Played] = [] if log is None else log
        self._logged = log is not None
        self._address = (HOST, port)
        self._listening = listening
        self._script = Script(rules)
        self._down = False
        self._over = threading.Event()
        self._upstream = Upstream((HOST, urlsplit(sandbox.url).port or 80))
        self._held = Held(sandbox.clock)
        self._player = Player(self._upstream, self._held, self._over)
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._accepting = threading.Thread(target=self._accept, name="front", daemon=True)
        self._accepting.start()

    def play(self, *rules: AnyRule) -> None:
        """From the next request on these rules, with fresh counts; none: no faults any more."""
        with self._lock:
            self._script = Script(rules)

    def release(self) -> int:
        """Forwards what came late, now and in order; how many requests that were (F14, F15)."""
        return self._held.release()

    @contextmanager
    def down(self) -> Iterator[None]:
        """As long as the block runs, new connections are reset as soon as they are made (a client
        may see it while it connects), and open ones at their next request (F3)."""
        self._down = True
        try:
            yield
        finally:
            self._down = False

    def end(self) -> None:
        """Lets what is being answered be answered, closes everything, and forgets what was to
        be forwarded later."""
        self._over.set()
        with suppress(OSError), socket.create_connection(self._address):  # it may be waiting
            self._accepting.join(_GRACE_S)
        self._listening.close()
        self._held.end(_GRACE_S)
        self._end_clients(socket.SHUT_RD)  # nothing more comes, and answers still go
        self._upstream.close()
        self._end_clients(socket.SHUT_RDWR)

    def _end_clients(self, how: int) -> None:
        with self._lock:
            clients = dict(self._clients)
        for client in clients:
            with suppress(OSError):
                client.shutdown(how)
        deadline = time.monotonic() + _GRACE_S
        for thread in clients.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        while True:
            client, _ = self._listening.accept()
            if self._over.is_set():
                client.close()
                return
            if self._down or len(self._clients) >= _CONNECTIONS:
                wire.reset(client)
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._talk, args=(client,), daemon=True)
            with self._lock:
                self._clients[client] = thread
            thread.start()

    def _talk(self, client: socket.socket) -> None:
        stream = Stream(client)
        try:
            with client, suppress(OSError):
                try:
                    while (request := stream.request()) is not None:
                        if self._down:
                            wire.reset(client)
                            return
                        if not self._player.play(stream, self._chosen(request)):
                            return
                except BadMessage:
                    wire.put(client, "GET", _BAD_REQUEST, Whole(), self._over.wait)
        finally:
            with self._lock:
                del self._clients[client]

    def _chosen(self, request: Request) -> Played:
        with self._lock:
            played = Played(request, kind_of(request), self._script.choose(request))
            if self._logged:
                self.log.append(played)
        return played
