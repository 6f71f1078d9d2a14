"""What a run did, read back from the ledger, and what was done to the same files later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.core.model import FileId
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.errors import LedgerError
from reconciler.ledger import Ledger
from reconciler.ledger.chain import Anchor, line_after
from reconciler.ledger.images import read_past, read_runs
from tests.apply.fake_clock import FakeClock
from tests.ledger.made import DONE, T2, create, delete, move, run, update

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.plan import Change


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.mark.parametrize("change", [create(), update(), move(), delete()], ids=lambda c: c.id)
def test_a_change_is_as_it_was_when_it_was_sent(path: Path, change: Change) -> None:
    run(path, (change, DONE))
    (image,) = read_past(path, "run-1", ("radio",)).images
    assert image.change == change
    assert (image.file_id, image.acr_id, image.is_sure) == (7, "acr7", True)


def test_a_file_that_a_move_gave_another_id_is_known_by_it(path: Path) -> None:
    run(path, (move(), Applied(FileId(8), "acr8")))
    (image,) = read_past(path, "run-1", ("radio",)).images
    assert (image.file_id, image.acr_id) == (8, "acr8")


@pytest.mark.parametrize("outcome", [None, Unknown("lost")], ids=str)
def test_what_may_have_been_done_is_not_sure(path: Path, outcome: Outcome | None) -> None:
    run(path, (update(), outcome), (create("c"), outcome))
    changed, made = read_past(path, "run-1", ("radio",)).images
    assert (changed.file_id, changed.is_sure) == (7, False)
    assert (made.file_id, made.is_sure) == (None, False)


@pytest.mark.parametrize(
    "outcome",
    [Failed("422"), Stale("gone", T2), Applied(FileId(7), "acr7", already=True)],
    ids=lambda outcome: type(outcome).__name__,
)
def test_what_the_run_did_not_do_is_not_its(path: Path, outcome: Outcome) -> None:
    run(path, (update(), outcome))
    assert read_past(path, "run-1", ("radio",)).images == ()


def test_what_was_found_done_was_not_begun(path: Path) -> None:
    with Ledger(path, FakeClock(), "run-1") as ledger:
        ledger.run_began({"catalog": {"name": "radio"}})
        ledger.ended([(update(), Applied(FileId(7), "acr7", already=True))])
    assert read_past(path, "run-1", ("radio",)).images == ()


def test_later_is_what_others_did_to_the_same_keys_and_files(path: Path) -> None:
    run(path, (update(), DONE), name="before")
    run(path, (update(), DONE), (update(9, "b"), Applied(FileId(9), "acr9")))
    run(path, (update(7, "renamed"), DONE), (update(8, "c"), Applied(FileId(8), "acr8")), name="on")
    run(path, (create("a"), DONE), name="elsewhere", catalog="other")
    run(path, (update(99), Applied(FileId(99), "acr99")), name="its own", catalog="other")
    past = read_past(path, "run-1", ("radio",))
    assert past.keys == ["a", "b"]
    assert [(i.by.id, i.change.key) for i in past.later] == [("on", "renamed"), ("elsewhere", "a")]


def test_the_runs_are_known_with_who_made_them(path: Path) -> None:
    with Ledger(path, FakeClock(), "run-1") as ledger:
        about = {"actor": "alice", "commit": "abc", "origin": "https://host"}
        ledger.run_began({"catalog": {"name": "radio"}, **about})
    run(path, name="run-2", catalog="other")
    one, two = read_runs(path)
    assert (one.id, one.catalog, one.origin) == ("run-1", "radio", "https://host")
    assert (one.actor, one.commit) == ("alice", "abc")
    assert (two.id, two.catalog, two.origin, two.actor) == ("run-2", "other", "", None)


def test_a_ledger_without_the_run_is_said(path: Path) -> None:
    run(path)
    with pytest.raises(LedgerError, match="it has no run run-9; name the ledger that has it"):
        read_past(path, "run-9", ("radio",))
    with pytest.raises(LedgerError, match="it has no run"):
        read_past(path.with_name("none"), "run-1", ("radio",))


def test_a_record_that_lacks_what_this_version_writes_is_said(path: Path) -> None:
    run(path)
    first = path.read_bytes().splitlines(keepends=True)[0]
    began = {"at": "", "run": "run-1", "kind": "change.began", "id": "update:7", "action": "update"}
    line, _ = line_after(Anchor(1, json.loads(first)["hash"]), began)
    path.write_bytes(first + line)
    with pytest.raises(LedgerError, match="not one that this version writes"):
        read_past(path, "run-1", ("radio",))
