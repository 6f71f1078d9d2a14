"""Delete files, and get one or multiple files: /api/buckets/:bucket_id/files/:ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

ACR_IDS = {12: "0e5e7e376f7e177bbcb4da898f740a15", 13: "224b26f7e3a3c44858be896c0fd9f45f"}


@pytest.fixture
def three(api: Api) -> Api:
    """The files 11, 12 and 13 in one bucket, 14 in another."""
    for number in (11, 12, 13):
        api.sandbox.add_file(8891, id=number, title=str(number), acr_id=ACR_IDS.get(number))
    api.sandbox.add_file(8892, id=14, title="14")
    return api


REFS = [
    ("12", [12]),
    ("12,13", [12, 13]),
    ("13,12", [13, 12]),
    ("12%2C13", [12, 13]),
    ("12,%2013", [12, 13]),
    ("012,13,", [12, 13]),
    ("12,12,13", [12, 13]),
    (ACR_IDS[12], [12]),
    (f"{ACR_IDS[13].upper()},12", [13, 12]),
    (f"12,{ACR_IDS[12]}", [12]),
]
NO_REFS = ["99", "14", "x", "-12", "12;13", "12.0", "1e1", "9" * 40, "f" * 32, ",", "%20", "%2C,"]


@pytest.mark.parametrize(("refs", "ids"), REFS)
def test_get_by_ids_or_acr_ids_in_the_order_asked(three: Api, refs: str, ids: list[int]) -> None:
    answer = three("GET", f"/buckets/8891/files/{refs}")
    assert answer.status_code == 200
    assert [file["id"] for file in answer.json()["data"]] == ids


def test_get_has_the_fields_of_the_page(three: Api) -> None:
    answer = three("GET", "/buckets/8891/files/12").json()
    assert [*answer] == ["data"]
    first = ["id", "uid", "bucket_id", "acr_id", "state", "title", "user_defined", "duration"]
    assert sorted(answer["data"][0]) == sorted([*first, "created_at", "updated_at", "audio_id"])


@pytest.mark.parametrize(("refs", "ids"), REFS)
def test_delete_by_ids_or_acr_ids(three: Api, refs: str, ids: list[int]) -> None:
    answer = three("DELETE", f"/buckets/8891/files/{refs}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {file["id"] for file in three.sandbox.files()} == {11, 12, 13, 14} - {*ids}
    assert [(m.what, m.ids, m.bucket) for m in three.sandbox.mutations] == [
        ("delete", tuple(ids), 8891)
    ]


@pytest.mark.parametrize("refs", NO_REFS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_names_no_file_of_this_bucket(three: Api, method: str, refs: str) -> None:
    answer = three(method, f"/buckets/8891/files/{refs}")
    assert (answer.status_code, [*answer.json()]) == (404, ["message"])
    assert len(three.sandbox.files()) == 4


@pytest.mark.parametrize("path", ["/buckets/8891/files/", "/buckets/8891/files"])
def test_deleting_without_ids_deletes_nothing(three: Api, path: str) -> None:
    options: dict[str, Any]
    for options in ({}, {"json": {}}, {"json": {"ids": []}}, {"json": {"ids": ["", " "]}}):
        answer = three("DELETE", path, **options)
        assert answer.status_code == 422
        assert [*answer.json()["errors"]] == ["ids"]
    assert len(three.sandbox.files()) == 4


def test_getting_without_ids_lists(three: Api) -> None:
    assert three("GET", "/buckets/8891/files/").json()["meta"]["total"] == 3


@pytest.mark.parametrize("ids", [[12, 13], ["12", "13"], "12,13", [12, ACR_IDS[13]]])
def test_deleting_in_the_vendor_clients_spelling(three: Api, ids: Any) -> None:
    assert three("DELETE", "/buckets/8891/files", json={"ids": ids}).status_code == 204
    assert [file["id"] for file in three.sandbox.files()] == [11, 14]


def test_a_deleted_id_is_never_used_again(three: Api, wav: bytes) -> None:
    three("DELETE", "/buckets/8892/files/14")
    assert three.upload(8891, wav)["id"] == 15
