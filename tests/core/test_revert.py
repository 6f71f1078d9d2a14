"""The way back: what a run did is taken back where it still stands, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.core.aim import plan_towards
from reconciler.core.model import FileId, Key
from reconciler.core.plan import Change, Create, Options, Plan, Revert, Update
from reconciler.core.planner import make_plan
from reconciler.core.revert.aiming import reverted
from reconciler.core.revert.images import Image, Past, RunOf
from tests.core.scenario import change_line, given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.core.model import DesiredState, LiveState

RUN = RunOf("run-1", "radio", "https://api-v2.acrcloud.com/api", "2025-03-04T09:12:44Z", "alice")
LATER = replace(RUN, id="run-2", actor="bob", commit="0123456789abcdef")


def images(
    changes: Iterable[Change], run: RunOf = RUN, first: int = 1, made: dict[str, int] | None = None
) -> tuple[Image, ...]:
    """That these were done; `made`: by each create, its file."""
    found = []
    for seq, change in enumerate(changes, first):
        if isinstance(change, Create):
            file_id = (made or {}).get(change.id, 100)
            found.append(Image(change, run, seq, FileId(file_id), f"acr{file_id}"))
        else:
            found.append(Image(change, run, seq, change.file_id, change.acr_id))
    return tuple(found)


def applied(before: str) -> tuple[Change, ...]:
    """What a run did, to whom this was what should be, and what there was."""
    return make_plan(*given(before), Options()).changes


def way_back(
    done: str | Past, now: str | tuple[DesiredState, LiveState], keys: tuple[str, ...] = ()
) -> Plan:
    """The plan that takes back what a run did, where this is what should be and is now."""
    past = Past(RUN, images(applied(done))) if isinstance(done, str) else done
    desired, live = given(now) if isinstance(now, str) else now
    named = tuple(map(Key, keys))
    way = Revert(RUN.id, named)
    return plan_towards(reverted(desired, live, past, named), live, Options(way=way))


def changes(plan: Plan) -> list[str]:
    return [change_line(change) for change in plan.changes]


def notes(plan: Plan) -> list[str]:
    return [f"{note.fact} {note.key}: {note.message}" for note in plan.notes]


UPDATED = "entry a spots s1 title=New x=2 y=2 \n file 7 spots a s1 title=Old x=1 z=1"
NOW = "entry a spots s1 title=New x=2 y=2 \n"
LIVE = "file 7 spots a s1 title=New x=2 y=2"


class TestAnUpdate:
    def test_is_taken_back_field_by_field(self) -> None:
        plan = way_back(UPDATED, NOW + "file 7 spots a s1 title=New x=2 y=2")
        (update,) = plan.changes
        assert isinstance(update, Update)
        assert update.after.title == "Old"
        assert {k: v for k, v in update.after.user_defined.items() if len(k) == 1} == {
            "x": 1,
            "z": 1,
        }
        assert update.reason == "run run-1 is taken back"

    def test_that_is_back_already_needs_nothing(self) -> None:
        plan = way_back(UPDATED, NOW + "file 7 spots a s1 title=Old x=1 z=1")
        assert changes(plan) == []
        assert plan.notes == ()

    def test_leaves_what_others_changed_since(self) -> None:
        plan = way_back(UPDATED, NOW + "file 7 spots a s1 title=Third x=2 y=2 other=5")
        assert changes(plan) == ["update 7 in spots: x,y,z"]
        said = notes(plan)[0]
        assert said.startswith('changed since a: title is now "Third", by hand, or by what is not')

    def test_leaves_what_the_run_did_not_touch_as_it_is_live(self) -> None:
        plan = way_back(UPDATED, "entry a spots s1 w=1 \n file 7 spots a s1 title=New x=2 y=2 v=9")
        (update,) = plan.changes
        assert isinstance(update, Update)
        assert update.after.user_defined["v"] == 9
        assert "w" not in update.after.user_defined

    def test_says_who_changed_it_since(self) -> None:
        later = applied(
            "entry a spots s1 title=Third x=2 y=2 \n file 7 spots a s1 title=New x=2 y=2"
        )
        past = Past(RUN, images(applied(UPDATED)), images(later, LATER, 50))
        plan = way_back(past, NOW + "file 7 spots a s1 title=Third x=2 y=2")
        assert 'title is now "Third", by run run-2 (bob, ' in notes(plan)[0]
        assert "commit 0123456789ab)" in notes(plan)[0]

    def test_of_a_key_that_is_not_meant_stays(self) -> None:
        assert changes(way_back(UPDATED, NOW + "file 7 spots a s1 title=New x=2 y=2", ("b",))) == []

    def test_is_found_by_its_acr_id_where_its_id_is_another(self) -> None:
        plan = way_back(UPDATED, NOW + "file 8 spots a s1 title=New x=2 y=2 acr=7")
        assert changes(plan) == ["update 8 in spots: title,x,y,z"]

    @pytest.mark.parametrize(
        ("file", "said"),
        [
            ("", "its file is no longer there"),
            ("file 9 spots a s1", "its file is no longer there; file 9 carries its mark now"),
            ("file 7 spots b s1", "its file carries the mark of the entry b now"),
            ("file 7 spots other/a s1", "its file is now another catalogue's"),
            ("file 7 spots - s1", "its file no longer carries its mark"),
            ("file 7 spots opaque", "its user_defined cannot be read as an object now"),
            ("file 7 spots a s1 \n file 8 spots a s1", "2 files carry its mark now (7, 8)"),
        ],
    )
    def test_of_a_file_that_is_another_now_is_left(self, file: str, said: str) -> None:
        plan = way_back(UPDATED, NOW + file)
        assert changes(plan) == []
        assert said in notes(plan)[0]

    def test_of_marks_alone_stays_and_is_said(self) -> None:
        adopting = (
            "catalog adopt=title \n entry a spots s1 title=T x=1 \n file 7 spots - title=T x=1"
        )
        assert [change_line(c) for c in applied(adopting)] == [
            "update 7 in spots: catalog_key,catalog_source"
        ]
        plan = way_back(adopting, "entry a spots s1 title=T x=1 \n file 7 spots a s1 title=T x=1")
        assert changes(plan) == []
        assert notes(plan) == [
            "mark stays a: its mark stays as the run wrote it: catalog_key, catalog_source"
        ]

    def test_leaves_the_mark_of_today(self) -> None:
        now = "catalog former=old \n entry a spots s1 protect \n "
        now += "file 7 spots old/a s1 title=New x=2 y=2"
        (update,) = way_back(UPDATED, now).changes
        assert isinstance(update, Update)
        assert update.after.user_defined["catalog_key"] == "old/a"
        assert "catalog_protect" not in update.after.user_defined

    def test_whose_end_is_not_known_is_judged_by_what_is_live(self) -> None:
        (image,) = images(applied(UPDATED))
        past = Past(RUN, (replace(image, is_sure=False),))
        done, undone = "title=New x=2 y=2", "title=Old x=1 z=1"
        assert changes(way_back(past, NOW + f"file 7 spots a s1 {done}")) != []
        assert changes(way_back(past, NOW + f"file 7 spots a s1 {undone}")) == []
        assert changes(way_back(past, NOW + "file 7 spots a s1 title=Third x=2 y=2")) == []


MOVED = "entry a archive s1 x=2 \n file 7 spots a s1 x=1"


class TestAMove:
    def test_is_taken_back_with_its_update(self) -> None:
        plan = way_back(MOVED, "entry a archive s1 x=2 \n file 7 archive a s1 x=2")
        assert changes(plan) == [
            "move 7 archive > spots",
            "update 7 in spots: x after move:7",
        ]

    def test_on_is_left(self) -> None:
        three = "bucket spots 1 \n bucket archive 2 \n bucket news 3 \n"
        onward = applied(three + "entry a news s1 x=2 \n file 7 archive a s1 x=2")
        past = Past(RUN, images(applied(three + MOVED)), images(onward, LATER, 50))
        plan = way_back(past, three + "entry a news s1 x=2 \n file 7 news a s1 x=2")
        assert changes(plan) == ["update 7 in news: x"]
        assert notes(plan)[0].startswith("changed since a: it was moved to news, by run run-2 (bob")

    def test_out_of_a_bucket_that_is_not_declared_any_more_is_said(self) -> None:
        plan = way_back(
            MOVED, "bucket archive 2 \n entry a archive s1 x=2 \n file 7 archive a s1 x=2"
        )
        assert changes(plan) == ["update 7 in archive: x"]
        assert "it was in spots (1), which the catalogue no longer declares" in notes(plan)[0]

    def test_to_a_bucket_that_has_another_name_now_is_taken_back(self) -> None:
        buckets = "bucket first 1 \n bucket archive 2 \n "
        now = buckets + "entry a archive s1 x=1 \n file 7 archive a s1 x=1"
        done = "entry a archive s1 x=1 \n file 7 spots a s1 x=1"
        assert changes(way_back(done, now)) == ["move 7 archive > first"]


CREATED = "entry a spots s1 x=1"


class TestACreate:
    def test_is_taken_back(self) -> None:
        plan = way_back(CREATED, "entry a spots s1 x=1 \n file 100 spots a s1 x=1")
        assert changes(plan) == ["delete 100 in spots"]

    @pytest.mark.parametrize("file", ["spots a s1 x=2", "spots a s1 x=1 y=1", "archive a s1 x=1"])
    def test_of_what_was_changed_since_is_left(self, file: str) -> None:
        plan = way_back(CREATED, f"entry a spots s1 x=1 \n file 100 {file}")
        assert changes(plan) == []
        assert "changed since a: it is not deleted: " in notes(plan)[0]

    def test_of_a_protected_file_is_refused(self) -> None:
        plan = way_back(CREATED, "entry b spots s2 \n file 100 spots a s1 x=1 protect")
        assert [violation.rule for violation in plan.violations] == ["protected"]

    def test_whose_answer_never_came_is_found_by_its_mark_and_source(self) -> None:
        (image,) = images(applied(CREATED))
        past = Past(RUN, (replace(image, file_id=None, acr_id="", is_sure=False),))
        now = "entry a spots s1 x=1 \n file 9 spots a s1 x=1"
        assert changes(way_back(past, now)) == ["delete 9 in spots"]
        made_later = images(applied(CREATED), LATER, 50)
        assert changes(way_back(replace(past, later=made_later), now)) == []


DELETED = "file 7 spots a s1 x=1"


class TestADelete:
    def test_comes_back_from_the_source_of_the_catalogue(self) -> None:
        plan = way_back(DELETED, "entry a spots s1 x=2")
        (create,) = plan.changes
        assert isinstance(create, Create)
        assert create.after.user_defined["x"] == 1
        assert notes(plan) == [
            "lost a: its acr_id acr7 does not come back: the new file gets another"
        ]

    def test_comes_back_from_another_entrys_source(self) -> None:
        plan = way_back(DELETED, "entry b spots s1 \n file 8 spots b s1")
        assert changes(plan) == ["create a in spots"]
        assert "catalogue None: it still says what the run did to a" in notes(plan)[-1]

    @pytest.mark.parametrize("now", ["", "entry a spots s2", "absent a"])
    def test_whose_audio_is_gone_is_lost(self, now: str) -> None:
        plan = way_back(DELETED, now)
        assert changes(plan) == []
        assert "lost a: the audio of sha256:0000000000000001 is gone" in notes(plan)[0]

    def test_of_what_says_not_what_it_was_made_from_is_lost(self) -> None:
        plan = way_back("file 7 spots a x=1", "entry a spots s1")
        assert "lost a: what its old file was made from is not known" in notes(plan)[0]

    def test_of_what_is_there_again_is_left(self) -> None:
        plan = way_back(DELETED, "entry a spots s1 x=2 \n file 9 spots a s1 x=2")
        assert changes(plan) == []
        assert "there is a file with its mark" in notes(plan)[0]

    def test_takes_no_file_of_another_key(self) -> None:
        plan = way_back(DELETED, "entry a spots s1 x=2 \n file 9 spots z s1 x=2")
        assert changes(plan) == []
        assert "made from the same is what no entry has (file 9)" in notes(plan)[0]

    def test_of_an_unmarked_file_and_of_a_duplicate_are_said(self) -> None:
        done = """
            bucket spots 1 prune=all
            entry a spots s1
            file 6 spots -
            file 7 spots a s1
            file 8 spots a s1
        """
        plan = way_back(done, "entry a spots s1 \n file 7 spots a s1")
        assert changes(plan) == []
        assert sorted(notes(plan)) == [
            "lost None: file 6 was deleted (it carried no mark), and does not come back",
            "lost a: file 8 was deleted (a duplicate, or of a former key), and does not come back",
        ]


REPLACED = "entry a spots s2 x=2 \n file 7 spots a s1 x=1"


class TestAReplacement:
    def test_gives_back_the_values_where_the_audio_is_gone(self) -> None:
        plan = way_back(REPLACED, "entry a spots s2 x=2 \n file 100 spots a s2 x=2")
        assert changes(plan) == ["update 100 in spots: x"]
        assert "lost a: the audio of sha256:0000000000000001 is gone" in notes(plan)[0]

    def test_gives_back_the_audio_where_that_is_at_hand(self) -> None:
        plan = way_back(REPLACED, "entry a spots s1 x=2 \n file 100 spots a s2 x=2")
        assert changes(plan) == [
            "create a in spots replaces 100 in spots",
            "delete 100 in spots after create:a",
        ]
        assert plan.changes[0].reason == "run run-1 is taken back; the acr_id changes"

    def test_of_what_is_made_from_something_else_since_is_left(self) -> None:
        plan = way_back(REPLACED, "entry a spots s1 x=2 \n file 100 spots a s3 x=2")
        assert changes(plan) == ["update 100 in spots: x"]
        assert "changed since a: what it is made from is another since" in notes(plan)[0]

    def test_without_its_delete_is_left(self) -> None:
        past = Past(RUN, images(applied(REPLACED)[:1]))
        plan = way_back(past, "entry a spots s2 x=2 \n file 100 spots a s2 x=2")
        assert changes(plan) == []
        assert "the run made it beside file 7, which it did not delete" in notes(plan)[0]

    def test_says_of_the_others_that_went_that_they_do_not_come_back(self) -> None:
        done = "entry a spots s1 \n file 6 spots a s2 \n file 7 spots a s3"
        plan = way_back(done, "entry a spots s1 \n file 100 spots a s1")
        assert notes(plan)[1] == (
            "lost a: file 7 was deleted (a duplicate, or of a former key), and does not come back"
        )


BIN = "bucket spots 1 trash=bin \n bucket bin 3 \n"


class TestWithATrash:
    CHANGED_PLACES = BIN + "entry a spots s1 \n file 6 spots a s2 \n file 7 bin a s1"

    def test_files_that_changed_places_change_them_again(self) -> None:
        assert [change_line(change) for change in applied(self.CHANGED_PLACES)] == [
            "move 7 bin > spots",
            "move 6 spots > bin (trash) keeps 7 in 1",
        ]
        now = BIN + "entry a spots s1 \n file 6 bin a s2 \n file 7 spots a s1"
        plan = way_back(self.CHANGED_PLACES, now)
        assert changes(plan) == [
            "move 6 bin > spots",
            "move 7 spots > bin (trash) keeps 6 in 1",
        ]
        assert [note.fact for note in plan.notes] == ["catalogue"]

    def test_a_key_is_not_left_without_the_file_that_it_has(self) -> None:
        two = BIN + "bucket archive 2 \n entry a spots s1 \n "
        done = two + "file 6 archive a s2 \n file 7 bin a s1"
        plan = way_back(done, two + "file 7 spots a s1")
        assert changes(plan) == []
        assert sorted(notes(plan)) == [
            "lost a: file 6 was deleted (a duplicate, or of a former key), and does not come back",
            "lost a: it came out of bin in the place of what is gone: it stays",
        ]

    REPLACED = BIN + "entry a spots s1 title=New \n file 6 spots a s2 title=Old"
    NOW = BIN + "entry a spots s1 title=New \n file 100 spots a s1 title=New \n "

    def test_a_replaced_file_that_is_not_ready_stays_there(self) -> None:
        plan = way_back(self.REPLACED, self.NOW + "file 6 bin a s2 title=Old broken")
        assert changes(plan) == ["update 100 in spots: title"]
        assert "lost a: the audio of sha256:0000000000000002 is gone" in notes(plan)[0]

    def test_a_replaced_file_whose_title_was_changed_there_stays_so(self) -> None:
        plan = way_back(self.REPLACED, self.NOW + "file 6 bin a s2 title=Hand")
        assert changes(plan) == ["update 100 in spots: title"]
        assert "changed since a: file 6, which it replaced, was changed in the tr" in notes(plan)[0]

    def test_what_was_thrown_away_since_is_left(self) -> None:
        done = BIN + "entry a spots s1 title=New \n file 6 spots a s1 title=Old"
        plan = way_back(done, BIN + "absent a \n file 6 bin a s1 title=New")
        assert changes(plan) == []
        assert notes(plan)[0].startswith("changed since a: it was moved to bin, by hand, or by")


class TestTheCatalogue:
    def test_that_says_so_still_is_named_with_its_commit(self) -> None:
        past = Past(LATER, images(applied(UPDATED), LATER))
        said = notes(way_back(past, NOW + "file 7 spots a s1 title=New x=2 y=2"))
        assert said == [
            "catalogue None: it still says what the run did to a, so that its next plan would do "
            "that again. Take it back there too: `git revert 0123456789abcdef`, or after the apply "
            "`reconciler pull a`, which writes into the catalogue what is live"
        ]

    def test_that_was_not_as_committed_is_not_taken_back_by_that_commit(self) -> None:
        run = replace(LATER, dirty=True)
        past = Past(run, images(applied(UPDATED), run))
        (said,) = notes(way_back(past, NOW + "file 7 spots a s1 title=New x=2 y=2"))
        assert "git revert" not in said
        assert "Take it back there too: after the apply `reconciler pull a`, which" in said

    def test_that_has_other_audio_is_changed_by_hand(self) -> None:
        now = "entry a spots s2 x=2 \n entry b spots s1 \n file 8 spots b s1 \n"
        (*_, said) = notes(way_back(REPLACED, now + "file 100 spots a s2 x=2"))
        assert said.startswith("catalogue None: it still says what the run did to a, so")
        assert said.endswith("Take it back there too: a by hand")

    def test_that_lacks_what_comes_back_is_changed_by_hand(self) -> None:
        (*_, said) = notes(way_back(DELETED, "entry b spots s1 \n file 8 spots b s1"))
        assert said.endswith("Take it back there too: a by hand")

    def test_names_apart_what_pull_takes(self) -> None:
        done = UPDATED + " \n entry n spots s9"
        now = NOW + "entry n spots s9 \n file 7 spots a s1 title=New x=2 y=2 \n file 100 spots n s9"
        (*_, said) = notes(way_back(done, now))
        assert "what the run did to a, n, so that" in said
        assert said.endswith(
            "Take it back there too: after the apply `reconciler pull a`, which writes into the "
            "catalogue what is live; n by hand"
        )

    @pytest.mark.parametrize(
        ("done", "now"),
        [
            (CREATED, "entry b spots s1 x=1 was=a \n file 100 spots a s1 x=1"),
            (UPDATED, NOW.replace("entry a spots", "entry b spots was=a") + LIVE),
        ],
    )
    def test_that_has_the_key_by_another_name_is_named_by_that(self, done: str, now: str) -> None:
        (note,) = way_back(done, now).notes
        assert note.message.startswith("it still says what the run did to b, so that")

    def test_that_says_it_otherwise_already_is_not(self) -> None:
        now = "entry a spots s1 title=Old x=1 z=1 \n file 7 spots a s1 title=New x=2 y=2"
        assert notes(way_back(UPDATED, now)) == []


BACK = BIN + "entry a spots s1 title=T \n file 7 bin a s1 title=T"
"""A run that brings file 7 back out of the trash."""


class TestWhatCameOutOfATrash:
    def test_goes_in_again(self) -> None:
        plan = way_back(BACK, BIN + "entry a spots s1 title=T \n file 7 spots a s1 title=T")
        assert changes(plan) == ["move 7 spots > bin (trash)"]

    def test_and_lies_there_again_needs_nothing(self) -> None:
        plan = way_back(BACK, BIN + "absent a \n file 7 bin a s1 title=T")
        assert (changes(plan), plan.notes[:-1]) == ([], ())

    @pytest.mark.parametrize(
        ("now", "said"),
        [
            (
                "bucket archive 2 \n entry a archive s1 \n file 7 archive a s1",
                "changed since a: it was moved to archive, by hand, or by what is not on this",
            ),
            (
                "bucket other 4 \n entry a spots s1 \n file 7 spots a s1",
                "lost a: it came out of bin, and spots does not throw away into that: it stays",
            ),
        ],
    )
    def test_and_is_elsewhere_now_stays(self, now: str, said: str) -> None:
        buckets = BIN if "other" not in now else BIN.replace("bin \n bucket", "other \n bucket", 1)
        used = "" if "other" not in now else "bucket third 5 trash=bin \n "
        plan = way_back(BACK, buckets + used + now)
        assert changes(plan) == []
        assert [text for text in notes(plan) if text.startswith(said)]

    def test_in_the_place_of_what_was_deleted_for_good_stays(self) -> None:
        done = (
            "bucket spots 1 \n bucket archive 2 trash=bin \n bucket bin 3 \n entry a spots s1 \n "
        )
        went = applied(done + "file 6 spots a s2 \n file 7 bin a s1")
        assert [change_line(each) for each in went] == [
            "move 7 bin > spots",
            "delete 6 in spots keeps 7 in 1",
        ]
        plan = way_back(Past(RUN, images(went)), done + "file 7 spots a s1")
        assert changes(plan) == []
        assert any("in the place of what is gone: it stays" in text for text in notes(plan))

    def test_broken_stays_in_the_trash(self) -> None:
        thrown = BIN + "file 7 spots a s1 title=T"
        plan = way_back(thrown, BIN + "file 7 bin a s1 title=T broken")
        assert changes(plan) == []
        assert "lost a: it is broken, and stays in the trash" in notes(plan)


class TestWhatIsNotSure:
    """Changes of which the ledger does not say how they ended."""

    @pytest.mark.parametrize(
        ("done", "undone", "as_done"),
        [
            (MOVED, "file 7 spots a s1 x=1", "file 7 archive a s1 x=2"),
            (DELETED, "file 7 spots a s1 x=1", "entry b spots s1 \n file 8 spots b s1"),
        ],
    )
    def test_are_taken_back_where_they_show(self, done: str, undone: str, as_done: str) -> None:
        past = Past(RUN, tuple(replace(each, is_sure=False) for each in images(applied(done))))
        entry = "entry a archive s1 x=2 \n" if done is MOVED else ""
        assert changes(way_back(past, entry + undone)) == []
        assert changes(way_back(past, entry + as_done)) != []

    def test_a_delete_that_a_later_run_did_is_not_its_own(self) -> None:
        (image,) = images(applied(DELETED))
        later = images(applied(DELETED), LATER, 50)
        past = Past(RUN, (replace(image, is_sure=False),), later)
        assert changes(way_back(past, "entry a spots s1")) == []

    def test_what_cannot_be_read_shows_nothing(self) -> None:
        (image,) = images(applied(UPDATED))
        past = Past(RUN, (replace(image, is_sure=False),))
        assert changes(way_back(past, NOW + "file 7 spots opaque")) == []


class TestTheRest:
    def test_a_run_that_changed_two_files_of_a_key(self) -> None:
        other = UPDATED.replace("file 7", "file 8")
        past = Past(RUN, (*images(applied(UPDATED)), *images(applied(other), first=9)))
        plan = way_back(past, NOW + "file 7 spots a s1 title=New x=2 y=2")
        assert changes(plan) == []
        assert "lost a: the run changed several files of it: which one is meant?" in notes(plan)

    def test_what_it_made_and_deleted_again_is_as_before(self) -> None:
        made = images(applied(CREATED))
        gone = images(applied("file 100 spots a s1 x=1"), first=9)
        plan = way_back(Past(RUN, (*made, *gone)), "entry b spots s2 \n file 9 spots b s2")
        assert changes(plan) == []

    def test_of_a_duplicate_whose_key_is_not_meant_nothing_is_said(self) -> None:
        done = "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1"
        assert way_back(done, "entry a spots s1 \n file 7 spots a s1", ("b",)).notes == ()

    def test_a_delete_in_a_bucket_that_is_not_declared_any_more_is_lost(self) -> None:
        plan = way_back(DELETED, "bucket archive 2 \n entry a archive s1")
        assert changes(plan) == []
        assert "lost a: it was in spots (1), which the catalogue no longer declares" in notes(plan)

    @pytest.mark.parametrize(
        ("mark", "expected", "said"),
        [
            (
                "s1 x=1",
                ["create a in spots replaces 7 in archive", "delete 7 in archive after create:a"],
                "",
            ),
            ("s3 x=1", [], "lost a: spots is in another region, and its audio is gone"),
            ("x=1", [], "lost a: spots is in another region, and its audio is gone"),
        ],
    )
    def test_a_move_between_what_are_two_regions_now(
        self, mark: str, expected: list[str], said: str
    ) -> None:
        done = f"entry a archive {mark} \n file 7 spots a {mark}"
        regions = "bucket spots 1 region=eu \n bucket archive 2 region=us \n"
        plan = way_back(done, f"{regions} entry a archive s1 x=1 \n file 7 archive a {mark}")
        assert changes(plan) == expected
        assert said in " ".join(notes(plan))

    def test_a_number_that_became_its_text_is_the_same(self) -> None:
        done = "catalog compare=strict \n entry a spots s1 x='\"8\"' \n file 7 spots a s1 x=8"
        plan = way_back(done, "entry a spots s1 x=9 \n file 7 spots a s1 x=9")
        assert (changes(plan), plan.notes) == ([], ())

    def test_who_gave_it_a_value_is_no_run_that_only_moved_it(self) -> None:
        moved = applied("entry a archive s1 title=Third \n file 7 spots a s1 title=Third")
        past = Past(RUN, images(applied(UPDATED)), images(moved, LATER, 50))
        plan = way_back(past, NOW + "file 7 spots a s1 title=Third x=2 y=2")
        assert 'title is now "Third", by hand, or by what is not' in notes(plan)[0]

    def test_a_further_file_of_the_key_is_none_of_its_business(self) -> None:
        now = NOW + "file 7 spots a s1 title=New x=2 y=2 \n file 8 archive a s1"
        (note, *_) = way_back(UPDATED, now).notes
        assert note.fact == "changed since"

    def test_a_mark_that_is_to_be_written_is_left(self) -> None:
        now = "catalog former=old \n entry a spots s1 \n file 7 spots old/a s1 title=Old x=1 z=1"
        assert changes(way_back(UPDATED, now)) == []
