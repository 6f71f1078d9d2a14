"""T20: what is not the service, by its certificate, gets no byte of the token."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from reconciler.api.transport import Request
from reconciler.errors import Unclear, Unreachable
from tests.api.servers import accepting, answer, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from reconciler.api.transport import Transport
    from tests.api.servers import Server

    Make = Callable[..., Transport]

TOKEN = "a-token-that-is-long-enough"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass
class Recorded:
    """What a server got to see."""

    server: Server
    raw: bytearray = field(default_factory=bytearray)
    decrypted: bytearray = field(default_factory=bytearray)


@contextmanager
def recording(context: ssl.SSLContext | None) -> Iterator[Recorded]:
    """A server that takes part in the handshake itself, so that every byte of it is seen; None:
    one that does not speak TLS, and only listens."""
    ended = threading.Event()

    def listen(connection: socket.socket, number: int, over: threading.Event) -> None:
        try:
            _listen(connection, context, recorded)
        finally:
            ended.set()

    with accepting(listen) as server:
        recorded = Recorded(server)
        server.scheme = "https"
        yield recorded
        assert ended.wait(10)


def _listen(connection: socket.socket, context: ssl.SSLContext | None, recorded: Recorded) -> None:
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes, server_side=True) if context else None
    while data := connection.recv(65536):
        recorded.raw += data
        if tls is None:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        came.write(data)
        with suppress(ssl.SSLWantReadError):
            try:
                tls.do_handshake()
                recorded.decrypted += tls.read(65536)
                tls.write(answer(200, {}).data)
            finally:
                connection.sendall(goes.read())


def context_with(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def ask(transport: Transport) -> bytes:
    url = f"{transport.addresses.origin}/api/buckets/7"
    return transport.send(Request("POST", url, "asking", body=b"{}")).body


def test_the_right_certificate_is_talked_to(
    transport: Make, authority: trustme.CA, trusted: str
) -> None:
    """The recorder sees what there is to see: so the tests below show that there is nothing."""
    with recording(context_with(authority.issue_cert("127.0.0.1"))) as recorded:
        asking = transport(recorded.server.url, token=TOKEN, ca_bundle=trusted)
        assert ask(asking) == b"{}"
        asking.close()
    assert f"Bearer {TOKEN}".encode() in recorded.decrypted
    assert TOKEN.encode() not in recorded.raw


def test_the_operators_certificates_may_be_a_folder(
    transport: Make, authority: trustme.CA, trusted: str
) -> None:
    """Of files that OpenSSL finds by a hash, as `c_rehash` names them; this one has none."""
    with recording(context_with(authority.issue_cert("127.0.0.1"))) as recorded:
        folder = str(Path(trusted).parent)
        asking = transport(recorded.server.url, token=TOKEN, ca_bundle=folder)
        with pytest.raises(Unreachable, match=r"TLS: .*certificate verify failed"):
            ask(asking)
    assert recorded.decrypted == b""


WRONG = {
    "of an unknown authority": (lambda ca: trustme.CA().issue_cert("127.0.0.1"), True),
    "of an authority that the operator did not name": (
        lambda ca: ca.issue_cert("127.0.0.1"),
        False,
    ),
    "of another host": (lambda ca: ca.issue_cert("api-v2.acrcloud.com"), True),
    "of another address": (lambda ca: ca.issue_cert("127.0.0.2"), True),
    "of a name that only looks the same": (lambda ca: ca.issue_cert("127.0.0.1.example"), True),
    "expired": (
        lambda ca: ca.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO),
        True,
    ),
    "not yet valid": (
        lambda ca: ca.issue_cert("127.0.0.1", not_before=datetime(2999, 1, 1, tzinfo=UTC)),
        True,
    ),
}


@pytest.mark.parametrize(("issue", "is_trusted"), WRONG.values(), ids=WRONG)
def test_a_certificate_that_is_wrong_gets_nothing(
    transport: Make,
    authority: trustme.CA,
    trusted: str,
    issue: Callable[[trustme.CA], trustme.LeafCert],
    is_trusted: bool,
) -> None:
    with recording(context_with(issue(authority))) as recorded:
        options = {"ca_bundle": trusted} if is_trusted else {}
        asking = transport(recorded.server.url, token=TOKEN, **options)
        with pytest.raises(Unreachable, match=r"TLS: .*certificate verify failed"):
            ask(asking)
    assert recorded.raw, "the handshake began"
    assert recorded.decrypted == b""
    assert TOKEN.encode() not in recorded.raw


def test_a_certificate_that_signs_itself_gets_nothing(transport: Make, tmp_path: Path) -> None:
    own = trustme.CA()
    (tmp_path / "key.pem").write_bytes(own.private_key_pem.bytes())
    (tmp_path / "cert.pem").write_bytes(own.cert_pem.bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with (
        recording(context) as recorded,
        pytest.raises(Unreachable, match="self-signed certificate"),
    ):
        ask(transport(recorded.server.url, token=TOKEN))
    assert recorded.decrypted == b""


def test_what_speaks_no_tls_gets_nothing(transport: Make, trusted: str) -> None:
    """It sees the beginning of a handshake. Not a byte of the request went out, so that it may
    go again, whatever it is."""
    with recording(None) as recorded, pytest.raises(Unreachable, match="TLS: "):
        ask(transport(recorded.server.url, token=TOKEN, ca_bundle=trusted))
    assert recorded.raw
    assert TOKEN.encode() not in recorded.raw
    assert b"Bearer" not in recorded.raw


def test_an_old_version_of_tls_gets_nothing(
    transport: Make, authority: trustme.CA, trusted: str
) -> None:
    context = context_with(authority.issue_cert("127.0.0.1"))
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with recording(context) as recorded, pytest.raises(Unreachable):
        ask(transport(recorded.server.url, token=TOKEN, ca_bundle=trusted))
    assert recorded.decrypted == b""


def test_a_reset_in_the_handshake_says_that_nothing_was_sent(transport: Make, trusted: str) -> None:
    def close(connection: socket.socket, number: int, over: threading.Event) -> None:
        connection.recv(65536)

    with accepting(close) as server:
        server.scheme = "https"
        with pytest.raises(Unreachable):
            ask(transport(server.url, ca_bundle=trusted))


def test_tls_that_breaks_after_the_request_says_nothing_of_what_was_done(
    transport: Make, authority: trustme.CA, trusted: str
) -> None:
    context = context_with(authority.issue_cert("127.0.0.1"))

    def breaks(connection: socket.socket, number: int, over: threading.Event) -> None:
        wrapped = context.wrap_socket(connection.dup(), server_side=True)
        wrapped.recv(65536)
        wrapped.detach()
        connection.sendall(b"this is no record of TLS, and no alert either")

    with accepting(breaks) as server:
        server.scheme = "https"
        with pytest.raises(Unclear, match="no whole answer came: TLS: "):
            ask(transport(server.url, ca_bundle=trusted))


def test_connections_are_kept(transport: Make, authority: trustme.CA, trusted: str) -> None:
    context = context_with(authority.issue_cert("127.0.0.1"))
    with serving(answer(200, {}), tls=context) as server:
        asking = transport(server.url, ca_bundle=trusted)
        for _ in range(3):
            ask(asking)
        assert [request.connection for request in server.requests] == [0, 0, 0]
        asking.close()
