"""Crash times fault, in process: a run meets a fault and dies at a point after it, and the runs
that follow repair it. A thousand pairs and more in the ordinary suite; `script/soak SECONDS` tells
as many stories as anyone likes.

A story that went wrong is printed with its failure, and kept in `ONCE_WRONG`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation.stories import FAULTS, QUIRKS, SCENES, Stories, Story, naming, play

if TYPE_CHECKING:
    from tests.simulation.stories import MakeWorld

PARTS = 12
"""The stories come in so many tests, for the workers to share."""

PAIRS = 1020

ONCE_WRONG: tuple[Story, ...] = ()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_that_met_a_fault_and_died_is_repaired_by_the_next(
    part: int, make_world: MakeWorld
) -> None:
    stories = Stories(make_world)
    pairs, seed = 0, part
    while pairs < PAIRS / PARTS:
        story = stories.of(seed)
        with naming(story):
            told = play(story, make_world(story.quirk))
        pairs += told.is_pair
        seed += PARTS


def test_what_went_wrong_once_is_right_now(make_world: MakeWorld) -> None:
    for story in ONCE_WRONG:
        with naming(story):
            play(story, make_world(story.quirk))


def test_the_stories_are_of_all_scenes_and_meet_every_fault(
    make_world: MakeWorld,
) -> None:
    stories = Stories(make_world)
    told = [stories.of(seed) for seed in range(2000)]
    assert {story.scene for story in told} == set(SCENES)
    met = {(story.first.what, story.first.name) for story in told}
    assert met == {(what, name) for what, faults in FAULTS.items() for name in faults}
    assert {story.quirk for story in told} == set(QUIRKS)
    assert {story.mode for story in told} == {"kill", "power", "torn power"}


def test_a_seed_is_one_story(make_world: MakeWorld) -> None:
    assert Stories(make_world).of(7) == Stories(make_world).of(7)
