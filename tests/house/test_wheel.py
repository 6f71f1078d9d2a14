"""The wheel works on its own: away from the checkout, with all that it needs inside."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import reconciler

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """The wheel, unpacked where nothing else of ours is."""

    wheel: Path
    site: Path
    empty: Path

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        # Coverage must not follow: these files are gone when the report is made.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "ACRCLOUD"))}
        return subprocess.run(
            command,
            cwd=self.empty,
            # Before the checkout, where that is installed in place.
            env=environment | {"PYTHONPATH": str(self.site), "HOME": str(self.empty)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def reconciler(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return self.run(self.site / "bin" / "reconciler", *arguments)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    scratch = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch]
    subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True)
    (wheel,) = scratch.glob("*.whl")
    site = scratch / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", site]
    subprocess.run([*install, wheel], capture_output=True, text=True, check=True)
    empty = scratch / "empty"
    empty.mkdir()
    return Installed(wheel, site, empty)


def test_everything_that_is_shipped_is_inside(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    for top, inside in [("schemas", "schemas"), ("examples/quickstart", "quickstart")]:
        files = [path for path in (ROOT / top).rglob("*") if path.is_file()]
        assert files, f"{top} is empty"
        for path in files:
            assert f"reconciler/_shipped/{inside}/{path.relative_to(ROOT / top)}" in names
    assert "reconciler/py.typed" in names
    for name in ("page.html", "page.css", "page.js", "drift.html"):
        assert f"reconciler/render/report/{name}" in names


def test_nothing_else_is_inside(installed: Installed) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(installed.wheel).namelist()}
    assert tops == {"reconciler", f"acrcloud_reconciler-{reconciler.__version__}.dist-info"}


def test_it_is_the_wheel_that_runs(installed: Installed) -> None:
    done = installed.run(sys.executable, "-c", "import reconciler; print(reconciler.__file__)")
    assert done.stdout == f"{installed.site}/reconciler/__init__.py\n"


def test_it_says_its_version(installed: Installed) -> None:
    done = installed.reconciler("--version")
    assert done.returncode == 0, done.stderr
    assert reconciler.__version__ in done.stdout


CATALOGUE = """\
version: 1
catalog: radio-ads
buckets:
  spots: {id: 8891}
defaults:
  bucket: spots
files:
  spring-ad-01:
    title: Spring ad 30s
"""


@pytest.mark.parametrize(("title", "code"), [("Spring ad 30s", 0), ("[1, 2]", 1)])
def test_it_judges_a_catalogue(title: str, code: int, installed: Installed, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalog.yaml"
    catalogue.write_text(CATALOGUE.replace("Spring ad 30s", title), "utf-8")
    done = installed.reconciler("validate", "--catalog", catalogue)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("catalog.yaml:9:" in done.stdout + done.stderr) == bool(code)


def test_it_tells_its_story(installed: Installed) -> None:
    done = installed.reconciler("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ["plan", "apply", "drift", "ledger"]:
        assert word in done.stdout.lower()
