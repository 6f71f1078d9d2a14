"""Every request that goes out is counted, by what came of it."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from reconciler.api.counting import CallCounter
from reconciler.core.ending import Calls, NoAnswer
from reconciler.errors import ReconcilerError
from tests.api.servers import Answer, answer, serving

if TYPE_CHECKING:
    from tests.api.conftest import MakeClient

BUCKET = answer(200, {"data": {"id": 8891, "name": "spots", "region": "eu-west-1"}})
RUBBISH = answer(200, b"<!DOCTYPE html>")


def calls_of(client: MakeClient, url: str) -> Calls:
    """Of asking for a bucket's name."""
    counter = CallCounter()
    with suppress(ReconcilerError):
        client(url, counter=counter).bucket_name("spots")
    return counter.so_far()


@pytest.mark.parametrize(
    ("answers", "ended", "retries"),
    [
        ((BUCKET,), {("GET", 200): 1}, 0),
        (
            (answer(500), answer(429), BUCKET),
            {("GET", 500): 1, ("GET", 429): 1, ("GET", 200): 1},
            2,
        ),
        ((answer(401, {}),), {("GET", 401): 1}, 0),
        ((answer(404, {}),), {("GET", 404): 1}, 0),
        ((answer(302, b""),), {("GET", 302): 1}, 0),
        (
            (Answer(b"", "reset"), BUCKET),
            {("GET", NoAnswer.UNANSWERED): 1, ("GET", 200): 1},
            1,
        ),
        ((RUBBISH, BUCKET), {("GET", 200): 2}, 1),
        ((answer(503),), {("GET", 503): 5}, 4),
    ],
    ids=["200", "again", "401", "404", "302", "lost", "rubbish", "for ever"],
)
def test_by_status_and_where_there_is_none_by_why(
    client: MakeClient,
    answers: tuple[Answer, ...],
    ended: dict[tuple[str, int | NoAnswer], int],
    retries: int,
) -> None:
    with serving(*answers) as server:
        assert calls_of(client, server.url) == Calls(ended, retries)
        assert len(server.requests) == sum(ended.values())


def test_where_nobody_listens(client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    calls = calls_of(client, f"http://127.0.0.1:{port}")
    assert calls == Calls({("GET", NoAnswer.UNREACHABLE): 5}, 4)
