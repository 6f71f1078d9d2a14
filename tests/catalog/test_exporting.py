"""What of a bucket's live files becomes an entry, and by which key."""

from dataclasses import replace

import pytest

from reconciler.catalog.exporting import exported_entries, exported_header, slug
from reconciler.core.model import (
    Bucket,
    DesiredState,
    File,
    FileId,
    FileState,
    Opaque,
    Rules,
    UserDefined,
)

ACR_ID = "6d3e17559677cd79ecb0b7cd2c79bea0"
DESIRED = DesiredState(
    "spots", "", "https://api-v2.acrcloud.com", {"s": Bucket("s", 8891)}, {}, {}, rules=Rules()
)


def live(number: int, title: str, user_defined: UserDefined | Opaque, acr_id: str = ACR_ID) -> File:
    return File(FileId(number), acr_id, "s", title, user_defined, FileState.READY)


def test_an_unmarked_file_becomes_an_entry_pinned_by_its_acr_id() -> None:
    (entry,), left_out = exported_entries([live(7, "Spring Ad", {"artist": "Acme"})], DESIRED)
    assert (entry.key, entry.title, entry.bucket) == ("spring-ad-7", "Spring Ad", "s")
    assert (entry.acr_id, entry.user_defined, left_out) == (ACR_ID, {"artist": "Acme"}, 0)


@pytest.mark.parametrize(
    "user_defined",
    [{"catalog_key": "spots/a"}, {"catalog_key": "another/a"}, {"catalog_key": 8}, Opaque("[1]")],
)
def test_marked_and_opaque_files_are_left_out_and_counted(
    user_defined: UserDefined | Opaque,
) -> None:
    entries, left_out = exported_entries([live(7, "T", user_defined), live(8, "U", {})], DESIRED)
    assert [entry.key for entry in entries] == ["u-8"]
    assert left_out == 1


def test_ignored_keys_are_not_exported() -> None:
    (entry,), _ = exported_entries([live(7, "T", {"from": "ucf", "a": 1})], DESIRED)
    assert entry.user_defined == {"a": 1}


def test_two_files_with_one_title_have_two_keys() -> None:
    entries, _ = exported_entries([live(7, "T", {}), live(8, "T", {})], DESIRED)
    assert [entry.key for entry in entries] == ["t-7", "t-8"]


def test_a_file_without_an_acr_id_is_exported_without_one() -> None:
    (entry,), _ = exported_entries([live(7, "T", {}, acr_id="")], DESIRED)
    assert entry.acr_id is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Spring Ad 30s", "spring-ad-30s"),
        ("Frühling & Söhne", "fruhling-sohne"),
        ("  ../../etc/passwd ", "etc-passwd"),
        ("=cmd|' /C calc'!A0", "cmd-c-calc-a0"),
        ("春", ""),
        ("😀", ""),
        ("", ""),
        ("ﬁnale Ⅷ", "finale-viii"),
        ("a" * 100, "a" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_a_slug_is_letters_and_digits_of_ascii_joined_by_hyphens(text: str, part: str) -> None:
    assert slug(text) == part


def test_a_title_without_such_letters_still_gives_a_key() -> None:
    (entry,), _ = exported_entries([live(7, "春", {})], DESIRED)
    assert entry.key == "file-7"


def test_the_header_names_the_address_only_where_it_is_another() -> None:
    buckets = {"s": {"id": 8891}}
    assert exported_header(DESIRED, "https://api-v2.acrcloud.com") == {
        "version": 1,
        "catalog": "spots",
        "buckets": buckets,
    }
    assert exported_header(DESIRED, "https://other.acrcloud.com") == {
        "version": 1,
        "catalog": "spots",
        "api": {"base_url": "https://api-v2.acrcloud.com"},
        "buckets": buckets,
    }


def test_the_header_names_no_address_that_a_catalogue_must_not() -> None:
    operators = replace(DESIRED, base_url="https://gateway.example.com")
    assert "api" not in exported_header(operators, "https://api-v2.acrcloud.com")
