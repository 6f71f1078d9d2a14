"""Where the parts of an entry stand in the characters of a text, so that one of them can be
changed and all others stay. For YAML and for JSON alike.

The text is known to be readable, and without a byte order mark.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from reconciler.catalog.events import parser
from reconciler.catalog.spans import Span, json_pairs

BLOCKS: Final = ("|", ">")
_ANCHOR: Final = re.compile(r"&[^\s,\[\]{}]+(?:[ \t\r\n]+(?:#[^\n]*)?)*")
_COLON: Final = re.compile(r"(?:[ \t\r\n]|(?<=\s)#[^\n]*\n)*:")
_BLANK: Final = " \t\r\n"
_ENTRIES: Final = "files"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar, and where it stands, its anchor aside. `quote` is the sign around it, that of a
    block of text, or empty."""

    text: str
    span: Span
    quote: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Alias:
    """`*name`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Listed:
    """A list. What stands in it is never changed by itself."""

    span: Span
    flow: bool


@dataclass(slots=True)
class Mapped:
    """A mapping, its anchor aside."""

    span: Span
    flow: bool
    column: int = 0
    """Of its first key."""
    pairs: list["Pair"] = field(default_factory=list)

    def pair(self, name: str) -> "Pair | None":
        """The pair of a name that is written out here."""
        return next((pair for pair in self.pairs if pair.name and pair.name.text == name), None)

    def by_name(self) -> "dict[str, Pair]":
        """All pairs of names that are written out here."""
        return {pair.name.text: pair for pair in self.pairs if pair.name}

    def names(self) -> Collection[str]:
        """The names that are written out here."""
        return self.by_name().keys()


Node: TypeAlias = Scalar | Alias | Listed | Mapped


@dataclass(frozen=True, slots=True)
class Pair:
    """A name with its value. `span` holds all that goes with it: anchors, a question mark."""

    name: Scalar | None
    """None for a name that is no scalar."""
    value: Node
    span: Span
    colon: int | None
    """Behind the colon; None where there is none."""


def yaml_files(text: str, keys: Collection[str]) -> Pair | None:
    """The pair of `files`, with the parts of these entries. Of all others nothing is kept but
    where they stand."""
    return _Reader(text, keys).files()


def json_entries(text: str) -> Iterator[tuple[str, Mapped, str]]:
    """The entries of JSON Lines: of each its key, its object and its line."""
    start = 0
    for line in text.split("\n"):
        if line and not line.isspace():
            entry = json_object(text, start + len(line) - len(line.lstrip()))
            key = entry.pair("key")
            if key is not None and isinstance(key.value, Scalar):
                yield key.value.text, entry, line
        start += len(line) + 1


def json_object(text: str, at: int) -> Mapped:
    """The object that begins at `at`."""
    found = Mapped((at, at + 1), flow=True)
    end = at + 1
    for text_of_name, named, valued in json_pairs(text, at):
        colon = text.index(":", named[1]) + 1
        name = Scalar(text_of_name, named, '"')
        found.pairs.append(Pair(name, _json_node(text, valued), (named[0], valued[1]), colon))
        end = valued[1]
    found.span = (at, text.index("}", end) + 1)
    return found


def _json_node(text: str, span: Span) -> Node:
    match text[span[0]]:
        case "{":
            return json_object(text, span[0])
        case "[":
            return Listed(span, flow=True)
        case '"':
            return Scalar(str(json.loads(text[slice(*span)])), span, '"')
        case _:
            return Scalar(text[slice(*span)], span)


class _Reader:
    """Follows the events of one text."""

    def __init__(self, text: str, keys: Collection[str]) -> None:
        self._text = text
        self._keys = keys
        self._next: Callable[[], Any] = parser(text.encode())

    def files(self) -> Pair | None:
        """The pair of `files`, where there is one."""
        for _ in range(2):
            self._next()
        event = self._next()
        if not isinstance(event, MappingStartEvent):
            return None
        top = self._begun(event)
        while not isinstance(key := self._next(), MappingEndEvent):
            is_files = isinstance(key, ScalarEvent) and key.value == _ENTRIES
            self._pair(top, key, self._entries if is_files else self._outline)
        return top.pair(_ENTRIES)

    def _entries(self, event: Any) -> tuple[Node, int]:
        if not isinstance(event, MappingStartEvent):
            return self._outline(event)
        found = self._begun(event)
        while not isinstance(key := self._next(), MappingEndEvent):
            is_wanted = isinstance(key, ScalarEvent) and key.value in self._keys
            self._pair(found, key, self._node if is_wanted else self._outline)
        return self._ended(found, key)

    def _pair(self, found: Mapped, key: Any, value_of: Callable[[Any], tuple[Node, int]]) -> None:
        begin = _announced(self._text, key.start_mark.index)
        name = self._scalar(key) if isinstance(key, ScalarEvent) else None
        key_end = name.span[1] if name else self._end(key)
        match = _COLON.match(self._text, key_end)
        colon = match.end() if match else None
        event = self._next()
        value, end = value_of(event)
        if isinstance(value, Scalar) and value.span[0] == value.span[1]:
            # The parsers do not agree where nothing stands.
            end = (colon or key_end) if event.anchor is None else self._anchor_end(event)
            value = Scalar("", (end, end), "", value.column)
        if not found.pairs and not found.flow:
            found.column = begin - (self._text.rfind("\n", 0, begin) + 1)
        found.pairs.append(Pair(name, value, (begin, end), colon))

    def _outline(self, event: Any) -> tuple[Node, int]:
        """As `_node`, without what is inside."""
        if isinstance(event, ScalarEvent | AliasEvent):
            return self._node(event)
        span = self._start(event), self._end(event)
        return Listed(span, bool(event.flow_style)), span[1]

    def _node(self, event: Any) -> tuple[Node, int]:
        """What begins with the event, and where all of it ends."""
        begin, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, AliasEvent):
            return Alias(str(event.anchor), (begin, end)), end
        if isinstance(event, ScalarEvent):
            scalar = self._scalar(event)
            return scalar, scalar.span[1]
        if isinstance(event, SequenceStartEvent):
            return self._outline(event)
        found = self._begun(event)
        while not isinstance(key := self._next(), MappingEndEvent):
            self._pair(found, key, self._node)
        return self._ended(found, key)

    def _begun(self, event: Any) -> Mapped:
        start = self._start(event)
        return Mapped((start, start), bool(event.flow_style), event.start_mark.column)

    def _ended(self, found: Mapped, event: Any) -> tuple[Mapped, int]:
        last = found.pairs[-1].span[1] if found.pairs else found.span[0]
        found.span = found.span[0], event.end_mark.index if found.flow else last
        return found, found.span[1]

    def _scalar(self, event: Any) -> Scalar:
        start, end = self._start(event), event.end_mark.index
        if event.style in BLOCKS:
            end = start + len(self._text[start:end].rstrip(_BLANK))
        return Scalar(
            event.value, (min(start, end), end), event.style or "", event.start_mark.column
        )

    def _start(self, event: Any) -> int:
        begin: int = event.start_mark.index
        anchored = _ANCHOR.match(self._text, begin) if event.anchor is not None else None
        return anchored.end() if anchored else begin

    def _anchor_end(self, event: Any) -> int:
        begin: int = event.start_mark.index
        return begin + len(f"&{event.anchor}")

    def _end(self, event: Any) -> int:
        """Where the value ends that begins with the event."""
        depth, end = 0, event.end_mark.index
        while True:
            if isinstance(event, CollectionStartEvent):
                depth += 1
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
            is_seen = event.end_mark.index > event.start_mark.index
            if is_seen and not isinstance(event, CollectionStartEvent):
                end = event.end_mark.index
                if getattr(event, "style", None) in BLOCKS:
                    begin = event.start_mark.index
                    end = begin + len(self._text[begin:end].rstrip(_BLANK))
            if depth == 0:
                return int(end)
            event = self._next()


def _announced(text: str, begin: int) -> int:
    """Where a key begins that a question mark announces."""
    at = begin
    while at > 0 and text[at - 1] in _BLANK:
        at -= 1
    is_mark = at < begin and text[at - 1 : at] == "?"
    return at - 1 if is_mark and (text[at - 2 : at - 1] or "\n") in " \t\r\n,{[" else begin
