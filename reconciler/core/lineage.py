"""Which changes belong to the life of a key. Pure.

| a change                                              | belongs to it                           |
|-------------------------------------------------------|-----------------------------------------|
| of the key itself                                     | yes                                     |
| of a file that was the key's later on, or that one of | yes: a file that was renamed by `was`   |
| its files replaced, under whatever key                | or by its source keeps its past         |
| of a file that was the key's before                   | the first one: by it the file left      |
| of the same key in another catalogue, or on another   | no, unless both had one file: then the  |
| host                                                  | catalogue was renamed                   |
"""

from collections.abc import Sequence
from typing import TypeAlias

from reconciler.core.log import Deed
from reconciler.core.model import FileId, Key

_Owner: TypeAlias = tuple[str, str]
_FileRef: TypeAlias = tuple[str, FileId]


def lives(deeds: Sequence[Deed], key: Key) -> Sequence[Sequence[Deed]]:
    """The changes that belong to the key, oldest first, apart for each catalogue that has it.
    `deeds`: all of the ledger."""
    owners = dict.fromkeys(_owner(deed) for deed in deeds if deed.key == key)
    groups: list[tuple[set[int], set[_FileRef]]] = []
    for owner in owners:
        places, files = _going_back(deeds, key, owner)
        for other in [group for group in groups if group[1] & files]:
            groups.remove(other)
            places, files = places | other[0], files | other[1]
        groups.append((places, files))
    return [[deeds[place] for place in sorted(places)] for places, _ in groups]


def _owner(deed: Deed) -> _Owner:
    return deed.by.origin, deed.by.catalog


def _going_back(deeds: Sequence[Deed], key: Key, owner: _Owner) -> tuple[set[int], set[_FileRef]]:
    """From the newest on: a file is the key's from there on where it was the key's later."""
    files: set[_FileRef] = set()
    left: dict[_FileRef, int] = {}
    places: set[int] = set()
    for place in range(len(deeds) - 1, -1, -1):
        deed = deeds[place]
        is_own = deed.key == key and _owner(deed) == owner
        if is_own or deed.files & files:
            places.add(place)
            places |= {left.pop(file) for file in deed.files - files if file in left}
            files |= deed.files
        left.update(dict.fromkeys(deed.files, place))
    return places, files
