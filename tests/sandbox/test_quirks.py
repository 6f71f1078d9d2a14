"""Each quirk's values, one by one; the defaults are tested beside each call."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.quirks import Quirks

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Open


def _with(open_sandbox: Open, *settings: str, **more: Any) -> Api:
    return open_sandbox(quirks=Quirks.parse(settings), **more)


def _metadata(api: Api, value: Any) -> Any:
    """What a listing shows of a user_defined that was uploaded."""
    fields = {"data_type": "acrid", "acrid": "x", "user_defined": value}
    sent = api("POST", "/buckets/8891/files", json=fields).json()["data"]
    (listed,) = api.list(8891)["data"]
    (got,) = api("GET", f"/buckets/8891/files/{sent['id']}").json()["data"]
    put = api("PUT", f"/buckets/8891/files/{sent['id']}", json={"user_defined": value}).json()
    shown = listed["user_defined"]
    assert shown == sent["user_defined"] == got["user_defined"] == put["data"]["user_defined"]
    return shown


@pytest.mark.parametrize(
    ("put", "left"),
    [
        ("replace", {"b": None, "n": {"y": 1}}),
        ("merge", {"a": 1, "b": None, "n": {"y": 1}}),  # top level only, and null stays
    ],
)
def test_put(open_sandbox: Open, put: str, left: dict[str, Any]) -> None:
    api = _with(open_sandbox, f"put={put}")
    file = api.sandbox.add_file(8891, title="t", user_defined={"a": 1, "b": 2, "n": {"x": 1}})
    path = f"/buckets/8891/files/{file['id']}"
    body = {"user_defined": {"b": None, "n": {"y": 1}}}
    assert api("PUT", path, json=body).json()["data"]["user_defined"] == left
    emptied = api("PUT", path, json={"user_defined": {}}).json()["data"]["user_defined"]
    assert emptied == ({} if put == "replace" else left)


@pytest.mark.parametrize(
    ("empty", "as_object", "as_text"),
    [("object", {}, "{}"), ("list", [], "[]"), ("null", None, None), ("string", "", "")],
)
def test_empty(open_sandbox: Open, empty: str, as_object: Any, as_text: Any) -> None:
    assert _metadata(_with(open_sandbox, f"empty={empty}"), {}) == as_object
    assert _metadata(_with(open_sandbox, f"empty={empty}", "user_defined=text"), {}) == as_text


def test_user_defined(open_sandbox: Open) -> None:
    value = {"artist": "Ä", "n": 8, "none": None}
    assert _metadata(_with(open_sandbox, "user_defined=object"), value) == value
    text = _metadata(_with(open_sandbox, "user_defined=text"), value)
    assert isinstance(text, str)
    assert json.loads(text) == value


def test_numbers(open_sandbox: Open) -> None:
    value = {"n": 8, "f": 0.5, "b": True, "s": "8", "deep": {"list": [1, None]}}
    assert _metadata(_with(open_sandbox, "numbers=kept"), value) == value
    shown = {"n": "8", "f": "0.5", "b": True, "s": "8", "deep": {"list": ["1", None]}}
    assert _metadata(_with(open_sandbox, "numbers=text"), value) == shown


@pytest.mark.parametrize(
    ("titles", "stored"), [("kept", " e\u0301 "), ("trimmed", "e\u0301"), ("nfc", " \u00e9 ")]
)
def test_titles(open_sandbox: Open, wav: bytes, titles: str, stored: str) -> None:
    api = _with(open_sandbox, f"titles={titles}")
    sent = " " + unicodedata.normalize("NFD", "é") + " "
    data = api.upload(8891, wav, title=sent)
    assert data["title"] == stored
    path = f"/buckets/8891/files/{data['id']}"
    assert api("PUT", path, json={"title": sent}).json()["data"]["title"] == stored


@pytest.mark.parametrize("create", ["200", "201"])
def test_create(open_sandbox: Open, create: str) -> None:
    api = _with(open_sandbox, f"create={create}")
    fields = {"data_type": "acrid", "acrid": "x"}
    assert api("POST", "/buckets/8891/files", json=fields).status_code == int(create)
    bucket = {"name": "n", "type": "File", "region": "eu-west-1"}
    assert api("POST", "/buckets", json=bucket).status_code == int(create)


@pytest.mark.parametrize("query", [{}, {"order": "asc"}, {"order": "desc"}])
def test_order_desc_ignores_what_is_asked(open_sandbox: Open, query: dict[str, str]) -> None:
    api = _with(open_sandbox, "order=desc")
    api.sandbox.add_files(8891, [{"title": title} for title in "abc"])
    assert api.titles(8891, **query) == ["c", "b", "a"]


def test_max_per_page(open_sandbox: Open) -> None:
    api = _with(open_sandbox, "max_per_page=2")
    api.sandbox.add_files(8891, [{"title": title} for title in "abcde"])
    for query in ({}, {"per_page": 100}, {"per_page": 2**31 - 1}):
        answer = api.list(8891, **query)
        assert (len(answer["data"]), answer["meta"]["per_page"]) == (2, "2")
        assert answer["meta"]["last_page"] == 3
    assert api.titles(8891, per_page=1) == ["a"]


def test_get_one(open_sandbox: Open) -> None:
    api = _with(open_sandbox, "get_one=object")
    api.sandbox.add_files(8891, [{"title": title} for title in "ab"])
    assert api("GET", "/buckets/8891/files/1").json()["data"]["title"] == "a"
    both = api("GET", "/buckets/8891/files/1,2").json()["data"]
    assert [file["title"] for file in both] == ["a", "b"]
    assert api("GET", "/buckets/8891/files/9").status_code == 404


@pytest.mark.parametrize(
    ("rule", "got", "written", "left"),
    [
        ("404", 404, 404, ["b", "c"]),  # one by one: the first was done before the unknown one
        ("skipped", 200, None, ["c"]),
        ("refused", 422, 422, ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("what", ["delete", "move"])
def test_unknown_id_among_known_ones(
    open_sandbox: Open, rule: str, got: int, written: int | None, left: list[str], what: str
) -> None:
    api = _with(open_sandbox, f"unknown_id={rule}")
    api.sandbox.add_files(8891, [{"title": title} for title in "abc"])
    assert api("GET", "/buckets/8891/files/1,99,2").status_code == got
    if what == "delete":
        answer, done = api("DELETE", "/buckets/8891/files/1,99,2"), 204
    else:
        answer, done = api("PUT", "/buckets/8892/files/1,99,2/move"), 200
    assert answer.status_code == (written or done)
    assert api.titles(8891) == left
    changed = tuple(number for number, title in enumerate("abc", 1) if title not in left)
    assert [m.ids for m in api.sandbox.mutations] == ([changed] if changed else [])


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [("404", (404, 404, 404)), ("skipped", (200, 204, 200)), ("refused", (422, 422, 422))],
)
def test_unknown_id_alone(open_sandbox: Open, rule: str, statuses: tuple[int, ...]) -> None:
    api = _with(open_sandbox, f"unknown_id={rule}")
    path = "/buckets/8891/files/99"
    answers = api("GET", path), api("DELETE", path), api("PUT", f"{path}/move")
    assert tuple(answer.status_code for answer in answers) == statuses
    if rule == "skipped":
        assert answers[0].json() == answers[2].json() == {"data": []}
    if rule == "refused":
        assert [*answers[0].json()["errors"]] == ["ids"]
    assert api("PUT", path, json={"title": "t"}).status_code == 404
    assert api.sandbox.mutations == []


@pytest.mark.parametrize("rule", ["404", "skipped", "refused"])
def test_no_id_names_nothing_under_any_rule(open_sandbox: Open, rule: str) -> None:
    api = _with(open_sandbox, f"unknown_id={rule}")
    api.sandbox.add_file(8891, title="a")
    for method in ("GET", "DELETE"):
        assert api(method, "/buckets/8891/files/,").status_code == 404
    assert api.titles(8891) == ["a"]


def test_move_ids_new(open_sandbox: Open) -> None:
    api = _with(open_sandbox, "move_ids=new")
    before = api.sandbox.add_file(8891, title="a")
    (moved,) = api("PUT", f"/buckets/8892/files/{before['id']}/move").json()["data"]
    assert moved["id"] > before["id"]
    assert moved["acr_id"] == before["acr_id"]
    assert api.list(8892)["data"] == [moved]
    assert [m.ids for m in api.sandbox.mutations] == [(moved["id"],)]
    (stays,) = api("PUT", f"/buckets/8892/files/{moved['id']}/move").json()["data"]
    assert stays["id"] == moved["id"]


def test_read_lag(open_sandbox: Open, wav: bytes) -> None:
    api = _with(open_sandbox, "read_lag=3", ready_after=1.0)
    path = f"/buckets/8891/files/{api.upload(8891, wav)['id']}"

    def seen() -> tuple[int, list[str]]:
        return api("GET", path).status_code, api.titles(8891)

    assert seen() == (404, [])
    api.clock.forward(2)
    assert api("PUT", path, json={"title": "new"}).json()["data"]["title"] == "new"
    assert seen() == (404, [])
    api.clock.forward(1)
    assert seen() == (200, ["adsfad"])
    assert api.list(8891)["data"][0]["state"] == 0  # as three seconds ago
    api.clock.forward(2)
    assert seen() == (200, ["new"])
    assert api.list(8891)["data"][0]["state"] == 1
    assert api("DELETE", path).status_code == 204
    assert seen() == (200, ["new"])
    assert api("DELETE", path).status_code == 404  # writes see the truth
    api.clock.forward(3)
    assert seen() == (404, [])


def test_read_lag_of_a_move(open_sandbox: Open) -> None:
    api = _with(open_sandbox, "read_lag=3")
    api.sandbox.add_file(8891, title="a")
    api.clock.forward(10)
    api("PUT", "/buckets/8892/files/1/move")
    assert (api.titles(8891), api.titles(8892)) == (["a"], [])
    api.clock.forward(3)
    assert (api.titles(8891), api.titles(8892)) == ([], ["a"])


def test_per_page(open_sandbox: Open) -> None:
    meta = _with(open_sandbox, "per_page=number").list(8891, per_page="7")["meta"]
    assert meta["per_page"] == 7


def test_no_quirk_is_the_first_value_of_each() -> None:
    firsts: Any = {name: values[0] for name, values in Quirks.choices().items()}
    assert Quirks(**firsts) == Quirks.parse([]) == Quirks()
    others = {field.name for field in dataclasses.fields(Quirks)} - {*firsts}
    assert others == {"max_per_page", "read_lag"}


def test_parse_takes_every_value() -> None:
    for name, values in Quirks.choices().items():
        for value in values:
            assert getattr(Quirks.parse([f"{name}={value}"]), name) == value
    quirks = Quirks.parse(["max_per_page=50", "read_lag=0.5", "put=merge", "put=replace"])
    assert (quirks.max_per_page, quirks.read_lag, quirks.put) == (50, 0.5, "replace")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("put=patch", "quirk put=patch: expected put=replace|merge"),
        ("put", "'put' is no quirk; the quirks are put=replace|merge"),
        ("speed=high", "unknown_id=404|skipped|refused"),
        ("=", "is no quirk"),
        ("max_per_page=0", "max_per_page=N from 1 to 100000"),
        ("max_per_page=many", "max_per_page=many: expected"),
        ("read_lag=-1", "read_lag=SECONDS from 0 to 3600"),
        ("read_lag=nan", "read_lag=SECONDS"),
        ("read_lag=soon", "read_lag=soon: expected"),
    ],
)
def test_wrong_settings_are_told_what_there_is(setting: str, words: str) -> None:
    with pytest.raises(SandboxError) as caught:
        Quirks.parse([setting])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
