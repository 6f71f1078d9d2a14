"""Crash times fault, in process: a run meets a fault and dies at a point after it, and the runs
that follow repair it. A thousand pairs and more in the ordinary suite; `script/soak SECONDS` tells
as many stories as anyone likes.

A story that went wrong is printed with its failure, and kept in `KEPT` as it is printed: what a
seed means changes with every fault that is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation.stories import FAULTS, QUIRKS, SCENES, Hit, Stories, Story, naming, play

if TYPE_CHECKING:
    from tests.simulation.stories import MakeWorld

pytestmark = pytest.mark.no_cover

PARTS = 12
"""The stories come in so many tests, for the workers to share."""

PAIRS = 1020

KEPT = (
    # None has gone wrong yet: an update whose answer is a page, of a service that merges, and then
    # a death. It shows how a story is kept.
    Story(
        scene="moving",
        quirk="put=merge",
        first=Hit(what="update", nth=1, name="html", times=1),
        die_at=56,
        mode="kill",
        seed=16,
    ),
)


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


@pytest.mark.parametrize("story", KEPT, ids=lambda story: f"seed {story.seed}")
def test_a_story_that_is_kept_is_told_again(story: Story, make_world: MakeWorld) -> None:
    with naming(story):
        assert play(story, make_world(story.quirk)).is_pair


def test_a_story_is_kept_as_it_is_shown(make_world: MakeWorld) -> None:
    stories = Stories(make_world)
    for seed in range(50):
        story = stories.of(seed)
        shown = repr(story)
        assert eval(shown, {"Story": Story, "Hit": Hit}) == story  # noqa: S307


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
