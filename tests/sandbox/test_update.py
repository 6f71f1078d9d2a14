"""Update a file: PUT /api/buckets/:bucket_id/files/:id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

ACR_ID = "6d3e17559677cd79ecb0b7cd2c79bea0"
FILE = "/buckets/8891/files/20"


@pytest.fixture
def twenty(api: Api) -> Api:
    """The page's file 20, made on Christmas Eve; now it is the day after."""
    api.sandbox.add_file(
        8891,
        id=20,
        title="adsfad",
        acr_id=ACR_ID,
        duration=78.5,
        state=0,
        user_defined={"artists": "artist", "label": "Acme"},
    )
    api.clock.forward(71110)
    return api


def test_the_answer_is_the_pages(twenty: Api) -> None:
    body = {"title": "update-title", "user_defined": {"artists": "update-artist"}}
    answer = twenty("PUT", FILE, json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "data": {
            "id": 20,
            "uid": 1,
            "bucket_id": 8891,
            "acr_id": ACR_ID,
            "state": 0,
            "title": "update-title",
            "user_defined": {"artists": "update-artist"},
            "duration": 79,
            "audio_id": "",
            "created_at": "2020-12-24T08:49:17.000000Z",
            "updated_at": "2020-12-25T04:34:27.000000Z",
        }
    }
    assert twenty.list(8891)["data"] == [answer.json()["data"]]


@pytest.mark.parametrize("ref", ["20", ACR_ID, ACR_ID.upper(), "%20" + ACR_ID])
def test_by_id_or_acr_id(twenty: Api, ref: str) -> None:
    answer = twenty("PUT", f"/buckets/8891/files/{ref}", json={"title": "new"})
    assert answer.json()["data"]["title"] == "new"


def test_title_alone_leaves_user_defined(twenty: Api) -> None:
    data = twenty("PUT", FILE, json={"title": "new"}).json()["data"]
    assert data["user_defined"] == {"artists": "artist", "label": "Acme"}


@pytest.mark.parametrize("value", [{"n": 8}, json.dumps({"n": 8})], ids=["object", "string"])
def test_user_defined_replaces_the_whole_and_leaves_the_title(twenty: Api, value: Any) -> None:
    data = twenty("PUT", FILE, json={"user_defined": value}).json()["data"]
    assert (data["title"], data["user_defined"]) == ("adsfad", {"n": 8})


@pytest.mark.parametrize("value", [{}, "{}", "", None, []])
def test_user_defined_can_be_emptied(twenty: Api, value: Any) -> None:
    assert twenty("PUT", FILE, json={"user_defined": value}).json()["data"]["user_defined"] == {}


@pytest.mark.parametrize("body", ["data", "files"])
def test_forms_are_taken_as_well(twenty: Api, body: str) -> None:
    fields = {"title": "new", "user_defined": '{"n": 8}'}
    sent: Any = (
        {name: (None, value) for name, value in fields.items()} if body == "files" else fields
    )
    data = twenty("PUT", FILE, **{body: sent}).json()["data"]
    assert (data["title"], data["user_defined"]) == ("new", {"n": 8})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"json": {}},
        {"json": {"state": 1, "duration": 3}},
        {"json": [1]},
        {"data": b"{broken", "headers": {"Content-Type": "application/json"}},
    ],
)
def test_without_a_field_nothing_is_updated(twenty: Api, options: dict[str, Any]) -> None:
    headers = {**twenty.headers, **options.pop("headers", {})}
    answer = twenty("PUT", FILE, headers=headers, **options)
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == ["title", "user_defined"]
    assert twenty.sandbox.mutations == []


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": None},
        {"title": 5},
        {"title": "x" * 1001},
        {"user_defined": "{"},
        {"user_defined": "[1]"},
        {"user_defined": 5},
    ],
)
def test_wrong_fields_are_named(twenty: Api, fields: dict[str, Any]) -> None:
    answer = twenty("PUT", FILE, json=fields)
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == [*fields]


def test_only_one_file_of_this_bucket(twenty: Api) -> None:
    for path in ("/buckets/8892/files/20", "/buckets/8891/files/21", "/buckets/8891/files/20,20"):
        answer = twenty("PUT", path, json={"title": "new"})
        assert (answer.status_code, [*answer.json()]) == (404, ["message"])
    assert twenty.titles(8891) == ["adsfad"]


def test_an_update_that_changes_nothing_leaves_updated_at(twenty: Api) -> None:
    data = twenty("PUT", FILE, json={"title": "adsfad"}).json()["data"]
    assert data["updated_at"] == data["created_at"]
