"""The page's own examples, verbatim but for the host, the file, and what must be there first."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Api

SERVICE = "https://api-v2.acrcloud.com"
AUDIO = "/Users/olym/Downloads/test.mp3"

UPLOAD = r"""
curl --location --request POST 'https://api-v2.acrcloud.com/api/buckets/8891/files' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token' \
--form 'file=@"/Users/olym/Downloads/test.mp3"' \
--form 'title="adsfad"' \
--form 'data_type="audio"'
"""
UPLOAD_URL = r"""
curl --location --request POST 'https://api-v2.acrcloud.com/api/buckets/8891/files' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token' \
--header 'Content-Type: application/json' \
--data-raw '{"data_type":"audio_url", "title":"file-title", "user_defined":{"artists":"artist"}, "url":"https://your_host.com/AEA040700015_T1.mp3"}'
"""
LIST = r"""
curl --request GET 'https://api-v2.acrcloud.com/api/buckets/8891/files' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token'
"""
UPDATE = r"""
curl --location --request PUT 'https://api-v2.acrcloud.com/api/buckets/8891/files/20' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token' \
--header 'Content-Type: application/json' \
--data-raw '{"title":"update-title", "user_defined":{"artists":"update-artist"}}'
"""
DELETE = r"""
curl --location --request DELETE 'https://api-v2.acrcloud.com/api/buckets/8891/files/12,13' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token'
"""
MOVE = r"""
curl --location --request PUT 'https://api-v2.acrcloud.com/api/buckets/8892/files/12,13' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token'
"""
GET = r"""
curl --location --request GET 'https://api-v2.acrcloud.com/api/buckets/966/files/13045360,13044049' \
--header 'Accept: application/json' \
--header 'Authorization: Bearer token'
"""  # noqa: E501 - the page's own line
PYTHON_UPLOAD = """
import requests
import json

url = "https://api-v2.acrcloud.com/api/buckets/8891/files"

payload={'title': 'adsfad','data_type': 'audio',"user_defined":json.dumps({"key1":"value1", "key2":"value2"})}
files=[
  ('file',('test.mp3',open('/Users/olym/Downloads/test.mp3','rb'),'audio/mpeg'))
]
headers = {
  'Accept': 'application/json',
  'Authorization': 'Bearer token'
}

response = requests.request("POST", url,
               headers=headers,
               data=payload,
               files=files)

print(response.text)
"""  # noqa: E501 - the page's own line
PYTHON_LIST = """
import requests

url = "https://api-v2.acrcloud.com/api/buckets/8891/files"

headers = {
  'Accept': 'application/json',
  'Authorization': 'Bearer token'
}

response = requests.get(url, headers=headers)

print(response.text)
"""


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """An mp3 of 3,006 silent frames of 417 bytes at 128 kbit/s: 78.34 seconds."""
    path = tmp_path / "test.mp3"
    path.write_bytes((bytes.fromhex("fffb9064") + bytes(413)) * 3006)
    return path


@pytest.fixture
def page(api: Api) -> Api:
    """A sandbox with the buckets and files that the page's examples speak of."""
    api.sandbox.add_bucket("us-bucket", id=966)
    for bucket, ids in ((8891, (12, 13, 20)), (966, (13044049, 13045360))):
        for number in ids:
            api.sandbox.add_file(bucket, id=number, title=str(number))
    return api


def _arguments(command: str, api: Api, audio: Path) -> list[str]:
    command = command.replace(SERVICE, api.sandbox.url).replace(AUDIO, str(audio))
    return shlex.split(command.replace("\\\n", " "))


def _by_curl(command: str, api: Api, audio: Path) -> tuple[int, Any]:
    arguments = _arguments(command, api, audio)
    extra = ["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"]
    done = subprocess.run(
        [*arguments, *extra], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body) if body.strip() else None


def _by_requests(command: str, api: Api, audio: Path) -> tuple[int, Any]:
    """The same request without curl: its few options as requests has them."""
    arguments = iter(_arguments(command, api, audio)[1:])
    method, url, headers, options = "GET", "", {}, dict[str, Any]()
    for argument in arguments:
        if argument == "--request":
            method = next(arguments)
        elif argument == "--header":
            name, _, value = next(arguments).partition(": ")
            headers[name] = value
        elif argument == "--data-raw":
            options["data"] = next(arguments)
        elif argument == "--form":
            name, _, value = next(arguments).partition("=")
            is_file = value.startswith("@")
            value = value.removeprefix("@").strip('"')
            part = ("test.mp3", audio.read_bytes()) if is_file else (None, value)
            options.setdefault("files", {})[name] = part
        elif argument != "--location":
            url = argument
    path = urlsplit(url).path.removeprefix("/api")
    answer = api(method, path, headers=headers, **options)
    return answer.status_code, answer.json() if answer.content else None


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(params=[pytest.param(_by_curl, marks=needs_curl), _by_requests])
def send(request: pytest.FixtureRequest) -> Any:
    """Each curl of the page is run by curl itself, and sent once more by requests."""
    return request.param


def test_upload(page: Api, audio: Path, send: Any) -> None:
    status, answer = send(UPLOAD, page, audio)
    assert (status, answer["data"]["title"]) == (200, "adsfad")
    assert float(answer["data"]["duration"]) == pytest.approx(78.34, abs=0.01)
    file = page.sandbox.file(answer["data"]["id"])
    assert file is not None
    assert file["size"] == audio.stat().st_size


def test_upload_by_url(page: Api, audio: Path, send: Any) -> None:
    status, answer = send(UPLOAD_URL, page, audio)
    assert (status, answer["data"]["user_defined"]) == (200, {"artists": "artist"})


def test_list(page: Api, audio: Path, send: Any) -> None:
    status, answer = send(LIST, page, audio)
    assert (status, [file["id"] for file in answer["data"]]) == (200, [12, 13, 20])


def test_update(page: Api, audio: Path, send: Any) -> None:
    status, answer = send(UPDATE, page, audio)
    assert (status, answer["data"]["title"]) == (200, "update-title")
    assert answer["data"]["user_defined"] == {"artists": "update-artist"}


def test_delete(page: Api, audio: Path, send: Any) -> None:
    assert send(DELETE, page, audio) == (204, None)
    assert page.titles(8891) == ["20"]


def test_move_as_its_text_says(page: Api, audio: Path, send: Any) -> None:
    status, _ = send(MOVE.replace("12,13", "12,13/move"), page, audio)
    assert (status, page.titles(8892)) == (200, ["12", "13"])


def test_move_as_its_curl_says_is_an_update_without_fields(
    page: Api, audio: Path, send: Any
) -> None:
    status, answer = send(MOVE, page, audio)
    assert (status, sorted(answer["errors"])) == (422, ["title", "user_defined"])


def test_get(page: Api, audio: Path, send: Any) -> None:
    status, answer = send(GET, page, audio)
    assert (status, [file["id"] for file in answer["data"]]) == (200, [13045360, 13044049])


@pytest.mark.parametrize("script", [PYTHON_UPLOAD, PYTHON_LIST], ids=["upload", "list"])
def test_the_pages_python(page: Api, audio: Path, tmp_path: Path, script: str) -> None:
    path = tmp_path / "example.py"
    path.write_text(script.replace(SERVICE, page.sandbox.url).replace(AUDIO, str(audio)))
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=20, check=True
    )
    data = json.loads(done.stdout)["data"]
    if script == PYTHON_UPLOAD:
        assert data["user_defined"] == {"key1": "value1", "key2": "value2"}
    else:
        assert [file["id"] for file in data] == [12, 13, 20]
