"""What an attempt came to, row by row."""

from __future__ import annotations

import http.client
import json
import math
import ssl

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from reconciler.api.classify import of_answer, of_failure
from reconciler.errors import (
    Busy,
    NotThere,
    Rejected,
    ServiceError,
    Throttled,
    TokenRefused,
    Unclear,
    Unreachable,
)
from reconciler.http.failures import shown, why

NOW = 1608799757.0  # Thu, 24 Dec 2020 08:49:17 GMT


def meaning(
    status: int, body: object = b"", after: float | None = None, now: float = NOW
) -> ServiceError | None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return of_answer(status, data, doing="asking", after=after, now=now)


def text(status: int, body: object = b"", after: float | None = None, now: float = NOW) -> str:
    return str(meaning(status, body, after, now))


def failed(why: str = "reset", *, begun: bool = True, late: bool = False) -> ServiceError:
    return of_failure(why, doing="asking", host="https://api", begun=begun, late=late)


class TestNoWholeAnswer:
    """F1-F13."""

    @pytest.mark.parametrize("late", [False, True])
    @pytest.mark.parametrize(("begun", "kind"), [(False, Unreachable), (True, Unclear)])
    def test_means_never_sent_only_where_nothing_had_begun_to_go_out(
        self, begun: bool, late: bool, kind: type[ServiceError]
    ) -> None:
        error = failed(begun=begun, late=late)
        assert type(error) is kind
        assert (error.status, error.after) == (None, None)

    def test_says_what_was_done_and_what_happened(self) -> None:
        assert str(failed()) == "asking: no whole answer came: reset"
        assert str(failed(begun=False)) == "asking: https://api cannot be reached: reset"

    def test_cut_off_says_so_whatever_it_looked_like(self) -> None:
        assert str(failed(late=True)) == "asking: no whole answer came: it took too long"
        late = failed(begun=False, late=True)
        assert str(late) == "asking: https://api cannot be reached: it took too long"

    def test_shows_nothing_that_acts(self) -> None:
        assert str(failed("a\x1bb")).endswith(r"a\u{1b}b")


STATUSES: dict[int, type[ServiceError]] = {
    **dict.fromkeys((401, 403), TokenRefused),
    404: NotThere,
    **dict.fromkeys((409, 423), Busy),
    429: Throttled,
    **dict.fromkeys((408, 425), Unclear),
    **dict.fromkeys((400, 402, 405, 406, 407, 410, 411, 412, 413, 414, 415, 416, 417), Rejected),
    **dict.fromkeys((418, 421, 422, 424, 426, 428, 431, 451, 499), Rejected),
    **dict.fromkeys((300, 301, 302, 303, 304, 305, 307, 308, 399), Unclear),
    **dict.fromkeys((500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599), Unclear),
    **dict.fromkeys((0, 99, 100, 101, 102, 199, 600, 999), Unclear),
}


class TestAStatus:
    """F16-F39."""

    @pytest.mark.parametrize(("status", "kind"), STATUSES.items())
    def test_means(self, status: int, kind: type[ServiceError]) -> None:
        error = meaning(status)
        assert type(error) is kind
        assert error.status == status
        assert error.after is None

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
    def test_of_2xx_means_done(self, status: int) -> None:
        assert meaning(status) is None
        assert meaning(status, {"error": "x"}, 3.0) is None

    def test_alone_says_no_more_than_that(self) -> None:
        assert text(400) == "asking: the service answered 400"
        assert text(422) == "asking: the service answered 422"
        assert text(500) == "asking: the service answered 500"

    @pytest.mark.parametrize("status", [401, 403])
    def test_of_a_refused_token_says_what_to_look_at(self, status: int) -> None:
        hint = "; is ACRCLOUD_ACCESS_TOKEN right, not expired, and allowed to do this?"
        assert text(status) == f"asking: the service answered {status}{hint}"

    @pytest.mark.parametrize("status", [300, 302, 399])
    def test_of_a_redirect_says_what_to_look_at(self, status: int) -> None:
        """F25."""
        hint = ": a redirect, which is not followed; is the base URL the API's?"
        assert text(status) == f"asking: the service answered {status}{hint}"


class TestWhatTheServiceSays:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"message": "No.", "errors": {"title": ["Too long."]}}, "No.; title: Too long."),
            ({"error": "Authentication Exception"}, "Authentication Exception"),
            ({"title": "Quota", "detail": "Full."}, "Full.; Quota"),
            ({"code": 7}, '{"code": 7}'),
            (b"<html>\r\n\t<h1>Bad  gateway</h1>\n", "<html> <h1>Bad gateway</h1>"),
            (b"\xff\x00", r"�\u{0}"),
            (b"cannot fetch https://cdn/a.mp3?X-Sig=1#t", "cannot fetch https://cdn/a.mp3?..."),
        ],
    )
    def test_stands_behind_the_status(self, body: object, said: str) -> None:
        """F23, F36, F38."""
        assert text(422, body) == f"asking: the service answered 422: {said}"

    @pytest.mark.parametrize("body", [b"", b" \r\n\t"])
    def test_may_be_nothing(self, body: bytes) -> None:
        assert text(500, body) == "asking: the service answered 500"

    @pytest.mark.parametrize("body", [b"x" * 5000, {"message": "x" * 5000}])
    def test_is_cut(self, body: object) -> None:
        assert text(500, body) == f"asking: the service answered 500: {'x' * 199}…"

    def test_of_a_page_in_many_bytes_is_cut_by_characters(self) -> None:
        assert text(500, ("é" * 5000).encode()).endswith(f"500: {'é' * 199}…")


class TestHowLongToWait:
    """F17."""

    @pytest.mark.parametrize("status", [429, 503])
    def test_is_handed_on_and_said(self, status: int) -> None:
        error = meaning(status, {"message": "Slow."}, 3600.0)
        assert isinstance(error, ServiceError)
        assert error.after == 3600.0
        assert str(error) == (
            f"asking: the service answered {status}: Slow.; it asks to wait 3600 seconds: "
            "run again after 2020-12-24 09:49:17 UTC"
        )

    @pytest.mark.parametrize("after", [1e300, math.inf, 1e12])
    def test_may_be_no_date_any_more(self, after: float) -> None:
        assert text(429, b"", after).endswith("seconds: run again then")

    @pytest.mark.usefixtures("new_york")
    def test_counts_from_now(self) -> None:
        assert text(429, b"", 1.0, now=0.0).endswith("run again after 1970-01-01 00:00:01 UTC")


class TestShown:
    @pytest.mark.parametrize(
        ("said", "seen"),
        [
            ("Spring — ad é 春", "Spring — ad é 春"),
            ("\x1b[31mred\x07", r"\u{1b}[31mred\u{7}"),
            ("a\u202eb\u2028c\u200bd\x85e", r"a\u{202e}b\u{2028}c\u{200b}d\u{85}e"),
            ("  one\r\ntwo\t\tthree  ", "one two three"),
            ("\ud800", r"\u{d800}"),
            ("", ""),
        ],
    )
    def test_is_one_line_that_does_nothing(self, said: str, seen: str) -> None:
        assert shown(said) == seen

    @pytest.mark.parametrize(("length", "seen"), [(199, 199), (200, 200), (201, 200), (999, 200)])
    def test_is_at_most_200_characters(self, length: int, seen: int) -> None:
        text = shown("x" * length)
        assert len(text) == seen
        assert text.endswith("…") == (length > 200)

    @given(st.text(max_size=300))
    def test_is_so_for_any_text(self, said: str) -> None:
        seen = shown(said)
        assert len(seen) <= 200
        assert seen.isprintable()


REFUSED = NewConnectionError(
    HTTPConnection("api"), "Failed to establish a new connection: [Errno 111] Connection refused"
)


class TestWhy:
    """What really happened, however deep it is wrapped."""

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (OSError("plain"), "plain"),
            (TimeoutError(), "TimeoutError"),
            (requests.ConnectionError(ProtocolError("Aborted.", OSError("reset"))), "reset"),
            (
                requests.ConnectionError(ProtocolError("x", http.client.BadStatusLine("SSH-2.0"))),
                "SSH-2.0",
            ),
            (
                requests.ConnectionError(MaxRetryError(None, "/", REFUSED)),
                "Connection refused",
            ),
            (requests.exceptions.SSLError(ssl.SSLError("bad record")), "TLS: ('bad record',)"),
            (
                requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "expired")),
                "TLS: expired",
            ),
        ],
    )
    def test_is_what_lies_lowest(self, error: BaseException, said: str) -> None:
        assert why(error) == said
