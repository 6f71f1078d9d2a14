"""Which of all differences a plan of some keys is about."""

from __future__ import annotations

import pytest

from reconciler.core.diff import diff
from reconciler.core.facts import key_of
from reconciler.core.model import FileId, Key
from reconciler.core.revert.scope import OfKeys
from tests.core.scenario import given

A, B = Key("a"), Key("b")
BOTH = """
    entry a spots s1 title=New
    entry b spots s2 title=New
    file 7 spots a s1 title=Old
    file 8 spots b s2 title=Old
"""


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({A: FileId(7), B: FileId(8)}, [A, B]),
        ({A: FileId(7)}, [A]),
        ({A: None}, [A]),
        ({A: FileId(8)}, []),
        ({}, []),
    ],
)
def test_only_these_keys_and_of_each_the_one_file(
    files: dict[Key, FileId | None], kept: list[Key]
) -> None:
    desired, live = given(BOTH)
    found = OfKeys(files, desired)(diff(desired, live))
    assert [key_of(fact) for fact in found.facts] == kept
    assert found.unchanged == len(files) - len(kept)


def test_a_mark_that_is_to_be_written_is_no_difference() -> None:
    desired, live = given(
        "catalog former=old \n entry a spots s1 title=T \n file 7 spots old/a s1 title=T"
    )
    whole = diff(desired, live)
    assert len(whole.facts) == 1
    assert OfKeys({A: FileId(7)}, desired)(whole).facts == ()
