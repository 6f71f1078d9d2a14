"""What a change can lose: the table of `weighing`, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.model import FileId
from reconciler.core.plan import Change, ChangeId, Update
from reconciler.core.weighing import Weight, weighed
from tests.render import stories
from tests.render.stories import content

PROTECTED = {"catalog_protect": "true"}


def update(before: dict[str, str], after: dict[str, str], *fields: str) -> Update:
    return stories.update("a", content("A", "a", **before), content("A", "a", **after), *fields)


REPLACING = replace(stories.create("b", "B"), replaces=FileId(1310))
OLD = replace(stories.delete("b", "B", 1310), after_change=ChangeId("create:b"))
OTHER = replace(OLD, file_id=FileId(1311))
CASES: dict[str, tuple[Change, Weight]] = {
    "a delete": (stories.delete("a", "A"), Weight.DELETED),
    "a duplicate's delete": (
        replace(stories.delete("a", "A"), keeps=FileId(7)),
        Weight.DELETED,
    ),
    "a replacement": (REPLACING, Weight.REPLACED),
    "protection goes": (
        update(PROTECTED, {}, "user_defined.catalog_protect"),
        Weight.UNPROTECTED,
    ),
    "protection says no": (
        update(PROTECTED, {"catalog_protect": "false"}, "user_defined.catalog_protect"),
        Weight.UNPROTECTED,
    ),
    "protection comes": (update({}, PROTECTED, "user_defined.catalog_protect"), Weight.UPDATED),
    "a value goes": (update({"x": "1"}, {}, "user_defined.x"), Weight.EMPTIED),
    "a value goes and protection too": (
        update({"x": "1", **PROTECTED}, {}, "user_defined.catalog_protect", "user_defined.x"),
        Weight.UNPROTECTED,
    ),
    "a move": (stories.move("a", "A"), Weight.MOVED),
    "a move into the trash": (replace(stories.move("a", "A"), trash=True), Weight.TRASHED),
    "a value comes": (update({}, {"x": "1"}, "user_defined.x"), Weight.UPDATED),
    "a title": (update({}, {}, "title"), Weight.UPDATED),
    "a create": (stories.create("a", "A"), Weight.CREATED),
    "marks alone": (
        update({}, {}, "user_defined.catalog_key", "user_defined.catalog_source"),
        Weight.MARKED,
    ),
    "a mark and a title": (update({}, {}, "title", "user_defined.catalog_key"), Weight.UPDATED),
}


@pytest.mark.parametrize(("change", "weight"), CASES.values(), ids=CASES)
def test_a_change_weighs(change: Change, weight: Weight) -> None:
    assert [one.weight for one in weighed([change])] == [weight]


def test_every_weight_has_its_case() -> None:
    assert {weight for _, weight in CASES.values()} == set(Weight)


def test_a_replaced_files_delete_is_part_of_the_replacement() -> None:
    """And a further file of the key, which goes with it, is a delete like any other."""
    found = weighed([REPLACING, OLD, OTHER])
    assert [(one.weight, one.change, one.old) for one in found] == [
        (Weight.DELETED, OTHER, None),
        (Weight.REPLACED, REPLACING, OLD),
    ]


def test_the_gravest_come_first_and_else_the_order_of_the_plan_stays() -> None:
    changes = [change for change, _ in CASES.values()]
    found = [one.weight for one in weighed(changes)]
    assert found == sorted(found, key=list(Weight).index)
    creates = [stories.create(key, "A") for key in "bca"]
    assert [one.change for one in weighed(creates)] == creates


def test_a_catalogue_may_name_its_marks_otherwise() -> None:
    change = update({}, {"owner": "x/a"}, "user_defined.owner")
    assert [one.weight for one in weighed([change])] == [Weight.UPDATED]
    assert [one.weight for one in weighed([change], {"owner"})] == [Weight.MARKED]


@pytest.mark.parametrize(
    ("change", "old", "was", "unprotects"),
    [
        (stories.create("b", "B"), None, False, False),
        (REPLACING, OLD, False, False),
        (REPLACING, replace(OLD, before=content("B", "b", **PROTECTED)), True, True),
        (
            replace(REPLACING, after=content("B", "b", **PROTECTED)),
            replace(OLD, before=content("B", "b", **PROTECTED)),
            True,
            False,
        ),
        (replace(OLD, before=content("B", **PROTECTED), after_change=None), None, True, False),
        (update(PROTECTED, {}, "x"), None, True, True),
        (update(PROTECTED, PROTECTED, "x"), None, True, False),
    ],
)
def test_whether_protection_is_taken_away(
    change: Change, old: Change | None, was: bool, unprotects: bool
) -> None:
    (one,) = weighed([change, *([old] if old else [])])
    assert (one.was_protected, one.unprotects) == (was, unprotects)
