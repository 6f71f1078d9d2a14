"""What a plan is towards: the catalogue, or what its options say instead."""

from typing import assert_never

from reconciler.core.aim import Aim
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Purge, Revert, Way
from reconciler.ledger import Place


def aim_of(way: Way | None, desired: DesiredState, live: LiveState, ledger: Place) -> Aim:
    """What a plan that goes this way is towards today. Raises `LedgerError`."""
    match way:
        case None:
            return Aim(desired)
        case Revert():
            raise NotImplementedError
        case Purge():
            raise NotImplementedError
        case _:
            assert_never(way)
