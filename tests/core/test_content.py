"""What a file's content is, and what an entry's should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.content import Content, Contents
from reconciler.core.model import DesiredState, File, Json, Key, LiveState, Mode, Opaque, Rules
from tests.core.scenario import digest_of, given

MARK = {"catalog_key": "radio/a", "catalog_source": digest_of("s1")}


def only_file(live: LiveState) -> File:
    (file,) = live.buckets["spots"].files
    return file


def wanted(text: str, *, anew: bool = False, over: bool = True) -> dict[str, Json]:
    desired, live = given(text)
    entry = desired.entries[Key("a")]
    content = Contents(desired).wanted(entry, over=only_file(live) if over else None, anew=anew)
    assert content.title == entry.title
    return dict(content.user_defined)


def ignoring(*globs: str, mode: Mode = Mode.EXACT, text: str = "entry a spots s1") -> DesiredState:
    desired, _ = given(text)
    return replace(desired, rules=Rules(mode=mode, ignore=globs))


def test_ignored_keys_are_in_no_content_and_are_handed_over_apart() -> None:
    desired, live = given("""
        entry a spots s1
        file 7 spots a s1 x=1 from=w ucf_id=3 played_duration=9
    """)
    contents, file = Contents(desired), only_file(live)
    assert contents.of(file) == Content("T-a", {**MARK, "x": 1})
    assert contents.ignored(file) == {"from": "w", "ucf_id": 3, "played_duration": 9}


def test_an_opaque_file_has_a_title_only_and_nothing_ignored() -> None:
    desired, live = given("file 7 spots opaque")
    contents, file = Contents(desired), only_file(live)
    assert contents.of(file) == Content("T-opaque", {})
    assert contents.ignored(file) == {}


@pytest.mark.parametrize(
    ("globs", "key", "ignored"),
    [
        (("from",), "from", True),
        (("from",), "from2", False),
        (("from",), "xfrom", False),
        (("from",), "From", False),
        (("f*", "?x"), "far", True),
        (("f*", "?x"), "ax", True),
        (("f*", "?x"), "axe", False),
        (("[ab]c",), "bc", True),
        ((), "from", False),
        ((), "", False),
        (("*",), "anything\nat all", True),
        (("*",), "catalog_key", False),
        (("*",), "catalog_source", False),
        (("*",), "catalog_protect", False),
    ],
)
def test_globs_say_what_is_ignored_and_a_marks_field_never_is(
    globs: tuple[str, ...], key: str, ignored: bool
) -> None:
    contents = Contents(ignoring(*globs))
    # Asked twice: the second answer comes from memory.
    assert [contents.is_ignored(key), contents.is_ignored(key)] == [ignored, ignored]


def test_what_an_entry_without_a_file_should_have() -> None:
    assert wanted("entry a spots s1 x=1", over=False) == {**MARK, "x": 1}
    assert wanted("entry a spots s1", over=False) == MARK
    assert wanted("entry a spots s?", over=False) == {"catalog_key": "radio/a"}
    assert wanted("entry a spots", over=False) == {"catalog_key": "radio/a"}


@pytest.mark.parametrize(
    ("catalog", "entry", "kept"),
    [
        ("mode=exact", "x=1", {"x": 1}),
        ("mode=exact", "{}", {}),
        ("mode=exact", "", {"x": 9, "y": 2}),
        ("mode=merge", "x=1", {"x": 1, "y": 2}),
        ("mode=merge", "{}", {"x": 9, "y": 2}),
        ("mode=merge", "", {"x": 9, "y": 2}),
    ],
)
def test_unmanaged_keys_stay_as_they_are(catalog: str, entry: str, kept: dict[str, Any]) -> None:
    text = f"""
        catalog {catalog}
        entry a spots s1 {entry}
        file 7 spots a s1 x=9 y=2 from=w
    """
    assert wanted(text) == {**MARK, **kept}


@pytest.mark.parametrize("mode", ["exact", "merge"])
def test_protection_that_is_taken_away_does_not_stay(mode: str) -> None:
    text = f"catalog mode={mode}\nentry a spots s1\nfile 7 spots a s1 protect"
    assert "catalog_protect" not in wanted(text)


@pytest.mark.parametrize(
    ("source", "digest"), [("s1", "s1"), ("s?", "s2"), ("", "s2")], ids=["s1", "s?", "none"]
)
def test_a_digest_stays_where_the_catalogue_knows_none(source: str, digest: str) -> None:
    made = wanted(f"entry a spots {source}\nfile 7 spots a s2")
    assert made["catalog_source"] == digest_of(digest)


def test_a_new_file_is_not_said_to_be_made_from_what_the_old_one_was() -> None:
    text = "entry a spots s?\nfile 7 spots a s2 y=2"
    assert wanted(text, anew=True) == {"catalog_key": "radio/a", "y": 2}
    assert wanted(text) == {"catalog_key": "radio/a", "y": 2, "catalog_source": digest_of("s2")}


def test_nothing_is_kept_of_an_opaque_file() -> None:
    desired, live = given("entry a spots s1\nfile 7 spots opaque")
    file = only_file(live)
    assert isinstance(file.user_defined, Opaque)
    content = Contents(desired).wanted(desired.entries[Key("a")], over=file)
    assert content == Content("T-a", MARK)


def test_a_marks_fields_are_told_from_the_others() -> None:
    contents = Contents(ignoring())
    assert contents.is_mark("user_defined.catalog_key")
    assert contents.is_mark("user_defined.catalog_source")
    assert contents.is_mark("user_defined.catalog_protect")
    assert not contents.is_mark("title")
    assert not contents.is_mark("user_defined.x")
    names = ("artist", "catalog_key", "catalog_protect", "x")
    assert contents.without_marks(names) == ("artist", "x")
