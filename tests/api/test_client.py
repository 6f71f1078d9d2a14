"""The calls, against the sandbox, and against answers that no sandbox gives."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api import ReadClient
from reconciler.api.client import chunks
from reconciler.core.model import Bucket, FileId, FileState, Source, SourceKind
from reconciler.errors import (
    Busy,
    NotThere,
    Rejected,
    ServiceError,
    Throttled,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)
from reconciler.sandbox.faults import meanwhile, on, playing, status
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.api.conftest import Watched
from tests.api.servers import Answer, answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox
    from tests.api.conftest import MakeClient
    from tests.api.servers import Server
    from tests.apply.fake_clock import FakeClock

SPOTS = 8891
UNKNOWN = Quirks.choices()["unknown_id"]


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Sandbox]:
    """Parametrised indirectly by quirks."""
    with running(quirks=Quirks(**getattr(request, "param", {})), clock=clock) as served:
        served.add_bucket("spots", id=SPOTS)
        served.add_bucket("archive", id=8892)
        yield served


def fill(sandbox: Sandbox, count: int) -> list[FileId]:
    added = sandbox.add_files(SPOTS, [{"title": f"T{n}"} for n in range(count)])
    return [FileId(file["id"]) for file in added]


def paths(sandbox: Sandbox, method: str = "GET") -> list[str]:
    return [request.path for request in sandbox.requests if request.method == method]


class TestChunks:
    def test_of_a_hundred_ids(self) -> None:
        assert [len(chunk) for chunk in chunks(list(map(FileId, range(1, 251))))] == [100, 100, 50]

    def test_of_nothing(self) -> None:
        assert list(chunks([])) == []

    @given(st.lists(st.integers(1, 10**18) | st.text("0123456789abcdef", min_size=1, max_size=64)))
    def test_hold_all_in_order_and_each_fits(self, ids: list[int | str]) -> None:
        pieces = list(chunks([FileId(i) if isinstance(i, int) else i for i in ids]))
        assert [each for piece in pieces for each in piece] == ids
        for piece in pieces:
            assert 0 < len(piece) <= 100
            assert len(",".join(map(str, piece))) <= 2000


class TestReadFiles:
    @pytest.mark.parametrize("sandbox", [{"unknown_id": v} for v in UNKNOWN], indirect=True)
    @pytest.mark.parametrize("get_one", ["by id", "by acr_id"])
    def test_gives_those_that_are_there(
        self, sandbox: Sandbox, client: MakeClient, get_one: str
    ) -> None:
        ids = fill(sandbox, 12)
        gone, elsewhere = ids[3], ids[7]
        names: list[FileId | str] = [*ids]
        if get_one == "by acr_id":
            names = [file["acr_id"] for file in sandbox.files()]
        sandbox.delete(gone)
        sandbox.edit(elsewhere, bucket_id=8892)
        found = client(sandbox.url).read_files("spots", [*names, FileId(999_999)])
        assert sorted(file.id for file in found) == sorted({*ids} - {gone, elsewhere})

    @pytest.mark.parametrize(
        "sandbox",
        [{"unknown_id": v, "get_one": one} for v in UNKNOWN for one in ("list", "object")],
        indirect=True,
    )
    def test_of_one_file_and_of_none(self, sandbox: Sandbox, client: MakeClient) -> None:
        (file_id,) = fill(sandbox, 1)
        reading = client(sandbox.url)
        assert [file.id for file in reading.read_files("spots", [file_id])] == [file_id]
        assert reading.read_files("spots", [FileId(7)]) == []
        assert reading.read_files("spots", [FileId(7), FileId(8)]) == []
        assert reading.read_files("archive", [file_id]) == []

    def test_asks_for_fewer_where_an_answer_is_too_large(
        self, sandbox: Sandbox, client: MakeClient
    ) -> None:
        """T28."""
        held = {f"key {n}": "x" * 1000 for n in range(400)}
        added = sandbox.add_files(SPOTS, [{"title": "T", "user_defined": held}] * 60)
        ids = [FileId(file["id"]) for file in added]
        found = client(sandbox.url).read_files("spots", ids)
        assert [file.id for file in found] == ids
        assert len(paths(sandbox)) == 1 + 3

    def test_asks_for_a_hundred_at_once(self, sandbox: Sandbox, client: MakeClient) -> None:
        ids = fill(sandbox, 250)
        found = client(sandbox.url).read_files("spots", ids)
        assert {file.id for file in found} == set(ids)
        assert len(paths(sandbox)) == 1 + 3

    @pytest.mark.parametrize("sandbox", [{"unknown_id": "refused"}], indirect=True)
    def test_finds_one_unknown_in_few_requests(self, sandbox: Sandbox, client: MakeClient) -> None:
        ids = fill(sandbox, 100)
        sandbox.delete(ids[42])
        assert len(client(sandbox.url).read_files("spots", ids)) == 99
        assert len(paths(sandbox)) <= 2 + 2 * 7

    @pytest.mark.parametrize("status", [302, 400, 405, 409, 413, 423])
    def test_takes_no_other_refusal_for_a_file_that_is_gone(
        self, client: MakeClient, status: int
    ) -> None:
        with (
            serving(BUCKET, answer(status, {"message": "No."})) as server,
            pytest.raises((Rejected, Unclear), match=f"{status}: No"),
        ):
            client(server.url).read_files("spots", [FileId(1), FileId(2), FileId(3)])

    @pytest.mark.parametrize(("status", "requests"), [(302, 1), (409, 5), (423, 5)])
    def test_asks_for_no_halves_where_less_is_no_help(
        self, client: MakeClient, status: int, requests: int
    ) -> None:
        with serving(BUCKET, answer(status, {})) as server:
            with pytest.raises(ServiceError):
                client(server.url).read_files("spots", [FileId(1), FileId(2), FileId(3)])
            assert asked(server) == requests

    @pytest.mark.parametrize("body", [{"error": "x"}, {"code": 7}, [], "x", None, 7])
    def test_takes_no_odd_answer_for_a_file_that_is_gone(
        self, client: MakeClient, body: object
    ) -> None:
        with serving(BUCKET, answer(200, body)) as server, pytest.raises(UnreadableAnswer):
            client(server.url).read_files("spots", [FileId(1)])

    def test_asks_nothing_for_nothing(self, client: MakeClient) -> None:
        assert client("http://127.0.0.1:1").read_files("spots", []) == []

    @pytest.mark.parametrize("odd", ["", "a,b", "../7", "7/move", "7?x", "7 ", "é", "%37"])
    def test_never_sends_what_is_no_id(self, client: MakeClient, odd: str) -> None:
        with serving(BUCKET) as server:
            with pytest.raises(ValueError, match="not of digits and letters"):
                client(server.url).read_files("spots", [odd])
            assert server.lines() == ["GET /api/buckets/8891"]


class TestReadNewest:
    @pytest.mark.parametrize(
        "sandbox",
        [
            {"order": order, "max_per_page": most}
            for order in ("asc", "desc")
            for most in (1, 3, 1000)
        ],
        indirect=True,
    )
    @pytest.mark.parametrize("above", [0, 4, 9, 10])
    def test_gives_what_is_above(self, sandbox: Sandbox, client: MakeClient, above: int) -> None:
        ids = fill(sandbox, 10)
        limit = FileId(ids[above - 1] if above else 0)
        found = client(sandbox.url).read_newest("spots", limit)
        assert [file.id for file in found] == ids[above:]

    @pytest.mark.parametrize("sandbox", [{"max_per_page": 2}], indirect=True)
    def test_reads_no_more_than_it_must(self, sandbox: Sandbox, client: MakeClient) -> None:
        ids = fill(sandbox, 100)
        client(sandbox.url).read_newest("spots", ids[96])
        assert len(paths(sandbox)) == 1 + 2 * 2

    @pytest.mark.parametrize("sandbox", [{"max_per_page": 2}], indirect=True)
    def test_misses_none_that_a_delete_shifts_past_it(
        self, sandbox: Sandbox, client: MakeClient
    ) -> None:
        ids = fill(sandbox, 6)
        deletes = meanwhile(after=lambda request: sandbox.delete(ids[-1]))
        with playing(sandbox, on("list", deletes, nth=1)) as front:
            found = client(front.url).read_newest("spots", FileId(0))
        assert {file.id for file in found} >= set(ids[:-1])

    def test_asks_for_less_where_so_much_is_refused(
        self, sandbox: Sandbox, client: MakeClient
    ) -> None:
        ids = fill(sandbox, 30)
        large = on("list", status(422), where=lambda request: "per_page=100" in request.target)
        with playing(sandbox, large) as front:
            found = client(front.url).read_newest("spots", FileId(0))
        assert [file.id for file in found] == ids

    def test_of_an_empty_bucket(self, sandbox: Sandbox, client: MakeClient) -> None:
        assert client(sandbox.url).read_newest("archive", FileId(0)) == []

    def test_reads_to_the_end_where_the_order_is_ignored(self, client: MakeClient) -> None:
        """Ascending, though it was asked to descend."""
        pages = [page([1, 2], total=5, last=3), page([3, 4], 5, 3), page([5], 5, 3)]
        with serving(BUCKET, *pages) as server:
            found = client(server.url).read_newest("spots", FileId(3))
        assert [file.id for file in found] == [4, 5]


class TestReadLive:
    @pytest.mark.parametrize(
        ("sandbox", "requests"),
        [
            ({"max_per_page": 1000}, 1),
            ({"max_per_page": 45}, 1),
            ({"max_per_page": 20}, 3 + 2),
            ({"max_per_page": 7, "order": "desc"}, 7 + 2),
            ({"max_per_page": 7, "per_page": "number"}, 7 + 2),
        ],
        indirect=["sandbox"],
    )
    def test_reads_all_in_as_many_requests_as_there_are_pages_and_two(
        self, sandbox: Sandbox, client: MakeClient, requests: int
    ) -> None:
        ids = fill(sandbox, 45)
        live = client(sandbox.url).read_live()
        spots = live.buckets["spots"]
        assert [file.id for file in spots.files] == ids
        assert (spots.id, spots.incomplete, spots.region) == (SPOTS, None, "eu-west-1")
        assert paths(sandbox).count("/api/buckets/8891/files") == requests
        assert paths(sandbox).count("/api/buckets/8891") == 1
        assert live.origin == sandbox.url

    def test_asks_for_each_bucket_itself_once_a_run(
        self, sandbox: Sandbox, client: MakeClient
    ) -> None:
        reading = client(sandbox.url)
        reading.read_live()
        reading.read_live()
        assert paths(sandbox).count("/api/buckets/8891") == 1

    def test_asks_for_order_by_id(self, sandbox: Sandbox, client: MakeClient) -> None:
        client(sandbox.url).read_live()
        queries = {request.query for request in sandbox.requests if request.query}
        assert queries == {"page=1&per_page=1000&sort=id&order=asc"}

    def test_knows_the_buckets_own_name(self, sandbox: Sandbox, client: MakeClient) -> None:
        assert client(sandbox.url).bucket_name("spots") == "spots"

    def test_of_a_reader_only(self) -> None:
        writing = {"create", "update", "move", "delete"}
        assert not writing & set(dir(ReadClient))


BUCKET = answer(200, {"data": {"id": SPOTS, "name": "spots"}})
FILE = {"id": 7, "bucket_id": SPOTS, "acr_id": "a7", "title": "T", "user_defined": {}, "state": 1}
ONE_FILE = answer(200, {"data": FILE})


def page(ids: Sequence[int], total: int, last: int) -> Answer:
    data = [{**FILE, "id": file_id} for file_id in ids]
    return answer(200, {"data": data, "meta": {"total": total, "last_page": last}})


def asked(server: Server) -> int:
    """How often, beside the question for the bucket itself."""
    return len(server.requests) - 1


URL = Source(SourceKind.AUDIO_URL, "https://cdn.example.com/a.mp3", "url:1")
ACRID = Source(SourceKind.ACRID, "0123456789abcdef0123456789abcdef", "acrid:1")


def get(writing: Any) -> object:
    return writing.read_files("spots", [FileId(7)])


def put(writing: Any, watched: Watched | None = None) -> object:
    return writing.update("spots", FileId(7), "T", {}, watched or Watched())


def post(writing: Any, watched: Watched | None = None) -> object:
    return writing.create("spots", "T", {}, URL, watched or Watched())


def move(writing: Any, watched: Watched | None = None) -> object:
    return writing.move("spots", [FileId(7)], watched or Watched())


def delete(writing: Any, watched: Watched | None = None) -> object:
    return writing.delete("spots", [FileId(7)], watched or Watched())


SAFE, UNSAFE = [get, put], [post, move, delete]
FAILING = {
    "F14, F20, F21, F22: 500": answer(500, b"<html>"),
    "F23: 502": answer(502, b"<html>Bad gateway</html>"),
    "F22: 503": answer(503, {"message": "Be right back."}),
    "F14: 504": answer(504, b""),
    "408": answer(408, {}),
    "F10: cut short": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "close"),
    "F4: reset": Answer(b"", "reset"),
    "F9: closed": Answer(b"", "close"),
}
UNREADABLE = {
    "F24: a page": answer(200, b"<!DOCTYPE html>"),
    "F11: half an object": Answer(b'HTTP/1.1 200 OK\r\n\r\n{"data": [', "close"),
    "F26: an error": answer(200, {"error": "x"}),
    "F26: a code": answer(200, {"code": 7, "message": "x"}),
}


class TestAskingAgain:
    @pytest.mark.parametrize("what", FAILING.values(), ids=FAILING)
    @pytest.mark.parametrize("call", SAFE)
    def test_reads_and_updates_are_repeated(
        self, client: MakeClient, call: Callable[[Any], object], what: Answer
    ) -> None:
        with serving(BUCKET, what, what, ONE_FILE) as server:
            call(client(server.url))
            assert asked(server) == 3

    @pytest.mark.parametrize("what", [*FAILING.values(), answer(302, b"")], ids=[*FAILING, "302"])
    @pytest.mark.parametrize("call", UNSAFE)
    def test_creates_moves_and_deletes_are_not(
        self, client: MakeClient, call: Callable[[Any], object], what: Answer
    ) -> None:
        with serving(BUCKET, what, ONE_FILE) as server:
            with pytest.raises(Unclear):
                call(client(server.url))
            assert asked(server) == 1

    @pytest.mark.parametrize("what", UNREADABLE.values(), ids=UNREADABLE)
    @pytest.mark.parametrize("call", SAFE)
    def test_so_are_those_whose_answer_nobody_can_read(
        self, client: MakeClient, call: Callable[[Any], object], what: Answer
    ) -> None:
        with serving(BUCKET, what, ONE_FILE) as server:
            call(client(server.url))
            assert asked(server) == 2

    def test_a_page_of_html_in_the_end_says_what_it_may_be(self, client: MakeClient) -> None:
        """F24."""
        with serving(BUCKET, answer(200, b"<!DOCTYPE html>")) as server:
            with pytest.raises(UnreadableAnswer, match="is the base URL the API's"):
                get(client(server.url))
            assert asked(server) == 5

    @pytest.mark.parametrize(
        ("call", "what"),
        [
            *((post, what) for what in UNREADABLE.values()),
            *(
                (call, UNREADABLE[name])
                for call in (move, delete)
                for name in UNREADABLE
                if name[:3] != "F11"
            ),
        ],
    )
    def test_but_not_a_write_that_is_not_safe(
        self, client: MakeClient, call: Callable[[Any], object], what: Answer
    ) -> None:
        """F24, F26: it is not taken for done either."""
        with serving(BUCKET, what, ONE_FILE) as server:
            with pytest.raises(UnreadableAnswer):
                call(client(server.url))
            assert asked(server) == 1

    @pytest.mark.parametrize("call", [*SAFE, *UNSAFE])
    def test_after_a_429_everything_is_and_after_the_time_it_asks_for(
        self, client: MakeClient, clock: FakeClock, call: Callable[[Any], object]
    ) -> None:
        """F16."""
        begin = clock.now()
        with serving(BUCKET, answer(429, {}, Retry_After="7"), ONE_FILE) as server:
            call(client(server.url))
            assert asked(server) == 2
        assert clock.now() - begin == pytest.approx(7)

    @pytest.mark.parametrize("call", SAFE)
    def test_after_a_503_too(
        self, client: MakeClient, clock: FakeClock, call: Callable[[Any], object]
    ) -> None:
        begin = clock.now()
        with serving(BUCKET, answer(503, {}, Retry_After="7"), ONE_FILE) as server:
            call(client(server.url))
        assert clock.now() - begin == pytest.approx(7)

    @pytest.mark.parametrize("call", UNSAFE)
    def test_a_503_makes_whoever_asks_next_wait(
        self, client: MakeClient, clock: FakeClock, call: Callable[[Any], object]
    ) -> None:
        begin = clock.now()
        with serving(BUCKET, answer(503, {}, Retry_After="7"), ONE_FILE) as server:
            writing = client(server.url)
            with pytest.raises(Unclear):
                call(writing)
            assert clock.now() == begin
            get(writing)
        assert clock.now() - begin == pytest.approx(7)

    @pytest.mark.parametrize("value", ["Thu, 24 Dec 2020 08:49:00 GMT", "soon", "-1", ""])
    def test_after_a_429_that_says_nothing_of_use_is_by_our_own_waits(
        self, client: MakeClient, clock: FakeClock, value: str
    ) -> None:
        """F17."""
        with serving(BUCKET, answer(429, {}, Retry_After=value), ONE_FILE) as server:
            post(client(server.url))
            assert asked(server) == 2
        assert 0 < sum(clock.slept) <= 5

    def test_is_slowed_down_before_a_429(self, client: MakeClient, clock: FakeClock) -> None:
        """F19."""
        last = answer(200, {"data": FILE}, X_RateLimit_Remaining="0", X_RateLimit_Reset="30")
        begin = clock.now()
        with serving(BUCKET, last, ONE_FILE) as server:
            writing = client(server.url)
            put(writing)
            assert clock.now() == begin
            put(writing)
        assert clock.now() - begin == pytest.approx(30)

    def test_whoever_looks_once_more_needs_no_second_connection(self, client: MakeClient) -> None:
        with serving(BUCKET, answer(200, {"data": [FILE]}), ONE_FILE) as server:
            writing = client(server.url, connections=1)
            put(writing, Watched(before=lambda: get(writing)))
            assert asked(server) == 2

    @pytest.mark.parametrize("call", [*SAFE, *UNSAFE])
    @pytest.mark.parametrize("status", [400, 401, 403, 405, 413, 415, 422])
    def test_after_a_refusal_nothing_is(
        self, client: MakeClient, clock: FakeClock, call: Callable[[Any], object], status: int
    ) -> None:
        """F28, F35, F36."""
        with serving(BUCKET, answer(status, {})) as server:
            writing = client(server.url)
            if (call, status) == (get, 422):
                assert call(writing) == [], "a file that is not there"
            else:
                with pytest.raises((Rejected, TokenRefused)):
                    call(writing)
            assert asked(server) == 1
        assert clock.slept == []

    @pytest.mark.parametrize("call", [*SAFE, *UNSAFE])
    @pytest.mark.parametrize("status", [409, 423])
    def test_what_is_busy_is_asked_a_few_times_and_then_refused(
        self, client: MakeClient, call: Callable[[Any], object], status: int
    ) -> None:
        """F34."""
        with serving(BUCKET, answer(status, {"message": "Locked."})) as server:
            with pytest.raises(Busy, match=f"{status}: Locked"):
                call(client(server.url))
            assert asked(server) == 5
        with serving(BUCKET, answer(status, {}), ONE_FILE) as server:
            call(client(server.url))
            assert asked(server) == 2

    @pytest.mark.parametrize("call", [*SAFE, *UNSAFE])
    def test_has_an_end(
        self, client: MakeClient, clock: FakeClock, call: Callable[[Any], object]
    ) -> None:
        """F18."""
        with serving(BUCKET, answer(429, {}, Retry_After="1")) as server:
            with pytest.raises(Throttled, match="it asks to wait 1 seconds"):
                call(client(server.url))
            assert asked(server) == 5
        assert sum(clock.slept) >= 4  # a second, as it was asked to, before each but the first
        assert max(clock.slept) <= 10

    def test_for_ever_uses_the_budget_up(self, client: MakeClient) -> None:
        """F18: as many requests as there are, and a hundred."""
        with serving(BUCKET, answer(429, {})) as server:
            writing = client(server.url)
            for call in [*SAFE, *UNSAFE] * 6:
                with pytest.raises(Throttled):
                    call(writing)
            assert asked(server) == 30 + 100

    def test_without_a_connection_everything_is(self, client: MakeClient, clock: FakeClock) -> None:
        """F1."""
        for call in (*SAFE, *UNSAFE):
            clock.slept.clear()
            with pytest.raises(Unreachable):
                call(client("http://127.0.0.1:1"))
            assert len(clock.slept) == 4


class TestWhoeverFollowsAWrite:
    CALLS = (put, post, move, delete)

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize(
        ("what", "status"),
        [
            (answer(200, {"data": FILE}), 200),
            (answer(201, {"data": FILE}), 201),
            (answer(422, {}), 422),
            (answer(401, {}), 401),
        ],
    )
    def test_is_told_of_its_status(
        self, client: MakeClient, call: Callable[..., object], what: Answer, status: int
    ) -> None:
        watched = Watched()
        with serving(BUCKET, what) as server, suppress(ServiceError):
            call(client(server.url), watched)
        assert watched.told == [("goes", None), ("ended", status)]

    @pytest.mark.parametrize("call", CALLS)
    def test_is_told_of_each_attempt(self, client: MakeClient, call: Callable[..., object]) -> None:
        watched = Watched()
        with serving(
            BUCKET, answer(429, {}), answer(409, {}), answer(200, {"data": FILE})
        ) as server:
            call(client(server.url), watched)
        assert [what for what, _ in watched.told] == ["goes", "ended"] * 3
        assert watched.ends == [429, 409, 200]

    @pytest.mark.parametrize("call", CALLS)
    def test_is_told_that_no_answer_came(
        self, client: MakeClient, call: Callable[..., object]
    ) -> None:
        watched = Watched()
        with (
            serving(BUCKET, Answer(b"", "reset"), answer(422, {})) as server,
            suppress(ServiceError),
        ):
            call(client(server.url), watched)
        assert watched.ends[0] is None

    @pytest.mark.parametrize("call", CALLS)
    def test_is_told_of_the_status_of_what_nobody_can_read(
        self, client: MakeClient, call: Callable[..., object]
    ) -> None:
        watched = Watched()
        unreadable = answer(201, b"<html>")
        with (
            serving(BUCKET, unreadable, answer(422, {})) as server,
            pytest.raises((Unclear, Rejected)),
        ):
            call(client(server.url), watched)
        assert watched.ends[0] == 201

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize(
        ("what", "known"),
        [
            (answer(200, {"data": FILE}), True),
            (answer(401, {}), True),
            (answer(422, {}), True),
            (answer(429, {}), True),
            (answer(201, b"<html>"), False),
            (answer(302, {}), False),
            (answer(500, b""), False),
            (Answer(b"", "reset"), False),
        ],
        ids=["done", "401", "422", "429", "unreadable", "redirect", "500", "reset"],
    )
    def test_is_told_whether_anybody_knows_what_it_did(
        self, client: MakeClient, call: Callable[..., object], what: Answer, known: bool
    ) -> None:
        """Where nobody knows it may be done, whatever becomes of the next attempt."""
        watched = Watched()
        with serving(BUCKET, what, answer(422, {})) as server, suppress(ServiceError):
            call(client(server.url), watched)
        assert watched.known[0] is known
        assert all(watched.known[1:])

    @pytest.mark.parametrize("call", CALLS)
    def test_keeps_it_back(self, client: MakeClient, call: Callable[..., object]) -> None:
        """What it raises passes through, and nothing goes out."""

        class NoMore(Exception):
            """No error of the service."""

        def refuse() -> None:
            raise NoMore

        watched = Watched(before=refuse)
        with serving(BUCKET, ONE_FILE) as server:
            with pytest.raises(NoMore):
                call(client(server.url), watched)
            assert asked(server) == 0
        assert watched.told == [("goes", None)]

    @pytest.mark.parametrize("call", CALLS)
    def test_keeps_it_back_before_it_goes_once_more(
        self, client: MakeClient, call: Callable[..., object]
    ) -> None:
        class NoMore(Exception):
            """No error of the service."""

        def refuse_the_second() -> None:
            if watched.ends:
                raise NoMore

        watched = Watched(before=refuse_the_second)
        with serving(BUCKET, answer(429, {}), ONE_FILE) as server:
            with pytest.raises(NoMore):
                call(client(server.url), watched)
            assert asked(server) == 1
        assert watched.ends == [429]

    def test_may_read_before_it_goes(self, client: MakeClient) -> None:
        """Over the same client, with one connection for all."""
        with serving(BUCKET, ONE_FILE) as server:
            writing = client(server.url, connections=1)
            put(writing, Watched(before=lambda: get(writing)))
        assert [line.split()[0] for line in server.lines()] == ["GET", "GET", "PUT"]


class TestAServiceThatAsksForHours:
    def test_is_taken_at_its_word_and_nobody_waits(
        self, client: MakeClient, clock: FakeClock
    ) -> None:
        with serving(BUCKET, answer(429, {}, Retry_After="3600"), ONE_FILE) as server:
            writing = client(server.url)
            with pytest.raises(ServiceError, match="it asks to wait 3600 seconds: run again after"):
                get(writing)
            # Other workers, who are about to ask, do not sleep for an hour before they find out.
            assert get(writing)
        assert sum(clock.slept) == 0

    def test_ends_a_listing_of_many_pages(self, client: MakeClient, clock: FakeClock) -> None:
        first = page(range(1, 11), total=500, last=50)
        refusal = answer(429, {}, Retry_After="7200")
        one = {"spots": Bucket("spots", SPOTS)}
        with (
            serving(BUCKET, first, first, refusal) as server,
            pytest.raises(ServiceError, match="7200 seconds"),
        ):
            client(server.url, concurrency=8, buckets=one).read_live()
        assert sum(clock.slept) < 0.1


class TestUpdate:
    def test_sends_title_and_the_whole_object(self, client: MakeClient) -> None:
        with serving(BUCKET, ONE_FILE) as server:
            file = client(server.url).update(
                "spots", FileId(7), "É", {"a": [1], "n": None}, Watched()
            )
        assert server.lines()[1] == "PUT /api/buckets/8891/files/7"
        assert json.loads(server.requests[1].body) == {
            "title": "É",
            "user_defined": {"a": [1], "n": None},
        }
        assert file.id == 7

    @pytest.mark.parametrize("status", [200, 201, 204])
    def test_reads_the_file_where_the_answer_is_empty(
        self, client: MakeClient, status: int
    ) -> None:
        with serving(BUCKET, answer(status, b""), ONE_FILE) as server:
            assert client(server.url).update("spots", FileId(7), "T", {}, Watched()).title == "T"
        assert server.lines()[2] == "GET /api/buckets/8891/files/7"

    def test_says_that_it_is_gone(self, client: MakeClient) -> None:
        with (
            serving(BUCKET, answer(200, b""), answer(200, {"data": []})) as server,
            pytest.raises(NotThere, match="updating file 7 of bucket spots: it is gone"),
        ):
            client(server.url).update("spots", FileId(7), "T", {}, Watched())

    def test_takes_no_other_files_answer(self, client: MakeClient) -> None:
        with (
            serving(BUCKET, answer(200, {"data": {**FILE, "id": 8}})) as server,
            pytest.raises(UnreadableAnswer, match="the answer is file 8"),
        ):
            client(server.url).update("spots", FileId(7), "T", {}, Watched())


class TestCreate:
    @pytest.mark.parametrize("sandbox", [{"create": "200"}, {"create": "201"}], indirect=True)
    @pytest.mark.parametrize("kind", [SourceKind.AUDIO, SourceKind.FINGERPRINT])
    def test_of_a_file(
        self, sandbox: Sandbox, client: MakeClient, tmp_path: Path, kind: SourceKind
    ) -> None:
        path, content = tmp_path / "é.mp3", b"audio" * 50_000
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        watched = Watched()
        source = Source(kind, str(path), f"sha256:{digest[:16]}", sha256=digest)
        file = client(sandbox.url).create("spots", "É", {"a": {"b": [1, None]}}, source, watched)
        truth = sandbox.file(file.id)
        assert truth is not None
        assert (truth["title"], truth["sha256"]) == ("É", digest)
        assert (truth["data_type"], truth["user_defined"]) == (kind, {"a": {"b": [1, None]}})
        assert watched.bytes == len(content)

    @pytest.mark.parametrize("source", [URL, ACRID], ids=["url", "acrid"])
    def test_of_what_the_service_has_or_fetches(
        self, sandbox: Sandbox, client: MakeClient, source: Source
    ) -> None:
        file = client(sandbox.url).create("spots", "T", {"a": 1}, source, Watched())
        truth = sandbox.file(file.id)
        assert truth is not None
        assert (truth["data_type"], truth["user_defined"]) == (source.kind, {"a": 1})
        assert file.state in (FileState.READY, FileState.PENDING)

    def test_after_a_429_sends_the_whole_file_again(
        self, client: MakeClient, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.mp3"
        path.write_bytes(b"audio")
        digest = hashlib.sha256(b"audio").hexdigest()
        source = Source(SourceKind.AUDIO, str(path), None, sha256=digest)
        with serving(BUCKET, answer(429, {}), ONE_FILE) as server:
            watched = Watched()
            client(server.url).create("spots", "T", {}, source, watched)
        one, two = (request.body for request in server.requests[1:])
        assert b"\r\n\r\naudio\r\n--" in one
        assert len(one) == len(two)
        assert watched.bytes == len(b"audio"), "no byte is counted twice"
        assert watched.ends == [429, 200]

    def test_that_is_broken_off_here_is_of_unknown_end(
        self, client: MakeClient, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.mp3"
        path.write_bytes(b"audio")
        digest = hashlib.sha256(b"audio").hexdigest()
        source = Source(SourceKind.AUDIO, str(path), None, sha256=digest)

        class BrokenOff(BaseException):
            """As Ctrl-C does it."""

        def break_off() -> None:
            raise BrokenOff

        watched = Watched(meanwhile=break_off)
        with serving(BUCKET, ONE_FILE) as server, pytest.raises(BrokenOff):
            client(server.url).create("spots", "T", {}, source, watched)
        assert (watched.ends, watched.known) == ([None], [False])

    @pytest.mark.parametrize(
        "data", [{**FILE, "bucket_id": 8892}, {"title": "T"}, [], None, {**FILE, "id": 0}]
    )
    def test_whose_answer_breaks_the_contract_is_unclear(
        self, client: MakeClient, data: object
    ) -> None:
        with serving(BUCKET, answer(200, {"data": data})) as server:
            with pytest.raises(Unclear):
                post(client(server.url))
            assert asked(server) == 1


class TestMoveAndDelete:
    def test_use_the_pages_addresses(self, client: MakeClient) -> None:
        done = answer(204, b"")
        with serving(BUCKET, done, done) as server:
            writing = client(server.url)
            writing.move("spots", [FileId(1), FileId(2)], Watched())
            writing.delete("spots", [FileId(3), FileId(4)], Watched())
        assert server.lines()[1:] == [
            "PUT /api/buckets/8891/files/1,2/move",
            "DELETE /api/buckets/8891/files/3,4",
        ]

    @pytest.mark.parametrize("what", ["move", "delete"])
    def test_are_never_sent_without_ids(self, client: MakeClient, what: str) -> None:
        with serving(BUCKET) as server:
            with pytest.raises(ValueError, match="no ids"):
                getattr(client(server.url), what)("spots", [], Watched())
            assert "files" not in " ".join(server.lines())

    @pytest.mark.parametrize(
        "what",
        [
            answer(200, b"OK"),
            answer(200, b""),
            answer(201, b" \n"),
            answer(202, []),
            answer(200, {"data": [FILE]}),
            answer(200, {"data": [], "code": 0, "error": None}),
            answer(200, {"message": "Moved."}),
            answer(200, 1),
            Answer(b"HTTP/1.1 204 No Content\r\n\r\n"),
        ],
    )
    def test_take_any_answer_of_success(self, client: MakeClient, what: Answer) -> None:
        """F27."""
        with serving(BUCKET, what) as server:
            writing = client(server.url)
            move(writing)
            delete(writing)
            assert asked(server) == 2

    def test_say_what_was_wrong_with_the_answer(self, client: MakeClient) -> None:
        """F26."""
        with (
            serving(BUCKET, answer(200, {"error": "No such \x1bbucket"})) as server,
            pytest.raises(UnreadableAnswer) as caught,
        ):
            move(client(server.url))
        assert str(caught.value) == (
            r"moving 1 file(s) to bucket spots: the answer is an error: No such \u{1b}bucket"
        )


def test_many_workers_share_one_client(sandbox: Sandbox, client: MakeClient) -> None:
    ids = fill(sandbox, 60)
    writing = client(sandbox.url, max_rps=1000)
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(lambda i: writing.update("spots", i, f"N{i}", {"n": i}, Watched()), ids)
        )
    assert [file.title for file in done] == [f"N{i}" for i in ids]
    assert [file["title"] for file in sandbox.files()] == [f"N{i}" for i in ids]
