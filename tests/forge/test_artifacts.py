"""Which artifacts a branch of the repository itself has made: the table in `artifacts`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.forge.artifacts import Kept, made_on

OURS = Kept(id=5, name="live", run=50, branch="main", repository=77)


def found(*kept: Kept) -> list[int]:
    return [each.id for each in made_on(kept, "live", "main", 77)]


def test_of_the_branch_itself_is_taken() -> None:
    assert found(OURS) == [5]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "live-2"},
        {"name": "LIVE"},
        {"branch": "change"},
        {"branch": "Main"},
        {"branch": ""},
        {"repository": 78},
        {"repository": None},
        {"run": None},
        {"is_expired": True},
    ],
    ids=str,
)
def test_any_other_is_not(other: dict[str, Any]) -> None:
    assert found(replace(OURS, **other)) == []


def test_the_newest_comes_first_wherever_it_stands() -> None:
    kept = [replace(OURS, id=number) for number in (7, 9, 8)]
    assert found(*kept, replace(OURS, id=10, repository=78)) == [9, 8, 7]
