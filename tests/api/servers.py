"""Servers that a test tells byte by byte what to do."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

Then = Literal["keep", "close", "reset", "hang", "drip"]


@dataclass(frozen=True)
class Answer:
    """Bytes, and what happens after them."""

    data: bytes
    then: Then = "keep"


@dataclass
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which of the server's connections it came over, from 0."""


@dataclass
class Server:
    """What answers come, in order (the last one again and again), and what was asked."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def lines(self) -> list[str]:
        """The request lines, without the version."""
        return [request.line.removesuffix(" HTTP/1.1") for request in self.requests]


def answer(
    status: int = 200,
    body: Any = None,
    *,
    zipped: bool = False,
    then: Then = "keep",
    **headers: str,
) -> Answer:
    """An answer of HTTP: what is not bytes goes as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    if zipped:
        data, headers = gzip.compress(data), {**headers, "Content-Encoding": "gzip"}
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Answer("\r\n".join(lines).encode() + b"\r\n\r\n" + data, then)


Act: TypeAlias = "Callable[[socket.socket, int, threading.Event], None]"
"""What happens on a connection: its number, and when the test is over."""


class _Listening:
    """The server's threads: one that accepts, and one for each connection."""

    def __init__(self, listening: socket.socket, act: Act) -> None:
        self._listening = listening
        self._act = act
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def end(self) -> None:
        self._over.set()
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                number = len(self._open) - 1
                thread = threading.Thread(target=self._use, args=(connection, number), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _use(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            self._act(connection, number, self._over)


@contextmanager
def accepting(act: Act) -> Iterator[Server]:
    """A server that does one thing with each connection, as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = _Listening(listening, act)
        try:
            yield Server(listening.getsockname()[1])
        finally:
            running.end()


@contextmanager
def serving(
    *answers: Answer, tls: ssl.SSLContext | None = None, tunnel: bool = False
) -> Iterator[Server]:
    """A server of HTTP, as long as the block runs; over TLS, or, as a tunnelling proxy, every
    host there is, each over TLS."""
    server = Server(0, list(answers), scheme="http" if tunnel or tls is None else "https")

    def talk(connection: socket.socket, number: int, over: threading.Event) -> None:
        if tunnel:
            _take_up(connection, number, server)
        if tls is None:
            _answer_all(connection, number, server, over)
        else:
            # A duplicate: what is wrapped can no longer be ended from here.
            with tls.wrap_socket(connection.dup(), server_side=True) as wrapped:
                _answer_all(wrapped, number, server, over)

    with accepting(talk) as accepted:
        server.port = accepted.port
        yield server


def _take_up(connection: socket.socket, number: int, server: Server) -> None:
    """Bytewise, so that nothing of what follows is read."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    lines = head.decode("latin-1").split("\r\n")
    server.requests.append(Received(lines[0].rsplit(" ", 1)[0], _headers(lines[1:]), b"", number))
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")


def _answer_all(
    connection: socket.socket, number: int, server: Server, over: threading.Event
) -> None:
    with connection.makefile("rb") as stream:
        while (request := _read(stream, number)) is not None:
            server.requests.append(request)
            now = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            _say(connection, now, over)
            if now.then != "keep":
                return


def _say(connection: socket.socket, now: Answer, over: threading.Event) -> None:
    step = 1 if now.then == "drip" else max(1, len(now.data))
    for start in range(0, len(now.data), step):
        connection.sendall(now.data[start : start + step])
        if now.then == "drip" and over.wait(0.01):
            return
    if now.then == "hang":
        over.wait()
    if now.then == "reset":
        reset_when_closed(connection)


def reset_when_closed(connection: socket.socket) -> None:
    """A reset (RST) in the place of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _read(stream: Any, number: int) -> Received | None:
    first = stream.readline().decode("latin-1").strip()
    if not first:
        return None
    lines: list[str] = []
    while line := stream.readline().decode("latin-1").strip():
        lines.append(line)
    headers = _headers(lines)
    length = int(headers.get("content-length", "0"))
    body = stream.read(length)
    return Received(first, headers, body, number) if len(body) == length else None


def _headers(lines: list[str]) -> dict[str, str]:
    parts = [line.partition(":") for line in lines if line]
    return {name.lower(): value.strip() for name, _, value in parts}
