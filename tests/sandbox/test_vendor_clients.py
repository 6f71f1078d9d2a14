"""The clients on PyPI, unchanged, against the sandbox: acrcloud-cli 1.0.3, acrcloudclient 0.0.4.

Both name the service's hosts in their code. The command line's main host comes from its
configuration file; the hosts of the regions, and acrcloudclient's one, are replaced here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import acrcloud.client
import acrcloud_cli.api
import pytest
from acrcloud_cli.main import cli
from click.testing import CliRunner

from reconciler.sandbox.quirks import Quirks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Api, Open


class Command(Protocol):
    def __call__(self, *arguments: str) -> str: ...


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own: the client writes into it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", "token")
    return tmp_path


@pytest.fixture
def audio(tmp_path: Path, wav: bytes) -> Path:
    path = tmp_path / "Spring ad.wav"
    path.write_bytes(wav)
    return path


def _command_line(api: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    config = home / "config.json"
    config.write_text(json.dumps({"base_url": f"{api.sandbox.url}/api"}))

    def host_of_region(_client: object, _region: str) -> str:
        return f"{api.sandbox.url}/api"

    monkeypatch.setattr(acrcloud_cli.api.ACRCloudAPI, "_get_fs_base_url", host_of_region)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--config", str(config), "buckets", *arguments])
        assert result.exit_code == 0, result.output
        return str(result.output)

    return run


@pytest.fixture
def command(api: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return _command_line(api, home, monkeypatch)


def test_cli_uploads_every_type(api: Api, command: Command, audio: Path) -> None:
    upload = ("files", "upload", "-b", "8891")
    metadata = '{"artist": "Acme", "n": 8}'
    out = command(*upload, "-f", str(audio), "-n", "first", "-d", metadata)
    assert "Duration: 2.500000s" in out
    command(*upload, "-f", str(audio))  # without a title
    command(*upload, "-f", str(audio), "-t", "fingerprint", "-n", "print")
    command(*upload, "-u", "https://example.com/audio.mp3", "-t", "audio_url")
    command(*upload, "-a", "ACRID123", "-t", "acrid")
    files = api.sandbox.files(8891)
    assert [file["title"] for file in files] == ["first", "Spring ad", "print", "audio", "ACRID123"]
    assert files[0]["user_defined"] == {"artist": "Acme", "n": 8}
    assert {file["data_type"] for file in files} == {"audio", "fingerprint", "audio_url", "acrid"}


def test_cli_lists_updates_moves_deletes_and_dumps(api: Api, command: Command) -> None:
    api.sandbox.add_files(8891, [{"title": f"song {number}"} for number in range(1, 6)])
    assert "song 4" in command("files", "list", "-b", "8891")
    listed = json.loads(command("files", "list", "-b", "8891", "-k", "song 3", "-o", "json"))
    assert [file["id"] for file in listed["data"]] == [3]
    second = json.loads(command("files", "list", "-b", "8891", "-p", "2", "-n", "2", "-o", "json"))
    assert [file["id"] for file in second["data"]] == [3, 4]
    update = ("files", "update", "1", "-b", "8891")
    assert "updated" in command(*update, "-n", "new", "-d", '{"a": {"b": null}}')
    assert api.sandbox.files(8891)[0]["user_defined"] == {"a": {"b": None}}
    assert "moved" in command("files", "move", "-b", "8891", "-t", "8892", "-i", "1,2")
    assert api.titles(8892) == ["new", "song 2"]
    assert "deleted" in command("files", "delete", "3", "-b", "8891", "-y")
    assert "deleted" in command("files", "delete-batch", "-b", "8891", "-i", "4, 5", "-y")
    assert api.titles(8891) == []
    assert json.loads(command("files", "dump", "-b", "8892"))["status"] == 0
    assert [(m.what, m.ids) for m in api.sandbox.mutations] == [
        ("update", (1,)),
        ("move", (1, 2)),
        ("delete", (3,)),
        ("delete", (4, 5)),
    ]
    assert {request.status for request in api.sandbox.requests} == {200, 204}


def test_cli_gets_one_file(open_sandbox: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table reads an object, its JSON takes what comes (the page: a list)."""
    for quirk in ("list", "object"):
        api = open_sandbox(quirks=Quirks.parse([f"get_one={quirk}"]))
        api.sandbox.add_file(8891, title="song")
        command = _command_line(api, home, monkeypatch)
        get = ("files", "get", "1", "-b", "8891")
        data = json.loads(command(*get, "-o", "json"))["data"]
        assert (data[0] if quirk == "list" else data)["title"] == "song"
        if quirk == "object":
            assert "Title: song" in command(*get)


def test_cli_shows_the_message_of_an_error(api: Api, command: Command) -> None:
    with pytest.raises(AssertionError, match="HTTP Error 404: No query results for file 9"):
        command("files", "delete", "9", "-b", "8891", "-y")


def test_cli_on_buckets(api: Api, command: Command) -> None:
    out = command("create", "-n", "new", "-r", "ap-southeast-1", "-l", "Music,Audio", "-m", "{}")
    assert "Region: ap-southeast-1" in out
    assert "Music, Audio" in command("list")
    assert "Name: spots" in command("get", "8891")
    listed = json.loads(command("list", "-r", "ap-southeast-1", "-t", "File", "-o", "json"))
    assert [bucket["name"] for bucket in listed["data"]] == ["new"]


def test_cli_as_a_process_of_its_own(api: Api, home: Path) -> None:
    config = home / "config.json"
    config.write_text(json.dumps({"base_url": f"{api.sandbox.url}/api"}))
    done = subprocess.run(
        [sys.executable, "-m", "acrcloud_cli", "--config", str(config), "buckets", "list"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert "spots" in done.stdout


@pytest.fixture
def client(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    """acrcloudclient; it sends no Accept header of its own."""
    monkeypatch.setattr(acrcloud.client, "ACR_API", api.sandbox.url)
    with acrcloud.client.ACRCloudClient(token="token") as opened:
        opened.trust_env = False
        yield opened


def test_acrcloudclient_uploads_and_sends_audio_id(api: Api, client: Any, audio: Path) -> None:
    sent = client.get_bucket(8891).upload_audio(str(audio), {"artist": "Acme"})
    assert (sent.title, sent.audio_id, sent.state) == ("Spring ad", "Spring ad", 0)
    assert (sent.duration, sent.user_defined) == ("2.500000", {"artist": "Acme"})
    assert api.list(8891)["data"][0]["audio_id"] == "Spring ad"


def test_acrcloudclient_follows_the_links_of_a_listing(api: Api, client: Any) -> None:
    api.sandbox.add_files(8891, [{"title": str(number)} for number in range(1, 46)])
    titles = [audio.title for audio in client.list_audios(8891)]
    assert titles == [str(number) for number in range(45, 0, -1)]  # created_at, desc
    assert [audio.id for audio in client.get_bucket(8891).list_audios(order="asc")][:2] == [1, 2]


def test_acrcloudclient_deletes(api: Api, client: Any) -> None:
    api.sandbox.add_files(8891, [{"title": str(number)} for number in range(1, 46)])
    assert client.delete_audio(8891, 1) == ""
    next(iter(client.list_audios(8891, order="asc"))).delete()
    assert api.sandbox.files()[0]["id"] == 3
    client.get_bucket(8891).clear()
    assert api.sandbox.files() == []
    client.get_bucket(8891).clear()  # now without any ids
    assert len(api.sandbox.mutations) == 3


def test_acrcloudclient_on_buckets(api: Api, client: Any) -> None:
    assert client.create_bucket("new", ["Music"], "us-west-2").ok
    assert client.get_bucket_by_name("new").labels == ["Music"]
    assert [bucket.name for bucket in client.list_buckets("eu-west-1")] == ["spots", "archive"]
