"""What an answer means, by what comes over the wire."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api.retry import Throttled
from reconciler.api.transport import Request, Transport
from reconciler.errors import (
    NotThere,
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)
from tests.api.servers import Answer, answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apply.fake_clock import FakeClock

    Make = Callable[..., Transport]

FILE = {"data": {"id": 1}}


def ask(transport: Transport, url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    return transport.send(Request(method, f"{url}/api/buckets/7", "asking", body=body))


def failure(make: Make, *answers: Answer, method: str = "POST", **options: Any) -> ServiceError:
    """What is raised, of exactly one request."""
    with serving(*answers) as server:
        with pytest.raises(ServiceError) as caught:
            ask(make(**options), server.url, method, b"{}")
        assert len(server.requests) == 1, "never asked again by itself"
    return caught.value


class TestAnAnswer:
    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_of_2xx_is_its_body(self, transport: Make, status: int) -> None:
        with serving(answer(status, FILE)) as server:
            assert json.loads(ask(transport(), server.url)) == FILE

    @pytest.mark.parametrize("empty", [answer(200, b""), Answer(b"HTTP/1.1 204 No\r\n\r\n")])
    def test_may_be_empty(self, transport: Make, empty: Answer) -> None:
        with serving(empty) as server:
            assert ask(transport(), server.url, "DELETE") == b""

    def test_may_be_zipped(self, transport: Make) -> None:
        with serving(answer(200, FILE, zipped=True)) as server:
            assert json.loads(ask(transport(), server.url)) == FILE

    @pytest.mark.parametrize("zipped", [True, False])
    def test_may_come_in_chunks(self, transport: Make, zipped: bool) -> None:
        data = json.dumps(FILE).encode()
        data = gzip.compress(data) if zipped else data
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        head += b"Content-Encoding: gzip\r\n\r\n" if zipped else b"\r\n"
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in data)
        with serving(Answer(head + chunks + b"0\r\n\r\n")) as server:
            assert json.loads(ask(transport(), server.url)) == FILE

    def test_may_be_large(self, transport: Make) -> None:
        body = b"[" + b"1," * 400_000 + b"1]"
        with serving(answer(200, body, zipped=True), answer(200, body)) as server:
            asking = transport()
            assert ask(asking, server.url) == body
            assert ask(asking, server.url) == body

    def test_larger_than_anybody_needs_is_given_up(self, transport: Make, tmp_path: Path) -> None:
        bomb = gzip.compress(bytes(300 * 1024 * 1024), 1)
        error = failure(transport, answer(200, bomb, Content_Encoding="gzip"))
        assert isinstance(error, UnreadableAnswer)
        assert "larger than 256 MiB" in str(error)

    def test_leaves_its_connection_for_the_next(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server:
            asking = transport(connections=1)
            for _ in range(5):
                ask(asking, server.url)
            assert len(server.requests) == 5

    def test_that_failed_leaves_room_for_the_next_too(self, transport: Make) -> None:
        with serving(
            answer(500, b"x"),
            answer(200, b"x" * 10, then="close", Content_Length="20"),
            answer(422, FILE),
            answer(200, FILE),
        ) as server:
            asking = transport(connections=1)
            for _ in range(3):
                with pytest.raises(ServiceError):
                    ask(asking, server.url)
            assert ask(asking, server.url)


STATUSES = [
    (401, TokenRefused),
    (403, TokenRefused),
    (404, NotThere),
    (400, Rejected),
    (405, Rejected),
    (409, Rejected),
    (413, Rejected),
    (415, Rejected),
    (422, Rejected),
    (423, Rejected),
    (301, Rejected),
    (302, Rejected),
    (303, Rejected),
    (307, Rejected),
    (308, Rejected),
    (408, Unclear),
    (425, Unclear),
    (500, Unclear),
    (502, Unclear),
    (503, Unclear),
    (504, Unclear),
    (599, Unclear),
]


class TestAStatus:
    @pytest.mark.parametrize(("status", "kind"), STATUSES)
    def test_means(self, transport: Make, status: int, kind: type[ServiceError]) -> None:
        error = failure(transport, answer(status, {"message": "Because."}))
        assert type(error) is kind
        assert error.status == status
        assert str(error).startswith(f"asking: the service answered {status}: Because.")

    def test_422_says_what_laravel_says(self, transport: Make) -> None:
        body = {"message": "The given data was invalid.", "errors": {"title": ["Too long."]}}
        error = failure(transport, answer(422, body))
        assert str(error).endswith("422: The given data was invalid.; title: Too long.")

    def test_401_says_what_to_look_at(self, transport: Make) -> None:
        error = failure(transport, answer(401, {"error": "Authentication Exception"}))
        assert "401: Authentication Exception; is ACRCLOUD_ACCESS_TOKEN right" in str(error)
        assert error.exit_code == 7

    def test_502_of_a_gateway_shows_no_page(self, transport: Make) -> None:
        error = failure(transport, answer(502, b"<html>Bad gateway</html>"))
        assert str(error) == "asking: the service answered 502"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, transport: Make, status: int) -> None:
        with serving(answer(200, FILE)) as elsewhere:
            error = failure(transport, answer(status, b"", Location=f"{elsewhere.url}/login"))
            assert elsewhere.requests == []
        assert "a redirect, which is not followed; is the base URL the API's?" in str(error)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ({"Retry_After": "2"}, 2.0),
            ({"Retry_After": "Thu, 24 Dec 2020 08:49:27 GMT"}, 10.0),
            ({"Retry_After": "soon"}, None),
            ({}, None),
        ],
    )
    def test_429_hands_on_how_long(
        self, transport: Make, header: dict[str, Any], seconds: float | None
    ) -> None:
        error = failure(transport, answer(429, {"message": "Too Many Attempts."}, **header))
        assert isinstance(error, Throttled)
        assert error.after == seconds


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

NOT_WHOLE = {
    "nothing, and closed": Answer(b"", "close"),
    "nothing, and reset": Answer(b"", "reset"),
    "half a status": Answer(b"HTTP/1.1 2", "close"),
    "half a head": Answer(b"HTTP/1.1 200 OK\r\nContent-", "reset"),
    "rubbish": Answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"),
    "cut short": Answer(HEAD + b"{}", "close"),
    "cut short by a reset": Answer(HEAD + b"{}", "reset"),
    "an error, cut short": Answer(HEAD.replace(b"200 OK", b"422 No") + b"{}", "close"),
    "chunks without an end": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "close"
    ),
    "chunks of rubbish": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "close"
    ),
    "not zipped though it says so": answer(200, FILE, Content_Encoding="gzip"),
}


class TestNoWholeAnswer:
    @pytest.mark.parametrize("what", NOT_WHOLE.values(), ids=NOT_WHOLE)
    def test_says_nothing_of_what_was_done(self, transport: Make, what: Answer) -> None:
        error = failure(transport, what)
        assert type(error) is Unclear
        assert str(error).startswith("asking: no whole answer came: ")

    @pytest.mark.parametrize("data", [b"", HEAD, HEAD + b"{"], ids=["", "head", "body"])
    def test_in_time_neither(self, transport: Make, data: bytes) -> None:
        error = failure(transport, Answer(data, "hang"), patience=0.15)
        assert type(error) is Unclear

    def test_that_drips_is_given_up_though_there_is_always_something(
        self, clock: FakeClock, transport: Make
    ) -> None:
        """Bytes come all the time; by the clock, which here runs far ahead, it is too long."""
        head = HEAD.replace(b"100", b"99999")
        with serving(Answer(head + b"x" * 60, "drip")) as server:
            asking = transport(patience=30)
            hurry = threading.Timer(0.4, lambda: clock.sleep(60))
            hurry.start()
            with pytest.raises(Unclear, match="it took too long"):
                ask(asking, server.url)
            hurry.join()


class TestNoConnection:
    def test_refused(self, transport: Make) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with pytest.raises(Unreachable) as caught:
            ask(transport(), f"http://127.0.0.1:{port}", "POST", b"{}")
        assert str(caught.value) == (
            f"asking: http://127.0.0.1:{port} cannot be reached: [Errno 111] Connection refused"
        )

    def test_no_such_name(self, transport: Make) -> None:
        with pytest.raises(Unreachable, match=r"no-such-host\.invalid cannot be reached"):
            ask(transport(), "http://no-such-host.invalid", "POST", b"{}")

    def test_no_such_proxy(self, transport: Make) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        proxies = {"http": f"http://127.0.0.1:{port}"}
        with pytest.raises(Unreachable):
            ask(transport(proxies=proxies), "http://api.example", "POST", b"{}")

    def test_no_way_through_the_proxy(self, transport: Make) -> None:
        with serving(answer(407, b"")) as proxy, pytest.raises(Unreachable):
            ask(transport(proxies={"https": proxy.url}), "https://api.example", "POST", b"{}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that signs itself, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificate")
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    out = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*command, *subject, *out], check=True, capture_output=True)
    return folder


class TestTls:
    def serve(self, folder: Path, reply: Callable[[ssl.SSLSocket], None]) -> tuple[str, Any]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        listening = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    with context.wrap_socket(connection, server_side=True) as wrapped:
                        reply(wrapped)
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()

        def end() -> None:
            listening.close()
            thread.join(5)

        return f"https://127.0.0.1:{listening.getsockname()[1]}", end

    def test_with_the_operators_own_certificates(self, transport: Make, certificate: Path) -> None:
        url, end = self.serve(certificate, say(answer(200, FILE).data))
        assert ask(transport(ca_bundle=str(certificate / "cert.pem")), url)
        end()

    def test_a_certificate_that_nobody_vouches_for_gets_nothing(
        self, transport: Make, certificate: Path
    ) -> None:
        url, end = self.serve(certificate, say(answer(200, FILE).data))
        with pytest.raises(Unreachable, match=r"TLS: .*certificate"):
            ask(transport(), url, "POST", b"{}")
        end()

    def test_that_breaks_after_the_request_says_nothing_of_what_was_done(
        self, transport: Make, certificate: Path
    ) -> None:
        def breaks(connection: ssl.SSLSocket) -> None:
            connection.recv(65536)
            raw = socket.socket(fileno=connection.detach())
            with raw:
                raw.sendall(b"this is no record of TLS, and no alert either")

        url, end = self.serve(certificate, breaks)
        with pytest.raises(ServiceError) as caught:
            ask(transport(ca_bundle=str(certificate / "cert.pem")), url, "POST", b"{}")
        end()
        assert type(caught.value) is Unclear


def say(data: bytes) -> Callable[[ssl.SSLSocket], None]:
    def reply(connection: ssl.SSLSocket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return reply


class TestWhatGoesOut:
    def test_the_token_and_what_is_accepted(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server:
            ask(transport(), server.url, "PUT", b'{"a":1}')
        headers, body = server.requests[0].headers, server.requests[0].body
        assert headers["authorization"] == "Bearer secret"
        assert headers["accept"] == "application/json"
        assert headers["content-type"] == "application/json"
        assert body == b'{"a":1}'

    def test_a_netrc_file_is_not_read(
        self, transport: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / ".netrc"
        netrc.write_text("default login somebody password else\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        with serving(answer(200, FILE)) as server:
            ask(transport(), server.url)
        assert server.requests[0].headers["authorization"] == "Bearer secret"

    def test_nor_are_the_environments_proxies_or_certificates(
        self, transport: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        with serving(answer(200, FILE)) as server:
            assert ask(transport(), server.url)

    def test_the_proxy_that_is_named_is_used(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as proxy:
            ask(transport(proxies={"http": proxy.url}), "http://api.example")
        assert proxy.lines() == ["GET http://api.example/api/buckets/7"]

    def test_cookies_are_not_kept(self, transport: Make) -> None:
        with serving(answer(200, FILE, Set_Cookie="session=1; Path=/")) as server:
            asking = transport()
            ask(asking, server.url)
            ask(asking, server.url)
        assert "cookie" not in server.requests[1].headers

    def test_no_error_holds_the_token(self, transport: Make) -> None:
        for what in (answer(401, FILE), Answer(b"", "reset"), answer(429, FILE)):
            error: BaseException | None = failure(transport, what)
            while error is not None:
                assert "secret" not in f"{error} {error!r} {error.args}"
                error = error.__cause__

    @pytest.mark.parametrize("status", [200, 401, 422, 500])
    def test_a_token_that_the_service_echoes_comes_no_further(
        self, transport: Make, status: int
    ) -> None:
        token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"
        with serving(answer(status, {"message": f"no {token}!"})) as server:
            try:
                said = ask(transport(token=token), server.url).decode()
            except ServiceError as error:
                said = str(error)
        assert token not in said
        assert "no [token]!" in said

    def test_a_short_token_is_part_of_many_words_and_changes_none(self, transport: Make) -> None:
        body = {"data": {"title": "next", "x": "x"}}
        with serving(answer(200, body)) as server:
            assert json.loads(ask(transport(token="x"), server.url)) == body
