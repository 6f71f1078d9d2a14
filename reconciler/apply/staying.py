"""What stays where a file is taken away: the file that it is kept for, or the new one. Deletes and
moves into a trash rely on it alike, and each goes only while that one is ready."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reconciler.apply.context import LAG, Context
from reconciler.core.marks import Owned, owner, source_digest
from reconciler.core.model import DesiredState, Entry, File, FileId, FileState, Identity, Json, Key
from reconciler.core.outcome import Applied, Stale
from reconciler.core.plan import ChangeId, Create, Removal
from reconciler.core.ports import Recording


class Staying:
    """One run's knowledge of what its removals rely on."""

    def __init__(self, context: Context, creates: Sequence[Create], ledger: Recording) -> None:
        """`creates`: the plan's, to know where what replaces a file is."""
        self._context = context
        self._gone = ledger.earlier_deletes(context.desired.names)
        self._creates = {create.id: create for create in creates}
        self._keeping = _keeping(context.desired)

    def ready(self, batch: Sequence[Removal]) -> set[ChangeId]:
        """Those of the removals that rely on a file which is, at this moment, ready and what it
        should be. Raises `ReconcilerError`."""
        context = self._context
        names = {bucket.id: name for name, bucket in context.desired.buckets.items()}
        relying: dict[str, dict[FileId, list[Removal]]] = defaultdict(lambda: defaultdict(list))
        for removal in batch:
            file_id = _relies_on(context, removal)
            if file_id is None or file_id == removal.file_id:
                continue
            if removal.after_change is not None:
                relying[self._creates[removal.after_change].bucket][file_id].append(removal)
            elif removal.keeps_bucket_id in names:
                relying[names[removal.keeps_bucket_id]][file_id].append(removal)
        return {
            removal.id
            for bucket, by_file in relying.items()
            for file in context.service.read_files(bucket, sorted(by_file))
            if file.state is FileState.READY
            for removal in by_file[file.id]
            if not self._is_ghost(file.id, removal) and self._stands_for(file, removal)
        }

    def is_due(self, removal: Removal, ready: set[ChangeId]) -> bool:
        """Whether the new file that it waits for is ready, where it waits for one."""
        return removal.after_change is None or removal.id in ready

    def missed(self, removal: Removal, file: File, ready: set[ChangeId]) -> Stale | None:
        """Why the file must stay: what was to stay in its place is not what the plan saw."""
        if removal.keeps is None or removal.id in ready:
            return None
        why = (
            f"file {removal.keeps}, which was to stay in its place, is no longer ready, or no "
            "longer the same"
        )
        return Stale(why, self._context.contents.of(file))

    def _is_ghost(self, file_id: FileId, removal: Removal) -> bool:
        """Whether an earlier run has just taken it away: then it may be read, and not be there.
        What this run itself has moved is where it was seen to arrive."""
        at = self._gone.get(file_id)
        if at is None or _moved(self._context, removal) is not None:
            return False
        return self._context.clock.now() - at < LAG

    def _stands_for(self, file: File, removal: Removal) -> bool:
        """Whether the file is what stays where the other goes: it has the mark for that, and is
        made from what it should be. An answer may name a file that is another; and somebody may
        have given the file to another entry since."""
        desired = self._context.desired
        whose = owner(file, desired)
        digest = source_digest(file, desired.identity)
        if not isinstance(whose, Owned):
            return False
        if removal.after_change is not None:
            create = self._creates[removal.after_change]
            return whose.key == create.key and digest in (None, create.source.digest)
        entry = self._keeping.get(removal.key) if removal.key is not None else None
        if entry is None or whose.key not in (entry.key, *entry.was):
            return False
        if removal.key != entry.key:
            # What the entry had under a former name goes, whatever it is made from now.
            return True
        wanted = None if entry.source is None else entry.source.digest
        # Where nothing says what it should be made from, duplicates are all made from the same.
        return digest in (None, wanted or _digest_before(removal, desired.identity))


def _keeping(desired: DesiredState) -> Mapping[Key, Entry]:
    """By every key that an entry has or had, the entry whose file stays."""
    entries = desired.entries.values()
    former = {was: entry for entry in entries for was in entry.was}
    return {**former, **desired.entries}


def _digest_before(removal: Removal, identity: Identity) -> Json:
    field = identity.source_field
    return None if field is None else removal.before.user_defined.get(field)


def _relies_on(context: Context, removal: Removal) -> FileId | None:
    """The file that stays where this one goes."""
    if removal.after_change is not None:
        made = context.results.of(removal.after_change)
        return made.file_id if isinstance(made, Applied) else None
    moved = _moved(context, removal)
    return removal.keeps if moved is None else moved.file_id


def _moved(context: Context, removal: Removal) -> Applied | None:
    """How this run has moved what stays, where it has: a move may give it a new id."""
    moved = context.results.of(ChangeId(f"move:{removal.keeps}"))
    return moved if isinstance(moved, Applied) else None
