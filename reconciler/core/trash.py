"""What lies in a trash, and what of it comes back.

A file in a trash is nobody's, whatever is on its mark, until an entry that has no other wants it
again. What can come back to an entry: a file that carries a mark of ours or none, is in the region
of the entry's bucket, is not broken, and is not made from something else than the entry's source.
Of several, the one that comes back is the first by

1. the entry's own `acr_id`,
2. the very digest of its source, before none at all,
3. ready, before pending,
4. the highest id: what was made last.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from reconciler.core.marks import Another, Owned, owner, source_digest
from reconciler.core.model import (
    DesiredState,
    Entry,
    File,
    FileId,
    FileState,
    Key,
    LiveState,
    Opaque,
)


def together(live: LiveState, one: str, other: str) -> bool:
    """Whether a move goes from one bucket to the other."""
    return one == other or live.buckets[one].region == live.buckets[other].region


def stuck(desired: DesiredState, live: LiveState) -> Mapping[str, str]:
    """By each bucket whose trash no move reaches, what to say of a file that would go there."""
    return {
        name: f"it would go to the trash {bucket.trash}, which is in another region than {name}, "
        f"and no move goes there: give {name} a trash in its own region, or none"
        for name, bucket in desired.buckets.items()
        if bucket.trash is not None and not together(live, name, bucket.trash)
    }


class Trash:
    """The files that lie in any trash of the catalogue, while entries take from it."""

    def __init__(self, desired: DesiredState, live: LiveState) -> None:
        """Everything that lies there."""
        self._desired = desired
        self._live = live
        self._key_of: dict[FileId, Key | None] = {}
        self._files: dict[FileId, File] = {}
        self._by_key: dict[Key, list[File]] = defaultdict(list)
        self._by_digest: dict[str, list[File]] = defaultdict(list)
        self._by_acr_id: dict[str, list[File]] = defaultdict(list)
        for name in sorted(desired.trashes & live.buckets.keys()):
            for file in live.buckets[name].files:
                self._put(file)

    @property
    def left(self) -> Sequence[tuple[Key | None, File]]:
        """What nobody took, by id, each with the key on its mark."""
        return [(self._key_of[file_id], self._files[file_id]) for file_id in sorted(self._files)]

    def of_key(self, entry: Entry, key: Key) -> File | None:
        """What comes back to the entry, which has or had this key."""
        return self._best(entry, self._by_key.get(key, ()))

    def instead(self, entry: Entry, files: Sequence[File]) -> File | None:
        """What comes back although the entry has files: it alone is made from the entry's source,
        each of them from something else, and it is ready."""
        wanted = None if entry.source is None else entry.source.digest
        identity = self._desired.identity
        if wanted is None or entry.key not in self._by_key:
            return None
        if any(source_digest(file, identity) in (None, wanted) for file in files):
            return None
        exact = [
            file
            for file in self._by_key[entry.key]
            if source_digest(file, identity) == wanted and file.state is FileState.READY
        ]
        return self._best(entry, exact)

    def of_acr_id(self, acr_id: str) -> Sequence[File]:
        """The files with this acr_id, by id."""
        files = [file for file in self._by_acr_id.get(acr_id, ()) if file.id in self._files]
        return sorted(files, key=lambda file: file.id)

    def orphan(self, entry: Entry, spoken_for: AbstractSet[Key | None]) -> File | None:
        """The only file that is made from the entry's source, where its key is nobody's."""
        digest = None if entry.source is None else entry.source.digest
        files = [f for f in self._by_digest.get(digest or "", ()) if f.id in self._files]
        if len(files) != 1 or self._key_of[files[0].id] in spoken_for:
            return None
        return self._best(entry, files)

    def can_come_back(self, entry: Entry, file: File) -> bool:
        """Whether a move brings the file to where the entry wants it, and it is what it wants."""
        wanted = None if entry.source is None else entry.source.digest
        digest = source_digest(file, self._desired.identity)
        return (
            not isinstance(file.user_defined, Opaque)
            and not isinstance(owner(file, self._desired), Another)
            and file.state is not FileState.BROKEN
            and together(self._live, file.bucket, entry.bucket)
            and (digest is None or wanted is None or digest == wanted)
        )

    def take(self, file: File) -> None:
        """It is somebody's again."""
        del self._files[file.id]

    def _put(self, file: File) -> None:
        whose = owner(file, self._desired)
        self._files[file.id] = file
        self._by_acr_id[file.acr_id].append(file)
        self._key_of[file.id] = whose.key if isinstance(whose, Owned) else None
        if isinstance(whose, Owned):
            self._by_key[whose.key].append(file)
            digest = source_digest(file, self._desired.identity)
            if digest is not None:
                self._by_digest[digest].append(file)

    def _best(self, entry: Entry, files: Sequence[File]) -> File | None:
        fitting = [f for f in files if f.id in self._files and self.can_come_back(entry, f)]
        return min(fitting, key=lambda file: self._rank(entry, file), default=None)

    def _rank(self, entry: Entry, file: File) -> tuple[bool, bool, bool, int]:
        wanted = None if entry.source is None else entry.source.digest
        return (
            file.acr_id != entry.acr_id,
            wanted is not None and source_digest(file, self._desired.identity) != wanted,
            file.state is not FileState.READY,
            -file.id,
        )
