"""Which files of a folder have no entry yet: by the file itself, and by its bytes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.catalog.finding import Note
from reconciler.catalog.problems import listed
from reconciler.catalog.sources import Seen
from reconciler.core.model import DesiredState, Entry, Key, Presence, SourceKind

_HERE = (Presence.HERE, Presence.POINTER)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A file without an entry."""

    path: str
    """Relative to the folder that is scanned."""
    seen: Seen


class Newcomers:
    """Takes in one file after the other."""

    def __init__(self, desired: DesiredState, folder: str) -> None:
        """`folder`: the one that is scanned."""
        audio = [entry for entry in desired.entries.values() if _is_audio(entry)]
        self._folder = os.path.realpath(folder)
        self._by_file = dict(_files(audio))
        self._by_bytes: dict[str, str] = {}
        self._gone: dict[str, list[Key]] = {}
        for entry in audio:
            source = entry.source
            if source is not None and source.sha256 is not None:
                if source.presence in _HERE:
                    self._by_bytes.setdefault(source.sha256, f"the source of {entry.key}")
                else:
                    self._gone.setdefault(source.sha256, []).append(entry.key)
        self.new: list[Newcomer] = []
        self.there = 0
        self.notes: list[Note] = []

    def take(self, path: str, seen: Seen | None) -> None:
        """Take in a file by what was seen of it; None for nothing."""
        if seen is None:
            self._leave_out(path, "is not there any more, or a link to nothing")
        elif seen.complaint:
            self._leave_out(path, f"cannot be a source: it {seen.complaint}")
        elif not self._is(path, seen):
            self._leave_out(path, "is behind a file of the same path in the catalogue's folder")
        elif seen.path in self._by_file or os.path.realpath(seen.path) in self._by_file:
            self.there += 1
        elif (sha256 := seen.sha256 or "") in self._gone:
            self._leave_out(
                path,
                f"looks like {listed(self._gone[sha256])}, whose source is not there any more: "
                "if it was renamed, write its new path there",
            )
        else:
            self._welcome(path, seen, sha256)

    def _welcome(self, path: str, seen: Seen, sha256: str) -> None:
        same = self._by_bytes.setdefault(sha256, path)
        if same != path:
            self.notes.append(Note(path, f"has the same bytes as {same}"))
        if seen.presence is Presence.POINTER:
            what = "is a Git LFS pointer, so its tags are not known: git lfs pull fetches the file"
            self.notes.append(Note(path, what))
        if seen.remark:
            self.notes.append(Note(path, seen.remark))
        self.new.append(Newcomer(path, seen))

    def _is(self, path: str, seen: Seen) -> bool:
        """Whether what was seen is this file, and no other that is looked for first."""
        folder, _, name = f"{self._folder}/{path}".rpartition("/")
        return seen.path == f"{os.path.realpath(folder)}/{name}"

    def _leave_out(self, path: str, why: str) -> None:
        self.notes.append(Note(path, why, left_out=True))


def _is_audio(entry: Entry) -> bool:
    return entry.source is not None and entry.source.kind is SourceKind.AUDIO


def _files(entries: Iterable[Entry]) -> Iterable[tuple[str, Key]]:
    """The files that are sources, by each of their paths."""
    for entry in entries:
        if entry.source is not None and entry.source.presence in _HERE:
            location = entry.source.location
            yield location, entry.key
            if Path(location).is_symlink():  # its folders are real already
                yield os.path.realpath(location), entry.key
