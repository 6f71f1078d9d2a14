"""How much work a users' schema makes, counted before any of it is done.

Where each of forty subschemas refers to the next one twice, the last is checked 2 to the power of
40 times. What is counted is how many subschemas one value is held against at most, by how deep it
lies in the metadata: all that speak of the same value (`allOf`, `$ref`) are added up; of those that
speak of different names, or of mappings and of lists, the most counts. A schema may refer to itself
for what lies deeper, but not for the same value: nothing would ever be done with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.catalog.events import MAX_DEPTH
from reconciler.catalog.references import References
from reconciler.core.model import Json

MOST_CHECKS: Final = 5_000
"""Of one value, beyond one for each subschema there is: a tenth of a millisecond."""
_ENOUGH: Final = 10**9
"""Counted no further, so that the numbers stay small."""
_SAME_VALUE: Final = (
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"),
)
_LEFT: Final = ("additionalProperties", "unevaluatedProperties")
_LEFT_OF_A_LIST: Final = ("additionalItems", "unevaluatedItems")
_BY_NAME: Final = ("properties", "patternProperties", "dependentSchemas", "dependencies")
_AGAIN: Final = ("unevaluatedProperties", "unevaluatedItems")
"""To see what is left for them, a validator goes through the rest about twice more."""


class EffortError(Exception):
    """Why a schema takes too much work."""


@dataclass(frozen=True, slots=True)
class _Inside:
    """The subschemas for what is in a mapping, or in a list, by their numbers."""

    one: list[int] = field(default_factory=list)
    """Of these one at most speaks of each value,"""
    left: list[int] = field(default_factory=list)
    """these where none of those does,"""
    every: list[int] = field(default_factory=list)
    """and these may in any case."""

    def most(self, checks: list[int]) -> int:
        """The most checks of one value, where so many are made by each subschema."""
        one = max((checks[number] for number in self.one), default=0)
        left = sum(checks[number] for number in self.left)
        return max(one, left) + sum(checks[number] for number in self.every)


@dataclass(slots=True)
class _Node:
    """A subschema, by what it leads to."""

    times: int
    same: list[int] = field(default_factory=list)
    mapping: _Inside = field(default_factory=_Inside)
    list: _Inside = field(default_factory=_Inside)


class Effort:
    """How many checks metadata takes, at most."""

    def __init__(self, schema: Any, references: References) -> None:
        """Take a schema that the references know.

        Raises `EffortError` where even flat metadata takes too many, and what `References.of`
        raises.
        """
        nodes = _nodes(schema, references)
        self._most = MOST_CHECKS + len(nodes)
        self._by_depth = _by_depth(nodes)
        if max(self._by_depth[:2]) > self._most:
            what = f"makes more than {MOST_CHECKS:,} checks of one value"
            raise EffortError(f"{what}: refer to each subschema in fewer places")

    def is_too_much(self, metadata: Json) -> bool:
        """Whether a value in the metadata takes too many, since it lies so deep."""
        if self._by_depth[-1] <= self._most:
            return False
        return self._by_depth[_measured(metadata)[1]] > self._most

    def of(self, metadata: Json) -> int:
        """The checks of all values in the metadata."""
        size, depth = _measured(metadata)
        return size * self._by_depth[depth]


def _measured(metadata: Json) -> tuple[int, int]:
    """How many values there are, and how deep the deepest lies."""
    size, depth, level = 0, -1, [metadata]
    while level:
        size, depth = size + len(level), depth + 1
        level = [inner for item in level for inner in _inner(item)]
    return size, min(depth, MAX_DEPTH)


def _inner(item: Json) -> Iterator[Json]:
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, list):
        yield from item


def _nodes(schema: Any, references: References) -> list[_Node]:
    """All subschemas that may come to be checked; the schema itself is the first."""
    nodes: list[_Node] = []
    numbers: dict[int, int] = {}
    waiting: list[tuple[_Node, Mapping[str, Any]]] = []

    def number(found: Iterator[Any]) -> list[int]:
        every: list[int] = []
        for one in found:
            if isinstance(one, Mapping):  # and not true or false, which take no work
                every.append(numbers.setdefault(id(one), len(nodes)))
                if every[-1] == len(nodes):
                    nodes.append(_Node(3 if any(name in one for name in _AGAIN) else 1))
                    waiting.append((nodes[-1], one))
        return every

    number(iter([schema]))
    while waiting:
        node, found = waiting.pop()
        node.same = [*number(references.of(found)), *number(_under(found, _SAME_VALUE))]
        node.mapping = _Inside(
            number(_under(found, ("properties",))),
            number(_under(found, _LEFT)),
            number(_under(found, ("patternProperties", "propertyNames"))),
        )
        by_position = isinstance(found.get("items"), list)
        node.list = _Inside(
            number(_under(found, ("prefixItems", "items") if by_position else ("prefixItems",))),
            number(_under(found, _LEFT_OF_A_LIST if by_position else ("items", *_LEFT_OF_A_LIST))),
            number(_under(found, ("contains",))),
        )
    return nodes


def _under(schema: Mapping[str, Any], keywords: tuple[str, ...]) -> Iterator[Any]:
    for keyword in keywords:
        value = schema.get(keyword)
        if isinstance(value, list):
            yield from value
        elif keyword in _BY_NAME and isinstance(value, Mapping):
            yield from value.values()
        else:
            yield value


def _by_depth(nodes: list[_Node]) -> list[int]:
    """The most checks of one value, for every depth down to which metadata may be nested."""
    order = _from_the_last(nodes)
    if not nodes:
        return [1] * (MAX_DEPTH + 1)
    here = [1] * len(nodes)
    for number in order:
        node = nodes[number]
        here[number] = min(1 + node.times * sum(here[same] for same in node.same), _ENOUGH)
    most = [here[0]]
    for _ in range(MAX_DEPTH):
        mappings, lists = [0] * len(nodes), [0] * len(nodes)
        for number in order:
            node = nodes[number]
            for found, inside in ((mappings, node.mapping), (lists, node.list)):
                same = sum(found[n] for n in node.same)
                found[number] = min(node.times * (inside.most(here) + same), _ENOUGH)
        before, here = here, list(map(max, mappings, lists))
        most.append(max(most[-1], here[0]))
        if here == before:
            break  # and so on, however deep
    return most + most[-1:] * (MAX_DEPTH + 1 - len(most))


def _from_the_last(nodes: list[_Node]) -> list[int]:
    """The numbers of the nodes, each behind all that it leads to for the same value."""
    before: list[list[int]] = [[] for _ in nodes]
    left = [0] * len(nodes)
    for number, node in enumerate(nodes):
        for same in node.same:
            before[same].append(number)
            left[number] += 1
    order = [number for number, count in enumerate(left) if not count]
    for number in order:
        for earlier in before[number]:
            left[earlier] -= 1
            if not left[earlier]:
                order.append(earlier)
    if len(order) < len(nodes):
        raise EffortError("refers to itself for the same value, again and again")
    return order
