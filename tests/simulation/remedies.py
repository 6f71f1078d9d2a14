"""What may stop a run before it sends anything, and what people do about it then.

By the truth and the catalogue alone: what a guardrail says must be among `reasons`, and once
`mend` is done none says anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation.edits import Edit, edit_catalogue
from tests.simulation.witness import Witness, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.witness import File
    from tests.simulation.world import Wanted, World

MOST_DELETES = 2
"""The catalogue's `max_deletes`."""


def reasons(world: World, witness: Witness) -> set[tuple[str, str | None]]:
    """All that a guardrail may say, by rule and key."""
    found: set[tuple[str, str | None]] = {("unresolved", key) for key in witness.helpless()}
    for key, entry in world.entries.items():
        if not _can_be_told_apart(entry, witness.files_of(key)):
            found.add(("unresolved", key))
        if witness.twins_of(key, entry):
            found.add(("twin", key))
    leftovers = witness.leftovers()
    if len(leftovers) > MOST_DELETES:
        found.add(("delete", None))
    for file in leftovers:
        if file["user_defined"].get("catalog_protect") is not None:
            found.add(("protected", key_of(file)))
        if not world.entries:
            found.add(("empty", None))
    return found


def mend(world: World, witness: Witness) -> None:
    """Take away every reason, as people would."""
    if not world.entries:
        edit_catalogue(world, Edit("add", 0, 0))
    for key in witness.helpless():
        world.entries[key] = replace(world.entries[key], source="0")
    for key, entry in world.entries.items():
        files = sorted(witness.files_of(key), key=lambda file: (file["state"] != 1, file["id"]))
        if not _can_be_told_apart(entry, files):
            world.sandbox.delete(*(file["id"] for file in files[1:]))
        world.sandbox.delete(*(file["id"] for file in witness.twins_of(key, entry)))
    for number, file in enumerate(witness.leftovers()):
        values = dict(file["user_defined"])
        if values.pop("catalog_protect", None) is not None:
            world.sandbox.edit(file["id"], user_defined=values)
        if number >= MOST_DELETES:
            world.sandbox.delete(file["id"])


def _can_be_told_apart(entry: Wanted, files: Sequence[File]) -> bool:
    """One of an entry's files can be kept, and the others do without."""
    sources = {file["user_defined"].get("catalog_source") for file in files}
    is_one_ready = any(file["state"] == 1 for file in files)
    return len(files) < 2 or (
        is_one_ready and None not in sources and (entry.source is not None or len(sources) == 1)
    )
