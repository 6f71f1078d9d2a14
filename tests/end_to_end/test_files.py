"""Whatever a command writes is its owner's alone, is there whole or not at all, and goes through
no link that somebody planted (T27, T16, T24)."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.api.upload import SourceChanged, Upload
from reconciler.catalog import disk
from reconciler.catalog.loading import load
from reconciler.core.model import Source
from reconciler.errors import ReconcilerError
from reconciler.locks import locked
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import CATALOG, Workplace

FORGED = 'Spring\n{"seq":1,"kind":"run.ended","converged":true}'
SECRET = b"root:x:0:0"


@pytest.fixture
def everybody() -> Iterator[None]:
    """A umask that keeps nothing from anybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def below(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


def test_all_that_commands_write_is_for_their_owner_only(
    spots: Workplace, sandbox: Sandbox, everybody: None
) -> None:
    work = spots
    catalog = work.catalog(CATALOG.replace("Spring ad", json.dumps(FORGED)))
    catalog.chmod(0o640)
    sandbox.add_file(8892, title="=1+1", state=1)
    mine = below(work.folder)
    ledger = "log/of/applies.jsonl"
    assert work.run("pin").code == 0
    assert work.run("plan", "--out", "plan.json").code == 0
    assert work.run("snapshot", "--out", "live.json").code == 0
    assert work.run("apply", "--yes", "--ledger", ledger).code == 0
    for name in ("live.yaml", "live.csv", "live.jsonl"):
        assert work.run("export", "--bucket", "8892", "--out", name).code == 0
    written = below(work.folder) - mine
    assert {"plan.json", "live.json", "applies.jsonl", "live.yaml", "live.csv", "live.jsonl"} <= {
        path.name for path in written
    }
    assert {path.suffix for path in written} >= {".lock", ".holder"}
    modes = {str(path): stat.S_IMODE(path.stat().st_mode) for path in written}
    expected = {str(path): 0o700 if path.is_dir() else 0o600 for path in written}
    assert modes == expected
    assert stat.S_IMODE(catalog.stat().st_mode) == 0o640  # pin keeps what its owner gave it
    # T24: a newline in a title ends no record.
    lines = (work.folder / ledger).read_text("utf-8").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert work.run("audit", "verify", "--ledger", ledger).code == 0
    # T30: and a spreadsheet takes no title for a formula.
    assert ",'=1+1," in (work.folder / "live.csv").read_text("utf-8")


def test_the_database_of_a_sandbox_is_for_its_owner_only(work: Workplace, everybody: None) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", "--port", "0", "--data", "live.db"],
        cwd=work.folder,
        env=work.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"sandbox: serving ")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in below(work.folder)}
        finally:
            process.send_signal(signal.SIGTERM)
    assert modes.keys() >= {"live.db", "live.db-wal"}
    assert set(modes.values()) == {0o600}


LIMITED = """
import resource, signal, sys
if sys.argv[1] == "killed":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
del sys.argv[1:3]
from reconciler.__main__ import main
main()
"""
"""A command that can write so many bytes to a file, and is told so or killed in the middle."""


@pytest.mark.parametrize("how", ["killed", "told"])
@pytest.mark.parametrize(
    ("command", "target"),
    [
        (("plan", "--out", "plan.json"), "plan.json"),
        (("snapshot", "--out", "live.json"), "live.json"),
        (("export", "--bucket", "8892", "--out", "live.csv"), "live.csv"),
        (("pin",), "catalog.yaml"),
    ],
    ids=["plan", "snapshot", "export", "pin"],
)
def test_a_file_is_there_whole_or_not_at_all(
    spots: Workplace, sandbox: Sandbox, command: tuple[str, ...], target: str, how: str
) -> None:
    sandbox.add_files(8892, [{"title": f"Title {number}", "state": 1} for number in range(9)])
    path = spots.folder / target
    if target in ("plan.json", "live.json"):
        path.write_text("that of yesterday")
    before = path.read_bytes() if path.exists() else None
    env = {name: spots.env[name] for name in spots.env if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [sys.executable, "-B", "-c", LIMITED, how, "200", *command],
        cwd=spots.folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if how == "killed":
        assert ended.returncode == -signal.SIGXFSZ
    else:
        assert ended.returncode == 1
        assert "File too large" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert [path.name for path in spots.folder.iterdir() if path.name.startswith(".")] == []
    assert (path.read_bytes() if path.exists() else None) == before


def plant(path: Path, victim: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(victim)


@pytest.mark.parametrize(
    ("command", "link", "code", "said"),
    [
        (("plan", "--out", "plan.json"), "plan.json", 1, "what is there is not a regular file"),
        (("snapshot", "--out", "l.json"), "l.json", 1, "what is there is not a regular file"),
        (("export", "--bucket", "8892", "--out", "x.csv"), "x.csv", 64, "is there already"),
        (("apply", "--yes"), ".reconciler/ledger.jsonl", 1, "opening the ledger"),
    ],
    ids=["plan", "snapshot", "export", "ledger"],
)
def test_a_link_in_a_files_place_is_refused(
    spots: Workplace, sandbox: Sandbox, command: tuple[str, ...], link: str, code: int, said: str
) -> None:
    """Not followed, which would write elsewhere; and not replaced: it may be meant."""
    victim = spots.folder / "victim"
    plant(spots.folder / link, victim)
    ended = spots.run(*command)
    assert (ended.code, victim.exists()) == (code, False)
    assert said in ended.err
    assert (spots.folder / link).is_symlink()
    assert list(sandbox.mutations) == []


@pytest.mark.parametrize("suffix", [".lock", ".holder"])
def test_a_link_in_a_locks_place_is_refused(tmp_path: Path, suffix: str) -> None:
    with locked(tmp_path / "locks", "https://x.example", [7], "me"):
        pass
    (place,) = (tmp_path / "locks").glob(f"*{suffix}")
    place.unlink()
    plant(place, tmp_path / "victim")
    with (
        pytest.raises(ReconcilerError, match="taking the lock of bucket 7"),
        locked(tmp_path / "locks", "https://x.example", [7], "me"),
    ):
        pass
    assert not (tmp_path / "victim").exists()


def test_folders_of_locks_are_private_up_to_the_first_that_was_there(
    tmp_path: Path, everybody: None
) -> None:
    with locked(tmp_path / "a/b/c", "https://x.example", [7], "me"):
        pass
    made = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")}
    assert made == {0o700}


class TestANewFile:
    """`disk.create`, which exports use."""

    def test_never_takes_the_place_of_another(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        disk.create(path, b"new")
        with pytest.raises(FileExistsError):
            disk.create(path, b"newer")
        assert path.read_bytes() == b"new"
        assert below(tmp_path) == {path}

    def test_may_have_a_long_name(self, tmp_path: Path) -> None:
        path = tmp_path / ("x" * 251 + ".csv")
        disk.create(path, b"new")
        assert path.read_bytes() == b"new"


def _another(path: Path, outside: Path) -> None:
    path.write_bytes(outside.read_bytes())


def _a_link(path: Path, outside: Path) -> None:
    path.unlink()
    path.symlink_to(outside)


def _a_folder_behind_a_link(path: Path, outside: Path) -> None:
    path.parent.rename(path.parent.with_name("old"))
    (outside.parent / path.name).write_bytes(outside.read_bytes())
    path.parent.symlink_to(outside.parent)


def _a_pipe(path: Path, _outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "swap", [_another, _a_link, _a_folder_behind_a_link, _a_pipe], ids=lambda swap: swap.__name__
)
def test_what_is_swapped_in_after_the_check_becomes_no_file(
    spots: Workplace, tmp_path_factory: pytest.TempPathFactory, swap: Callable[[Path, Path], None]
) -> None:
    """T16: its digest is not the planned one, so the request is never completed."""
    outside = tmp_path_factory.mktemp("outside") / "passwd"
    outside.write_bytes(SECRET)
    source = load(spots.folder / "catalog.yaml").desired.entries["spring"].source  # type: ignore[index]
    assert source is not None
    swap(spots.folder / "audio/spring.wav", outside)
    sent: list[bytes] = []
    with pytest.raises(SourceChanged):
        _send(source, sent)
    assert not b"".join(sent).rstrip().endswith(b"--")


def _send(source: Source, to: list[bytes]) -> None:
    with Upload({}, source, lambda _size: None) as upload:
        while piece := upload.read():
            to.append(piece)
