"""How long the service asks to be left alone: F16, F17, F19."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from reconciler.http.quota import asked_wait

NOW = 1608799757.0  # Thu, 24 Dec 2020 08:49:17 GMT


def asked(status: int = 429, now: float = NOW, **headers: str) -> float | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asked_wait(status, CaseInsensitiveDict(named), now)


SPELLINGS = {
    "2": 2.0,
    " 3 ": 3.0,
    "1.5": 1.5,
    "1.": 1.0,
    "0.25": 0.25,
    "99999999": 99999999.0,
    "9" * 400: math.inf,
    "Thu, 24 Dec 2020 08:49:27 GMT": 10.0,
    "Thursday, 24-Dec-20 08:49:27 GMT": 10.0,
    "Thu Dec 24 08:49:27 2020": 10.0,
    "Thu, 24 Dec 2020 09:49:27 +0100": 10.0,
    "24 Dec 2020 08:49:27 -0000": 10.0,
    # Several: the longest.
    "2, 3": 3.0,
    "3, 2": 3.0,
    "Thu, 24 Dec 2020 08:49:27 GMT, 5": 10.0,
    "15, Thu, 24 Dec 2020 08:49:27 GMT": 15.0,
    "Thu, 24 Dec 2020 08:49:27 GMT, Thu, 24 Dec 2020 08:49:37 GMT": 20.0,
    "soon, 4": 4.0,
    "-9, 4": 4.0,
    # Over already, or rubbish: nothing.
    "0": None,
    "0.0": None,
    "Thu, 24 Dec 2020 08:49:17 GMT": None,
    "Thu, 24 Dec 2020 08:49:07 GMT": None,
    "-5": None,
    "+5": None,
    "soon": None,
    "inf": None,
    "nan": None,
    "1e3": None,
    "1_0": None,
    "٣": None,
    "2 s": None,
    "Thu, 99 Dec 2020 08:49:27 GMT": None,
    "": None,
    " ": None,
    ",": None,
}


@pytest.mark.usefixtures("new_york")
@pytest.mark.parametrize(("text", "seconds"), SPELLINGS.items())
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(text: str, seconds: float | None, status: int) -> None:
    assert asked(status, Retry_After=text) == seconds


@pytest.mark.parametrize("status", [200, 404, 408, 428, 430, 500, 502, 504])
def test_counts_with_no_other_status(status: int) -> None:
    assert asked(status, Retry_After="7") is None


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z]{3}, \d+ [A-Za-z]{3} \d+ [\d:]+ [+-]?\w+"))
def test_no_text_breaks_anything(text: str) -> None:
    for name in ("Retry-After", "X-RateLimit-Reset", "Date"):
        headers = {"Retry-After": "Thu, 24 Dec 2020 08:49:27 GMT", name: text}
        found = asked_wait(429, headers, NOW)
        assert found is None or found > 0


def test_a_date_counts_from_the_answers_own() -> None:
    """F72: this clock, or the service's, is a day wrong."""
    of_yesterday = NOW - 86400
    date = "Thu, 24 Dec 2020 08:49:17 GMT"
    assert asked(Retry_After="Thu, 24 Dec 2020 08:49:27 GMT", now=of_yesterday, Date=date) == 10.0
    assert asked(Retry_After="Thu, 24 Dec 2020 08:49:27 GMT", Date="rubbish") == 10.0
    assert asked(X_RateLimit_Reset="1608799760", now=of_yesterday, Date=date) == 3.0


class TestAQuotaThatIsUsedUp:
    @pytest.mark.parametrize(
        ("reset", "seconds"),
        [
            ("7", 7.0),
            ("1.5", 1.5),
            ("0.5", 0.5),
            (" 7 ", 7.0),
            ("1608799787", 30.0),
            ("1608799757", None),
            ("1608790000", None),
            ("999999999", 999999999.0),
            ("1000000000", None),
            ("0", None),
            ("-3", None),
            ("soon", None),
            ("Thu, 24 Dec 2020 08:49:27 GMT", None),
        ],
    )
    @pytest.mark.parametrize("status", [200, 204, 404, 429, 500, 503])
    def test_is_waited_for_as_seconds_or_as_a_moment(
        self, status: int, reset: str, seconds: float | None
    ) -> None:
        assert asked(status, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset) == seconds

    def test_may_say_it_by_retry_after(self) -> None:
        assert asked(200, X_RateLimit_Remaining=" 0 ", Retry_After="5") == 5.0
        assert asked(200, x_ratelimit_remaining="0", retry_after="5", x_ratelimit_reset="9") == 5.0
        assert asked(200, X_RateLimit_Remaining="0", Retry_After="x", X_RateLimit_Reset="9") == 9.0

    def test_without_saying_how_long_is_nothing(self) -> None:
        assert asked(200, X_RateLimit_Remaining="0") is None

    @pytest.mark.parametrize("left", ["1", "59", "", "-1", "none", "00"])
    def test_is_what_says_zero(self, left: str) -> None:
        assert asked(200, X_RateLimit_Remaining=left, X_RateLimit_Reset="7") is None

    def test_says_how_long_a_429_is_meant(self) -> None:
        assert asked(429, X_RateLimit_Reset="7") == 7.0
        assert asked(429, Retry_After="2", X_RateLimit_Reset="7") == 2.0
        assert asked(503, X_RateLimit_Reset="7") is None


def test_nothing_is_asked_for_by_nothing() -> None:
    assert asked(429) is None
    assert asked(503) is None
    assert asked(200) is None
