"""The fields of a change as the report shows them, before and after side by side: those that
differ first, the mark's behind the others."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final, NamedTuple

from reconciler.core.content import Content, Held
from reconciler.core.model import PROTECT_FIELD
from reconciler.render.fields import at, field_of
from reconciler.render.values import field_name, shown, shown_pair

_NAME: Final = 160
_VALUE: Final = 400
"""Columns of a value, of which the JSON of the plan has the rest."""

_field_of = lru_cache(1024)(field_of)
_shown_name = lru_cache(1024)(field_name)
"""The same few names stand in every change."""

_PROTECT: Final = field_of(PROTECT_FIELD)


class Field(NamedTuple):
    """A field on both sides. All texts are visible."""

    name: str
    how: str
    """`changed`, `added`, `removed`, or `same`."""
    mark: bool
    """Whether it is the mark's."""
    before: str | None
    """None: there is nothing."""
    after: str | None


class Sides:
    """A change's contents, by the names of their fields."""

    def __init__(
        self, before: Content | None, after: Content | None, differing: Sequence[str]
    ) -> None:
        """`differing`: the names of the fields that an update changes."""
        self._before, self._after = before, after
        self._old, self._new = _held(before), _held(after)
        self._differing = dict.fromkeys(differing)

    def names(self, folds: AbstractSet[str]) -> Sequence[str]:
        """All fields, in the order in which they are shown. `folds`: the mark's."""
        whole = self._old | self._new
        nested = [name for name in self._differing if name not in whole]
        rest = [name for name in whole if not _holds_one(name, nested)]
        names = [*self._differing, *(name for name in rest if name not in self._differing)]
        return sorted(names, key=lambda name: (self._how(name) == "same", name in folds))

    def field(self, name: str, folds: AbstractSet[str]) -> Field:
        """One of them."""
        how = self._how(name)
        old, new = self._values(name)
        if old is not None and new is not None and how == "changed":
            texts: tuple[str | None, str | None] = shown_pair(old.value, new.value, _VALUE)
        elif how == "same":
            texts = (_shown(old),) * 2
        else:
            texts = _shown(old), _shown(new)
        return Field(_shown_name(name, _NAME), how, name in folds or name == _PROTECT, *texts)

    def _how(self, name: str) -> str:
        old, new = self._values(name)
        if old is None and new is not None:
            return "added"
        if new is None and old is not None:
            return "removed"
        return "changed" if name in self._differing else "same"

    def _values(self, name: str) -> tuple[Held | None, Held | None]:
        if name in self._old or name in self._new:
            return self._old.get(name), self._new.get(name)
        return at(self._before, name), at(self._after, name)


def _held(content: Content | None) -> dict[str, Held]:
    if content is None:
        return {}
    own = {_field_of(name): Held(value) for name, value in content.user_defined.items()}
    return {"title": Held(content.title), **own}


def _holds_one(name: str, nested: Sequence[str]) -> bool:
    return any(inner.startswith((f"{name}.", f"{name}[")) for inner in nested)


def _shown(held: Held | None) -> str | None:
    return None if held is None else shown(held.value, _VALUE)
