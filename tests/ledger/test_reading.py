"""What applies last made of each key, by the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.core.drift import LastApplied
from reconciler.core.model import FileId
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId
from reconciler.ledger import Ledger, last_applied
from tests.apply.fake_clock import FakeClock
from tests.ledger.made import DONE, T1, T2, create, delete, move, run, update

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.plan import Change


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.jsonl"


class TestLastApplied:
    def last(self, path: Path, *ends: tuple[Change, Outcome | None]) -> dict[str, LastApplied]:
        run(path, *ends)
        return {str(key): item for key, item in last_applied(path, "radio").items()}

    def test_of_each_kind(self, path: Path) -> None:
        assert self.last(
            path, (create("c"), DONE), (update(8, "u"), DONE), (move(9, "m"), DONE),
            (delete(10, "d"), DONE),
        ) == {
            "c": LastApplied(T1, "spots", deleted=False),
            "u": LastApplied(T2, "spots", deleted=False),
            "m": LastApplied(T1, "archive", deleted=False),
            "d": LastApplied(T1, "spots", deleted=True),
        }  # fmt: skip

    @pytest.mark.parametrize("change", [create(), update(), move(), delete()], ids=lambda c: c.id)
    def test_also_of_what_was_found_done_already(self, path: Path, change: Change) -> None:
        """A run was killed, or somebody was faster: this one began nothing, and knows what is."""
        run(path, (change, None))
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(change, Applied(FileId(7), "acr7", already=True))])
        (made,) = last_applied(path, "radio").values()
        assert made == self.last(path.with_name("other"), (change, DONE))["a"]

    def test_what_came_last_counts(self, path: Path) -> None:
        assert self.last(path, (create(), DONE), (update(), DONE), (update(), Unknown("x"))) == {
            "a": LastApplied(T2, "spots", deleted=False)
        }

    @pytest.mark.parametrize(
        "outcome", [None, Failed("422"), Stale("x", None), Unknown("x")], ids=str
    )
    def test_what_was_not_applied_does_not(self, path: Path, outcome: Outcome | None) -> None:
        assert self.last(path, (update(), outcome)) == {}

    @pytest.mark.parametrize(
        "fields", [{"after_change": ChangeId("create:a")}, {"keeps": FileId(8)}]
    )
    def test_the_old_file_of_a_replacement_leaves_the_key_alive(
        self, path: Path, fields: dict[str, Any]
    ) -> None:
        assert self.last(path, (create(), DONE), (delete(**fields), DONE)) == {
            "a": LastApplied(T1, "spots", deleted=False)
        }

    def test_a_delete_takes_the_key_away(self, path: Path) -> None:
        assert self.last(path, (create(), DONE), (delete(), DONE)) == {
            "a": LastApplied(T1, "spots", deleted=True)
        }

    def test_a_file_without_a_key_is_nobodys(self, path: Path) -> None:
        assert self.last(path, (delete(key=None), DONE)) == {}

    def test_another_catalogues_runs_are_not_ours(self, path: Path) -> None:
        run(path, (update(), DONE), catalog="other")
        assert last_applied(path, "radio") == {}
        assert last_applied(path, "other") != {}

    def test_what_was_there_already_without_its_content_says_nothing(self, path: Path) -> None:
        """As versions before wrote it."""
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), Applied(FileId(7), "acr7"))])
        assert last_applied(path, "radio") == {}
