"""GET and POST /api/buckets, GET /api/buckets/:id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

NEW = {"name": "new", "type": "File", "region": "us-west-2"}


def test_a_bucket_has_the_fields_of_the_field_notes(api: Api) -> None:
    api.sandbox.add_file(8891, title="a", size=1000)
    api.sandbox.add_file(8891, title="b", size=24)
    assert api("GET", "/buckets/8891").json() == {
        "data": {
            "id": 8891,
            "uid": 1,
            "name": "spots",
            "type": "File",
            "state": 1,
            "region": "eu-west-1",
            "metadata_template": "",
            "labels": [],
            "net_type": 1,
            "num": 2,
            "size": 1024,
            "access_permission": "private",
            "created_at": "2020-12-24T08:49:17.000000Z",
            "updated_at": "2020-12-24T08:49:17.000000Z",
        }
    }


def test_create(api: Api) -> None:
    template = '{"isrc": ""}'
    fields = {**NEW, "net_type": 2, "labels": ["Music", "Ads"], "metadata_template": template}
    made = api("POST", "/buckets", json=fields).json()["data"]
    assert {name: made[name] for name in fields} == fields
    assert api("GET", f"/buckets/{made['id']}").json()["data"] == made
    assert [(m.what, m.ids) for m in api.sandbox.mutations] == [("create_bucket", (made["id"],))]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["name", "type", "region"]),
        ({**NEW, "type": "Video"}, ["type"]),
        ({**NEW, "region": "mars"}, ["region"]),
        ({**NEW, "name": ["x"]}, ["name"]),
        ({**NEW, "net_type": 3}, ["net_type"]),
        ({**NEW, "net_type": True}, ["net_type"]),
        ({**NEW, "labels": "Music"}, ["labels"]),
        ({**NEW, "metadata_template": "{"}, ["metadata_template"]),
    ],
)
def test_create_validates(api: Api, fields: dict[str, Any], wrong: list[str]) -> None:
    answer = api("POST", "/buckets", json=fields)
    assert answer.status_code == 422
    assert sorted(answer.json()["errors"]) == sorted(wrong)


def test_list(api: Api) -> None:
    api("POST", "/buckets", json=NEW)
    api("POST", "/buckets", json={**NEW, "type": "Live"})

    def names(**query: Any) -> list[str]:
        answer = api("GET", "/buckets", params=query).json()
        return [bucket["name"] for bucket in answer["data"]]

    assert names() == ["spots", "archive", "new", "new"]
    assert names(region="us-west-2", type="Live") == ["new"]
    assert names(search="POT") == ["spots"]
    assert names(page=2, per_page=3) == ["new"]
    meta = api("GET", "/buckets").json()["meta"]
    assert (meta["total"], meta["per_page"]) == (4, "20")


def test_unknown(api: Api) -> None:
    assert api("GET", "/buckets/1").status_code == 404
