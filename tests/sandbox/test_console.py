"""The sandbox from behind: what other tests use to arrange, to disturb and to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Open


def test_as_the_other_tests_use_it() -> None:
    with running(quirks=Quirks(put="merge")) as sandbox:
        bucket = sandbox.add_bucket("spots", id=8891)
        assert bucket == 8891
        file = sandbox.add_file(bucket, title="a", user_defined={"n": 8}, state=1, duration=30.5)
        assert sandbox.files(bucket) == [file] == [sandbox.file(file["id"])]
        assert file["duration"] == 30.5
        sandbox.edit(file["id"], title="b")
        assert sandbox.file(file["acr_id"]) == {**file, "title": "b"} | {
            "updated_at": sandbox.files()[0]["updated_at"]
        }
        sandbox.delete(file["id"], 99)
        assert (sandbox.files(), sandbox.mutations, sandbox.requests) == ([], [], [])


def test_edits_show_in_the_api(api: Api) -> None:
    file = api.sandbox.add_file(8891, title="a", state=0)
    api.clock.forward(5)
    assert api.list(8891)["data"][0]["state"] == 0  # stays as it was put
    api.sandbox.edit(file["id"], state=7, title="b", bucket_id=8892, user_defined="no {json")
    (shown,) = api.list(8892)["data"]
    assert (shown["state"], shown["title"], shown["user_defined"]) == (7, "b", "no {json")
    assert shown["updated_at"] == "2020-12-24T08:49:22.000000Z"


def test_an_upload_can_be_turned_into_an_error(api: Api, wav: bytes) -> None:
    file = api.upload(8891, wav)
    api.sandbox.edit(file["id"], state=-1)
    assert api.list(8891)["data"][0]["state"] == -1


def test_put_over_what_is_no_object(open_sandbox: Open) -> None:
    api = open_sandbox(quirks=Quirks(put="merge"))
    api.sandbox.add_file(8891, title="a", user_defined=["odd"])
    answer = api("PUT", "/buckets/8891/files/1", json={"user_defined": {"n": 8}})
    assert answer.json()["data"]["user_defined"] == {"n": 8}


def test_many_files_at_once(api: Api) -> None:
    added = api.sandbox.add_files(8891, ({"title": str(number)} for number in range(5000)))
    assert [file["id"] for file in added] == [*range(1, 5001)]
    assert api.list(8891, per_page=1000)["meta"]["last_page"] == 5


def test_truth_is_without_quirks(open_sandbox: Open) -> None:
    api = open_sandbox(quirks=Quirks(read_lag=60, empty="null", numbers="text"))
    api.sandbox.add_file(8891, title="a", user_defined={"n": 8})
    assert api.sandbox.files(8891)[0]["user_defined"] == {"n": 8}
    assert api.list(8891)["data"] == []


def test_forget(api: Api, wav: bytes) -> None:
    api.upload(8891, wav)
    assert (len(api.sandbox.requests), len(api.sandbox.mutations)) == (1, 1)
    api.sandbox.forget()
    assert (api.sandbox.requests, api.sandbox.mutations) == ([], [])
    assert len(api.sandbox.files()) == 1


def test_editing_what_is_not_there(api: Api) -> None:
    with pytest.raises(SandboxError, match="there is no file 99"):
        api.sandbox.edit(99, title="b")
