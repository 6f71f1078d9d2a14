"""What holds of every way back, looked for in thousands of small worlds (see `worlds`).

An independent model of the service carries out what a run does, what others do to it afterwards,
and what takes the run back.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event
from hypothesis import given as drawn

from reconciler.core.plan import Create, Delete, Move, Plan, Update
from reconciler.core.revert.images import Image, Past
from tests.core.service_model import BROKEN, READY, Service, Stored, clean_title, object_of
from tests.core.test_revert import RUN, images, way_back
from tests.core.worlds import Dice, World, dice, searched, worlds

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.no_cover

WITHOUT_OTHERS = "files carry its mark|the mark of the entry|a file with its mark|what no entry has"
"""What may be called changed where nobody changed it: a world may begin so."""


def ran(world: World) -> tuple[Service, Past]:
    """The service after a run, and what the ledger has of that."""
    service = world.service.copy()
    plan = world.plan()
    service.apply(plan.changes)
    done = [change for change in plan.changes if change not in service.stale]
    made = {str(name): file_id for name, file_id in service.made.items()}
    known = (_known(image, service) for image in images(done, made=made))
    return service, Past(RUN, tuple(known))


def _known(image: Image, service: Service) -> Image:
    """With the acr_id that the service gave to a new file."""
    if isinstance(image.change, Create) and image.file_id in service.files:
        return replace(image, acr_id=service.files[image.file_id].acr_id)
    return image


def back_of(world: World, service: Service, past: Past) -> Plan:
    plan = way_back(past, (world.desired, world.live(service)))
    for change in plan.changes:
        event(type(change).__name__)
    for note in plan.notes:
        event(note.fact)
    return plan


def key_on(world: World, file: Stored) -> str | None:
    whose, key = world.names.whose(file)
    return key if whose == "ours" else None


def but_its_mark(file: Stored) -> tuple[Any, ...]:
    """All of a file but its mark, which stays as the run wrote it; a number as its text."""
    values = object_of(file.user_defined) or {}
    rest = {name: str(item) for name, item in values.items() if not name.startswith("catalog_")}
    return file.bucket, clean_title(file.title), rest


@searched
@drawn(worlds())
def test_where_nobody_touched_it_every_file_is_as_before(world: World) -> None:
    service, past = ran(world)
    plan = back_of(world, service, past)
    then = service.copy()
    then.apply(plan.changes)
    assert then.stale == []
    trashes = {world.desired.buckets[name].id for name in world.desired.trashes}
    told = {note.file_id for note in plan.notes if note.fact not in ("mark stays", "catalogue")}
    told |= {note.key for note in plan.notes if note.file_id is None}
    told |= {violation.key for violation in plan.violations}
    for image in past.images:
        change = image.change
        if image.file_id in told or change.key in told:
            continue
        if isinstance(change, Move) and change.after_change is not None:
            continue  # the old file of a replacement, which may have been replaced for its state
        if isinstance(change, (Move, Update)):
            before, after = world.service.files[change.file_id], then.files[change.file_id]
            if before.bucket in trashes:
                assert after.bucket == before.bucket  # as it is: in a trash nothing is changed
            else:
                assert but_its_mark(before) == but_its_mark(after)
        elif isinstance(change, Create) and change.replaces is None:
            new = then.files.get(image.file_id or 0)
            assert new is None or new.bucket in trashes


def _keys_outside(world: World, service: Service) -> set[str | None]:
    """The keys that a file outside a trash carries."""
    outside = (file for file in service.files.values() if file.bucket not in world.trashes)
    return {key_on(world, file) for file in outside}


@searched
@drawn(worlds())
def test_a_key_that_had_a_file_and_has_one_keeps_one(world: World) -> None:
    service, past = ran(world)
    then = service.copy()
    then.apply(back_of(world, service, past).changes)
    then.settle(lambda: READY)
    had = _keys_outside(world, world.service) & _keys_outside(world, service)
    assert had - {None} <= _keys_outside(world, then)


@searched
@drawn(worlds())
def test_only_what_was_changed_since_is_called_so(world: World) -> None:
    service, past = ran(world)
    for note in back_of(world, service, past).notes:
        if note.fact == "changed since":
            assert re.search(WITHOUT_OTHERS, note.message)


def _retitled(file: Stored) -> None:
    file.title = "By hand"


def _with_more(file: Stored) -> None:
    file.user_defined = {**(object_of(file.user_defined) or {}), "x": "hand", "hand": 1}


def _with_less(file: Stored) -> None:
    values = object_of(file.user_defined) or {}
    file.user_defined = {name: item for name, item in values.items() if name != "x"}


def _given_away(file: Stored) -> None:
    file.user_defined = {**(object_of(file.user_defined) or {}), "catalog_key": "radio/z"}


def _disowned(file: Stored) -> None:
    values = object_of(file.user_defined) or {}
    file.user_defined = {name: item for name, item in values.items() if name != "catalog_key"}


def _made_opaque(file: Stored) -> None:
    file.user_defined = [1]


def _broken(file: Stored) -> None:
    file.state = BROKEN


def _left(file: Stored) -> None:
    pass


EDITS: tuple[Callable[[Stored], None], ...] = (
    *(_left, _left, _retitled, _with_more, _with_less, _given_away, _disowned, _made_opaque),
    _broken,
)


def edited(service: Service, thrown: Dice) -> Service:
    """The service after others were at it."""
    then = service.copy()
    for file in list(then.files.values()):
        if thrown.pick((False, False, False, False, True)):
            del then.files[file.id]
            continue
        thrown.pick(EDITS)(file)
        there = [b for b, region in then.regions.items() if region == then.regions[file.bucket]]
        file.bucket = thrown.pick((file.bucket, file.bucket, thrown.pick(there)))
    return then


@searched
@drawn(worlds(), dice(12))
def test_whatever_others_did_only_the_runs_own_files_are_touched(
    world: World, thrown: Dice
) -> None:
    service, past = ran(world)
    past = replace(
        past,
        images=tuple(replace(i, is_sure=thrown.pick((True, True, False))) for i in past.images),
    )
    now = edited(service, thrown)
    plan = back_of(world, now, past)
    its_own = {image.file_id for image in past.images}
    for change in plan.changes:
        assert change.key in past.keys
        if not isinstance(change, Create):
            assert change.file_id in its_own
            assert key_on(world, now.files[change.file_id]) == change.key
        elif change.replaces is not None:
            assert change.replaces in its_own
    then = now.copy()
    then.apply(plan.changes)
    assert then.stale == []
    then.settle(lambda: READY)
    assert back_of(world, then, past).changes == ()


@searched
@drawn(worlds(), dice(12))
def test_what_others_wrote_since_survives(world: World, thrown: Dice) -> None:
    service, past = ran(world)
    now = edited(service, thrown)
    for file in now.files.values():
        values = object_of(file.user_defined)
        if values is not None:
            file.user_defined = {**values, "other": thrown.pick((1, 2))}
    plan = back_of(world, now, past)
    then = now.copy()
    then.apply(plan.changes)
    made = {
        change.replaces: then.made[change.id]
        for change in plan.changes
        if isinstance(change, Create) and change.replaces is not None
    }
    deleted = {change.file_id for change in plan.changes if isinstance(change, Delete)}
    for file in now.files.values():
        if (object_of(file.user_defined) or {}).get("other") is None:
            assert then.files[file.id] == file
            continue
        assert file.id in then.files or file.id in made, deleted
        after = then.files[made.get(file.id, file.id)]
        for name in ("other", "hand"):
            values = object_of(file.user_defined) or {}
            assert (object_of(after.user_defined) or {}).get(name) == values.get(name)
        if file.title == "By hand":
            assert after.title == "By hand"


@searched
@drawn(worlds())
def test_the_same_way_back_again_is_empty(world: World) -> None:
    service, past = ran(world)
    service.apply(back_of(world, service, past).changes)
    service.settle(lambda: READY)
    assert back_of(world, service, past).changes == ()


@searched
@drawn(worlds())
def test_the_way_back_of_the_way_back_is_the_run(world: World) -> None:
    """Where nothing is deleted or made, so that nothing is lost."""
    service, past = ran(world)
    plan = back_of(world, service, past)
    if any(isinstance(image.change, (Create, Delete)) for image in past.images):
        return
    before = {file.id: but_its_mark(file) for file in service.files.values()}
    service.apply(plan.changes)
    again = way_back(Past(RUN, images(plan.changes)), (world.desired, world.live(service)))
    service.apply(again.changes)
    assert {file.id: but_its_mark(file) for file in service.files.values()} == before
