"""One database file: a restart loses nothing, and two processes may use it at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from reconciler.sandbox.buckets import Buckets
from reconciler.sandbox.database import Database
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.records import NewBucket
from reconciler.sandbox.server import running
from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Open

SERVER = """
import sys
from pathlib import Path
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import serve
serve(port=0, data=Path(sys.argv[1]), seed=None, latency_ms=0, ready_after=0.0, quirks=Quirks(),
      token=None, announce=lambda url: (sys.stdout.write(url + "\\n"), sys.stdout.flush()))
"""
HEADERS = {"Accept": "application/json", "Authorization": "Bearer token"}


def test_a_restart_loses_nothing(open_sandbox: Open, tmp_path: Path, wav: bytes) -> None:
    data = tmp_path / "sandbox.db"
    first = open_sandbox(data=data, ready_after=1.0)
    first.upload(8891, wav, title="kept", user_defined='{"n": 8}')
    task = first("GET", "/buckets/8891/dump").json()["task_id"]
    second = open_sandbox(data=data, ready_after=1.0)  # beside the first, on the same file
    assert second.list(8891)["data"] == first.list(8891)["data"]
    assert second.sandbox.mutations == first.sandbox.mutations
    assert second("GET", "/buckets/8891/dump").json()["task_id"] == task
    assert second.upload(8891, wav)["id"] == 2
    assert first.titles(8891) == ["kept", "adsfad"]


def test_what_is_no_database_is_an_error(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but longer than the header of one would be " * 20)
    for path in (text, tmp_path / "missing" / "x.db", tmp_path):
        with pytest.raises(SandboxError) as caught, running(data=path):
            pass
        assert "\n" not in str(caught.value)


def test_a_write_that_fails_half_way_changes_nothing() -> None:
    with running() as sandbox:
        bucket = sandbox.add_bucket("b")
        before = sandbox.add_file(bucket, title="a")
        with pytest.raises(TypeError):
            sandbox.add_files(bucket, [{"title": "b"}, {"title": "c", "user_defined": object()}])
        with pytest.raises(TypeError):
            sandbox.edit(before["id"], nonsense=1)
        assert sandbox.files() == [before]
        assert sandbox.add_file(bucket, title="next")["id"] == before["id"] + 1


def test_without_lag_no_history_is_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    bucket = Buckets(database).add(NewBucket("b"), now=0.0)
    store = Store(database)
    with running(data=tmp_path / "x.db", quirks=Quirks()) as sandbox:
        file = sandbox.add_file(bucket, title="0")
        for number in range(10):
            sandbox.edit(file["id"], title=str(number))
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM versions").fetchone()[0] == 1
    assert [found.title for found in store.live_files()] == ["9"]
    database.close()


def test_two_processes_on_one_file(tmp_path: Path) -> None:
    """Both are written to by several clients at once; nothing is lost, no id is given twice."""
    data = tmp_path / "sandbox.db"
    servers = [
        subprocess.Popen(  # started together: both set the file up
            [sys.executable, "-c", SERVER, str(data)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        urls = [server.stdout.readline().strip() for server in servers if server.stdout]
        bucket = _post(urls[0], "/buckets", name="b", type="File", region="eu-west-1")["id"]
        failures: list[str] = []
        clients = [
            threading.Thread(target=_hammer, args=(url, bucket, name, failures))
            for url in urls
            for name in "ab"
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join(20)
        assert failures == []
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            assert server.wait(10) == 0
            if server.stdout:
                server.stdout.close()
    with running(data=data) as sandbox:
        files = sandbox.files(bucket)
        assert len(files) == 4 * 20
        assert {file["title"] for file in files} == {"updated"}
        created = [m.ids for m in sandbox.mutations if m.what == "create"]
        assert sorted(created) == [(number,) for number in range(1, 81)]
        assert sum(m.what == "update" for m in sandbox.mutations) == 80


def _post(url: str, path: str, **fields: str) -> dict[str, int]:
    answer = requests.post(f"{url}/api{path}", json=fields, headers=HEADERS, timeout=10)
    data: dict[str, int] = answer.json()["data"]
    return data


def _hammer(url: str, bucket: int, name: str, failures: list[str]) -> None:
    with requests.Session() as session:
        session.headers.update(HEADERS)
        for number in range(20):
            base = f"{url}/api/buckets/{bucket}/files"
            body = {"data_type": "acrid", "acrid": "x", "title": f"{name}{number}"}
            made = session.post(base, json=body, timeout=20)
            path = f"{base}/{made.json()['data']['id']}" if made.ok else base
            put = session.put(path, json={"title": "updated"}, timeout=20)
            seen = session.get(base, timeout=20)
            failures += [a.text for a in (made, put, seen) if not a.ok]
