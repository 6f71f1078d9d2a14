"""Whose file is this."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.marks import (
    Another,
    Owned,
    Owner,
    Unmarked,
    is_protected,
    mark_fields,
    mark_of,
    owner,
    source_digest,
)
from reconciler.core.model import (
    Bucket,
    DesiredState,
    File,
    FileId,
    FileState,
    Identity,
    Key,
    MarkFormat,
    Opaque,
)
from tests.core.scenario import given

BY_CATALOG = Identity(former_names=("old",))
BY_KEY = Identity(field="isrc", format=MarkFormat.KEY)


def catalog(identity: Identity, text: str = "entry a spots s1") -> DesiredState:
    desired, _ = given(text)
    return replace(desired, identity=identity)


def file(user_defined: Any) -> File:
    return File(FileId(1), "acr1", "spots", "T", user_defined, FileState.READY)


@pytest.mark.parametrize(
    ("mark", "whose"),
    [
        ("radio/a", Owned(Key("a"))),
        ("radio/a/b:c@d.e_f-G9", Owned(Key("a/b:c@d.e_f-G9"))),
        ("old/a", Owned(Key("a"))),
        ("radio/" + "k" * 128, Owned(Key("k" * 128))),
        ("radio/" + "k" * 129, Another("radio/" + "k" * 129)),
        ("radio/", Another("radio/")),
        ("radio/a b", Another("radio/a b")),
        ("radio/a\n", Another("radio/a\n")),
        ("radio", Another("radio")),
        ("Radio/a", Another("Radio/a")),
        ("radio2/a", Another("radio2/a")),
        ("/a", Another("/a")),
        ("a", Another("a")),
        (7, Another("7")),
        (True, Another("true")),
        (False, Another("false")),
        (["radio/a"], Another('["radio/a"]')),
        ({"radio": "a"}, Another('{"radio":"a"}')),
        ("", Unmarked()),
        (None, Unmarked()),
    ],
)
def test_a_mark_is_our_name_or_a_former_one_and_a_key(mark: Any, whose: Owner) -> None:
    assert owner(file({"catalog_key": mark}), catalog(BY_CATALOG)) == whose


@pytest.mark.parametrize(
    ("mark", "whose"),
    [
        ("a", Owned(Key("a"))),
        ("radio/a", Owned(Key("radio/a"))),
        (123, Owned(Key("123"))),
        (8.0, Owned(Key("8"))),
        (8.5, Owned(Key("8.5"))),
        ("not a key", Another("not a key")),
        ("", Unmarked()),
    ],
)
def test_with_format_key_whatever_is_a_key_is_owned(mark: Any, whose: Owner) -> None:
    assert owner(file({"isrc": mark}), catalog(BY_KEY)) == whose


def test_a_file_without_the_field_is_unmarked() -> None:
    assert owner(file({"isrc": "a"}), catalog(BY_CATALOG)) == Unmarked()


def test_an_opaque_file_has_no_mark_no_source_and_no_protection() -> None:
    opaque = file(Opaque("catalog_key"))
    assert owner(opaque, catalog(BY_CATALOG)) == Unmarked()
    assert source_digest(opaque, BY_CATALOG) is None
    assert not is_protected(opaque)


@pytest.mark.parametrize(
    ("held", "digest"), [("sha256:1", "sha256:1"), ("", None), (None, None), (7, "7")]
)
def test_the_source_field_says_what_the_file_was_made_from(held: Any, digest: str | None) -> None:
    assert source_digest(file({"catalog_source": held}), BY_CATALOG) == digest
    assert source_digest(file({}), BY_CATALOG) is None
    assert source_digest(file({"src": held}), Identity(source_field="src")) == digest


def test_without_a_source_field_no_file_says_what_it_was_made_from() -> None:
    identity = Identity(source_field=None)
    assert source_digest(file({"catalog_source": "sha256:1"}), identity) is None


@pytest.mark.parametrize(
    ("held", "protected"),
    [
        ("true", True),
        (True, True),
        (1, True),
        ("yes", True),
        ("", False),
        (None, False),
        (False, False),
        ("False", False),
        ("NO", False),
        (0, False),
        ("0", False),
    ],
)
def test_protection_is_a_field_of_the_file(held: Any, protected: bool) -> None:
    assert is_protected(file({"catalog_protect": held})) is protected


def test_a_file_without_that_field_is_not_protected() -> None:
    assert not is_protected(file({"catalog_key": "radio/a"}))


def test_the_marks_fields_are_three_or_two_where_the_source_is_switched_off() -> None:
    assert mark_fields(Identity()) == {"catalog_key", "catalog_source", "catalog_protect"}
    assert mark_fields(Identity(field="k", source_field=None)) == {"k", "catalog_protect"}


@pytest.mark.parametrize(
    ("identity", "digest", "mark"),
    [
        (BY_CATALOG, "sha256:1", {"catalog_key": "radio/a", "catalog_source": "sha256:1"}),
        (BY_CATALOG, None, {"catalog_key": "radio/a"}),
        (Identity(source_field=None), "sha256:1", {"catalog_key": "radio/a"}),
        (BY_KEY, "sha256:1", {"isrc": "a", "catalog_source": "sha256:1"}),
    ],
)
def test_what_an_entrys_mark_says(identity: Identity, digest: str | None, mark: Any) -> None:
    desired = catalog(identity)
    assert mark_of(desired.entries[Key("a")], desired, digest=digest) == mark


@pytest.mark.parametrize(("entry", "bucket"), [(True, False), (False, True), (True, True)])
def test_an_entry_is_protected_by_itself_or_by_its_bucket(entry: bool, bucket: bool) -> None:
    desired = catalog(BY_CATALOG)
    desired = replace(desired, buckets={"spots": Bucket("spots", 1, protect=bucket)})
    mark = mark_of(replace(desired.entries[Key("a")], protect=entry), desired, digest=None)
    assert mark["catalog_protect"] == "true"
    # It is read back as what it was written for.
    assert is_protected(file(mark))
