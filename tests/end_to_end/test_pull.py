"""What was edited live comes into the catalogue, and nothing else changes there."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox
    from tests.end_to_end.conftest import NothingSent, Workplace

CATALOG = """\
# What runs on air. Ask Ada before you change it.
version: 1
catalog: radio-ads
buckets:
  spots: {id: 8891}
  archive: {id: 8892, prune: none}
defaults:
  bucket: spots
  user_defined: {label: Acme Media}
include: [more.csv, more.jsonl]
files:
  # The first of the season.
  spring:
    title: 'Spring ad'   # as on the invoice
    source: {audio: audio/spring.wav}
    user_defined: {artist: Acme, year: 1979, isrc: 00123}

  # Runs until August.
  summer:
    title: Summer ad
    source: {audio: audio/summer.wav}
"""
CSV = "key,title,source.audio,user_defined.artist\r\nautumn,Autumn ad,audio/autumn.wav,Acme\r\n"
JSONL = '{"key":"winter","title":"Winter ad","source":{"audio":"audio/winter.wav"}}\n'


@pytest.fixture
def applied(work: Workplace) -> Workplace:
    """Four spots in three files, applied."""
    for level, name in enumerate(("spring", "summer", "autumn", "winter")):
        work.audio(f"audio/{name}.wav", level=level)
    (work.folder / "catalog.yaml").write_text(CATALOG, "utf-8")
    (work.folder / "more.csv").write_bytes(CSV.encode())
    (work.folder / "more.jsonl").write_text(JSONL, "utf-8")
    assert work.run("apply", "--yes").code == 0
    return work


def live(sandbox: Sandbox, key: str) -> dict[str, Any]:
    return next(
        file for file in sandbox.files() if file["user_defined"]["catalog_key"] == f"radio-ads/{key}"
    )


def edit(sandbox: Sandbox, key: str, title: str | None = None, **metadata: Any) -> None:
    """As somebody does by hand; None takes a field away."""
    file = live(sandbox, key)
    held = {**file["user_defined"], **metadata}
    kept = {name: value for name, value in held.items() if value is not None}
    sandbox.edit(file["id"], title=title or file["title"], user_defined=kept)


def text(work: Workplace, name: str = "catalog.yaml") -> str:
    return (work.folder / name).read_bytes().decode()


def test_an_edit_is_taken_and_all_else_stays(
    applied: Workplace, sandbox: Sandbox, nothing_sent: NothingSent
) -> None:
    edit(sandbox, "spring", "Spring: 12:30", artist="NO", year="1979s", isrc=None, mood=["a", 1])
    assert applied.run("drift").code == 2
    shown = applied.run("pull", "spring", "--dry-run")
    assert shown.code == 0
    assert text(applied) == CATALOG
    ended = applied.run("pull", "--kind", "changed-live")
    assert ended.code == 0, ended
    nothing_sent()
    after = CATALOG.replace("'Spring ad'", "'Spring: 12:30'").replace(
        "{artist: Acme, year: 1979, isrc: 00123}", '{artist: "NO", year: 1979s, mood: [a, 1]}'
    )
    assert text(applied) == after
    assert ended.out == (
        "spring: title, user_defined.artist, user_defined.isrc (removed), user_defined.mood, "
        "user_defined.year\n"
    )
    assert "catalog.yaml: written\n1 entry changed, 0 taken out, 0 left; 1 file written" in ended.err
    removed = "-    title: 'Spring ad'   # as on the invoice\n"
    assert removed in shown.out
    assert applied.run("drift").code == 0
    assert applied.run("plan", "--detailed-exitcode").code == 0
