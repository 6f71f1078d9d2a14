"""What a baseline accepts of drift, until when, and what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from reconciler.core.baseline import accepted_by, to_accept
from reconciler.core.content import Content
from reconciler.core.drift import Acceptance, Direction, Drift, DriftItem, Said, Sides
from reconciler.core.model import Compare, FileId, Key, Place

TODAY, TOMORROW, YESTERDAY = "2026-06-15", "2026-06-16", "2026-06-14"
LIVE = Content("Old title", {"artist": "Acme", "year": 1979, "tags": ["a", "b"]})
WANTED = Content("New title", {"artist": "Acme Inc", "year": 1979, "tags": ["a", "c"]})
FIELDS = ("title", "user_defined.artist", "user_defined.tags[1]")
EDITED = DriftItem(
    Direction.BOTH_CHANGED,
    "changed on both sides",
    Key("a"),
    "spots",
    FileId(7),
    "Old title",
    FIELDS,
    LIVE,
    WANTED,
    sides=Sides(live=("title",), desired=("user_defined.artist", "user_defined.tags")),
)
GONE = DriftItem(Direction.MISSING_LIVE, "it is gone", Key("b"), "spots")
TWICE = DriftItem(Direction.DUPLICATE, "a duplicate", Key("a"), "spots", FileId(8))
FOREIGN = DriftItem(Direction.UNMANAGED, "no mark", None, "spots", FileId(9), "somebody's")


def accepts(key: str | None = "a", file: int | None = None, **fields: Any) -> Acceptance:
    told: dict[str, Any] = {"reason": "so it is", "until": TODAY, "place": Place("b.yaml", 3, 5)}
    named = None if key is None else Key(key)
    return Acceptance(named, None if file is None else FileId(file), **{**told, **fields})


def judged(*baseline: Acceptance, items: tuple[DriftItem, ...] = (EDITED,), **how: Any) -> Drift:
    drift = Drift(items, 0, 0, 9, 9 - len(items))
    return accepted_by(baseline, drift, **{"today": TODAY, "unmanaged": True, **how})


def test_a_key_without_a_field_is_all_of_it() -> None:
    found = judged(accepts(), items=(EDITED, TWICE, GONE))
    assert found.items == (GONE,)
    assert [one.item for one in found.accepted] == [EDITED, TWICE]
    assert found.entries == 9


def test_a_file_that_is_to_be_replaced_is_more_than_its_fields() -> None:
    replaced = replace(EDITED, is_replaced=True)
    of_fields = [accepts(field=name) for name in FIELDS]
    (left,) = judged(*of_fields, items=(replaced,)).items
    assert (left.fields, left.direction) == ((), Direction.BOTH_CHANGED)
    assert judged(*of_fields, accepts(), items=(replaced,)).items == ()
    written = to_accept([replaced], reason="so it is", until=TODAY)
    assert judged(*written, items=(replaced,)).items == ()


def test_what_two_entries_accept_is_accepted_once() -> None:
    found = judged(accepts(field="title"), accepts(field="title"))
    assert [one.item.fields for one in found.accepted] == [("title",)]


def test_a_value_that_is_not_known_is_none_that_is_accepted() -> None:
    unknown = replace(EDITED, before=None)
    assert judged(accepts(field="title", live=Said("Old title")), items=(unknown,)).items == (
        unknown,
    )


def test_a_direction_is_only_that() -> None:
    found = judged(accepts(direction=Direction.DUPLICATE), items=(EDITED, TWICE))
    assert (found.items, [one.item for one in found.accepted]) == ((EDITED,), [TWICE])


def test_a_file_is_one_that_carries_no_mark() -> None:
    found = judged(accepts(None, 9), accepts(None, 8), items=(TWICE, FOREIGN))
    assert found.items == (TWICE,)
    assert [one.file_id for one in found.idle] == [8]


class TestAField:
    def test_leaves_the_others_with_the_direction_that_they_have(self) -> None:
        found = judged(accepts(field="title"))
        (left,), (accepted,) = found.items, found.accepted
        assert left.fields == ("user_defined.artist", "user_defined.tags[1]")
        assert left.direction is Direction.NOT_YET_APPLIED
        assert left.message == "the catalogue changed since it was last applied"
        assert accepted.item.fields == ("title",)
        assert accepted.item.direction is Direction.CHANGED_LIVE
        assert (left.before, left.wanted) == (LIVE, WANTED)

    def test_is_also_the_parts_of_its_value(self) -> None:
        (left,) = judged(accepts(field="user_defined.tags")).items
        assert left.fields == ("title", "user_defined.artist")
        assert left.direction is Direction.BOTH_CHANGED
        (left,) = judged(accepts(field="user_defined.tags[1]")).items
        assert left.fields == ("title", "user_defined.artist")

    def test_is_not_another_that_begins_alike(self) -> None:
        found = judged(accepts(field="user_defined.art"))
        assert (found.items, found.idle) == ((EDITED,), (accepts(field="user_defined.art"),))

    def test_by_field_all_can_be_accepted(self) -> None:
        each = [accepts(field=name) for name in ("title", "user_defined.artist")]
        found = judged(*each, accepts(field="user_defined.tags"))
        assert found.items == ()
        assert [one.item.fields for one in found.accepted] == [(name,) for name in FIELDS]

    def test_the_rest_by_the_whole_key(self) -> None:
        found = judged(accepts(field="title"), accepts())
        assert found.items == ()
        assert [one.item.fields for one in found.accepted] == [("title",), FIELDS[1:]]

    def test_without_known_sides_the_direction_stays(self) -> None:
        unknown = replace(EDITED, direction=Direction.UNKNOWN, sides=None)
        (left,) = judged(accepts(field="title"), items=(unknown,)).items
        assert (left.direction, left.message) == (Direction.UNKNOWN, EDITED.message)

    @pytest.mark.parametrize(
        ("field", "live", "is_accepted"),
        [
            ("title", "Old title", True),
            ("title", "old title", False),
            ("user_defined.artist", "Acme", True),
            ("user_defined.artist", None, False),
            ("user_defined.tags", ["a", "b"], True),
            ("user_defined.tags", ["a"], False),
        ],
    )
    def test_only_while_live_is_what_it_says(
        self, field: str, live: Any, is_accepted: bool
    ) -> None:
        found = judged(accepts(field=field, live=Said(live)))
        assert bool(found.accepted) is is_accepted
        assert bool(found.idle) is not is_accepted

    @pytest.mark.parametrize(("compare", "is_same"), [(Compare.LOOSE, 1), (Compare.STRICT, 0)])
    def test_values_are_compared_as_the_catalogue_compares_them(
        self, compare: Compare, is_same: int
    ) -> None:
        item = replace(EDITED, fields=("user_defined.year",), sides=None)
        one = accepts(field="user_defined.year", live=Said("1979"))
        assert len(judged(one, items=(item,), compare=compare).accepted) == is_same

    def test_null_is_that_nothing_is_there(self) -> None:
        item = replace(EDITED, fields=("user_defined.isrc",), sides=None)
        assert judged(accepts(field="user_defined.isrc", live=Said(None)), items=(item,)).accepted


class TestTheDay:
    @pytest.mark.parametrize(
        ("until", "is_accepted"), [(TODAY, True), (TOMORROW, True), (YESTERDAY, False)]
    )
    def test_is_the_last_one(self, until: str, is_accepted: bool) -> None:
        found = judged(accepts(until=until))
        assert bool(found.accepted) is is_accepted
        assert bool(found.items) is not is_accepted
        assert bool(found.expired) is not is_accepted

    def test_what_expired_and_is_so_no_more_is_idle(self) -> None:
        one = accepts("c", until=YESTERDAY)
        found = judged(one)
        assert (found.expired, found.idle) == ((), (one,))

    def test_another_may_go_on_accepting_it(self) -> None:
        found = judged(accepts(until=YESTERDAY), accepts(until=TOMORROW))
        assert found.items == ()
        assert [one.by.until for one in found.accepted] == [TOMORROW]


class TestIdle:
    def test_of_a_part_of_the_catalogue_nothing_can_be_said(self) -> None:
        drift = Drift((), 0, 0, 1, 1, only=("a*",))
        assert accepted_by([accepts()], drift, today=TODAY).idle == ()

    def test_nor_of_foreign_files_that_were_not_asked_for(self) -> None:
        one = accepts(None, 9)
        assert judged(one, items=(), unmanaged=False).idle == ()
        assert judged(one, items=()).idle == (one,)


# Any drift, any baseline.

ITEMS = st.lists(st.sampled_from([EDITED, GONE, TWICE, FOREIGN]), unique_by=id).map(tuple)
ACCEPTANCES = st.builds(
    accepts,
    st.sampled_from(["a", "b"]),
    until=st.sampled_from([YESTERDAY, TODAY, TOMORROW]),
    field=st.none() | st.sampled_from(["title", "user_defined.artist", "user_defined.tags"]),
    direction=st.none() | st.sampled_from(Direction),
    live=st.none() | st.builds(Said, st.sampled_from(["Old title", "Acme", None])),
) | st.builds(accepts, st.none(), st.sampled_from([8, 9]))
BASELINES = st.lists(ACCEPTANCES, max_size=6)
searched = settings(max_examples=500, deadline=None, database=None, derandomize=True)


def pieces(items: list[DriftItem]) -> Counter[tuple[Any, ...]]:
    """Each field of each item; an item without fields is one piece."""
    return Counter(
        (item.key, item.file_id, name) for item in items for name in item.fields or (None,)
    )


@searched
@for_all(ITEMS, BASELINES)
def test_what_is_accepted_and_what_is_left_are_all_of_it(
    items: tuple[DriftItem, ...], baseline: list[Acceptance]
) -> None:
    found = judged(*baseline, items=items)
    assert pieces([*found.items, *(one.item for one in found.accepted)]) == pieces([*items])
    assert all(one.by.until >= TODAY for one in found.accepted)


@searched
@for_all(ITEMS, BASELINES)
def test_as_days_go_by_drift_only_comes_back(
    items: tuple[DriftItem, ...], baseline: list[Acceptance]
) -> None:
    now, later = (judged(*baseline, items=items, today=day) for day in (TODAY, TOMORROW))
    assert pieces([*now.items]) <= pieces([*later.items])
    assert len(now.expired) <= len(later.expired)
    assert now.idle == later.idle


@searched
@for_all(ITEMS)
def test_what_is_written_for_a_drift_accepts_all_of_it(items: tuple[DriftItem, ...]) -> None:
    found = judged(*to_accept(items, reason="so it is", until=TODAY), items=items)
    assert (found.items, found.idle) == ((), ())


def test_what_is_written_holds_while_live_is_as_it_is() -> None:
    written = to_accept([EDITED, TWICE, TWICE, FOREIGN], reason="r", until=TODAY)
    assert [(one.key, one.file_id, one.field, one.live, one.direction) for one in written] == [
        ("a", None, "title", Said("Old title"), None),
        ("a", None, "user_defined.artist", Said("Acme"), None),
        ("a", None, "user_defined.tags", Said(["a", "b"]), None),
        ("a", None, None, None, Direction.DUPLICATE),
        (None, 9, None, None, Direction.UNMANAGED),
    ]
