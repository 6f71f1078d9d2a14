"""Plays one fault on one request: reads it, does with it what the fault says, and answers."""

from __future__ import annotations

import json
import math
import re
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import wire
from reconciler.sandbox.faults.fault import (
    Dropped,
    Fault,
    Forwarded,
    Late,
    OfAnswer,
    OfRequest,
    Real,
    Scripted,
    Undelimited,
    Unread,
)
from reconciler.sandbox.faults.http1 import Answer, Body, Headers, Request, Stream, has_body, header

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from reconciler.sandbox.faults.held import Held
    from reconciler.sandbox.faults.script import Kind
    from reconciler.sandbox.faults.upstream import Upstream

_TICK_S = 0.02
_PLAIN = Fault()
_IDS = re.compile(r"(/api/buckets/[^/]+/files/)([^/?]+)(.*)")


@dataclass(slots=True)
class Played:
    """One request, and what was played on it (None: nothing). `forwarded`: the sandbox got it,
    and has answered. Of one that came late it becomes true later."""

    request: Request
    kind: Kind
    fault: Fault | None
    forwarded: bool = False

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.method

    @property
    def path(self) -> str:
        """The request's path, without its query."""
        return self.request.path

    @property
    def name(self) -> str:
        """The fault's name; nothing was played: nothing."""
        return "" if self.fault is None else self.fault.name


class Player:
    """Plays on what comes, until it is `over`. Raises as `Stream` does."""

    def __init__(self, upstream: Upstream, held: Held, over: threading.Event) -> None:
        self._upstream = upstream
        self._held = held
        self._over = over

    def play(self, stream: Stream, played: Played) -> bool:
        """Plays what was chosen on the request whose head the stream gave; whether the connection
        can go on."""
        request, fault = played.request, played.fault or _PLAIN
        with ExitStack() as closing:
            body = self._read(stream, request, fault.request)
            if body is not None:
                closing.callback(body.close)
            _happens(fault.before, request)
            real = self._done(played, fault.request, body, closing)
            _happens(fault.after, request)
        last = request.last or isinstance(fault.request, Unread)
        answer = _answer(fault.answer, real)
        if answer is not None and (last or isinstance(fault.wire, Undelimited)):
            answer = replace(answer, headers=(*answer.headers, ("Connection", "close")))
        goes_on = wire.put(stream.socket, request.method, answer, fault.wire, self._over.wait)
        return goes_on and not last

    def _read(self, stream: Stream, request: Request, how: OfRequest) -> Body | None:
        if isinstance(how, Unread) or not has_body(request):
            return None
        if (header(request.headers, "Expect") or "").lower() == "100-continue":
            stream.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        match how:
            case Forwarded(_, bytes_per_second, at_most) if bytes_per_second is not None:
                pieces = self._slowly(stream, request.headers, bytes_per_second, at_most)
            case _:
                pieces = stream.body(request.headers)
        return Body(pieces)

    def _slowly(
        self, stream: Stream, headers: Headers, bytes_per_second: float, at_most: float | None
    ) -> Iterator[bytes]:
        # A small window, so that the systems between do not swallow the body at once.
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        left = math.inf if at_most is None else at_most
        for piece in stream.body(headers, max(1, round(bytes_per_second * _TICK_S))):
            yield piece
            seconds = len(piece) / bytes_per_second
            left -= seconds
            if left > 0:
                self._over.wait(seconds)

    def _done(
        self, played: Played, how: OfRequest, body: Body | None, closing: ExitStack
    ) -> Answer | None:
        """Does with the request what the fault says; the sandbox's answer, if there is one."""
        target = played.request.target
        match how:
            case Forwarded(first):
                part = target if first is None else _with_first_ids(target, first)
                return None if part is None else self._forward(played, part, body)
            case Late(after):
                forward = partial(self._forward_late, played, body)
                self._held.add(forward, closing.pop_all().close, after)
                return None
            case Dropped() | Unread():
                return None
            case _:
                assert_never(how)

    def _forward(self, played: Played, target: str, body: Body | None) -> Answer:
        try:
            answer = self._upstream.ask(played.request, target, body)
        except SandboxError:
            if self._over.is_set():
                raise ConnectionError("the front has ended") from None
            raise
        played.forwarded = True
        return answer

    def _forward_late(self, played: Played, body: Body | None) -> None:
        with suppress(ConnectionError):
            self._forward(played, played.request.target, body)


def _happens(callback: Callable[[Request], object] | None, request: Request) -> None:
    if callback is None:
        return
    try:
        callback(request)
    except OSError as error:  # it must not pass for the client's leaving
        raise SandboxError(f"a fault's callback failed: {error!r}") from error


def _answer(how: OfAnswer, real: Answer | None) -> Answer | None:
    match how:
        case Scripted(status, headers, body):
            return Answer(status, "", headers, body)
        case Real(status, headers, rewrite) if real is not None:
            body = real.body
            if rewrite is not None and "json" in (header(real.headers, "Content-Type") or ""):
                changed = rewrite(json.loads(body))
                body = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
            return Answer(status or real.status, real.reason, real.headers + headers, body)
        case Real():
            return None
        case _:
            assert_never(how)


def _with_first_ids(target: str, first: int) -> str | None:
    """The target with so many of the ids in its path; None: none are left. A target without ids
    stays as it is."""
    match = _IDS.fullmatch(target)
    if match is None:
        return target
    before, ids, rest = match.groups()
    kept = re.split(",|%2[Cc]", ids)[:first]
    return f"{before}{','.join(kept)}{rest}" if kept else None
