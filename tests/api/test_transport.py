"""What an attempt came to, by what comes over the wire, and what goes out. The rows of
docs/faults.md are named where one is played."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api import wire
from reconciler.api.transport import Answer as Whole
from reconciler.api.transport import Request, Transport
from reconciler.api.upload import SourceChanged, Upload
from reconciler.core.model import Source, SourceKind
from reconciler.errors import (
    AnswerTooLarge,
    Busy,
    NotThere,
    Rejected,
    ServiceError,
    Throttled,
    TokenRefused,
    Unclear,
    Unreachable,
    UsageError,
)
from tests.api.servers import Answer, accepting, answer, reset_when_closed, serving

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Transport]

FILE = {"data": {"id": 1}}


def request_to(transport: Transport, method: str = "GET", body: bytes | None = None) -> Request:
    return Request(method, f"{transport.addresses.origin}/api/buckets/7", "asking", body=body)


def ask(transport: Transport, method: str = "GET", body: bytes | None = None) -> bytes:
    return transport.send(request_to(transport, method, body)).body


def failure(make: Make, *answers: Answer, method: str = "POST", **options: Any) -> ServiceError:
    """What is raised, of exactly one request."""
    with serving(*answers) as server:
        with pytest.raises(ServiceError) as caught:
            ask(make(server.url, **options), method, b"{}")
        assert len(server.requests) == 1, "never asked again by itself"
    return caught.value


class TestAnAnswer:
    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_of_2xx_is_its_body(self, transport: Make, status: int) -> None:
        with serving(answer(status, FILE)) as server:
            assert json.loads(ask(transport(server.url))) == FILE

    @pytest.mark.parametrize("empty", [answer(200, b""), Answer(b"HTTP/1.1 204 No\r\n\r\n")])
    def test_may_be_empty(self, transport: Make, empty: Answer) -> None:
        with serving(empty) as server:
            assert ask(transport(server.url), "DELETE") == b""

    def test_may_be_zipped(self, transport: Make) -> None:
        with serving(answer(200, FILE, zipped=True)) as server:
            assert json.loads(ask(transport(server.url))) == FILE

    @pytest.mark.parametrize("zipped", [True, False])
    def test_may_come_in_chunks(self, transport: Make, zipped: bool) -> None:
        data = json.dumps(FILE).encode()
        data = gzip.compress(data) if zipped else data
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        head += b"Content-Encoding: gzip\r\n\r\n" if zipped else b"\r\n"
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in data)
        with serving(Answer(head + chunks + b"0\r\n\r\n")) as server:
            assert json.loads(ask(transport(server.url))) == FILE

    def test_may_be_large(self, transport: Make) -> None:
        body = b"[" + b"1," * 400_000 + b"1]"
        with serving(answer(200, body, zipped=True), answer(200, body)) as server:
            asking = transport(server.url)
            assert ask(asking) == body
            assert ask(asking) == body

    def test_larger_than_anybody_needs_is_given_up(self, transport: Make, tmp_path: Path) -> None:
        bomb = gzip.compress(bytes(300 * 1024 * 1024), 1)
        error = failure(transport, answer(200, bomb, Content_Encoding="gzip"))
        assert isinstance(error, AnswerTooLarge)
        assert error.status == 200
        assert str(error) == "asking: the answer is larger than 16 MiB"

    def test_may_be_a_page_of_files_with_large_metadata(self, transport: Make) -> None:
        held = {f"key {n}": "x" * 32 for n in range(200)}
        page = {"data": [{**FILE, "id": n, "user_defined": held} for n in range(1, 1001)]}
        assert len(json.dumps(held)) > 9_000
        with serving(answer(200, page)) as server:
            said = ask(transport(server.url))
        assert wire.parse(said, "listing") == page

    def test_may_be_of_any_length_where_only_the_end_tells_it(self, transport: Make) -> None:
        with serving(Answer(b"HTTP/1.1 200 OK\r\n\r\n{}", "close")) as server:
            assert ask(transport(server.url)) == b"{}"

    def test_leaves_its_connection_for_the_next(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server:
            asking = transport(server.url)
            for _ in range(5):
                ask(asking)
            assert [request.connection for request in server.requests] == [0] * 5

    def test_that_failed_leaves_room_for_the_next_too(self, transport: Make) -> None:
        with serving(
            answer(500, b"x"),
            answer(200, b"x" * 10, then="close", Content_Length="20"),
            answer(422, FILE),
            answer(200, FILE),
        ) as server:
            asking = transport(server.url, connections=1)
            for _ in range(3):
                with pytest.raises(ServiceError):
                    ask(asking)
            assert ask(asking)

    def test_says_its_status_and_how_long_to_wait(self, transport: Make) -> None:
        """F19."""
        used_up = answer(201, b"x", X_RateLimit_Remaining="0", X_RateLimit_Reset="7")
        with serving(used_up, answer(200, b"y")) as server:
            asking = transport(server.url)
            assert asking.send(request_to(asking)) == Whole(201, b"x", 7.0)
            assert asking.send(request_to(asking)) == Whole(200, b"y", None)


STATUSES = [
    (401, TokenRefused),
    (404, NotThere),
    (409, Busy),
    (413, Rejected),
    (429, Throttled),
    (503, Unclear),
]
"""One of each kind; all of them are in test_classify."""


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

    @pytest.mark.parametrize("status", [502, 504])
    def test_of_a_gateway_shows_the_beginning_of_its_page(
        self, transport: Make, status: int
    ) -> None:
        """F14, F23."""
        page = b"<html>\r\n<title>Bad \x1b[2Jgateway</title>" + b"<p>sorry</p>" * 500
        text = str(failure(transport, answer(status, page)))
        begin = (
            f"asking: the service answered {status}: <html> <title>Bad \\u{{1b}}[2Jgateway</title>"
        )
        assert text.startswith(begin)
        assert len(text) == len(f"asking: the service answered {status}: ") + 200

    def test_of_a_problem_says_its_detail_and_nothing_that_acts(self, transport: Make) -> None:
        """F38, T7, T8."""
        problem = {
            "type": "about:blank",
            "title": "Quota",
            "detail": "bucket \x1b]0;x\x07\u202eis full",
        }
        error = failure(transport, answer(400, problem, Content_Type="application/problem+json"))
        said = r"bucket \u{1b}]0;x\u{7}\u{202e}is full; Quota"
        assert str(error) == f"asking: the service answered 400: {said}"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    def test_redirects_are_not_followed(self, transport: Make, status: int, method: str) -> None:
        """F25, T19."""
        with serving(answer(200, FILE)) as elsewhere:
            login = answer(status, b"", Location=f"{elsewhere.url}/login")
            error = failure(transport, login, method=method)
            assert elsewhere.requests == []
        assert type(error) is Unclear
        assert "a redirect, which is not followed; is the base URL the API's?" in str(error)

    @pytest.mark.parametrize("status", [429, 503])
    def test_hands_on_how_long_to_wait(self, transport: Make, status: int) -> None:
        """F16."""
        header = {"Retry_After": "Thu, 24 Dec 2020 08:49:27 GMT"}
        error = failure(transport, answer(status, {"message": "Too Many Attempts."}, **header))
        assert error.after == 10.0
        assert "run again after 2020-12-24 08:49:27 UTC" in str(error)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

NOT_WHOLE = {
    "F3, F4: nothing, and reset": Answer(b"", "reset"),
    "F9: nothing, and closed": Answer(b"", "close"),
    "half a status": Answer(b"HTTP/1.1 2", "close"),
    "half a head, and reset": Answer(b"HTTP/1.1 200 OK\r\nContent-", "reset"),
    "rubbish": Answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"),
    "a head without an end": Answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, "close"),
    "F10: cut short": Answer(HEAD + b"{}", "close"),
    "F5: cut short by a reset": Answer(HEAD + b"{}", "reset"),
    "an error, cut short": Answer(HEAD.replace(b"200 OK", b"422 No") + b"{}", "close"),
    "F12: chunks without an end": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "close"
    ),
    "chunks of rubbish": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "close"
    ),
    "F13: not zipped though it says so": answer(200, FILE, Content_Encoding="gzip"),
    "F13: zipped badly": answer(
        200, gzip.compress(b"x")[:10] + b"\xff" * 40, Content_Encoding="gzip"
    ),
}


class TestNoWholeAnswer:
    @pytest.mark.parametrize("what", NOT_WHOLE.values(), ids=NOT_WHOLE)
    def test_says_nothing_of_what_was_done(self, transport: Make, what: Answer) -> None:
        error = failure(transport, what)
        assert type(error) is Unclear
        assert error.status is None
        assert str(error).startswith("asking: no whole answer came: ")

    def test_shows_nothing_that_acts(self, transport: Make) -> None:
        """T7: the status line is the service's words too."""
        error = failure(transport, Answer(b"HTTP/1.1 \x1b[2J\x9b1m OK\r\n\r\n", "close"))
        assert r"\u{1b}[2J\u{9b}1m" in str(error)
        assert str(error).isprintable()

    @pytest.mark.parametrize("then", ["close", "reset"])
    def test_over_a_connection_that_was_used_before(self, transport: Make, then: Any) -> None:
        """F9: it is closed when it is used again, and the request does not go out by itself once
        more, over a new one."""
        with serving(answer(200, FILE), Answer(b"", then), answer(200, FILE)) as server:
            asking = transport(server.url)
            ask(asking)
            with pytest.raises(Unclear):
                ask(asking, "POST", b"{}")
            assert [request.connection for request in server.requests] == [0, 0]
            ask(asking)
            assert server.requests[-1].connection == 1

    def test_from_a_server_that_resets_before_it_reads(self, transport: Make) -> None:
        """F3: what it had received by then, nobody knows."""

        def reset(connection: socket.socket, *_: object) -> None:
            # Not before the request is there: the client might still be connecting.
            connection.recv(1, socket.MSG_PEEK)
            reset_when_closed(connection)

        with accepting(reset) as server, pytest.raises(ServiceError) as caught:
            ask(transport(server.url), "POST", b"{}")
        assert type(caught.value) is Unclear


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


class TestNoConnection:
    def test_refused(self, transport: Make) -> None:
        """F1."""
        port = closed_port()
        with pytest.raises(Unreachable) as caught:
            ask(transport(f"http://127.0.0.1:{port}"), "POST", b"{}")
        assert str(caught.value) == (
            f"asking: http://127.0.0.1:{port} cannot be reached: Connection refused"
        )

    def test_no_such_name(self, transport: Make) -> None:
        """F2."""
        with pytest.raises(Unreachable, match=r"https://no-such-host\.invalid cannot be reached"):
            ask(transport("https://no-such-host.invalid"), "POST", b"{}")

    @pytest.mark.parametrize(
        "proxy",
        [
            "http://127.0.0.1:1",
            "socks5://127.0.0.1:1",
            "ftp://127.0.0.1:1",
            "http://no-such-host.invalid:1",
            "http://",
        ],
    )
    def test_no_such_proxy(self, transport: Make, proxy: str) -> None:
        asking = transport("https://api.example", proxies={"https": proxy})
        with pytest.raises(Unreachable):
            ask(asking, "POST", b"{}")

    def test_a_proxy_that_is_none_of_http_says_so(self, transport: Make) -> None:
        asking = transport("https://api.example", proxies={"all": "socks5://127.0.0.1:1"})
        with pytest.raises(Unreachable, match="reached: a proxy must be http:// or https://"):
            ask(asking)

    def test_no_way_through_the_proxy(self, transport: Make) -> None:
        with serving(answer(407, b"")) as proxy:
            asking = transport("https://api.example", proxies={"https": proxy.url})
            with pytest.raises(Unreachable, match="407"):
                ask(asking, "POST", b"{}")

    def test_no_such_certificates(self, transport: Make, tmp_path: Path) -> None:
        asking = transport("https://api.example", ca_bundle=str(tmp_path / "none.pem"))
        with pytest.raises(Unreachable, match="invalid path"):
            ask(asking, "POST", b"{}")


class TestAnUpload:
    def test_that_breaks_off_leaves_nothing_behind_for_the_next(
        self, transport: Make, tmp_path: Path
    ) -> None:
        """F73: the connection holds half a request, and is not used again."""
        path = tmp_path / "a.mp3"
        path.write_bytes(b"something else than was planned")
        source = Source(SourceKind.AUDIO, str(path), None, sha256="0" * 64)
        with serving(answer(200, FILE)) as server:
            asking = transport(server.url, connections=1)
            with Upload({}, source, lambda place: None) as upload, pytest.raises(SourceChanged):
                asking.send(request_to(asking, "POST"), upload)
            ask(asking)
            assert [(each.line, each.connection) for each in server.requests] == [
                ("GET /api/buckets/7 HTTP/1.1", 1)
            ]

    def test_that_is_refused_before_it_is_whole(self, transport: Make, tmp_path: Path) -> None:
        """F35: a 413 from a server that has seen enough."""

        def refuse(connection: socket.socket, number: int, over: threading.Event) -> None:
            connection.recv(1000)
            connection.sendall(answer(413, {"message": "Too large."}).data)
            while connection.recv(65536):
                pass

        path = tmp_path / "a.mp3"
        path.write_bytes(bytes(200_000))
        digest = hashlib.sha256(bytes(200_000)).hexdigest()
        source = Source(SourceKind.AUDIO, str(path), None, sha256=digest)
        with accepting(refuse) as server, Upload({}, source, lambda place: None) as upload:
            asking = transport(server.url)
            with pytest.raises(Rejected, match=r"413: Too large\."):
                asking.send(request_to(asking, "POST"), upload)


class TestWhatGoesOut:
    def test_the_token_and_what_is_accepted(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server:
            ask(transport(server.url), "PUT", b'{"a":1}')
        headers, body = server.requests[0].headers, server.requests[0].body
        assert headers["authorization"] == "Bearer secret"
        assert headers["accept"] == "application/json"
        assert headers["user-agent"] == "acrcloud-reconciler"
        assert headers["content-type"] == "application/json"
        assert body == b'{"a":1}'

    def test_no_type_of_what_is_not_there(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server:
            ask(transport(server.url))
        assert "content-type" not in server.requests[0].headers

    def test_a_netrc_file_is_not_read(
        self, transport: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """T2."""
        netrc = tmp_path / ".netrc"
        netrc.write_text(
            "machine 127.0.0.1 login somebody password else\ndefault login a password b\n"
        )
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        with serving(answer(200, FILE)) as server:
            ask(transport(server.url))
        assert server.requests[0].headers["authorization"] == "Bearer secret"

    def test_nor_are_the_environments_proxies_or_certificates(
        self, transport: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """T2."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        with serving(answer(200, FILE)) as server:
            assert ask(transport(server.url))

    def test_plain_http_goes_through_no_proxy(self, transport: Make) -> None:
        """T20: it is for this machine, and a proxy may be another."""
        with serving(answer(200, FILE)) as proxy, serving(answer(200, FILE)) as server:
            ask(transport(server.url, proxies={"http": proxy.url, "all": proxy.url}))
            assert proxy.requests == []

    def test_cookies_are_not_kept(self, transport: Make) -> None:
        with serving(answer(200, FILE, Set_Cookie="session=1; Path=/")) as server:
            asking = transport(server.url)
            ask(asking)
            ask(asking)
        assert "cookie" not in server.requests[1].headers


ELSEWHERE = [
    "https://api-v2.acrcloud.com.evil.example/api/x",
    "https://api-v2.acrcloud.com@evil.example/api/x",
    "https://api-v2.acrcloud.com:8443/api/x",
    "https://API-V2.acrcloud.com/api/x",
    "https://evil.example/api/x",
    "https://evil.example/https://api-v2.acrcloud.com/api/x",
    "http://api-v2.acrcloud.com/api/x",
    "https://api-v2.acrcloud.com/",
    "https://api-v2.acrcloud.com/apis",
    " https://api-v2.acrcloud.com/api/x",
    "https://api-v2xacrcloud.com/api/x",
    "",
]


class TestTheTokenGoesToOneOrigin:
    """I12: whatever asks, and before anything is sent."""

    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_and_to_no_other_address(self, transport: Make, url: str) -> None:
        asking = transport("https://api-v2.acrcloud.com", proxies={"https": "http://127.0.0.1:1"})
        with pytest.raises(
            ServiceError, match=r"nothing was sent, since .* is not of the base URL"
        ):
            asking.send(Request("GET", url, "asking"))

    def test_and_to_no_other_port_of_this_machine(self, transport: Make) -> None:
        with serving(answer(200, FILE)) as server, serving(answer(200, FILE)) as other:
            asking = transport(server.url)
            with pytest.raises(ServiceError, match="nothing was sent"):
                asking.send(Request("GET", f"{other.url}/api/buckets", "asking"))
            assert server.requests == other.requests == []

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://api-v2.acrcloud.com",
            "http://10.0.0.1:8080",
            "http://127.0.0.1.evil.example",
            "http://127.1",
            "http://localhost.evil.example",
            "http://{region}.localhost",
            "http://[::2]",
        ],
    )
    def test_and_in_plain_http_to_this_machine_only(self, transport: Make, base_url: str) -> None:
        """T20."""
        with pytest.raises(UsageError, match=r"it must begin with https://"):
            transport(base_url)

    @pytest.mark.parametrize("token", ["", "two words", "line\nX-Header: y", "caf\xe9", "\ttab"])
    def test_and_is_one_that_can_stand_in_a_header(self, transport: Make, token: str) -> None:
        """T1: the libraries below would say it aloud."""
        with pytest.raises(TokenRefused, match="is empty, or holds characters") as caught:
            transport("https://api-v2.acrcloud.com", token=token)
        assert token == "" or token not in str(caught.value)

    def test_and_may_be_of_any_characters_that_can(self, transport: Make) -> None:
        token = "".join(map(chr, range(0x21, 0x7F)))
        with serving(answer(200, FILE)) as server:
            ask(transport(server.url, token=token))
        assert server.requests[0].headers["authorization"] == f"Bearer {token}"


class TestTheTokenComesNoFurther:
    """T1, I7."""

    TOKEN = 'eyJ0eXAiOiJKV1Qi+LCJhbGci"OiJSUzI1NiJ9'

    def test_by_any_error(self, transport: Make) -> None:
        for what in (answer(401, FILE), Answer(b"", "reset"), answer(429, FILE)):
            error: BaseException | None = failure(transport, what)
            while error is not None:
                assert "secret" not in f"{error} {error!r} {error.args}"
                error = error.__cause__ or error.__context__

    @pytest.mark.parametrize("status", [200, 401, 422, 500])
    def test_though_the_service_echoes_it(self, transport: Make, status: int) -> None:
        with serving(answer(status, {"message": f"no {self.TOKEN}!"})) as server:
            try:
                said = ask(transport(server.url, token=self.TOKEN)).decode()
            except ServiceError as error:
                said = str(error)
        assert self.TOKEN[:12] not in said
        assert "no [token]!" in said

    @pytest.mark.parametrize("status", [200, 422, 500])
    def test_though_json_hides_it_until_it_is_read(self, transport: Make, status: int) -> None:
        escaped = "".join(f"\\u{ord(char):04x}" for char in self.TOKEN)
        with serving(answer(status, f'{{"message": "no {escaped}!"}}'.encode())) as server:
            try:
                said = str(json.loads(ask(transport(server.url, token=self.TOKEN))))
            except ServiceError as error:
                said = str(error)
        assert "no [token]!" in said

    def test_though_the_service_echoes_it_where_a_status_should_be(self, transport: Make) -> None:
        line = f"HTTP/1.1 {self.TOKEN}\r\n\r\n".encode()
        error = failure(transport, Answer(line, "close"), token=self.TOKEN)
        assert "[token]" in str(error)
        assert self.TOKEN not in str(error)

    def test_but_a_short_one_is_part_of_many_words_and_changes_none(self, transport: Make) -> None:
        body = {"data": {"title": "next", "x": "x"}}
        with serving(answer(200, body)) as server:
            assert json.loads(ask(transport(server.url, token="x"))) == body
