"""The load server answers as the API page says, and lets so many requests through a second."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks import data
from benchmarks.data import ARCHIVE, BUCKET, Differing
from benchmarks.load_server import Limiter
from benchmarks.serving import Load, Server, serving

COUNT = 1200


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "live.jsonl"
    data.write_live(path, data.pairs(Differing.TITLES, COUNT))
    return path


@pytest.fixture
def server(live: Path) -> Iterator[Server]:
    with serving(Load(live)) as started:
        yield started


def answer(server: Server, method: str, path: str, sent: object = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, f"{server.url}/api/buckets{path}", json=sent, timeout=30)


def ask(server: Server, method: str, path: str, sent: object = None) -> Any:
    answered = answer(server, method, path, sent)
    assert answered.ok
    return answered.json() if answered.content else None


def test_a_listing_has_the_fields_of_the_api_page(server: Server) -> None:
    page = ask(server, "GET", f"/{BUCKET}/files?page=2&per_page=1000&sort=id&order=asc")
    assert page["meta"] == {"current_page": 2, "per_page": "1000", "total": COUNT, "last_page": 2}
    assert [file["id"] for file in page["data"]] == list(range(1001, COUNT + 1))
    first = page["data"][0]
    assert {"id", "acr_id", "bucket_id", "title", "duration", "state", "user_defined"} <= set(first)
    assert first["user_defined"]["catalog_key"] == "bench/track-0001000"


def test_a_listing_backwards(server: Server) -> None:
    page = ask(server, "GET", f"/{BUCKET}/files?page=1&per_page=2&sort=id&order=desc")
    assert [file["id"] for file in page["data"]] == [COUNT, COUNT - 1]


def test_files_by_id_and_by_acr_id(server: Server) -> None:
    (first,) = ask(server, "GET", f"/{BUCKET}/files/1")["data"]
    found = ask(server, "GET", f"/{BUCKET}/files/{first['acr_id']},2,{'0' * 32},9999")["data"]
    assert [file["id"] for file in found] == [1, 2]


def test_an_update_is_there_at_once(server: Server) -> None:
    sent = {"title": "Another", "user_defined": {"year": 1999}}
    updated = ask(server, "PUT", f"/{BUCKET}/files/7", sent)["data"]
    assert (updated["title"], updated["user_defined"]) == ("Another", {"year": 1999})
    assert ask(server, "GET", f"/{BUCKET}/files/7")["data"] == [updated]


def test_what_is_moved_is_elsewhere(server: Server) -> None:
    ask(server, "PUT", f"/{ARCHIVE}/files/3,4/move")
    assert [file["id"] for file in ask(server, "GET", f"/{ARCHIVE}/files/3,4")["data"]] == [3, 4]
    assert ask(server, "GET", f"/{BUCKET}/files/3,4")["data"] == []


def test_what_is_deleted_is_gone(server: Server) -> None:
    ask(server, "DELETE", f"/{BUCKET}/files/3,4")
    page = ask(server, "GET", f"/{BUCKET}/files?page=1&per_page=10")
    assert page["meta"]["total"] == COUNT - 2


def test_what_is_created_is_ready(server: Server) -> None:
    sent = {"title": "New", "user_defined": {"year": 2001}, "data_type": "acrid"}
    created = ask(server, "POST", f"/{BUCKET}/files", sent)["data"]
    assert (created["id"], created["state"], created["title"]) == (COUNT + 1, 1, "New")
    found = ask(server, "GET", f"/{BUCKET}/files/{created['acr_id']}")["data"]
    assert [file["id"] for file in found] == [created["id"]]


def test_everything_is_counted(server: Server) -> None:
    ask(server, "GET", f"/{BUCKET}")
    ask(server, "GET", f"/{BUCKET}/files/1")
    ask(server, "GET", f"/{BUCKET}/files/2")
    counts = server.counts()
    assert counts.requests == {"bucket": 1, "get": 2}
    assert counts.answered == 3
    assert counts.began["bucket"] < counts.began["get"] < counts.ended["get"]


def test_a_latency_counts_until_the_last_answer(live: Path) -> None:
    with serving(Load(live, latency=20)) as slow:
        ask(slow, "GET", f"/{BUCKET}/files/1")
        counts = slow.counts()
    assert counts.ended["get"] - counts.began["get"] == pytest.approx(0.02)


@pytest.mark.parametrize("told", [False, True])
def test_what_is_beyond_the_limit_is_refused(live: Path, told: bool) -> None:
    with serving(Load(live, rps=1, retry_after=told)) as limited:
        while (refused := answer(limited, "GET", f"/{BUCKET}/files/1")).ok:
            pass
        counts = limited.counts()
    assert refused.status_code == 429
    assert refused.headers.get("Retry-After") == ("1" if told else None)
    assert counts.limited == 1


def test_a_second_holds_so_many_requests() -> None:
    limiter = Limiter(2)
    moments = [10.0, 10.1, 10.2, 10.9, 11.0, 11.1, 11.2, 15.0]
    assert [limiter.lets_through(now) for now in moments] == [
        *(True, True, False, False),
        *(True, True, False, True),
    ]


def test_without_a_limit_all_go_through() -> None:
    limiter = Limiter(None)
    assert all(limiter.lets_through(1.0) for _ in range(1000))
