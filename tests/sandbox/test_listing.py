"""List the files: GET /api/buckets/:bucket_id/files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

FILES = "/buckets/8891/files"


@pytest.fixture
def seven(api: Api) -> Api:
    """Files a to g; b is not ready, f is an error; a second between any two."""
    for title, state in zip("abcdefg", (1, 0, 1, 1, 1, -1, 1), strict=True):
        api.sandbox.add_file(8891, title=title, state=state)
        api.clock.forward(1)
    api.sandbox.add_file(8892, title="elsewhere")
    return api


def test_a_file_has_the_fields_types_and_order_of_the_page(api: Api) -> None:
    api.sandbox.add_file(
        8891,
        id=20,
        title="adsfad",
        state=0,
        duration=78.524082,
        acr_id="6d3e17559677cd79ecb0b7cd2c79bea0",
    )
    (file,) = api.list(8891)["data"]
    assert [*file.items()] == [
        ("id", 20),
        ("uid", 1),
        ("bucket_id", 8891),
        ("acr_id", "6d3e17559677cd79ecb0b7cd2c79bea0"),
        ("state", 0),
        ("title", "adsfad"),
        ("user_defined", {}),
        ("duration", 79),  # a rounded number here
        ("audio_id", ""),
        ("created_at", "2020-12-24T08:49:17.000000Z"),
        ("updated_at", "2020-12-24T08:49:17.000000Z"),
    ]


def test_fp_id_stands_at_some_files(api: Api) -> None:
    api.sandbox.add_file(8891, title="test", data_type="fingerprint")
    (file,) = api.list(8891)["data"]
    assert [*file][3:6] == ["acr_id", "fp_id", "state"]
    assert file["fp_id"] is None


def test_links_and_meta_are_shaped_like_the_page(seven: Api) -> None:
    path = f"{seven.sandbox.url}/api/buckets/8891/files"
    answer = seven.list(8891)
    assert [*answer] == ["data", "links", "meta"]
    assert answer["links"] == {
        "first": f"{path}?page=1",
        "last": f"{path}?page=1",
        "prev": None,
        "next": None,
    }
    assert [*answer["meta"].items()] == [
        ("current_page", 1),
        ("from", 1),
        ("last_page", 1),
        ("path", path),
        ("per_page", "20"),  # a string
        ("to", 7),
        ("total", 7),
    ]


def test_page_and_per_page(seven: Api) -> None:
    answer = seven.list(8891, page=2, per_page=3)
    assert [file["title"] for file in answer["data"]] == ["d", "e", "f"]
    path = f"{seven.sandbox.url}/api/buckets/8891/files"
    assert answer["links"] == {
        "first": f"{path}?page=1",
        "last": f"{path}?page=3",
        "prev": f"{path}?page=1",
        "next": f"{path}?page=3",
    }
    meta = answer["meta"]
    assert (meta["from"], meta["to"], meta["last_page"], meta["per_page"]) == (4, 6, 3, "3")


def test_links_drop_the_other_parameters(seven: Api) -> None:
    links = seven.list(8891, per_page=1, state=1, sort="id", order="desc", search="")["links"]
    assert links["next"].endswith("/files?page=2")


def test_links_show_the_servers_own_host(seven: Api) -> None:
    headers = {**seven.headers, "Host": "api-v2.acrcloud.com"}
    links = seven("GET", FILES, headers=headers).json()["links"]
    assert links["first"].startswith(f"{seven.sandbox.url}/")


def test_20_files_a_page_unless_asked(api: Api) -> None:
    api.sandbox.add_files(8891, [{"title": str(number)} for number in range(21)])
    answer = api.list(8891)
    assert (len(answer["data"]), answer["meta"]["last_page"]) == (20, 2)


def test_a_page_behind_the_last_is_empty(seven: Api) -> None:
    answer = seven.list(8891, page=9, per_page=5)
    assert answer["data"] == []
    meta = answer["meta"]
    assert (meta["current_page"], meta["from"], meta["to"], meta["last_page"]) == (9, None, None, 2)


def test_an_empty_bucket(api: Api) -> None:
    answer = api.list(8891)
    assert answer["data"] == []
    meta = answer["meta"]
    assert (meta["from"], meta["to"], meta["last_page"], meta["total"]) == (None, None, 1, 0)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, "abcdefg"),
        ({"sort": "id"}, "abcdefg"),
        ({"order": "asc"}, "abcdefg"),
        ({"order": "desc"}, "gfedcba"),
        ({"sort": "id", "order": "desc"}, "gfedcba"),
        ({"sort": "status"}, "fbacdeg"),  # -1, 0, 1
        ({"sort": "status", "order": "desc"}, "gedcabf"),
        ({"sort": "created_at"}, "abcdefg"),
        ({"sort": "created_at", "order": "desc"}, "gfedcba"),
        ({"state": 1}, "acdeg"),
        ({"state": 0}, "b"),
        ({"state": -1}, "f"),
        ({"state": "", "sort": "", "order": "", "page": "", "per_page": ""}, "abcdefg"),
        ({"unheard": "of"}, "abcdefg"),
    ],
)
def test_sort_order_and_state(seven: Api, query: dict[str, Any], titles: str) -> None:
    assert seven.titles(8891, **query) == [*titles]


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("spring", ["Spring ad", "late SPRING"]),
        ("ng a", ["Spring ad"]),
        ("100%", ["100% pure"]),
        ("%", ["100% pure"]),
        ("_", []),
        ("straße", ["Straße"]),
        ("STRASSE", ["Straße"]),
        ("nowhere", []),
        ("", ["Spring ad", "late SPRING", "100% pure", "Straße"]),
        ("x" * 5000, None),
    ],
)
@pytest.mark.parametrize("name", ["search", "keyword"])
def test_search_by_title(api: Api, name: str, search: str, titles: list[str] | None) -> None:
    for title in ("Spring ad", "late SPRING", "100% pure", "Straße"):
        api.sandbox.add_file(8891, title=title)
    if titles is None:
        assert api("GET", FILES, params={name: search}).status_code == 422
        return
    assert api.titles(8891, **{name: search}) == titles
    assert api.list(8891, **{name: search})["meta"]["total"] == len(titles)


@pytest.mark.parametrize(
    "query",
    [
        "page=abc",
        "page=0",
        "page=-1",
        "page=1.5",
        f"page={'9' * 40}",
        "page=%00",
        "per_page=-1",
        "per_page=0",
        "per_page=x",
        f"per_page={'9' * 5000}",
        "state=2",
        "state=ready",
        "sort=title",
        "order=up",
    ],
)
def test_bad_parameters_are_named(api: Api, query: str) -> None:
    answer = api("GET", f"{FILES}?{query}")
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == [query.partition("=")[0]]


def test_the_largest_page_number_is_no_error(api: Api) -> None:
    assert api.list(8891, page=2**31 - 1, per_page=1000)["data"] == []
