"""Every entry, with the file that it has."""

from __future__ import annotations

import pytest
from hypothesis import given as for_all
from hypothesis import settings

from reconciler.core.diff import diff
from reconciler.core.listing import Row, rows
from tests.core.scenario import given
from tests.core.worlds import World, searched, worlds


def listed(text: str) -> list[Row]:
    desired, live = given(text)
    return list(rows(desired, live, diff(desired, live)))


def line(row: Row) -> str:
    said = "yes" if row.in_sync else ",".join(row.facts)
    return f"{row.key} {row.bucket} {row.acr_id} {row.id} {row.state} {said}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entry a spots s1\nfile 7 spots a s1", "a spots acr7 7 ready yes"),
        ("entry a spots s1", "a spots None None None missing"),
        ("entry a spots\nfile 7 archive a", "a archive acr7 7 ready misplaced"),
        ("entry a spots\nfile 7 archive a title=U", "a archive acr7 7 ready misplaced,drifted"),
        ("entry a spots s1\nfile 7 spots a s1 pending", "a spots acr7 7 pending pending"),
        ("entry a spots s1\nfile 7 spots a s1 broken", "a spots acr7 7 broken broken"),
        ("entry a spots s2\nfile 7 spots a s1", "a spots acr7 7 ready outdated"),
        (
            "entry a spots acr=7\nfile 7 spots - title=T-a",
            "a spots acr7 7 ready mark to be written",
        ),
        (
            "entry a spots s1\nfile 8 spots a s1\nfile 7 spots a s1",
            "a spots acr7 7 ready duplicate",
        ),
        (
            "entry a spots s1\nfile 7 spots a s1\nfile 8 spots a",
            "a spots None None None unresolved",
        ),
        ("entry a spots acr=7\nfile 7 spots opaque", "a spots acr7 7 ready unresolved"),
        (
            "entry a spots s2\nfile 7 spots a s1\nfile 8 spots a s2 pending",
            "a spots acr8 8 pending pending",
        ),
    ],
)
def test_a_row(text: str, expected: str) -> None:
    assert [line(row) for row in listed(text)] == [expected]


def test_every_entry_has_a_row_by_key_and_nothing_else_has() -> None:
    text = """
        entry b spots s1
        entry a spots s2
        absent c
        file 1 spots c
        file 2 spots -
        file 3 spots gone
    """
    assert [row.key for row in listed(text)] == ["a", "b"]


@settings(searched, max_examples=500)
@for_all(worlds())
def test_rows_agree_with_the_differences(world: World) -> None:
    live = world.live()
    differences = diff(world.desired, live)
    found = rows(world.desired, live, differences)
    assert [row.key for row in found] == sorted(world.desired.entries)
    assert sum(row.in_sync for row in found) == differences.unchanged
    ids = [row.id for row in found if row.id is not None]
    assert len(ids) == len(set(ids))
    assert all(row.id is not None for row in found if row.in_sync)
