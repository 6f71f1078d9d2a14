"""The architecture is what docs/architecture.md says, and each contract that says so bites."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}

# Which contract breaks, when which module says what. A room that is a package gets a new module.
FORBIDDEN = [
    ("rooms", "api", "import reconciler.app"),
    ("rooms", "app", "import reconciler.cli"),
    ("rooms", "apply", "import reconciler.api"),
    ("rooms", "catalog", "import reconciler.render"),
    ("rooms", "core.model", "import reconciler.ledger"),
    ("rooms", "formats", "import reconciler.planfile"),
    ("rooms", "errors", "import reconciler.core"),
    ("rooms", "http", "import reconciler.core"),
    ("rooms", "utils", ""),
    ("core", "core.helpers", ""),
    ("core", "core.model", "import reconciler.core.diff"),
    ("core", "core.snapshot", "import reconciler.core.codec"),
    ("core", "core.normal", "import reconciler.core.marks"),
    ("core", "core.matching", "from reconciler.core import facts"),
    ("pure", "core.model", "import os"),
    ("pure", "core.diff", "import datetime"),
    ("pure", "core.diff", "import logging"),
    ("pure", "core.normal", "import random"),
    ("pure", "core.marks", "import requests"),
    ("pure", "core.facts", "import reconciler.shipped"),
    ("pure", "render", "import pathlib"),
    ("pure", "render", "from sqlite3 import connect"),
    ("pure", "core.marks", "import time"),
    ("sandbox", "sandbox", "import reconciler.core.model"),
    ("sandbox", "sandbox", "from reconciler import errors"),
    ("sandbox", "sandbox", "import requests"),
    ("sandbox-door", "app", "import reconciler.sandbox"),
    ("sandbox-door", "catalog", "from reconciler import sandbox"),
    ("alone", "demo", "import reconciler.errors"),
    ("alone", "shipped", "import reconciler.errors"),
    ("alone", "regular", "import reconciler.errors"),
    ("http", "apply", "import requests"),
    ("http", "reporting", "import requests"),
    ("rooms", "forge", "import reconciler.api"),
    ("rooms", "webhook", "import reconciler.render"),
    ("rooms", "metricsfile", "import reconciler.ledger"),
    ("core", "core.ending", "import reconciler.core.metrics"),
    ("rooms", "forge", "import reconciler.render"),
    ("http", "app", "import urllib3"),
    ("yaml", "render", "import yaml"),
    ("yaml", "api", "def later():\n    from yaml import load"),
    ("rich", "app", "import rich.console"),
    ("click", "app", "import click"),
    ("deepdiff", "render", "import deepdiff"),
    ("server", "cli", "import flask"),
]


LINTED = """
import sys
from pathlib import Path
from importlinter.cli import lint_imports

def linted(about):
    code = lint_imports(no_cache=True)
    print("ENDED", code, about, flush=True)

linted("as it is")
plants = iter(sys.argv[1:])
for place, text in zip(plants, plants):
    path = Path(place)
    before = path.read_text("utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\\n{text}\\n", "utf-8")
    linted(place)
    if before is None:
        path.unlink()
    else:
        path.write_text(before, "utf-8")
"""
"""The contracts of the tree in the working folder, as it is and with each plant alone. In one
process, since to import the linter takes much longer than to run it."""


def broken_contracts(tree: Path, *plants: tuple[str, str]) -> list[set[str]]:
    """The names of the contracts that are broken in `tree`, as it is and with each plant, which is
    a module and what it says. An empty set: all are kept."""
    # Coverage must not follow into a tree that is gone when the report is made.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PYTHONPATH"))}
    planted = [part for module, text in plants for part in (str(place_of(tree, module)), text)]
    done = subprocess.run(
        [sys.executable, "-c", LINTED, *planted],
        cwd=tree,
        env=environment | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    *reports, rest = re.split(r"^ENDED (?=\d+)", done.stdout, flags=re.MULTILINE)
    codes = [int(after.split()[0]) for after in [*reports[1:], rest]]
    assert len(codes) == 1 + len(plants)
    return [judged(report, code) for report, code in zip(reports, codes, strict=True)]


def judged(report: str, code: int) -> set[str]:
    verdicts = {
        name: verdict
        for line in report.splitlines()
        for name in CONTRACTS.values()
        if line.startswith(f"{name} ") and (verdict := line.removeprefix(name).split()[0])
    }
    assert verdicts.keys() == set(CONTRACTS.values()), report
    broken = {name for name, verdict in verdicts.items() if verdict == "BROKEN"}
    assert (code != 0) == bool(broken), report
    return broken


def place_of(tree: Path, module: str) -> Path:
    place = tree / "reconciler" / module.replace(".", "/")
    return place / "planted.py" if place.is_dir() else place.with_suffix(".py")


def test_the_tree_keeps_every_contract() -> None:
    assert broken_contracts(ROOT) == [set()]


def test_each_forbidden_import_breaks_its_contract(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "reconciler", tmp_path / "reconciler", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    plants = [(module, text) for _, module, text in FORBIDDEN]
    unharmed, *broken = broken_contracts(tmp_path, *plants)
    assert unharmed == set()
    toothless = [
        planted
        for planted, names in zip(FORBIDDEN, broken, strict=True)
        if CONTRACTS[planted[0]] not in names
    ]
    assert toothless == []


def test_no_contract_is_without_a_proof() -> None:
    assert {contract for contract, _, _ in FORBIDDEN} == set(CONTRACTS)


# What import-linter cannot see, because a builtin is not imported, or sees only as a whole module.
IMPURE = [
    ("open('x')", "PTH123"),
    ("print('x')", "T201"),
    ("eval('x')", "S307"),
    ("exec('x')", "S102"),
    ("import os\nos.environ['X']", "TID251"),
    ("import time\ntime.time()", "TID251"),
    ("from datetime import datetime\ndatetime.now()", "TID251"),
    ("import sys\nsys.stderr.write('x')", "TID251"),
]


def ruff_codes(text: str, place: str) -> set[str]:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ruff"),
            *("check", "--no-cache", "--output-format=concise", "--stdin-filename", place, "-"),
        ],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    findings = (line.split(": ", 1)[1] for line in done.stdout.splitlines() if ".py:" in line)
    return {finding.split()[0] for finding in findings}


@pytest.mark.parametrize("room", ["core", "render"])
@pytest.mark.parametrize(("text", "code"), IMPURE)
def test_ruff_guards_the_pure_rooms(text: str, code: str, room: str) -> None:
    assert code in ruff_codes(text, f"reconciler/{room}/planted.py")


def test_the_edges_may_know_the_time() -> None:
    assert "TID251" not in ruff_codes("import time\ntime.time()", "reconciler/api/planted.py")
