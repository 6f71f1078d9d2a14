"""What a plan is towards: the catalogue, or what its options say instead."""

from datetime import datetime
from typing import assert_never

from reconciler.core.aim import Aim
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Purge, Revert, Way
from reconciler.core.purge import Purging, purge
from reconciler.errors import PlanFileError
from reconciler.ledger import Place, thrown_away


def aim_of(way: Way | None, desired: DesiredState, live: LiveState, ledger: Place) -> Aim:
    """What a plan that goes this way is towards today. Raises `LedgerError`, and
    `PlanFileError` where the plan says it in a form that means nothing."""
    match way:
        case None:
            return Aim(desired)
        case Revert():
            raise NotImplementedError
        case Purge(before=before, unknown=unknown):
            thrown = thrown_away(ledger, desired.names, live.origin)
            return purge(Purging(desired, thrown, _moment(before), unknown), live)
        case _:
            assert_never(way)


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PlanFileError(f"{text!r}, before which it purges, is no moment: plan again")
    return moment.timestamp()
