"""What a file's content is, and what an entry's should be, in terms that can be compared.

Ignored keys are other people's: they are in no content, and `ignored` hands them over as they
are, for the moment a change is sent. Keys that the catalogue does not manage are in both
contents, so that sending the whole object leaves them as they were.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import NamedTuple

from reconciler.core.marks import mark_fields, mark_of, source_digest
from reconciler.core.model import (
    DesiredState,
    Entry,
    File,
    Json,
    Mode,
    Opaque,
    UserDefined,
)
from reconciler.core.normal import canonical


@dataclass(frozen=True, slots=True)
class Content:
    """What a change sets: a title, and `user_defined` with its mark and without ignored keys."""

    title: str
    user_defined: UserDefined


class Held(NamedTuple):
    """A value that is there: null is one, too."""

    value: Json


class Contents:
    """The contents of files and entries under one catalogue's rules."""

    def __init__(self, desired: DesiredState) -> None:
        """Read the rules once: they are asked for every file."""
        self._desired = desired
        self._marks = mark_fields(desired.identity)
        globs = desired.rules.ignore
        self._matches = re.compile("|".join(map(translate, globs)) if globs else r"(?!)").match
        self._known: dict[str, bool] = {}

    def of(self, file: File) -> Content:
        """What the file has, without ignored keys. An opaque file has a title only."""
        if isinstance(file.user_defined, Opaque):
            return Content(file.title, {})
        is_ignored = self.is_ignored
        visible = {key: item for key, item in file.user_defined.items() if not is_ignored(key)}
        return Content(file.title, visible)

    def wanted(self, entry: Entry, *, over: File | None, anew: bool = False) -> Content:
        """What the entry's file should have; `over`: the file whose unmanaged keys stay.

        `anew`: they go on in a new file, which is not made from what `over` was made from.
        """
        managed: dict[str, Json] = {}
        digest = None if entry.source is None else entry.source.digest
        if over is not None:
            if entry.user_defined is None or self._desired.rules.mode is Mode.MERGE:
                kept = self.of(over).user_defined
                managed = {key: item for key, item in kept.items() if key not in self._marks}
            if not anew:
                digest = digest or source_digest(over, self._desired.identity)
        managed.update(entry.user_defined or {})
        managed.update(mark_of(entry, self._desired, digest=digest))
        return Content(entry.title, managed)

    def agree(self, entry: Entry, file: File) -> bool:
        """Whether the file has just what the entry says, and nothing beside it: neither ignored
        nor unmanaged keys. Nearly every file has. Then both contents are the same, and neither
        needs to be made; where not, nothing is known."""
        if file.title != entry.title or isinstance(file.user_defined, Opaque):
            return False
        digest = None if entry.source is None else entry.source.digest
        digest = digest or source_digest(file, self._desired.identity)
        wanted = {**(entry.user_defined or {}), **mark_of(entry, self._desired, digest=digest)}
        return canonical(file.user_defined) == canonical(wanted)

    def ignored(self, file: File) -> UserDefined:
        """The ignored keys of a file, as they are."""
        if isinstance(file.user_defined, Opaque):
            return {}
        return {key: item for key, item in file.user_defined.items() if self.is_ignored(key)}

    def is_ignored(self, key: str) -> bool:
        """Whether a `user_defined` key is another's to write. A mark's field never is."""
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = key not in self._marks and self._matches(key) is not None
        return answer

    def is_mark(self, field: str) -> bool:
        """Whether a differing field, named as in `fields`, is the mark's."""
        return field.removeprefix("user_defined.") in self._marks

    def without_marks(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the names that are not a mark's field."""
        return tuple(name for name in names if name not in self._marks)
