"""docs/architecture.svg is drawn from the rooms that are there, for light pages and dark ones."""

import re

import pytest

from tests.docs.pages import ROOT

PICTURE = (ROOT / "docs" / "architecture.svg").read_text("utf-8")
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def named(kind: str) -> list[str]:
    """The texts of a kind."""
    return re.findall(rf'class="{kind}"[^>]*>([^<]+)<', PICTURE)


@pytest.mark.parametrize("room", named("room"))
def test_a_room_of_the_picture_is_there_and_on_the_page(room: str) -> None:
    path = ROOT / "reconciler" / room
    assert path.is_dir() if room.endswith("/") else path.is_file()
    assert f"| `reconciler/{room}` |" in PAGE


@pytest.mark.parametrize("module", named("module"))
def test_a_module_of_the_core_in_the_picture_is_there(module: str) -> None:
    assert (ROOT / "reconciler" / "core" / f"{module}.py").is_file()


def test_the_line_is_whole() -> None:
    line = {"catalog/", "api/", "core/", "apply/", "ledger/", "render/"}
    assert line <= set(named("room"))
    assert named("value") == ["DesiredState", "LiveState", "Plan", "outcomes"]


def test_it_has_colours_for_the_dark_and_reaches_for_nothing() -> None:
    assert "@media (prefers-color-scheme: dark)" in PICTURE
    assert not re.search(r"<script|<image|href=|url\((?!#)|@import", PICTURE)
    assert "](architecture.svg)" in PAGE
