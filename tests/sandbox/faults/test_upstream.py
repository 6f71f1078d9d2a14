"""The front's own connections to the sandbox, against a server that says exactly these bytes."""

from __future__ import annotations

import select
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Request, playing
from reconciler.sandbox.faults.upstream import Upstream
from reconciler.sandbox.server import running
from tests.api.servers import Answer, serving
from tests.sandbox.faults.conftest import Said, ask

if TYPE_CHECKING:
    from reconciler.sandbox.faults.http1 import Answer as Heard

GET = Request("GET", "/", "HTTP/1.1", ())
OK = b"HTTP/1.1 200 OK\r\nX-A: b\r\n"


def heard(*answers: Answer, times: int = 1) -> Heard:
    """What is heard of a server that gives these answers."""
    with serving(*answers) as server, closing(Upstream(("127.0.0.1", server.port))) as upstream:
        for _ in range(times - 1):
            upstream.ask(GET, "/", None)
        return upstream.ask(GET, "/", None)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 4\r\n\r\nbody",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\nb\r\n3\r\nody\r\n0\r\nX-T: t\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 4\r\n\r\nbody",
    ],
)
def test_an_answer_is_read_however_it_is_framed(data: bytes) -> None:
    answer = heard(Answer(data), times=3)
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"body")
    assert answer.headers == (("X-A", "b"),)


def test_an_answer_may_end_with_its_connection() -> None:
    assert heard(Answer(OK + b"\r\nbody", "close"), times=2).body == b"body"


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    data = OK + b"Content-Length: 4\r\n\r\nbody"
    with (
        serving(Answer(data, "close")) as server,
        closing(Upstream(("127.0.0.1", server.port))) as upstream,
    ):
        for _ in range(3):
            assert upstream.ask(GET, "/", None).body == b"body"
            (kept,) = upstream._idle
            assert select.select([kept.socket], [], [], 10)[0]  # the close has come


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 ok\r\n\r\n",
        OK + b"Content-Length: 5\r\n\r\nbody",
        OK + b"Content-Length: five\r\n\r\nbody",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4",
    ],
)
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    with pytest.raises(SandboxError, match="did not answer"):
        heard(Answer(data, "close"))


def test_a_sandbox_that_is_gone_is_said_and_not_taken_for_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: raised.append(hooked.exc_type))
    with running() as gone:
        pass
    with playing(gone) as front:
        assert ask(front.url, "GET", "/") == Said(b"", "closed")
    assert raised == [SandboxError]
