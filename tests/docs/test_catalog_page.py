"""docs/catalog.md: every property, and every catalogue that the pages show."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.app import load
from tests.docs.pages import ROOT, Block, all_blocks, file_of

PAGE = (ROOT / "docs" / "catalog.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "schemas" / "catalog.schema.json").read_text("utf-8"))
MINIMAL = {
    "version": "version: 1\n",
    "catalog": "catalog: radio-ads\n",
    "buckets": "buckets: {spots: {id: 8891}}\n",
    "defaults": "defaults: {bucket: spots}\n",
    "files": "files: {}\n",
}
"""What a part of a catalogue stands in."""


def properties(schema: Any) -> Iterator[str]:
    """The names of all properties, at whatever depth."""
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if isinstance(value, dict):
                yield name
        for value in schema.values():
            yield from properties(value)


@pytest.mark.parametrize("name", sorted(set(properties(SCHEMA))))
def test_the_page_has_every_property(name: str) -> None:
    assert f"`{name}`" in PAGE or f"# {name}\n" in PAGE or f".{name}`" in PAGE


def shown() -> Iterator[tuple[str, Block]]:
    """The YAML of the pages that is a catalogue, or a part of one."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        for number, block in enumerate(all_blocks(page.read_text("utf-8"))):
            if block.language == "yaml" and file_of(block) is None:
                yield f"{page.stem} {number}", block


@pytest.mark.parametrize("block", [pytest.param(block, id=name) for name, block in shown()])
def test_a_part_of_a_catalogue_is_valid(block: Block, tmp_path: Path) -> None:
    said = yaml.safe_load(block.text)
    rest = "".join(text for name, text in MINIMAL.items() if name not in said)
    path = tmp_path / "catalog.yaml"
    path.write_text(rest + block.text, "utf-8")
    load(path)
