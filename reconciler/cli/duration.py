"""Durations as people write them: 90, 90s, 10m, 2h."""

import re

import click

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        match = _FORM.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is no duration: 90s, 10m or 2h", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


DURATION = _Duration()
"""Seconds."""
