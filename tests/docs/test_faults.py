"""docs/faults.md: every fault, threat and invariant, each held by tests that are there, or argued
away in its own words."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
EXPECTED = [
    *(f"F{number}" for number in range(1, 79)),
    *(f"T{number}" for number in range(1, 32)),
    *(f"I{number}" for number in range(1, 15)),
]
ROWS = {
    cells[0]: cells
    for line in PAGE.splitlines()
    if re.match(r"\| [FTI][0-9]+ ", line)
    for cells in [[cell.strip() for cell in line.strip("| ").split(" | ")]]
}
ARGUED = "Argued: "


def test_every_row_is_there_once() -> None:
    assert re.findall(r"^\| ([FTI][0-9]+) ", PAGE, re.MULTILINE) == EXPECTED


@pytest.mark.parametrize("row", EXPECTED)
def test_a_row_names_tests_that_exist_or_argues(row: str) -> None:
    *_, held = ROWS[row]
    named = re.findall(r"`([^`]+\.py(?:::[^`]+)?)`", held)
    if held.startswith(ARGUED):
        assert len(held) > len(ARGUED) + 20
    else:
        assert named
    for name in named:
        path, *within = name.split("::")
        assert "::".join(within) in {"", *named_in(path)}, name


def test_the_counts_are_true() -> None:
    argued = sum(held.startswith(ARGUED) for *_, held in ROWS.values())
    assert f"{len(ROWS)} rows: {len(ROWS) - argued} held by tests, {argued} argued." in PAGE


@cache
def named_in(path: str) -> frozenset[str]:
    """The names of a file's tests, and of its classes of tests, as pytest spells them."""
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return frozenset(_names(tree, ""))


def _names(node: ast.AST, prefix: str) -> list[str]:
    names: list[str] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            names += [f"{prefix}{child.name}", *_names(child, f"{prefix}{child.name}::")]
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.append(f"{prefix}{child.name}")
    return [name for name in names if name.rpartition("::")[2].lower().startswith("test")] + [
        name for name in names if name[:1].isupper()
    ]
