"""What a plan is towards: what should be, and which of all differences from it count."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.core.diff import Differences
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import Note, Options, Plan
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


def differences_from(aim: Aim, live: LiveState, options: Options) -> Differences:
    """What differs from it, as far as that counts."""
    return aim.scope(differences_for(aim.desired, live, options))


def plan_towards(aim: Aim, live: LiveState, options: Options) -> Plan:
    """What must be done for it. Pure."""
    plan = plan_of(differences_from(aim, live, options), aim.desired, live, options)
    return plan if not aim.notes else replace(plan, notes=(*aim.notes, *plan.notes))
