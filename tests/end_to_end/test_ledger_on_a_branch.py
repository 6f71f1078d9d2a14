"""`--ledger git:BRANCH`: the ledger of runners that are thrown away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.faults import meanwhile, on, playing
from tests.end_to_end.conftest import CATALOG, Workplace
from tests.ledger.hub import NOBODYS, Hub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox

LEDGER = ("--ledger", "git:ledger")
APPLY = ("apply", "--yes", *LEDGER)
OFFLINE = {"ACRCLOUD_ACCESS_TOKEN": None, "RECONCILER_BASE_URL": None}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Where everybody clones from."""
    return Hub(tmp_path / "hub").make()


@pytest.fixture
def runner(hub: Hub, sandbox: Sandbox) -> Callable[[str], Workplace]:
    """A new runner: a clone of one commit, and the two spots."""

    def make(name: str) -> Workplace:
        work = Workplace(hub.clone(name, "--depth=1"), sandbox.url, dict(NOBODYS))
        work.catalog(CATALOG)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/summer.wav", level=2)
        return work

    return make


def kinds(hub: Hub) -> list[str]:
    return [record["kind"] for record in hub.records()]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(work: Workplace, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=work.folder,
        env=work.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def test_an_apply_is_known_to_the_next_runner(
    hub: Hub, sandbox: Sandbox, runner: Callable[[str], Workplace]
) -> None:
    first = runner("first")
    applied = first.run(*APPLY)
    assert applied.code == 0, applied.err
    last = applied.out.splitlines()[-1]
    assert last.startswith("ledger: git:ledger at 6:sha256:")
    assert not (first.folder / ".reconciler").exists()
    second = runner("second")
    anchor = ("--anchor", last.rpartition(" ")[2])
    verified = second.run("audit", "verify", *LEDGER, *anchor, env=OFFLINE)
    assert verified.code == 0
    assert verified.out.splitlines()[-1] == last
    (file,) = [each for each in sandbox.files() if each["title"] == "Spring ad"]
    sandbox.edit(file["id"], title="Edited by hand")
    drift = second.run("drift", *LEDGER)
    assert drift.code == 2
    assert "changed live" in drift.out
    assert second.run(*APPLY).code == 0
    assert len({record["run"] for record in hub.records()}) == 2


def test_a_reader_needs_no_right_to_push(hub: Hub, runner: Callable[[str], Workplace]) -> None:
    assert runner("first").run(*APPLY).code == 0
    hub.hook("pre-receive", "exit 1")
    second = runner("second")
    assert second.run("drift", *LEDGER).code == 0
    assert second.run("audit", "verify", *LEDGER, env=OFFLINE).code == 0


def test_no_branch_is_no_ledger(runner: Callable[[str], Workplace]) -> None:
    work = runner("first")
    verified = work.run("audit", "verify", *LEDGER, env=OFFLINE)
    assert (verified.code, verified.out) == (0, "git:ledger: there is no ledger\n")
    drift = work.run("drift", *LEDGER)
    assert (drift.code, drift.err) == (2, "")


def test_findings_are_told_by_segment_and_line(
    hub: Hub, runner: Callable[[str], Workplace]
) -> None:
    work = runner("first")
    assert work.run(*APPLY).code == 0
    lines = hub.data().splitlines(keepends=True)
    hub.replace(_1=lines[0], _2=b"".join(lines[2:]))
    told = work.run("audit", "verify", *LEDGER, env=OFFLINE)
    assert told.code == 1
    assert told.out.startswith("git:ledger:ledger-000002.jsonl:1: dropped: a record is missing")
    as_json = work.run("audit", "verify", *LEDGER, "--format", "json", env=OFFLINE).json
    (finding,) = as_json["findings"]
    assert (as_json["ledger"], finding["segment"], finding["line"]) == (
        "git:ledger", "ledger-000002.jsonl", 1,
    )  # fmt: skip
    refused = work.run(*APPLY)
    assert refused.code == 0, "there is nothing to do, so the ledger is not opened"


class TestAPushThatIsRefused:
    def test_sends_nothing_and_says_what_to_do(
        self, hub: Hub, sandbox: Sandbox, runner: Callable[[str], Workplace]
    ) -> None:
        hub.hook("pre-receive", "printf '\\033[31mno way\\033[0m\\n' >&2; exit 1")
        refused = runner("first").run(*APPLY)
        assert refused.code == 1
        assert list(sandbox.mutations) == []
        assert "no way" in refused.err
        assert "\x1b" not in refused.err
        assert "`permissions: contents: write`" in refused.err

    def test_midway_tells_what_is_missing_on_the_ledger(
        self, hub: Hub, sandbox: Sandbox, runner: Callable[[str], Workplace]
    ) -> None:
        """The run and the first intent are pushed, and what came of it is not."""
        hub.hook("pre-receive", 'echo x >> pushes; test "$(wc -l < pushes)" -le 2')
        refused = runner("first").run(*APPLY, "--concurrency", "1")
        assert refused.code == 1
        assert kinds(hub) == ["run.began", "change.began"]
        assert len(sandbox.files()) == 1
        lines = [json.loads(line) for line in refused.err.splitlines() if line.startswith("{")]
        assert [line["kind"] for line in lines] == ["change.ended", "run.ended"]
        (hub.bare / "hooks" / "pre-receive").unlink()
        again = runner("second").run(*APPLY, "--settle", "0s")
        assert again.code == 0, again.err
        assert len(sandbox.files()) == 2


def test_a_killed_apply_leaves_its_intents_to_the_next_runner(
    hub: Hub, sandbox: Sandbox, runner: Callable[[str], Workplace]
) -> None:
    work = runner("killed")
    running: list[subprocess.Popen[str]] = []

    def kill(_request: Any) -> None:
        running[0].kill()

    with playing(sandbox, on("upload", meanwhile(after=kill), nth=1)) as front:
        work.env["RECONCILER_BASE_URL"] = front.url
        running.append(started(work, *APPLY, "--concurrency", "1"))
        running[0].communicate()
    assert running[0].returncode == -signal.SIGKILL
    assert kinds(hub) == ["run.began", "change.began"]
    assert len(sandbox.mutations) == 1
    after = runner("next").run(*APPLY, "--settle", "0s")
    assert after.code == 0, after.err
    assert sorted(file["title"] for file in sandbox.files()) == ["Spring ad", "Summer ad"]
    ends = [r for r in hub.records() if r["kind"] == "change.ended"]
    assert len({record["run"] for record in hub.records()}) == 2
    assert {end["outcome"] for end in ends} == {"applied"}


def test_ctrl_c_at_a_terminal_does_not_reach_git(
    hub: Hub, runner: Callable[[str], Workplace]
) -> None:
    """A terminal signals all that runs in it. The push of what was just done must go through."""
    reached, go = hub.folder / "reached", hub.folder / "go"
    hub.hook(
        "pre-receive",
        'echo x >> pushes; test "$(wc -l < pushes)" -eq 3 || exit 0\n'
        f"touch {reached}; while [ ! -f {go} ]; do sleep 0.05; done",
    )
    run = started(runner("first"), *APPLY, "--concurrency", "1")
    try:
        until(reached.exists)
        os.killpg(run.pid, signal.SIGINT)
    finally:
        go.touch()
    run.communicate()
    assert run.returncode == 128 + signal.SIGINT
    assert kinds(hub) == ["run.began", "change.began", "change.ended", "run.ended"]
