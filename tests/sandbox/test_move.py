"""Move the files to another bucket: PUT /api/buckets/:bucket_id/files/:ids/move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

ACR_ID = "0e5e7e376f7e177bbcb4da898f740a15"


@pytest.fixture
def two(api: Api) -> Api:
    """The files 12 and 13 in bucket 8891."""
    api.sandbox.add_file(8891, id=12, title="12", acr_id=ACR_ID, user_defined={"a": 1})
    api.sandbox.add_file(8891, id=13, title="13")
    api.clock.forward(60)
    return api


@pytest.mark.parametrize("refs", ["12,13", "12%2C13", f"{ACR_ID},13"])
def test_the_bucket_in_the_path_is_the_destination(two: Api, refs: str) -> None:
    answer = two("PUT", f"/buckets/8892/files/{refs}/move")
    assert answer.status_code == 200
    assert [file["bucket_id"] for file in answer.json()["data"]] == [8892, 8892]
    assert two.titles(8891) == []
    assert [(m.what, m.ids, m.bucket) for m in two.sandbox.mutations] == [("move", (12, 13), 8892)]


def test_id_acr_id_and_everything_else_survive(two: Api) -> None:
    before = two.list(8891)["data"][0]
    two("PUT", "/buckets/8892/files/12/move")
    after = two.list(8892)["data"][0]
    assert after.pop("updated_at") == "2020-12-24T08:50:17.000000Z"
    del before["updated_at"]
    assert after == {**before, "bucket_id": 8892}


def test_a_file_that_is_there_already_stays(two: Api) -> None:
    before = two.sandbox.files(8891)
    assert two("PUT", "/buckets/8891/files/12,13/move").status_code == 200
    assert two.sandbox.files(8891) == before


def test_the_pages_curl_without_move_is_an_update_without_fields(two: Api) -> None:
    answer = two("PUT", "/buckets/8892/files/12,13")
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == ["title", "user_defined"]
    assert two.titles(8891) == ["12", "13"]


@pytest.mark.parametrize("path", ["/buckets/8892/files/99/move", "/buckets/7/files/12/move"])
def test_unknown_files_and_buckets(two: Api, path: str) -> None:
    assert two("PUT", path).status_code == 404
    assert two.titles(8891) == ["12", "13"]


@pytest.mark.parametrize("refs", [",", "%20", ""])
def test_without_ids_nothing_moves(two: Api, refs: str) -> None:
    answer = two("PUT", f"/buckets/8892/files/{refs}/move")
    assert answer.status_code == 404
    assert two.sandbox.files(8892) == []


def test_a_file_of_another_region_is_unknown(two: Api) -> None:
    two.sandbox.add_bucket("far", id=7, region="us-west-2")
    assert two("PUT", "/buckets/7/files/12/move").status_code == 404


def test_the_vendor_clients_spelling_names_source_and_destination(two: Api) -> None:
    body = {"target_bucket_id": 8892, "ids": [12, 13]}
    assert two("POST", "/buckets/8891/files/move", json=body).status_code == 200
    assert two.titles(8892) == ["12", "13"]
    assert two("POST", "/buckets/8891/files/move", json=body).json()["data"][0]["id"] == 12


def test_the_vendor_clients_spelling_moves_only_from_its_source(two: Api) -> None:
    two.sandbox.add_bucket("third", id=7)
    body = {"target_bucket_id": 8892, "ids": [12]}
    assert two("POST", "/buckets/7/files/move", json=body).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ids": [12]}, "target_bucket_id"),
        ({"target_bucket_id": "x", "ids": [12]}, "target_bucket_id"),
        ({"target_bucket_id": 1, "ids": [12]}, "target_bucket_id"),
        ({"target_bucket_id": 8892}, "ids"),
        ({"target_bucket_id": 8892, "ids": []}, "ids"),
    ],
)
def test_the_vendor_clients_spelling_validates(two: Api, body: dict[str, Any], field: str) -> None:
    answer = two("POST", "/buckets/8891/files/move", json=body)
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == [field]
