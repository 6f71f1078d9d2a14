"""The one door to GitHub or GitLab: where the token goes, what is asked again, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from reconciler.errors import ForgeError, ForgeHasNot, ForgeRefused, ForgeUnclear, UsageError
from reconciler.forge.answers import Asked
from reconciler.forge.sender import Ask, Sender
from tests.api.servers import Answer, answer, serving
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "ghp_aTokenThatNoErrorMayShow0123456789"
ASKED = Asked("GitHub", "asking", "pull-requests: write")
GET = Ask("GET", "/x", ASKED)
POST = Ask("POST", "/x", ASKED, body={"a": 1}, is_repeatable=False)


class Make(Protocol):
    def __call__(self, url: str, **options: Any) -> Sender: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sender(clock: FakeClock) -> Iterator[Make]:
    with ExitStack() as stack:

        def make(url: str, **options: Any) -> Sender:
            how = {"token": TOKEN, "clock": clock, **options}
            made = Sender(url, headers=lambda token: {"Authorization": f"Bearer {token}"}, **how)
            return stack.enter_context(closing(made))

        yield make


class TestTheToken:
    @pytest.mark.parametrize(
        "url",
        [
            *("http://api.github.com", "http://192.168.0.1", "ftp://localhost", "", "localhost"),
            *("https://user:x@api.github.com", "https://api.github.com?x", "https://a b"),
            *("https://api.github.com/#x", "http://127.0.0.1.example.com", "http://127.1"),
        ],
    )
    def test_goes_to_no_such_address(self, sender: Make, url: str) -> None:
        with pytest.raises(UsageError, match="no token goes there"):
            sender(url)

    def test_is_not_said_where_it_stands_in_the_address(self, sender: Make) -> None:
        with pytest.raises(UsageError) as caught:
            sender(f"https://oauth2:{TOKEN}@git.example.com/api/v4")
        assert TOKEN not in str(caught.value)

    @pytest.mark.parametrize("token", ["", "a b", "a\nb", "\u00e4"])
    def test_must_be_one(self, sender: Make, token: str) -> None:
        with pytest.raises(ForgeRefused):
            sender("https://api.github.com", token=token)

    def test_is_not_replaced_by_the_machines_own(
        self, sender: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with serving(answer(200, {})) as server:
            sender(server.url).ask(GET)
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"

    def test_goes_through_no_proxy_where_it_is_not_encrypted(self, sender: Make) -> None:
        with serving(answer(200, {})) as proxy, serving(answer(200, {})) as server:
            sender(server.url, proxies=lambda _: {"http": proxy.url, "all": proxy.url}).ask(GET)
            assert proxy.requests == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_does_not_follow_a_redirect(self, sender: Make, status: int) -> None:
        with serving(answer(200, {})) as other:
            moved = answer(status, b"", Location=f"{other.url}/x")
            with serving(moved) as server, pytest.raises(ForgeError, match="not followed"):
                sender(server.url).ask(GET)
            assert other.requests == []

    def test_does_not_go_where_a_download_is_passed_on_to(self, sender: Make) -> None:
        with serving(answer(200, b"data")) as other:
            moved = answer(302, b"", Location=f"{other.url}/x?sig=1", Set_Cookie="a=b")
            with serving(moved) as server:
                assert sender(server.url).download(GET) == b"data"
        (request,) = other.requests
        assert not request.headers.keys() & {"authorization", "cookie"}

    def test_does_not_even_go_back_to_its_own_origin_so(self, sender: Make) -> None:
        with serving(answer(302, b"", Location="PLACE"), answer(200, b"data")) as server:
            server.answers[0] = answer(302, b"", Location=f"{server.url}/y")
            assert sender(server.url).download(GET) == b"data"
        assert ["authorization" in request.headers for request in server.requests] == [True, False]

    @pytest.mark.parametrize("status", [200, 401, 403, 404, 422, 500])
    def test_is_not_in_what_is_said_of_an_answer_that_repeats_it(
        self, sender: Make, status: int
    ) -> None:
        with serving(answer(status, {"message": f"Bearer {TOKEN}"})) as server:
            try:
                said = str(sender(server.url).ask(GET).value)
            except ForgeError as error:
                said = str(error)
        assert TOKEN not in said
        assert "[token]" in said

    def test_is_not_in_the_signed_address_of_an_error(self, sender: Make) -> None:
        moved = answer(302, b"", Location="http://127.0.0.1:9/x?sig=s1gned")
        with serving(moved) as server, pytest.raises(ForgeError) as caught:
            sender(server.url).download(GET)
        assert "s1gned" not in str(caught.value)


class TestAskingAgain:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
    def test_what_may_be_done_twice_is(self, sender: Make, status: int, clock: FakeClock) -> None:
        with serving(answer(status, {}), answer(status, {}), answer(200, [1])) as server:
            assert sender(server.url).ask(GET).value == [1]
        assert len(server.requests) == 3
        assert sum(clock.slept) < 3.5

    @pytest.mark.parametrize(
        "lost",
        [
            *(answer(502, {}), Answer(b"", "reset")),
            Answer(b"HTTP/1.1 201 x\r\nContent-Length: 9\r\n\r\n{", "close"),
        ],
    )
    def test_what_adds_something_is_not(self, sender: Make, lost: Answer) -> None:
        with serving(lost) as server, pytest.raises(ForgeUnclear):
            sender(server.url).ask(POST)
        assert len(server.requests) == 1

    def test_it_ends(self, sender: Make) -> None:
        with serving(answer(500, {})) as server, pytest.raises(ForgeUnclear, match="500"):
            sender(server.url).ask(GET)
        assert len(server.requests) == 4

    @pytest.mark.parametrize(
        ("limit", "wait"),
        [
            (answer(429, {}, Retry_After="7"), 7),
            (answer(403, {}, Retry_After="7"), 7),
            (answer(403, {"message": "You have exceeded a secondary rate limit"}), 60),
            (answer(429, {}), 60),
            (answer(429, {}, Retry_After="rubbish"), 60),
            (answer(403, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="1608799777"), 20),
        ],
    )
    def test_what_a_limit_did_not_let_through_waits_and_goes_again(
        self, sender: Make, limit: Answer, wait: float, clock: FakeClock
    ) -> None:
        """Also what adds something: it was not taken."""
        with serving(limit, answer(201, {})) as server:
            sender(server.url).ask(POST)
        assert clock.slept == [wait]

    def test_nobody_waits_for_minutes(self, sender: Make, clock: FakeClock) -> None:
        long = answer(429, {}, Retry_After="121")
        with serving(long) as server, pytest.raises(ForgeError, match="121 seconds: run again"):
            sender(server.url).ask(GET)
        assert (len(server.requests), clock.slept) == (1, [])

    def test_all_of_it_has_an_end(self, sender: Make, clock: FakeClock) -> None:
        limit = answer(429, {}, Retry_After="110")
        with serving(limit) as server:
            asked = sender(server.url)
            for _ in range(5):
                with pytest.raises(ForgeError):
                    asked.ask(GET)
        assert sum(clock.slept) <= 900

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, ForgeError),
            (401, ForgeRefused),
            (403, ForgeRefused),
            (404, ForgeHasNot),
            (409, ForgeError),
            (410, ForgeError),
            (422, ForgeError),
        ],
    )
    def test_what_was_refused_is_not_asked_again(
        self, sender: Make, status: int, kind: type[ForgeError], clock: FakeClock
    ) -> None:
        with serving(answer(status, {"message": "no"})) as server:
            with pytest.raises(ForgeError, match=f"asking: GitHub answered {status}: no") as caught:
                sender(server.url).ask(GET)
            assert type(caught.value) is kind
            assert len(server.requests) == 1

    def test_nobody_there_is_said(self, sender: Make) -> None:
        with serving(answer(200, {})) as server:
            url = server.url
        with pytest.raises(ForgeError, match="GitHub cannot be reached"):
            sender(url).ask(POST)


class TestHowMuch:
    def test_no_answer_is_read_without_end(self, sender: Make) -> None:
        large = answer(200, b"\0" * (64 * 1024 * 1024 + 1), zipped=True)
        with serving(large) as server, pytest.raises(ForgeError, match="larger than 64 MiB"):
            sender(server.url).ask(GET)
        with serving(large) as server, pytest.raises(ForgeError, match="larger than 64 MiB"):
            sender(server.url).download(GET)

    @pytest.mark.parametrize("then", ["hang", "drip"])
    def test_no_answer_is_waited_for_without_end(self, sender: Make, then: Any) -> None:
        head = b"HTTP/1.1 200 x\r\nContent-Length: 9999\r\n\r\n" + b"[" * 9000
        with serving(Answer(head, then)) as server, pytest.raises(ForgeUnclear, match="too long"):
            sender(server.url, patience=0.2).ask(POST)

    @pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 100_000, b"\xff", b"NaN"])
    def test_what_is_no_json_is_said(self, sender: Make, body: bytes) -> None:
        with serving(answer(200, body)) as server, pytest.raises(ForgeUnclear, match="not JSON"):
            sender(server.url).ask(GET)

    @pytest.mark.parametrize(
        "body", [b"", b"<html><b>x", b'{"message": {"base": ["no"]}}', b"[]", b"\xff\x1b[2J"]
    )
    def test_what_a_refusal_says_is_shown_on_one_line(self, sender: Make, body: bytes) -> None:
        with serving(answer(422, body)) as server, pytest.raises(ForgeError) as caught:
            sender(server.url).ask(GET)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


def test_proxies_are_the_operators_by_the_host_that_is_asked(sender: Make) -> None:
    asked: list[str] = []

    def proxies(url: str) -> dict[str, str]:
        asked.append(url.split("?", maxsplit=1)[0])
        return {}

    with serving(answer(200, b"data")) as other:
        moved = answer(302, b"", Location=f"{other.url}/y")
        with serving(moved) as server:
            sender(server.url, proxies=proxies).download(GET)
            assert asked == [f"{server.url}/x", f"{other.url}/y"]
