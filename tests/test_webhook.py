"""The webhook's address is said nowhere, and whatever the other side does is over in time."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import UsageError
from reconciler.webhook import NotPostedError, Webhook
from tests.api.conftest import authority, trusted
from tests.api.servers import Answer, Server, accepting, answer, serving
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    import trustme

__all__ = ["authority", "trusted"]

PATH = "/services/T00CANARY/B00/s3cr3tCanary"
SECRETS = ("s3cr3tCanary", "T00CANARY", "services")
OK = answer(200, b"ok")
SOON = 0.3


def hook(server: Server, clock: FakeClock | None = None, **options: Any) -> Webhook:
    how = {"clock": clock or FakeClock(), "proxies": {}, **options}
    return Webhook(f"{server.url}{PATH}?also=s3cr3tCanary", **how)


def why(webhook: Webhook) -> str:
    """Why it is not posted, and all that Python would tell of it."""
    with pytest.raises(NotPostedError) as caught:
        webhook.post(b"{}")
    error = caught.value
    said = "".join([str(error), repr(error), repr(webhook), *traceback.format_exception(error)])
    assert not [secret for secret in SECRETS if secret in said]
    assert error.__cause__ is None
    return str(error)


def test_posts_the_bytes_as_json_once() -> None:
    with serving(OK) as server:
        hook(server).post(b'{"text": "x"}')
        (request,) = server.requests
    assert request.line == f"POST {PATH}?also=s3cr3tCanary HTTP/1.1"
    assert request.body == b'{"text": "x"}'
    assert request.headers["content-type"] == "application/json"
    assert not {"authorization", "cookie"} & set(request.headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_answer_of_success_is_one(status: int) -> None:
    with serving(answer(status, b"no JSON")) as server:
        hook(server).post(b"{}")
        assert len(server.requests) == 1


class TestOnceMore:
    @pytest.mark.parametrize(
        "first",
        [
            answer(500),
            answer(503),
            answer(429),
            Answer(b"", "reset"),
            Answer(b"", "close"),
            Answer(b"rubbish\r\n", "close"),
            Answer(b"HTTP/1.", "close"),
        ],
        ids=["500", "503", "429", "reset", "closed", "rubbish", "cut"],
    )
    def test_after_what_may_pass(self, first: Answer) -> None:
        clock = FakeClock()
        with serving(first, OK) as server:
            hook(server, clock).post(b"{}")
            assert len(server.requests) == 2
        assert clock.slept == [1.0]

    def test_and_no_oftener(self) -> None:
        with serving(answer(500)) as server:
            assert why(hook(server)) == "it answered 500"
            assert len(server.requests) == 2

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_not_after_a_refusal(self, status: int) -> None:
        with serving(answer(status, b"invalid_payload s3cr3tCanary")) as server:
            assert why(hook(server)) == f"it answered {status}"
            assert len(server.requests) == 1

    def test_after_the_time_that_it_asks_for_where_that_is_in_time(self) -> None:
        clock = FakeClock()
        with serving(answer(429, Retry_After="4"), OK) as server:
            hook(server, clock).post(b"{}")
        assert clock.slept == [4.0]

    def test_and_else_not(self) -> None:
        clock = FakeClock()
        with serving(answer(429, Retry_After="30"), OK) as server:
            assert why(hook(server, clock)) == "it answered 429"
        assert clock.slept == []


class TestARedirect:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_is_not_followed(self, status: int) -> None:
        with serving(OK) as other:
            to = f"{other.url}{PATH}"
            with serving(answer(status, b"", Location=to)) as server:
                assert "redirect" in why(hook(server))
                assert len(server.requests) == 1
            assert other.requests == []


class TestTime:
    """What never ends is over, by our time."""

    @pytest.mark.parametrize(
        "never",
        [
            Answer(b"", "hang"),
            Answer(b"HTTP/1.1 200 OK\r\n", "hang"),
            Answer(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 5000, "drip"),
        ],
        ids=["nothing", "half a head", "byte by byte"],
    )
    def test_of_an_answer_that_does_not_come(self, never: Answer) -> None:
        with serving(never) as server:
            assert why(hook(server, seconds=SOON)) == "there was no answer within 0.3 seconds"
            assert len(server.requests) == 1

    def test_of_a_connection_that_is_not_taken(self) -> None:
        """Nobody accepts, and the queue of those who wait is full."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            waiting = [socket.socket() for _ in range(4)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            try:
                assert "no answer within" in why(hook(Server(port), seconds=SOON))
            finally:
                for each in waiting:
                    each.close()

    def test_of_a_handshake_that_does_not_end(self) -> None:
        def silent(_connection: socket.socket, _number: int, over: threading.Event) -> None:
            over.wait()

        with accepting(silent) as server:
            server.scheme = "https"
            assert "no answer within" in why(hook(server, seconds=SOON))

    def test_is_not_spent_on_what_follows_the_head(self) -> None:
        """Endless bytes are not read."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"
        with serving(Answer(head, "hang")) as server:
            hook(server).post(b"{}")
            assert len(server.requests) == 1

    def test_leaves_no_thread(self) -> None:
        before = set(threading.enumerate())
        with serving(Answer(b"", "hang")) as server:
            why(hook(server, seconds=SOON))
            for thread in set(threading.enumerate()) - before:
                if thread.name in ("webhook", "deadlines"):
                    thread.join(10)
                    assert not thread.is_alive()


class TestWhatIsSaid:
    def test_of_a_connection_that_is_refused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as bound:
            port = bound.getsockname()[1]
        assert why(hook(Server(port))) == "Connection refused"

    def test_of_a_certificate_that_nobody_trusts(self, authority: trustme.CA) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        with serving(OK, tls=context) as server:
            assert why(hook(server)).startswith("TLS failed")
            assert server.requests == []

    def test_nothing_where_the_operator_trusts_it(
        self, authority: trustme.CA, trusted: str
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        with serving(OK, tls=context) as server:
            hook(server, ca_bundle=trusted).post(b"{}")
            assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "odd",
        [
            Answer(f"HTTP/1.1 {PATH}\r\n\r\n".encode(), "close"),
            Answer(f"{PATH}\r\n\r\n".encode(), "close"),
            Answer(f"HTTP/1.1 200 OK\r\n{PATH}\r\n\r\n".encode(), "close"),
            Answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", "close"),
            Answer(f"HTTP/1.1 999999 {PATH}\r\n\r\n".encode(), "close"),
            answer(404, PATH.encode(), X_Debug=PATH),
        ],
    )
    def test_nothing_that_the_other_side_says(self, odd: Answer) -> None:
        with serving(odd) as server:
            try:
                hook(server).post(b"{}")
            except NotPostedError as error:
                said = "".join([str(error), *traceback.format_exception(error)])
                assert not [secret for secret in SECRETS if secret in said]

    def test_its_host_alone(self) -> None:
        webhook = Webhook(
            "https://hooks.example.com:8443/services/s3cr3tCanary", clock=FakeClock(), proxies={}
        )
        assert webhook.host == "hooks.example.com"
        assert "s3cr3t" not in repr(webhook)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/s3cr3tCanary",
        "ftp://hooks.example.com/s3cr3tCanary",
        "https://user:s3cr3tCanary@hooks.example.com/x",
        "https://hooks.example.com/x#s3cr3tCanary",
        "https://hooks.example.com/s3cr3tCanary\nHost: evil",
        "https://hooks.example.com/../s3cr3tCanary",
        "https://hooks.example.com\\s3cr3tCanary",
        "s3cr3tCanary",
        "https:///s3cr3tCanary",
        "http://127.1/s3cr3tCanary",
    ],
)
def test_an_address_that_nothing_may_be_posted_to_is_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match="RECONCILER_WEBHOOK_URL") as caught:
        Webhook(url, clock=FakeClock(), proxies={})
    assert "s3cr3t" not in str(caught.value)


def test_a_proxy_is_for_what_is_encrypted_only() -> None:
    with serving(OK) as server:
        hook(server, proxies={"http": "http://127.0.0.1:9", "https": "http://127.0.0.1:9"}).post(
            b"{}"
        )
        assert len(server.requests) == 1


def test_through_a_proxy_the_address_stays_hidden(authority: trustme.CA, trusted: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.com").configure_cert(context)
    with serving(OK, tls=context, tunnel=True) as proxy:
        Webhook(
            f"https://hooks.example.com{PATH}",
            clock=FakeClock(),
            proxies={"https": proxy.url},
            ca_bundle=trusted,
        ).post(b"{}")
        assert [request.line for request in proxy.requests] == [
            "CONNECT hooks.example.com:443",
            f"POST {PATH} HTTP/1.1",
        ]
