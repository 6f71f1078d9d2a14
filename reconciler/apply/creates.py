"""Creates: no file is made twice, though the service has no way to say "this one again".

An answer that does not say whether the file was made is resolved by looking for its mark. What
stays unresolved is sent once more at the end of the run, not before the settle time, in which a
slow service may still finish the first. An earlier run's open intents are treated the same; and
what an earlier run has just made may not be in a listing yet, so it is looked for, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.context import Context
from reconciler.apply.delivery import Delivery, KeptBack
from reconciler.core.marks import Owned, owner, source_digest
from reconciler.core.model import File, FileId, Json, Key, LiveState, Presence
from reconciler.core.outcome import EarlierCreate, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Create, Delete
from reconciler.core.ports import Recording
from reconciler.errors import ReconcilerError, Unclear

_LOOKS = (0.0, 2.0, 5.0)
"""Seconds to wait before each look for a file whose last send ended unclear."""


_LAG = 5.0
"""Seconds for which a reading may not show yet what was made."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    create: Create
    due: float
    """When it may be sent once more, by the monotonic clock: the wall clock may jump."""
    buckets: frozenset[str]
    """Where its file may be."""


class Creates:
    """One run's creates."""

    def __init__(
        self,
        context: Context,
        live: LiveState,
        deletes: Sequence[Delete],
        ledger: Recording,
    ) -> None:
        """`live`: a listing made just now. `deletes`: the plan's, to know what is replaced."""
        self._context = context
        desired = context.desired
        names = (desired.catalog, *desired.identity.former_names)
        self._earlier = ledger.earlier_creates(names)
        self._buckets = {bucket.id: name for name, bucket in desired.buckets.items()}
        self._waiting: list[_Waiting] = []
        self._there = {file.id for bucket in live.buckets.values() for file in bucket.files}
        self._newest = {
            name: max((file.id for file in bucket.files), default=FileId(0))
            for name, bucket in live.buckets.items()
        }
        self._replaced: dict[ChangeId, set[FileId]] = defaultdict(set)
        for delete in deletes:
            if delete.after_change is not None:
                self._replaced[delete.after_change].add(delete.file_id)
        self._marked = self._by_key(file for b in live.buckets.values() for file in b.files)
        self._unproved = [
            f"{name}: {bucket.incomplete}"
            for name, bucket in sorted(live.buckets.items())
            if bucket.incomplete is not None
        ]

    def send(self, creates: Sequence[Create]) -> None:
        """Send what is not there yet, each once, and look for what ended unclear."""
        list(self._context.pool.map(self._first, creates))
        if self._waiting and not self._context.halt.asked():
            self._look()

    def settle(self) -> None:
        """Find or send once more what is still unclear, and give up on the rest."""
        context = self._context
        if self._waiting and not context.halt.asked():
            context.progress.doing("waiting for uploads whose answer was lost")
            due = max(waiting.due for waiting in self._waiting)
            context.halt.pause(due - context.clock.monotonic())
            if self._look() and not context.halt.asked():
                again, self._waiting = self._waiting, []
                list(context.pool.map(self._send_again, again))
            for seconds in _LOOKS:
                if self._waiting and not context.halt.asked():
                    context.halt.pause(seconds)
                    self._look()
        why = "it was sent, and neither the answer nor the file came; the next run looks again"
        context.results.end([(waiting.create, Unknown(why)) for waiting in self._waiting])
        self._waiting = []

    def _sent_before(self, create: Create) -> _Waiting | None:
        """What earlier runs have sent of it, under any key that the entry had and into whichever
        bucket; None: nothing of which a file could still come to light."""
        keys = (create.key, *self._former(create))
        sent = [each for key in keys for each in self._earlier.get(key, ())]
        sent = [each for each in sent if not each.made or self._left(each) > 0]
        if not sent:
            return None
        left = max(map(self._left, sent))
        there = {self._buckets[each.bucket_id] for each in sent if each.bucket_id in self._buckets}
        due = self._context.clock.monotonic() + left
        return _Waiting(create, due, frozenset({create.bucket, *there}))

    def _left(self, earlier: EarlierCreate) -> float:
        """The seconds until it may be sent once more. It was written down by the wall clock, which
        may have been set: never more than if it were written now."""
        seconds = _LAG if earlier.made else self._context.settings.settle
        return min(earlier.at + seconds - self._context.clock.now(), seconds)

    def _first(self, create: Create) -> None:
        context = self._context
        if context.halt.asked():
            return
        there = self._found(create, self._marked)
        if there is not None:
            context.results.end([(create, there)])
            return
        refused = self._refused(create)
        if refused is not None:
            context.results.end([(create, refused)])
            return
        waiting = self._sent_before(create)
        if waiting is not None:
            self._waiting.append(waiting)
        elif not self._send(create, frozenset({create.bucket})) and not context.halt.asked():
            gone = Stale("the file that it replaces is not there any more", None)
            context.results.end([(create, gone)])

    def _send_again(self, waiting: _Waiting) -> None:
        if not self._send(waiting.create, waiting.buckets):
            self._waiting.append(waiting)

    def _send(self, create: Create, buckets: frozenset[str]) -> bool:
        """False: nothing was sent, and nothing said of it, since the run is stopping, or since
        the file that it replaces is not there. `buckets`: where its file may be, should the end
        be unclear."""
        context = self._context
        source = context.desired.entries[create.key].source
        if source is None or context.halt.asked():
            return False
        try:
            carried = self._carried(create)
        except ReconcilerError as error:
            context.results.end([(create, context.failed(error))])
            return True
        if carried is None or not context.results.begin([create]):
            return False
        due = context.clock.monotonic() + context.settings.settle
        unclear = _Waiting(create, due, buckets)
        # It rests on nothing that is there: it is sent because nothing is.
        delivery = Delivery(context, [create], _no_look, seen_at=context.clock.monotonic())
        try:
            file = context.service.create(
                create.bucket,
                create.after.title,
                {**carried, **create.after.user_defined},
                source,
                delivery,
            )
        except KeptBack as kept:
            context.results.end([(create, kept.failed)])
        except Unclear:
            self._waiting.append(unclear)
        except ReconcilerError as error:
            context.results.end([(create, context.failed(error))])
        else:
            if file.id in self._there:
                # A new file has a new id: what the answer says is not of the file that was made.
                self._waiting.append(unclear)
            else:
                context.results.end([(create, context.judged(file, create.after))])
        return True

    def _carried(self, create: Create) -> Mapping[str, Json] | None:
        """The replaced file's ignored values, as they are now; None: it is not there."""
        if create.replaces is None or create.from_bucket is None:
            return {}
        files = self._context.service.read_files(create.from_bucket, [create.replaces])
        return self._context.contents.ignored(files[0]) if files else None

    def _refused(self, create: Create) -> Outcome | None:
        """Why it must not be sent, though the plan says so."""
        entry = self._context.desired.entries.get(create.key)
        if entry is None or entry.source is None:
            return Stale("the catalogue no longer has this entry, or it has no source", None)
        if entry.source.digest != create.source.digest:
            return Stale("its source is no longer the one in the plan", None)
        if len(self._unproved) > self._context.settings.unproved:
            buckets = "; ".join(self._unproved)
            return Failed(f"whether it is there already is not known: listing {buckets}")
        match entry.source.presence:
            case Presence.HERE | Presence.ELSEWHERE:
                return None
            case Presence.ABSENT:
                return Failed("its source is not there: fetch it, then apply again")
            case Presence.POINTER:
                return Failed("its source is a Git LFS pointer: `git lfs pull`, then apply again")

    def _look(self) -> bool:
        """One look at the newest files of each bucket, for all that wait. False: it failed, so
        what was not found may be there all the same."""
        buckets = {bucket for waiting in self._waiting for bucket in waiting.buckets}
        try:
            newest = [
                file
                for bucket in sorted(buckets)
                for file in self._context.service.read_newest(bucket, self._newest[bucket])
            ]
        except ReconcilerError as error:
            self._context.failed(error)
            return False
        marked = self._by_key(newest)
        still: list[_Waiting] = []
        for waiting in self._waiting:
            found = self._found(waiting.create, marked)
            if found is None:
                still.append(waiting)
            else:
                self._context.results.end([(waiting.create, found)])
        self._waiting = still
        return True

    def _found(self, create: Create, marked: Mapping[Key, Sequence[File]]) -> Outcome | None:
        """The outcome where a file that makes the create needless, or wrong, is there already: one
        with its mark, or with that of a key which the entry had."""
        identity = self._context.desired.identity
        replaced = {create.replaces, *self._replaced[create.id]}
        files = [file for file in marked.get(create.key, ()) if file.id not in replaced]
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
        was = next((key for key in self._former(create) if marked.get(key)), None)
        if was is None:
            return None
        return self._not_as_planned(marked[was][0], f"the file of its former key {was} is there")

    def _not_as_planned(self, file: File, why: str) -> Stale:
        return Stale(f"{why}: plan again", self._context.contents.of(file))

    def _former(self, create: Create) -> Sequence[Key]:
        entry = self._context.desired.entries.get(create.key)
        return () if entry is None else entry.was

    def _by_key(self, files: Iterable[File]) -> Mapping[Key, Sequence[File]]:
        marked: dict[Key, list[File]] = defaultdict(list)
        for file in files:
            whose = owner(file, self._context.desired)
            if isinstance(whose, Owned):
                marked[whose.key].append(file)
        return marked


def _no_look() -> None:
    """Nothing has to be read again before a create."""
