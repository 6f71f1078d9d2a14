"""A server that answers with exactly the bytes that a test names, and then closes, resets the
connection, or says nothing more."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@dataclass
class Server:
    """What answers come, in order (the last one again and again), and what was asked."""

    port: int
    answers: list[Answer]
    requests: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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


class _Talking:
    """The server's threads: one that accepts, and one for each connection."""

    def __init__(self, listening: socket.socket, server: Server) -> None:
        self._listening = listening
        self._server = server
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
                thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket) -> None:
        answers = self._server.answers
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError):
            while (request := _read(stream)) is not None:
                self._server.requests.append(request)
                now = answers.pop(0) if len(answers) > 1 else answers[0]
                self._say(connection, now)
                if now.then != "keep":
                    return

    def _say(self, connection: socket.socket, now: Answer) -> None:
        step = 1 if now.then == "drip" else max(1, len(now.data))
        for start in range(0, len(now.data), step):
            connection.sendall(now.data[start : start + step])
            if now.then == "drip" and self._over.wait(0.01):
                return
        if now.then == "hang":
            self._over.wait()
        if now.then == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    """A server in a thread, as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(listening.getsockname()[1], list(answers))
        talking = _Talking(listening, server)
        try:
            yield server
        finally:
            talking.end()


def _read(stream: Any) -> Received | None:
    first = stream.readline().decode("latin-1").strip()
    if not first:
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = stream.read(length)
    return Received(first, headers, body) if len(body) == length else None
