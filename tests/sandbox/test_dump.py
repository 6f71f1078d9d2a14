"""Dump all the files' information: GET /api/buckets/:bucket_id/dump."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.quirks import Quirks

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Open

DUMP = "/buckets/8891/dump"


def _fetch(api: Api, url: str) -> bytes:
    answer = api("GET", url.removeprefix(f"{api.sandbox.url}/api"))
    assert answer.status_code == 200, answer.text
    return answer.content


def test_status_0_then_1_with_down_url(api: Api) -> None:
    first = api("GET", DUMP).json()
    assert re.fullmatch(r"[0-9A-Za-z]{10}", first["task_id"])
    assert first == {
        "status": 0,
        "down_url": "",
        "id": 8891,
        "name": "spots",
        "task_id": first["task_id"],
    }
    assert api("GET", f"/buckets/8891/down/{first['task_id']}").status_code == 404
    api.clock.forward(1)
    url = f"{api.sandbox.url}/api/buckets/8891/down/{first['task_id']}"
    assert api("GET", DUMP).json() == {**first, "status": 1, "down_url": url}


def test_down_url_gives_all_files_as_they_were_when_the_dump_began(api: Api) -> None:
    api.sandbox.add_files(8891, [{"title": str(number)} for number in range(45)])
    api.sandbox.add_file(8892, title="elsewhere")
    listed = api.list(8891, per_page=1000)["data"]
    api("GET", DUMP)
    api.sandbox.add_file(8891, title="too late")
    api.clock.forward(1)
    assert json.loads(_fetch(api, api("GET", DUMP).json()["down_url"])) == listed


def test_one_dump_a_day_and_bucket(api: Api) -> None:
    first = api("GET", DUMP).json()["task_id"]
    api.clock.forward(15 * 3600)  # 23:49 of the same day
    assert api("GET", DUMP).json()["task_id"] == first
    assert api("GET", "/buckets/8892/dump").json()["task_id"] != first
    api.clock.forward(3600)
    second = api("GET", DUMP).json()
    assert (second["task_id"] != first, second["status"]) == (True, 0)
    api.clock.forward(1)
    assert _fetch(api, f"{api.sandbox.url}/api/buckets/8891/down/{first}") == b"[]"


def test_old_dumps_go(api: Api) -> None:
    tasks = []
    for _ in range(4):
        tasks.append(api("GET", DUMP).json()["task_id"])
        api.clock.forward(86400)
    found = [api("GET", f"/buckets/8891/down/{task}").status_code for task in tasks]
    assert found == [404, 200, 200, 200]


def test_a_task_of_another_bucket_is_unknown(api: Api) -> None:
    task = api("GET", DUMP).json()["task_id"]
    api.clock.forward(1)
    assert api("GET", f"/buckets/8892/down/{task}").status_code == 404


def test_the_vendor_clients_spelling(api: Api) -> None:
    assert api("GET", "/buckets/8891/files/dump").json() == api("GET", DUMP).json()


def test_an_unknown_bucket(api: Api) -> None:
    assert api("GET", "/buckets/1/dump").status_code == 404


@pytest.mark.parametrize("form", ["array", "lines", "csv", "gzip"])
def test_quirk_dump(open_sandbox: Open, form: str) -> None:
    api = open_sandbox(quirks=Quirks.parse([f"dump={form}"]))
    api.sandbox.add_file(8891, title='a "b",\nc', user_defined={"n": 8, "ä": None})
    api.sandbox.add_file(8891, title="second", data_type="fingerprint")
    content = _fetch(api, api("GET", DUMP).json()["down_url"])
    listed = api.list(8891)["data"]
    if form == "array":
        assert json.loads(content) == listed
    elif form == "lines":
        assert [json.loads(line) for line in content.splitlines()] == listed
    elif form == "gzip":
        assert json.loads(gzip.decompress(content)) == listed
    else:
        rows = [*csv.DictReader(io.StringIO(content.decode(), newline=""))]
        assert [row["title"] for row in rows] == ['a "b",\nc', "second"]
        assert [json.loads(row["user_defined"]) for row in rows] == [{"n": 8, "ä": None}, {}]
        assert [row["id"] for row in rows] == [str(file["id"]) for file in listed]
