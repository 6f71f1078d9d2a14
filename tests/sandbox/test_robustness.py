"""No request, however odd, is answered with a 5xx, and none but a proper one changes a file."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox.app import create_app
from reconciler.sandbox.buckets import Buckets
from reconciler.sandbox.database import Database
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.records import NewBucket, NewFile
from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.conftest import Api

HEADERS = {"Authorization": "Bearer token", "Accept": "application/json"}
ODD = [
    *("", " ", "0", "1", "-1", "1,2", ",", "null", "NaN", "1e999", "x" * 300, "%", "%00", "%ff"),
    *(
        "9" * 25,
        "9" * 5000,
        "{}",
        "[]",
        '{"a":',
        '"\\ud800"',
        "[" * 2000,
        "é\u0301",
        "\x00",
        "'",
        "٣",
    ),
    *("move", "dump", "audio", "acrid", "f" * 32, "../..", "a/b", "desc", "status", "🎵"),
]
NAMES = [
    *("title", "user_defined", "data_type", "url", "acrid", "audio_id", "file", "ids", "labels"),
    *("target_bucket_id", "name", "type", "region", "net_type", "metadata_template"),
    *("search", "keyword", "sort", "order", "page", "per_page", "state", ""),
]
texts = st.sampled_from(ODD) | st.text(max_size=20)
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
fields = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
flat = st.dictionaries(st.sampled_from(NAMES), texts, max_size=5)
raw = st.sampled_from(
    [
        *("application/json", "multipart/form-data", "multipart/form-data; boundary=x"),
        *("application/x-www-form-urlencoded", "text/plain", "application/json; charset=\xff", ""),
    ]
)
bodies = st.one_of(
    st.just({}),
    fields.map(lambda sent: {"json": sent}),
    flat.map(lambda sent: {"data": sent}),
    st.tuples(
        raw, st.binary(max_size=60) | texts.map(lambda text: text.encode("utf-8", "replace"))
    ).map(lambda sent: {"content_type": sent[0], "data": sent[1]}),
)
paths = st.lists(
    st.sampled_from(["api", "buckets", "files", "8891", "move", "dump", "down"]) | texts, max_size=6
).map("/".join)
likely = st.sampled_from(["/files", "/files/1", "/files/1/move", "/files/move", "/dump", ""]).map(
    "api/buckets/8891{}".format
)


def _app(database: Database, *settings_: str) -> Any:
    return create_app(database, quirks=Quirks.parse(settings_), clock=lambda: 1e9).test_client()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database(None)
    bucket = Buckets(database).add(NewBucket("spots", id=8891), now=1e9)
    Store(database).add(bucket, [NewFile("a"), NewFile("b")], now=1e9)
    yield database
    database.close()


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW"]),
    path=paths | likely | likely,
    query=flat,
    body=bodies,
    quirks=st.sampled_from(
        [
            (),
            ("unknown_id=skipped", "user_defined=text", "numbers=text", "order=desc"),
            ("unknown_id=refused", "read_lag=1", "put=merge", "dump=csv", "titles=nfc"),
        ]
    ),
)
def test_no_request_gives_a_5xx(
    database: Database,
    method: str,
    path: str,
    query: dict[str, str],
    body: dict[str, Any],
    quirks: tuple[str, ...],
) -> None:
    client = _app(database, *quirks)
    # As a server hands it over (PEP 3333): a client would make sense of "//" and of odd letters.
    path_info = f"/{path}".encode("utf-8", "replace").decode("latin-1")
    query = {name: text.encode("utf-8", "replace").decode() for name, text in query.items()}
    answer = client.open(
        "/",
        environ_overrides={"PATH_INFO": path_info},
        method=method,
        query_string=query,
        headers=HEADERS,
        **body,
    )
    assert answer.status_code < 500
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.json["message"]


@pytest.mark.no_cover
@pytest.mark.parametrize("quirks", [[], ["unknown_id=skipped"], ["unknown_id=refused"]])
def test_every_odd_text_in_every_place(database: Database, quirks: list[str]) -> None:
    client = _app(database, *quirks)
    for text in ODD:
        for name in NAMES:
            for options in (
                {"query_string": {name: text}},
                {"data": {name: text}, "method": "POST"},
                {"json": {name: text, "data_type": "acrid", "acrid": "x"}, "method": "POST"},
                {"json": {name: [text]}, "method": "DELETE"},
            ):
                answer = client.open("/api/buckets/8891/files", headers=HEADERS, **options)
                assert answer.status_code < 500, (name, text, options)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/buckets/8891/files HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /api/buckets/8891/files?page=%zz HTTP/1.1\r\nAuthorization: Bearer t\r\n\r\n",
        b"POST /api/buckets/8891/files HTTP/1.1\r\nAuthorization: Bearer t\r\n"
        b"Content-Length: 99999999999\r\n\r\n",
        b"GET /" + b"x" * 300_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"GET http://other/api/buckets HTTP/1.1\r\nHost: other\r\nAuthorization: Bearer t\r\n\r\n",
    ],
    ids=["length", "escape", "too long", "head too long", "tls", "other host"],
)
def test_odd_bytes_on_the_socket(api: Api, head: bytes) -> None:
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        try:
            connection.sendall(head)
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b""
    assert b" 50" not in answer.partition(b"\r\n")[0]
    assert api("GET", "/buckets").status_code == 200
