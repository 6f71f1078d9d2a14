"""What holds of every plan, looked for in thousands of small worlds (see `worlds`).

An independent model of the service (`service_model`) carries out what is planned. What occurs
in the worlds is shown by `--hypothesis-show-statistics`, and held to by the first test.
`RECONCILER_EXAMPLES=50000` looks longer, and each time elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from reconciler.core.codec import Made, encode
from reconciler.core.diff import diff
from reconciler.core.facts import (
    Drifted,
    Expired,
    Fact,
    Foreign,
    Missing,
    Orphaned,
    Outdated,
    Pending,
    Unresolved,
)
from reconciler.core.matching import Found, match
from reconciler.core.model import Key, Place, Prune, Source
from reconciler.core.plan import Change, Create, Delete, Move, Options, Plan, Rule, Update, removes
from reconciler.core.planner import make_plan
from tests.core.service_model import BROKEN, PENDING, READY, Service, Stored
from tests.core.worlds import Dice, World, dice, searched, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.no_cover

_ROUNDS = 4
_MORE = ("", ", with others")
_THEN = ("", " and deletable")


class Witness:
    """Sees every delete before it is done: a key's only ready file goes with its entry alone."""

    def __init__(self, world: World) -> None:
        self._names = world.names
        self._entries = world.desired.entries
        self._keys = {key: key for key in self._entries}
        self._keys |= {was: key for key, entry in self._entries.items() for was in entry.was}
        self._pins = {entry.acr_id for entry in self._every(world)}
        self._trashes = world.trashes

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
            if other.bucket not in self._trashes
        ]
        assert left, f"{file} was the only ready file of {key}"


_UPLOADS = (READY, PENDING, BROKEN)
_LATER = (READY, READY, PENDING, BROKEN)


def kinds(plan: Plan) -> None:
    for change in plan.changes:
        event(type(change).__name__)


def _kinds_of(fact: Fact) -> Iterator[str]:
    """By what names a fact is counted: its own, and that of what is particular about it."""
    yield type(fact).__name__
    match fact:
        case Drifted():
            yield f"Drifted, found by {fact.found.name}"
            for name in ("assumed", "marks_only", "removed"):
                if getattr(fact, name):
                    yield f"Drifted, {name}"
        case Outdated():
            yield f"Outdated: {fact.why}" + (", with others" if fact.others else "")
        case Orphaned():
            how = "waits" if fact.waits else "keeps" if fact.successor else "alone"
            yield f"Orphaned {how}" + (" and deletable" if fact.deletable else "")
        case Missing(twins=(_, *_)) | Foreign(deletable=True):
            yield f"{type(fact).__name__}, particular"
        case Pending(waits=str(waits)):
            yield "Pending: " + re.sub(r"file \d+", "file ID", waits)
        case Unresolved():
            why = re.sub(
                r"acr_id .*|catalogue's: .*|entry .*| the title .*|(?<=region than ).*",
                "...",
                fact.why,
            )
            yield "Unresolved: " + re.sub(r"\d+", "N", why)


EXPECTED = (
    *(fact.__name__ for fact in get_args(Fact) if fact is not Expired),  # of a purge alone
    *(f"Drifted, found by {found.name}" for found in Found),
    *("Drifted, assumed", "Drifted, marks_only", "Drifted, removed"),
    *(f"Outdated: its source changed{more}" for more in _MORE),
    *(f"Outdated: the service could not process it: uploaded again{more}" for more in _MORE),
    *(f"Outdated: its bucket is in another region{more}" for more in _MORE),
    "Missing, particular",
    *(f"Orphaned {how}{then}" for how in ("waits", "keeps", "alone") for then in _THEN),
    "Foreign, particular",
    "Pending: it is replaced once it is ready",
    "Pending: file ID is deleted once it is ready",
    "Pending: it or file ID is a duplicate",
    "Pending: whether it replaces another is not known",
    "Unresolved: it has no file, and no source to make one from",
    "Unresolved: it would have to be uploaded anew, and has no source",
    "Unresolved: its user_defined cannot be read as an object",
    "Unresolved: several files carry its mark, and none is ready",
    "Unresolved: several files carry its mark, and not each says what it was made from",
    "Unresolved: several files carry its mark, made from different sources",
    "Unresolved: no file of the catalogue's buckets has the ...",
    "Unresolved: several files have the ...",
    "Unresolved: the file pinned by ...",
    "Unresolved: what has the ...",
    "Unresolved: it would go to the trash bin, which is in another region than ...",
    "Unresolved: N unmarked file(s) and N entries have...",
)


def test_whatever_there_can_be_occurs_in_the_worlds() -> None:
    seen: Counter[str] = Counter()

    @settings(searched, max_examples=max(6000, searched.max_examples))
    @given(worlds())
    def look(world: World) -> None:
        found = diff(world.desired, world.live(), retry_broken=world.retry_broken)
        seen.update({kind for fact in found.facts for kind in _kinds_of(fact)})

    look()
    assert {kind: seen[kind] for kind in EXPECTED if seen[kind] < 3} == {}
    assert set(seen) == set(EXPECTED)


@searched
@given(worlds())
def test_an_applied_plan_leaves_nothing_to_do(world: World) -> None:
    first = world.plan()
    kinds(first)
    service = world.service.copy()
    service.apply(first.changes, before_delete=Witness(world))
    assert service.stale == []
    second = world.plan(service)
    if any(violation.rule is Rule.UNRESOLVED for violation in first.violations):
        # What was one of several may be the only one by now: an entry is resolved later.
        event("unresolved at first" + (", changes later" if second.changes else ""))
    else:
        # Only what the first plan put off, and said so, since a file was not ready then.
        put_off = {note.file_id for note in first.notes if note.fact == "orphaned"}
        for change in second.changes:
            assert removes(change)
            assert change.keeps is not None
            assert change.file_id in put_off
    for _ in range(_ROUNDS):
        service.apply(world.plan(service).changes, before_delete=Witness(world))
        assert service.stale == []
    assert world.plan(service).changes == ()


@searched
@given(worlds(), st.integers(0, 12), dice(8), dice(8))
def test_an_apply_that_stopped_anywhere_is_finished_by_the_next_ones(
    world: World, stop: int, uploads: Dice, later: Dice
) -> None:
    witness = Witness(world)
    service = world.service.copy()
    changes = world.plan().changes
    event("stopped half-way" if stop < len(changes) else "went through")
    service.apply(changes[:stop], lambda: uploads.pick(_UPLOADS), witness)
    for _ in range(_ROUNDS):
        service.settle(lambda: later.pick(_LATER))
        again = world.plan(service).changes
        service.apply(again, before_delete=witness)
    assert world.plan(service).changes == ()


@searched
@given(worlds(), dice(12), dice(12))
def test_the_only_ready_file_of_a_key_goes_with_its_entry_alone(
    world: World, uploads: Dice, later: Dice
) -> None:
    witness = Witness(world)
    service = world.service.copy()
    for _ in range(3):
        plan = world.plan(service)
        kinds(plan)
        service.apply(plan.changes, lambda: uploads.pick(_UPLOADS), witness)
        service.settle(lambda: later.pick(_LATER))


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
    assert [*encode(same, made)] == [*encode(plan, made)]
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
        whose, _ = names.whose(file)
        event(f"{type(change).__name__} of a file that is {whose}")
        assert whose not in ("opaque", "another's")
        if whose == "ours":
            continue
        by_title = desired.identity.adopt == "title" and file.id in adopted
        was_in = desired.buckets[change.from_bucket if isinstance(change, Move) else change.bucket]
        pruned = was_in.prune is Prune.ALL and removes(change)
        assert file.acr_id in pins or by_title or pruned


@searched
@given(worlds(), st.integers(0, 20))
def test_no_change_is_superfluous(world: World, which: int) -> None:
    first = world.plan()
    changes = first.changes
    assume(changes)
    left_out = changes[which % len(changes)]
    service = world.service.copy()
    service.apply(
        change
        for change in changes
        if change is not left_out and getattr(change, "after_change", None) != left_out.id
    )
    again = world.plan(service)
    if removes(left_out) and left_out.after_change is not None:
        # A foreign file that an entry took over, and that was replaced at once, carries no mark
        # that would tell the next plan what it was.
        assume(world.names.whose(world.service.files[left_out.file_id])[0] == "ours")
    # Where what must be done cannot be told from what is there, it is at least said.
    unresolved = any(violation.rule is Rule.UNRESOLVED for violation in again.violations)
    kept = any(note.fact == "orphaned" for note in again.notes)
    # What could not be thrown away may be found by its source, and be waited for.
    waits = any(note.fact == "pending" for note in again.notes)
    kept = kept or (waits and any(v.rule is Rule.UNRESOLVED for v in first.violations))
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
    files += [file.id for _, file in matching.trashed]
    # In a trash, what may be an unresolved entry's is not among what may be purged.
    thrown = {i for i, file in world.service.files.items() if file.bucket in world.trashes}
    files += {i for unfound in matching.unfound for i in unfound.candidates if i in thrown}
    assert Counter(files) == Counter([*world.service.files])
    keys = [*matching.matched, *matching.missing]
    keys += [unfound.key for unfound in matching.unfound if unfound.key in world.desired.entries]
    assert Counter(keys) == Counter([*world.desired.entries])
    assert set(matching.unwanted) <= set(world.desired.absent)
    counted = [
        file
        for file in world.service.files.values()
        if world.names.whose(file)[0] == "ours" and file.bucket not in world.trashes
    ]
    assert matching.owned == len(counted)


@searched
@given(worlds(), st.integers(0, 6))
def test_a_plan_of_some_keys_does_what_the_whole_plan_does_about_them(
    world: World, which: int
) -> None:
    keys = ("a", "b", "8", "gone", "x", "y", "z")
    part, whole = world.plan(only=(keys[which],)), world.plan()
    assert [change.id for change in part.changes] == [
        change.id for change in whole.changes if change.key == keys[which]
    ]
    event("something" if part.changes else "nothing")
    service = world.service.copy()
    service.apply(part.changes, before_delete=Witness(world))
    assert service.stale == []


@searched
@given(worlds())
def test_a_change_touches_one_file_and_says_only_what_is_managed(world: World) -> None:
    matching = match(world.desired, world.live())
    unknown = {file_id for unfound in matching.unfound for file_id in unfound.candidates}
    entries = [*matching.matched.values(), *matching.unwanted.values()]
    unknown -= {file.id for _, files in entries for file in files}
    actions = []
    for change in world.plan().changes:
        contents = [getattr(change, name, None) for name in ("before", "after")]
        for content in filter(None, contents):
            assert not any(map(world.service.is_ignored, content.user_defined))
        file_id = change.replaces if isinstance(change, Create) else change.file_id
        if file_id is None:
            continue
        assert file_id not in unknown
        assert world.names.whose(world.service.files[file_id])[0] != "opaque"
        actions.append((Delete if removes(change) else type(change), file_id))
    assert len(actions) == len(set(actions))
    both = {file_id for kind, file_id in actions if kind in (Update, Move)}
    assert both.isdisjoint(file_id for kind, file_id in actions if kind in (Create, Delete))


@searched
@given(worlds(), dice(12), dice(12))
def test_where_there_is_a_trash_no_file_is_lost(world: World, uploads: Dice, later: Dice) -> None:
    """Nothing but a purge deletes for good what a bucket with a trash has, or the trash."""
    kept = {bucket.id for bucket in world.desired.buckets.values() if bucket.trash is not None}
    kept |= world.trashes
    service = world.service.copy()
    for _ in range(3):
        safe = {file.id for file in service.files.values() if file.bucket in kept}
        plan = world.plan(service)
        for change in plan.changes:
            event(f"{type(change).__name__}{' to the trash' if removes(change) else ''}")
            assert not (isinstance(change, Delete) and change.bucket_id in kept)
        service.apply(plan.changes, lambda: uploads.pick(_UPLOADS))
        service.settle(lambda: later.pick(_LATER))
        assert safe <= service.files.keys()


@searched
@given(worlds())
def test_what_lies_in_a_trash_is_moved_out_or_let_alone(world: World) -> None:
    lying = {file.id for file in world.service.files.values() if file.bucket in world.trashes}
    plan = world.plan()
    back = {c.file_id for c in plan.changes if isinstance(c, Move) and c.file_id in lying}
    for change in plan.changes:
        if isinstance(change, Create):
            assert change.replaces not in lying
        elif change.file_id in lying:
            assert change.file_id in back
            assert not removes(change)
    assert len({c.key for c in plan.changes if isinstance(c, Move) and c.file_id in back}) == len(
        back
    )


def test_plans_with_one_digest_do_the_same() -> None:
    known: dict[str, list[Change]] = {}
    repeated: Counter[bool] = Counter()

    @searched
    @given(worlds(), st.booleans())
    def compare(world: World, elsewhere: bool) -> None:
        if elsewhere:
            entries = {
                key: replace(entry, place=Place("other.yaml", 99, 9), source=_resized(entry.source))
                for key, entry in world.desired.entries.items()
            }
            desired = replace(world.desired, entries=entries, digest="sha256:" + "1" * 64)
            world = replace(world, desired=desired)
        plan = world.plan()
        doing = [_deed(change) for change in plan.changes]
        repeated[plan.digest in known] += 1
        assert known.setdefault(plan.digest, doing) == doing

    compare()
    assert repeated[True]
    assert repeated[False]


def _resized(source: Source | None) -> Source | None:
    return None if source is None else replace(source, size=77, location="/elsewhere")


def _deed(change: Change) -> Change:
    """A change without what is for eyes only, and without its upload's size."""
    place = Place("", 0, 0)
    if isinstance(change, Create):
        source = replace(change.source, size=None)
        return replace(change, reason="", declared_at=place, source=source)
    return replace(change, reason="", declared_at=place)
