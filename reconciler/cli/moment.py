"""Moments as people write them: 2026-03-01, 2026-03-01T09:30:00Z, or an age, 30d."""

import re
from datetime import UTC, datetime, timedelta

import click

from reconciler.cli.duration import DURATION
from reconciler.clock import SystemClock

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Moment(click.ParamType[float]):
    """Seconds since 1970. A day is its beginning or its end, by UTC."""

    name = "moment"

    def __init__(self, *, end_of_day: bool = False) -> None:
        """Which side of a day counts."""
        self._end_of_day = end_of_day

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds since 1970."""
        if isinstance(value, (int, float)):
            return float(value)
        try:
            if _DAY.fullmatch(value):
                day = datetime.fromisoformat(value).replace(tzinfo=UTC)
                return (day + timedelta(days=self._end_of_day)).timestamp()
            if _MOMENT.fullmatch(value):
                return datetime.fromisoformat(value.upper()).timestamp()
            ago = SystemClock().now() - DURATION.convert(value, param, ctx)
            return datetime.fromtimestamp(ago, UTC).timestamp()
        except (ValueError, OverflowError, click.BadParameter):
            self.fail(
                f"{value!r} is no moment: 2026-03-01, 2026-03-01T09:30:00Z (with its offset), or "
                "an age such as 30d",
                param,
                ctx,
            )
