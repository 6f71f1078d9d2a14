"""What the README and the examples show is run, with a sandbox in the service's place."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.sandbox.server import running
from tests.docs.pages import ROOT, blocks
from tests.end_to_end.conftest import TOKEN, Workplace

README = (ROOT / "README.md").read_text("utf-8")

# Run by tests of their own: the whole suite cannot run inside itself (CI runs it), the wheel's
# test installs, and test_the_demo_of_the_readme runs the demo.
ELSEWHERE = ("script/demo", "script/test", "python3 -m venv")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which `reconciler` is this checkout's, and the service a sandbox."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "reconciler"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    program.chmod(0o755)
    with running() as sandbox:
        sandbox.add_bucket("spots", id=8891)
        sandbox.add_file(8891, title="Spring ad", user_defined={"artist": "Acme"}, state=1)
        work = Workplace(tmp_path, sandbox.url)
        yield {**work.env, "PATH": f"{programs}:{os.environ['PATH']}"}


def run(script: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_three_steps_with_a_token(tmp_path: Path, shell: dict[str, str]) -> None:
    steps = [block for block in blocks(README, "sh") if not block.startswith(ELSEWHERE)]
    assert len(steps) == 3
    for step in steps:
        command = step.replace("reconciler apply", "reconciler apply --yes")
        done = run(command, tmp_path, shell)
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr
    assert run("reconciler plan --detailed-exitcode", tmp_path, shell).returncode == 0


def test_the_readmes_catalogue_is_valid(tmp_path: Path, shell: dict[str, str]) -> None:
    (tmp_path / "catalog.yaml").write_text(blocks(README, "yaml")[0], "utf-8")
    shutil.copytree(ROOT / "examples" / "quickstart" / "audio", tmp_path / "audio")
    assert run("reconciler validate", tmp_path, shell).returncode == 0


def test_the_readmes_python_makes_a_plan(tmp_path: Path, shell: dict[str, str]) -> None:
    (tmp_path / "catalog.yaml").write_text(
        f"version: 1\ncatalog: x\napi: {{base_url: '{shell['RECONCILER_BASE_URL']}'}}\n"
        "buckets: {spots: {id: 8891}}\nfiles: {}\n"
    )
    code = f"token = 'x'\n{blocks(README, 'python')[0]}\nprint(plan.summary)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "foreign=1" in done.stdout, done.stderr


def test_the_examples_shell_blocks(tmp_path: Path, shell: dict[str, str]) -> None:
    for readme in sorted(
        path.parent / "README.md" for path in ROOT.glob("examples/*/catalog.yaml")
    ):
        folder = tmp_path / readme.parent.name
        shutil.copytree(readme.parent, folder)
        (block,) = blocks(readme.read_text("utf-8"), "sh")
        # The port of the document may be taken here: a free one, and the sandbox ended at the end.
        started = "--port 0 > url &\ntrap 'kill $!' EXIT\nwhile [ ! -s url ]; do :; done\n"
        told = "export RECONCILER_BASE_URL=$(sed 's/.* //' url)"
        script = block.replace("--port 8080 &", started + told)
        done = run(script, folder, shell)
        assert done.returncode == 0, f"{readme}: {done.stderr}"


def test_the_demo_of_the_readme(tmp_path: Path, shell: dict[str, str]) -> None:
    done = run("reconciler demo", tmp_path, shell)
    assert done.returncode == 0, done.stderr
    story = (
        "3 to create",
        "Nothing to do",
        "Edited by hand",
        "+    title: Edited by hand",
        "No drift",
    )
    for told in (*story, "changed outside of reconciler", "each as it was written"):
        assert told in done.stdout
    assert TOKEN not in done.stdout + done.stderr


def test_the_readme_names_every_command_and_every_exit_code() -> None:
    for name in COMMANDS:
        assert f"`reconciler {name}" in README
    from reconciler.cli import exits

    codes = set(re.findall(r"^\| ([\d/]+) +\|", exits.__doc__ or "", re.MULTILINE))
    told = set(re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE))
    assert {code.replace("/", ", ") for code in codes} == told
