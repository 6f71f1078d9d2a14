"""A plain scalar means what it looks like.

| plain text                                        | value                        |
|---------------------------------------------------|------------------------------|
| nothing, `~`, `null`                              | null                         |
| `true`, `false`                                   | a boolean                    |
| a number whose own text is just this              | a number                     |
| anything else (`NO`, `12:30`, `00123`, `1_000`,   | a string                     |
| `2024-01-01`, `1.50`, `+1`, `0x1F`, `.inf`)       |                              |

So no text is ever lost: from each value but null the plain text can be had back, and is where
a field must be a string.
"""

import re
from typing import Final

_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_NUMBER_STARTS: Final = frozenset("-0123456789")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})", re.ASCII)
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?", re.ASCII)
_LONGEST_FLOAT: Final = 32
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain (unquoted) scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return number(text) if text[0] in _NUMBER_STARTS else text


def number(text: str) -> int | float | str:
    """The number whose own text is `text`, or `text` where it is none of 64 bits."""
    if _INTEGER.fullmatch(text):
        whole = int(text)
        return whole if str(whole) == text and _SMALLEST <= whole <= _LARGEST else text
    if len(text) <= _LONGEST_FLOAT and _FLOAT.fullmatch(text):
        broken = float(text)
        return broken if repr(broken) == text else text
    return text


def text_of(value: str | float | bool) -> str:
    """The plain text that `resolve` made a value of."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case _:
            return repr(value)
