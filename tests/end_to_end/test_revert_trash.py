"""What a run threw away comes back out of the trash, with its id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import Workplace
from tests.end_to_end.test_revert import apply, back, changes, notes, plan_in

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

BIN = 8893
HEAD = """
    version: 1
    catalog: radio-ads
    buckets:
      spots: {id: 8891, trash: bin}
      bin: {id: 8893}
    limits: {max_delete_percent: null}
    defaults: {bucket: spots}
    files:
"""
SPRING = """
      spring:
        title: Spring ad
        source: {audio: audio/spring.wav}
        user_defined: {artist: Acme}
"""
SUMMER = """
      summer:
        title: Summer ad
        source: {audio: audio/summer.wav}
"""


@pytest.fixture
def kept(work: Workplace, sandbox: Sandbox) -> Workplace:
    """Two spots, applied, whose bucket has a trash."""
    sandbox.add_bucket("bin", id=BIN)
    work.audio("audio/spring.wav", level=1)
    work.audio("audio/summer.wav", level=2)
    apply(work, HEAD + SPRING + SUMMER)
    return work


def truth(sandbox: Sandbox) -> dict[int, tuple[int, str, str, Any]]:
    """By id: bucket, acr_id, title and the rest."""
    return {
        file["id"]: (file["bucket_id"], file["acr_id"], file["title"], file["user_defined"])
        for file in sandbox.files()
    }


def test_a_file_that_was_thrown_away_is_itself_again(kept: Workplace, sandbox: Sandbox) -> None:
    before = truth(sandbox)
    run = apply(kept, HEAD + SUMMER)
    assert sorted(bucket for bucket, *_ in truth(sandbox).values()) == [8891, BIN]
    plan = plan_in(kept, run)
    assert changes(plan) == ["move spring"]
    assert [said.partition(" ")[0] for said in notes(plan)] == ["catalogue"]
    back(kept, run)
    assert truth(sandbox) == before
    assert changes(plan_in(kept, run)) == []


def test_of_several_in_the_trash_it_is_the_one(kept: Workplace, sandbox: Sandbox) -> None:
    before = truth(sandbox)
    run = apply(kept, HEAD + SUMMER)
    mark = json.loads(json.dumps(next(t[3] for t in before.values() if t[2] == "Spring ad")))
    sandbox.add_file(BIN, title="Another", user_defined=mark, state=1)
    back(kept, run)
    assert {file_id: truth(sandbox)[file_id] for file_id in before} == before


def test_audio_that_was_replaced_comes_back_without_its_source(
    kept: Workplace, sandbox: Sandbox
) -> None:
    before = truth(sandbox)
    kept.audio("audio/spring.wav", level=9)
    run = apply(kept, HEAD + SPRING.replace("Acme", "Acme Inc") + SUMMER)
    (new,) = truth(sandbox).keys() - before.keys()
    assert changes(plan_in(kept, run)) == ["move spring", "move spring"]
    back(kept, run)
    then = truth(sandbox)
    assert then.pop(new)[0] == BIN
    assert then == before
    assert changes(plan_in(kept, run)) == []


def test_the_way_back_of_that_way_back_puts_the_new_one_in_its_place_again(
    kept: Workplace, sandbox: Sandbox
) -> None:
    kept.audio("audio/spring.wav", level=9)
    run = apply(kept, HEAD + SPRING.replace("Acme", "Acme Inc") + SUMMER)
    after = truth(sandbox)
    back(kept, run)
    assert truth(sandbox) != after
    back(kept, "last")
    assert truth(sandbox) == after


def test_what_was_written_into_the_new_one_by_hand_goes_on(
    kept: Workplace, sandbox: Sandbox
) -> None:
    before = truth(sandbox)
    kept.audio("audio/spring.wav", level=9)
    run = apply(kept, HEAD + SPRING + SUMMER)
    (new,) = truth(sandbox).keys() - before.keys()
    sandbox.edit(new, title="By hand")
    back(kept, run)
    titles = {title for bucket, _, title, _ in truth(sandbox).values() if bucket == 8891}
    assert titles == {"By hand", "Summer ad"}


def test_a_file_that_was_created_goes_to_the_trash(kept: Workplace, sandbox: Sandbox) -> None:
    before = truth(sandbox)
    kept.audio("audio/autumn.wav", level=3)
    autumn = SUMMER.replace("summer", "autumn").replace("Summer", "Autumn")
    run = apply(kept, HEAD + SPRING + SUMMER + autumn)
    back(kept, run)
    (new,) = truth(sandbox).keys() - before.keys()
    assert truth(sandbox)[new][0] == BIN
    again = plan_in(kept, run)
    assert changes(again) == []
    assert notes(again) == []


def test_what_was_purged_since_is_said(kept: Workplace, sandbox: Sandbox) -> None:
    run = apply(kept, HEAD + SUMMER)
    (thrown,) = [file_id for file_id, (bucket, *_) in truth(sandbox).items() if bucket == BIN]
    sandbox.delete(thrown)
    plan = plan_in(kept, run)
    assert changes(plan) == []
    assert "its file is no longer there" in notes(plan)[0]
