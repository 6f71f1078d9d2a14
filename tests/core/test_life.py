"""The life of one key: who made each field what it is, and what happened that no apply did."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.core.content import Content, Held
from reconciler.core.life import Life, Live, What, life_of, live_of
from reconciler.core.log import About, Deed, Ending
from reconciler.core.model import (
    Bucket,
    DesiredState,
    File,
    FileId,
    FileState,
    Key,
    LiveBucket,
    LiveState,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ONE, TWO, THREE = (
    Content(title, {"isrc": title[:2], "kept": 1}) for title in ("One", "Two", "Tri")
)
HOST = "https://api.example.com"


@pytest.fixture
def deed() -> Callable[..., Deed]:
    """Makes changes, each by the next run and a minute after the last."""
    numbers = count(1)

    def make(action: str, ending: Ending = Ending.APPLIED, **fields: Any) -> Deed:
        number = next(numbers)
        at = f"2026-03-01T00:{number:02}:00Z"
        by = About(f"run-{number}", at, "radio", HOST, actor=f"actor-{number}")
        if ending is Ending.APPLIED or action != "create":
            fields = {"file_id": FileId(7), "acr_id": "acr7", **fields}
        return Deed(by, number, at, at, f"{action}:x", action,
                    **{"key": Key("a"), "bucket": "spots", "ending": ending, **fields})  # fmt: skip

    return make


def told(life: Life) -> list[tuple[str, list[str]]]:
    return [(str(event.what), [each.name for each in event.fields]) for event in life.events]


def set_by(life: Life) -> dict[str, tuple[str, str | None]]:
    """By field: what made it so, and whose run that was."""
    return {
        known.name: (
            str(known.event.what),
            None if known.event.deed is None else known.event.deed.by.run,
        )
        for known in life.fields
    }


def value(life: Life, name: str) -> Any:
    return next(known.value for known in life.fields if known.name == name)


class TestWhoSetIt:
    def test_each_field_is_the_last_run_s_that_changed_it(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", after=ONE, source="sha256:ab"),
            deed("update", before=ONE, after=TWO),
            deed("move", before=TWO, from_bucket="spots", bucket="archive"),
        ])  # fmt: skip
        assert set_by(life) == {
            "title": ("updated", "run-2"),
            "user_defined.isrc": ("updated", "run-2"),
            "user_defined.kept": ("created", "run-1"),
            "bucket": ("moved", "run-3"),
            "source": ("created", "run-1"),
            "file_id": ("created", "run-1"),
            "acr_id": ("created", "run-1"),
        }
        assert value(life, "user_defined.isrc") == "Tw"
        assert told(life)[1:] == [
            ("updated", ["title", "user_defined.isrc"]), ("moved", ["bucket"]),
        ]  # fmt: skip

    def test_what_was_there_before_the_ledger_nobody_is_known_to_have_set(
        self, deed: Callable[..., Deed]
    ) -> None:
        life = life_of([deed("update", before=ONE, after=TWO)])
        assert set_by(life)["user_defined.kept"] == ("first seen", None)
        assert set_by(life)["title"] == ("updated", "run-1")

    def test_a_replaced_file_keeps_who_set_what_went_on(self, deed: Callable[..., Deed]) -> None:
        new = {"file_id": FileId(9), "acr_id": "acr9"}
        life = life_of([
            deed("create", after=ONE, source="sha256:ab"),
            deed("create", after=ONE, source="sha256:cd", replaces=FileId(7), **new),
            deed("delete", before=ONE, after_change="create:a"),
        ])  # fmt: skip
        assert set_by(life)["title"] == ("created", "run-1")
        assert set_by(life)["acr_id"] == ("replaced", "run-2")
        assert told(life)[1:] == [
            ("replaced", ["source", "file_id", "acr_id"]), ("another file of it", []),
        ]  # fmt: skip

    def test_a_renamed_one_says_from_which_key(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", after=ONE, key=Key("old")), deed("update", before=ONE, after=TWO),
        ])  # fmt: skip
        (renamed,) = [each for each in life.events[1].fields if each.name == "key"]
        assert (renamed.before, renamed.after) == (Held("old"), Held("a"))
        assert life.key == "a"

    def test_where_its_file_went_on_under_another_key_it_is_not_gone(
        self, deed: Callable[..., Deed]
    ) -> None:
        life = life_of([
            deed("create", after=ONE),
            deed("update", before=ONE, after=TWO, key=Key("b")),
            deed("create", after=THREE, file_id=FileId(8), acr_id="acr8"),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == ["created", "updated", "created"]
        assert (life.key, value(life, "title"), value(life, "file_id")) == ("a", "Tri", 8)

    def test_of_a_key_that_another_s_file_took_over_each_file_has_its_own_past(
        self, deed: Callable[..., Deed]
    ) -> None:
        other = {"file_id": FileId(8), "acr_id": "acr8"}
        life = life_of([
            deed("create", after=ONE, source="sha256:ab"),
            deed("create", after=TWO, source="sha256:cd", key=Key("b"), **other),
            deed("delete", before=ONE),
            deed("update", before=TWO, after=THREE, **other),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == ["created", "created", "deleted", "updated"]
        assert told(life)[-1] == ("updated", ["title", "user_defined.isrc", "key"])
        assert set_by(life)["title"] == ("updated", "run-4")
        assert set_by(life)["source"] == ("created", "run-2")
        assert (life.key, value(life, "file_id")) == ("a", 8)

    def test_a_value_that_was_removed_is_not_there(self, deed: Callable[..., Deed]) -> None:
        bare = Content("One", {"isrc": "On"})
        life = life_of([deed("create", after=ONE), deed("update", before=ONE, after=bare)])
        assert "user_defined.kept" not in set_by(life)
        (change,) = life.events[1].fields
        assert (change.name, change.before, change.after) == ("user_defined.kept", Held(1), None)

    def test_true_is_not_1(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", after=Content("x", {"n": 1})),
            deed("update", before=Content("x", {"n": 1}), after=Content("x", {"n": True})),
        ])  # fmt: skip
        assert told(life)[1] == ("updated", ["user_defined.n"])


class TestWhatNoApplyDid:
    def test_is_told_with_the_times_between_which_it_was(self, deed: Callable[..., Deed]) -> None:
        life = life_of([deed("create", after=ONE), deed("update", before=TWO, after=THREE)])
        outside = life.events[1]
        assert (outside.what, outside.since, outside.at, outside.deed) == (
            What.OUTSIDE, "2026-03-01T00:01:00Z", "2026-03-01T00:02:00Z", None,
        )  # fmt: skip
        title, isrc = outside.fields
        assert (title.before, title.after) == (Held("One"), Held("Two"))
        assert isrc.name == "user_defined.isrc"
        assert told(life)[2] == ("updated", ["title", "user_defined.isrc"])

    def test_is_seen_by_a_change_that_was_stale(self, deed: Callable[..., Deed]) -> None:
        stale = (
            deed("create", after=ONE),
            deed("update", Ending.STALE, before=ONE, after=THREE, live=TWO),
        )
        life = life_of(stale)
        assert [what for what, _ in told(life)] == ["created", "changed outside", "attempted"]
        assert set_by(life)["title"] == ("changed outside", None)
        assert value(life, "title") == "Two"

    def test_a_file_that_went_away(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", after=ONE), deed("create", after=ONE, file_id=FileId(8), acr_id="acr8"),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == ["created", "gone", "created"]
        assert set_by(life)["title"] == ("created", "run-2")

    def test_is_found_by_looking_at_what_is_live(self, deed: Callable[..., Deed]) -> None:
        deeds = [deed("create", after=ONE)]
        now = "2027-01-01T00:00:00+00:00"
        life = life_of(deeds, Live(now, {"title": "Two", "user_defined.isrc": "On"}))
        assert told(life)[1] == ("changed outside", ["title", "user_defined.kept"])
        assert told(life_of(deeds, Live(now, None)))[1] == ("gone", [])


class TestAttempts:
    @pytest.mark.parametrize("ending", [Ending.FAILED, Ending.STALE])
    def test_that_changed_nothing(self, deed: Callable[..., Deed], ending: Ending) -> None:
        life = life_of([deed("create", after=ONE), deed("update", ending, before=ONE, after=TWO)])
        assert value(life, "title") == "One"
        assert told(life)[1] == ("attempted", [])

    @pytest.mark.parametrize("ending", [Ending.UNKNOWN, Ending.OPEN])
    def test_that_were_done_after_all_are_theirs(
        self, deed: Callable[..., Deed], ending: Ending
    ) -> None:
        life = life_of([
            deed("create", after=ONE),
            deed("update", ending, before=ONE, after=TWO),
            deed("update", before=TWO, after=THREE),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == [
            "created", "attempted", "done after all", "updated",
        ]  # fmt: skip
        done = life.events[2]
        assert done.deed is not None
        assert done.deed.by.run == "run-2"

    def test_a_create_that_was_killed_is_found_done(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", Ending.OPEN, after=ONE), deed("create", after=ONE, already=True),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == ["attempted", "done after all", "found done"]
        assert set_by(life)["file_id"] == ("done after all", "run-1")

    def test_a_delete_that_was_killed_is_found_done(self, deed: Callable[..., Deed]) -> None:
        life = life_of([
            deed("create", after=ONE),
            deed("delete", Ending.UNKNOWN, before=ONE),
            deed("delete", before=ONE, already=True),
        ])  # fmt: skip
        assert [what for what, _ in told(life)] == [
            "created", "attempted", "done after all", "found done",
        ]  # fmt: skip
        assert life.fields == ()


class TestTheEnd:
    def test_nothing_is_known_of_what_was_deleted(self, deed: Callable[..., Deed]) -> None:
        life = life_of([deed("create", after=ONE), deed("delete", before=TWO)])
        assert life.fields == ()
        assert [what for what, _ in told(life)] == ["created", "changed outside", "deleted"]

    def test_a_duplicate_that_was_deleted_is_another_file(self, deed: Callable[..., Deed]) -> None:
        other = {"file_id": FileId(8), "acr_id": "acr8", "keeps": FileId(7)}
        life = life_of([deed("create", after=ONE), deed("delete", before=TWO, **other)])
        assert told(life)[1] == ("another file of it", [])
        assert value(life, "title") == "One"

    def test_where_the_known_one_was_the_duplicate_the_other_goes_on(
        self, deed: Callable[..., Deed]
    ) -> None:
        life = life_of([
            deed("create", after=ONE), deed("delete", before=ONE, keeps=FileId(8)),
        ])  # fmt: skip
        assert value(life, "file_id") == 8


class TestATrash:
    """A move into another bucket, which keeps the file's id; and, later on, a purge."""

    def test_a_file_that_is_in_it_is_known_until_it_is_purged(
        self, deed: Callable[..., Deed]
    ) -> None:
        deeds = [
            deed("create", after=ONE),
            deed("move", before=ONE, from_bucket="spots", bucket="bin"),
        ]
        assert value(life_of(deeds), "bucket") == "bin"
        purged = deed("delete", before=ONE, bucket="bin", key=None)
        life = life_of([*deeds, replace(purged, by=replace(purged.by, purge="2026-02-01"))])
        assert [what for what, _ in told(life)] == ["created", "moved", "deleted"]
        assert life.fields == ()

    def test_of_a_key_that_has_a_file_again_it_takes_the_old_one_alone(
        self, deed: Callable[..., Deed]
    ) -> None:
        new = {"file_id": FileId(8), "acr_id": "acr8"}
        deeds = [
            deed("create", after=ONE),
            deed("create", after=TWO, replaces=FileId(7), **new),
            deed("move", before=ONE, from_bucket="spots", bucket="bin", after_change="create:a"),
        ]
        assert told(life_of(deeds))[2] == ("another file of it", [])
        purged = deed("delete", before=ONE, bucket="bin")
        life = life_of([*deeds, replace(purged, by=replace(purged.by, purge="2026-02-01"))])
        assert told(life)[3] == ("another file of it", [])
        assert (value(life, "file_id"), value(life, "bucket")) == (8, "spots")


class TestLive:
    def file(self, **fields: Any) -> File:
        told = {"title": "One", "user_defined": {"isrc": "On", "kept": 1, "played_duration": 5}}
        return File(FileId(7), "acr7", "spots", **{**told, "state": FileState.READY, **fields})

    def state(self, *files: File, origin: str = HOST) -> LiveState:
        return LiveState(origin, {"spots": LiveBucket(1, files)})

    @pytest.fixture
    def desired(self) -> DesiredState:
        return DesiredState("radio", "sha256:0", HOST, {"spots": Bucket("spots", 1)}, {}, {})

    def test_is_compared_without_ignored_keys(
        self, deed: Callable[..., Deed], desired: DesiredState
    ) -> None:
        deeds = [deed("create", after=ONE)]
        live = live_of(life_of(deeds), desired, self.state(self.file()), "now")
        assert told(life_of(deeds, live)) == told(life_of(deeds))

    def test_is_not_there(self, deed: Callable[..., Deed], desired: DesiredState) -> None:
        life = life_of([deed("create", after=ONE)])
        assert live_of(life, desired, self.state(), "now") == Live("now", None)
        another = replace(self.file(), id=FileId(6))
        found = live_of(life, desired, self.state(another, self.file()), "now")
        assert found is not None
        assert found.state is not None

    def test_of_another_host_says_nothing(
        self, deed: Callable[..., Deed], desired: DesiredState
    ) -> None:
        life = life_of([deed("create", after=ONE)])
        assert live_of(life, desired, self.state(origin="https://other"), "now") is None


class TestWhatIsOnlySeen:
    def test_nothing_is_gone_where_nothing_was(self, deed: Callable[..., Deed]) -> None:
        deeds = [deed("create", after=ONE), deed("delete", before=ONE)]
        assert told(life_of(deeds, Live("2026-03-02T00:00:00Z", None)))[-1] == ("deleted", [])

    def test_a_delete_that_was_found_done_of_what_nobody_knew(
        self, deed: Callable[..., Deed]
    ) -> None:
        assert told(life_of([deed("delete", before=ONE, already=True)])) == [("found done", [])]

    def test_an_upload_does_not_explain_what_is_all_another(
        self, deed: Callable[..., Deed]
    ) -> None:
        deeds = [
            deed("create", Ending.UNKNOWN, after=ONE),
            deed("update", before=Content("Z", {"z": 1}), after=TWO, bucket="archive"),
        ]
        whats = [what for what, _ in told(life_of(deeds))]
        assert whats == ["attempted", "changed outside", "updated"]

    def test_an_update_explains_what_it_took_away(self, deed: Callable[..., Deed]) -> None:
        bare = Content("One", {"isrc": "On"})
        deeds = [
            deed("create", after=ONE),
            deed("update", Ending.UNKNOWN, before=ONE, after=bare),
            deed("update", before=bare, after=TWO),
        ]
        assert ("done after all", ["user_defined.kept"]) in told(life_of(deeds))
