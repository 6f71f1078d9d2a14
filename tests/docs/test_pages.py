"""The pages that lead a reader are run: every shell block, and what they show comes out."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, check, played

RUN_BY_MAINTAINERS = {"performance.md"}
PAGES = sorted(
    path
    for path in (ROOT / "docs").glob("*.md")
    if "```sh" in path.read_text("utf-8") and path.name not in RUN_BY_MAINTAINERS
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    for step in played(page.read_text("utf-8"), tmp_path):
        check(step)
