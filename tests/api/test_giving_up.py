"""Who gives up reading waits for nothing: what is under way is cut off, and nothing else goes."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reconciler.core.model import Bucket
from tests.api.servers import accepting

if TYPE_CHECKING:
    import socket

    from tests.api.conftest import MakeClient

LATER = 600.0


def test_a_request_without_an_answer_is_cut_off(client: MakeClient) -> None:
    came = threading.Event()
    connections: list[int] = []

    def say_nothing(connection: socket.socket, number: int, over: threading.Event) -> None:
        connection.recv(1)
        connections.append(number)
        came.set()
        over.wait()

    with ThreadPoolExecutor(1) as thread, accepting(say_nothing) as server:
        reader = client(server.url, patience=LATER, buckets={"spots": Bucket("spots", 8891)})
        coming = thread.submit(reader.read_live)
        assert came.wait(30)
        reader.give_up()
        with pytest.raises(CancelledError):
            coming.result(30)
    assert connections == [0]


def test_nothing_goes_out_afterwards(client: MakeClient) -> None:
    with accepting(lambda *_: None) as server:
        reader = client(server.url)
        reader.give_up()
        with pytest.raises(CancelledError):
            reader.read_live()
