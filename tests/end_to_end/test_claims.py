"""What the README claims, held against worlds that do not keep still."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.app import (
    Connection,
    Options,
    connected_for_writing,
    load,
    make_plan,
    read_live,
)
from reconciler.apply import Halt
from reconciler.applying import Finished, Run, Settings, apply_plan, work_of
from reconciler.core.outcome import Applied, Outcome, Stale
from reconciler.core.plan import Change
from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, Workplace


class Meanwhile:
    """Somebody who does something when a run reaches a point."""

    def __init__(self, point: str, act: Callable[[], object]) -> None:
        self._point = point
        self._act = act

    def ended(self, change: Change, outcome: Outcome) -> None:
        """Watch."""

    def sent(self, size: int) -> None:
        """Watch."""

    def waiting(self, what: str) -> None:
        """Say nothing."""

    def doing(self, what: str) -> None:
        """Act once the run gets there."""
        if what == self._point:
            self._act()


def apply(work: Workplace, *, meanwhile: Meanwhile) -> Finished:
    desired = load(work.folder / "catalog.yaml", environment_base_url=work.url).desired
    connection = Connection(token="any")
    with connected_for_writing(desired.base_url, desired.buckets, connection) as service:
        return apply_plan(
            work_of(make_plan(desired, read_live(service), Options())),
            desired=desired,
            service=service,
            run=Run("r", work.folder / "ledger", work.folder / "locks", Settings(settle=0), {}),
            clock=connection.clock,
            halt=Halt(connection.clock),
            progress=meanwhile,
        )


def test_converged_means_that_the_next_plan_is_not_refused(
    applied: Workplace, sandbox: Sandbox
) -> None:
    without_source = CATALOG.replace("        source: {audio: audio/summer.wav}\n", "")
    applied.catalog(without_source.replace("Spring ad", "Spring ad 30s"))
    summer = next(file for file in sandbox.files(8891) if file["title"] == "Summer ad")
    finished = apply(applied, meanwhile=Meanwhile("updating", lambda: sandbox.delete(summer["id"])))
    assert finished.converged is False
    assert applied.run("plan").code == 6


def test_a_duplicate_stays_where_its_keeper_is_no_longer_ours(
    applied: Workplace, sandbox: Sandbox
) -> None:
    keeper, *_ = [file for file in sandbox.files(8891) if file["title"] == "Spring ad"]
    double = sandbox.add_file(8891, title="Spring ad", user_defined=keeper["user_defined"], state=1)
    theirs = {**keeper["user_defined"], "catalog_key": "other/spring"}
    finished = apply(
        applied,
        meanwhile=Meanwhile("deleting", lambda: sandbox.edit(keeper["id"], user_defined=theirs)),
    )
    outcome = finished.report.outcomes[f"delete:{double['id']}"]
    assert isinstance(outcome, Stale)
    assert sandbox.file(double["id"]) is not None


def test_an_integral_number_converges_where_the_service_writes_numbers_as_text(
    spots: Workplace,
) -> None:
    spots.catalog(CATALOG.replace("year: 1979", "year: 1979, gain: 8.0, x: {y: [1.5, 2.0]}"))
    with running(quirks=Quirks(numbers="text")) as other:
        other.add_bucket("spots", id=8891)
        other.add_bucket("archive", id=8892)
        env = {"RECONCILER_BASE_URL": other.url}
        assert spots.run("apply", "--yes", env=env).code == 0
        assert spots.run("plan", "--detailed-exitcode", env=env).code == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "text/html"),
        (200, "application/json"),
        (401, "application/json"),
        (404, "text/html"),
        (422, "application/json"),
        (500, "application/json"),
    ],
)
def test_a_service_that_echoes_the_token_does_not_bring_it_out(
    spots: Workplace, status: int, kind: str
) -> None:
    with _echo(status, kind) as url:
        # `run` itself looks for the token in everything that was said.
        ended = spots.run("apply", "--yes", env={"RECONCILER_BASE_URL": url})
    assert ended.code in (1, 7)
    for path in spots.folder.rglob("*"):
        if path.is_file():
            assert spots.env["ACRCLOUD_ACCESS_TOKEN"] not in path.read_text("latin-1")


class TestOutputsAndInputsThatAreNoFiles:
    @pytest.mark.parametrize("redirect", [">&-", "2>&-", ">/dev/full", "2>/dev/full"])
    def test_output_that_cannot_be_written_is_no_traceback_and_loses_no_work(
        self, spots: Workplace, sandbox: Sandbox, redirect: str
    ) -> None:
        command = f"{sys.executable} -m reconciler apply --yes {redirect}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=spots.folder,
            env=spots.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode in (0, 1)
        assert spots.run("apply", "--yes").code == 0
        assert len(sandbox.files(8891)) == 2

    @pytest.mark.parametrize("command", ["show", "apply"])
    @pytest.mark.parametrize("kind", ["fifo", "device", "folder", "missing"])
    def test_a_plan_that_is_no_file_is_refused_at_once(
        self, spots: Workplace, command: str, kind: str
    ) -> None:
        path = spots.folder / "plan"
        match kind:
            case "fifo":
                os.mkfifo(path)
            case "device":
                path = Path("/dev/zero")
            case "folder":
                path.mkdir()
        ended = spots.run(command, str(path), *(["--yes"] if command == "apply" else []))
        assert ended.code == 1
        assert "reading the plan" in ended.err

    @pytest.mark.parametrize("name", ["/dev/full", "/dev/null"])
    def test_a_ledger_that_is_no_file_is_refused_and_nothing_is_sent(
        self, spots: Workplace, sandbox: Sandbox, name: str
    ) -> None:
        ended = spots.run("apply", "--yes", "--ledger", name)
        assert ended.code == 1
        assert "ledger" in ended.err
        assert list(sandbox.mutations) == []


def test_two_catalogues_on_one_ledger_do_not_close_each_others_intents(tmp_path: Path) -> None:
    from reconciler.clock import SystemClock
    from reconciler.core.content import Content
    from reconciler.core.model import FileId, Json, Key, Place, SourceKind
    from reconciler.core.plan import Create, PlannedSource
    from reconciler.ledger import Ledger

    create = Create(
        Key("k"),
        "spots",
        1,
        Content("t", {}),
        PlannedSource(SourceKind.AUDIO, "sha256:00"),
        "for eyes",
        Place("c.yaml", 1, 1),
    )

    def about(name: str) -> dict[str, Json]:
        return {"catalog": {"name": name}, "origin": "http://127.0.0.1"}

    path, clock = tmp_path / "ledger", SystemClock()
    with Ledger(path, clock, "r1") as ledger:
        ledger.run_began(about("one"))
        ledger.began([create])
    with Ledger(path, clock, "r2") as ledger:
        ledger.run_began(about("two"))
        assert ledger.earlier_creates(["two"]) == {}
        ledger.began([create])
        ledger.ended([(create, Applied(FileId(7), ""))])
    with Ledger(path, clock, "r3") as ledger:
        ledger.run_began(about("one"))
        [sent] = ledger.earlier_creates(["one"])["k"]
        assert not sent.made


@contextmanager
def _echo(status: int, kind: str) -> Iterator[str]:
    class Echo(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = self.headers.get("Authorization", "")
            text = f'{{"message": "{told}"}}' if "json" in kind else f"<p>{told}</p>"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
