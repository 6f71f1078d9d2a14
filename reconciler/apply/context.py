"""What every part of a run needs, in one place."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reconciler.apply.halt import Halt
from reconciler.apply.progress import Progress
from reconciler.apply.results import Results
from reconciler.core.content import Content, Contents
from reconciler.core.describe import differing_fields
from reconciler.core.model import DesiredState, File, Opaque
from reconciler.core.normal import same
from reconciler.core.outcome import Applied, Failed, Outcome
from reconciler.core.plan import Change
from reconciler.core.ports import Clock, Writing
from reconciler.errors import ReconcilerError, ServiceError, TokenRefused, Unreachable

LOOKS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before each look for what was written: a read may lag behind a write."""
LAG = 30.0
"""Seconds after which what an earlier run has written is taken to be seen by every reading."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run behaves. Times in seconds."""

    concurrency: int = 8
    settle: float = 120.0
    """How long after an unclear create the same may be sent once more."""
    wait: bool = True
    """Whether new files are followed until they are ready."""
    wait_timeout: float = 600.0
    unproved: int = 0
    """How many buckets may be listed without proof before a create (`--allow incomplete=N`)."""


@dataclass(frozen=True, slots=True)
class Context:
    """A run's surroundings."""

    desired: DesiredState
    service: Writing
    results: Results
    halt: Halt
    progress: Progress
    clock: Clock
    pool: ThreadPoolExecutor
    settings: Settings
    contents: Contents

    def equal(self, one: Content, other: Content) -> bool:
        """Whether two contents are the same under the catalogue's rules."""
        compare = self.desired.rules.compare
        return one.title == other.title and same(one.user_defined, other.user_defined, compare)

    def is_still(self, file: File, before: Content) -> bool:
        """Whether the file is what the plan saw. An opaque one never is: no change is planned
        for a `user_defined` that cannot be read, so it became so since."""
        return not isinstance(file.user_defined, Opaque) and self.equal(
            self.contents.of(file), before
        )

    def judged(self, file: File, wanted: Content, *, already: bool = False) -> Outcome:
        """Applied where the file is what was wanted, else failed, naming what the service made
        of it: a value that it rewrites would drift for ever."""
        live = self.contents.of(file)
        if self.equal(live, wanted):
            return Applied(file.id, file.acr_id, already)
        fields = ", ".join(differing_fields(wanted, live, self.desired.rules.compare))
        return Failed(f"the service keeps something else than was sent: {fields}", file.id)

    def failed(self, error: ReconcilerError) -> Failed:
        """The outcome of a change that was refused. A refused token ends the run, and so does a
        service that takes nothing more (429) after all the patience that the api has."""
        if isinstance(error, TokenRefused) or _is_throttled(error):
            self.halt.fail(error)
        return Failed(str(error))

    def sends_again(self, changes: Sequence[Change], *, refused: bool) -> bool:
        """Whether what a batch left undone is sent once more, in halves: a batch always; one
        change alone after one end that nobody knows, and not after a refusal."""
        if self.halt.asked():
            return False
        return len(changes) > 1 or (not refused and self.results.attempts(changes[0].id) < 2)


def never_taken(error: ReconcilerError) -> bool:
    """Whether it is certain, also of a batch, that nothing was done."""
    return isinstance(error, (Unreachable, TokenRefused)) or _is_throttled(error)


def _is_throttled(error: ReconcilerError) -> bool:
    return isinstance(error, ServiceError) and error.status == 429
