"""The time that a whole request has: F6, F7, F8, I8. By the real clock, since sockets know no
other; no test says how long anything takes, but that it ends."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
import requests
from requests.adapters import HTTPAdapter

from reconciler.api.transport import Request, Transport
from reconciler.api.upload import Upload
from reconciler.errors import ServiceError, Unclear, Unreachable
from reconciler.http.connections import Connections
from reconciler.http.deadline import Deadlines
from tests.api.servers import Answer, accepting, answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[..., Transport]

SOON = 0.1
LATER = 600.0
FAR_MORE_THAN_BUFFERS_HOLD = 32 * 1024 * 1024


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    made = Deadlines()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection, and its other end."""
    one, two = socket.socketpair()
    with one, two:
        two.settimeout(30)
        one.settimeout(30)
        yield one, two


def works(one: socket.socket, two: socket.socket) -> bool:
    one.sendall(b"x")
    two.sendall(b"y")
    return two.recv(1) == b"x" and one.recv(1) == b"y"


def let_pass(deadlines: Deadlines, seconds: float = SOON) -> None:
    """Returns once the deadlines before this one have been seen to."""
    one, two = socket.socketpair()
    with one, two, deadlines.watch(seconds) as watch:
        watch.follow(one)
        two.settimeout(30)
        assert two.recv(1) == b""
        assert watch.late


class TestAWatch:
    def test_cuts_off_what_is_late_under_whoever_reads(
        self, deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with deadlines.watch(SOON) as watch:
            watch.follow(pair[0])
            assert pair[0].recv(1) == b""
            assert watch.late
        with pytest.raises(BrokenPipeError):
            pair[0].sendall(b"x")

    def test_leaves_alone_what_ended_in_time(
        self, deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        # With the lock, so that it does end in time, however busy this machine is.
        with deadlines.lock, deadlines.watch(SOON / 2) as watch:
            watch.follow(pair[0])
        let_pass(deadlines)
        assert not watch.late
        assert works(*pair)

    def test_leaves_alone_a_connection_that_it_no_longer_follows(
        self, deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with socket.socket() as other, deadlines.watch(SOON / 2) as watch:
            watch.follow(pair[0])
            watch.follow(other)
            let_pass(deadlines)
            assert watch.late
        assert works(*pair)

    def test_hits_no_other_that_has_the_number_of_one_that_was_closed(
        self, deadlines: Deadlines
    ) -> None:
        one, two = socket.socketpair()
        number = one.fileno()
        with deadlines.watch(SOON / 2) as watch:
            watch.follow(one)
            one.close()
            two.close()
            others = [socket.socketpair() for _ in range(3)]
            assert number in {each.fileno() for pair in others for each in pair}
            let_pass(deadlines)
            assert watch.late
        for pair in others:
            assert works(*pair)
            for each in pair:
                each.close()

    def test_that_was_late_before_it_had_a_connection_cuts_it_off_at_once(
        self, deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with deadlines.watch(SOON / 2) as watch:
            let_pass(deadlines)
            watch.follow(pair[0])
            assert pair[1].recv(1) == b""
            with pytest.raises(TimeoutError):
                watch.begin()
            assert not watch.begun, "nothing was sent"

    def test_knows_what_has_begun_and_what_remains(self, deadlines: Deadlines) -> None:
        with deadlines.watch(LATER) as watch:
            assert not watch.begun
            watch.begin()
            assert watch.begun
            assert 0 < watch.remaining() <= LATER
        assert deadlines.watch(-1).remaining() == 0

    def test_keeps_nothing_open(
        self, deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with deadlines.watch(LATER) as watch:
            for _ in range(3):
                watch.follow(pair[0])
        pair[0].close()
        assert pair[1].recv(1) == b""


class TestDeadlines:
    def test_that_come_later_and_are_nearer_are_kept_too(self, deadlines: Deadlines) -> None:
        with deadlines.watch(LATER):
            let_pass(deadlines)

    def test_are_kept_one_after_the_other(self, deadlines: Deadlines) -> None:
        pairs = [socket.socketpair() for _ in range(5)]
        watches = [deadlines.watch(SOON * n / 5) for n in range(5)]
        for (one, _), watch in zip(pairs, watches, strict=True):
            watch.__enter__()
            watch.follow(one)
        for one, two in pairs:
            two.settimeout(30)
            assert two.recv(1) == b""
            one.close()
            two.close()
        for watch in watches:
            watch.__exit__(None, None, None)

    def test_end_with_their_thread(self) -> None:
        before = threading.active_count()
        made = Deadlines()
        made.close()
        made = Deadlines()
        with made.watch(LATER):
            assert threading.active_count() == before + 1
        with made.watch(LATER):
            assert threading.active_count() == before + 1, "one for all"
        made.close()
        assert threading.active_count() == before


def request_to(transport: Transport, body: bytes | None = b"{}") -> Request:
    return Request("POST", f"{transport.addresses.origin}/api/buckets/7", "asking", body=body)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
ENDLESS = {
    "F6: nothing": Answer(b"", "hang"),
    "F6: a head": Answer(HEAD, "hang"),
    "F6: a part of the body": Answer(HEAD + b"{", "hang"),
    "F7: a status, dripping": Answer(b"HTTP/1.1 " + b"2" * 9999, "drip"),
    "F7: a head, dripping": Answer(b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 9999, "drip"),
    "F7: a body, dripping": Answer(HEAD + b"x" * 9999, "drip"),
    "F7: chunks, dripping": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 9999, "drip"
    ),
    "F7: 100 Continue, dripping": Answer(b"HTTP/1.1 100 Continue\r\n\r\n" * 9999, "drip"),
    "what looks whole once it is cut off": Answer(b"HTTP/1.1 200 OK\r\n\r\n{}", "hang"),
    "a head that looks whole once it is cut off": Answer(b"HTTP/1.1 200 OK\r\nX-", "hang"),
    "an error that looks whole": Answer(b"HTTP/1.1 404 No\r\n\r\n{}", "hang"),
}


def fetch(adapter: HTTPAdapter, url: str) -> requests.Response:
    """The whole answer."""
    response = adapter.send(requests.Request("GET", url).prepare(), timeout=60)
    assert response.content is not None
    return response


class TestARequest:
    @pytest.mark.parametrize("what", ENDLESS.values(), ids=ENDLESS)
    def test_whose_answer_does_not_end_is_given_up(self, transport: Make, what: Answer) -> None:
        with serving(what) as server:
            asking = transport(server.url, patience=0.3)
            with pytest.raises(ServiceError) as caught:
                asking.send(request_to(asking))
            assert len(server.requests) == 1
        assert type(caught.value) is Unclear
        assert caught.value.status is None

    def test_that_was_given_up_is_nothing_to_the_next(self) -> None:
        with (
            serving(Answer(HEAD, "hang"), answer(200, {})) as server,
            closing(Connections(1)) as connections,
        ):
            with connections.one_for(5 * SOON) as (adapter, watch):
                with suppress(requests.RequestException):
                    fetch(adapter, server.url)
                assert watch.late
            with connections.one_for(LATER) as (adapter, watch):
                assert fetch(adapter, server.url).ok
                assert not watch.late
            assert len({request.connection for request in server.requests}) == len(server.requests)

    def test_that_nobody_takes_is_given_up(self, transport: Make) -> None:
        """F8: a sink that reads nothing."""

        def sink(connection: socket.socket, number: int, over: threading.Event) -> None:
            over.wait()

        with accepting(sink) as server:
            asking = transport(server.url, patience=0.2)
            with pytest.raises(Unclear, match="it took too long"):
                asking.send(request_to(asking, bytes(FAR_MORE_THAN_BUFFERS_HOLD)))

    def test_that_is_taken_too_slowly_is_given_up(self, transport: Make) -> None:
        """F8: a sink that reads a little all the time."""

        def sip(connection: socket.socket, number: int, over: threading.Event) -> None:
            while connection.recv(100) and not over.wait(0.01):
                pass

        with accepting(sip) as server:
            asking = transport(server.url, patience=0.2)
            with pytest.raises(Unclear, match="it took too long"):
                asking.send(request_to(asking, bytes(FAR_MORE_THAN_BUFFERS_HOLD)))


class _Zeros(Upload):
    """A body of zeros that is read from no disk."""

    def __init__(self, size: int) -> None:
        self.content_type = "multipart/form-data; boundary=x"
        self._size = self._left = size

    def __len__(self) -> int:
        return self._size

    def read(self, most: int = 65536) -> bytes:
        piece = bytes(min(most, self._left))
        self._left -= len(piece)
        return piece


class TestAnUpload:
    def test_has_time_by_its_size(self, transport: Make) -> None:
        """F8: here it takes longer than the answer to a request without one may."""
        done = answer(201, {}).data

        def hesitate(connection: socket.socket, number: int, over: threading.Event) -> None:
            over.wait(1.0)
            left = FAR_MORE_THAN_BUFFERS_HOLD
            while left > 0:
                left -= len(connection.recv(1 << 20))
            connection.sendall(done)
            over.wait()

        with accepting(hesitate) as server:
            asking = transport(
                server.url, patience=0.5, slowest_upload=FAR_MORE_THAN_BUFFERS_HOLD / 60
            )
            sent = asking.send(request_to(asking, None), _Zeros(FAR_MORE_THAN_BUFFERS_HOLD))
        assert sent.status == 201

    def test_that_is_slower_than_the_slowest_is_given_up(self, transport: Make) -> None:
        def sink(connection: socket.socket, number: int, over: threading.Event) -> None:
            over.wait()

        with accepting(sink) as server:
            fast = FAR_MORE_THAN_BUFFERS_HOLD / 0.1
            asking = transport(server.url, patience=0.1, slowest_upload=fast)
            with pytest.raises(Unclear, match="it took too long"):
                asking.send(request_to(asking, None), _Zeros(FAR_MORE_THAN_BUFFERS_HOLD))


class TestAConnection:
    """What drips before the request itself goes out: it was never sent."""

    def test_whose_handshake_does_not_end_is_given_up(self, transport: Make, trusted: str) -> None:
        def drip(connection: socket.socket, number: int, over: threading.Event) -> None:
            connection.recv(65536)
            connection.sendall(b"\x16\x03\x03\x3f\xff")  # a record of TLS with 16,383 bytes
            while not over.wait(0.01):
                connection.sendall(b"\x02")

        with accepting(drip) as server:
            server.scheme = "https"
            asking = transport(server.url, patience=0.5, ca_bundle=trusted)
            with pytest.raises(Unreachable, match="it took too long"):
                asking.send(request_to(asking))

    def test_whose_proxy_does_not_answer_is_given_up(self, transport: Make) -> None:
        with serving(Answer(b"HTTP/1.1 " + b"2" * 9999, "drip")) as proxy:
            proxies = {"https": proxy.url}
            asking = transport("https://api.example", patience=0.2, proxies=proxies)
            with pytest.raises(Unreachable, match="it took too long"):
                asking.send(request_to(asking))


def test_what_cuts_one_request_off_never_hits_another() -> None:
    """Answers that come at just about the deadline, and then requests over the same connections,
    which have all the time there is: not one of them may fail."""
    near = 0.02

    def serve(connection: socket.socket, number: int, over: threading.Event) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                while stream.readline().strip():
                    pass
                if b"/slow" in line:
                    over.wait(near * random.uniform(0.9, 1.1))
                connection.sendall(answer(200, {}).data)

    outcomes: list[bool] = []

    def work(url: str) -> None:
        for _ in range(50):
            with connections.one_for(near) as (adapter, _), suppress(requests.RequestException):
                fetch(adapter, f"{url}/slow")
            with connections.one_for(LATER) as (adapter, watch):
                told = fetch(adapter, f"{url}/fast")
                outcomes.append(told.ok and not watch.late)

    with accepting(serve) as server, closing(Connections(4)) as connections:
        threads = [threading.Thread(target=work, args=(server.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == [True] * 200


def test_all_can_be_ended_at_once_and_what_comes_later_too(
    deadlines: Deadlines, pair: tuple[socket.socket, socket.socket]
) -> None:
    one, two = pair
    with deadlines.watch(LATER) as watch:
        watch.follow(one)
        deadlines.end_all()
        assert watch.late
        assert two.recv(1) == b""
    with deadlines.watch(LATER) as next_one:
        assert next_one.late
        with pytest.raises(TimeoutError):
            next_one.begin()
