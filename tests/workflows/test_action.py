"""`script/action`, the one step of the action, where its inputs and what it finds are hostile."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.workflows.runner import ROOT

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]


def run_action(where: Path, **inputs: str) -> str:
    """Run it where Python, and so all that comes after, fails; what it says."""
    (where / "temp").mkdir(exist_ok=True)
    every = {name: str(each["default"]) for name, each in INPUTS.items()} | inputs
    names = {name: f"RECONCILER_{name.upper().replace('-', '_')}" for name in every}
    done = subprocess.run(
        [ROOT / "script" / "action"],
        cwd=where,
        env={
            "PATH": os.environ["PATH"],
            "PYTHON": "/bin/false",
            "RUNNER_TEMP": str(where / "temp"),
            **{names[name]: value for name, value in every.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("folder", ["reconciler-out", "-rf", "--help", "a b\nc"])
def test_a_plan_that_the_checkout_brings_along_is_never_taken_for_the_one_made(
    tmp_path: Path, folder: str
) -> None:
    """Whatever fails: the next step keeps what is in the folder, and another job shows it."""
    out = tmp_path / folder
    out.mkdir()
    (out / "plan.json").write_text("planted", "utf-8")
    (out / "plan.html").mkdir()
    said = run_action(tmp_path, command="plan", folder=folder)
    assert "/bin/false does not run" in said
    assert [*out.iterdir()] == []


def test_the_plan_that_an_earlier_step_has_fetched_is_left_where_nothing_is_made(
    tmp_path: Path,
) -> None:
    (tmp_path / "reconciler-out").mkdir()
    plan = tmp_path / "reconciler-out" / "plan.json"
    plan.write_text("fetched", "utf-8")
    run_action(tmp_path)
    run_action(tmp_path, command="apply")
    assert plan.read_text("utf-8") == "fetched"
