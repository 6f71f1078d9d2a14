"""Paths that a CI system finds in its repository, wherever the command runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.repository import in_repository


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a catalogue two folders down; no CI system says where it is."""
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "checkout" / "ads" / "radio").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_it_counts_from_where_the_ci_system_has_the_repository(
    top: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(top))
    monkeypatch.chdir(top / "ads")
    assert in_repository(Path("radio/catalog.yaml")) == "ads/radio/catalog.yaml"
    assert in_repository(Path("./catalog.yaml")) == "ads/catalog.yaml"


def test_else_from_the_working_folder(top: Path) -> None:
    assert in_repository(Path("ads/radio/catalog.yaml")) == "ads/radio/catalog.yaml"
    assert in_repository(top / "ads" / "catalog.yaml") == "ads/catalog.yaml"
    assert in_repository(Path("ads/../catalog.yaml")) == "catalog.yaml"


def test_a_checkout_behind_a_link_is_the_same(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = top.parent / "link"
    link.symlink_to(top)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(link))
    assert in_repository(top / "ads" / "catalog.yaml") == "ads/catalog.yaml"


def test_what_is_outside_of_both_stays_as_it_is(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(top / "ads"))
    monkeypatch.chdir(top / "ads")
    assert in_repository(Path("../catalog.yaml")) == "../catalog.yaml"


def test_the_catalogue_need_not_be_there(top: Path) -> None:
    assert in_repository(Path("gone/catalog.yaml")) == "gone/catalog.yaml"
