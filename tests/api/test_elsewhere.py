"""Which addresses that the service names may be asked, and where a connection may get to."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import requests

from reconciler.api.elsewhere import is_public, may_be_asked
from reconciler.http.connections import Connections
from reconciler.http.origins import is_plain
from tests.api.servers import accepting

if TYPE_CHECKING:
    import socket


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.example/x",
        "https://s3.eu-west-1.amazonaws.com/b/k?X-Amz-Signature=a%2Fb&X=1",
        "https://my_bucket.storage.example/x",
        f"https://{'s' * 63}.{'e' * 63}/x",
        "https://storage.example:443/x",
        "https://xn--strage-xxa.example/a...b/.well-known/..x",
    ],
)
def test_a_public_host_may_be_asked(url: str) -> None:
    assert may_be_asked(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.example",
        "https://storage.example./x",
        "https://storage..example/x",
        "https://-storage.example/x",
        f"https://{'s' * 64}.example/x",
        f"https://storage.{'e' * 64}/x",
        "https://storage.example:444/x",
        "https://storage.example:/x",
        "https://storage.example:0443/x",
        "https://127.1/x",
        "https://127.0.0.0x1/x",
        "https://0x7f000001/x",
        "https://[::ffff:127.0.0.1]/x",
        "HTTPS://storage.example/x",
        "https:/storage.example/x",
        "https:\\\\storage.example/x",
        "https://storage.example\t/x",
        "https://storage.example/x y",
        "https://storage.example/x\n",
        "https://storage.example/\x00",
        "https://storage.example/x#y",
        "https://storage.example/a/../b",
        "https://storage.example/a/%2e%2E",
        "https://storage.example/a/.?b",
        "https://storage.example/a/..%2Fb",
        "https://storage.example/a%2f%2e%2e%5cb",
        "https://storage.example/a/..;/b",
        "https://storage.example@evil.example/x",
        "data:text/plain,[]",
    ],
)
def test_what_is_none_may_not(url: str) -> None:
    assert not may_be_asked(url)


def test_an_address_of_the_apis_own_may_be_of_http_and_have_a_port() -> None:
    assert is_plain("http://127.0.0.1:8080/api/buckets/7/down/t")
    assert is_plain("http://[::1]:8080/api/buckets/7/down/t?x=1")


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.1.1"),
        *("240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1"),
        *("fec0::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1", "2001::1"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


class TestAConnection:
    """Where it has got to counts, and not what a name meant a moment ago."""

    def connect(self, *may_reach: bool) -> tuple[int, bytes, str]:
        """How many connections there were, what came over them, and how it ended, where one
        address after another may be reached or not."""
        connections: list[int] = []
        came = bytearray()
        ended = threading.Event()

        def note(connection: socket.socket, number: int, over: threading.Event) -> None:
            connections.append(number)
            came.extend(connection.recv(65536))
            ended.set()

        answers = iter(may_reach)
        with (
            accepting(note) as server,
            closing(Connections(1, may_reach=lambda _: next(answers))) as restricted,
        ):
            asked = requests.Request("GET", f"https://127.0.0.1:{server.port}/x").prepare()
            with (
                pytest.raises(requests.ConnectionError) as failure,
                restricted.one_for(10) as (adapter, _),
            ):
                adapter.send(asked, timeout=5)
            if may_reach[0]:
                assert ended.wait(5)
        return len(connections), bytes(came), str(failure.value)

    def test_to_an_address_that_is_not_public_is_not_made(self) -> None:
        count, came, said = self.connect(False)
        assert (count, came) == (0, b"")
        assert "not a public one" in said

    def test_that_got_to_another_one_is_closed_before_a_byte(self) -> None:
        count, came, said = self.connect(True, False)
        assert (count, came) == (1, b"")
        assert "not a public one" in said

    def test_to_a_public_one_goes_on(self) -> None:
        """With a handshake, which nobody here answers."""
        count, came, said = self.connect(True, True)
        assert count == 1
        assert came.startswith(b"\x16\x03")
        assert "not a public one" not in said
