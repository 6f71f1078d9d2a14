# ruff: noqa: E501 - a table reads better with a case on each line
"""What of a drift is taken into the catalogue, what is left, and what is said of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given as for_all

from reconciler.core.baseline import rest_of
from reconciler.core.content import Content
from reconciler.core.diff import diff
from reconciler.core.drift import Acceptance, LastApplied
from reconciler.core.facts import Pending, key_of
from reconciler.core.model import Compare, Key, Place
from reconciler.core.pull import Asked, Kind, Pull, pull_of, pulled
from tests.core.scenario import given
from tests.core.worlds import World, searched, worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL = Asked(kinds=frozenset([Kind.ALL]))
MARK = {"catalog_key": "radio/a"}


def pull(text: str, asked: Asked = ALL, records: Mapping[str, LastApplied] | None = None) -> Pull:
    desired, live = given(text)
    found = {Key(key): record for key, record in (records or {}).items()}
    return pull_of(desired, live, found.get, asked)


def record(title: str = "T", bucket: str = "spots", **values: str) -> LastApplied:
    return LastApplied(Content(title, {**values, **MARK}), bucket, deleted=False)


def told(found: Pull) -> list[str]:
    """In words: what is taken, and what is left."""
    lines = []
    for one in found.taken:
        entry = one.entry
        lines.append(f"{entry.key} {entry.title} {entry.bucket} {entry.user_defined} {one.fields}")
    lines += [f"{entry.key} out" for entry in found.out]
    lines += [f"{left.key} left: {left.why}" for left in found.left]
    return lines + [f"{key} mark" for key in found.marks]


INSTEAD = """
bucket spots 1 trash=bin
bucket bin 3
entry a spots s1 title=T
file 7 spots a s2 title=T
file 8 bin a s1 title=T
"""
"""The entry wants the audio of the file in the trash, which comes back in the place of the other."""


@pytest.mark.parametrize("kind", Kind)
def test_no_entry_is_taken_out_whose_file_another_comes_back_for(kind: Kind) -> None:
    found = pull(INSTEAD, Asked(kinds=frozenset([kind])), {"a": record()})
    assert found.out == ()
    why = "file 7 is made from another source than the entry's, and file 8 in bin from that"
    is_asked = kind in (Kind.NOT_YET_APPLIED, Kind.ALL)
    assert told(found) == ([f"a left: {why}"] if is_asked else [])
    assert [left.what_to_do for left in found.left] == (
        ["change the source in the catalogue; or apply puts file 8 in its place"] * is_asked
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entry a spots s1 title=T x=1\nfile 7 spots a s1 title=New x=1",
         ["a New spots {'x': 1} ('title',)"]),
        ("entry a spots s1 title=T x=1 y=2\nfile 7 spots a s1 title=T x=3 z=4",
         ["a T spots {'x': 3, 'z': 4} ('user_defined.x', 'user_defined.y', 'user_defined.z')"]),
        ("catalog mode=merge\nentry a spots s1 title=T x=1\nfile 7 spots a s1 title=T x=3 z=4",
         ["a T spots {'x': 3} ('user_defined.x',)"]),
        ('entry a spots s1 title=T x=1\nfile 7 spots a s1 title=T x=\'"1"\' from=them', []),
        ("entry a spots s1 title=T x=1\nfile 7 archive a s1 title=New x=1",
         ["a New archive {'x': 1} ('bucket', 'title')"]),
        ("entry a spots s1 title=T\nfile 7 spots a title=New", ["a New spots None ('title',)", "a mark"]),
        ("entry a spots s1 title=T\nfile 7 spots a title=T", ["a mark"]),
        ("entry a spots s1 title=T x=1\nfile 7 spots a s2 title=New x=1",
         ["a New spots {'x': 1} ('title',)", "a left: its audio is made from another source than the entry's"]),
        ("entry a spots s1\nfile 7 spots a s1 broken", ["a left: the service could not process file 7"]),
        ("entry a spots s1\nfile 7 spots a s1\nfile 8 spots a s1", ["a left: file 8 is a duplicate of file 7"]),
        ("entry a spots s1\nfile 7 spots opaque\n", ["a left: no file was ever made of it, as far as is known"]),
        ("entry a spots\n", ["a left: which file is its own is not known: it has no file, and no source to make one from"]),
        ("absent a\nfile 7 spots a", ["a left: its entry says absent, and file 7 is there"]),
        ("entry b spots s1\nfile 7 spots b s1\nfile 8 spots a s2", ["a left: no entry has the key of file 8"]),
        ("entry a spots s1\nfile 7 spots a s1\nfile 8 spots - title=Foreign", []),
        ("entry a spots s1\nfile 7 spots a s1 pending", []),
        ('entry a spots s1 title=T\nfile 7 spots a s1 title=""', ["a left: its live title is empty"]),
        ("bucket spots 1 prune=all\nfile 8 spots - title=Foreign", []),
        ("bucket us 1 region=us\nbucket eu 2 region=eu\nentry a us s1 title=T\nfile 7 eu a s1 broken title=T",
         ["a T eu None ('bucket',)", "a left: the service could not process it"]),
        ("entry a spots s1 title=T\nfile 7 spots a s2 title=T\nfile 8 spots a s3 title=T",
         ["a left: it has more files than one: 8", "a left: its audio is made from another source than the entry's"]),
        ("bucket spots 1 protect\nbucket archive 2\nentry a spots s1 title=T\nfile 7 archive a s1 title=T catalog_protect=true",
         ["a T archive None ('bucket',)", "a mark"]),
        ("entry a spots s1 acr=7 title=T\nfile 7 spots opaque title=T",
         ["a left: which file is its own is not known: its user_defined cannot be read as an object (files 7)"]),
        ("bucket us 1 region=us\nbucket eu 2 region=eu\nentry a us s1 title=T\nfile 7 eu a s1 title=T",
         ["a T eu None ('bucket',)"]),
    ],
)  # fmt: skip
def test_what_is_taken(text: str, expected: list[str]) -> None:
    assert told(pull(text)) == expected


TWO = """
    entry a spots s1 title=T
    entry b spots s2 title=T
    file 7 spots a s1 title=New
    file 8 spots b s2 title=New
"""


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        (Asked(keys=frozenset([Key("a")])), ["a"]),
        (Asked(only=("b*",)), ["b"]),
        (Asked(keys=frozenset([Key("a")]), only=("b*",)), ["a", "b"]),
        (Asked(kinds=frozenset([Kind.CHANGED_LIVE])), ["a"]),
        (Asked(kinds=frozenset([Kind.UNKNOWN])), ["b"]),
        (Asked(only=("a",), kinds=frozenset([Kind.UNKNOWN])), []),
        (ALL, ["a", "b"]),
    ],
)
def test_for_what(asked: Asked, keys: list[str]) -> None:
    assert [one.entry.key for one in pull(TWO, asked, {"a": record()}).taken] == keys


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(kinds=frozenset([Kind.MISSING_LIVE])), ["a out"]),
        (ALL, ["a out"]),
        (Asked(keys=frozenset([Key("a")])), ["a left: its file is gone"]),
        (Asked(kinds=frozenset([Kind.CHANGED_LIVE])), []),
    ],
)
def test_an_entry_is_taken_out_only_by_its_kind(asked: Asked, expected: list[str]) -> None:
    assert told(pull("entry a spots s1 title=T", asked, {"a": record()})) == expected


def test_an_entry_is_never_taken_out_where_its_file_may_have_lost_its_mark() -> None:
    text = "entry a spots s1 title=T\nfile 7 spots - title=T"
    assert told(pull(text, ALL, {"a": record()})) == [
        "a left: no file has its mark, and its own may be one that lost it: 7"
    ]


EDITED = "entry a spots s1 title=T x=1 y=1\nfile 7 spots a s1 title=New x=2 y=2"


@pytest.mark.parametrize(
    ("fields", "until", "taken", "accepted"),
    [
        ([None], "2026-06-15", [], ["a"]),
        (["title", "user_defined.x"], "2026-06-15", [("user_defined.y",)], ["a"]),
        (["title", "user_defined.x", "user_defined.y"], "2026-06-15", [], ["a"]),
        ([None], "2026-06-14", [("title", "user_defined.x", "user_defined.y")], []),
    ],
)
def test_what_a_baseline_accepts_is_left(
    fields: list[str | None], until: str, taken: list[tuple[str, ...]], accepted: list[str]
) -> None:
    baseline = [
        Acceptance(Key("a"), None, "so it is", until, Place("b.yaml", 1, 1), field)
        for field in fields
    ]
    rest = partial(rest_of, baseline=baseline, today="2026-06-15", compare=Compare.LOOSE)
    desired, live = given(EDITED)
    found = pull_of(desired, live, lambda _key: None, ALL, rest_of=rest)
    assert ([one.fields for one in found.taken], [*found.accepted]) == (taken, accepted)
    named = Asked(keys=frozenset([Key("a")]))
    found = pull_of(desired, live, lambda _key: None, named, rest_of=rest)
    assert [one.fields for one in found.taken] == [("title", "user_defined.x", "user_defined.y")]


def test_what_is_accepted_of_a_file_that_is_nobodys_has_no_key() -> None:
    desired, live = given("bucket spots 1 prune=all\nfile 9 spots - title=X")
    found = pull_of(desired, live, lambda _key: None, ALL, rest_of=lambda _item: None)
    assert found == Pull((), (), (), ())


def test_what_cannot_go_to_a_trash_and_has_no_key_is_no_business_of_the_catalogue() -> None:
    text = "bucket spots 1 prune=all trash=bin region=eu\nbucket bin 3 region=us\nfile 9 spots -"
    assert pull(text) == Pull((), (), (), ())


BIN = "bucket spots 1 trash=bin\nbucket bin 3\nentry a spots s1 title=T\n"


@pytest.mark.parametrize(
    ("asked", "records", "expected"),
    [
        (Asked(kinds=frozenset([Kind.MISSING_LIVE])), {"a": record()}, ["a out"]),
        (
            Asked(keys=frozenset([Key("a")])),
            {"a": record()},
            ["a left: its file lies in the trash bin"],
        ),
        (ALL, {}, ["a left: its file lies in the trash bin"]),
    ],
)
def test_of_a_file_in_a_trash(
    asked: Asked, records: Mapping[str, LastApplied], expected: list[str]
) -> None:
    assert told(pull(BIN + "file 7 bin a s1 title=T", asked, records)) == expected


@searched
@for_all(worlds())
def test_after_it_nothing_is_to_be_done_for_what_was_taken(world: World) -> None:
    desired, live = world.desired, world.live()
    found = pull_of(desired, live, lambda _key: record(), ALL)
    after = pulled(desired, found.taken, [entry.key for entry in found.out])
    left = {one.key for one in found.left} | set(found.marks)
    keys = {one.entry.key for one in found.taken} | {entry.key for entry in found.out}
    facts = [fact for fact in diff(after, live).facts if not isinstance(fact, Pending)]
    assert not {key_of(fact) for fact in facts} & (keys - left)
