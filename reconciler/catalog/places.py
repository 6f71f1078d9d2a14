"""Where values stand in a YAML text, looked up for the few that a message speaks of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from reconciler.catalog.events import Spot, parser, spot
from reconciler.catalog.problems import DataPath


@dataclass(frozen=True, slots=True)
class Spots:
    """Where a value stands, and the key (or the item) that leads to it."""

    key: Spot
    value: Spot


Located: TypeAlias = Mapping[DataPath, Spots]


def with_ancestors(paths: Collection[DataPath]) -> set[DataPath]:
    """The paths, and all that lead to them: what is nearest is named where a path is not there."""
    return {path[:length] for path in paths for length in range(len(path) + 1)}


def nearest(located: Located, path: DataPath) -> tuple[Spots, bool] | None:
    """The place of the path or of the nearest value around it, and whether it is the path's own."""
    for length in range(len(path), -1, -1):
        if path[:length] in located:
            return located[path[:length]], length == len(path)
    return None


def locate(data: bytes, wanted: Collection[DataPath]) -> Located:
    """The places of those paths that are in the YAML text, as far as it can be read."""
    walk = _Walk(with_ancestors(wanted))
    try:
        following = parser(data)
        while (event := following()) is not None:
            walk.step(event)
    except yaml.YAMLError:
        pass  # what was found before the text broke off still helps
    return walk.found


class _Walk:
    """Follows the events, and keeps a stack of the containers that are open."""

    def __init__(self, wanted: set[DataPath]) -> None:
        self._wanted = wanted
        self._path: list[str | int | None] = []
        """One for each open container: the mapping's key whose value comes next, the sequence's
        index, or None where a mapping's key comes next."""
        self._sequences: list[bool] = []
        self._keys: list[Spot] = []
        self._odd = 0
        """How deep inside a key that is no scalar."""
        self.found: dict[DataPath, Spots] = {}

    def step(self, event: Any) -> None:
        if isinstance(event, CollectionEndEvent):
            self._close()
        elif not isinstance(event, ScalarEvent | AliasEvent | CollectionStartEvent):
            return
        elif self._odd or (self._path and self._path[-1] is None):
            self._key(event)
        else:
            self._value(event)

    def _key(self, event: Any) -> None:
        if isinstance(event, CollectionStartEvent):
            self._odd += 1
            return
        if not self._odd:
            self._path[-1] = event.value if isinstance(event, ScalarEvent) else ""
            self._keys[-1] = spot(event.start_mark)

    def _value(self, event: Any) -> None:
        at = spot(event.start_mark)
        path = tuple(part for part in self._path if part is not None)
        if path in self._wanted and path not in self.found:
            in_mapping = bool(self._path) and not self._sequences[-1]
            self.found[path] = Spots(self._keys[-1] if in_mapping else at, at)
        if isinstance(event, CollectionStartEvent):
            is_sequence = isinstance(event, yaml.SequenceStartEvent)
            self._path.append(0 if is_sequence else None)
            self._sequences.append(is_sequence)
            self._keys.append(at)
        else:
            self._advance()

    def _close(self) -> None:
        if self._odd:
            self._odd -= 1
            if not self._odd:
                self._path[-1] = ""
            return
        self._path.pop()
        self._sequences.pop()
        self._keys.pop()
        self._advance()

    def _advance(self) -> None:
        if not self._path:
            return
        last = self._path[-1]
        self._path[-1] = last + 1 if self._sequences[-1] and isinstance(last, int) else None
