"""Moves, in batches, also those into a trash: these rely on others as deletes do, and run in their
place. A move names only its destination, so the files are first checked to be
where the plan saw them, and looked for afterwards: by acr_id, since the id may change, or by id
where a file has no acr_id or the service was seen to keep ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.batches import batches
from reconciler.apply.context import LOOKS, Context, never_taken
from reconciler.apply.delivery import Changed, Delivery, KeptBack
from reconciler.apply.staying import Staying
from reconciler.core.model import File, FileId
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Move
from reconciler.errors import NotThere, ReconcilerError, Rejected

_FEW = 2
"""Looks before what is left of a batch goes in halves, which are looked at in their turn."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a batch."""

    due: Sequence[Move]
    """Those whose file is still where and what the plan saw."""
    not_due: Sequence[Move]
    """Those whose replacement is not ready."""
    ends: Sequence[tuple[Move, Outcome]]
    """How the others ended."""
    at: float
    """When, by the monotonic clock."""


class Moves:
    """One run's moves."""

    def __init__(self, context: Context, staying: Staying) -> None:
        """`staying`: what moves into a trash rely on."""
        self._context = context
        self._staying = staying
        self._not_due: list[Move] = []
        self._keeps_ids = False
        """Whether a file was seen to have its id still in its new bucket: then that is what the
        next are looked for by, since more ids than acr_ids go into one request."""

    @property
    def not_due(self) -> Sequence[Move]:
        """Those whose replacement is not ready."""
        return self._not_due

    def send(self, moves: Sequence[Move]) -> None:
        """Move every file that is still where and what the plan saw."""
        cut = batches(moves, lambda move: (move.from_bucket, move.bucket))
        list(self._context.pool.map(self._checked, cut))

    def _checked(self, batch: Sequence[Move]) -> None:
        context = self._context
        if context.halt.asked():
            return
        try:
            read = self._read(batch)
        except ReconcilerError as error:
            context.results.end([(move, context.failed(error)) for move in batch])
            return
        self._not_due.extend(read.not_due)
        context.results.end(read.ends)
        if read.due and context.results.begin(read.due):
            self._send(read.due, read.at)

    def _read(self, batch: Sequence[Move]) -> _Read:
        context = self._context
        at = context.clock.monotonic()
        ready = self._staying.ready(batch)
        files = context.service.read_files(batch[0].from_bucket, [move.file_id for move in batch])
        live = {file.id: file for file in files}
        gone = [move for move in batch if move.file_id not in live]
        arrived = self._arrived(gone) if gone else {}
        due: list[Move] = []
        not_due: list[Move] = []
        ends: list[tuple[Move, Outcome]] = []
        for move in batch:
            file, there = live.get(move.file_id), arrived.get(move.id)
            if file is not None and not context.is_still(file, move.before):
                content = context.contents.of(file)
                ends.append((move, Stale("it was changed since the plan was made", content)))
            elif file is not None and not self._staying.is_due(move, ready):
                not_due.append(move)
            elif file is not None:
                missed = self._staying.missed(move, file, ready)
                due.extend([] if missed else [move])
                ends.extend([(move, missed)] if missed else [])
            elif there is not None:
                already = not context.results.attempts(move.id)
                ends.append((move, Applied(there.id, there.acr_id, already)))
            else:
                ends.append((move, Stale("it is in neither bucket any more", None)))
        return _Read(due, not_due, ends, at)

    def _send(self, moves: Sequence[Move], read_at: float | None) -> None:
        """Send, look, and where the answer is not a plain yes, send the halves of what is left.
        `read_at`: when they were read; None: they are to be read again."""
        context = self._context
        refusal: ReconcilerError | None = None
        why = "the service said that it moved it, and it is not in its destination"
        try:
            self._put(moves, read_at)
        except Changed:
            self._checked(moves)
            return
        except KeptBack as kept:
            context.results.end([(move, kept.failed) for move in moves])
            return
        except ReconcilerError as error:
            refusal, failed = error, context.failed(error)
            if never_taken(error):
                context.results.end([(move, failed) for move in moves])
                return
            why = failed.why
        is_refused = isinstance(refusal, Rejected)
        try:
            arrived = self._wait_for(moves, _looks(refusal, len(moves)))
        except ReconcilerError as error:
            context.failed(error)
            context.results.end([(move, Unknown(why)) for move in moves])
            return
        context.results.end(
            [
                (move, Applied(arrived[move.id].id, move.acr_id))
                for move in moves
                if move.id in arrived
            ]
        )
        left = [move for move in moves if move.id not in arrived]
        if refusal is None or not context.sends_again(moves, refused=is_refused):
            context.results.end(
                [(move, Failed(why) if is_refused else Unknown(why)) for move in left]
            )
            return
        half = len(left) // 2
        for part in (left[:half], left[half:]):
            if part:
                self._send(part, None)

    def _put(self, moves: Sequence[Move], read_at: float | None) -> None:
        def look() -> None:
            if len(self._read(moves).due) < len(moves):
                raise Changed

        delivery = Delivery(self._context, moves, look, seen_at=read_at)
        self._context.service.move(moves[0].bucket, [move.file_id for move in moves], delivery)

    def _wait_for(self, moves: Sequence[Move], looks: Sequence[float]) -> Mapping[ChangeId, File]:
        arrived: Mapping[ChangeId, File] = {}
        for seconds in looks:
            if seconds:
                self._context.clock.sleep(seconds)
            arrived = self._arrived(moves)
            if len(arrived) == len(moves):
                break
        return arrived

    def _arrived(self, moves: Sequence[Move]) -> Mapping[ChangeId, File]:
        by_id: Mapping[ChangeId, File] = {}
        if self._keeps_ids:
            by_id = self._found(moves, {move.id: move.file_id for move in moves})
        rest = [move for move in moves if move.id not in by_id]
        if not rest:
            return by_id
        by_acr_id = self._found(rest, {move.id: move.acr_id or move.file_id for move in rest})
        self._keeps_ids = self._keeps_ids or any(
            by_acr_id[move.id].id == move.file_id for move in rest if move.id in by_acr_id
        )
        return {**by_id, **by_acr_id}

    def _found(
        self, moves: Sequence[Move], names: Mapping[ChangeId, FileId | str]
    ) -> Mapping[ChangeId, File]:
        """Those that are in their destination, looked for by these names."""
        context = self._context
        found: dict[FileId | str, File] = {}
        for file in context.service.read_files(moves[0].bucket, list(names.values())):
            found |= {file.id: file, file.acr_id: file}
        # Two files may carry one acr_id: one with another id is it where it is what the plan saw.
        return {
            move.id: file
            for move in moves
            for file in [found.get(move.file_id) or found.get(names[move.id])]
            if file is not None and (file.id == move.file_id or context.is_still(file, move.before))
        }


def _looks(refusal: ReconcilerError | None, count: int) -> Sequence[float]:
    """How patiently to look, after a yes (None) or no plain yes, for so many files."""
    match refusal:
        case None:
            return LOOKS
        case NotThere() if count == 1:
            # It may have just been moved, by a request before this.
            return LOOKS
        case Rejected():
            return LOOKS[:1]
        case _:
            return LOOKS if count == 1 else LOOKS[:_FEW]
