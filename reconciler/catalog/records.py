"""What a file of entries gives, whatever its format."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.catalog.events import Spot
from reconciler.catalog.places import Located
from reconciler.catalog.problems import DataPath
from reconciler.core.model import Place

Locate: TypeAlias = Callable[[bytes, Collection[DataPath]], Located]


@dataclass(slots=True)
class Records:
    """The entries of one file, unchecked, and how to find the place of a value in them."""

    file: str
    """Relative to the catalogue's folder."""
    locate: Locate
    entries: dict[str, Any] = field(default_factory=dict)
    spots: dict[str, Spot] = field(default_factory=dict)
    typed: bool = False
    """Whether the format tells texts from numbers by itself (JSON), so that no number is ever
    meant as a text."""

    accepted: bool = False
    """Whether every key and every entry is known to be of its form."""

    def place(self, key: str) -> Place:
        """Where an entry is declared."""
        line, column = self.spots.get(key, (1, 1))
        return Place(self.file, line, column)
