r"""JSON that does nothing to whoever looks at it, and means what it meant.

What acts or hides (see `safe`) is written as JSON escapes it: `\u202e`, and `##\u005b` for `##[`,
which a CI runner obeys. A program reads the same values.
"""

import re
import unicodedata

from reconciler.render.safe import is_hidden

_ODD = re.compile(r"##\[|[^\n -~]+")
_LARGEST_UNIT = 0xFFFF


def harmless(data: bytes) -> bytes:
    """The JSON in UTF-8 bytes, with nothing hidden in it; the same object where nothing is."""
    if data.isascii() and b"##[" not in data and b"\x7f" not in data:
        return data
    return _ODD.sub(_escaped, data.decode("utf-8")).encode("utf-8")


def _escaped(found: re.Match[str]) -> str:
    # What is not ASCII, or `##[`, stands in a string: nothing else of JSON has it.
    if found[0] == "##[":
        return r"##\u005b"
    shown = [_unit(char) if is_hidden(char) else char for char in found[0]]
    if unicodedata.category(found[0][0]).startswith("M"):
        shown[0] = _unit(found[0][0])  # on a quote, it would hide it
    return "".join(shown)


def _unit(char: str) -> str:
    number = ord(char)
    if number <= _LARGEST_UNIT:
        return f"\\u{number:04x}"
    above = number - 0x10000
    return f"\\u{0xD800 + (above >> 10):04x}\\u{0xDC00 + (above & 0x3FF):04x}"
