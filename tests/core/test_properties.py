"""What holds of every plan, looked for in thousands of small worlds (see `worlds`).

An independent model of the service (`service_model`) carries out what is planned.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from reconciler.core import facts
from reconciler.core.codec import encode, encode_change, Made
from reconciler.core.content import Contents
from reconciler.core.diff import diff
from reconciler.core.matching import match
from reconciler.core.model import Key, Prune
from reconciler.core.plan import Change, Create, Delete, Move, Options, Plan, Rule, Update
from reconciler.core.planner import make_plan
from tests.core.service_model import BROKEN, PENDING, READY, Names, Service, Stored
from tests.core.worlds import Dice, World, searched, worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUNDS = 4


class Witness:
    """Sees every delete before it is done: a key's only ready file goes with its entry alone."""

    def __init__(self, world: World) -> None:
        self._names = world.names
        self._entries = world.desired.entries
        self._keys = {key: key for key in self._entries}
        self._keys |= {was: key for key, entry in self._entries.items() for was in entry.was}
        self._pins = {entry.acr_id for entry in self._every(world)}

    @staticmethod
    def _every(world: World) -> Iterator[Any]:
        yield from world.desired.entries.values()
        yield from world.desired.absent.values()

    def _key(self, file: Stored) -> Key | None:
        """The entry whose key, now or formerly, is on the file's mark."""
        return self._keys.get(Key(self._names.whose(file)[1]))

    def __call__(self, service: Service, file: Stored) -> None:
        key = self._key(file)
        if key is None or file.state != READY or file.acr_id in self._pins:
            return
        left = [
            other
            for other in service.files.values()
            if other.id != file.id and other.state == READY and self._key(other) == key
        ]
        assert left, f"{file} was the only ready file of {key}"


def outcomes(number: int, of: tuple[int, ...]) -> Callable[[], int]:
    """What becomes of one upload after the other."""
    dice = Dice(number)
    return lambda: dice.pick(of)


def kinds(plan: Plan) -> None:
    for change in plan.changes:
        event(type(change).__name__)


@searched
@given(worlds())
def test_an_applied_plan_leaves_nothing_to_do(world: World) -> None:
    first = world.plan()
    kinds(first)
    service = world.service.copy()
    service.apply(first.changes, before_delete=Witness(world))
    assert service.stale == []
    second = world.plan(service)
    # Only what the first plan put off, and said so, since a file was not ready then.
    put_off = {note.file_id for note in first.notes if note.fact == "orphaned"}
    for change in second.changes:
        assert isinstance(change, Delete)
        assert change.keeps is not None
        assert change.file_id in put_off
    service.apply(second.changes, before_delete=Witness(world))
    assert service.stale == []
    assert world.plan(service).changes == ()


@searched
@given(worlds(), st.integers(0, 20), st.integers(0, 3**8 - 1), st.integers(0, 4**8 - 1))
def test_an_apply_that_stopped_anywhere_is_finished_by_the_next_ones(
    world: World, stop: int, uploads: int, later: int
) -> None:
    witness = Witness(world)
    service = world.service.copy()
    changes = world.plan().changes
    event("stopped half-way" if stop < len(changes) else "went through")
    service.apply(changes[:stop], outcomes(uploads, (READY, PENDING, BROKEN)), witness)
    for _ in range(_ROUNDS):
        service.settle(outcomes(later, (READY, READY, PENDING, BROKEN)))
        again = world.plan(service).changes
        service.apply(again, before_delete=witness)
    assert world.plan(service).changes == ()


@searched
@given(worlds(), st.integers(0, 3**8 - 1), st.integers(0, 4**8 - 1))
def test_the_only_ready_file_of_a_key_goes_with_its_entry_alone(
    world: World, uploads: int, later: int
) -> None:
    witness = Witness(world)
    service = world.service.copy()
    for round_ in range(3):
        plan = world.plan(service)
        kinds(plan)
        dice = outcomes(uploads + round_, (READY, PENDING, BROKEN))
        service.apply(plan.changes, dice, witness)
        service.settle(outcomes(later + round_, (PENDING, READY, READY, BROKEN)))


@searched
@given(worlds(), st.integers(0, 2**16))
def test_the_order_of_what_is_given_means_nothing(world: World, seed: int) -> None:
    random = Random(seed)

    def shuffled(mapping: Any) -> Any:
        return dict(random.sample([*mapping.items()], len(mapping)))

    def mixed(value: Any) -> Any:
        return value if not isinstance(value, dict) else shuffled(value)

    desired = replace(
        world.desired,
        buckets=shuffled(world.desired.buckets),
        entries=shuffled(
            {
                key: replace(entry, user_defined=mixed(entry.user_defined))
                for key, entry in world.desired.entries.items()
            }
        ),
    )
    live = world.live(
        order=lambda files: [replace(f, user_defined=mixed(f.user_defined)) for f in files]
    )
    live = replace(live, buckets=shuffled(live.buckets))
    options = Options(retry_broken=world.retry_broken)
    plan, same = world.plan(), make_plan(desired, live, options)
    made = Made("2026-01-01T00:00:00Z", "test")
    assert same == plan
    assert encode(same, made) == encode(plan, made)
    # A listing is ordered by id. Were it not, the same would be done all the same.
    unordered = world.live(order=lambda files: random.sample(files, len(files)))
    other = make_plan(desired, unordered, options)
    assert replace(other, live=plan.live) == plan


@searched
@given(worlds())
def test_foreign_files_are_let_alone(world: World) -> None:
    names, desired = world.names, world.desired
    entries = [*desired.entries.values(), *desired.absent.values()]
    pins = {entry.acr_id for entry in entries}
    plan = world.plan()
    adopted = {change.file_id for change in plan.changes if isinstance(change, Update)}
    adopted |= {change.replaces for change in plan.changes if isinstance(change, Create)}
    for change in plan.changes:
        if isinstance(change, Create):
            continue
        file = world.service.files[change.file_id]
        whose, key = names.whose(file)
        event(f"{type(change).__name__} of a file that is {whose}")
        assert whose not in ("opaque", "another's")
        if whose == "ours":
            continue
        by_title = desired.identity.adopt == "title" and file.id in adopted
        pruned = desired.buckets[change.bucket].prune is Prune.ALL and isinstance(change, Delete)
        assert file.acr_id in pins or by_title or pruned


@searched
@given(worlds(), st.integers(0, 20))
def test_no_change_is_superfluous(world: World, which: int) -> None:
    changes = world.plan().changes
    assume(changes)
    left_out = changes[which % len(changes)]
    service = world.service.copy()
    service.apply(
        change
        for change in changes
        if change is not left_out and getattr(change, "after_change", None) != left_out.id
    )
    again = world.plan(service)
    if isinstance(left_out, Delete) and left_out.after_change is not None:
        # A foreign file that an entry took over, and that was replaced at once, carries no mark
        # that would tell the next plan what it was.
        assume(world.names.whose(world.service.files[left_out.file_id])[0] == "ours")
    # Where what must be done cannot be told from what is there, it is at least said.
    unresolved = any(violation.rule is Rule.UNRESOLVED for violation in again.violations)
    kept = any(note.fact == "orphaned" for note in again.notes)
    how = "changes" if again.changes else "unresolved" if unresolved else "an orphan is kept"
    event(f"without a {type(left_out).__name__}: {how}")
    assert again.changes or unresolved or kept


@searched
@given(worlds())
def test_everything_is_accounted_for_once(world: World) -> None:
    live = world.live()
    matching = match(world.desired, live)
    of_entries = [*matching.matched.values(), *matching.unwanted.values()]
    files = [file.id for _, matched in of_entries for file in matched]
    files += [file.id for _, file in matching.orphans]
    files += [file.id for file, _ in matching.foreign]
    assert Counter(files) == Counter([*world.service.files])
    keys = [*matching.matched, *matching.missing]
    keys += [unfound.key for unfound in matching.unfound if unfound.key in world.desired.entries]
    assert Counter(keys) == Counter([*world.desired.entries])
    assert set(matching.unwanted) <= set(world.desired.absent)
    counted = [file for file in world.service.files.values() if world.names.whose(file)[0] == "ours"]
    assert matching.owned == len(counted)
