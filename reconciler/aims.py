"""What a plan is towards: the catalogue, or what its options say instead."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from reconciler.core.aim import Aim
from reconciler.core.model import DesiredState, Key, LiveState
from reconciler.core.plan import Purge, Revert, Way
from reconciler.core.purge import Purging, purge
from reconciler.core.revert.images import Past
from reconciler.errors import PlanFileError, UsageError
from reconciler.ledger import Place, thrown_away


def aim_of(way: Way | None, desired: DesiredState, live: LiveState, ledger: Place) -> Aim:
    """What a plan that goes this way is towards today.

    Raises `LedgerError`; `UsageError` where the run to be taken back was of another catalogue or
    service, or did not change a key; `PlanFileError` where the plan says its way in a form that
    means nothing.
    """
    match way:
        case None:
            return Aim(desired)
        case Revert():
            return _back(way, desired, live, ledger)
        case Purge(before=before, unknown=unknown):
            thrown = thrown_away(ledger, desired.names, live.origin)
            return purge(Purging(desired, thrown, _moment(before), unknown), live)
        case _:
            assert_never(way)


def _back(way: Revert, desired: DesiredState, live: LiveState, ledger: Place) -> Aim:
    from reconciler.core.revert.aiming import reverted
    from reconciler.ledger.images import read_past

    past = read_past(ledger, way.run, desired.names)
    for what, of_run, of_now, is_other in (
        ("catalogue", past.run.catalog, desired.catalog, past.run.catalog not in desired.names),
        ("host", past.run.origin, live.origin, past.run.origin != live.origin),
    ):
        if is_other:
            raise UsageError(
                f"the run {way.run} was of another {what}: {of_run}, and this is {of_now}; nothing "
                "was sent. Take it back there"
            )
    _check_buckets(past, desired)
    for key in way.keys:
        if key not in past.keys:
            raise UsageError(f"the run {way.run} did not change {key}{_near(key, past.keys)}")
    return reverted(desired, live, past, way.keys)


def _check_buckets(past: Past, desired: DesiredState) -> None:
    ids = {bucket.id for bucket in desired.buckets.values()}
    for image in past.images:
        name, was = image.change.bucket, image.change.bucket_id
        now = desired.buckets.get(name)
        if now is not None and was not in ids:
            raise UsageError(
                f"the bucket {name} was {was} in the run {past.run.id}, and the catalogue has it "
                f"as {now.id}; nothing was sent. Declare {was} again, by any name"
            )


def _near(key: Key, keys: Sequence[Key]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, keys, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PlanFileError(f"{text!r}, before which it purges, is no moment: plan again")
    return moment.timestamp()
