"""What differs: desired state and live state in, facts out.

For an entry and its files (D is the digest of the entry's source; a file is *right* where it
carries D in the entry's region, or says nothing of its source and is assumed to be right):

| the entry's files                                  | facts                                       |
|----------------------------------------------------|---------------------------------------------|
| none                                               | missing, or unresolved without a source     |
| any that is opaque                                 | unresolved                                  |
| one, right, ready                                  | misplaced and drifted, as it is             |
| one, right, pending                                | pending, and as above                       |
| one, right, broken                                 | broken (outdated with `--retry-broken`)     |
| one, not right, pending                            | pending: nothing until it is ready          |
| one, not right, ready or broken                    | outdated                                    |
| several; the keeper is ready and right             | duplicate, all others; the keeper as above  |
| several; the keeper is ready, not right; beside it |                                             |
| ... a right one, pending (a replacement under way) | that one as above; nothing is deleted       |
| ... another one, pending                           | pending: nothing until it is ready          |
| ... a right one, broken                            | broken                                      |
| ... none of these                                  | outdated, with all of them                  |
| several, none ready; one pending, the rest broken  | the pending one as above; nothing is deleted|
| several, all broken                                | broken; outdated where none is right        |
| several that cannot be told apart safely           | unresolved                                  |

The keeper: ready before not ready, right digest, right bucket, lowest id. Files are deleted
beside a keeper only where each carries a source digest of its own, so that nothing is lost
that could not be named.

A file that is brought back from a trash (see `matching`) is one of the entry's files, and by what
comes back it is right. Where a file would go to a trash that no move reaches, since it is in
another region, it is unresolved instead: it is never deleted for good for that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from reconciler.core.content import Content, Contents
from reconciler.core.describe import differing_fields, removed_values
from reconciler.core.facts import (
    MOST_NAMED,
    Broken,
    Drifted,
    Duplicate,
    Fact,
    Foreign,
    Keeper,
    Misplaced,
    Missing,
    Orphaned,
    Outdated,
    Pending,
    Unresolved,
    Unwanted,
)
from reconciler.core.marks import Unmarked, source_digest
from reconciler.core.matching import Found, Matching, match
from reconciler.core.model import (
    DesiredState,
    Entry,
    File,
    FileId,
    FileState,
    Key,
    LiveState,
    Opaque,
    Prune,
)
from reconciler.core.normal import same
from reconciler.core.trash import stuck, together

_NOT_EACH_SAYS = "several files carry its mark, and not each says what it was made from"


@dataclass(frozen=True, slots=True)
class Differences:
    """Every fact, ordered, and the counts that limits and summaries are measured by."""

    facts: tuple[Fact, ...]
    matched: int
    """Entries that have a file."""
    owned: int
    """Files that carry this catalogue's mark."""
    unchanged: int
    """Entries about which there is no fact."""
    trashed: tuple[tuple[Key | None, File], ...] = ()
    """What lies in a trash and is nobody's, with the key on its mark, by id."""


def diff(desired: DesiredState, live: LiveState, *, retry_broken: bool = False) -> Differences:
    """All differences, the same whatever the order of entries, buckets, files or keys."""
    return _Diff(desired, live, retry_broken=retry_broken).differences()


class _Diff:
    def __init__(self, desired: DesiredState, live: LiveState, *, retry_broken: bool) -> None:
        self._desired = desired
        self._live = live
        self._retry_broken = retry_broken
        self._contents = Contents(desired)
        self._twins: Mapping[tuple[str, str], Sequence[FileId]] = {}
        self._trashes = desired.trashes
        self._stuck = stuck(desired, live)

    def differences(self) -> Differences:
        matching = match(self._desired, self._live)
        if matching.missing:
            self._twins = self._twins_of(matching)
        facts: list[Fact] = []
        unchanged = 0
        for key in sorted(matching.matched):
            found, files = matching.matched[key]
            entry = self._desired.entries[key]
            if len(files) == 1 and self._is_as_it_should_be(entry, files[0]):
                unchanged += 1
                continue
            of_entry = list(self._of_entry(entry, found, files))
            facts += of_entry
            unchanged += not of_entry
        facts += (self._missing(self._desired.entries[key]) for key in matching.missing)
        facts += self._unfound(matching)
        facts += self._unwanted(matching)
        facts += self._orphaned(matching)
        facts += self._foreign(matching)
        return Differences(
            facts=tuple(facts),
            matched=len(matching.matched),
            owned=matching.owned,
            unchanged=unchanged,
            trashed=matching.trashed,
        )

    # An entry and its files.

    def _is_as_it_should_be(self, entry: Entry, file: File) -> bool:
        """Seen at a glance, without asking what else might be: a large catalogue asks this of
        every file, and everything else of few."""
        is_settled = file.state is FileState.READY and file.bucket == entry.bucket
        return is_settled and self._contents.agree(entry, file)

    def _of_entry(self, entry: Entry, found: Found, files: Sequence[File]) -> Iterator[Fact]:
        if any(isinstance(file.user_defined, Opaque) for file in files):
            yield self._unresolved(entry, "its user_defined cannot be read as an object", files)
        elif len(files) == 1:
            yield from self._of_file(entry, found, files[0])
        else:
            yield from self._of_several(entry, found, files)

    def _of_file(self, entry: Entry, found: Found, file: File) -> Iterator[Fact]:
        right = self._is_right(entry, file)
        if file.state is FileState.BROKEN and right and not self._retries(entry):
            yield Broken(entry, file)
        elif file.state is FileState.BROKEN or (file.state is FileState.READY and not right):
            yield self._outdated(entry, file, ())
        elif right:
            if file.state is FileState.PENDING:
                yield Pending(entry, file)
            yield from self._of_right_file(entry, found, file)
        else:
            yield Pending(entry, file, waits="it is replaced once it is ready")

    def _of_right_file(self, entry: Entry, found: Found, file: File) -> Iterator[Fact]:
        before, wanted = self._contents.of(file), self._contents.wanted(entry, over=file)
        if file.bucket != entry.bucket:
            yield Misplaced(entry, file, before, in_trash=file.bucket in self._trashes)
        compare = self._desired.rules.compare
        if before.title == wanted.title and same(before.user_defined, wanted.user_defined, compare):
            return
        fields = differing_fields(before, wanted, compare)
        identity = self._desired.identity
        yield Drifted(
            entry,
            file,
            found,
            before,
            wanted,
            fields,
            marks_only=all(map(self._contents.is_mark, fields)),
            removed=self._removed(before, wanted),
            assumed=f"user_defined.{identity.source_field}" in fields
            and source_digest(file, identity) is None,
        )

    def _of_several(self, entry: Entry, found: Found, files: Sequence[File]) -> Iterator[Fact]:
        keeper = self._keeper(entry, files)
        others = [file for file in files if file is not keeper]
        right = self._is_right(entry, keeper)
        pending = [file for file in files if file.state is FileState.PENDING]
        if self._cannot_be_told_apart(entry, files):
            if pending:
                yield Pending(entry, pending[0], waits="whether it replaces another is not known")
            else:
                yield self._unresolved(
                    entry, "several files carry its mark, made from different sources", files
                )
        elif keeper.state is FileState.READY and right:
            yield from self._keep(entry, found, keeper, others)
        elif keeper.state is FileState.READY:
            yield from self._replaced_by(entry, found, keeper, others)
        elif len(pending) == 1:
            yield from self._of_file(entry, found, pending[0])
        elif pending:
            yield self._unresolved(entry, "several files carry its mark, and none is ready", files)
        elif right and not self._retries(entry):
            yield from (Broken(entry, file) for file in files)
        else:
            yield self._outdated(entry, keeper, others)

    def _keep(
        self, entry: Entry, found: Found, keeper: File, others: Sequence[File]
    ) -> Iterator[Fact]:
        """Of two runs on different machines, one may see a file pending that the other sees
        ready. Both must keep the same: so where one would be kept, were it ready, all waits."""
        if all(source_digest(file, self._desired.identity) for file in others):
            better = {file.id for file in others if self._is_better(entry, file, keeper)}
            for file in others:
                if file.id in better:
                    yield Pending(entry, file, waits=f"it or file {keeper.id} is a duplicate")
                elif file.bucket in self._stuck:
                    yield self._unresolved(entry, self._stuck[file.bucket], [file])
                else:
                    yield Duplicate(entry, file, self._kept(keeper))
            if not better:
                yield from self._of_right_file(entry, found, keeper)
        else:
            yield self._unresolved(entry, _NOT_EACH_SAYS, [keeper, *others])

    def _replaced_by(
        self, entry: Entry, found: Found, keeper: File, others: Sequence[File]
    ) -> Iterator[Fact]:
        """The ready file is not right: is what should replace it there already?"""
        pending = [file for file in others if file.state is FileState.PENDING]
        replacement = next((file for file in pending if self._is_right(entry, file)), None)
        broken = [file for file in others if file.state is FileState.BROKEN]
        failed = next((file for file in broken if self._is_right(entry, file)), None)
        if replacement is not None:
            yield Pending(entry, replacement, waits=f"file {keeper.id} is deleted once it is ready")
            yield from self._of_right_file(entry, found, replacement)
        elif pending:
            yield Pending(entry, pending[0], waits="it is replaced once it is ready")
        elif failed is not None and not self._retries(entry):
            yield Broken(entry, failed)
        else:
            yield self._outdated(entry, keeper, others)

    def _outdated(self, entry: Entry, file: File, others: Sequence[File]) -> Fact:
        if entry.source is None:
            why = "it would have to be uploaded anew, and has no source"
            return self._unresolved(entry, why, [file, *others])
        if not all(source_digest(other, self._desired.identity) for other in others):
            return self._unresolved(entry, _NOT_EACH_SAYS, [file, *others])
        for each in (file, *others):
            if each.bucket in self._stuck:
                return self._unresolved(entry, self._stuck[each.bucket], [each])
        before = self._contents.of(file)
        wanted = self._contents.wanted(entry, over=file, anew=True)
        if self._digest_differs(entry, file):
            why = "its source changed"
        elif file.state is FileState.BROKEN:
            why = "the service could not process it: uploaded again"
        else:
            why = "its bucket is in another region"
        removed = self._removed(before, wanted)
        return Outdated(entry, entry.source, file, tuple(others), before, wanted, removed, why)

    # The small questions.

    def _is_right(self, entry: Entry, file: File) -> bool:
        return self._in_region(entry, file) and not self._digest_differs(entry, file)

    def _digest_differs(self, entry: Entry, file: File) -> bool:
        live = source_digest(file, self._desired.identity)
        wanted = None if entry.source is None else entry.source.digest
        return live is not None and wanted is not None and live != wanted

    def _in_region(self, entry: Entry, file: File) -> bool:
        return together(self._live, entry.bucket, file.bucket)

    def _retries(self, entry: Entry) -> bool:
        return self._retry_broken and entry.source is not None

    def _cannot_be_told_apart(self, entry: Entry, files: Sequence[File]) -> bool:
        """Without a digest to hold them against, files of different sources are all as good."""
        if entry.source is not None and entry.source.digest is not None:
            return False
        return len({source_digest(file, self._desired.identity) for file in files}) > 1

    def _keeper(self, entry: Entry, files: Sequence[File]) -> File:
        return min(files, key=lambda file: self._rank(entry, file))

    def _rank(self, entry: Entry, file: File) -> tuple[bool, bool, bool, bool, int]:
        wanted = None if entry.source is None else entry.source.digest
        digest = source_digest(file, self._desired.identity)
        return (
            file.state is not FileState.READY,
            wanted is not None and digest != wanted,
            not self._in_region(entry, file),
            file.bucket != entry.bucket,
            file.id,
        )

    def _is_better(self, entry: Entry, file: File, keeper: File) -> bool:
        """Whether it is pending, and would be kept instead, were it ready."""
        is_pending = file.state is FileState.PENDING
        return is_pending and self._rank(entry, file)[1:] < self._rank(entry, keeper)[1:]

    def _kept(self, keeper: File) -> Keeper:
        return Keeper(keeper.id, keeper.bucket, in_trash=keeper.bucket in self._trashes)

    def _removed(self, before: Content, wanted: Content) -> tuple[str, ...]:
        names = removed_values(before.user_defined, wanted.user_defined)
        return self._contents.without_marks(names)

    # What has no entry's file, and what no entry has.

    def _missing(self, entry: Entry) -> Fact:
        if entry.source is None:
            return self._unresolved(entry, "it has no file, and no source to make one from", [])
        twins = {*self._twins.get((entry.bucket, entry.title), ())}
        if entry.source.digest is not None:
            twins.update(self._twins.get((entry.bucket, entry.source.digest), ()))
        return Missing(
            entry,
            entry.source,
            self._contents.wanted(entry, over=None),
            tuple(sorted(twins)[: MOST_NAMED + 1]),
        )

    def _twins_of(self, matching: Matching) -> Mapping[tuple[str, str], Sequence[FileId]]:
        """Foreign files by bucket and title, and by bucket and source digest: the oldest of each,
        since a thousand entries of one title may stand against a thousand files of it."""
        twins: dict[tuple[str, str], list[FileId]] = defaultdict(list)
        for file, _ in sorted(matching.foreign, key=lambda foreign: foreign[0].id):
            digest = source_digest(file, self._desired.identity)
            for name in (file.title,) if digest is None else (file.title, digest):
                alike = twins[file.bucket, name]
                if len(alike) <= MOST_NAMED:
                    alike.append(file.id)
        return twins

    def _unfound(self, matching: Matching) -> Iterator[Fact]:
        for unfound in matching.unfound:
            entry = self._desired.entries.get(unfound.key) or self._desired.absent[unfound.key]
            yield Unresolved(unfound.key, entry.place, unfound.why, unfound.candidates)

    def _unwanted(self, matching: Matching) -> Iterator[Fact]:
        for key in sorted(matching.unwanted):
            _, files = matching.unwanted[key]
            place = self._desired.absent[key].place
            for file in files:
                if isinstance(file.user_defined, Opaque):
                    why = "its user_defined cannot be read as an object"
                    yield Unresolved(key, place, why, (file.id,))
                elif file.bucket in self._stuck:
                    yield Unresolved(key, place, self._stuck[file.bucket], (file.id,))
                else:
                    yield Unwanted(key, file, place)

    def _orphaned(self, matching: Matching) -> Iterator[Fact]:
        successors = {
            was: self._keeper(self._desired.entries[key], files)
            for key, (_, files) in matching.matched.items()
            for was in self._desired.entries[key].was
        }
        candidates = _candidates(matching)
        for key, file in matching.orphans:
            if file.id in candidates:
                continue
            deletable = self._desired.buckets[file.bucket].prune is not Prune.NONE
            keeper = successors.get(key)
            if deletable and file.bucket in self._stuck:
                yield Unresolved(key, None, self._stuck[file.bucket], (file.id,))
            elif keeper is None:
                yield Orphaned(key, file, deletable)
            elif keeper.state is FileState.READY:
                yield Orphaned(key, file, deletable, successor=self._kept(keeper))
            else:
                yield Orphaned(key, file, deletable, waits=True)

    def _foreign(self, matching: Matching) -> Iterator[Fact]:
        candidates = _candidates(matching)
        for file, whose in matching.foreign:
            nobodys = isinstance(whose, Unmarked) and not isinstance(file.user_defined, Opaque)
            pruned = self._desired.buckets[file.bucket].prune is Prune.ALL
            deletable = nobodys and pruned and file.id not in candidates
            if deletable and file.bucket in self._stuck:
                yield Unresolved(None, None, self._stuck[file.bucket], (file.id,))
            else:
                yield Foreign(file, deletable)

    def _unresolved(self, entry: Entry, why: str, files: Sequence[File]) -> Unresolved:
        return Unresolved(entry.key, entry.place, why, tuple(file.id for file in files))


def _candidates(matching: Matching) -> Set[FileId]:
    """The files of which one may be an unresolved entry's: nothing is done about them."""
    # Entries of one title share theirs, which may be very many: they are looked at once.
    shared = {id(unfound.candidates): unfound.candidates for unfound in matching.unfound}
    return {file_id for candidates in shared.values() for file_id in candidates}
