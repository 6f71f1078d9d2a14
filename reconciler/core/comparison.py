"""What differs between two plans: an earlier one, and a later one. Changes are the same where a
plan's digest has them the same."""

from dataclasses import dataclass

from reconciler.core.change_codec import is_same_change
from reconciler.core.plan import Change, Plan, Violation


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, in the order of the plan that has it."""

    same: bool
    """Both do the same: they have one digest. What they were made from may differ all the same."""
    new: tuple[Change, ...]
    """Changes that only the later plan has."""
    gone: tuple[Change, ...]
    """Changes that only the earlier plan has."""
    different: tuple[tuple[Change, Change], ...]
    """Changes by one name that do something else: before, and after."""
    kept: int
    """How many changes are the same."""
    catalog: bool
    """They are of catalogues by two names."""
    origin: bool
    """The service is another, or a bucket is, by its id."""
    options: bool
    """They were asked for otherwise."""
    new_violations: tuple[Violation, ...]
    gone_violations: tuple[Violation, ...]


def compare(before: Plan, after: Plan) -> Comparison:
    """How `after` differs from `before`. In linear time: nothing is compared pairwise."""
    was = {change.id: change for change in before.changes}
    now = {change.id: change for change in after.changes}
    shared = [(was[change.id], change) for change in after.changes if change.id in was]
    different = tuple(pair for pair in shared if not is_same_change(*pair))
    refused_then, refused_now = map(_violations, (before, after))
    return Comparison(
        same=before.digest == after.digest,
        new=tuple(change for change in after.changes if change.id not in was),
        gone=tuple(change for change in before.changes if change.id not in now),
        different=different,
        kept=len(shared) - len(different),
        catalog=before.catalog != after.catalog,
        origin=_origin(before) != _origin(after),
        options=before.options != after.options,
        new_violations=tuple(refused_now[name] for name in refused_now if name not in refused_then),
        gone_violations=tuple(
            refused_then[name] for name in refused_then if name not in refused_now
        ),
    )


def _violations(plan: Plan) -> dict[tuple[str, str, str | None], Violation]:
    return {(each.rule, each.message, each.key): each for each in plan.violations}


def _origin(plan: Plan) -> tuple[str, dict[str, int]]:
    return plan.origin, {name: seen.id for name, seen in plan.live.items()}
