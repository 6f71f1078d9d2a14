"""What people run: every script can be run, is a shell script, and finds a Python that works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCED = ROOT / "script" / "environment.sh"
SCRIPTS = sorted(path for path in (ROOT / "script").iterdir() if path.is_file())
SHELLS = {"#!/bin/sh": "sh", "#!/usr/bin/env bash": "bash"}
COMMANDS = [path for path in SCRIPTS if path != SOURCED]
# The tools that the search for a Python needs; never a Python.
TOOLS = ["dirname", "sh"]


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_is_of_the_shell_that_it_names(script: Path) -> None:
    """Bash is for `script/action` alone, whose options are lists; a runner has it."""
    first, _, _ = script.read_text("utf-8").partition("\n")
    if first == "#!/usr/bin/env python3":
        return
    shell = SHELLS[first] if script != SOURCED else "sh"
    assert shell == ("bash" if script.name == "action" else "sh")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_ci_is_bash() -> None:
    ci = ROOT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    subprocess.run(["bash", "-n", ci], check=True)


@pytest.mark.parametrize("script", COMMANDS, ids=name)
def test_a_script_can_be_run_and_says_how(script: Path) -> None:
    _, second, *_ = script.read_text("utf-8").splitlines()
    assert os.access(script, os.X_OK)
    assert re.match(rf"# usage: script/{script.name}( |$)", second)


@pytest.mark.parametrize("arguments", [[], ["1.2.3"], ["latest"]])
def test_a_release_needs_a_tag(arguments: list[str]) -> None:
    script = ROOT / "script" / "release"
    done = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.startswith("usage: script/release TAG")


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "a bin"
    folder.mkdir()
    for tool in TOOLS:
        where = shutil.which(tool)
        assert where
        (folder / tool).symlink_to(where)
    return folder


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def real(path: Path) -> Path:
    return program(path, f'exec "{sys.executable}" "$@"')


def without_ensurepip(path: Path) -> Path:
    # Says that it is itself the base executable, so that it is asked for ensurepip as well.
    return program(
        path,
        f'case "$2" in *ensurepip*) exit 1;; *_base_executable*) echo "$0"; exit 0;; esac\n'
        f'exec "{sys.executable}" "$@"',
    )


def find_python(bin_folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    finder = bin_folder.parent / "finder"
    finder.write_text(f'. "{SOURCED}"\nuse_python\necho "$python"\n', "utf-8")
    return subprocess.run(
        ["/bin/sh", finder],
        env={"PATH": str(bin_folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


BASE = str(getattr(sys, "_base_executable", sys.executable))


def test_a_python_that_does_not_run_is_passed_over(bin_folder: Path) -> None:
    program(bin_folder / "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    real(bin_folder / "python3.12")
    done = find_python(bin_folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{BASE}\n", "")


def test_an_old_python_is_passed_over(bin_folder: Path) -> None:
    program(bin_folder / "python3", "exit 1")
    done = find_python(bin_folder)
    assert done.returncode == 1
    assert "needs Python 3.11 or later, and finds none" in done.stderr
    real(bin_folder / "python3")
    assert find_python(bin_folder).stdout == f"{BASE}\n"


def test_a_python_that_makes_no_environments_is_passed_over(bin_folder: Path) -> None:
    without_ensurepip(bin_folder / "python3.13")
    done = find_python(bin_folder)
    assert done.returncode == 1
    assert "python3.13 cannot make virtual environments" in done.stderr
    assert "apt-get install python3-venv" in done.stderr
    real(bin_folder / "python3.11")
    assert find_python(bin_folder).stdout == f"{BASE}\n"


def test_the_named_python_is_the_one(bin_folder: Path, tmp_path: Path) -> None:
    real(bin_folder / "python3")
    mine = tmp_path / "my python"
    done = find_python(bin_folder, PYTHON=str(mine))
    assert done.returncode == 1
    assert f"PYTHON={mine} does not run" in done.stderr
    real(mine)
    assert find_python(bin_folder, PYTHON=str(mine)).stdout == f"{BASE}\n"


def test_what_lies_where_it_runs_is_not_taken_for_pythons_own(tmp_path: Path) -> None:
    """The action runs in the checkout of a pull request, with a token in its environment."""
    checkout, project = tmp_path / "checkout", tmp_path / "project"
    (project / "script" / "locks").mkdir(parents=True)
    checkout.mkdir()
    for module in ("ensurepip", "hashlib", "json", "pip", "tomllib", "venv"):
        (checkout / f"{module}.py").write_text(
            "open('was-run', 'w').close()\nraise SystemExit\n", "utf-8"
        )
    for file in ("pyproject.toml", "script/environment.sh"):
        shutil.copy(ROOT / file, project / file)
    (project / "script" / "locks" / "run.txt").touch()
    script = program(
        project / "script" / "action",
        # Until it would install the project, for which nothing is locked here.
        '. "$(dirname -- "$0")/environment.sh"\nuse_environment run run',
    )
    done = subprocess.run(
        [script],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the installation failed" in done.stderr
    assert not (checkout / "was-run").exists()
