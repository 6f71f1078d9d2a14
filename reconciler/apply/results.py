"""Every change's beginning, which is on the ledger before anything is sent, and its end."""

import threading
from collections.abc import Mapping, Sequence

from reconciler.apply.halt import Halt
from reconciler.apply.progress import Progress
from reconciler.core.outcome import Failed, Outcome, Sent, Unknown
from reconciler.core.plan import Change, ChangeId
from reconciler.core.ports import Recording
from reconciler.errors import LedgerError


class Results:
    """How each change ended, so far."""

    def __init__(self, ledger: Recording, halt: Halt, progress: Progress) -> None:
        """`halt` is told where the ledger cannot be written."""
        self._ledger = ledger
        self._halt = halt
        self._progress = progress
        self._outcomes: dict[ChangeId, Outcome] = {}
        self._sent: dict[ChangeId, Sent] = {}
        self._unclear: set[ChangeId] = set()
        self._lock = threading.Lock()

    def begin(self, changes: Sequence[Change]) -> bool:
        """Put the intent on disk. False: it could not be, so nothing may be sent."""
        if self._halt.asked():
            return False
        try:
            self._ledger.began(changes)
        except LedgerError as error:
            self._halt.fail(error)
            return False
        return True

    def sent(self, changes: Sequence[Change], status: int | None, *, known: bool) -> None:
        """A request with these changes has ended, with this HTTP status or with no answer.
        `known`: whether that says what it did."""
        with self._lock:
            if not known:
                self._unclear.update(change.id for change in changes)
            for change in changes:
                before = self._sent.get(change.id)
                attempts = before.attempts if before else 0
                self._sent[change.id] = Sent(attempts + 1, status)

    def attempts(self, change: ChangeId) -> int:
        """How often the change was sent so far."""
        with self._lock:
            sent = self._sent.get(change)
        return sent.attempts if sent else 0

    def doubt(self, change: ChangeId) -> None:
        """It went out, and the answer does not say what that did."""
        with self._lock:
            self._unclear.add(change)

    def is_unclear(self, change: ChangeId) -> bool:
        """Whether it went out at least once without anybody knowing what that did."""
        with self._lock:
            return change in self._unclear

    def end(self, ends: Sequence[tuple[Change, Outcome]]) -> None:
        """The changes have ended so. What failed after it went out, and nobody knows what that
        did, is unknown, unless it is known by its file."""
        if not ends:
            return
        with self._lock:
            ends = [(change, self._known(change, outcome)) for change, outcome in ends]
            for change, outcome in ends:
                self._outcomes[change.id] = outcome
            sendings = {c.id: self._sent[c.id] for c, _ in ends if c.id in self._sent}
        for change, outcome in ends:
            self._progress.ended(change, outcome)
        try:
            self._ledger.ended(ends, sendings)
        except LedgerError as error:
            self._halt.fail(error)

    def _known(self, change: Change, outcome: Outcome) -> Outcome:
        match outcome:
            case Failed(why=why, file_id=None) if change.id in self._unclear:
                return Unknown(f"it was sent before, and no answer came; and now: {why}")
            case _:
                return outcome

    def of(self, change: ChangeId) -> Outcome | None:
        """How a change ended; None while it has not."""
        with self._lock:
            return self._outcomes.get(change)

    def all(self) -> Mapping[ChangeId, Outcome]:
        """How each change ended that has."""
        with self._lock:
            return dict(self._outcomes)
