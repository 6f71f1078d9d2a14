"""The sandbox shares no code with what it is used to test."""

from __future__ import annotations

import ast
from pathlib import Path

import reconciler.sandbox

MODULES = sorted(Path(reconciler.sandbox.__path__[0]).glob("*.py"))


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_of_ours_it_imports_only_itself() -> None:
    assert len(MODULES) > 10
    for path in MODULES:
        ours = {name for name in _imported(path) if name.split(".")[0] == "reconciler"}
        assert all(name.startswith("reconciler.sandbox") for name in ours), path


def test_it_is_no_client() -> None:
    for path in MODULES:
        roots = {name.split(".")[0] for name in _imported(path)}
        assert roots.isdisjoint({"requests", "urllib3", "http"}), path
