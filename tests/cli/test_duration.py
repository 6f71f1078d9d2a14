"""Durations as people write them."""

import click
import pytest

from reconciler.cli.duration import DURATION


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("2h", 7200.0),
        ("1.5m", 90.0),
        ("0s", 0.0),
        ("7d", 604800.0),
    ],
)
def test_a_duration_in_seconds(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["soon", "-1s", "1w", "", "1 2"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter):
        DURATION.convert(text, None, None)
