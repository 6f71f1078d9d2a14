"""What became, since a run, of the files that it left; and who changed them, as far as is known."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from reconciler.core.content import Content, Contents
from reconciler.core.marks import Another, Owned, Unmarked, owner, source_digest
from reconciler.core.model import DesiredState, File, FileId, Json, Key, LiveState, Opaque
from reconciler.core.normal import same
from reconciler.core.plan import Create, Delete, Move, Update, removes
from reconciler.core.revert.images import Deed, Image, Past

_MOST_NAMED = 10


class Since:
    """The files as they are now, beside what the ledger says of the time after the run."""

    def __init__(self, desired: DesiredState, live: LiveState, past: Past) -> None:
        """Look at every file once: each key asks for its own."""
        self._desired = desired
        self._contents = Contents(desired)
        self._past = past
        self._files: dict[FileId, File] = {}
        self._by_acr_id: dict[str, list[File]] = defaultdict(list)
        self._by_key: dict[Key, list[File]] = defaultdict(list)
        for bucket in live.buckets.values():
            for file in bucket.files:
                self._files[file.id] = file
                self._by_acr_id[file.acr_id].append(file)
                if isinstance(whose := owner(file, desired), Owned):
                    self._by_key[whose.key].append(file)
        self._trashes = desired.trashes

    def images(self) -> Iterable[Image]:
        """What the run did. Of what is not known to have been done, what shows in its file."""
        for image in self._past.images:
            if image.is_sure:
                yield image
            elif isinstance(image.change, Create):
                made = self._made_by(image.change)
                if made is not None:
                    yield replace(image, file_id=made.id, acr_id=made.acr_id)
            elif self._shows(image.change):
                yield image

    def carriers(self, key: Key) -> Sequence[File]:
        """The files that carry the key's mark, and lie in no trash."""
        return [file for file in self._by_key.get(key, ()) if file.bucket not in self._trashes]

    def thrown_away(self, key: Key) -> Sequence[File]:
        """The files that carry the key's mark, and lie in a trash."""
        return [file for file in self._by_key.get(key, ()) if file.bucket in self._trashes]

    def of_no_key(self, digest: str | None, keys: Iterable[Key]) -> Sequence[FileId]:
        """The files of ours that are of none of these keys, and are made from what has this
        digest."""
        known = set(keys)
        return [
            file.id
            for key, files in sorted(self._by_key.items())
            if key not in known
            for file in files
            if source_digest(file, self._desired.identity) == digest
        ]

    def file_of(self, deed: Deed) -> File | str:
        """The file that the run left, where that is still the key's, and its only one; else what
        became of it."""
        file = self._left_by(deed)
        if file is None:
            return self._gone(deed)
        if isinstance(file.user_defined, Opaque):
            return "its user_defined cannot be read as an object now"
        match whose := owner(file, self._desired):
            case Owned(key):
                if key != deed.key:
                    return f"its file carries the mark of the entry {key} now"
            case Another():
                return "its file is now another catalogue's"
            case Unmarked():
                return "its file no longer carries its mark"
            case _:
                assert_never(whose)
        carriers = {each.id for each in self.carriers(deed.key)} | {file.id}
        if len(carriers) > 1:
            ids = ", ".join(map(str, sorted(carriers)[:_MOST_NAMED]))
            return f"{len(carriers)} files carry its mark now ({ids}): see to that first"
        return file

    def who_set(self, deed: Deed, value_of: Callable[[Content], Json], now: Json) -> str:
        """Who gave the file a value that it has now."""

        def sets(image: Image) -> bool:
            match image.change:
                case Create(after=after) | Update(after=after):
                    return same(value_of(after), now, self._desired.rules.compare)
                case Move() | Delete():
                    return False
                case _:
                    assert_never(image.change)

        return _said(self._last(deed, sets))

    def who_moved(self, deed: Deed, bucket_id: int) -> str:
        """Who brought the file into a bucket."""

        def moves(image: Image) -> bool:
            return isinstance(image.change, Move) and image.change.bucket_id == bucket_id

        return _said(self._last(deed, moves))

    def _gone(self, deed: Deed) -> str:
        def deletes(image: Image) -> bool:
            return removes(image.change) and image.change.file_id == deed.file_id

        there = self.carriers(deed.key)
        now = f"; file {there[0].id} carries its mark now" if there else ""
        by = _said(self._last(deed, deletes))
        return f"its file is no longer there{now}: deleted, or taken out of reach, {by}"

    def _last(self, deed: Deed, does: Callable[[Image], bool]) -> Image | None:
        """The last change after the run, of this key or file, that did something."""
        of_it = (
            image
            for image in reversed(self._past.later)
            if image.seq > deed.seq
            and (image.change.key == deed.key or image.file_id == deed.file_id)
        )
        return next((image for image in of_it if does(image)), None)

    def _left_by(self, deed: Deed) -> File | None:
        """By its id; where a move gave it another, by its acr_id, if one file alone has that."""
        if deed.file_id is not None and deed.file_id in self._files:
            return self._files[deed.file_id]
        alike = self._by_acr_id.get(deed.acr_id, []) if deed.acr_id else []
        return alike[0] if len(alike) == 1 else None

    # Of a change of which the ledger does not say how it ended.

    def _shows(self, change: Move | Update | Delete) -> bool:
        """Whether what is live now is what it would have left."""
        file = self._files.get(change.file_id)
        match change:
            case Move():
                buckets = self._desired.buckets
                return file is not None and buckets[file.bucket].id == change.bucket_id
            case Update():
                return file is not None and self._is(file, change.after)
            case Delete():
                return file is None and not any(
                    isinstance(image.change, Delete) and image.change.file_id == change.file_id
                    for image in self._past.later
                )
            case _:
                assert_never(change)

    def _made_by(self, create: Create) -> File | None:
        """The file of such a create, where it alone can have made it."""
        if any(
            isinstance(image.change, Create) and image.change.key == create.key
            for image in self._past.later
        ):
            return None
        identity = self._desired.identity
        made = [
            file
            for file in self.carriers(create.key)
            if file.id != create.replaces and source_digest(file, identity) == create.source.digest
        ]
        return made[0] if len(made) == 1 else None

    def _is(self, file: File, content: Content) -> bool:
        if isinstance(file.user_defined, Opaque):
            return False
        now, compare = self._contents.of(file), self._desired.rules.compare
        return now.title == content.title and same(now.user_defined, content.user_defined, compare)


def _said(image: Image | None) -> str:
    if image is None:
        return "by hand, or by what is not on this ledger"
    run = image.by
    commit = None if run.commit is None else f"commit {run.commit[:12]}"
    return f"by run {run.id} ({', '.join(filter(None, (run.actor, run.at, commit)))})"
