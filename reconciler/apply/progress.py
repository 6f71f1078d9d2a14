"""What a run tells whoever watches it."""

from typing import Protocol

from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change


class Progress(Protocol):
    """Called from any worker, many times a second: it must be quick."""

    def ended(self, change: Change, outcome: Outcome) -> None:
        """A change has ended."""
        ...

    def sent(self, size: int) -> None:
        """So many more bytes of uploads are sent."""
        ...

    def doing(self, what: str) -> None:
        """What the run does next, or waits for."""
        ...

    def waiting(self, what: str) -> None:
        """What the run waits for, for long: nothing else is heard of it meanwhile."""
        ...


class Silent:
    """Nobody watches."""

    def ended(self, change: Change, outcome: Outcome) -> None:
        """Tell nobody."""

    def sent(self, size: int) -> None:
        """Tell nobody."""

    def doing(self, what: str) -> None:
        """Tell nobody."""

    def waiting(self, what: str) -> None:
        """Tell nobody."""
