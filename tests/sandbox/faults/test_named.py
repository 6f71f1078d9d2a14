"""Each fault, as the bytes that a client sees, and whether the sandbox has done what was asked.

The rows are those of the table of faults.
"""

from __future__ import annotations

import dataclasses
import gzip
import http.client
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import (
    Fault,
    bad_gzip,
    closed,
    cut_answer,
    dripped,
    empty,
    gzip_bomb,
    html,
    late,
    lost_answer,
    meanwhile,
    no_answer,
    noise,
    on,
    partly,
    playing,
    redirect,
    refused_unread,
    reset_read,
    reset_unread,
    reused,
    rewritten,
    said_no,
    slow_sink,
    status,
    throttled,
    truncated,
    unfinished,
    with_headers,
    wrong_length,
)
from reconciler.sandbox.faults.fault import Cut, Dropped, Forwarded, Late, Reset, Unread
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
    from tests.sandbox.conftest import Clock

GET = ("GET", "/api/buckets/8891/files/1")
LARGE = bytes(16 << 20)  # more than the systems between a client and a server take in
SHORT = 0.3
"""Seconds after which a client of these tests takes silence for an answer."""


def played(sandbox: Sandbox, fault: Fault, *request: Any, patience: float = 5.0) -> Said:
    """What comes where the fault is played on the request."""
    with playing(sandbox, on("any", fault)) as front:
        return ask(front.url, *request, patience=patience)


def real(sandbox: Sandbox, *request: Any) -> Said:
    """What comes where nothing is."""
    return ask(sandbox.url, *request)


@pytest.mark.parametrize(
    ("row", "fault", "done"),
    [
        ("F3", reset_unread(), False),
        ("F3", reset_read(), False),
        ("F4", lost_answer(), True),
        ("F5", cut_answer(), True),
        ("F5", cut_answer(then="close"), True),
        ("F6", no_answer(committed=True, at_most=0.01), True),
        ("F6", no_answer(committed=False, at_most=0.01), False),
        ("F7", dripped(every=0, size=100), True),
        ("F8", slow_sink(1e9), True),
        ("F9", closed(), False),
        ("F10", wrong_length(), True),
        ("F11", truncated(), True),
        ("F12", unfinished(), True),
        ("F13", bad_gzip(), True),
        ("F13", gzip_bomb(1000), True),
        ("F14", late(), False),
        ("F16", throttled(), False),
        ("F19", with_headers(X_RateLimit_Remaining="0"), True),
        ("F20", status(500), False),
        ("F21", status(500, committed=True), True),
        ("F23", html(502, committed=False), False),
        ("F24", html(), True),
        ("F25", redirect("http://127.0.0.1:1/login"), False),
        ("F26", said_no(), False),
        ("F27", empty(), True),
        ("F35", refused_unread(), False),
        ("F42", rewritten(lambda answer: answer), True),
        ("", noise(b"!", committed=True), True),
        ("", noise(b"!", committed=False), False),
    ],
)
def test_a_write_is_done_or_not(sandbox: Sandbox, row: str, fault: Fault, done: bool) -> None:
    with playing(sandbox, on("upload", fault)) as front:
        ask(front.url, *UPLOAD)
        (entry,) = front.log
    made = [mutation.what for mutation in sandbox.mutations]
    assert made == (["create"] if done else [])
    assert (entry.kind, entry.fault, entry.forwarded) == ("upload", fault, done)


@pytest.mark.parametrize("fault", [reset_unread(), reset_read(), lost_answer()])
def test_f3_f4_a_reset_comes_without_a_byte(sandbox: Sandbox, fault: Fault) -> None:
    assert played(sandbox, fault, *UPLOAD) == Said(b"", "reset")


def test_f3_an_upload_is_reset_while_it_is_sent(sandbox: Sandbox) -> None:
    with (
        playing(sandbox, on("upload", reset_unread())) as front,
        connected(front.url) as client,
        pytest.raises(ConnectionError),
    ):
        client.sendall(request_bytes("POST", UPLOAD[1], LARGE))
    assert sandbox.requests == []


def test_f3_a_connection_is_reset_before_anything_is_asked(sandbox: Sandbox) -> None:
    with playing(sandbox) as front:
        open_before = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=5)
        open_before.request("GET", GET[1], headers={"Authorization": "Bearer token"})
        assert open_before.getresponse().read()
        with front.down():
            with pytest.raises(ConnectionResetError), connected(front.url) as client:
                client.recv(1)
            open_before.request("GET", GET[1], headers={"Authorization": "Bearer token"})
            with pytest.raises(ConnectionResetError):
                open_before.getresponse()
        open_before.close()
        assert ask(front.url, *GET).status == 200
        assert [entry.fault for entry in front.log] == [None, None]


@pytest.mark.parametrize("end", ["reset", "closed"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 1.0])
def test_f5_an_answer_is_cut_in_its_body(sandbox: Sandbox, end: Any, keep: float) -> None:
    whole = real(sandbox, *GET)
    fault = cut_answer(keep, "reset" if end == "reset" else "close")
    cut = played(sandbox, fault, *GET)
    assert (cut.head, cut.end) == (whole.head, end)
    assert cut.body == whole.body[: round(keep * len(whole.body))]


def test_f5_an_answer_without_a_body_is_cut_in_its_head(sandbox: Sandbox) -> None:
    said = played(sandbox, cut_answer(), "DELETE", "/api/buckets/8891/files/1")
    assert said.data.startswith(b"HTTP/1.1 204")
    assert (b"\r\n\r\n" in said.data, said.end) == (False, "reset")
    assert [mutation.what for mutation in sandbox.mutations] == ["delete"]


@pytest.mark.parametrize("committed", [True, False])
def test_f6_no_answer_until_the_client_leaves(sandbox: Sandbox, committed: bool) -> None:
    fault = no_answer(committed=committed)
    assert played(sandbox, fault, *UPLOAD, patience=SHORT) == Said(b"", "silent")
    assert len(sandbox.mutations) == committed


def test_f6_no_answer_for_a_while_and_then_a_close(sandbox: Sandbox) -> None:
    assert played(sandbox, no_answer(committed=True, at_most=0.01), *GET) == Said(b"", "closed")


def test_f7_bytes_drip(sandbox: Sandbox) -> None:
    whole = real(sandbox, *GET)
    by_the_minute = played(sandbox, dripped(every=60, size=3), *GET, patience=SHORT)
    assert (by_the_minute.head, by_the_minute.end) == (whole.head, "silent")
    assert by_the_minute.body == whole.body[:3]
    by_the_minute = played(sandbox, dripped("head", every=60), *GET, patience=SHORT)
    assert by_the_minute == Said(b"H", "silent")


@pytest.mark.parametrize("part", ["head", "body"])
def test_f7_what_drips_comes_whole_in_the_end(sandbox: Sandbox, part: Any) -> None:
    whole = real(sandbox, *GET)
    for fault in (dripped(part, every=0), dripped(part, every=60, size=50, at_most=-1)):
        said = played(sandbox, fault, *GET)
        assert (said.head, said.body, said.end) == (whole.head, whole.body, "closed")


def test_f8_an_upload_is_taken_slowly(sandbox: Sandbox) -> None:
    with playing(sandbox, on("upload", slow_sink(1000))) as front:
        with connected(front.url, SHORT) as client, pytest.raises(TimeoutError):
            client.sendall(request_bytes("POST", UPLOAD[1], LARGE))
        assert ask(front.url, *UPLOAD, patience=0.01) == Said(b"", "silent")
        assert sandbox.mutations == []
        front.play(on("upload", slow_sink(1, at_most=0)))
        assert ask(front.url, *UPLOAD).status == 200


def test_f9_a_connection_that_was_kept_is_closed_when_it_is_used_again(sandbox: Sandbox) -> None:
    with playing(sandbox, on("any", closed(), where=reused)) as front:
        client = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=5)
        headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}
        for _ in range(2):
            client.request("GET", GET[1], headers=headers)
            assert json.loads(client.getresponse().read())["data"]
            client.request("POST", UPLOAD[1], json.dumps(UPLOAD[2]), headers)
            with pytest.raises(http.client.RemoteDisconnected):
                client.getresponse()
            client.close()  # the next request takes a new one
    assert sandbox.mutations == []


@pytest.mark.parametrize("by", [7, -7])
def test_f10_a_length_is_wrong(sandbox: Sandbox, by: int) -> None:
    whole = real(sandbox, *GET)
    said = played(sandbox, wrong_length(by), *GET)
    assert (said.body, said.end) == (whole.body, "closed")
    assert int(said.header("Content-Length") or 0) == len(whole.body) + by


def test_f10_a_length_that_is_too_small_leaves_its_rest_before_the_next_answer(
    sandbox: Sandbox,
) -> None:
    whole = real(sandbox, *GET)
    with (
        playing(sandbox, on("get", wrong_length(-2), nth=1)) as front,
        connected(front.url) as client,
    ):
        client.sendall(request_bytes(*GET) + request_bytes(*GET, None, "Connection: close"))
        said = heard(client)
    first, _, rest = said.data.partition(b"HTTP/1.1 200 OK")[2].partition(b"HTTP/1.1 200 OK")
    assert first.endswith(b"\r\n\r\n" + whole.body)
    assert rest.endswith(whole.body)
    assert f"Content-Length: {len(whole.body) - 2}\r\n".encode() in first


def test_f11_a_body_ends_with_the_connection_and_too_early(sandbox: Sandbox) -> None:
    whole = real(sandbox, *GET)
    said = played(sandbox, truncated(0.9), *GET)
    assert said.header("Content-Length") is said.header("Transfer-Encoding") is None
    assert (said.body, said.end) == (whole.body[: round(0.9 * len(whole.body))], "closed")


def test_f12_the_last_chunk_does_not_come(sandbox: Sandbox) -> None:
    whole = real(sandbox, *GET)
    said = played(sandbox, unfinished(), *GET)
    assert said.header("Content-Length") is None
    assert said.header("Transfer-Encoding") == "chunked"
    assert said.body == b"%x\r\n%b\r\n" % (len(whole.body), whole.body)


def test_f13_what_says_that_it_is_gzip_is_not(sandbox: Sandbox) -> None:
    said = played(sandbox, bad_gzip(), *GET)
    assert (said.status, said.header("Content-Encoding")) == (200, "gzip")
    assert int(said.header("Content-Length") or 0) == len(said.body)
    with pytest.raises(zlib.error):
        gzip.decompress(said.body)


def test_f13_a_small_answer_unpacks_to_a_large_one(sandbox: Sandbox) -> None:
    size = (8 << 20) + 5
    said = played(sandbox, gzip_bomb(size), *GET)
    assert said.header("Content-Encoding") == "gzip"
    assert len(said.body) < size / 500
    assert len(gzip.decompress(said.body)) == size


def test_f14_a_late_commit_comes_when_the_test_says_so(sandbox: Sandbox) -> None:
    with playing(sandbox, on("upload", late(), times=2)) as front:
        assert [ask(front.url, *UPLOAD).status for _ in range(3)] == [504, 504, 200]
        assert len(sandbox.mutations) == 1
        assert front.release() == 2
        assert front.release() == 0
        assert len(sandbox.mutations) == 3
        assert [entry.forwarded for entry in front.log] == [True] * 3


def test_f14_a_late_commit_comes_by_the_clock(sandbox: Sandbox, clock: Clock) -> None:
    with playing(sandbox, on("upload", late(3.0))) as front:
        assert ask(front.url, *UPLOAD).status == 504
        clock.forward(2.9)
        assert sandbox.mutations == []
        clock.forward(0.1)
        eventually(lambda: sandbox.mutations)
        eventually(lambda: front.log[0].forwarded)
        assert len(sandbox.mutations) == 1


def test_f15_what_is_late_when_the_front_ends_never_comes(sandbox: Sandbox) -> None:
    with playing(sandbox, on("upload", late(3.0))) as front:
        assert ask(front.url, *UPLOAD).status == 504
    assert sandbox.mutations == []


@pytest.mark.parametrize("after", ["2", "1.5", "soon", "99999999", None])
def test_f16_f17_throttled(sandbox: Sandbox, after: str | None) -> None:
    said = played(sandbox, throttled(after), *GET)
    assert (said.status, said.header("Retry-After")) == (429, after)


def test_f19_the_real_answer_with_more_headers(sandbox: Sandbox) -> None:
    said = played(sandbox, with_headers(X_RateLimit_Remaining="0"), *GET)
    assert (said.status, said.header("X-RateLimit-Remaining")) == (200, "0")
    assert said.body == real(sandbox, *GET).body


@pytest.mark.parametrize(
    ("row", "code", "body", "sent"),
    [
        ("F20", 500, None, b'{"message": "status 500"}'),
        ("F28", 401, {"error": "no"}, b'{"error": "no"}'),
        ("F36", 422, {"message": "", "errors": {"title": ["é"]}}, None),
        ("F38", 409, b'{"title": "problem"}', b'{"title": "problem"}'),
    ],
)
def test_any_status(sandbox: Sandbox, row: str, code: int, body: Any, sent: bytes | None) -> None:
    said = played(sandbox, status(code, body, headers={"X-More": "1"}), *GET)
    assert (said.status, said.header("X-More")) == (code, "1")
    assert said.header("Content-Type") == "application/json"
    assert int(said.header("Content-Length") or 0) == len(said.body)
    assert said.body == sent if sent is not None else said.json == body
    assert sandbox.requests == []


def test_f23_f24_html(sandbox: Sandbox) -> None:
    for code in (200, 502):
        said = played(sandbox, html(code), *GET)
        assert said.status == code
        assert (said.header("Content-Type") or "").startswith("text/html")
        assert said.body.startswith(b"<!DOCTYPE html>")


def test_f25_a_redirect(sandbox: Sandbox) -> None:
    said = played(sandbox, redirect("http://127.0.0.1:1/", 307), *GET)
    assert (said.status, said.header("Location")) == (307, "http://127.0.0.1:1/")


def test_f26_no_with_200(sandbox: Sandbox) -> None:
    said = played(sandbox, said_no(), *GET)
    assert (said.status, list(said.json)) == (200, ["error"])
    assert played(sandbox, said_no({"code": 3}), *GET).json == {"code": 3}


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_f27_an_empty_answer(sandbox: Sandbox, code: int) -> None:
    said = played(sandbox, empty(code), *GET)
    assert (said.status, said.body) == (code, b"")
    assert said.header("Content-Length") == (None if code == 204 else "0")


def test_f35_a_refusal_comes_before_the_body_is_read(sandbox: Sandbox) -> None:
    head = request_bytes("POST", UPLOAD[1], LARGE)[: -len(LARGE)]
    with playing(sandbox, on("upload", refused_unread())) as front, connected(front.url) as client:
        client.sendall(head)
        said = heard(client)
    assert (said.status, said.end) == (413, "closed")


@pytest.mark.parametrize(("first", "done"), [(0, []), (1, [1]), (2, [1, 2]), (9, [1, 2, 3])])
def test_f39_a_batch_is_done_in_part(sandbox: Sandbox, first: int, done: list[int]) -> None:
    said = played(sandbox, partly(first), "DELETE", "/api/buckets/8891/files/1,2,3")
    assert said.status == 500
    assert [file["id"] for file in sandbox.files()] == [
        each for each in (1, 2, 3) if each not in done
    ]


def test_f39_a_move_is_done_in_part(sandbox: Sandbox) -> None:
    path = "/api/buckets/8892/files/1%2C2,3/move"
    assert played(sandbox, partly(2, 503), "PUT", path).status == 503
    assert [file["id"] for file in sandbox.files(8892)] == [1, 2]


def test_f40_f41_somebody_does_something_meanwhile(sandbox: Sandbox) -> None:
    before = meanwhile(before=lambda request: sandbox.edit(1, title=f"for {request.method}"))
    (file,) = played(sandbox, before, *GET).json["data"]
    assert file["title"] == "for GET"
    after = meanwhile(after=lambda _request: sandbox.delete(1))
    assert played(sandbox, after, *GET).status == 200
    assert sandbox.file(1) is None


def test_f31_the_file_is_gone_when_its_update_comes(sandbox: Sandbox) -> None:
    gone = meanwhile(before=lambda _request: sandbox.delete(1))
    assert played(sandbox, gone, "PUT", GET[1], {"title": "x"}).status == 404


def test_f42_f59_an_answer_says_something_else(sandbox: Sandbox) -> None:
    def changed(answer: Any) -> Any:
        answer["data"][0]["title"] = "é"
        return answer

    (file,) = played(sandbox, rewritten(changed), *GET).json["data"]
    assert (file["id"], file["title"]) == (1, "é")


def test_f60_an_answer_is_json_that_nobody_should_write(sandbox: Sandbox) -> None:
    for data in (b'{"a": NaN, "a": 1}', b"[" * 10_000, b'{"data": "\\ud800"}'):
        said = played(sandbox, rewritten(lambda _answer, data=data: data, 201), *GET)
        assert (said.status, said.body) == (201, data)


def test_what_has_no_json_is_not_rewritten(sandbox: Sandbox) -> None:
    fault = rewritten(lambda answer: {"never": answer})
    said = played(sandbox, fault, "DELETE", "/api/buckets/8891/files/1")
    assert (said.status, said.body) == (204, b"")


def test_noise(sandbox: Sandbox) -> None:
    fault = noise(b"SSH-2.0-OpenSSH_9.6\r\n", committed=True)
    assert played(sandbox, fault, *UPLOAD) == Said(b"SSH-2.0-OpenSSH_9.6\r\n", "closed")


def test_any_fault_can_have_something_happen_with_it(sandbox: Sandbox) -> None:
    fault = dataclasses.replace(lost_answer(), after=lambda _request: sandbox.delete(1))
    assert played(sandbox, fault, *GET).end == "reset"
    assert sandbox.file(1) is None


@pytest.mark.parametrize("request_part", [Unread(), Dropped(), Late(), Forwarded(first=0)])
def test_what_is_not_forwarded_has_no_real_answer(request_part: Any) -> None:
    with pytest.raises(SandboxError, match="script one"):
        Fault(request_part, wire=Cut())
    assert Fault(request_part, wire=Reset())
