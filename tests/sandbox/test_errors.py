"""Tokens, unknown paths, refused methods, redirects, sizes: what a Laravel service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Open

FILES = "/buckets/8891/files"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "token", "Basic dG9rZW46", "Bearertoken", "Bearer a b"],
)
@pytest.mark.parametrize("path", [FILES, "/buckets/8891/dump", "/nowhere"])
def test_without_a_token_401(api: Api, authorization: str | None, path: str) -> None:
    headers = {"Accept": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = api("GET", path, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Authentication Exception"}


def test_any_token_will_do_unless_one_is_given(open_sandbox: Open) -> None:
    assert open_sandbox()("GET", FILES).status_code == 200
    api = open_sandbox(token="s3cret-ä")
    for token, status in (("s3cret-ä", 200), ("s3cret", 401), ("token", 401), ("S3CRET-ä", 401)):
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert api("GET", FILES, headers=headers).status_code == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_method_needs_the_token(api: Api, method: str) -> None:
    assert api(method, f"{FILES}/12", headers={}).status_code == 401
    assert api.sandbox.mutations == []


def test_unknown_paths(api: Api) -> None:
    for path in ("/nowhere", "/buckets/8891/file", "/buckets/8891/files//move", "//buckets"):
        answer = api("PUT" if path.endswith("move") else "GET", path)
        assert (answer.status_code, [*answer.json()]) == (404, ["message"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", FILES, "DELETE, GET, HEAD, POST"),
        ("PATCH", f"{FILES}/12", "DELETE, GET, HEAD, PUT"),
        ("OPTIONS", FILES, "DELETE, GET, HEAD, POST"),
        ("POST", "/buckets/8891/dump", "GET, HEAD"),
        ("DELETE", "/buckets/8891", "GET, HEAD"),
    ],
)
def test_refused_methods(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert method in answer.json()["message"]


@pytest.mark.parametrize("accept", [None, "*/*", "text/html, application/json", "application/xml"])
def test_a_failed_validation_redirects_to_html_unless_json_is_accepted(
    api: Api, accept: str | None
) -> None:
    headers = {**api.headers, "Accept": accept or ""}
    answer = api("POST", FILES, headers=headers, json={})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{api.sandbox.url}/"
    page = api.session.get(answer.headers["Location"], timeout=5)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json;q=0.9, */*", "application/vnd.api+json"]
)
def test_json_that_is_accepted_gets_422(api: Api, accept: str) -> None:
    answer = api("POST", FILES, headers={**api.headers, "Accept": accept}, json={})
    assert answer.status_code == 422


def test_what_succeeds_is_json_whatever_is_accepted(api: Api) -> None:
    answer = api("GET", FILES, headers={**api.headers, "Accept": "*/*"})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"data_type": "acrid", "acrid": "x", "title": "x" * (1 << 20)}},
        {"data": {"data_type": "acrid", "acrid": "x", "title": "x" * (1 << 20)}},
        {"files": {"data_type": (None, "acrid"), "title": (None, "x" * ((1 << 20) + 1))}},
    ],
    ids=["json", "form", "multipart"],
)
def test_fields_beyond_a_megabyte(api: Api, options: dict[str, Any]) -> None:
    answer = api("POST", FILES, **options)
    assert (answer.status_code, answer.json()) == (413, {"message": "The POST data is too large."})


def test_a_body_that_is_cut_or_no_multipart_has_no_fields(api: Api) -> None:
    for content_type, body in (
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; na"),
        ("multipart/form-data", b"--x--"),
        ("application/json", b'{"data_type": "acrid"'),
        ("application/json", b"\xff\xfe"),
        ("text/plain", b"data_type=acrid"),
    ):
        answer = api(
            "POST", FILES, data=body, headers={**api.headers, "Content-Type": content_type}
        )
        assert answer.status_code == 422, answer.text
        assert "data_type" in answer.json()["errors"]


def test_requests_are_logged_in_order(api: Api) -> None:
    api("GET", f"{FILES}?page=1&state=1")
    api("GET", FILES, headers={})
    api("DELETE", f"{FILES}/12")
    assert [(r.method, r.path, r.status, r.query) for r in api.sandbox.requests] == [
        ("GET", "/api/buckets/8891/files", 200, "page=1&state=1"),
        ("GET", "/api/buckets/8891/files", 401, ""),
        ("DELETE", "/api/buckets/8891/files/12", 404, ""),
    ]
