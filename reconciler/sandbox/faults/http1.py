"""HTTP/1.1 as bytes: messages off a socket, and back onto one. It knows no fault.

Bodies are read whole, since a fault may have to be forwarded later, in part, or not at all; a
request's body goes to disk where it is large. Framing is normalised: what came in chunks goes on
with a length. Headers that are one connection's own business are not passed on.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Headers = tuple[tuple[str, str], ...]

LARGEST_BODY = 1 << 30  # of a request, in bytes: what the sandbox takes
_LONGEST_HEAD = 1 << 16
_IN_MEMORY = 1 << 20
_AT_ONCE = 1 << 16
_OWN = {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}


class BadMessage(Exception):
    """What came is not HTTP/1.1, ended too early, or is too large."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head. `target` is the path with its query, as it was sent; `reused`: it came
    on a connection that had carried another before."""

    method: str
    target: str
    version: str
    headers: Headers
    reused: bool = False

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query string."""
        return self.target.partition("?")[2]

    @property
    def last(self) -> bool:
        """Whether the client wants the connection closed after the answer."""
        asked = (header(self.headers, "Connection") or "").lower()
        return asked == "close" or self.version == "HTTP/1.0"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, without the headers that frame it."""

    status: int
    reason: str
    headers: Headers
    body: bytes


def header(headers: Headers, name: str) -> str | None:
    """The first header of that name."""
    return next((value for each, value in headers if each.lower() == name.lower()), None)


class Body:
    """A request's body while it is on its way."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Takes the pieces. Raises what they raise, and `BadMessage` for too many."""
        self._length = 0
        with ExitStack() as on_failure:
            self._file = on_failure.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            for piece in pieces:
                self._length += len(piece)
                if self._length > LARGEST_BODY:
                    raise BadMessage("the body is too large")
                self._file.write(piece)
            on_failure.pop_all()

    def __len__(self) -> int:
        return self._length

    def pieces(self) -> Iterator[bytes]:
        """All of it, from the start."""
        self._file.seek(0)
        while piece := self._file.read(_AT_ONCE):
            yield piece

    def close(self) -> None:
        """Nobody needs it any more."""
        self._file.close()


class Stream:
    """A socket, read message by message. Raises `BadMessage`, and `OSError` as sockets do."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._ahead = b""
        self._requests = 0

    def request(self) -> Request | None:
        """The next request's head; None: the client has closed the connection."""
        head = self._head()
        if head is None:
            return None
        line, headers = _parsed(head)
        method, _, rest = line.partition(" ")
        target, _, version = rest.partition(" ")
        if not version.startswith("HTTP/1."):
            raise BadMessage(f"{line!r} is no request")
        self._requests += 1
        return Request(method, target, version, headers, reused=self._requests > 1)

    def answer(self, method: str) -> tuple[Answer, bool]:
        """The answer to such a request, and whether the connection can carry another."""
        status = 100
        while 100 <= status < 200:
            head = self._head()
            if head is None:
                raise BadMessage("no answer")
            line, headers = _parsed(head)
            _, code, reason = (*line.split(" ", 2), "", "")[:3]
            status = _number(code, 10)
        # The length that HEAD is told frames nothing.
        own = _OWN - {"content-length"} if method == "HEAD" else _OWN
        passed_on = tuple(each for each in headers if each[0].lower() not in own)
        goes_on = (header(headers, "Connection") or "").lower() != "close"
        if is_bodiless(method, status):
            return Answer(status, reason, passed_on, b""), goes_on
        if not _is_framed(headers):
            return Answer(status, reason, passed_on, b"".join(self._rest())), False
        return Answer(status, reason, passed_on, b"".join(self.body(headers))), goes_on

    def body(self, headers: Headers, most: int = _AT_ONCE) -> Iterator[bytes]:
        """The body that these headers announce, in pieces of at most so many bytes."""
        if _is_chunked(headers):
            return self._chunks(most)
        length = _number(header(headers, "Content-Length") or "0", 10)
        if length > LARGEST_BODY:
            raise BadMessage("the body is too large")
        return self._counted(length, most)

    def _head(self) -> str | None:
        data = self._ahead
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = self.socket.recv(_AT_ONCE // 4)
            if not more and not data:
                return None
            if not more or len(data) > _LONGEST_HEAD:
                raise BadMessage("the head is cut, or too long")
            data += more
        self._ahead = data[end + 4 :]
        return data[:end].decode("latin-1")

    def _counted(self, left: int, most: int) -> Iterator[bytes]:
        while left:
            piece = self._some(min(left, most))
            left -= len(piece)
            yield piece

    def _chunks(self, most: int) -> Iterator[bytes]:
        while size := _number(self._line().partition(";")[0].strip(), 16):
            yield from self._counted(size, most)
            self._line()
        while self._line():
            pass

    def _rest(self) -> Iterator[bytes]:
        yield self._ahead
        self._ahead = b""
        while piece := self.socket.recv(_AT_ONCE):
            yield piece

    def _line(self) -> str:
        while (end := self._ahead.find(b"\r\n")) < 0:
            more = self.socket.recv(_AT_ONCE)
            if not more or len(self._ahead) > _LONGEST_HEAD:
                raise BadMessage("the body is cut")
            self._ahead += more
        line, self._ahead = self._ahead[:end], self._ahead[end + 2 :]
        return line.decode("latin-1")

    def _some(self, most: int) -> bytes:
        if self._ahead:
            piece, self._ahead = self._ahead[:most], self._ahead[most:]
            return piece
        piece = self.socket.recv(most)
        if not piece:
            raise BadMessage("the body is cut")
        return piece


def is_bodiless(method: str, status: int) -> bool:
    """Whether an answer has no body, whatever its headers say (RFC 9112, 6.3)."""
    return method == "HEAD" or status in {204, 304}


def has_body(request: Request) -> bool:
    """Whether the request announces a body, be it an empty one."""
    return _is_framed(request.headers)


def request_pieces(request: Request, target: str, body: Body | None) -> Iterator[bytes]:
    """The bytes that ask `target` for what the request asks for."""
    headers = [each for each in request.headers if each[0].lower() not in _OWN]
    if body is not None:
        headers.append(("Content-Length", str(len(body))))
    yield head_bytes(f"{request.method} {target} HTTP/1.1", headers)
    if body is not None:
        yield from body.pieces()


def head_bytes(line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A first line and headers, with the empty line that ends them."""
    lines = [line, *(f"{name}: {value}" for name, value in headers), "\r\n"]
    return "\r\n".join(lines).encode("latin-1")


def _parsed(head: str) -> tuple[str, Headers]:
    line, *rest = head.split("\r\n")
    pairs = (each.partition(":") for each in rest)
    return line, tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _is_framed(headers: Headers) -> bool:
    return _is_chunked(headers) or header(headers, "Content-Length") is not None


def _is_chunked(headers: Headers) -> bool:
    return (header(headers, "Transfer-Encoding") or "").lower() == "chunked"


def _number(text: str, base: int) -> int:
    if not (text.isascii() and text.isalnum()):
        raise BadMessage(f"{text!r} is no number")
    try:
        return int(text, base)
    except ValueError as error:
        raise BadMessage(f"{text!r} is no number") from error
