"""How long a runner waits before it pushes, and when it gives up. Pure.

A push takes long, and many workers share one: so a moment is waited for those who come just after
the first. Whoever lost a push must look before the next one, and would never be first while another
goes on at once. So nobody does for ever: after some pushes in a row a runner pauses for as long as
four pushes take. Where others were there lately it does so often, and else ever less.
"""

from collections.abc import Callable

_FAILURES = 5
MOST_LOSSES = 100
"""How often another runner may be first, with one group."""
_SHORTEST, _LONGEST = 4, 32
"""Pushes in a row."""
_PAUSE = 4.0
_MOMENT = 0.25
"""Both in pushes."""
_LONGEST_PUSH = 2.0
"""Seconds that a push is taken to last at most."""


class Turns:
    """Of one runner among those that push to a branch."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """`chance`: a number between 0 and 1."""
        self._chance = chance
        self._turn = _SHORTEST
        self._in_a_row = 0
        self._took = 0.0

    def before_a_group(self) -> float:
        """Seconds to wait, so that more records or other runners come in."""
        if self._in_a_row < self._turn:
            return _MOMENT * self._took
        self._turn, self._in_a_row = min(2 * self._turn, _LONGEST), 0
        return _PAUSE * self._took

    def pushed(self, took: float) -> None:
        """A push went through, and took so many seconds."""
        self._in_a_row += 1
        self._took = min(took, _LONGEST_PUSH)

    def lost(self, took: float) -> float:
        """Another runner was first. Seconds to wait before the next push."""
        self._turn, self._in_a_row = _SHORTEST, 0
        self._took = min(took, _LONGEST_PUSH)
        return self._chance() * self._took


class Tries:
    """Of one group of records."""

    def __init__(self, losses: int) -> None:
        """`losses`: how often another runner may be first."""
        self._left = losses
        self._failures = 0

    def after_failure(self, *, is_refused: bool) -> float | None:
        """A push has failed, and nobody else's went through. Seconds to wait; None: give up."""
        self._failures += 1
        if is_refused or self._failures > _FAILURES:
            return None
        return 2.0 ** (self._failures - 2)

    def after_loss(self) -> bool:
        """Another runner was first. Whether to try once more."""
        self._failures = 0
        self._left -= 1
        return self._left >= 0
