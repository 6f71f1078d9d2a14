"""A bucket read from the service's dump: the same files, or listed, and said why."""

from __future__ import annotations

import gzip
import json
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api.dump import doubt_of
from reconciler.api.transport import Request
from reconciler.api.wire import Page
from reconciler.asked import AskedDumps
from reconciler.core.model import Bucket, File, FileId, FileState
from reconciler.errors import NotThere, TokenRefused, Unclear
from reconciler.sandbox.faults import (
    Front,
    cut_answer,
    empty,
    gzip_bomb,
    html,
    lost_answer,
    on,
    playing,
    redirect,
    reset_unread,
    rewritten,
    status,
    throttled,
)
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.api.servers import Answer, answer, serving
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import trustme

    from reconciler.api.transport import Transport
    from reconciler.core.model import LiveState
    from reconciler.sandbox.console import Sandbox
    from reconciler.sandbox.faults import Fault
    from tests.api.conftest import MakeClient
    from tests.api.servers import Server

SPOTS = 8891
ONE = {"spots": Bucket("spots", SPOTS)}
TOKEN = "a-token-that-is-long-enough"
MIDNIGHT = 1608854400.0  # 2020-12-25
THE_DUMP = "the dump of bucket spots: "
INSTEAD = "; listed instead"
FILES: list[dict[str, Any]] = [
    {"title": 'a "b",\nc', "user_defined": {"n": 8, "ä": {"x": [1.5, True]}, "quoted": "{"}},
    {"title": " 00123 ", "user_defined": []},
    {"title": "", "state": -1, "duration": 0.0},
    {"title": "opaque", "user_defined": '{"cut'},
    {"title": "text", "user_defined": '{"n": 8}', "duration": 2.25},
]


@contextmanager
def serving_dumps(clock: FakeClock, quirks: Quirks | None = None) -> Iterator[Sandbox]:
    """A sandbox whose dumps are ready after five seconds."""
    with running(quirks=quirks, clock=clock, ready_after=5) as served:
        served.add_bucket("spots", id=SPOTS)
        served.add_bucket("archive", id=8892)
        yield served


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with serving_dumps(clock) as served:
        served.add_files(SPOTS, FILES)
        yield served


@pytest.fixture
def memory(tmp_path: Path) -> AskedDumps:
    return AskedDumps(tmp_path / "dumps")


class Reading:
    """Reads by dumps, and keeps what is said meanwhile."""

    def __init__(self, client: MakeClient, memory: AskedDumps) -> None:
        self._client = client
        self._memory = memory
        self.said: list[str] = []

    def __call__(self, url: str, **options: Any) -> LiveState:
        options = {"buckets": ONE, "token": TOKEN, **options}
        return self._client(url, **options).read_live_by_dump(self._memory, self.said.append)

    def listed(self, url: str, **options: Any) -> LiveState:
        return self._client(url, **{"buckets": ONE, "token": TOKEN, **options}).read_live()


@pytest.fixture
def reading(client: MakeClient, memory: AskedDumps) -> Reading:
    return Reading(client, memory)


def paths(served: Sandbox | Front) -> list[str]:
    """What was asked for, in short."""
    asked = [each.path for each in served.requests]
    return [path.removeprefix("/api/buckets/8891") for path in asked]


def dumps_asked(served: Sandbox) -> int:
    return sum(path.endswith("/dump") for path in paths(served))


class TestADump:
    @pytest.mark.parametrize("form", Quirks.choices()["dump"])
    @pytest.mark.parametrize("numbers", Quirks.choices()["numbers"])
    @pytest.mark.parametrize("user_defined", Quirks.choices()["user_defined"])
    def test_of_any_form_is_what_a_listing_is(
        self, clock: FakeClock, reading: Reading, form: str, numbers: str, user_defined: str
    ) -> None:
        quirks = Quirks.parse(
            [f"dump={form}", f"numbers={numbers}", f"user_defined={user_defined}"]
        )
        with serving_dumps(clock, quirks) as sandbox:
            sandbox.add_files(SPOTS, FILES)
            live = reading(sandbox.url)
            assert reading.said == []
            assert live == reading.listed(sandbox.url)

    @pytest.mark.parametrize("order", Quirks.choices()["order"])
    def test_costs_few_requests_however_many_files(
        self, clock: FakeClock, reading: Reading, order: str
    ) -> None:
        with serving_dumps(clock, Quirks.parse([f"order={order}", "max_per_page=20"])) as sandbox:
            sandbox.add_files(SPOTS, [{"title": f"T{n}"} for n in range(495)])
            live = reading(sandbox.url)
            assert (len(live.buckets["spots"].files), reading.said) == (495, [])
            asked = [path for path in paths(sandbox) if not path.startswith("/down/")]
            assert asked == ["", *["/dump"] * 4, "/files", "/files"]

    def test_of_an_empty_bucket(self, clock: FakeClock, reading: Reading) -> None:
        for form in Quirks.choices()["dump"]:
            clock.sleep(86400)
            with serving_dumps(clock, Quirks.parse([f"dump={form}"])) as sandbox:
                assert reading(sandbox.url).buckets["spots"].files == ()
                assert reading.said == []

    def test_is_asked_for_again_at_a_growing_interval(
        self, sandbox: Sandbox, clock: FakeClock, reading: Reading
    ) -> None:
        reading(sandbox.url)
        assert clock.slept == [1, 2, 4]

    def test_of_every_bucket_is_started_before_one_is_waited_for(
        self, sandbox: Sandbox, clock: FakeClock, reading: Reading
    ) -> None:
        both = {**ONE, "archive": Bucket("archive", 8892)}
        live = reading(sandbox.url, buckets=both)
        assert reading.said == []
        assert [len(live.buckets[name].files) for name in ("archive", "spots")] == [0, 5]
        assert sum(clock.slept) < 10


NO_ANSWER: dict[str, tuple[Fault, str]] = {
    "404": (status(404), "the service answered 404"),
    "409": (status(409), "the service answered 409"),
    "422": (status(422), "the service answered 422"),
    "429": (throttled("3"), "the service answered 429"),
    "429 for long": (throttled("86400"), "it asks to wait 86400 seconds"),
    "500": (status(500), "the service answered 500"),
    "503": (status(503), "the service answered 503"),
    "a page": (html(), "the answer is not JSON"),
    "a redirect": (redirect("/login"), "a redirect, which is not followed"),
    "nothing": (empty(), "the answer is not JSON"),
    "half": (cut_answer(), "no whole answer came"),
    "a lost answer": (lost_answer(), "no whole answer came"),
    "a reset": (reset_unread(), "no whole answer came"),
    "a list": (rewritten(lambda _: []), "the answer has no status"),
    "an error": (rewritten(lambda _: {"error": "no"}), "no status, it says 'no'"),
    "no status": (rewritten(lambda told: {**told, "status": "?"}), "does not say how the dump"),
    "no address": (rewritten(lambda told: {**told, "down_url": 1}), "does not say how the"),
    "another bucket": (rewritten(lambda told: {**told, "id": 1}), "another bucket's dump"),
    "another status": (rewritten(lambda told: {**told, "status": -1}), "its status is -1"),
}


class TestItIsAskedFor:
    """F59: at most once a day for each bucket, since to ask is to use the day's up."""

    def test_once_a_day(self, sandbox: Sandbox, clock: FakeClock, reading: Reading) -> None:
        reading(sandbox.url)
        asked = dumps_asked(sandbox)
        again = reading(sandbox.url)
        assert dumps_asked(sandbox) == asked
        assert again == reading.listed(sandbox.url)
        already = "it was asked for already today (UTC), and the service makes one a day"
        assert reading.said == [THE_DUMP + already + INSTEAD]

    def test_again_on_the_next_day(
        self, sandbox: Sandbox, clock: FakeClock, reading: Reading
    ) -> None:
        reading(sandbox.url)
        clock.sleep(86400)
        sandbox.add_file(SPOTS, title="new")
        assert len(reading(sandbox.url).buckets["spots"].files) == 6
        assert reading.said == []

    def test_never_where_that_cannot_be_remembered(
        self, sandbox: Sandbox, client: MakeClient, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        reading = Reading(client, AskedDumps(tmp_path / "file"))
        assert reading(sandbox.url) == reading.listed(sandbox.url)
        assert dumps_asked(sandbox) == 0
        assert "what was asked for cannot be remembered in" in reading.said[0]

    def test_of_a_bucket_that_is_there(self, sandbox: Sandbox, reading: Reading) -> None:
        with pytest.raises(NotThere, match="names the bucket spots with the id 1"):
            reading(sandbox.url, buckets={"spots": Bucket("spots", 1)})

    @pytest.mark.parametrize(("fault", "why"), NO_ANSWER.values(), ids=NO_ANSWER)
    def test_and_not_again_whatever_comes_of_it(
        self, sandbox: Sandbox, clock: FakeClock, reading: Reading, fault: Fault, why: str
    ) -> None:
        with playing(sandbox, on("dump", fault)) as front:
            live = reading(front.url)
            assert [each.kind for each in front.log].count("dump") == 1
            assert reading(front.url).buckets == live.buckets
            assert [each.kind for each in front.log].count("dump") == 1
        assert live.buckets == reading.listed(sandbox.url).buckets
        first, second = reading.said
        assert why in first
        assert first.endswith(INSTEAD)
        assert "already today" in second

    @pytest.mark.parametrize("code", [401, 403])
    def test_with_a_token_that_may(self, sandbox: Sandbox, reading: Reading, code: int) -> None:
        with (
            playing(sandbox, on("dump", status(code))) as front,
            pytest.raises(TokenRefused, match=r"asking for the dump of bucket spots \(8891\)"),
        ):
            reading(front.url)

    def test_and_not_believed_where_somebody_had(
        self, sandbox: Sandbox, client: MakeClient, clock: FakeClock, tmp_path: Path
    ) -> None:
        """On another machine, say, and hours ago."""
        Reading(client, AskedDumps(tmp_path / "another"))(sandbox.url)
        sandbox.add_file(SPOTS, title="too late")
        reading = Reading(client, AskedDumps(tmp_path / "dumps"))
        asked = dumps_asked(sandbox)
        assert len(reading(sandbox.url).buckets["spots"].files) == 6
        assert dumps_asked(sandbox) == asked + 1
        old = "it was ready at once: it was started earlier, and nobody knows when"
        assert reading.said == [THE_DUMP + old + INSTEAD]


def its_address(url: str) -> Fault:
    """The dump is ready, and lies there."""
    return rewritten(lambda told: {**told, "status": 1, "down_url": url})


class TestItIsWaitedFor:
    def test_ten_minutes_at_most(
        self, sandbox: Sandbox, clock: FakeClock, reading: Reading
    ) -> None:
        """F59: status 0 for ever."""
        both = {**ONE, "archive": Bucket("archive", 8892)}
        never = rewritten(lambda told: {**told, "status": 0})
        with playing(sandbox, on("dump", never)) as front:
            live = reading(front.url, buckets=both)
        assert live.buckets == reading.listed(sandbox.url, buckets=both).buckets
        late = "it was not ready after 10 minutes; listed instead"
        assert reading.said == [f"the dump of bucket {name}: {late}" for name in sorted(both)]
        waits = [seconds for seconds in clock.slept if seconds >= 1]  # and not the pace's
        assert sum(waits) == pytest.approx(600, abs=0.01)
        assert max(waits) == 30
        assert len(waits) < 30

    @pytest.mark.parametrize(
        "fault", [status(500), throttled("3"), status(409), html(), reset_unread(), cut_answer()]
    )
    def test_though_an_answer_fails(self, sandbox: Sandbox, reading: Reading, fault: Fault) -> None:
        with playing(sandbox) as front:
            here = rewritten(
                lambda told: (
                    {
                        **told,
                        "down_url": told["down_url"].replace(sandbox.url, front.url),
                    }
                    if isinstance(told, dict)
                    else told
                )
            )
            front.play(on("dump", fault, skip=1, times=2), on("dump", here))
            live = reading(front.url)
        assert reading.said == []
        assert live.buckets == reading.listed(sandbox.url).buckets

    def test_not_where_it_is_refused(self, sandbox: Sandbox, reading: Reading) -> None:
        with playing(sandbox, on("dump", status(404), skip=1)) as front:
            reading(front.url)
            assert [each.kind for each in front.log].count("dump") == 2
        assert "the service answered 404" in reading.said[0]

    def test_not_with_a_token_that_is_refused(self, sandbox: Sandbox, reading: Reading) -> None:
        with (
            playing(sandbox, on("dump", status(401), skip=1)) as front,
            pytest.raises(TokenRefused),
        ):
            reading(front.url)

    @pytest.mark.parametrize("retry_after", [None, "60"])
    def test_not_into_the_next_day(
        self, clock: FakeClock, reading: Reading, retry_after: str | None
    ) -> None:
        """To ask would start another, also where only the service's own wish makes it late."""
        clock.sleep(MIDNIGHT - clock.now() - 20)
        asked: list[float] = []

        def never(told: dict[str, Any]) -> dict[str, Any]:
            asked.append(clock.now())
            return {**told, "status": 0}

        slow = [] if retry_after is None else [on("dump", throttled(retry_after), nth=3)]
        with (
            serving_dumps(clock) as sandbox,
            playing(sandbox, *slow, on("dump", rewritten(never))) as front,
        ):
            reading(front.url)
        assert len(asked) > 1
        assert max(asked) < MIDNIGHT <= clock.now()
        assert reading.said == [THE_DUMP + "it was not ready before the day's end (UTC)" + INSTEAD]

    def test_and_no_other(self, sandbox: Sandbox, reading: Reading) -> None:
        other = rewritten(lambda told: {**told, "task_id": "another"})
        with playing(sandbox, on("dump", other, skip=1)) as front:
            reading(front.url)
        assert reading.said == [THE_DUMP + "another one was started meanwhile" + INSTEAD]


ROW: dict[str, Any] = {
    "id": 7,
    "bucket_id": SPOTS,
    "acr_id": "a7",
    "title": "T",
    "user_defined": {},
    "state": 1,
    "duration": 30,
}
BUCKET = {"data": {"id": SPOTS, "name": "spots", "region": ""}}
PAGE = {"data": [ROW], "meta": {"total": 1, "last_page": 1}}
NOT_YET = {"status": 0, "down_url": "", "id": SPOTS, "task_id": "t"}


def ready(url: str) -> dict[str, Any]:
    return {**NOT_YET, "status": 1, "down_url": url}


NO_FILES: dict[str, tuple[bytes, str]] = {
    "no file": (b'[{"error": "no"}]', "a file of it has no id"),
    "lists": (b"[[8]]", "its JSON array is cut off"),
    "a page": (b"<html>", "it is no JSON array, no JSON Lines and no CSV"),
    "no JSON": (b"{no}", "expected"),
    **{
        f"no {name}": (
            json.dumps([{key: value for key, value in ROW.items() if key != name}]).encode(),
            f"a file of it has no {name}",
        )
        for name in ROW
        if name != "bucket_id"
    },
    "no id in it": (json.dumps([{**ROW, "id": "?"}]).encode(), "has no id"),
    "another bucket": (json.dumps([{**ROW, "bucket_id": 1}]).encode(), "in bucket 1"),
    "no title": (json.dumps([{**ROW, "title": 8}]).encode(), "the title of file 7 is not text"),
    "twice": (json.dumps([ROW, {**ROW, "title": "U"}]).encode(), "file 7 is in it twice"),
    "too deep": (b'{"a": ' * 2000 + b"}" * 2000, "listed instead"),
    "another": (json.dumps([{**ROW, "id": 8}]).encode(), "are not those of the first and the"),
    "more": (json.dumps([ROW, {**ROW, "id": 8}]).encode(), "it has 2 files, and the service"),
    "none": (b"[]", "it has 0 files, and the service says that there are 1"),
    "cut gzip": (gzip.compress(b"[]")[:-4], "its gzip is cut off"),
}


class TestItsFiles:
    @pytest.mark.parametrize(("body", "why"), NO_FILES.values(), ids=NO_FILES)
    def test_are_listed_where_they_are_none(self, reading: Reading, body: bytes, why: str) -> None:
        with serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/down"))
            server.answers += [answer(200, NOT_YET), task, answer(200, body), answer(200, PAGE)]
            live = reading(server.url)
        assert [file.id for file in live.buckets["spots"].files] == [7]
        (said,) = reading.said
        assert why in said

    def test_hold_no_token(self, reading: Reading) -> None:
        """As those of a listing."""
        row = {**ROW, "title": f"a {TOKEN}", "user_defined": {"x": TOKEN.replace("-", "\\u002d")}}
        dump, page = json.dumps([row]).encode(), {**PAGE, "data": [row]}
        with serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/down"))
            server.answers += [answer(200, NOT_YET), task, answer(200, dump), answer(200, page)]
            live = reading(server.url)
        assert reading.said == []
        (file,) = live.buckets["spots"].files
        assert (file.title, file.user_defined) == ("a [token]", {"x": "[token]"})

    @pytest.mark.parametrize(
        ("edited", "why"),
        [
            ("first", "its files are not those of the first and the last page"),
            ("last", "its files are not those of the first and the last page"),
            ("replaced", "its files are not those of the first and the last page"),
            ("added", "it has 50 files, and the service says that there are 51"),
            ("gone", "it has 50 files, and the service says that there are 49"),
        ],
    )
    def test_are_listed_where_they_are_not_the_bucket_any_more(
        self, clock: FakeClock, reading: Reading, edited: str, why: str
    ) -> None:
        with serving_dumps(clock, Quirks.parse(["max_per_page=20"])) as sandbox:
            files = sandbox.add_files(SPOTS, [{"title": f"T{n}"} for n in range(50)])

            def edit() -> None:
                clock.on_sleep = lambda: None
                if edited in ("first", "last"):
                    sandbox.edit(files[0 if edited == "first" else -1]["id"], title="Edited")
                if edited in ("gone", "replaced"):
                    sandbox.delete(files[25]["id"])
                if edited in ("added", "replaced"):
                    sandbox.add_file(SPOTS, title="new")

            clock.on_sleep = edit
            live = reading(sandbox.url)
            (said,) = reading.said
            assert said.startswith(THE_DUMP + why)
            assert live == reading.listed(sandbox.url)


PROXIED = "https://api-v2.example"
OBJECT = "https://storage.example/dumps/8891?signature=hush"
NOWHERE = {
    "this machine": "https://127.0.0.1/x",
    "this machine's name": "https://localhost/x",
    "the cloud's metadata": "http://169.254.169.254/latest/meta-data",
    "the cloud's metadata over TLS": "https://169.254.169.254/latest/meta-data",
    "a number": "https://2130706433/x",
    "a private address": "https://10.0.0.1/x",
    "an address of IPv6": "https://[::1]/x",
    "a name of this network": "https://intranet/x",
    "a file": "file:///etc/passwd",
    "another scheme": "ftp://storage.example/x",
    "plain http": "http://storage.example/x",
    "another port": "https://storage.example:8443/x",
    "a user name": "https://api-v2.example@storage.example/x",
    "a password": "https://a:b@storage.example/x",
    "a backslash": "https://storage.example\\@api-v2.example/api/x",
    "a fragment": "https://storage.example/x#api-v2.example/api/",
    "a line break": "https://storage.example/x\r\nHost: evil",
    "no host": "https:///x",
    "no address": "",
    "out of the API": "https://api-v2.example/api/../x",
    "out of the API in disguise": "https://api-v2.example/api/%2E%2e/x",
    "not of the API": "http://api-v2.example/api/x",
    "no ASCII": "https://stor\u00e4ge.example/x",
    "no scheme": "//storage.example/x",
}


class TestItsAddress:
    """T18: the service may name any. The token goes to its own only."""

    @pytest.fixture
    def tls(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api-v2.example", "storage.example").configure_cert(context)
        return context

    @pytest.fixture
    def proxied(self, tls: ssl.SSLContext) -> Iterator[Server]:
        """A proxy that plays the service, and every other host."""
        with serving(answer(200, BUCKET), tls=tls, tunnel=True) as proxy:
            yield proxy

    def read(self, reading: Reading, proxied: Server, trusted: str) -> LiveState:
        return reading(PROXIED, proxies={"https": proxied.url}, ca_bundle=trusted)

    @pytest.mark.parametrize("url", NOWHERE.values(), ids=NOWHERE)
    def test_may_be_one_that_is_not_asked(
        self, reading: Reading, proxied: Server, trusted: str, url: str
    ) -> None:
        proxied.answers += [answer(200, NOT_YET), answer(200, ready(url)), answer(200, PAGE)]
        self.read(reading, proxied, trusted)
        assert [line for line in proxied.lines() if line.startswith("CONNECT")] == [
            "CONNECT api-v2.example:443"
        ]
        assert [line.partition("?")[0] for line in proxied.lines()[1:]] == [
            "GET /api/buckets/8891",
            "GET /api/buckets/8891/dump",
            "GET /api/buckets/8891/dump",
            "GET /api/buckets/8891/files",
        ]
        (said,) = reading.said
        assert "nothing was asked, since its address is neither the API's own nor" in said
        assert url == "" or url not in said

    def test_may_be_another_port_of_this_machine_and_is_not_asked(self, reading: Reading) -> None:
        with serving(answer(200, [ROW])) as elsewhere, serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{elsewhere.url}/api/buckets/8891/down/t"))
            server.answers += [answer(200, NOT_YET), task, answer(200, PAGE)]
            reading(server.url)
            assert elsewhere.requests == []
        assert len(reading.said) == 1

    def test_may_redirect_and_is_not_followed(self, reading: Reading) -> None:
        with serving(answer(200, [ROW])) as elsewhere, serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/buckets/8891/down/t"))
            moved = answer(302, b"", Location=elsewhere.url)
            server.answers += [answer(200, NOT_YET), task, moved, answer(200, PAGE)]
            reading(server.url)
            assert elsewhere.requests == []
        assert "a redirect, which is not followed" in reading.said[0]

    def test_may_be_the_apis_own_which_gets_the_token(
        self, reading: Reading, proxied: Server, trusted: str
    ) -> None:
        task = ready(f"{PROXIED}/api/buckets/8891/down/t?x=1")
        proxied.answers += [answer(200, NOT_YET), answer(200, task)]
        proxied.answers += [answer(200, [ROW]), answer(200, PAGE)]
        live = self.read(reading, proxied, trusted)
        assert (len(live.buckets["spots"].files), reading.said) == (1, [])
        asked = next(each for each in proxied.requests if "/down/t?x=1" in each.line)
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"

    def test_may_be_a_public_host_which_does_not(
        self, reading: Reading, proxied: Server, trusted: str
    ) -> None:
        baked = answer(200, ready(OBJECT), Set_Cookie="a=b; Domain=.example")
        proxied.answers += [answer(200, NOT_YET), baked, answer(200, [ROW]), answer(200, PAGE)]
        live = self.read(reading, proxied, trusted)
        assert (len(live.buckets["spots"].files), reading.said) == (1, [])
        (connect,) = [each for each in proxied.requests if "storage.example:443" in each.line]
        (asked,) = [each for each in proxied.requests if "/dumps/8891" in each.line]
        assert asked.connection == connect.connection
        for each in (connect, asked):
            assert {"authorization", "cookie"} & each.headers.keys() == set()
            assert TOKEN not in str(each)

    @pytest.mark.parametrize("code", [301, 307, 401, 403, 404, 429, 500])
    def test_may_refuse_and_that_is_no_refusal_of_the_token(
        self, reading: Reading, proxied: Server, trusted: str, code: int
    ) -> None:
        refused = answer(code, {"message": f"no {OBJECT}"}, Retry_After="9", Location=PROXIED)
        proxied.answers += [answer(200, NOT_YET), answer(200, ready(OBJECT)), refused]
        proxied.answers.append(answer(200, PAGE))
        live = self.read(reading, proxied, trusted)
        assert len(live.buckets["spots"].files) == 1
        assert reading.said == [
            "reading the dump of bucket spots (8891): the host that it is on answered "
            f"{code}; listed instead"
        ]

    def test_is_never_shown(
        self, client: MakeClient, authority: trustme.CA, trusted: str, memory: AskedDumps
    ) -> None:
        """What is wrong there may be said by any layer: here, its certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api-v2.example").configure_cert(context)
        reading = Reading(client, memory)
        with serving(answer(200, BUCKET), tls=context, tunnel=True) as proxy:
            proxy.answers += [answer(200, NOT_YET), answer(200, ready(OBJECT)), answer(200, PAGE)]
            live = self.read(reading, proxy, trusted)
            assert not any("/dumps/8891" in line for line in proxy.lines())
        assert len(live.buckets["spots"].files) == 1
        (said,) = reading.said
        assert "certificate" in said
        assert "hush" not in said

    def test_with_a_token_that_is_refused_there(self, reading: Reading) -> None:
        """At the API's own address, as anywhere else of it."""
        with serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/buckets/8891/down/t"))
            server.answers += [answer(200, NOT_YET), task, answer(401, {"message": "no"})]
            with pytest.raises(TokenRefused):
                reading(server.url)


class TestADownload:
    def test_that_never_ends_is_given_up(self, reading: Reading) -> None:
        """F7. It has ten times the time of another answer."""
        with serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/buckets/8891/down/t"))
            begun = Answer(b"HTTP/1.1 200 OK\r\n\r\n[", "hang")
            server.answers += [answer(200, NOT_YET), task, begun, answer(200, PAGE)]
            live = reading(server.url, patience=0.3)
        assert len(live.buckets["spots"].files) == 1
        assert len(reading.said) == 1
        assert "no whole answer came" in reading.said[0]

    def test_that_goes_on_and_on_is_given_up(self, transport: Callable[..., Transport]) -> None:
        """However it is cut off, it does not look like a whole one."""

        def read_all(pieces: Iterator[bytes]) -> None:
            raise ValueError(f"{len([*pieces])} pieces are no array")

        dripping = Answer(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1000, "drip")
        with serving(dripping) as server:
            request = Request("GET", f"{server.url}/api/down", "reading the dump")
            with pytest.raises(Unclear, match="reading the dump: no whole answer came: it took"):
                transport(server.url, patience=0.1).download(request, read_all)

    @pytest.mark.parametrize("data", [b"[", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n[]"])
    def test_that_breaks_off_is_none(self, reading: Reading, data: bytes) -> None:
        with serving(answer(200, BUCKET)) as server:
            task = answer(200, ready(f"{server.url}/api/buckets/8891/down/t"))
            server.answers += [answer(200, NOT_YET), task, Answer(data, "close")]
            server.answers.append(answer(200, PAGE))
            live = reading(server.url)
        assert len(live.buckets["spots"].files) == 1
        assert "no whole answer came" in reading.said[0]

    def test_that_is_a_bomb_is_given_up(self, sandbox: Sandbox, reading: Reading) -> None:
        with playing(sandbox) as front:
            here = its_address(f"{front.url}/api/buckets/8891/down/t")
            front.play(
                on("dump", rewritten(lambda told: told), nth=1),
                on("dump", here, nth=2),
                on("dump", gzip_bomb(1 << 30)),
            )
            live = reading(front.url)
        assert live.buckets == reading.listed(sandbox.url).buckets
        assert reading.said == [
            "reading the dump of bucket spots (8891): a file of it is larger than 1 MiB" + INSTEAD
        ]


def file(number: int, title: str = "T") -> File:
    return File(FileId(number), f"a{number}", "spots", title, {}, FileState.READY)


def page(*numbers: int, total: int = 5, last: int = 3) -> Page:
    return Page(tuple(map(file, numbers)), total, last)


FIVE = tuple(map(file, range(1, 6)))
ENDS: dict[str, tuple[Page, Page, bool]] = {
    "ascending": (page(1, 2), page(5), True),
    "descending": (page(5, 4), page(1), True),
    "on one page": (page(1, 2, 3, 4, 5, last=1), page(1, 2, 3, 4, 5, last=1), True),
    "another first": (page(2, 3), page(5), False),
    "another last": (page(1, 2), page(6), False),
    "a gap": (page(1, 3), page(5), False),
    "no order": (page(2, 1), page(5), False),
    "nothing first": (page(), page(5), False),
    "nothing last": (page(1, 2), page(), False),
    "one more": (page(1, 2, total=6), page(5, total=6), False),
    "one more meanwhile": (page(1, 2), page(5, total=6), False),
    "a part on one page": (page(1, 2, last=1), page(1, 2, last=1), False),
}


@pytest.mark.parametrize(("first", "last", "is_whole"), ENDS.values(), ids=ENDS)
def test_files_are_the_bucket_where_its_ends_are_theirs(
    first: Page, last: Page, is_whole: bool
) -> None:
    assert (doubt_of(FIVE, first, last) is None) == is_whole


def test_no_files_are_an_empty_bucket() -> None:
    assert doubt_of((), page(total=0, last=1), page(total=0, last=1)) is None
