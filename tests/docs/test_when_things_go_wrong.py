"""docs/when-things-go-wrong.md has a section for whatever a reader may meet."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from reconciler.cli import exits
from reconciler.core.drift import Direction
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Rule
from reconciler.ledger.findings import Finding
from reconciler.render.drift_words import word_of
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "when-things-go-wrong.md").read_text("utf-8")
LEDGER = (ROOT / "docs" / "ledger.md").read_text("utf-8")
SECTIONS = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
CODES = re.findall(r"^\| ([\d/]+) +\|", exits.__doc__ or "", re.MULTILINE)


def facts_of_notes() -> Iterator[str]:
    """The facts that the core's notes name."""
    for path in (ROOT / "reconciler" / "core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name("Note"), args=[ast.Constant(str(fact)), *_]):
                    yield fact


@pytest.mark.parametrize("code", CODES)
def test_every_exit_code(code: str) -> None:
    assert any(section.startswith(f"{code.replace('/', ' and ')}: ") for section in SECTIONS)


@pytest.mark.parametrize("rule", Rule)
def test_every_rule(rule: Rule) -> None:
    assert rule in SECTIONS


@pytest.mark.parametrize("fact", sorted(set(facts_of_notes())))
def test_every_fact_of_a_note(fact: str) -> None:
    assert fact in SECTIONS


@pytest.mark.parametrize("outcome", [kind.__name__.lower() for kind in get_args(Outcome)])
def test_every_outcome(outcome: str) -> None:
    assert outcome in SECTIONS


@pytest.mark.parametrize("direction", Direction)
def test_every_direction_of_drift(direction: Direction) -> None:
    assert f"| {word_of(direction)} |" in PAGE


@pytest.mark.parametrize("kind", [finding.kind for finding in get_args(Finding)])
def test_every_finding_of_audit_verify_is_where_it_sends_the_reader(kind: str) -> None:
    assert "(ledger.md)" in PAGE
    assert f"| {kind} |" in LEDGER


def test_there_are_notes_and_codes() -> None:
    assert len(CODES) == 10
    assert {"pending", "broken"} <= set(facts_of_notes())
