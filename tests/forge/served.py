"""What both fakes have in common: a real server of HTTP on this machine, which keeps what it was
asked, and goes wrong on demand.

    server.goes_wrong("POST", "/comments$", Reply(502), times=1)   # not done, and answered so
    server.loses_answer("POST", "/comments$")                      # done, and the line goes dead
    server.lines()                                                 # ["GET /user", ...]
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass
class Call:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By their names in small letters."""
    body: Any = None


@dataclass
class Reply:
    """What is answered: JSON, or bytes as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Fault:
    method: str
    path: re.Pattern[str]
    reply: Reply | None
    """None: what was asked for is done, and no answer comes."""
    times: int


class Refused(Exception):
    """A request that is answered by a refusal."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        self.reply = Reply(status, {"message": message, **more})
        super().__init__(message)


class Served:
    """A server whose answers `answer` makes."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.before: Callable[[Call], None] = lambda call: None
        """What happens just before a request is answered, such as that somebody pushes."""
        self._faults: list[_Fault] = []
        self.lock = threading.RLock()

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def goes_wrong(self, method: str, path: str, reply: Reply, *, times: int = 1) -> None:
        """So many requests with such a path are not done, and answered so."""
        self._faults.append(_Fault(method, re.compile(path), reply, times))

    def loses_answer(self, method: str, path: str, *, times: int = 1) -> None:
        """So many requests with such a path are done, and the connection is closed."""
        self._faults.append(_Fault(method, re.compile(path), None, times))

    def lines(self, *methods: str) -> list[str]:
        """What was asked, in order: `GET /user`."""
        return [
            f"{call.method} {call.path}"
            for call in self.calls
            if not methods or call.method in methods
        ]

    def reply_to(self, call: Call) -> Reply | None:
        """The answer, or None where it is lost."""
        with self.lock:
            self.calls.append(call)
            self.before(call)
            fault = next((each for each in self._faults if _fits(each, call)), None)
            if fault is not None:
                fault.times -= 1
                if fault.reply is not None:
                    return fault.reply
            try:
                reply = self.answer(call)
            except Refused as refused:
                reply = refused.reply
            return None if fault is not None else reply


def _fits(fault: _Fault, call: Call) -> bool:
    return fault.times > 0 and fault.method == call.method and bool(fault.path.search(call.path))


@contextmanager
def listening(*servers: Served) -> Iterator[None]:
    """Each of them at its own port, as long as the block runs."""
    running = [_Server(server) for server in servers]
    threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in running]
    for server, http in zip(servers, running, strict=True):
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for each in running:
            each.shutdown()
            each.server_close()
        for thread in threads:
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, served: Served) -> None:
        self.served = served
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Any:
        """Whatever the method, it is answered in one place."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        data = self.rfile.read(length)
        reply = self.server.served.reply_to(
            Call(
                self.command,
                unquote(parts.path, errors="strict") if "%2F" not in parts.path else parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(data) if data else None,
            )
        )
        if reply is None:
            self.close_connection = True
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status == 204:
            body = b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Storage(Served):
    """Where artifacts lie: another origin, at addresses that are signed. As the real ones do, it
    refuses whoever also shows a token."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    def keep(self, name: str, data: bytes) -> str:
        """Keep some bytes; their address."""
        self.files[f"/{name}"] = data
        return f"{self.url}/{name}?sig=s1gned"

    def answer(self, call: Call) -> Reply:
        if call.headers.keys() & {"authorization", "private-token", "job-token", "cookie"}:
            raise Refused(400, "only one way to authenticate is allowed")
        if call.query.get("sig") != "s1gned" or call.path not in self.files:
            raise Refused(403, "no")
        return Reply(200, self.files[call.path])


def page_of(items: Sequence[Any], call: Call, most: int = 100) -> tuple[list[Any], int, int]:
    """The items of the page that is asked for, its number, and how many there are."""
    size = min(int(call.query.get("per_page", "30")), most)
    page = int(call.query.get("page", "1"))
    pages = max(1, -(-len(items) // size))
    return list(items[(page - 1) * size : page * size]), page, pages


def commit_of(number: int) -> str:
    """The name of a commit."""
    return f"{number:040x}"
