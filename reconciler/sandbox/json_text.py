"""JSON as PHP's json_decode reads it: stricter than Python's own reader.

Python takes NaN, Infinity, lone surrogates and nesting until its stack ends; a Laravel service
takes none of them, and an answer that contained one could not be written as JSON or UTF-8.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from reconciler.sandbox.records import JsonValue

_DEEPEST = 512  # json_decode's own default


def read(text: str | bytes) -> JsonValue:
    """The value, or `ValueError` for anything that json_decode would not take."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate fails here
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(value)
    return value


def write(value: JsonValue) -> str:
    """Compact JSON, keys in the order that they have."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _check_depth(value: JsonValue) -> None:
    level: list[JsonValue] = [value]
    for _ in range(_DEEPEST + 1):
        level = [
            child
            for parent in level
            if isinstance(parent, (dict, list))
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")
