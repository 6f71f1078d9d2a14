"""Which side changed since the last apply: told from the ledger's record, field by field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from reconciler.core.content import Content
from reconciler.core.diff import diff
from reconciler.core.directions import drift_of
from reconciler.core.drift import Direction, Drift, DriftItem, LastApplied, Sides
from reconciler.core.facts import Broken, Unresolved
from reconciler.core.model import Key
from reconciler.core.plan import Options
from reconciler.core.planner import differences_for, plan_of
from tests.core.scenario import given
from tests.core.worlds import World, searched, worlds

MARK = {"catalog_key": "radio/a"}


def record(
    title: str = "T", bucket: str | None = "spots", *, deleted: bool = False, **values: str
) -> LastApplied:
    return LastApplied(Content(title, {**values, **MARK}), bucket, deleted)


def drift(
    text: str,
    records: dict[str, LastApplied] | None = None,
    begun: dict[str, LastApplied] | None = None,
    *,
    unmanaged: bool = False,
) -> Drift:
    found = {Key(key): each for key, each in (records or {}).items()}
    open_ones = {Key(key): each for key, each in (begun or {}).items()}
    return drift_of(diff(*given(text)), found.get, begun=open_ones.get, unmanaged=unmanaged)


def only_item(text: str, **records: LastApplied) -> DriftItem:
    (item,) = drift(text, records).items
    return item


ENTRY = "entry a spots title=new x=1"


@pytest.mark.parametrize(
    ("live", "last", "direction"),
    [
        ("title=old x=1", record("old", x="1"), Direction.NOT_YET_APPLIED),
        ("title=old x=1", record("new", x="1"), Direction.CHANGED_LIVE),
        ("title=old x=1", record("older", x="1"), Direction.BOTH_CHANGED),
        ("title=old x=1", None, Direction.UNKNOWN),
        ("title=old x=1", record(deleted=True), Direction.UNKNOWN),
        ("title=new x=2", record("new", x="2"), Direction.NOT_YET_APPLIED),
        ("title=new x=2", record("new", x="1"), Direction.CHANGED_LIVE),
        ("title=new x=2", record("new", x="3"), Direction.BOTH_CHANGED),
        ("title=old x=2", record("old", x="1"), Direction.BOTH_CHANGED),
        ("title=new x=1 y=2", record("new", x="1"), Direction.CHANGED_LIVE),
        ("title=new x=1 y=2", record("new", x="1", y="2"), Direction.NOT_YET_APPLIED),
        ("title=new", record("new"), Direction.NOT_YET_APPLIED),
    ],
)
def test_a_content_that_differs(live: str, last: LastApplied | None, direction: Direction) -> None:
    item = only_item(f"{ENTRY}\nfile 7 spots a {live}", **({"a": last} if last else {}))
    assert item.direction is direction
    assert (item.key, item.bucket, item.file_id) == ("a", "spots", 7)
    assert item.before is not None
    assert item.wanted is not None
    assert item.fields


def test_each_side_names_the_fields_that_changed_on_it() -> None:
    text = "entry a spots title=new x=1 y=1 z=1 w=1\nfile 7 spots a title=old x=2 y=1 z=3 w=1"
    item = only_item(text, a=record("old", x="1", y="9", z="2", w="1"))
    assert item.direction is Direction.BOTH_CHANGED
    assert item.sides == Sides(
        live=("user_defined.x", "user_defined.z"), desired=("title", "user_defined.z")
    )
    assert item.message == (
        "changed on both sides since it was last applied: user_defined.x, user_defined.z in the "
        "service, title, user_defined.z in the catalogue"
    )
    assert only_item(text).sides is None


def test_of_very_many_fields_a_message_names_the_first() -> None:
    ours, theirs = (" ".join(f"f{n}={side}" for n in range(9)) for side in "12")
    before = record("T-a", **{f"f{n}": "0" for n in range(9)})
    item = only_item(f"entry a spots {ours}\nfile 7 spots a {theirs}", a=before)
    assert "user_defined.f4, 4 more in the service" in item.message
    assert item.sides is not None
    assert len(item.sides.live) == len(item.sides.desired) == 9


class TestAChangeWhoseEndIsNotKnown:
    """It was begun, and then the run was killed, or the answer was lost."""

    TEXT = "entry a spots title=newer\nfile 7 spots a title="

    @pytest.mark.parametrize(
        ("live", "direction"),
        [
            ("new", Direction.NOT_YET_APPLIED),  # it was done
            ("old", Direction.NOT_YET_APPLIED),  # it was not
            ("edited", Direction.BOTH_CHANGED),
        ],
    )
    def test_was_applied_where_what_is_live_is_what_it_makes(
        self, live: str, direction: Direction
    ) -> None:
        found = drift(self.TEXT + live, {"a": record("old")}, {"a": record("new")})
        assert found.items[0].direction is direction

    def test_is_all_that_is_known_of_a_file(self) -> None:
        (item,) = drift(f"{self.TEXT}new", {}, {"a": record("new")}).items
        assert item.direction is Direction.NOT_YET_APPLIED
        (item,) = drift(f"{self.TEXT}edited", {}, {"a": record("new")}).items
        assert item.direction is Direction.UNKNOWN

    def test_so_of_a_move(self) -> None:
        text = "entry a spots\nfile 7 archive a"
        (item,) = drift(text, {"a": record(bucket="spots")}, {"a": record(bucket="archive")}).items
        assert item.direction is Direction.NOT_YET_APPLIED
        (item,) = drift(text, {"a": record(bucket="spots")}, {"a": record(bucket="news")}).items
        assert item.direction is Direction.CHANGED_LIVE

    def test_so_of_a_delete(self) -> None:
        text = "entry a spots s1"
        (item,) = drift(text, {"a": record()}, {"a": record(deleted=True)}).items
        assert item.direction is Direction.NOT_YET_APPLIED
        (item,) = drift(text, {"a": record()}, {"a": record()}).items
        assert item.direction is Direction.MISSING_LIVE


def test_coverage_is_100_only_where_every_file_is_owned() -> None:
    found = drift("file 1 spots a")
    assert (found.owned, found.coverage) == (1, None)
    assert replace(found, files=1).coverage == 100.0
    assert replace(found, files=3).coverage == 33.3
    assert replace(found, files=10_000, owned=9_999).coverage == 99.9


def test_what_others_write_has_no_direction() -> None:
    text = """
        catalog mode=merge
        entry a spots title=new x=1
        file 7 spots a title=old x=1 theirs=5
    """
    assert only_item(text, a=record("old", x="1")).direction is Direction.NOT_YET_APPLIED
    assert only_item(text, a=record("new", x="1")).direction is Direction.CHANGED_LIVE


def test_a_record_under_a_former_key_counts() -> None:
    text = "entry a spots title=new was=b\nfile 7 spots b title=old"
    former = {"catalog_key": "radio/b"}
    old, new = (LastApplied(Content(t, former), "spots", deleted=False) for t in ("old", "new"))
    assert only_item(text, b=old).direction is Direction.NOT_YET_APPLIED
    assert only_item(text, b=new).direction is Direction.BOTH_CHANGED  # the title, and the key
    assert only_item(text).direction is Direction.UNKNOWN


def test_a_mark_that_is_missing_is_not_yet_applied() -> None:
    item = only_item("entry a spots acr=7 title=T\nfile 7 spots - title=T", a=record())
    assert item.direction is Direction.NOT_YET_APPLIED


def test_an_entry_without_a_file() -> None:
    text = "entry a spots s1"
    assert only_item(text).direction is Direction.NOT_YET_APPLIED
    assert only_item(text, a=record(deleted=True)).direction is Direction.NOT_YET_APPLIED
    missing = only_item(text, a=record())
    assert missing.direction is Direction.MISSING_LIVE
    assert (missing.bucket, missing.file_id, missing.title) == ("spots", None, "T-a")


@pytest.mark.parametrize(
    ("last", "direction"),
    [
        (record(bucket="spots"), Direction.CHANGED_LIVE),
        (record(bucket="archive"), Direction.NOT_YET_APPLIED),
        (record(bucket="news"), Direction.BOTH_CHANGED),
        (record(bucket=None), Direction.UNKNOWN),
        (None, Direction.UNKNOWN),
    ],
)
def test_a_file_in_another_bucket(last: LastApplied | None, direction: Direction) -> None:
    text = "entry a spots\nfile 7 archive a"
    item = only_item(text, **({"a": last} if last else {}))
    assert (item.direction, item.bucket) == (direction, "archive")
    assert "archive" in item.message


@pytest.mark.parametrize(
    ("digest", "direction"),
    [
        ("1", Direction.NOT_YET_APPLIED),
        ("2", Direction.CHANGED_LIVE),
        ("3", Direction.BOTH_CHANGED),
    ],
)
def test_a_source_that_differs_by_its_digest(digest: str, direction: Direction) -> None:
    text = "entry a spots s2\nfile 7 spots a s1"
    last = record("T-a", catalog_source=f"sha256:{digest:0>16}")
    item = only_item(text, a=last)
    assert item.direction is direction
    assert item.fields == ("user_defined.catalog_source",)
    assert item.message.startswith("its source changed; ")


def test_others_that_go_with_an_outdated_file_are_named() -> None:
    text = "entry a spots s2\nfile 7 spots a s1\nfile 8 spots a s3"
    assert "(beside it files 8)" in only_item(text).message


def test_a_file_that_is_in_another_region() -> None:
    text = """
        bucket spots 1 region=eu
        bucket archive 2 region=us
        entry a spots s1
        file 7 archive a s1
    """
    assert only_item(text, a=record(bucket="spots")).direction is Direction.CHANGED_LIVE


def test_a_broken_file() -> None:
    assert only_item("entry a spots s1\nfile 7 spots a s1 broken").direction is Direction.BROKEN
    again = diff(*given("entry a spots s1\nfile 7 spots a s1 broken"), retry_broken=True)
    (item,) = drift_of(again, {}.get).items
    assert item.direction is Direction.BROKEN


def test_duplicates_and_unresolved_entries() -> None:
    item = only_item("entry a spots s1\nfile 7 spots a s1\nfile 8 spots a s1")
    assert (item.direction, item.file_id) == (Direction.DUPLICATE, 8)
    assert "file 7" in item.message
    item = only_item("entry a spots s1\nfile 7 spots a s1\nfile 8 spots a")
    assert (item.direction, item.key, item.file_id) == (Direction.UNRESOLVED, "a", None)
    assert "(files 7, 8)" in item.message


@pytest.mark.parametrize("text", ["file 7 spots a", "absent a\nfile 7 spots a"])
def test_a_file_that_should_not_be_there(text: str) -> None:
    assert only_item(text).direction is Direction.NOT_YET_APPLIED
    assert only_item(text, a=record()).direction is Direction.NOT_YET_APPLIED
    came_back = only_item(text, a=record(deleted=True))
    assert came_back.direction is Direction.CHANGED_LIVE
    assert "came back" in came_back.message


def test_an_orphan_that_is_kept_is_no_drift() -> None:
    assert drift("bucket spots 1 prune=none\nfile 7 spots a").items == ()


def test_foreign_files_are_counted_and_shown_when_asked_for() -> None:
    text = "file 7 spots -\nfile 8 spots other/x"
    assert (drift(text).items, drift(text).unmanaged) == ((), 2)
    asked = drift(text, unmanaged=True)
    assert [(item.direction, item.file_id) for item in asked.items] == [
        (Direction.UNMANAGED, 7),
        (Direction.UNMANAGED, 8),
    ]
    assert asked.unmanaged == 2


def test_foreign_files_that_are_pruned_are_drift() -> None:
    pruned = drift("bucket spots 1 prune=all\nfile 7 spots -\nfile 8 spots other/x")
    assert [(item.direction, item.file_id, item.key) for item in pruned.items] == [
        (Direction.NOT_YET_APPLIED, 7, None)
    ]
    assert pruned.unmanaged == 1


def test_the_numbers() -> None:
    text = """
        entry a spots s1
        entry b spots s2
        entry c spots s3
        entry d spots s4
        file 1 spots a s1
        file 2 spots b s2 pending
        file 3 spots c s3 title=other
        file 9 spots -
    """
    found = drift(text)
    assert (found.entries, found.in_sync, found.pending, found.unmanaged) == (4, 1, 1, 1)
    assert [item.key for item in found.items] == ["c", "d"]


def _drift_and_plan_agree(world: World, only: tuple[str, ...]) -> None:
    options = Options(only=only, retry_broken=world.retry_broken)
    live = world.live()
    differences = differences_for(world.desired, live, options)
    plan = plan_of(differences, world.desired, live, options)
    found = drift_of(differences, {}.get, unmanaged=True)
    items = [item for item in found.items if item.direction is not Direction.UNMANAGED]
    reported = [fact for fact in differences.facts if isinstance(fact, (Broken, Unresolved))]
    assert bool(items) == bool(plan.changes or reported)
    assert found.in_sync <= found.entries
    assert found.unmanaged == len(found.items) - len(items)


@searched
@for_all(worlds())
def test_there_is_drift_exactly_where_a_plan_has_something_to_say(world: World) -> None:
    _drift_and_plan_agree(world, ())


@settings(searched, max_examples=300)
@for_all(worlds(), st.sampled_from([("a",), ("*",), ("nothing",)]))
def test_so_in_a_part_of_the_catalogue(world: World, only: tuple[str, ...]) -> None:
    _drift_and_plan_agree(world, only)


@settings(searched, max_examples=300)
@for_all(worlds())
def test_what_was_applied_as_the_catalogue_has_it_changed_live(world: World) -> None:
    """Where the ledger's record is what the catalogue wants, only the live side can have moved."""
    differences = diff(world.desired, world.live())
    compare = world.desired.rules.compare
    plain = drift_of(differences, {}.get, compare=compare)
    wanted = {
        item.key: LastApplied(item.wanted, world.desired.entries[item.key].bucket, deleted=False)
        for item in plain.items
        if item.key in world.desired.entries and item.wanted is not None
    }
    held = drift_of(differences, wanted.get, compare=compare)
    for before, after in zip(plain.items, held.items, strict=True):
        if before.direction is Direction.UNKNOWN and before.key in wanted:
            assert after.direction is Direction.CHANGED_LIVE
            alike = {"direction": before.direction, "message": before.message, "sides": None}
            assert replace(after, **alike) == before
