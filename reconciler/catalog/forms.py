"""Whether an entry has its form, once its plain scalars are the texts that they are meant as."""

from copy import copy
from typing import Any, Final

from reconciler.catalog.problems import DataPath
from reconciler.catalog.scalars import text_of
from reconciler.catalog.structure import Form
from reconciler.core.marks import KEY_FORM

_TEXTS: Final = ("title", "bucket", "acr_id")
_NUMBERS: Final = frozenset({int, float, bool})


def accept(entries: dict[str, Any], form: Form) -> bool:
    """Whether every entry and its key are as they should be. Plain scalars become texts on the
    way, where texts are meant."""
    for key, raw in entries.items():
        paths = number_paths(raw)
        entry = with_texts(raw, paths) if paths else raw
        if not (form.accepts(entry) and KEY_FORM.fullmatch(key)):
            return False
        entries[key] = entry
    return True


def number_paths(raw: Any) -> list[DataPath]:
    """Where in an entry a number or a boolean stands although a text is meant."""
    if not isinstance(raw, dict):
        return []
    was, source = raw.get("was"), raw.get("source")
    found: list[DataPath] = []
    # Nearly every entry has none, and is seen to in a few steps.
    if not _NUMBERS.isdisjoint(map(type, raw.values())):
        found += [(name,) for name in _TEXTS if type(raw.get(name)) in _NUMBERS]
    if isinstance(was, list):
        found += [("was", index) for index, item in enumerate(was) if type(item) in _NUMBERS]
    if isinstance(source, dict) and not _NUMBERS.isdisjoint(map(type, source.values())):
        found += [("source", name) for name, item in source.items() if type(item) in _NUMBERS]
    return found


def with_texts(raw: dict[str, Any], paths: list[DataPath]) -> dict[str, Any]:
    """The entry with its plain scalars as texts. A copy: an alias may share the values."""
    entry: dict[str, Any] = {**raw}
    entry.update((name, copy(raw[name])) for name in ("was", "source") if name in raw)
    for path in paths:
        holder: Any = entry if len(path) == 1 else entry[str(path[0])]
        holder[path[-1]] = text_of(holder[path[-1]])
    return entry
