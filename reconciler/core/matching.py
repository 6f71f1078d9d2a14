"""Which file is which entry's. Five steps, each over all of the catalogue's buckets; a trash is
looked into only by an entry that the buckets outside have nothing for.

1. The mark: owned files whose key is the entry's; where there is none, those of the first of
   its `was` that has some.
2. `acr_id`, while no file carries the entry's mark.
3. The source: an orphan that would be deleted, whose source digest is that of exactly one entry
   still without a file, and it alone. The entry was renamed.
4. `adopt: title`: exactly one unmarked file of that title in the entry's bucket, and exactly one
   such entry still without a file.
5. Otherwise the entry is missing.

A file belongs to at most one entry. A file that another catalogue owns belongs to none.
An entry that says absent has every file of its mark, of all of its `was`, and of its `acr_id`.

What lies in a trash (which of it can come back, and of several which: see `trash`):

| the files outside                        | what comes back, in the place of the step        |
|------------------------------------------|--------------------------------------------------|
| with the entry's mark, one of them made  | nothing                                          |
| from its source, or saying nothing of it |                                                  |
| with the entry's mark, all of them made  | 1. a ready one with its mark, made from its      |
| from something else                      |    source: beside them, as the one to be kept    |
| of one of its `was`, or of its `acr_id`  | nothing                                          |
| none                                     | 2. one with its mark, else of the first of its   |
|                                          |    `was`; else the one of its `acr_id`           |
| none, nor one by its source              | 3. the one that is made from its source, where   |
|                                          |    no entry has or had its key                   |
| none                                     | 4. never one by its title                        |

For an entry that says absent, a file in a trash is absent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from reconciler.core.marks import Another, Owned, Unmarked, owner, source_digest
from reconciler.core.model import (
    AbsentEntry,
    Adopt,
    DesiredState,
    Entry,
    File,
    FileId,
    Key,
    LiveState,
    MarkFormat,
    Opaque,
    Prune,
)
from reconciler.core.trash import Trash


class Found(StrEnum):
    """By which step an entry found its file."""

    MARK = "its mark"
    WAS = "the mark of a key that it had"
    PIN = "its acr_id"
    SOURCE = "its source: the entry was renamed"
    TITLE = "its title"


@dataclass(frozen=True, slots=True)
class Unfound:
    """An entry that finds no file and must not have one made. `why` says what to do."""

    key: Key
    why: str
    candidates: tuple[FileId, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """Every live file in exactly one place, and every entry in at most one. Of the candidates of
    what is unfound, those in a trash are nowhere else."""

    matched: Mapping[Key, tuple[Found, tuple[File, ...]]]
    """Each entry's files by id. More than one only where the same mark is on several."""
    unwanted: Mapping[Key, tuple[Found, tuple[File, ...]]]
    """The same for entries that must be absent: every file that any of the steps finds."""
    missing: tuple[Key, ...]
    unfound: tuple[Unfound, ...]
    orphans: tuple[tuple[Key, File], ...]
    """Owned files that no entry has, with the key on their mark."""
    foreign: tuple[tuple[File, Unmarked | Another], ...]
    owned: int
    """How many files outside a trash carry this catalogue's mark."""
    trashed: tuple[tuple[Key | None, File], ...] = ()
    """What lies in a trash and is nobody's, with the key on its mark, by id."""


def match(desired: DesiredState, live: LiveState) -> Matching:
    """Give each entry its files."""
    return _Matcher(desired, live).match()


class _Matcher:
    """What is still to be had, while the steps take from it in turn."""

    def __init__(self, desired: DesiredState, live: LiveState) -> None:
        self._desired = desired
        self._every_entry: Mapping[Key, Entry | AbsentEntry] = {**desired.entries, **desired.absent}
        with_name = desired.identity.format is MarkFormat.CATALOG_KEY
        self._start = f"{desired.catalog}/" if with_name else ""
        self._owned: dict[Key, list[File]] = defaultdict(list)
        self._foreign: dict[FileId, tuple[File, Unmarked | Another]] = {}
        self._matched: dict[Key, tuple[Found, tuple[File, ...]]] = {}
        self._unfound: dict[Key, Unfound] = {}
        self._trash = Trash(desired, live)
        trashes = desired.trashes
        for name, bucket in live.buckets.items():
            for file in () if name in trashes else bucket.files:
                if (key := self._key_at_a_glance(file)) is not None:
                    self._owned[key].append(file)
                elif isinstance(whose := owner(file, desired), Owned):
                    self._owned[whose.key].append(file)
                else:
                    self._foreign[file.id] = (file, whose)
        self._owned_count = sum(len(files) for files in self._owned.values())

    def _key_at_a_glance(self, file: File) -> Key | None:
        """The key on the mark of nearly every file: with this catalogue's name, and an entry's. It
        says what `owner` says, in fewer steps."""
        if isinstance(file.user_defined, Opaque):
            return None
        mark = file.user_defined.get(self._desired.identity.field)
        if not isinstance(mark, str) or not mark.startswith(self._start):
            return None
        entry = self._every_entry.get(Key(mark[len(self._start) :]))
        return None if entry is None else entry.key

    def match(self) -> Matching:
        for step in (
            *(self._by_mark, self._by_was, self._by_pin, self._by_trash),
            *(self._by_source, self._by_source_in_trash, self._by_title),
        ):
            step()
        missing = tuple(sorted(entry.key for entry in self._without_file()))
        absent = self._desired.absent
        unwanted = {key: self._matched.pop(key) for key in absent if key in self._matched}
        return Matching(
            matched=self._matched,
            unwanted=unwanted,
            missing=missing,
            unfound=tuple(self._unfound[key] for key in sorted(self._unfound)),
            orphans=tuple(
                sorted(
                    ((key, file) for key, files in self._owned.items() for file in files),
                    key=lambda orphan: (orphan[0], orphan[1].id),
                )
            ),
            foreign=tuple(self._foreign[file_id] for file_id in sorted(self._foreign)),
            owned=self._owned_count,
            trashed=tuple(self._trash.left),
        )

    def _by_mark(self) -> None:
        owned, matched = self._owned, self._matched
        for key in self._every_entry:
            if key in owned:
                files = owned.pop(key)
                files.sort(key=_by_id)
                matched[key] = (Found.MARK, tuple(files))
        if not self._desired.trashes:
            return
        for key, entry in self._desired.entries.items():
            _, files_outside = matched.get(key, (None, ()))
            back = self._trash.instead(entry, files_outside) if files_outside else None
            if back is not None:
                self._take_back(key, Found.MARK, back)

    def _by_was(self) -> None:
        for key, entry in self._every_entry.items():
            for was in entry.was:
                if was in self._owned and self._seeks(entry):
                    self._take(key, Found.WAS, *self._owned.pop(was))

    def _by_pin(self) -> None:
        pinned = {
            entry.acr_id: entry
            for entry in self._every_entry.values()
            if entry.acr_id is not None and self._seeks(entry)
        }
        if not pinned:
            return
        holders: dict[str, list[File]] = defaultdict(list)
        for file in self._every_file():
            if file.acr_id in pinned:
                holders[file.acr_id].append(file)
        for acr_id, entry in pinned.items():
            if holders[acr_id]:
                self._take_pinned(entry, holders[acr_id])

    def _take_pinned(self, entry: Entry | AbsentEntry, pinned: list[File]) -> None:
        _, own = self._matched.get(entry.key, (None, ()))
        files = [file for file in pinned if file not in own]
        if not files:
            return
        if len(files) > 1:
            ids = tuple(sorted(file.id for file in files))
            self._leave(entry.key, f"several files have the acr_id {entry.acr_id}", ids)
            return
        file = files[0]
        match whose := owner(file, self._desired):
            case Another(mark):
                self._leave(
                    entry.key,
                    f"the file pinned by acr_id is another catalogue's: {mark}",
                    (file.id,),
                )
            case Owned(key) if key not in self._owned:
                self._leave(
                    entry.key, f"the file pinned by acr_id is that of the entry {key}", (file.id,)
                )
            case Owned(key):
                self._owned[key].remove(file)
                if not self._owned[key]:
                    del self._owned[key]
                self._take(entry.key, Found.PIN, file)
            case Unmarked():
                self._take_foreign(entry.key, file, Found.PIN)
            case _:
                assert_never(whose)

    def _by_trash(self) -> None:
        """An entry for which there is nothing outside has what was thrown away of it."""
        for entry in self._without_file():
            keys = (entry.key, *entry.was)
            backs = (self._trash.of_key(entry, key) for key in keys)
            found = ((key, back) for key, back in zip(keys, backs, strict=True) if back is not None)
            key, back = next(found, (entry.key, None))
            if back is not None:
                self._take_back(entry.key, Found.MARK if key == entry.key else Found.WAS, back)
        for entry in self._without_file():
            if entry.acr_id is not None:
                self._pinned_in_trash(entry, entry.acr_id)

    def _pinned_in_trash(self, entry: Entry, acr_id: str) -> None:
        thrown = self._trash.of_acr_id(acr_id)
        if not thrown:
            self._leave(entry.key, f"no file of the catalogue's buckets has the acr_id {acr_id}")
        elif len(thrown) == 1 and self._trash.can_come_back(entry, thrown[0]):
            self._take_back(entry.key, Found.PIN, thrown[0])
        else:
            why = (
                f"what has the acr_id {acr_id} lies in the trash {thrown[0].bucket}, and cannot "
                "come back to this entry: take the acr_id away, or move the file in the console"
            )
            self._leave(entry.key, why, tuple(file.id for file in thrown))
            # One of them may be the entry's: nothing is done about them.
            for file in thrown:
                self._trash.take(file)

    def _by_source(self) -> None:
        """A renamed entry keeps its file: nothing is uploaded for a new name."""
        identity, buckets = self._desired.identity, self._desired.buckets
        held = {was for entry in self._every_entry.values() for was in entry.was}
        orphans: dict[str, list[tuple[Key, File]]] = defaultdict(list)
        for key, files in self._owned.items():
            for file in files:
                digest = source_digest(file, identity)
                if digest and key not in held and buckets[file.bucket].prune is not Prune.NONE:
                    orphans[digest].append((key, file))
        wanting: dict[str, list[Key]] = defaultdict(list)
        for entry in self._without_file():
            if entry.source is not None and entry.source.digest is not None:
                wanting[entry.source.digest].append(entry.key)
        for digest, keys in wanting.items():
            if len(keys) == 1 and len(orphans[digest]) == 1:
                former, file = orphans[digest][0]
                self._owned[former].remove(file)
                if not self._owned[former]:
                    del self._owned[former]
                self._take(keys[0], Found.SOURCE, file)

    def _by_source_in_trash(self) -> None:
        """A new name for what was thrown away: it comes back, and nothing is uploaded."""
        if not self._desired.trashes:
            return
        former = (was for entry in self._every_entry.values() for was in entry.was)
        spoken_for: set[Key | None] = {*self._every_entry, *former}
        wanting: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._without_file():
            if entry.source is not None and entry.source.digest is not None:
                wanting[entry.source.digest].append(entry)
        for entries in wanting.values():
            back = self._trash.orphan(entries[0], spoken_for) if len(entries) == 1 else None
            if back is not None:
                self._take_back(entries[0].key, Found.SOURCE, back)

    def _by_title(self) -> None:
        if self._desired.identity.adopt is not Adopt.TITLE:
            return
        unmarked: dict[tuple[str, str], list[File]] = defaultdict(list)
        for file, whose in self._foreign.values():
            if isinstance(whose, Unmarked) and not isinstance(file.user_defined, Opaque):
                unmarked[file.bucket, file.title].append(file)
        wanting: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for entry in self._without_file():
            wanting[entry.bucket, entry.title].append(entry.key)
        for where, keys in wanting.items():
            files = unmarked[where]
            if len(keys) == 1 and len(files) == 1:
                self._take_foreign(keys[0], files[0], Found.TITLE)
            elif files:
                ids = tuple(sorted(file.id for file in files))
                for key in keys:
                    self._leave(
                        key,
                        f"{len(files)} unmarked file(s) and {len(keys)} entries have the title "
                        f"{where[1]!r}: pin the right file by its acr_id",
                        ids,
                    )

    def _every_file(self) -> Iterable[File]:
        for _, files in self._matched.values():
            yield from files
        for owned in self._owned.values():
            yield from owned
        for file, _ in self._foreign.values():
            yield file

    def _without_file(self) -> list[Entry]:
        return [
            entry
            for key, entry in self._desired.entries.items()
            if key not in self._matched and key not in self._unfound
        ]

    def _seeks(self, entry: Entry | AbsentEntry) -> bool:
        return isinstance(entry, AbsentEntry) or entry.key not in self._matched

    def _take_back(self, key: Key, found: Found, file: File) -> None:
        self._trash.take(file)
        self._take(key, found, file)

    def _take_foreign(self, key: Key, file: File, found: Found) -> None:
        del self._foreign[file.id]
        self._take(key, found, file)

    def _take(self, key: Key, found: Found, *files: File) -> None:
        first, taken = self._matched.get(key, (found, ()))
        self._matched[key] = (first, tuple(sorted((*taken, *files), key=_by_id)))

    def _leave(self, key: Key, why: str, candidates: tuple[FileId, ...] = ()) -> None:
        self._unfound[key] = Unfound(key, why, candidates)


def _by_id(file: File) -> FileId:
    return file.id
