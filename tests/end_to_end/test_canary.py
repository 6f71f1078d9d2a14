"""The token is nowhere but in the header that it is for: whatever the service says, and whatever
the command, no stream and no file holds it in any form (T1, I7).

So is the query of an address that audio is fetched from (T17).
"""

from __future__ import annotations

import base64
import html
import http.client
import http.server
import json
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import click
import pytest

from reconciler.api import wire
from reconciler.api.transport import Request, Transport
from reconciler.cli.main import COMMANDS, _reconciler, run
from reconciler.clock import SystemClock
from reconciler.errors import ReconcilerError
from reconciler.sandbox.console import Sandbox
from tests.api.servers import Answer, answer, serving
from tests.end_to_end.conftest import CATALOG, Workplace

CANARY = "cAnArY\"9+x/Yz=%41&<k>'q\\w|~==Zz0987"
"""All that is escaped somewhere. Commands take printable ASCII without spaces."""
SIGNED = "https://cdn.example.com/a.mp3?signature=s1gnedCanary&x=1"
QUERY = b"s1gnedCanary"


def forms(token: str) -> dict[str, str]:
    """How the token may be written."""
    found = {
        "raw": token,
        "quoted": quote(token, safe=""),
        "path": quote(token),
        "json": json.dumps(token)[1:-1],
        "json in json": json.dumps(json.dumps(token)[1:-1])[1:-1],
        "repr": repr(token)[1:-1],
        "html": html.escape(token),
    }
    for before, shared in enumerate((0, 2, 3)):
        data = b"." * before + token.encode()
        core = base64.b64encode(data).decode()[shared : len(data) * 8 // 6]
        found[f"base64 {before}"] = core
        found[f"base64 {before} quoted"] = quote(core, safe="")
        found[f"base64 {before} of URLs"] = core.replace("+", "-").replace("/", "_")
    return found


FORMS = {name: form.encode() for name, form in forms(CANARY).items()}


ESCAPED = "".join(f"\\u{ord(char):04x}" for char in CANARY).encode()
"""JSON, for which it is the same."""


def leaks(data: bytes) -> list[str]:
    """The forms of the secrets that are in some bytes."""
    return [name for name, form in FORMS.items() if form in data] + ["query"] * (QUERY in data)


def bearer() -> str:
    return base64.b64encode(f"Bearer {CANARY}".encode()).decode()


@pytest.mark.parametrize("said", [CANARY, quote(CANARY), bearer(), json.dumps(CANARY)])
def test_the_search_finds_what_it_must(said: str) -> None:
    """So that the other tests can fail."""
    assert leaks(f"no {said}!".encode())


@dataclass
class Fault:
    """What the service says instead, to requests of some methods."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("GET",)


def told(status: int, value: Any, *methods: str, **headers: str) -> Fault:
    named = {name.replace("_", "-"): held for name, held in headers.items()}
    return Fault(status, json.dumps(value).encode(), named, methods or ("GET",))


FAULTS = {
    "raw": told(401, {"message": f"no {CANARY}", "Authorization": f"Bearer {CANARY}"}),
    "quoted": told(401, {"message": f"/login?token={quote(CANARY, safe='')}"}),
    "base64": told(401, {"message": f"Basic {bearer()}"}),
    "json in json": told(403, {"message": json.dumps({"headers": [CANARY]})}),
    "repr": told(403, {"message": repr({"Authorization": f"Bearer {CANARY}"})}),
    "escaped": Fault(403, b'{"message": "no %b"}' % ESCAPED),
    "html": Fault(403, f"<h1>{html.escape(CANARY)}</h1><!-- {CANARY} -->".encode()),
    "headers": told(401, {}, WWW_Authenticate=CANARY.replace(" ", ""), X_Debug=quote(CANARY)),
    "not found": told(404, {"error": CANARY}),
    "names": told(422, {"errors": {CANARY: [CANARY, quote(CANARY)]}}),
    "redirect": told(302, {}, Location=f"https://evil.example/{quote(CANARY)}?{bearer()}"),
    "throttled": told(429, {"message": CANARY}, Retry_After="9999", X_Debug=bearer()),
    "down": told(503, {"detail": f"{CANARY} {bearer()}"}, Retry_After="9999"),
}


class _Echo(http.server.BaseHTTPRequestHandler):
    """Stands before the sandbox, and sometimes says something else."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        service: Service = self.server.service  # type: ignore[attr-defined]
        assert self.headers["Authorization"] == f"Bearer {CANARY}"
        fault = service.fault
        if fault is None or self.command not in fault.methods:
            fault = self._forwarded(service, body)
        self.send_response(fault.status)
        for name, value in {**fault.headers, "Content-Length": str(len(fault.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(fault.body)

    def _forwarded(self, service: Service, body: bytes) -> Fault:
        address = urlsplit(service.sandbox.url)
        passed = ("Authorization", "Content-Type", "Accept")
        headers = {name: self.headers[name] for name in passed if name in self.headers}
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            kind = {"Content-Type": response.headers["Content-Type"] or "text/plain"}
            said = response.read()
            if service.escapes:
                said = said.replace(FORMS["json"], ESCAPED)
            return Fault(response.status, said, kind)
        finally:
            connection.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@dataclass
class Service:
    """A sandbox behind something that may answer in its place."""

    sandbox: Sandbox
    url: str = ""
    fault: Fault | None = None
    escapes: bool = False
    """Whether what it forwards has every character of the token escaped."""


@pytest.fixture
def service(sandbox: Sandbox) -> Iterator[Service]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        served = Service(sandbox, f"http://127.0.0.1:{server.server_address[1]}")
        server.service = served  # type: ignore[attr-defined]
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield served
        server.shutdown()
        thread.join()


@dataclass
class Place:
    """A workplace whose commands run in this process, and are searched for the secrets."""

    work: Workplace
    service: Service
    capture: pytest.CaptureFixture[bytes]

    def run(self, *arguments: str) -> int:
        code = run(arguments)
        streams = self.capture.readouterr()
        assert leaks(streams.out) == leaks(streams.err) == [], arguments
        self.search()
        return code

    def search(self) -> None:
        """Look through everything that lies in the folder, and in HOME, which is in it."""
        for path in self.work.folder.rglob("*"):
            if path.is_file() and path.name != "catalog.yaml":
                assert leaks(path.read_bytes()) == [], path


@pytest.fixture
def place(
    spots: Workplace,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Place:
    spots.env |= {"ACRCLOUD_ACCESS_TOKEN": CANARY, "RECONCILER_BASE_URL": service.url}
    for name in ("HOME", "ACRCLOUD_ACCESS_TOKEN", "RECONCILER_BASE_URL"):
        monkeypatch.setenv(name, spots.env[name])
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(spots.folder)
    return Place(spots, service, capsysbinary)


READERS = [
    ("plan", "-v", "--out", "plan.json"),
    ("snapshot", "-v", "--out", "live.json"),
    ("apply", "--yes", "-v"),
    ("drift", "-v"),
    ("pull", "-v", "--kind", "all"),
    ("list", "--format", "json"),
    ("export", "--bucket", "8891"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_that_echoes_the_token(place: Place, fault: str) -> None:
    place.service.fault = FAULTS[fault]
    for command in READERS:
        assert place.run(*command) in (1, 7), command


WRITES = ("POST", "PUT", "DELETE")


@pytest.mark.parametrize(
    "fault",
    [
        told(422, {"message": f"cannot fetch {SIGNED}", "errors": {"x": [CANARY]}}, *WRITES),
        told(401, {"message": bearer()}, *WRITES, X_Debug=CANARY),
        told(500, {"message": json.dumps({"t": CANARY})}, "DELETE"),
    ],
    ids=["refused", "token refused", "failed"],
)
def test_a_write_that_fails_is_on_the_ledger_without_it(place: Place, fault: Fault) -> None:
    place.work.catalog(
        CATALOG + f"      autumn: {{title: Autumn ad, source: {{audio_url: '{SIGNED}'}}}}\n"
    )
    place.service.sandbox.add_file(8891, title="Old", user_defined={"catalog_key": "radio-ads/x"})
    place.service.fault = fault
    assert place.run("apply", "--yes", "-v", "--no-wait", "--settle", "0s") in (3, 7)
    endings = [line for line in place.work.ledger() if line["kind"] == "change.ended"]
    assert endings
    assert place.run("audit", "verify", "--format", "json") == 0


@pytest.mark.parametrize("escapes", [False, True])
def test_live_text_that_holds_the_token(place: Place, escapes: bool) -> None:
    """Somebody pasted it into a title, or a form of it into the metadata."""
    place.service.escapes = escapes
    sandbox = place.service.sandbox
    held = {name.replace(" ", "_"): form for name, form in forms(CANARY).items()}
    for title in (CANARY, f"x {CANARY} {bearer()}", quote(CANARY, safe="")):
        sandbox.add_file(8891, title=title, user_defined={**held, CANARY: [CANARY, bearer()]})
    mine = {**held, "catalog_key": "radio-ads/spring"}
    sandbox.add_file(8891, title=CANARY, user_defined=mine, duration=0.2)
    for command, code in (
        (("validate",), 0),
        (("plan", "-v", "--out", "plan.json"), 0),
        (("plan", "--format", "json"), 0),
        (("plan", "--format", "markdown"), 0),
        (("snapshot", "--out", "live.json"), 0),
        (("plan", "--snapshot", "live.json", "-v"), 0),
        (("plan", "--format", "markdown", "--previous", "plan.json"), 0),
        (("plan", "--format", "github"), 0),
        (("plan", "--format", "dotenv"), 0),
        (("plan", "--format", "codequality"), 0),
        (("validate", "--format", "github"), 0),
        (("show", "plan.json", "-v"), 0),
        (("show", "plan.json", "--format", "json"), 0),
        (("drift", "-v", "--unmanaged"), 2),
        (("drift", "--format", "json"), 2),
        (("drift", "--format", "markdown", "--unmanaged"), 2),
        (("drift", "--format", "html", "--unmanaged"), 2),
        (("drift", "--format", "github", "--unmanaged"), 2),
        (("drift", "--format", "dotenv", "--unmanaged"), 2),
        (("drift", "--write-baseline", "--reason", "x", "--until", "2999-12-31"), 0),
        (("pull", "-v", "spring", "--dry-run"), 0),
        (("pull", "spring"), 0),
        (("list",), 0),
        (("list", "--format", "csv"), 0),
        (("export", "--bucket", "8891"), 0),
        (("export", "--bucket", "8891", "--out", "x.yaml"), 0),
        (("export", "--bucket", "8891", "--out", "x.jsonl"), 0),
        (("apply", "--yes", "-v"), 0),
        (("audit", "verify"), 0),
        (("pin",), 0),
    ):
        assert place.run(*command) == code, command


def _sent(transport: Transport, url: str) -> str:
    """What there is to be told of one request: the answer, or the error with its trace."""
    request = Request("GET", f"{url}/api/buckets/1", "asking")
    try:
        return repr(wire.parse(transport.send(request).body, "asking"))
    except ReconcilerError as error:
        return "".join([str(error), repr(error), *traceback.format_exception(error)])


ODD = {
    "status line": Answer(f"HTTP/1.1 {CANARY}\r\n\r\n".encode(), "close"),
    "no HTTP": Answer(f"GET / {CANARY}\r\n".encode(), "close"),
    "status text": Answer(f"HTTP/1.1 500 {CANARY}\r\nContent-Length: 0\r\n\r\n".encode()),
    "header line": Answer(f"HTTP/1.1 401 x\r\n{CANARY}\r\n\r\n".encode(), "close"),
    "length": Answer(f"HTTP/1.1 200 x\r\nContent-Length: {CANARY}\r\n\r\n{{}}".encode(), "close"),
    "chunk": Answer(
        f"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n".encode(), "close"
    ),
    "cut short": Answer(f"HTTP/1.1 200 x\r\nContent-Length: 999\r\n\r\n{CANARY}".encode(), "reset"),
    "encoding": answer(200, CANARY.encode(), Content_Encoding="gzip"),
    "name of encoding": answer(200, b"{}", Content_Encoding=CANARY),
    "wait": answer(429, {"error": CANARY}, Retry_After=CANARY),
    "page": answer(200, f"<p>{html.escape(CANARY)}".encode()),
    "error": answer(200, {"error": CANARY}),
    "zipped": answer(200, {"data": {"title": CANARY, "b": bearer()}}, zipped=True),
    "cookie": answer(401, {}, Set_Cookie=f"t={CANARY}"),
    "redirect": answer(307, b"", Location=f"http://127.0.0.1:9/{CANARY}"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_no_error_of_the_transport_and_none_below_it_holds_the_token(odd: Answer) -> None:
    with serving(odd) as server:
        transport = Transport(
            base_url=server.url, token=CANARY, clock=SystemClock(), connections=1, patience=20
        )
        try:
            assert leaks(_sent(transport, server.url).encode()) == []
        finally:
            transport.close()


def _processes(work: Workplace, *arguments: str, stdin: str = "") -> int:
    """A command as a process, with all that Python tells of itself; its code."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "reconciler", *arguments],
        cwd=work.folder,
        env={**work.env, "PYTHONFAULTHANDLER": "1"},
        capture_output=True,
        input=stdin.encode(),
        timeout=120,
        check=False,
    )
    assert leaks(done.stdout) == leaks(done.stderr) == []
    return done.returncode


def test_a_process_that_tells_all_of_itself_does_not_tell_the_token(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work, service = place.work, place.service
    token_file = tmp_path_factory.mktemp("secrets") / "token"
    token_file.touch(0o600)
    token_file.write_text(f"{CANARY}\n")
    service.fault = FAULTS["raw"]
    assert _processes(work, "plan", "-v") == 7
    del work.env["ACRCLOUD_ACCESS_TOKEN"]
    assert _processes(work, "plan", "-v", "--token-file", str(token_file)) == 7
    service.fault = told(422, {"message": CANARY}, "POST")
    refused = ("apply", "--yes", "-v", "--token-file", "-")
    assert _processes(work, *refused, stdin=f"{CANARY}\n") == 3
    service.fault = None
    assert _processes(work, *refused, stdin=f"{CANARY}\n") == 0
    place.search()


def _options(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.params:
        for option in parameter.opts:
            yield " ".join((*names, option))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _options(inner, (*names, name))


def test_no_option_takes_the_tokens_value() -> None:
    """An argument can be read by every user of the machine: a file, or the environment."""
    options = set(_options(_reconciler))
    assert {name.split()[0] for name in options if " " in name} >= {*COMMANDS} - {"demo"}
    assert {name.split()[-1] for name in options if "token" in name} == {"--token-file"}
    # --key, and what history asks for, are an entry's.
    others = {re.sub(r"--author| --key|(?<=history )key", "", name) for name in options}
    assert not [name for name in others if "auth" in name or "secret" in name or "key" in name]
