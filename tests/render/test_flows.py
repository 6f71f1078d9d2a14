"""What goes where: every file once, and never more buckets than can be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import FileId
from reconciler.core.plan import ChangeId, Seen
from reconciler.render.flows import NEW, Band, flows_of
from tests.render import stories
from tests.render.stories import content, create, delete, move, update

if TYPE_CHECKING:
    from reconciler.core.plan import Change, Plan


def seen(plan: Plan, **files: int) -> Plan:
    """The plan, made when its buckets held so many files."""
    return replace(plan, live={name: Seen(at, files[name], "") for at, name in enumerate(files)})


def named(plan: Plan, most: int = 12) -> set[tuple[str, str, str, int, int]]:
    """The bands, by the names of their ends."""
    flows = flows_of(plan, most)
    names = {at: node.name or "the rest" for at, node in enumerate(flows.nodes)}
    names |= {NEW: "new", flows.gone: "gone"}
    return {(b.verb.word, names[b.start], names[b.end], b.files, b.updated) for b in flows.bands}


def test_each_verb_has_its_way() -> None:
    plan = seen(stories.small(), archive=300, spots=1204)
    assert named(plan) == {
        ("create", "new", "spots", 2, 0),
        ("update", "spots", "spots", 1, 0),
        ("move", "spots", "archive", 1, 0),
        ("delete", "spots", "gone", 2, 0),
        ("stay", "spots", "spots", 1200, 0),
        ("stay", "archive", "archive", 300, 0),
    }
    archive, spots = flows_of(plan, 12).nodes
    assert (archive.files, archive.after) == (300, 301)
    assert (spots.files, spots.after) == (1204, 1203)


def test_a_moved_file_that_is_updated_as_well_is_one_file() -> None:
    moved = move("a", "A")
    also = update("a", content("A"), content("B"), "title", file_id=moved.file_id)
    also = replace(also, bucket="archive", after_change=moved.id)
    assert named(seen(stories.plan(moved, also), archive=0, spots=1)) == {
        ("move", "spots", "archive", 1, 1)
    }


def test_a_replaced_file_goes_and_another_comes() -> None:
    new = replace(create("a", "A"), replaces=FileId(7), from_bucket="spots")
    old = replace(delete("a", "A", 7), after_change=ChangeId("create:a"))
    assert named(seen(stories.plan(new, old), spots=1)) == {
        ("create", "new", "spots", 1, 0),
        ("delete", "spots", "gone", 1, 0),
    }


def test_nothing_to_do_is_everything_staying() -> None:
    assert named(seen(stories.empty(), spots=3, archive=0)) == {("stay", "spots", "spots", 3, 0)}
    assert flows_of(replace(stories.empty(), live={}), 12).bands == []


def test_of_many_buckets_those_with_the_most_changes_are_named() -> None:
    changes = [
        replace(delete(f"k{bucket}-{n}", "x", bucket * 100 + n), bucket=f"b{bucket:02}")
        for bucket in range(20)
        for n in range(bucket + 1)
    ]
    plan = seen(stories.plan(*changes), **{f"b{bucket:02}": 50 for bucket in range(20)})
    flows = flows_of(plan, 4)
    assert [node.name for node in flows.nodes] == ["b17", "b18", "b19", None]
    rest = flows.nodes[-1]
    assert (rest.buckets, rest.files) == (17, 17 * 50)
    assert ("delete", "the rest", "gone", sum(range(1, 18)), 0) in named(plan, 4)


BUCKETS = [f"b{number}" for number in range(6)]
BUCKET = st.sampled_from(BUCKETS)


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    made: list[Change] = []
    for at in range(draw(st.integers(0, 12))):
        bucket = draw(BUCKET)
        kinds: list[Change] = [
            replace(create(f"k{at}", "x"), bucket=bucket),
            replace(update(f"k{at}", content("a"), content("b"), file_id=at), bucket=bucket),
            replace(delete(f"k{at}", "x", at), bucket=bucket),
            replace(move(f"k{at}", "x"), bucket=bucket, from_bucket="b0", file_id=FileId(at)),
        ]
        made.append(kinds[draw(st.integers(0, 3 if bucket != "b0" else 2))])
    return made


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(changes(), st.integers(2, 8))
def test_no_file_is_lost_or_counted_twice(made: list[Change], most: int) -> None:
    plan = seen(stories.plan(*made), **dict.fromkeys(BUCKETS, 20))
    flows = flows_of(plan, most)
    summary = plan.summary
    assert len(flows.nodes) == min(most, len(BUCKETS))
    assert sum(node.buckets for node in flows.nodes) == len(BUCKETS)
    assert sum(node.files for node in flows.nodes) == 20 * len(BUCKETS)
    after = sum(node.after for node in flows.nodes)
    assert after == 20 * len(BUCKETS) + summary.create - summary.delete
    by_verb: dict[str, int] = {}
    for band in flows.bands:
        by_verb[band.verb.word] = by_verb.get(band.verb.word, 0) + band.files
    del by_verb["stay"]
    counts = {word: getattr(summary, word) for word in ("create", "update", "move", "delete")}
    assert by_verb == {word: count for word, count in counts.items() if count}


def test_the_bands_come_in_one_order() -> None:
    plan = seen(stories.small(), archive=300, spots=1204)
    again = replace(plan, changes=tuple(reversed(plan.changes)))
    assert flows_of(plan, 12) == flows_of(again, 12)
    assert all(isinstance(band, Band) for band in flows_of(plan, 12).bands)
