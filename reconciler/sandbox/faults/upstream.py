"""The sandbox's own socket, as the front asks it: connections that are kept and used again."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults.http1 import (
    Answer,
    BadMessage,
    Body,
    Request,
    Stream,
    request_pieces,
)

_ENOUGH = 1 << 16  # bytes that are worth a packet of their own


class Upstream:
    """Asks the server at an address. May be used by several threads at once."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._idle: list[Stream] = []
        self._busy: set[Stream] = set()
        self._is_closed = False
        self._lock = threading.Lock()

    def ask(self, request: Request, target: str, body: Body | None) -> Answer:
        """The answer. Raises `SandboxError` where none comes."""
        try:
            return self._ask(request, target, body)
        except (OSError, BadMessage) as error:
            raise SandboxError(f"the sandbox did not answer: {error}") from error

    def close(self) -> None:
        """Ends all connections; whoever waits for an answer gets an error."""
        with self._lock:
            self._is_closed = True
            for stream in self._busy:
                with suppress(OSError):
                    stream.socket.shutdown(socket.SHUT_RDWR)
            while self._idle:
                self._idle.pop().socket.close()

    def _ask(self, request: Request, target: str, body: Body | None) -> Answer:
        stream = self._taken()
        goes_on = False
        try:
            pending = b""
            for piece in request_pieces(request, target, body):
                pending += piece
                if len(pending) >= _ENOUGH:
                    stream.socket.sendall(pending)
                    pending = b""
            stream.socket.sendall(pending)
            answer, goes_on = stream.answer(request.method)
            return answer
        finally:
            self._put_back(stream, goes_on=goes_on)

    def _taken(self) -> Stream:
        with self._lock:
            while self._idle:
                stream = self._idle.pop()
                if _is_quiet(stream.socket):
                    self._busy.add(stream)
                    return stream
                stream.socket.close()
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = Stream(connection)
        with self._lock:
            self._busy.add(stream)
        return stream

    def _put_back(self, stream: Stream, *, goes_on: bool) -> None:
        with self._lock:
            self._busy.discard(stream)
            if goes_on and not self._is_closed:
                self._idle.append(stream)
            else:
                stream.socket.close()


def _is_quiet(connection: socket.socket) -> bool:
    """Whether nothing has come since the last answer; what would come is the end."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
