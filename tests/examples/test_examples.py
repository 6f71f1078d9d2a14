"""The examples: each is valid, plans what its expected-plan.txt says, and applies to nothing left.
The plan of one of them is drawn in docs/plan.svg.

To write these anew after a change of the rendering, and then to read the diff:
`RECONCILER_WRITE_EXPECTED=1 script/test tests/examples`
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.server import running
from tests.end_to_end.conftest import Workplace

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "plan.svg"
DRAWN = "move"
"""The example whose plan the picture shows."""
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/catalog.yaml"))


def stable(text: str) -> str:
    """A plan's text without what differs from run to run: the sandbox's port, and so the digest."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8080", text)
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:...", text)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_plans_what_it_says_and_applies(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / example.name
    shutil.copytree(example, folder)
    live = folder / "live.yaml"
    seed = live if live.exists() else folder / "catalog.yaml"
    with running(seed=seed) as sandbox:
        work = Workplace(folder, sandbox.url)
        assert work.run("validate").code == 0
        planned = work.run("plan")
        assert planned.code == 0, planned.err
        expected = example / "expected-plan.txt"
        if os.environ.get("RECONCILER_WRITE_EXPECTED"):
            expected.write_text(stable(planned.out), "utf-8")
        assert stable(planned.out) == expected.read_text("utf-8")
        if example.name == DRAWN:
            drawn = work.run("plan", "--format", "svg").out
            if os.environ.get("RECONCILER_WRITE_EXPECTED"):
                PICTURE.write_text(drawn, "utf-8")
            assert drawn == PICTURE.read_text("utf-8")
        applied = work.run("apply", "--yes")
        assert applied.code == 0, applied.err
        assert work.run("plan", "--detailed-exitcode").code == 0
        assert work.run("drift").code == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_a_readme_that_names_its_files(example: Path) -> None:
    readme = (example / "README.md").read_text("utf-8")
    linked = re.findall(r"\]\(([^)]+)\)", readme)
    assert linked
    for target in linked:
        assert (example / target).exists(), target


def test_there_are_the_four_stories() -> None:
    assert [path.name for path in EXAMPLES] == ["adopt", "move", "quickstart", "tracks"]


def test_the_examples_audio_is_what_the_script_makes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "script", tmp_path / "script")
    subprocess.run([sys.executable, tmp_path / "script" / "example-audio"], check=True)
    assert _audio(tmp_path) == _audio(ROOT)


def _audio(folder: Path) -> dict[Path, bytes]:
    files = folder.glob("examples/*/audio/*")
    return {path.relative_to(folder): path.read_bytes() for path in files}
