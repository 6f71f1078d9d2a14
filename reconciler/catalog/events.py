"""YAML -> values, from the parser's events, by a builder of our own.

The parser is PyYAML's C one where it is there. Values are built as the events come, so nothing
is held twice; what YAML 1.1 would guess of a scalar is never asked (see `scalars`). Refused with
a place: repeated keys, tags, keys that are not text, several documents, rubbish behind the
document, nesting beyond `MAX_DEPTH`, and aliases that blow the document up.

Aliases cost nothing to build, since the value is shared, but whoever walks the value pays for
each of them. So each alias counts as many nodes as it stands for, and a document may have
`SPARE_NODES` such nodes and ten more for each node that is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.catalog.disk import position
from reconciler.catalog.problems import DataPath
from reconciler.catalog.scalars import resolve

MAX_DEPTH: Final = 32
SPARE_NODES: Final = 1_000_000
NODES_PER_WRITTEN: Final = 10

_NOT_JUST_TEXT: Final = frozenset("-0123456789~tfn") | {""}
"""How plain scalars begin that may mean something else than their text."""
_NULLS: Final = frozenset({"", "~", "null"})
_PLAIN: Final = frozenset({ScalarEvent, MappingStartEvent})
_ENTRIES: Final = ["files"]

Spot: TypeAlias = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in the text that is not allowed."""

    spot: Spot
    path: DataPath
    message: str
    hint: str | None = None


class _RefusedError(Exception):
    """Reading cannot go on behind this fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


@dataclass(slots=True)
class Document:
    """What a YAML text says."""

    value: Any = None
    spots: dict[str, Spot] = field(default_factory=dict)
    """Where each key of the top level's `files` stands."""
    faults: list[Fault] = field(default_factory=list)
    complete: bool = False
    """Whether the text was read to its end. `value` means nothing where it was not."""
    linked: bool = False
    """Whether a part of it may mean something else without the rest: it has anchors or aliases,
    or merges entries."""


def build(data: bytes) -> Document:
    """The document in UTF-8 bytes, with every fault in it. Raises nothing on any bytes."""
    document = Document()
    try:
        _Builder(data, document).read()
        document.complete = True
    except _RefusedError as refused:
        document.faults.append(refused.fault)
    except yaml.YAMLError as error:
        document.faults.append(syntax_fault(error, data))
    return document


def parser(data: bytes) -> Callable[[], Event | None]:
    """The source of events: the C parser, or the slower one where it is not there."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    get_event: Callable[[], Event | None] = loader(data).get_event
    return get_event


def spot(mark: Any) -> Spot:
    """The parser's position, counted as people count."""
    return mark.line + 1, mark.column + 1


def syntax_fault(error: yaml.YAMLError, data: bytes) -> Fault:
    """What the parser could not read, in our words."""
    if isinstance(error, yaml.MarkedYAMLError):
        at = error.problem_mark or error.context_mark
        context = f", {error.context}" if error.context and error.problem else ""
        message = f"not readable as YAML: {error.problem or error.context}{context}"
        hint = None
        if error.problem and "cannot start any token" in error.problem:
            hint = "indent with spaces, and quote texts that begin with a special character"
        elif error.problem and "mapping values are not allowed" in error.problem:
            hint = "quote texts that hold a colon and a space"
        return Fault(spot(at) if at else (1, 1), (), message, hint)
    where = getattr(error, "position", None)
    place = position(data, where) if isinstance(where, int) else (1, 1)
    return Fault(
        place, (), "a character that YAML does not allow", 'write it as an escape in "..."'
    )


@dataclass(slots=True)
class _Anchored:
    value: Any
    nodes: int
    height: int
    """How many containers are inside each other here, its own included."""


class _Builder:
    """One pass over one document."""

    def __init__(self, data: bytes, document: Document) -> None:
        self.document = document
        self._data = data
        self._next: Callable[[], Any]
        self._path: list[str | int] = []
        self._names: dict[str, str] = {}
        """Keys that were looked at, and of which there is nothing to say; each is kept once, though
        every entry has it."""
        self._anchors: dict[str, _Anchored | None] = {}
        self._written = 0
        self._borrowed = 0
        self._deepest = 0
        """How deep the containers go since the innermost anchor that is open."""

    def read(self) -> None:
        self._next = parser(self._data)  # here, since the slower parser may refuse at once
        self._next()
        event = self._next()
        if type(event) is StreamEndEvent:
            return
        self.document.value = self._node(self._next())
        self._next()
        event = self._next()
        if type(event) is DocumentStartEvent:
            self._refuse(event, "a second document begins here", "one file holds one document")
        while event is not None:
            # To the very end: what stands behind the document is only looked at on the way.
            event = self._next()

    def _fault(self, event: Event, message: str, hint: str | None = None) -> None:
        fault = Fault(spot(event.start_mark), tuple(self._path), message, hint)
        self.document.faults.append(fault)

    def _refuse(self, event: Event, message: str, hint: str | None = None) -> NoReturn:
        raise _RefusedError(Fault(spot(event.start_mark), tuple(self._path), message, hint))

    def _node(self, event: Any) -> Any:
        if type(event) is AliasEvent:
            return self._alias(event)
        if event.tag is not None:
            self._fault(event, "tags such as !!str are not allowed", "remove it, or quote the text")
        anchor = event.anchor
        if anchor is None:
            return self._untagged(event)
        self.document.linked = True
        if anchor in self._anchors:
            self._fault(event, f"the anchor &{anchor} is there already")
        before, outside, here = self._written + self._borrowed, self._deepest, len(self._path)
        self._anchors[anchor], self._deepest = None, here
        value = self._untagged(event)
        nodes = self._written + self._borrowed - before + 1
        self._anchors[anchor] = _Anchored(value, nodes, self._deepest - here)
        self._deepest = max(outside, self._deepest)
        return value

    def _untagged(self, event: Any) -> Any:
        if type(event) is ScalarEvent:
            return resolve(event.value) if event.style in ("", None) else event.value
        self._deepen(event, 1)
        if type(event) is SequenceStartEvent:
            return self._sequence()
        return self._mapping()

    def _deepen(self, event: Any, containers: int) -> None:
        depth = len(self._path) + containers
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested more than {MAX_DEPTH} deep")
        self._deepest = max(self._deepest, depth)

    def _alias(self, event: Any) -> Any:
        name = event.anchor
        self.document.linked = True
        anchored = self._anchors.get(name)
        if anchored is None:
            known = name in self._anchors
            what = "stands inside what it names" if known else "has no anchor before it"
            self._fault(
                event, f"the alias *{name} {what}", None if known else "quote a text with *"
            )
            return None
        self._borrowed += anchored.nodes
        if self._borrowed > SPARE_NODES + NODES_PER_WRITTEN * self._written:
            self._refuse(event, "the aliases of this document stand for too many values")
        self._deepen(event, anchored.height)
        return anchored.value

    def _sequence(self) -> list[Any]:
        items: list[Any] = []
        path = self._path
        while type(event := self._next()) is not SequenceEndEvent:
            path.append(len(items))
            items.append(self._node(event))
            path.pop()
        self._written += len(items)
        return items

    def _mapping(self) -> dict[str, Any]:
        # The one loop that every value passes through: what is plain is dealt with in place.
        built: dict[str, Any] = {}
        merges: list[Any] = []
        path, following, names = self._path, self._next, self._names
        spots = self.document.spots if path == _ENTRIES else None
        while (event := following()).__class__ is not MappingEndEvent:
            if event.__class__ is ScalarEvent and event.tag is None and event.anchor is None:
                key = names.get(event.value) or self._key(event)
            else:
                key = self._key(event)
            if spots is not None:
                spots.setdefault(key, spot(event.start_mark))
            held = following()
            kind = held.__class__
            if kind not in _PLAIN or held.tag is not None or held.anchor is not None:
                path.append(key)
                value = self._node(held)
                path.pop()
            elif kind is ScalarEvent:
                value = held.value
                if held.implicit[0] and value[:1] in _NOT_JUST_TEXT:
                    value = resolve(value)
            else:
                path.append(key)
                self._deepen(held, 1)
                value = self._mapping()
                path.pop()
            if key == "<<" and event.__class__ is ScalarEvent and event.implicit[0]:
                merges.append((held, value))
            elif key in built:
                self._repeated(event, key)
            else:
                built[key] = value
        self._written += 2 * len(built) + len(merges)
        return self._merged(built, merges) if merges else built

    def _key(self, event: Any) -> str:
        if event.__class__ is not ScalarEvent:
            return self._odd_key(event)
        if event.tag is not None or event.anchor is not None:
            self._node(event)
        text: str = event.value
        if text in _NULLS and event.implicit[0]:
            self._fault(event, "a key must be a text, found null", "quote it")
        elif self._path != _ENTRIES:
            self._names[text] = text
        return text

    def _odd_key(self, event: Any) -> str:
        self._path.append("?")  # a key may nest too
        value = self._node(event)
        self._path.pop()
        if isinstance(value, str):
            return value
        self._fault(event, "a key must be a text", "quote it")
        return ""

    def _repeated(self, event: Any, key: str) -> None:
        first = self.document.spots.get(key) if self._path == _ENTRIES else None
        where = f"at line {first[0]}" if first else "in the same mapping"
        self._path.append(key)
        self._fault(event, f"this key is there already, {where}", "remove one of them")
        self._path.pop()

    def _merged(self, built: dict[str, Any], merges: list[Any]) -> dict[str, Any]:
        """The mapping with what `<<` brings: its own keys win, then the earlier of a list."""
        if len(merges) > 1:
            self._fault(merges[1][0], "<< is there already in the same mapping", "give it a list")
        event, brought = merges[0]
        for mapping in brought if isinstance(brought, list) else [brought]:
            if not isinstance(mapping, dict):
                self._fault(event, "<< takes a mapping, or a list of mappings")
                continue
            for key, value in mapping.items():
                built.setdefault(key, value)
                if self._path == _ENTRIES:
                    self.document.linked = True
                    self.document.spots.setdefault(key, spot(event.start_mark))
        return built
