"""Puts an answer's bytes on the client's socket, with or without a fault."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias, assert_never

from reconciler.sandbox.faults.fault import (
    Close,
    Cut,
    Drip,
    Hang,
    Noise,
    OfWire,
    Reset,
    Silent,
    Undelimited,
    Unfinished,
    Whole,
    WrongLength,
)
from reconciler.sandbox.faults.http1 import Answer, Headers, head_bytes, is_bodiless

Nap: TypeAlias = Callable[[float], bool]
"""Waits so many seconds; True: everything is over, so do not go on."""

_ON_CLOSE_RESET = struct.pack("ii", 1, 0)


def reset(client: socket.socket) -> None:
    """Closing the socket will reset the connection, and drop what is still to be sent."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ON_CLOSE_RESET)


def put(client: socket.socket, method: str, answer: Answer | None, wire: OfWire, nap: Nap) -> bool:
    """Sends the answer to such a request; whether the connection can go on. Without an answer
    the wire must be a silent one."""
    if isinstance(wire, Silent):
        _end(client, wire)
        return False
    if answer is None:
        return False
    framed = not is_bodiless(method, answer.status)
    body = answer.body if framed else b""
    head = _head(answer, (("Content-Length", str(len(body))),) if framed else ())
    if isinstance(wire, Drip):
        return _drip(client, head, body, wire, nap)
    client.sendall(_said(answer, head, body, wire))
    if isinstance(wire, Cut) and wire.then == "reset":
        reset(client)
    return isinstance(wire, Whole) or (isinstance(wire, WrongLength) and wire.by <= 0)


def _said(
    answer: Answer,
    head: bytes,
    body: bytes,
    wire: Whole | Cut | WrongLength | Undelimited | Unfinished,
) -> bytes:
    match wire:
        case Whole():
            return head + body
        case Cut(keep):
            return head + _share(body, keep) if body else _share(head, keep)
        case WrongLength(by):
            wrong = str(max(0, len(body) + by))
            return _head(answer, (("Content-Length", wrong),)) + body
        case Undelimited(keep):
            return _head(answer, ()) + _share(body, keep)
        case Unfinished():
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return _head(answer, (("Transfer-Encoding", "chunked"),)) + chunk
        case _:
            assert_never(wire)


def _end(client: socket.socket, wire: Silent) -> None:
    match wire:
        case Noise(data):
            client.sendall(data)
        case Reset():
            reset(client)
        case Close():
            pass
        case Hang(at_most):
            client.settimeout(at_most)
            with suppress(TimeoutError):
                while client.recv(1 << 16):  # whatever else it says is not answered either
                    pass
        case _:
            assert_never(wire)


def _head(answer: Answer, framing: Headers) -> bytes:
    return head_bytes(f"HTTP/1.1 {answer.status} {answer.reason}", answer.headers + framing)


def _share(data: bytes, keep: float) -> bytes:
    return data[: round(len(data) * keep)]


def _drip(client: socket.socket, head: bytes, body: bytes, how: Drip, nap: Nap) -> bool:
    began = time.monotonic()
    dripped = head if how.part == "head" else body
    if how.part == "body":
        client.sendall(head)
    for start in range(0, len(dripped), how.size):
        if how.at_most is not None and time.monotonic() - began > how.at_most:
            client.sendall(dripped[start:])
            break
        client.sendall(dripped[start : start + how.size])
        if nap(how.every):
            return False
    if how.part == "head":
        client.sendall(body)
    return True
