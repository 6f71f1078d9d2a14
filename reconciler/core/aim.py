"""What a plan is towards: what should be, and which of all differences from it count."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.core.diff import Differences
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Change, Create, Note, Options, Plan
from reconciler.core.planner import differences_for, plan_of

Scope: TypeAlias = Callable[[Differences], Differences]
"""Which of all differences count."""


def whole(differences: Differences) -> Differences:
    """All of them."""
    return differences


@dataclass(frozen=True, slots=True)
class Aim:
    """What should be. Of an ordinary plan that is what the catalogue says, and all of it."""

    desired: DesiredState
    scope: Scope = whole
    notes: tuple[Note, ...] = ()
    """What a reader must know of how it came about."""
    reason: str | None = None
    """Why all of it is done, where that is not for what the catalogue says."""


def differences_from(aim: Aim, live: LiveState, options: Options) -> Differences:
    """What differs from it, as far as that counts."""
    return aim.scope(differences_for(aim.desired, live, options))


def plan_towards(aim: Aim, live: LiveState, options: Options) -> Plan:
    """What must be done for it. Pure."""
    plan = plan_of(differences_from(aim, live, options), aim.desired, live, options)
    changes = tuple(_for(aim.reason, change) for change in plan.changes)
    return replace(plan, changes=changes, notes=(*aim.notes, *plan.notes))


def _for(reason: str | None, change: Change) -> Change:
    if reason is None:
        return change
    anew = isinstance(change, Create) and change.replaces is not None
    return replace(change, reason=f"{reason}; the acr_id changes" if anew else reason)
