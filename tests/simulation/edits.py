"""What people do to the catalogue and to the service, and what time does, as a machine can choose
it: each edit is a name and two numbers, of which the first says to what it is done, and the second
what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.simulation.witness import key_of
from tests.simulation.world import BIN, BUCKETS, CATALOG, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulation.witness import File
    from tests.simulation.world import World

KEYS = ("a", "b", "c", "d", "e")
_PLACES = tuple(BUCKETS)
_VALUES: Sequence[Mapping[str, Any]] = ({}, {"artist": "Acme"}, {"artist": "Acme", "year": "1979"})


@dataclass(frozen=True)
class Edit:
    """One edit. In a world that it cannot be made in it does nothing."""

    name: str
    which: int
    what: int


# Time.


def let_time_pass(world: World, edit: Edit) -> bool:
    """It passes for all; or the product's wall clock alone jumps."""
    if edit.name == "time passes":
        world.clock.sleep((1.0, 6.0, 60.0, 3600.0)[edit.what % 4])
    else:
        sign = -1 if edit.name == "the clock goes back" else 1
        world.clock.ahead += sign * (90.0, 86400.0)[edit.what % 2]
    return True


TIME = ("time passes", "the clock goes back", "the clock goes forward")


def title_of(key: str, what: int) -> str:
    """One of the two titles that a key's file may have."""
    return f"Title {key} {what % 2}"


# The catalogue.


def edit_catalogue(world: World, edit: Edit) -> bool:
    """Whether there was anything to edit."""
    entries = world.entries
    if edit.name == "add":
        return _add(world, edit)
    if not entries:
        return False
    key = list(entries)[edit.which % len(entries)]
    if edit.name == "rename":
        return _rename(world, key, edit)
    if edit.name in ("remove", "absent"):
        del entries[key]
        if edit.name == "absent":
            world.absent.add(key)
        return True
    entry = entries[key]
    entries[key] = {
        "retitle": replace(entry, title=title_of(key, edit.what)),
        "values": replace(entry, values=_VALUES[edit.what % len(_VALUES)]),
        "source": replace(entry, source=str(edit.what % 10)),
        "move": replace(entry, bucket=_PLACES[edit.what % 2]),
        "protect": replace(entry, protect=not entry.protect),
    }[edit.name]
    return entries[key] != entry


CATALOGUE = ("add", "remove", "retitle", "values", "source", "move", "rename", "absent", "protect")


def _add(world: World, edit: Edit) -> bool:
    free = [key for key in KEYS if key not in world.entries]
    if not free:
        return False
    key = free[edit.which % len(free)]
    _takes(world, key)
    world.entries[key] = Wanted(
        title_of(key, edit.what),
        _PLACES[edit.what // 2 % 2],
        None if edit.what % 5 == 4 else str(edit.what % 10),
        _VALUES[edit.what % len(_VALUES)],
    )
    return True


def _rename(world: World, key: str, edit: Edit) -> bool:
    free = [name for name in KEYS if name not in world.entries]
    if not free:
        return False
    name = free[edit.what % len(free)]
    entry = world.entries.pop(key)
    _takes(world, name)
    was = tuple(former for former in (key, *entry.was) if former != name)
    world.entries[name] = replace(entry, was=was)
    world.absent.discard(key)
    return True


def _takes(world: World, key: str) -> None:
    """A key that an entry has is nobody's former one, and not absent."""
    world.absent.discard(key)
    for name, entry in world.entries.items():
        world.entries[name] = replace(entry, was=tuple(was for was in entry.was if was != key))


# The service.


def _values(file: File, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A file's values with these; None takes one away."""
    values = {**file["user_defined"], **changes}
    return {name: value for name, value in values.items() if value is not None}


def _marked(what: int) -> dict[str, Any]:
    """Another mark: of any key, of nobody's, or of another catalogue."""
    names = [*(f"{CATALOG}/{key}" for key in KEYS), "others/a"]
    return {"catalog_key": names[what % len(names)]}


_UNMARKED = dict.fromkeys(("catalog_key", "catalog_source", "catalog_protect"))

_EDITS: Mapping[str, Callable[[File, int], dict[str, Any]]] = {
    "title by hand": lambda file, what: {"title": title_of(KEYS[what // 2 % len(KEYS)], what)},
    "values by hand": lambda file, what: {
        "user_defined": _values(file, {("artist", "mood")[what % 2]: f"by hand {what}"})
    },
    "played": lambda file, what: {"user_defined": _values(file, {"played_duration": what})},
    "unmark": lambda file, what: {"user_defined": _values(file, _UNMARKED)},
    "no digest": lambda file, what: {"user_defined": _values(file, {"catalog_source": None})},
    "mark": lambda file, what: {"user_defined": _values(file, _marked(what))},
    "move by hand": lambda file, what: {"bucket_id": BUCKETS[_PLACES[what % 2]]},
    "pending": lambda file, what: {"state": 0},
    "broken": lambda file, what: {"state": -1},
    "ready": lambda file, what: {"state": 1},
}

LIVE = (*_EDITS, "nothing ready", "delete", "copy", "foreign", "throw away")

MEANWHILE = (
    "title by hand",
    "values by hand",
    "played",
    "move by hand",
    "pending",
    "nothing ready",
    "delete",
    "copy",
    "foreign",
    "throw away",
)
"""Of these, what may happen while a run is under way."""


def edit_live(world: World, edit: Edit) -> bool:
    """Whether there was anything to edit."""
    if edit.name == "foreign":
        title = title_of(KEYS[edit.what % len(KEYS)], 0) if edit.which % 4 == 0 else "Somebody's"
        world.add(None, title, _PLACES[edit.what % 2])
        return True
    files = world.sandbox.files()
    # Most edits are of files that are ours.
    ours = [file for file in files if key_of(file) is not None]
    files = ours if ours and edit.which % 4 else files
    if not files:
        return False
    file = files[edit.which % len(files)]
    match edit.name:
        case "nothing ready":
            for each in files:
                world.sandbox.edit(each["id"], state=0)
        case "throw away":
            if not world.trash:
                return False
            world.sandbox.edit(file["id"], bucket_id=BIN)
        case "delete":
            world.sandbox.delete(file["id"])
        case "copy":
            copied = {name: file[name] for name in ("title", "user_defined", "state")}
            world.sandbox.add_file(BUCKETS[_PLACES[edit.what % 2]], **copied)
        case name:
            world.sandbox.edit(file["id"], **_EDITS[name](file, edit.what))
    return True
