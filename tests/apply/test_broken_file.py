"""F54: the service cannot process what it was sent. Nothing is sent again by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.core.model import FileState

if TYPE_CHECKING:
    from tests.apply.conftest import MakeBench


def test_its_id_is_on_the_ledger_and_the_next_run_sends_nothing(bench: MakeBench) -> None:
    ran = bench("entry a spots s1")
    ran.service.made = FileState.BROKEN
    assert ran.outcome() == "failed: the service could not process the audio of file 101"
    *_, last = [record for record in ran.recorded() if record["kind"] == "change.ended"]
    assert (last["id"], last["outcome"], last["file_id"]) == ("create:a", "failed", 101)
    assert ran.again().outcomes() == {}
    assert len(ran.service.calls) == 1
    assert [note.fact for note in ran.plan.notes] == ["broken"]
