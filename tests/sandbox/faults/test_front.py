"""The front itself: what it lets through, what it writes down, and how it ends."""

from __future__ import annotations

import ast
import http.client
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler.sandbox.faults
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import (
    Request,
    dripped,
    late,
    lost_answer,
    meanwhile,
    no_answer,
    on,
    playing,
    slow_sink,
    status,
)
from tests.sandbox.faults.conftest import (
    UPLOAD,
    Said,
    ask,
    connected,
    eventually,
    heard,
    request_bytes,
)

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

GET = ("GET", "/api/buckets/8891/files/1")
HEADERS = {"Authorization": "Bearer token", "Accept": "application/json"}
MODULES = sorted(Path(reconciler.sandbox.faults.__path__[0]).glob("*.py"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/buckets", None),
        ("GET", "/api/buckets/8891/files?per_page=2&sort=id", None),
        ("GET", "/api/buckets/8891/files/404", None),
        ("GET", "/", None),
        ("HEAD", "/api/buckets", None),
        ("PUT", "/api/buckets/8891/files/1", {"title": "é"}),
        ("PUT", "/api/buckets/8891/files/1", {}),
        ("PUT", "/api/buckets/8892/files/1/move", b""),
        ("DELETE", "/api/buckets/8891/files/77", None),
        ("DELETE", "/api/buckets/8891/files", {"ids": "77"}),
    ],
)
def test_without_a_fault_answers_are_the_sandboxes_own(
    sandbox: Sandbox, method: str, path: str, body: object
) -> None:
    own = ask(sandbox.url, method, path, body)
    with playing(sandbox) as front:
        passed_on = ask(front.url, method, path, body)
    assert (passed_on.head, passed_on.body) == (own.head, own.body)


def test_every_request_is_in_the_log_in_order(sandbox: Sandbox) -> None:
    with playing(sandbox, on("upload", lost_answer()), on("get", status(503))) as front:
        ask(front.url, *UPLOAD)
        ask(front.url, *GET)
        ask(front.url, "GET", "/api/buckets/8891/files?page=2")
        log = [(each.method, each.path, each.kind, each.name, each.forwarded) for each in front.log]
        assert log == [
            ("POST", "/api/buckets/8891/files", "upload", "lost_answer", True),
            ("GET", "/api/buckets/8891/files/1", "get", "status 503", False),
            ("GET", "/api/buckets/8891/files", "list", "", True),
        ]
        assert front.log[2].request.query == "page=2"
        assert ("Authorization", "Bearer token") in front.log[2].request.headers


def test_a_log_that_is_not_wanted_is_not_kept(sandbox: Sandbox) -> None:
    with playing(sandbox, logged=False) as front:
        assert ask(front.url, *GET).status == 200
        assert front.log == []


def test_connections_are_kept_on_both_sides(sandbox: Sandbox) -> None:
    connections = _connections_of(sandbox)
    with playing(sandbox) as front:
        client = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=5)
        for number in range(5):
            client.request("GET", GET[1], headers=HEADERS)
            assert json.loads(client.getresponse().read())["data"][0]["id"] == 1
            assert front.log[-1].request.reused == (number > 0)
        client.close()
        ask(front.url, *GET)
        assert _connections_of(sandbox) <= connections + 1


def _connections_of(sandbox: Sandbox) -> int:
    port = f":{int(sandbox.url.rsplit(':', 1)[1]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(remote.endswith(port) and state == "01" for _, _, remote, state, *_ in lines)


def test_another_script_can_be_played_from_now_on(sandbox: Sandbox) -> None:
    with playing(sandbox, on("any", status(500), nth=1)) as front:
        assert [ask(front.url, *GET).status for _ in range(2)] == [500, 200]
        front.play(on("any", status(503), nth=1))
        assert [ask(front.url, *GET).status for _ in range(2)] == [503, 200]
        front.play()
        assert ask(front.url, *GET).status == 200


def test_one_sandbox_has_several_fronts(sandbox: Sandbox) -> None:
    with playing(sandbox, on("any", status(500))) as one, playing(sandbox) as two:
        assert (ask(one.url, *GET).status, ask(two.url, *GET).status) == (500, 200)
    with playing(sandbox) as three:
        assert ask(three.url, *GET).status == 200


def test_an_upload_goes_through_byte_for_byte(sandbox: Sandbox, wav: bytes) -> None:
    large = wav + bytes(range(256)) * 20_000
    for body, name in ((wav, "small"), (large, "large")):
        form = (
            b'--b\r\nContent-Disposition: form-data; name="data_type"\r\n\r\naudio\r\n'
            b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + name.encode() + b"\r\n"
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            + body
            + b"\r\n--b--\r\n"
        )
        with playing(sandbox) as front:
            client = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=5)
            headers = {**HEADERS, "Content-Type": "multipart/form-data; boundary=b"}
            for encode_chunked in (False, True):
                pieces = iter([form[:1000], form[1000:]]) if encode_chunked else form
                client.request("POST", UPLOAD[1], pieces, headers, encode_chunked=encode_chunked)
                assert client.getresponse().read().startswith(b'{"data"')
            client.close()
    assert [file["size"] for file in sandbox.files(8891)[3:]] == [len(wav)] * 2 + [len(large)] * 2
    assert len({file["sha256"] for file in sandbox.files(8891)[3:]}) == 2


def test_who_waits_to_be_told_to_go_on_is_told(sandbox: Sandbox) -> None:
    request = request_bytes(*UPLOAD, "Expect: 100-continue", "Connection: close")
    head, _, body = request.partition(b"\r\n\r\n")
    with playing(sandbox) as front, connected(front.url) as client:
        client.sendall(head + b"\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert heard(client).status == 200


def test_requests_may_come_before_the_answers_are_read(sandbox: Sandbox) -> None:
    with playing(sandbox) as front, connected(front.url) as client:
        client.sendall(request_bytes(*GET) * 2 + request_bytes(*GET, None, "Connection: close"))
        assert heard(client).data.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "sent",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET /\r\n\r\n",
        b"x" * 200_000,
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(
    sandbox: Sandbox, sent: bytes
) -> None:
    with playing(sandbox) as front:
        with connected(front.url) as client:
            client.sendall(sent)
            said = heard(client)
        assert said.end in {"closed", "reset"}
        assert not said.data or said.status == 400
        assert ask(front.url, *GET).status == 200
    assert len(sandbox.requests) == 1


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(sandbox: Sandbox) -> None:
    with playing(sandbox) as front:
        for part in (b"GET /api/buckets HT", request_bytes(*UPLOAD)[:-5]):
            with connected(front.url) as client:
                client.sendall(part)
        assert ask(front.url, *GET).status == 200
    assert sandbox.mutations == []


def test_everything_ends_with_the_block(sandbox: Sandbox) -> None:
    before = threading.active_count()
    with ExitStack() as clients, playing(sandbox) as front:
        for fault in (
            no_answer(committed=True),
            no_answer(committed=False),
            dripped(every=60),
            slow_sink(0.01),
            late(60.0),
        ):
            front.play(on("any", fault))
            client = clients.enter_context(connected(front.url))
            client.sendall(request_bytes(*UPLOAD))
            eventually(lambda fault=fault: front.log and front.log[-1].fault is fault)
        clients.enter_context(connected(front.url))  # says nothing
        eventually(lambda: threading.active_count() > before + 5)
    assert threading.active_count() == before
    with pytest.raises(ConnectionError):
        connected(front.url)


def test_what_is_being_answered_is_answered_before_the_end(sandbox: Sandbox) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait(_request: Request) -> None:
        asked.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        front = stack.enter_context(playing(sandbox, on("any", meanwhile(before=wait))))
        answer = pool.submit(ask, front.url, *GET)
        assert asked.wait(10)
        closing = pool.submit(stack.pop_all().close)
        eventually(lambda: _refuses(front.url))
        go_on.set()
        closing.result(10)
        assert answer.result(10).status == 200


def _refuses(url: str) -> bool:
    """Whether nobody takes connections any more."""
    try:
        with connected(url, 0.2) as client:
            client.sendall(request_bytes("GET", "/"))
            return heard(client) == Said(b"", "closed")
    except OSError:
        return True


@pytest.mark.parametrize("error", [AssertionError(), FileNotFoundError(2, "no such file")])
def test_what_a_callback_raises_is_not_swallowed(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    raised: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: raised.append(repr(hooked)))

    def fail(_request: Request) -> None:
        raise error

    with playing(sandbox, on("any", meanwhile(before=fail))) as front:
        assert ask(front.url, *UPLOAD) == Said(b"", "closed")
    assert len(raised) == 1
    assert type(error).__name__ in raised[0]
    assert sandbox.mutations == []


def test_it_listens_on_loopback_only_and_says_which_port_is_taken(sandbox: Sandbox) -> None:
    with playing(sandbox) as front:
        port = int(front.url.removeprefix("http://127.0.0.1:"))
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
        with pytest.raises(SandboxError, match=str(port)), playing(sandbox, port=port):
            pass


def test_many_clients_at_once(sandbox: Sandbox) -> None:
    with playing(sandbox, on("get", status(500), times=10)) as front:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ask(front.url, *GET).status, range(60)))
        assert sorted(answers) == [200] * 50 + [500] * 10
        assert len(front.log) == 60


def test_the_room_needs_the_standard_library_alone_and_is_no_client() -> None:
    assert len(MODULES) > 8
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                assert name.startswith("reconciler.sandbox") or name in sys.stdlib_module_names | {
                    "urllib.parse",
                    "collections.abc",
                }, path
                assert name.split(".")[0] != "http", path
