"""The server itself: starts and stops fast, binds loopback, ends on a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running, serve

HEADERS = {"Accept": "application/json", "Authorization": "Bearer token"}
SERVER = """
import sys
from pathlib import Path
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import serve
def announce(url):
    sys.stdout.write(url + "\\n")
    sys.stdout.flush()
serve(port=0, data=None, seed=Path(sys.argv[1]), latency_ms=int(sys.argv[2]), ready_after=0.0,
      quirks=Quirks(), token="secret", announce=announce)
sys.stdout.write("ended\\n")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_signalled_and_prints_nothing(tmp_path: Path, number: signal.Signals) -> None:
    seed = tmp_path / "catalog.yaml"
    seed.write_text("buckets: {spots: {id: 8891}}\n")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(seed), "300"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        url = server.stdout.readline().strip()
        headers = {**HEADERS, "Authorization": "Bearer secret"}
        began = time.monotonic()
        answer = requests.get(f"{url}/api/buckets/8891", headers=headers, timeout=10)
        assert answer.json()["data"]["name"] == "spots"
        assert time.monotonic() - began >= 0.3  # the latency that was asked for
        server.send_signal(number)
        out, err = server.communicate(timeout=10)
    finally:
        server.kill()
        server.wait()
    assert (out, err, server.returncode) == ("ended\n", "", 0)


def test_what_is_being_answered_is_answered_before_the_end() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def clock() -> float:
        asked.set()
        assert go_on.wait(10)
        return 1e9

    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        sandbox = stack.enter_context(running(clock=clock))
        go_on.set()
        sandbox.add_bucket("spots", id=8891)
        go_on.clear()
        asked.clear()
        path = f"{sandbox.url}/api/buckets/8891/files"
        answer = pool.submit(requests.get, path, headers=HEADERS, timeout=10)
        assert asked.wait(10)
        closing = pool.submit(stack.pop_all().close)
        go_on.set()
        closing.result(10)
        assert answer.result(10).status_code == 200


def test_a_port_that_is_taken_is_an_error_of_one_line() -> None:
    with running() as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
        with pytest.raises(SandboxError) as caught:
            _serve(port)
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port}: Address already in use: choose another port by --port"
    )
    with pytest.raises(SandboxError):
        _serve(70_000)


def _serve(port: int) -> None:
    serve(
        port=port,
        data=None,
        seed=None,
        latency_ms=0,
        ready_after=1.0,
        quirks=Quirks(),
        token=None,
        announce=lambda _url: None,
    )


def test_signal_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with running() as sandbox, pytest.raises(SandboxError):
        _serve(int(sandbox.url.rsplit(":", 1)[1]))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_listens_on_loopback_only() -> None:
    with running() as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        port = int(sandbox.url.rsplit(":", 1)[1])
        listening = [
            line.split()[1]
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            if line.split()[3] == "0A"
        ]
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_many_sandboxes_at_once_and_one_after_the_other() -> None:
    for _ in range(20):
        with running() as one, running() as two:
            one.add_bucket("a", id=1)
            assert one.url != two.url
            path = "/api/buckets/1"
            assert requests.get(one.url + path, headers=HEADERS, timeout=5).ok
            assert not requests.get(two.url + path, headers=HEADERS, timeout=5).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(one.url, timeout=5)
