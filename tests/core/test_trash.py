"""What lies in a trash: nobody's, until an entry that has no other wants it again."""

from __future__ import annotations

import pytest

from reconciler.core.aim import plan_towards
from reconciler.core.content import Content
from reconciler.core.diff import diff
from reconciler.core.directions import drift_of
from reconciler.core.drift import Direction, LastApplied
from reconciler.core.facts import Expired
from reconciler.core.matching import match
from reconciler.core.model import FileId, Limits
from reconciler.core.outcome import Applied, Stale
from reconciler.core.plan import Move, Options, Rule
from reconciler.core.purge import Purging, Thrown, purge
from reconciler.core.reviewed import standing, within
from reconciler.core.risk import risk_of
from tests.core.scenario import changes_of, facts_of, given, lines, plan_of

BUCKETS = "bucket spots 1 trash=bin \n bucket archive 2 trash=bin \n bucket bin 3 \n"
FAR = "bucket spots 1 region=eu trash=bin \n bucket archive 2 region=eu \n bucket bin 3 region=us\n"
STUCK = (
    "it would go to the trash bin, which is in another region than spots, and no move goes there: "
    "give spots a trash in its own region, or none"
)

COMES_BACK = {
    "none outside: it is misplaced, and keeps its id": (
        "entry a spots s1 \n file 7 bin a s1",
        "misplaced a 7 in the trash",
    ),
    "and drifted, as it is": (
        "entry a spots s1 x=1 \n file 7 bin a s1 x=2",
        "misplaced a 7 in the trash \n drifted a 7 x",
    ),
    "one outside: nothing": ("entry a spots s1 \n file 6 spots a s1 \n file 7 bin a s1", ""),
    "one outside that says nothing of its source: nothing but what it is": (
        "entry a spots s1 \n file 6 spots a \n file 7 bin a s1",
        "drifted a 6 catalog_source marks assumed",
    ),
    "one outside, of another source, and this one of the entry's: they change places": (
        "entry a spots s1 \n file 6 spots a s2 \n file 7 bin a s1",
        "duplicate a 6 keeps 7 \n misplaced a 7 in the trash",
    ),
    "which is not ready: it is made anew": (
        "entry a spots s1 \n file 6 spots a s2 \n file 7 bin a s1 pending",
        "outdated a 6: its source changed",
    ),
    "one outside, and this one says nothing: it is made anew": (
        "entry a spots s1 \n file 6 spots a s2 \n file 7 bin a",
        "outdated a 6: its source changed",
    ),
    "two outside, of which one is right: nothing comes": (
        "entry a spots s1 \n file 5 spots a s2 \n file 6 spots a s1 \n file 7 bin a s1",
        "duplicate a 5 keeps 6",
    ),
    "an entry without a source has whatever it had": (
        "entry a spots \n file 6 bin a s1 \n file 7 bin a s2",
        "misplaced a 7 in the trash",
    ),
    "the last of them, whatever it says of its source": (
        "entry a spots \n file 6 bin a \n file 7 bin a s2",
        "misplaced a 7 in the trash",
    ),
    "of several the one with the entry's own acr_id": (
        "entry a spots acr=6 \n file 6 bin a s1 \n file 7 bin a s1",
        "misplaced a 6 in the trash",
    ),
    "of several the one made from the very source": (
        "entry a spots s1 \n file 6 bin a s1 \n file 7 bin a \n file 8 bin a s2",
        "misplaced a 6 in the trash",
    ),
    "of several the ready one": (
        "entry a spots s1 \n file 6 bin a s1 \n file 7 bin a s1 pending",
        "misplaced a 6 in the trash",
    ),
    "of several the one that was made last": (
        "entry a spots s1 \n file 6 bin a s1 \n file 7 bin a s1",
        "misplaced a 7 in the trash",
    ),
    "a pending one is misplaced and pending": (
        "entry a spots s1 \n file 7 bin a s1 pending",
        "pending a 7 \n misplaced a 7 in the trash",
    ),
    "a broken one never: a new one is made": (
        "entry a spots s1 \n file 7 bin a s1 broken",
        "missing a",
    ),
    "one of another source never: a new one is made": (
        "entry a spots s1 \n file 7 bin a s2",
        "missing a",
    ),
    "and without anything to make one from it is unresolved": (
        "entry a spots \n file 7 bin a s1 broken",
        "unresolved a: it has no file, and no source to make one from",
    ),
    "by a former key": (
        "entry a spots s1 was=b \n file 7 bin b s1",
        "misplaced a 7 in the trash \n drifted a 7 title,catalog_key by WAS",
    ),
    "but not where the file of the former key is outside": (
        "entry a spots s1 was=b \n file 6 spots b s1 \n file 7 bin a s1",
        "drifted a 6 title,catalog_key by WAS",
    ),
    "by its acr_id, also what is nobody's": (
        "entry a spots acr=7 \n file 7 bin - title=T-a",
        "misplaced a 7 in the trash \n drifted a 7 catalog_key by PIN marks",
    ),
    "but not where what has the acr_id is outside, too": (
        "entry a spots acr=7 \n file 6 spots - acr=7 title=T-a \n file 7 bin - title=T-a",
        "drifted a 6 catalog_key by PIN marks",
    ),
    "the acr_id's is another catalogue's: unresolved": (
        "entry a spots s1 acr=7 \n file 7 bin other/a",
        "unresolved a of 7: what has the acr_id acr7 lies in the trash bin, and cannot come back "
        "to this entry: take the acr_id away, or move the file in the console",
    ),
    "the acr_id is nowhere: unresolved": (
        "entry a spots s1 acr=9 \n file 7 bin b s2",
        "unresolved a: no file of the catalogue's buckets has the acr_id acr9",
    ),
    "the mark before the acr_id of another": (
        "entry a spots s1 \n entry b spots s1 acr=7 \n file 7 bin a s1",
        "misplaced a 7 in the trash \n "
        "unresolved b: no file of the catalogue's buckets has the acr_id acr7",
    ),
    "by its source: the entry has a new name": (
        "entry a spots s1 \n file 7 bin b s1",
        "misplaced a 7 in the trash \n drifted a 7 title,catalog_key by SOURCE",
    ),
    "but not one of two": ("entry a spots s1 \n file 6 bin b s1 \n file 7 bin c s1", "missing a"),
    "nor for two": (
        "entry a spots s1 \n entry c spots s1 \n file 7 bin b s1",
        "missing a \n missing c",
    ),
    "nor what an entry had": (
        "entry a spots s1 \n entry b spots s2 \n file 6 spots b s2 \n file 7 bin b s1",
        "missing a",
    ),
    "an orphan outside before that": (
        "entry a spots s1 \n file 6 spots b s1 \n file 7 bin c s1",
        "drifted a 6 title,catalog_key by SOURCE",
    ),
    "never by its title": (
        "catalog adopt=title \n entry a spots s1 title=T \n file 7 bin - title=T",
        "missing a",
    ),
    "an absent entry is satisfied": (
        "absent a acr=8 \n file 7 bin a s1 \n file 8 bin - title=T",
        "",
    ),
    "what is nobody's is no twin": (
        "entry a spots s1 title=T \n file 7 bin - title=T",
        "missing a",
    ),
    "what cannot be read is let alone": ("file 7 bin opaque", ""),
    "what is in a trash out of reach is made anew": (
        FAR + "entry a spots s1 \n file 7 bin a s1",
        "missing a",
    ),
}


@pytest.mark.parametrize(("text", "facts"), COMES_BACK.values(), ids=COMES_BACK)
def test_what_comes_back(text: str, facts: str) -> None:
    said = text if text.startswith("bucket") else BUCKETS + text
    assert facts_of(said) == lines(facts.replace(" \n ", "\n"))


def test_it_is_counted_and_is_not_owned() -> None:
    text = (
        BUCKETS + "entry a spots s1 \n file 6 spots a s1 \n file 7 bin a s2 \n file 8 bin - title=T"
    )
    matching = match(*given(text))
    assert [(key, file.id) for key, file in matching.trashed] == [("a", 7), (None, 8)]
    assert (matching.owned, matching.foreign, matching.orphans) == (1, (), ())
    plan = plan_of(text)
    assert [(note.fact, note.bucket, note.message) for note in plan.notes] == [
        ("trash", "bin", "2 file(s) lie in it; `purge` empties it")
    ]
    assert plan.summary.foreign == 0


INTO_THE_TRASH = {
    "an orphan": ("file 7 spots gone s1", "move 7 spots > bin (trash)"),
    "an absent entry's": (
        "absent gone \n file 7 spots gone s1",
        "move 7 spots > bin (trash)",
    ),
    "a duplicate": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 archive a s1",
        "move 8 archive > bin (trash) keeps 7 in 1",
    ),
    "a replaced one": (
        "entry a spots s2 \n file 7 spots a s1",
        "create a in spots replaces 7 in spots \n move 7 spots > bin (trash) after create:a",
    ),
    "one whose place is taken by what comes back": (
        "entry a archive s1 \n file 7 bin a s1 \n file 8 spots a s2",
        "move 7 bin > archive \n move 8 spots > bin (trash) keeps 7 in 2",
    ),
    "what is pruned": (
        "bucket news 4 prune=all trash=bin \n file 7 news - title=T",
        "move 7 news > bin (trash)",
    ),
    "but not in a bucket that has none": (
        "bucket news 4 \n file 7 news gone s1 \n file 8 spots gone s1",
        "delete 7 in news \n move 8 spots > bin (trash)",
    ),
}


@pytest.mark.parametrize(("text", "changes"), INTO_THE_TRASH.values(), ids=INTO_THE_TRASH)
def test_what_goes_into_the_trash(text: str, changes: str) -> None:
    assert changes_of(BUCKETS + text) == lines(changes.replace(" \n ", "\n"))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("file 7 spots gone s1", "unresolved gone of 7"),
        ("absent gone \n file 7 spots gone s1", "unresolved gone of 7"),
        ("entry a spots s1 \n file 6 spots a s1 \n file 7 spots a s1", "unresolved a of 7"),
        ("entry a spots s2 \n file 7 spots a s1", "unresolved a of 7"),
    ],
    ids=["an orphan", "an absent entry's", "a duplicate", "a replaced one"],
)
def test_a_trash_in_another_region_is_reached_by_no_move_and_nothing_is_deleted(
    text: str, facts: str
) -> None:
    assert facts_of(FAR + text) == [f"{facts}: {STUCK}"]
    plan = plan_of(FAR + text)
    assert [violation.rule for violation in plan.violations] == [Rule.UNRESOLVED]
    assert plan.changes == ()


def test_nor_is_what_would_be_pruned() -> None:
    text = FAR.replace("region=eu trash", "region=eu prune=all trash") + "file 7 spots - title=T"
    plan = plan_of(text)
    assert ([violation.key for violation in plan.violations], plan.changes) == ([None], ())


class TestLimits:
    def test_it_counts_as_the_delete_that_it_stands_for(self) -> None:
        limits = Limits(0, None, None, None, None)
        plan = plan_of(BUCKETS + "entry a spots s1 \n file 7 spots gone s9", limits=limits)
        assert Rule.DELETE in [violation.rule for violation in plan.violations]

    def test_what_is_protected_does_not_go(self) -> None:
        plan = plan_of(BUCKETS + "entry a spots s1 \n file 7 spots gone s9 protect")
        [violation] = plan.violations
        assert violation.message == (
            "file 7 ('T-gone') would be moved to the trash bin, and is protected by its entry: "
            "apply `protect: false` first"
        )

    def test_nor_for_an_empty_catalogue(self) -> None:
        [violation] = plan_of(BUCKETS + "file 7 spots gone s1").violations
        assert violation.rule is Rule.EMPTY

    def test_what_lies_in_a_trash_is_not_among_the_owned(self) -> None:
        text = BUCKETS + "entry a spots s9 \n file 100 spots a s9 \n"
        text += "".join(f"file {n} spots gone{n} s{n} \n" for n in range(1, 5))
        text += "".join(f"file {n} bin gone{n} s{n} \n" for n in range(10, 90))
        [violation] = plan_of(text, limits=Limits(None, 50, None, None, None)).violations
        assert violation.message.startswith("4 deletes are 80 % of 5 owned files")


def test_the_risk_says_so() -> None:
    plan = plan_of(BUCKETS + "entry a spots s2 \n file 7 spots a s2 \n file 8 spots gone s1")
    assert risk_of(plan).reasons == ("moves 1 file to the trash",)
    replaced = plan_of(BUCKETS + "entry a spots s2 \n file 7 spots a s1")
    assert risk_of(replaced).reasons == ("replaces 1 file: its acr_id changes",)


def test_a_summary_counts_moves_and_their_requests() -> None:
    text = BUCKETS + "".join(f"file {n} spots gone{n} s{n} \n" for n in range(1, 102))
    summary = plan_of(text).summary
    assert (summary.move, summary.delete, summary.requests) == (101, 0, 2)


class TestDrift:
    def directions(self, text: str, record: LastApplied | None = None) -> list[tuple[object, str]]:
        drift = drift_of(diff(*given(BUCKETS + text)), lambda _: record, unmanaged=True)
        return [(item.direction, item.message) for item in drift.items]

    def test_nothing_that_lies_there_drifts(self) -> None:
        text = "entry a spots s1 \n file 6 spots a s1 \n file 7 bin a s2 \n file 8 bin - title=T"
        assert self.directions(text) == []

    def test_what_somebody_threw_away_is_missing_live(self) -> None:
        record = LastApplied(Content("T-a", {}), "spots", deleted=False)
        assert self.directions("entry a spots s1 \n file 7 bin a s1", record) == [
            (
                Direction.MISSING_LIVE,
                "it lies in the trash bin, and belongs in spots: thrown away since it was last "
                "applied",
            )
        ]

    @pytest.mark.parametrize("deleted", [True, None])
    def test_what_an_apply_threw_away_is_not_yet_applied(self, deleted: bool | None) -> None:
        record = None if deleted is None else LastApplied(Content("T-a", {}), "bin", deleted=True)
        assert self.directions("entry a spots s1 \n file 7 bin a s1", record) == [
            (
                Direction.NOT_YET_APPLIED,
                "it lies in the trash bin, and belongs in spots: its entry wants it back",
            )
        ]

    def test_what_changes_places_is_not_yet_applied(self) -> None:
        record = LastApplied(Content("T-a", {}), "spots", deleted=False)
        text = "entry a spots s1 \n file 6 spots a s2 \n file 7 bin a s1"
        assert {direction for direction, _ in self.directions(text, record)} == {
            Direction.NOT_YET_APPLIED
        }

    def test_what_cannot_be_thrown_away_is_unresolved_and_no_entry(self) -> None:
        drift = drift_of(diff(*given(FAR + "file 7 spots gone s1")), lambda _: None)
        assert [item.direction for item in drift.items] == [Direction.UNRESOLVED]
        assert drift.entries == 0


class TestAReviewedPlan:
    ORPHAN = BUCKETS + "entry b spots s2 \n file 6 spots b s2 \n file 7 spots a s1"

    def stands(self, before: str, now: str) -> tuple[list[str], list[object]]:
        found = standing(plan_of(before), plan_of(now), *given(now))
        return [c.id for c in found.holding], [type(outcome) for _, outcome in found.settled]

    def test_it_holds(self) -> None:
        assert self.stands(self.ORPHAN, self.ORPHAN) == (["move:7"], [])

    def test_it_is_done_already(self) -> None:
        now = self.ORPHAN.replace("file 7 spots", "file 7 bin")
        assert self.stands(self.ORPHAN, now) == ([], [Applied])

    def test_it_is_stale_where_the_file_is_gone_or_wanted_again(self) -> None:
        gone = self.ORPHAN.replace("file 7 spots a s1", "")
        assert self.stands(self.ORPHAN, gone) == ([], [Stale])
        wanted = self.ORPHAN + "\n entry a spots s1"
        assert self.stands(self.ORPHAN, wanted) == ([], [Stale])

    def test_it_rests_on_its_create(self) -> None:
        before = BUCKETS + "entry a spots s2 \n file 7 spots a s1"
        now = BUCKETS + "entry a spots s3 \n file 7 spots a s1"
        assert self.stands(before, now) == ([], [Stale, Stale])

    def test_a_file_in_the_trash_is_not_what_a_create_was_to_make(self) -> None:
        before = BUCKETS + "entry a spots s2"
        assert self.stands(before, before + "\n file 7 bin a s2 broken")[0] == ["create:a"]

    def test_its_guardrails_are_those_of_its_files(self) -> None:
        text = BUCKETS + "bucket news 4 prune=all trash=bin \n file 7 news - title=T"
        [fact] = within(diff(*given(text)), plan_of(text)).facts
        assert fact == diff(*given(text)).facts[0]


KNOWN = {FileId(n): Thrown(3, float(n)) for n in (7, 8, 9, 10, 11, 12)}


class TestPurge:
    TEXT = (
        BUCKETS
        + """
        entry a spots s1
        entry c spots s3
        file 6 spots a s1
        file 7 bin a s2
        file 8 bin b s2
        file 9 bin - title=T
        file 10 bin other/a
        file 11 bin opaque
        file 12 bin c s3
        """
    )

    def due(self, purging: Purging, text: str = TEXT) -> list[tuple[str | None, int]]:
        found = purging.scope(diff(*given(text))).facts
        assert all(isinstance(fact, Expired) for fact in found)
        return [(fact.key, fact.file.id) for fact in found if isinstance(fact, Expired)]

    def purging(self, known: dict[FileId, Thrown], before: float, unknown: bool = False) -> Purging:
        return Purging(given(self.TEXT)[0], known, before, unknown)

    def test_what_is_there_for_long_enough_and_nobodys(self) -> None:
        """Not another catalogue's, not what cannot be read, and not what an entry wants again."""
        assert self.due(self.purging(KNOWN, 99.0)) == [("a", 7), ("b", 8), (None, 9)]

    def test_only_what_is_there_since_before(self) -> None:
        assert self.due(self.purging(KNOWN, 8.0)) == [("a", 7)]

    def test_nothing_of_unknown_age_unless_it_is_asked_for(self) -> None:
        assert self.due(self.purging({}, 99.0)) == []
        assert self.due(self.purging({}, 99.0, unknown=True)) == [("a", 7), ("b", 8)]

    def test_the_age_in_another_trash_is_not_known(self) -> None:
        assert self.due(self.purging({FileId(7): Thrown(4, 1.0)}, 99.0)) == []

    @pytest.mark.parametrize(
        "text",
        [
            "entry a spots s1 acr=7 \n file 7 bin b s2",
            "entry a spots acr=7 \n file 7 bin b s2 broken",
            "entry a spots acr=7 \n file 7 bin b s2 \n file 8 bin c s2 acr=7",
        ],
    )
    def test_not_what_an_entry_names_by_its_acr_id_and_cannot_have(self, text: str) -> None:
        assert self.due(self.purging(KNOWN, 99.0), BUCKETS + text) == []

    def test_what_stays_is_counted(self) -> None:
        known = {FileId(7): Thrown(3, 1.0), FileId(8): Thrown(3, 50.0)}
        aim = purge(self.purging(known, 10.0), given(self.TEXT)[1])
        assert [note.message.partition(":")[0] for note in aim.notes] == [
            "1 file(s) stay in it",
            "3 file(s) stay in it",
        ]

    def test_a_percentage_is_of_all_that_is_ours(self) -> None:
        found = self.purging(KNOWN, 99.0).scope(diff(*given(self.TEXT)))
        assert found.owned == 3

    def test_it_is_a_delete_for_good(self) -> None:
        _, live = given(self.TEXT)
        plan = plan_towards(purge(self.purging(KNOWN, 99.0), live), live, Options())
        assert [change.id for change in plan.changes] == ["delete:9", "delete:7", "delete:8"]
        only = plan_towards(purge(self.purging(KNOWN, 99.0), live), live, Options(only=("a",)))
        assert [change.id for change in only.changes] == ["delete:7"]


def test_moves_without_a_trash_are_as_they_were() -> None:
    [change] = plan_of("entry a archive s1 \n file 7 spots a s1").changes
    assert isinstance(change, Move)
    assert (change.trash, change.keeps, change.keeps_bucket_id, change.after_change) == (
        False, None, None, None,
    )  # fmt: skip
