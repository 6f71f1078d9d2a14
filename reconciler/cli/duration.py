"""Durations as people write them: 90, 90s, 10m, 2h, 7d."""

import re

import click

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        match = _FORM.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is no duration: 90s, 10m, 2h or 7d", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


DURATION = _Duration()
"""Seconds."""
