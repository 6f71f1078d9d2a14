"""What is there already of what is to be created: by the marks on the files of a listing, and of
every look since. Uploads take long, and others create as well."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence

from reconciler.apply.context import Context
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.content import Content
from reconciler.core.marks import Owned, owner, source_digest
from reconciler.core.model import File, FileId, Key, LiveState
from reconciler.core.outcome import Outcome, Stale
from reconciler.core.plan import ChangeId, Create, Removal


class Present:
    """The files with marks of ours, as they were last seen."""

    def __init__(self, context: Context, live: LiveState, removals: Sequence[Removal]) -> None:
        """`live`: a listing made just now. `removals`: the plan's, to know what is replaced."""
        self._context = context
        self._before: dict[ChangeId, dict[FileId, Content]] = defaultdict(dict)
        for removal in removals:
            if removal.after_change is not None:
                self._before[removal.after_change][removal.file_id] = removal.before
        self._trashes = context.desired.trashes
        self._listed = {file.id for bucket in live.buckets.values() for file in bucket.files}
        self._newest = {
            name: max((file.id for file in bucket.files), default=FileId(0))
            for name, bucket in live.buckets.items()
        }
        self._by_key: dict[Key, dict[FileId, File]] = defaultdict(dict)
        self._key_of: dict[FileId, Key] = {}
        self._turn = threading.RLock()
        self._take_in(file for bucket in live.buckets.values() for file in bucket.files)
        self._seen_to = {name: (newest, newest) for name, newest in self._newest.items()}
        """The newest file at the look before the last one, and at the last."""
        self._fresh_at = context.clock.monotonic()

    @property
    def fresh_at(self) -> float:
        """When the last look for what others have made began, by the monotonic clock."""
        return self._fresh_at

    def was_listed(self, file_id: FileId) -> bool:
        """Whether the file was there before the run made anything."""
        return file_id in self._listed

    def before(self, create: Create) -> Content | None:
        """What the plan saw of the file that a create replaces; None: it does not say."""
        if create.replaces is None:
            return None
        return self._before[create.id].get(create.replaces)

    def look(self, buckets: Iterable[str]) -> None:
        """See the files of these buckets that are newer than the listing. Raises
        `ReconcilerError`."""
        for bucket in sorted(buckets):
            self._take_in(self._context.service.read_newest(bucket, self._newest[bucket]))

    def freshen(self) -> None:
        """See what others have made, where the last look is not of just now any more. Raises
        `ReconcilerError`."""
        clock = self._context.clock
        with self._turn:
            if clock.monotonic() - self._fresh_at <= JUST_BEFORE:
                return
            at = clock.monotonic()
            for bucket, (before, newest) in sorted(self._seen_to.items()):
                # From where the look before the last ended: what is made at the same time need
                # not come to light in the order of its ids.
                files = self._context.service.read_newest(bucket, before)
                self._take_in(files)
                last = max((file.id for file in files), default=newest)
                self._seen_to[bucket] = (newest, max(newest, last))
            self._fresh_at = at

    def found(self, create: Create, former: Sequence[Key]) -> Outcome | None:
        """The outcome where a file that makes the create needless, or wrong, is there already: one
        with its mark, or with that of a key which the entry had (`former`)."""
        identity = self._context.desired.identity
        replaced = {create.replaces, *self._before[create.id]}
        files = [file for file in self._of(create.key) if file.id not in replaced]
        made = [f for f in files if source_digest(f, identity) in (None, create.source.digest)]
        for file in made:
            if file.bucket == create.bucket:
                return self._context.judged(file, create.after, already=True)
        if made:
            return self._not_as_planned(made[0], f"it is there now, in bucket {made[0].bucket}")
        if create.replaces is not None:
            return None
        if files:
            why = "a file with its mark, made from something else, is there now"
            return self._not_as_planned(files[0], why)
        was = next((key for key in former if self._of(key)), None)
        if was is None:
            return None
        return self._not_as_planned(self._of(was)[0], f"the file of its former key {was} is there")

    def _of(self, key: Key) -> Sequence[File]:
        with self._turn:
            files = self._by_key.get(key, {})
            return [files[file_id] for file_id in sorted(files)]

    def _not_as_planned(self, file: File, why: str) -> Stale:
        return Stale(f"{why}: plan again", self._context.contents.of(file))

    def _take_in(self, files: Iterable[File]) -> None:
        with self._turn:
            for file in files:
                self._by_key[self._key_of.pop(file.id, Key(""))].pop(file.id, None)
                whose = owner(file, self._context.desired)
                # What was thrown away is nobody's.
                if isinstance(whose, Owned) and file.bucket not in self._trashes:
                    self._by_key[whose.key][file.id] = file
                    self._key_of[file.id] = whose.key
