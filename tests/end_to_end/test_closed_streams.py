"""Whoever listens may go away: an apply that was begun goes on to its end (F75)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.console import Sandbox

COMMAND = (sys.executable, "-m", "reconciler")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
MANY = 6


@pytest.fixture
def slow(spots: Workplace) -> Iterator[tuple[Workplace, Sandbox]]:
    """Some spots, and a service that takes its time, so that there is a while to go away in."""
    entries = "".join(
        f"      ad{number}: {{title: Ad {number}, source: {{audio: audio/ad{number}.wav}}}}\n"
        for number in range(MANY)
    )
    for number in range(MANY):
        spots.audio(f"audio/ad{number}.wav", level=number + 3)
    spots.catalog(CATALOG[: CATALOG.index("    files:")] + "    files:\n" + entries)
    with running(latency_ms=80) as served:
        served.add_bucket("spots", id=8891)
        served.add_bucket("archive", id=8892)
        spots.env["RECONCILER_BASE_URL"] = served.url
        yield spots, served


def begun(work: Workplace, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=work.folder, env=work.env, stdin=subprocess.DEVNULL, **streams
    )


def wait_for_a_mutation(served: Sandbox) -> None:
    deadline = time.monotonic() + 60
    while not served.mutations and time.monotonic() < deadline:
        time.sleep(0.005)
    assert served.mutations


def test_a_reader_of_the_plan_that_goes_away_does_not_stop_the_apply(
    slow: tuple[Workplace, Sandbox],
) -> None:
    """The summary cannot be written, which is an error; but everything was done by then."""
    work, served = slow
    with begun(work, "apply", "--yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert process.returncode == 1
    assert len(served.files(8891)) == MANY
    assert work.ledger()[-1]["kind"] == "run.ended"


def test_progress_that_nobody_reads_does_not_stop_the_apply(
    slow: tuple[Workplace, Sandbox],
) -> None:
    """The terminal is gone, as when a session is lost: writing to it fails from then on."""
    work, served = slow
    ours, theirs = os.openpty()
    with begun(work, "apply", "--yes", stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        wait_for_a_mutation(served)
        os.close(ours)
        assert process.stdout is not None
        said = process.stdout.read().decode()
    assert process.returncode == 0
    assert f"{MANY} applied" in said
    assert "converged" in said
    assert len(served.files(8891)) == MANY


def test_a_signal_is_obeyed_though_nobody_can_be_told(slow: tuple[Workplace, Sandbox]) -> None:
    work, served = slow
    with begun(
        work, "apply", "--yes", "--concurrency", "1", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stderr.close()
        wait_for_a_mutation(served)
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read().decode()
    assert process.returncode == 143
    assert "left" in said
    assert 0 < len(served.files(8891)) < MANY
    assert work.ledger()[-1]["kind"] == "run.ended"


def run_without(
    work: Workplace, closed: tuple[int, ...], *arguments: str
) -> subprocess.CompletedProcess[bytes]:
    """A command some of whose streams are closed before it begins."""
    shell = f'exec "$@" {" ".join(f"{number}>&-" for number in closed)}'
    return subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *COMMAND, *arguments],
        cwd=work.folder,
        env=work.env,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
def test_what_is_closed_from_the_start_is_done_without(
    spots: Workplace, sandbox: Sandbox, closed: tuple[int, ...]
) -> None:
    ended = run_without(spots, closed, "apply", "--yes")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert len(sandbox.files(8891)) == 2
    assert [line["kind"] for line in spots.ledger()][-1] == "run.ended"


def test_where_nobody_can_answer_nothing_is_asked(spots: Workplace, sandbox: Sandbox) -> None:
    ended = run_without(spots, (0,), "apply")
    assert ended.returncode == 64
    assert b"no terminal to ask on" in ended.stderr
    assert list(sandbox.mutations) == []


def test_a_locale_of_ascii_shows_escapes_and_stops_nothing(
    spots: Workplace, sandbox: Sandbox
) -> None:
    sandbox.add_file(8891, title="Жаль \u202e\U0001f3b5 \u05d0", state=0)
    spots.catalog(CATALOG.replace("Spring ad", "Frühling \U0001f3b5").replace("Acme", "春"))
    ended = spots.run("apply", "--yes", "-v", env=ASCII)
    assert ended.code == 0, ended.err
    assert ended.out.isascii()
    assert r"Fr\xfchling \U0001f3b5" in ended.out
    assert {file["title"] for file in sandbox.files(8891)} >= {"Frühling \U0001f3b5", "Summer ad"}
