"""Upload an audio file/fingerprint: POST /api/buckets/:bucket_id/files."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Open

FILES = "/buckets/8891/files"


def test_the_answer_has_the_fields_and_types_of_the_page(api: Api, wav: bytes) -> None:
    api.sandbox.add_file(8891, id=19, title="before")
    data = api.upload(8891, wav)
    assert re.fullmatch(r"[0-9a-f]{32}", data.pop("acr_id"))
    assert data == {
        "uid": 1,
        "bucket_id": 8891,
        "state": 0,
        "title": "adsfad",
        "audio_id": "",
        "duration": "2.500000",  # a string here
        "user_defined": {},
        "updated_at": "2020-12-24T08:49:17.000000Z",
        "created_at": "2020-12-24T08:49:17.000000Z",
        "id": 20,
    }


def test_the_answer_has_the_order_of_the_page(api: Api, wav: bytes) -> None:
    order = "uid acr_id bucket_id state title audio_id duration user_defined updated_at created_at"
    assert [*api.upload(8891, wav)] == [*order.split(), "id"]


def test_file_arrives_whole_and_only_its_digest_is_kept(api: Api) -> None:
    content = bytes(range(256)) * 20_000  # five megabytes: more than any buffer on the way
    file = api.sandbox.file(api.upload(8891, content, name="x.fp")["id"])
    assert file is not None
    assert (file["sha256"], file["size"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_same_audio_twice_makes_two_files(api: Api, wav: bytes) -> None:
    first, second = api.upload(8891, wav), api.upload(8891, wav)
    assert first["id"] < second["id"]
    assert first["acr_id"] != second["acr_id"]
    assert [file["id"] for file in api.list(8891)["data"]] == [first["id"], second["id"]]


@pytest.mark.parametrize("data_type", ["audio", "fingerprint"])
def test_file_is_required_for(api: Api, data_type: str) -> None:
    answer = api("POST", FILES, json={"data_type": data_type, "title": "t"})
    assert answer.status_code == 422
    assert answer.json() == {
        "message": "The given data was invalid.",
        "errors": {"file": [f"The file field is required when data type is {data_type}."]},
    }


def test_file_must_be_a_file(api: Api) -> None:
    answer = api("POST", FILES, data={"data_type": "audio", "file": "text"})
    assert answer.json()["errors"] == {"file": ["The file must be a file."]}


@pytest.mark.parametrize(("data_type", "field"), [("audio_url", "url"), ("acrid", "acrid")])
def test_url_and_acrid_are_required_for_their_types(api: Api, data_type: str, field: str) -> None:
    answer = api("POST", FILES, json={"data_type": data_type, "title": "t"})
    assert answer.status_code == 422
    assert [*answer.json()["errors"]] == [field]


def test_data_type_is_one_of_four(api: Api) -> None:
    for fields, message in (
        ({}, "The data type field is required."),
        ({"data_type": "video"}, "The selected data type is invalid."),
    ):
        answer = api("POST", FILES, json=fields)
        assert answer.status_code == 422
        assert answer.json()["errors"]["data_type"] == [message]


@pytest.mark.parametrize(
    "fields",
    [
        {"data_type": "audio_url", "url": "https://your_host.com/AEA040700015_T1.mp3?sig=1"},
        {"data_type": "acrid", "acrid": "6d3e17559677cd79ecb0b7cd2c79bea0"},
    ],
)
@pytest.mark.parametrize("body", ["json", "data", "multipart"])
def test_audio_url_and_acrid_become_ready(api: Api, fields: dict[str, str], body: str) -> None:
    sent: dict[str, Any] = {body: fields}
    if body == "multipart":
        sent = {"files": {name: (None, value) for name, value in fields.items()}}
    answer = api("POST", FILES, **sent)
    assert answer.status_code == 200, answer.text
    api.clock.forward(1)
    (file,) = api.list(8891)["data"]
    assert (file["state"], file["duration"]) == (1, 0)


def test_url_must_be_one(api: Api) -> None:
    for url in ("nonsense", "ftp://host/a.mp3", "https://", "http://[::1"):
        answer = api("POST", FILES, json={"data_type": "audio_url", "url": url})
        assert answer.json()["errors"] == {"url": ["The url format is invalid."]}


def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    answer = api("POST", FILES, json={"data_type": "acrid", "title": 5, "user_defined": "{"})
    assert answer.json()["errors"] == {
        "acrid": ["The acrid field is required when data type is acrid."],
        "title": ["The title must be a string."],
        "user_defined": ["The user defined must be a valid JSON string."],
    }


def test_title_may_be_left_out_as_the_vendors_client_does(api: Api, wav: bytes) -> None:
    assert api.upload(8891, wav, title="", name="Spring ad.wav")["title"] == "Spring ad"


@pytest.mark.parametrize(
    "text", ['{"key1": "value1", "n": 8, "deep": {"a": [null]}}', "{}", "[]", ""]
)
def test_user_defined_as_a_json_string(api: Api, wav: bytes, text: str) -> None:
    data = api.upload(8891, wav, user_defined=text)
    assert data["user_defined"] == (json.loads(text or "{}") or {})


def test_user_defined_as_an_object_keeps_types_order_and_letters(api: Api) -> None:
    sent = {"z": 1, "a": 8.5, "ä": "ß😀", "big": 2**60, "yes": True, "none": None, "": "empty"}
    fields = {"data_type": "acrid", "acrid": "x", "user_defined": sent}
    answer = api("POST", FILES, json=fields)
    shown = answer.json()["data"]["user_defined"]
    assert shown == sent
    assert [*shown] == [*sent]
    assert api.list(8891)["data"][0]["user_defined"] == sent


@pytest.mark.parametrize(
    "text", ["{", "NaN", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 600 + "]" * 600]
)
def test_user_defined_that_is_no_json(api: Api, wav: bytes, text: str) -> None:
    answer = api(
        "POST", FILES, data={"data_type": "audio", "user_defined": text}, files={"file": wav}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "user_defined": ["The user defined must be a valid JSON string."]
    }


@pytest.mark.parametrize("value", ["8", '"{}"', "[1]", 8, [1], True])
def test_user_defined_that_is_no_object(api: Api, value: Any) -> None:
    fields = {"data_type": "acrid", "acrid": "x", "user_defined": value}
    answer = api("POST", FILES, json=fields)
    assert answer.json()["errors"] == {"user_defined": ["The user defined must be a JSON object."]}


def test_audio_id_is_kept(api: Api, wav: bytes) -> None:
    assert api.upload(8891, wav, audio_id="12345")["audio_id"] == "12345"
    assert api.list(8891)["data"][0]["audio_id"] == "12345"


def test_state_is_0_until_it_is_processed(api: Api, wav: bytes) -> None:
    assert api.upload(8891, wav)["state"] == 0
    assert api.list(8891)["data"][0]["state"] == 0
    api.clock.forward(0.9)
    assert api.list(8891)["data"][0]["state"] == 0
    api.clock.forward(0.1)
    assert api.list(8891)["data"][0]["state"] == 1


def test_ready_at_once_is_still_0_in_the_answer(open_sandbox: Open, wav: bytes) -> None:
    api = open_sandbox(ready_after=0)
    assert api.upload(8891, wav)["state"] == 0
    assert api.list(8891)["data"][0]["state"] == 1


def test_audio_that_cannot_be_read_ends_as_an_error(api: Api) -> None:
    data = api.upload(8891, b"not audio at all", name="broken.mp3")
    assert (data["state"], data["duration"]) == (0, "0.000000")
    api.clock.forward(1)
    assert api.list(8891)["data"][0]["state"] == -1


def test_a_bucket_that_is_not_there(api: Api) -> None:
    for bucket in ("1", "0", "x", "-1", "9" * 30, "٣"):
        answer = api("POST", f"/buckets/{bucket}/files", json={})
        assert (answer.status_code, [*answer.json()]) == (404, ["message"])


def test_what_is_refused_leaves_nothing_behind(api: Api) -> None:
    api("POST", FILES, json={"data_type": "audio"})
    assert api.sandbox.files() == []
    assert api.sandbox.mutations == []
