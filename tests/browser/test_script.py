"""Who has no browser is told what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs without a browser, whose user is not root."""
    for tool in ("dirname", "sh"):
        where = shutil.which(tool)
        assert where
        (tmp_path / tool).symlink_to(where)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    return tmp_path


def test_the_script_fails_where_no_browser_is_and_none_may_be_installed(bare: Path) -> None:
    done = subprocess.run(
        [ROOT / "script" / "browser"],
        env={"PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs chromium and chromedriver on the PATH" in done.stderr
    assert "apt-get install chromium chromium-driver" in done.stderr


@pytest.mark.parametrize(("needed", "how"), [("", "1 skipped"), ("needed", "1 error")])
def test_the_tests_are_skipped_or_fail_in_words(bare: Path, needed: str, how: str) -> None:
    test = "tests/browser/test_report.py::test_printed_there_are_no_controls"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={**os.environ, "PATH": str(bare), "RECONCILER_BROWSER": needed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert how in done.stdout, done.stdout + done.stderr
    assert "there is no chromium here: script/browser installs Debian's" in done.stdout
