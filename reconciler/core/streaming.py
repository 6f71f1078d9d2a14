"""JSON in pieces: the bytes that it has as a whole, where that would be too much to hold.

An iterator stands for an array, whose items are asked for as they are written. No piece ends
inside a text.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

import orjson

from reconciler.core.model import Json
from reconciler.core.normal import canonical

Streamed: TypeAlias = Mapping[str, Json | Iterator[Json]]
"""An object with at least one member."""

_AT_ONCE = 100
"""How many items of an array are written as one piece."""


def indented(value: Streamed | Iterator[Json]) -> Iterator[bytes]:
    """As orjson indents it, with a newline at its end."""
    if isinstance(value, Iterator):
        yield from _array(value, lambda some: _indent(some)[1:-2], b"\n]")
    else:
        before = b"{\n  "
        for name, item in value.items():
            yield before + canonical(name) + b": "
            if isinstance(item, Iterator):
                yield from _array(item, lambda some: _indent([some])[5:-6], b"\n  ]")
            else:
                yield _indent([item])[4:-2]
            before = b",\n  "
        yield b"\n}"
    yield b"\n"


def compact(value: Streamed) -> Iterator[bytes]:
    """As `canonical` writes it."""
    before = b"{"
    for name in sorted(value):
        yield before + canonical(name) + b":"
        item = value[name]
        if isinstance(item, Iterator):
            yield from _array(item, lambda some: canonical(some)[1:-1], b"]")
        else:
            yield canonical(item)
        before = b","
    yield b"}"


def _array(
    items: Iterator[Json], inside: Callable[[list[Json]], bytes], end: bytes
) -> Iterator[bytes]:
    """`inside`: some items as they are written between the brackets of an array."""
    before = b"["
    while some := list(islice(items, _AT_ONCE)):
        yield before + inside(some)
        before = b","
    yield b"[]" if before == b"[" else end


def _indent(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
