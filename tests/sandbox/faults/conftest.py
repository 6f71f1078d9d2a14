"""A client of bytes: it says what it is told, and tells what came and how that ended."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from reconciler.sandbox.server import running
from tests.sandbox.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.sandbox.console import Sandbox

UPLOAD = ("POST", "/api/buckets/8891/files", {"data_type": "acrid", "acrid": "x", "title": "new"})
_PAUSE = threading.Event()


@dataclass(frozen=True)
class Said:
    """All that came, and how it ended. `silent`: the connection was still open."""

    data: bytes
    end: Literal["closed", "reset", "silent"]

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def head(self) -> list[str]:
        """The first line, and the headers in alphabetical order, but for the date."""
        line, *rest = self.data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        return [line, *sorted(each for each in rest if not each.startswith("Date:"))]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """Its only value; None: it is not there."""
        found = [line.partition(": ")[2] for line in self.head[1:] if line.startswith(f"{name}:")]
        assert len(found) < 2
        return found[0] if found else None


def connected(url: str, patience: float = 5.0) -> socket.socket:
    """A connection to the server at the address."""
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=patience)


def request_bytes(method: str, path: str, body: Any = None, *more: str) -> bytes:
    """A request; a body that is not bytes goes as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: sandbox", "Accept: application/json", *more]
    lines.append("Authorization: Bearer token")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, "\r\n"]).encode() + (data if body is not None else b"")


def ask(url: str, method: str, path: str, body: Any = None, patience: float = 5.0) -> Said:
    """Asks on a connection of its own, and reads until it ends or nothing comes any more."""
    with connected(url, patience) as client:
        client.sendall(request_bytes(method, path, body, "Connection: close"))
        return heard(client)


def heard(client: socket.socket) -> Said:
    """Everything that comes."""
    data = b""
    try:
        while piece := client.recv(1 << 16):
            data += piece
    except ConnectionResetError:
        return Said(data, "reset")
    except TimeoutError:
        return Said(data, "silent")
    return Said(data, "closed")


def eventually(true: Callable[[], object]) -> None:
    """Waits for what other threads do; it is an error that it never comes."""
    for _ in range(1000):
        if true():
            return
        _PAUSE.wait(0.005)
    raise AssertionError("it did not come")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox with two buckets, and three files in the first: 1, 2 and 3."""
    with running(clock=clock) as served:
        served.add_bucket("spots", id=8891)
        served.add_bucket("archive", id=8892)
        served.add_files(8891, [{"title": f"title {number}", "id": number} for number in (1, 2, 3)])
        yield served
