"""How a run is named on the command line: its id, the first characters of it, or `last`."""

from collections.abc import Sequence
from typing import Final

LAST: Final = "last"
SHORTEST: Final = 6
"""Characters of a run's id that may stand for it."""


def meant_by(named: str, known: Sequence[str]) -> Sequence[str]:
    """The ids that may be meant: the very one, or all that begin so. `last` is not for here: of
    which runs, the command knows."""
    if named in known:
        return [named]
    return [run for run in known if run.startswith(named)] if len(named) >= SHORTEST else []
