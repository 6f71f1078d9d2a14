"""Links between the documents lead somewhere, and the commands they speak of are there."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.main import COMMANDS
from tests.docs.pages import ROOT

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("examples/**/*.md")),
]
CHANGELOG = ROOT / "CHANGELOG.md"


def prose(document: Path) -> str:
    text = document.read_text("utf-8")
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", prose(document)):
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def spoken_of() -> Iterator[tuple[str, str]]:
    """The calls of `reconciler` in running text, each with its document."""
    for document in DOCUMENTS:
        for call in re.findall(r"`(reconciler [a-z][^`]*)`", prose(document).replace("\n", " ")):
            if document != CHANGELOG:
                yield document.name, re.sub(r" +", " ", call)


@pytest.mark.parametrize(("document", "call"), sorted(set(spoken_of())))
def test_a_call_in_running_text_can_be_made(document: str, call: str) -> None:
    _, name, *words = call.split()
    assert name in COMMANDS
    command = importlib.import_module(f"reconciler.cli.{name}_command").command
    if isinstance(command, click.Group) and words:
        command = command.commands[words[0]]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= {*options, "--help"}
