"""What is seen at a glance is what is found by looking closely.

A glance is spoilt by what changes nothing: a key that is ignored on a file. So the same world is
looked at twice, and once no glance says anything.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import event, given

from reconciler.core.diff import diff
from reconciler.core.marks import Owned, owner
from reconciler.core.matching import match
from reconciler.core.model import DesiredState, File, LiveState, Opaque
from tests.core.worlds import World, searched, worlds

_OTHERS = "seen_by_others"


def _spoilt(file: File) -> File:
    if isinstance(file.user_defined, Opaque):
        return file
    return replace(file, user_defined={**file.user_defined, _OTHERS: 1})


def _seen_closely(desired: DesiredState, live: LiveState) -> tuple[DesiredState, LiveState]:
    rules = replace(desired.rules, ignore=(*desired.rules.ignore, _OTHERS))
    buckets = {
        name: replace(bucket, files=tuple(map(_spoilt, bucket.files)))
        for name, bucket in live.buckets.items()
    }
    return replace(desired, rules=rules), replace(live, buckets=buckets)


def _told(desired: DesiredState, live: LiveState, *, retry_broken: bool) -> list[object]:
    found = diff(desired, live, retry_broken=retry_broken)
    facts = [
        str(fact).replace(f", '{_OTHERS}': 1", "").replace(f"'{_OTHERS}': 1", "")
        for fact in found.facts
    ]
    return [facts, found.matched, found.owned, found.unchanged]


@searched
@given(worlds())
def test_a_glance_finds_what_a_close_look_does(world: World) -> None:
    live = world.live()
    one = _told(world.desired, live, retry_broken=world.retry_broken)
    other = _told(*_seen_closely(world.desired, live), retry_broken=world.retry_broken)
    event(f"unchanged: {one[-1]}")
    assert one == other


@searched
@given(worlds())
def test_every_file_with_a_mark_of_ours_is_owned(world: World) -> None:
    live = world.live()
    trashes = world.desired.trashes
    files = [f for name in live.buckets.keys() - trashes for f in live.buckets[name].files]
    owned = [file for file in files if isinstance(owner(file, world.desired), Owned)]
    assert match(world.desired, live).owned == len(owned)
