"""What applies last made of each key, by the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from reconciler.core.content import Content
from reconciler.core.drift import LastApplied, Recalled
from reconciler.core.model import FileId, Key
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import ChangeId, Move
from reconciler.core.purge import Thrown
from reconciler.errors import LedgerError
from reconciler.ledger import Ledger, last_applied, remembered, thrown_away
from reconciler.ledger.chain import Anchor, chained
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
        return {str(key): item for key, item in last_applied(path, ("radio",), "").items()}

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
        (made,) = last_applied(path, ("radio",), "").values()
        assert made == self.last(path.with_name("other"), (change, DONE))["a"]

    def test_of_a_record_that_no_version_of_ours_writes_nothing_is_told(self, path: Path) -> None:
        content = {"title": "One", "user_defined": []}
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
        began, ended = (
            {"at": "", "run": "run-1", "kind": kind, "id": "update:7", "action": "update",
             "key": "a", "bucket": "spots", **more}
            for kind, more in (
                ("change.began", {"after": content}), ("change.ended", {"outcome": "applied"}),
            )
        )  # fmt: skip
        data = path.read_bytes()
        lines, _ = chained(Anchor(1, orjson.loads(data)["hash"]), [began, ended])
        path.write_bytes(data + b"".join(lines))
        with pytest.raises(LedgerError, match="not one that this version writes"):
            last_applied(path, ("radio",), "")

    def test_what_came_last_counts(self, path: Path) -> None:
        assert self.last(path, (create(), DONE), (update(), DONE), (update(), Unknown("x"))) == {
            "a": LastApplied(T2, "spots", deleted=False)
        }

    @pytest.mark.parametrize(
        "outcome", [None, Failed("422"), Stale("x", None), Unknown("x")], ids=str
    )
    def test_what_was_not_applied_does_not(self, path: Path, outcome: Outcome | None) -> None:
        run(path, (update(), outcome), converged=False)
        assert last_applied(path, ("radio",), "") == {}

    @pytest.mark.parametrize(("outcome", "begun"), [
        (None, True), (Unknown("x"), True), (Failed("422"), False), (Stale("x", None), False),
    ], ids=str)  # fmt: skip
    def test_what_may_have_been_applied_is_told_apart(
        self, path: Path, outcome: Outcome | None, begun: bool
    ) -> None:
        run(path, (create(), DONE), (update(), outcome), converged=False)
        found = remembered(path, ("radio",), "")
        assert found.last == {"a": LastApplied(T1, "spots", deleted=False)}
        assert found.begun == ({"a": LastApplied(T2, "spots", deleted=False)} if begun else {})

    def test_a_later_change_that_ended_settles_it(self, path: Path) -> None:
        run(path, (update(after=Content("Lost", {})), None), converged=False)
        run(path, (update(), DONE), name="run-2", converged=False)
        found = remembered(path, ("radio",), "")
        assert (found.begun, found.last) == ({}, {"a": LastApplied(T2, "spots", deleted=False)})

    def test_what_is_lost_was_applied_where_its_run_found_nothing_more_to_do(
        self, path: Path
    ) -> None:
        run(path, (update(8, "u"), Unknown("the answer was lost")), (update(), None))
        found = remembered(path, ("radio",), "")
        assert found.begun == {}
        assert found.last == dict.fromkeys("ua", LastApplied(T2, "spots", deleted=False))

    def test_changes_of_one_key_at_once_are_told_apart(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "one") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.began([update()])
            ledger.began([delete(8)])  # another file of the key
            ledger.ended([(update(), DONE)])
            ledger.ended([(delete(8), Failed("422"))])
        found = remembered(path, ("radio",), "")
        assert found.last == {"a": LastApplied(T2, "spots", deleted=False)}
        assert found.begun == {}

    def test_another_run_that_did_says_nothing_of_it(self, path: Path) -> None:
        """It may have been of a part of the catalogue."""
        run(path, (update(), None), converged=False)
        run(path, (create("b"), DONE), name="run-2")
        assert set(remembered(path, ("radio",), "").begun) == {"a"}

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
        assert last_applied(path, ("radio",), "") == {}
        assert last_applied(path, ("other",), "") != {}
        found = remembered(path, ("radio",), "").recalled
        assert found == Recalled(known=False, catalogs=("other",))

    def test_nor_are_its_runs_on_another_host(self, path: Path) -> None:
        run(path, (update(), DONE), origin="https://elsewhere")
        found = remembered(path, ("radio",), "https://here")
        assert (found.last, found.recalled.known) == ({}, False)

    def test_those_of_a_former_name_are(self, path: Path) -> None:
        run(path, (update(), DONE), catalog="former")
        found = remembered(path, ("radio", "former"), "")
        assert found.last == {"a": LastApplied(T2, "spots", deleted=False)}
        assert found.recalled == Recalled()

    def test_no_ledger_knows_nothing(self, path: Path) -> None:
        assert remembered(path, ("radio",), "").recalled == Recalled(known=False)

    def test_a_torn_tail_is_passed_over_and_told(self, path: Path) -> None:
        run(path, (update(), DONE))
        path.write_bytes(path.read_bytes() + b'{"seq":9,"pr')
        found = remembered(path, ("radio",), "")
        assert found.last == {"a": LastApplied(T2, "spots", deleted=False)}
        assert found.recalled == Recalled(torn=True)

    def test_what_was_there_already_without_its_content_says_nothing(self, path: Path) -> None:
        """As versions before wrote it."""
        with Ledger(path, FakeClock(), "x") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(update(), Applied(FileId(7), "acr7"))])
        assert last_applied(path, ("radio",), "") == {}


def thrown(file_id: int = 7, key: str = "a", **fields: Any) -> Move:
    """A move into a trash, by its id 2."""
    return replace(move(file_id, key), trash=True, **fields)


class TestTheTrash:
    def last(self, path: Path, *ends: tuple[Change, Outcome | None]) -> LastApplied | None:
        run(path, *ends)
        return last_applied(path, ("radio",), "").get(Key("a"))

    def test_what_is_thrown_away_is_deleted(self, path: Path) -> None:
        last = self.last(path, (create(), DONE), (thrown(), DONE))
        assert last is not None
        assert last.deleted

    def test_also_where_it_was_found_done_already(self, path: Path) -> None:
        with Ledger(path, FakeClock(), "run-1") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(thrown(), Applied(FileId(7), "acr7", already=True))])
        assert last_applied(path, ("radio",), "")[Key("a")].deleted

    def test_what_comes_back_is_there(self, path: Path) -> None:
        back = replace(move(), from_bucket="archive", bucket="spots")
        assert self.last(path, (create(), DONE), (thrown(), DONE), (back, DONE)) == LastApplied(
            T1, "spots", deleted=False
        )

    @pytest.mark.parametrize("fields", [{"after_change": ChangeId("create:a")}, {"keeps": 8}])
    def test_of_a_replaced_file_or_a_duplicate_the_key_lives_on(
        self, path: Path, fields: dict[str, Any]
    ) -> None:
        last = self.last(path, (create(), DONE), (thrown(**fields), DONE))
        assert last == LastApplied(T1, "spots", deleted=False)

    def test_what_a_purge_deletes_is_no_keys_any_more(self, path: Path) -> None:
        run(path, (create(), DONE))
        with Ledger(path, FakeClock(), "run-2") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}, "purge": {"before": "2026-01-01"}})
            ledger.ended([(delete(6), DONE)])
        assert not last_applied(path, ("radio",), "")[Key("a")].deleted


class TestThrownAway:
    def known(self, path: Path, *names: str, origin: str = "") -> dict[int, Thrown]:
        return {int(i): each for i, each in thrown_away(path, names or ("radio",), origin).items()}

    def test_since_when(self, path: Path) -> None:
        run(path, (thrown(), Applied(FileId(9), "acr7")), clock=FakeClock(1000.0))
        assert self.known(path) == {9: Thrown(2, 1000.0)}

    @pytest.mark.parametrize(
        ("outcome", "is_known"),
        [(None, True), (Unknown("x"), True), (Failed("422"), False), (Stale("x", None), False)],
        ids=str,
    )
    def test_also_what_nobody_saw_arrive(
        self, path: Path, outcome: Outcome | None, is_known: bool
    ) -> None:
        run(path, (thrown(), outcome), clock=FakeClock(1000.0))
        assert self.known(path) == ({7: Thrown(2, 1000.0)} if is_known else {})

    def test_by_the_run_that_did_it_and_not_by_the_one_that_found_it_done(self, path: Path) -> None:
        run(path, (thrown(), None), clock=FakeClock(1000.0))
        done = Applied(FileId(7), "acr7", already=True)
        run(path, (thrown(), done), clock=FakeClock(2000.0), name="run-2")
        with Ledger(path, FakeClock(3000.0), "run-3") as ledger:
            ledger.run_began({"catalog": {"name": "radio"}})
            ledger.ended([(thrown(8), replace(done, file_id=FileId(8)))])
        assert self.known(path)[8] == Thrown(2, 3000.0)

    def test_until_it_comes_back(self, path: Path) -> None:
        run(path, (thrown(), DONE), (move(), DONE))
        assert self.known(path) == {}

    def test_until_it_is_seen_outside(self, path: Path) -> None:
        """Somebody has taken it out by hand: when it went in again is not known."""
        run(path, (thrown(), DONE), (update(), None))
        assert self.known(path) == {}

    def test_also_where_it_is_changed_in_there(self, path: Path) -> None:
        run(path, (thrown(), DONE), clock=FakeClock(1000.0))
        inside = replace(update(), bucket="archive", bucket_id=2)
        run(path, (inside, DONE), name="run-2")
        assert self.known(path) == {7: Thrown(2, 1000.0)}

    def test_never_earlier_than_what_stands_before_it(self, path: Path) -> None:
        """A clock that went back makes no file older than it is."""
        run(path, clock=FakeClock(2000.0))
        run(path, (thrown(), DONE), clock=FakeClock(1000.0), name="run-2")
        assert self.known(path) == {7: Thrown(2, 2000.0)}

    def test_and_again_since_it_went_again(self, path: Path) -> None:
        run(path, (thrown(), DONE), (move(), DONE), clock=FakeClock(1000.0))
        run(path, (thrown(), DONE), clock=FakeClock(2000.0), name="run-2")
        assert self.known(path) == {7: Thrown(2, 2000.0)}

    def test_by_this_catalogue_on_this_host(self, path: Path) -> None:
        run(path, (thrown(), DONE), catalog="former")
        assert self.known(path) == {}
        assert self.known(path, "radio", "former", origin="https://elsewhere") == {}
        assert set(self.known(path, "radio", "former")) == {7}

    def test_without_a_ledger_nothing_is_known(self, path: Path) -> None:
        assert self.known(path) == {}
