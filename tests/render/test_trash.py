"""A soft delete is told from an ordinary move at a glance, in whatever form a plan is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.model import FileId
from reconciler.core.plan import ChangeId, Move, Note, Options, Purge
from reconciler.core.risk import Level, risk_of
from reconciler.render.annotations import plan_annotations
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_words import asked_for
from reconciler.render.remarks import topics
from tests.render import stories
from tests.render.whole import plan_html, plan_text


def thrown(**fields: Any) -> Move:
    """A file that goes to the trash."""
    move = replace(
        stories.move("winter-ad", "Winter ad"),
        bucket="bin",
        bucket_id=8893,
        reason="no entry has its key: to the trash",
        trash=True,
    )
    return replace(move, **fields)


PLAN = stories.plan(thrown(keeps=FileId(7), keeps_bucket_id=8891))
LYING = Note("trash", "2 file(s) lie in it; `purge` empties it", bucket="bin")


def test_as_text() -> None:
    said = plan_text(PLAN, width=100).plain
    assert (
        '  > move    winter-ad  "Winter ad"  no entry has its key: to the trash\n'
        "      bin (the trash) ← spots  file 1288  once file 7 is seen to be ready\n"
    ) in said


def test_of_a_file_without_a_mark() -> None:
    said = plan_text(stories.plan(thrown(key=None, declared_at=None)), width=100).plain
    assert '  > move    file 1288  "Winter ad"' in said


def test_as_markdown() -> None:
    source = plan_markdown(PLAN)
    assert "Medium risk" in source
    assert "moves 1 file to the trash" in source
    assert "| move | `winter-ad` | `Winter ad` | file 1288 from `spots` to the trash |" in source
    assert "- bucket  spots\n+ bucket  bin, the trash\n" in source


def test_as_html() -> None:
    page = plan_html(PLAN)
    assert "from spots to the trash, once its other file is ready" in page
    assert "bin (8893), the trash" in page


def test_on_the_lines_of_the_catalogue() -> None:
    said = plan_annotations(PLAN, "catalog.yaml")
    assert '"Winter ad" moves from spots to the trash bin' in said


def test_the_old_file_of_a_replacement_is_part_of_it() -> None:
    create = replace(stories.create("a", "A"), replaces=FileId(1288))
    plan = stories.plan(create, thrown(after_change=ChangeId(create.id)))
    assert risk_of(plan).reasons == ("replaces 1 file: its acr_id changes",)
    assert "moves 1 file" not in plan_markdown(plan)


def test_protected_files_are_counted() -> None:
    guarded = thrown(before=stories.content("W", "winter-ad", catalog_protect="true"))
    risk = risk_of(stories.plan(guarded))
    assert risk.level is Level.MEDIUM
    assert risk.reasons == ("moves 1 file to the trash, 1 of them protected",)


def test_how_much_lies_there_is_said_and_is_nobodys_line() -> None:
    plan = replace(stories.plan(), notes=(LYING,))
    assert (
        "trash  in bin  2 file(s) lie in it; `purge` empties it" in plan_text(plan, width=100).plain
    )
    assert "and all is as it should be" in plan_text(plan, width=100).plain
    assert topics(plan) == []


@pytest.mark.parametrize(
    ("unknown", "said"), [(False, []), (True, ["--include-unknown"])], ids=["aged", "any"]
)
def test_what_a_purge_was_asked_for(unknown: bool, said: list[str]) -> None:
    options = Options(way=Purge("2026-10-01T00:00:00Z", unknown))
    assert list(asked_for(options)) == ["purge, in the trash before 2026-10-01T00:00:00Z", *said]
