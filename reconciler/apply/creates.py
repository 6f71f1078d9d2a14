"""Creates: no file is made twice, though the service has no way to say "this one again".

An answer that does not say whether the file was made is resolved by looking for its mark. What
stays unresolved is sent once more at the end of the run, not before the settle time, in which a
slow service may still finish the first. An earlier run's open intents are treated the same; and
what an earlier run has just made may not be in a listing yet, so it is looked for, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.apply.context import LAG, Context
from reconciler.apply.delivery import MOST_REWRITTEN, Changed, Delivery, KeptBack, Rewritten
from reconciler.apply.present import Present
from reconciler.core.model import File, Json, Key, Presence, Source
from reconciler.core.outcome import Applied, EarlierCreate, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Create
from reconciler.core.ports import Recording
from reconciler.errors import ReconcilerError, Unclear

_LOOKS = (0.0, 2.0, 5.0)
"""Seconds to wait before each look for a file whose last send ended unclear."""
_GONE = Stale("the file that it replaces is not there any more", None)


@dataclass(frozen=True, slots=True)
class _Sending:
    """A create that is to be sent, or whose file may be on its way."""

    create: Create
    buckets: frozenset[str]
    """Where its file may be."""
    due: float | None = None
    """When it may be sent once more, by the monotonic clock, since the wall clock may jump; None:
    it was not sent before, as far as anybody knows."""
    just_made: bool = False
    """Earlier runs have made all that they have sent, and one of them only just now."""


class Creates:
    """One run's creates."""

    def __init__(
        self, context: Context, present: Present, ledger: Recording, unproved: Sequence[str]
    ) -> None:
        """`unproved`: the buckets whose listing is not proved, and why."""
        self._context = context
        self._present = present
        self._unproved = unproved
        self._earlier = ledger.earlier_creates(context.desired.names)
        self._buckets = {bucket.id: name for name, bucket in context.desired.buckets.items()}
        self._waiting: list[_Sending] = []
        self._without_old: list[Create] = []
        """Those whose file to replace was not there when they were to be sent."""

    def send(self, creates: Sequence[Create]) -> None:
        """Send what is not there yet, each once, and look for what ended unclear."""
        context = self._context
        list(context.pool.map(self._first, creates))
        if (self._waiting or self._without_old) and not context.halt.asked():
            self._look()
        ends = [(create, self._found(create) or _GONE) for create in self._without_old]
        context.results.end(ends)

    def settle(self) -> None:
        """Find or send once more what is still unclear, and give up on the rest."""
        context = self._context
        if self._waiting and not context.halt.asked():
            due = max(waiting.due or 0.0 for waiting in self._waiting)
            seconds = due - context.clock.monotonic()
            if seconds > 0:
                context.progress.waiting(_waited_for(self._waiting, seconds))
            context.halt.pause(seconds)
            if self._look() and not context.halt.asked():
                again, self._waiting = self._waiting, []
                list(context.pool.map(self._send, again))
            for seconds in _LOOKS:
                if self._waiting and not context.halt.asked():
                    context.halt.pause(seconds)
                    self._look()
        why = "it was sent, and neither the answer nor the file came; the next run looks again"
        context.results.end([(waiting.create, Unknown(why)) for waiting in self._waiting])
        self._waiting = []

    def _first(self, create: Create) -> None:
        context = self._context
        if context.halt.asked():
            return
        sending = _Sending(create, frozenset({create.bucket}))
        try:
            self._present.freshen()
        except ReconcilerError as error:
            self._end(sending, context.failed(error))
            return
        outcome = self._found(create) or self._refused(create)
        if outcome is not None:
            self._end(sending, outcome)
        elif (waiting := self._sent_before(create)) is not None:
            self._waiting.append(waiting)
        else:
            self._send(sending)

    def _sent_before(self, create: Create) -> _Sending | None:
        """What earlier runs have sent of it, under any key that the entry had and into whichever
        bucket; None: nothing of which a file could still come to light, such as the file that it
        replaces."""
        keys = (create.key, *self._former(create))
        sent = [each for key in keys for each in self._earlier.get(key, ())]
        sent = [each for each in sent if not each.made or self._left(each) > 0]
        if not sent or all(each.made and each.file_id == create.replaces for each in sent):
            return None
        there = {self._buckets[each.bucket_id] for each in sent if each.bucket_id in self._buckets}
        due = self._context.clock.monotonic() + max(map(self._left, sent))
        just_made = all(each.made for each in sent)
        return _Sending(create, frozenset({create.bucket, *there}), due, just_made=just_made)

    def _left(self, earlier: EarlierCreate) -> float:
        """The seconds until it may be sent once more. It was written down by the wall clock, which
        may have been set: never more than if it were written now."""
        seconds = LAG if earlier.made else self._context.settings.settle
        return min(earlier.at + seconds - self._context.clock.now(), seconds)

    def _send(self, sending: _Sending) -> None:
        """Send it, over what others keep in the file that it replaces, as that is then."""
        context, create = self._context, sending.create
        source = context.desired.entries[create.key].source
        if source is None or context.halt.asked():
            self._put_off(sending)
            return
        try:
            old = self._old(create)
        except Changed as changed:
            self._end(sending, changed.outcome or _GONE)
            return
        except ReconcilerError as error:
            self._end(sending, context.failed(error))
            return
        if (old is None and create.replaces is not None) or not context.results.begin([create]):
            self._put_off(sending)
            return
        try:
            self._end(sending, self._sent(create, source, old))
        except Changed as changed:
            self._end(sending, changed.outcome or _GONE)
        except KeptBack as kept:
            self._end(sending, kept.failed)
        except Unclear:
            due = context.clock.monotonic() + context.settings.settle
            context.results.doubt(create.id)
            self._waiting.append(replace(sending, due=due, just_made=False))
        except ReconcilerError as error:
            self._end(sending, context.failed(error))

    def _sent(self, create: Create, source: Source, old: File | None) -> Outcome:
        """The outcome of a create that the service has answered. Raises `Unclear` where it names
        a file that was there before: that is not the one that was made."""
        context = self._context
        for _ in range(MOST_REWRITTEN):
            try:
                file = self._post(create, source, old)
            except Rewritten as rewritten:
                old = rewritten.file
                continue
            if self._present.was_listed(file.id):
                raise Unclear(f"the answer names file {file.id}, which was there before")
            return context.judged(file, create.after)
        return Failed("others keep writing into the file that it replaces: apply again")

    def _post(self, create: Create, source: Source, old: File | None) -> File:
        context = self._context
        carried = self._carried(old)

        def look() -> None:
            self._present.freshen()
            found = self._found(create)
            if found is not None:
                raise Changed(found)
            now = self._old(create)
            if now is None and old is not None:
                raise Changed(_GONE)
            if now is not None and self._carried(now) != carried:
                raise Rewritten(now)

        delivery = Delivery(context, [create], look, seen_at=self._present.fresh_at)
        wanted = {**carried, **create.after.user_defined}
        return context.service.create(create.bucket, create.after.title, wanted, source, delivery)

    def _old(self, create: Create) -> File | None:
        """The file that it replaces, as it is now; None: it replaces none, or it is not there.
        Raises `Changed` where it is not what the plan saw."""
        if create.replaces is None or create.from_bucket is None:
            return None
        context = self._context
        files = context.service.read_files(create.from_bucket, [create.replaces])
        before = self._present.before(create)
        if files and before is not None and not context.is_still(files[0], before):
            why = "the file that it replaces was changed since the plan was made"
            raise Changed(Stale(why, context.contents.of(files[0])))
        return files[0] if files else None

    def _carried(self, old: File | None) -> Mapping[str, Json]:
        return {} if old is None else self._context.contents.ignored(old)

    def _put_off(self, sending: _Sending) -> None:
        """Nothing was sent, since the run is stopping or the file that it replaces is not there."""
        if sending.due is not None:
            self._waiting.append(sending)
        elif not self._context.halt.asked():
            self._without_old.append(sending.create)

    def _end(self, sending: _Sending, outcome: Outcome) -> None:
        """A file that an earlier sending makes may still come: then it has failed at most."""
        create = sending.create
        if isinstance(outcome, Stale) and self._context.results.is_unclear(create.id):
            outcome = Failed(outcome.why)
        self._context.results.end([(create, outcome)])

    def _found(self, create: Create) -> Outcome | None:
        found = self._present.found(create, self._former(create))
        if isinstance(found, Applied) and self._context.results.is_unclear(create.id):
            return replace(found, already=False)
        return found

    def _former(self, create: Create) -> Sequence[Key]:
        entry = self._context.desired.entries.get(create.key)
        return () if entry is None else entry.was

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
        buckets |= {create.bucket for create in self._without_old}
        try:
            self._present.look(buckets)
        except ReconcilerError as error:
            self._context.failed(error)
            return False
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            found = self._found(each.create)
            if found is None:
                self._waiting.append(each)
            else:
                self._end(each, found)
        return True


def _waited_for(waiting: Sequence[_Sending], seconds: float) -> str:
    if all(each.just_made for each in waiting):
        return (
            f"waiting {seconds:.0f} seconds for {len(waiting)} upload(s): an earlier run has just "
            "made a file of the same key, which may not be seen yet"
        )
    return (
        f"waiting {seconds:.0f} seconds, the settle time, for {len(waiting)} upload(s) of which no "
        "answer came, before they are sent once more"
    )
