"""Moments as people write them."""

import click
import pytest

from reconciler.cli.moment import Moment
from reconciler.clock import SystemClock

DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", DAY),
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01t00:01z", 60.0),
        ("1970-01-01 00:00:00.5+00:00", 0.5),
        ("1970-01-01T02:00:00+02:00", 0.0),
    ],
)
def test_a_moment_in_seconds(text: str, seconds: float) -> None:
    assert Moment().convert(text, None, None) == seconds


def test_a_day_ends_where_the_next_one_begins() -> None:
    assert Moment(end_of_day=True).convert("1970-01-02", None, None) == 2 * DAY
    assert Moment(end_of_day=True).convert("1970-01-02T00:00:00Z", None, None) == DAY


def test_an_age_is_counted_back_from_now() -> None:
    before = SystemClock().now()
    found = Moment().convert("30d", None, None)
    assert before - 30 * DAY <= found <= SystemClock().now() - 30 * DAY


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-02-30", "2026-03-01T09:30:00", "03/01/2026", "9" * 400 + "d",
     "\u0662026-03-01", "2026-03-01\n"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no moment"):
        Moment().convert(text, None, None)
