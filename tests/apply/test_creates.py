"""Creates: never the same file twice, whatever becomes of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.apply import Settings
from reconciler.apply.context import LAG
from reconciler.apply.delivery import JUST_BEFORE
from reconciler.core.model import File, FileId, FileState, Json, Key, Opaque, Presence
from reconciler.core.outcome import Applied, Failed
from reconciler.errors import (
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)
from tests.apply.fake_service import Call, Fault
from tests.apply.test_order import Watching
from tests.core.scenario import given

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.conftest import Bench, MakeBench

LOST = Unclear("no whole answer came")
ONE = "entry a spots s1 x=1"
SETTLE = Settings(concurrency=2, settle=120)
THROTTLED = ServiceError("429: too many", status=429)
SENT_BEFORE = "unknown: it was sent before, and no answer came; and now:"
OLD_CHANGED = "stale: the file that it replaces was changed since the plan was made (is T-a)"
DELETE_STALE = "stale: it was changed since the plan was made (is T-a)"
UNKNOWN = "unknown: it was sent, and neither the answer nor the file came; the next run looks again"


def creates(ran: Bench) -> int:
    return sum(call.what == "create" for call in ran.service.calls)


class TestAnAnswerThatDoesNotSay:
    @pytest.mark.parametrize("error", [LOST, UnreadableAnswer("HTML")], ids=["lost", "unreadable"])
    def test_the_file_was_made_and_is_found_by_its_mark(
        self, bench: MakeBench, error: Unclear
    ) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(error, done=None))
        assert ran.outcome(SETTLE) == "applied 101"
        assert creates(ran) == 1
        assert ran.clock.slept == []
        assert ran.replan().changes == ()

    def test_one_look_serves_all_that_wait(self, bench: MakeBench) -> None:
        ran = bench("\n".join(f"entry k{n} spots s{n}" for n in range(1, 21)))
        ran.service.script("create", *[Fault(LOST, done=None)] * 20)
        assert set(ran.outcomes(SETTLE).values()) == {f"applied {n}" for n in range(101, 121)}
        assert creates(ran) == 20
        assert [read for read in ran.service.reads if read.startswith("read_newest")] == [
            "read_newest spots above 0"
        ]

    def test_only_files_newer_than_the_listing_are_looked_at(self, bench: MakeBench) -> None:
        ran = bench(ONE + "\n file 77 spots - \n file 88 archive -")
        ran.service.script("create", Fault(LOST, done=None))
        ran.run(SETTLE)
        assert "read_newest spots above 77" in ran.service.reads

    def test_it_was_not_made_and_is_sent_once_more_after_the_settle_time(
        self, bench: MakeBench
    ) -> None:
        ran = bench(ONE)
        sent_at: list[float] = []
        ran.service.watch = lambda call: sent_at.append(ran.clock.now())
        ran.service.script("create", Fault(LOST))
        assert ran.outcome(SETTLE) == "applied 101"
        assert creates(ran) == 2
        assert sent_at[1] - sent_at[0] >= 120

    def test_whoever_watches_is_told_what_is_waited_for(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.progress = watch = Watching()
        ran.service.script("create", Fault(LOST))
        ran.run(SETTLE)
        assert (
            "waiting 120 seconds, the settle time, for 1 upload(s) of which no answer came, "
            "before they are sent once more"
        ) in watch.said

    def test_nothing_is_looked_for_once_a_stop_is_asked(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST))
        ran.service.watch = lambda call: ran.halt.ask()
        assert ran.outcome(SETTLE) == UNKNOWN
        assert ran.service.reads == ["read_live"]

    def test_the_settle_time_counts_from_the_end_of_the_first(self, bench: MakeBench) -> None:
        """An upload takes its time, and so do the waits before it."""
        ran = bench(ONE)
        sent_at: list[float] = []
        ran.service.watch = lambda call: (
            sent_at.append(ran.clock.now()),
            ran.clock.sleep(180),
        )[0]
        ran.service.script("create", Fault(LOST))
        assert ran.outcome(SETTLE) == "applied 101"
        assert sent_at[1] - sent_at[0] >= 300

    def test_it_arrives_late_and_is_not_sent_again(self, bench: MakeBench) -> None:
        ran = bench(ONE + "\n entry b spots s2 x=1 \n file 7 spots b s2 x=2")
        ran.service.script("create", Fault(LOST))

        def commits_late(call: Call) -> None:
            if call.what == "update":
                mark: dict[str, Json] = {
                    "catalog_key": "radio/a",
                    "catalog_source": "sha256:" + "0" * 15 + "1",
                    "x": 1,
                }
                ran.service.make("spots", "T-a", mark)

        ran.service.watch = commits_late
        assert ran.outcomes(SETTLE)["create:a"] == "applied 101"
        assert creates(ran) == 1

    def test_twice_unclear_is_unknown_and_not_sent_a_third_time(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST), Fault(LOST))
        assert ran.outcome(SETTLE) == UNKNOWN
        assert creates(ran) == 2

    def test_the_second_answer_is_lost_too_and_the_file_is_found(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST), Fault(LOST, done=None))
        assert ran.outcome(SETTLE) == "applied 101"

    def test_the_second_sending_is_refused(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST), Fault(Rejected("422", status=422)))
        assert ran.outcome(SETTLE) == f"{SENT_BEFORE} 422"

    @pytest.mark.parametrize("error", [Rejected("422", status=422), THROTTLED, Unreachable("down")])
    def test_and_the_first_may_still_come_so_the_next_run_waits_for_it(
        self, bench: MakeBench, error: ServiceError
    ) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST), Fault(error))
        ran.run(SETTLE)
        ran.again()
        ran.clock.on_sleep = lambda: ran.service.put(marked(101, "a", 1, x=1))
        assert ran.outcome(SETTLE) == "applied 101 already"
        assert creates(ran) == 2

    def test_and_a_file_that_is_another_does_not_end_it(self, bench: MakeBench) -> None:
        """The next run waits for the first, whatever has come meanwhile."""
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST))
        ran.service.watch = lambda call: ran.service.put(marked(8, "a", 2, x=1))
        assert ran.outcome(SETTLE).startswith(f"{SENT_BEFORE} a file with its mark, made from")
        ran.service.lose(FileId(8))
        ran.again()
        ran.clock.on_sleep = lambda: ran.service.put(marked(101, "a", 1, x=1))
        assert ran.outcome(SETTLE) == "applied 101 already"
        assert creates(ran) == 1

    def test_and_the_second_makes_a_file_that_is_not_as_wanted(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST))
        ran.service.as_stored = rewriting(x="one")
        assert ran.outcome(SETTLE) == (
            "failed: the service keeps something else than was sent: user_defined.x"
        )

    def test_nothing_is_sent_again_while_looking_fails(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.script("create", Fault(LOST))
        ran.service.script("read_newest", *[Fault(Unclear("500"))] * 10)
        assert ran.outcome(SETTLE) == UNKNOWN
        assert creates(ran) == 1

    def test_a_token_that_is_refused_while_looking_ends_the_run(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        refused = TokenRefused("401", status=401)
        ran.service.script("create", Fault(LOST))
        ran.service.script("read_newest", Fault(refused))
        report = ran.run(SETTLE)
        assert report.fatal is refused
        assert ran.clock.slept == []
        assert creates(ran) == 1

    def test_the_second_sending_looks_at_what_a_replaced_file_has_now(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s2 \n file 7 spots a s1 played_duration=8")
        ran.service.script("create", Fault(LOST))
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert ran.outcomes(SETTLE) == {"create:a": f"{SENT_BEFORE} 500"}
        assert creates(ran) == 1

    def test_a_stop_before_the_second_sending_leaves_it_unknown(self, bench: MakeBench) -> None:
        ran = bench(ONE, stop_after=60)
        ran.service.script("create", Fault(LOST))
        assert ran.outcome(SETTLE) == UNKNOWN
        assert creates(ran) == 1

    def test_a_stop_between_two_second_sendings_leaves_the_rest_unknown(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 \n entry b spots s2")
        ran.service.script("create", Fault(LOST), Fault(LOST))

        def stops_at_the_third(call: Call) -> None:
            if len(ran.service.calls) == 2:
                ran.halt.ask()

        ran.service.watch = stops_at_the_third
        assert ran.outcomes(Settings(concurrency=1)) == {
            "create:a": "applied 101",
            "create:b": UNKNOWN,
        }

    def test_a_stop_between_two_second_sendings_reads_nothing_more(self, bench: MakeBench) -> None:
        ran = bench(
            "entry a spots s2 \n file 7 spots a s1 \n entry b spots s4 \n file 8 spots b s3"
        )
        ran.service.script("create", Fault(LOST), Fault(LOST))
        reads: list[str] = []

        def stops_at_the_third(call: Call) -> None:
            if len(ran.service.calls) == 2:
                ran.halt.ask()
                reads.extend(ran.service.reads)

        ran.service.watch = stops_at_the_third
        assert ran.outcomes(Settings(concurrency=1)) == {
            "create:a": "applied 101",
            "create:b": UNKNOWN,
        }
        assert ran.service.reads == reads


class TestAnEarlierRun:
    """Its ledger says that a create began, and not how it ended."""

    def leaves_open(self, ran: Bench) -> None:
        ran.service.script("create", Fault(LOST))
        ran.halt.ask()
        ran.halt = type(ran.halt)(ran.clock, stop_after=1)
        assert ran.outcome() == UNKNOWN
        ran.again()

    def test_is_not_sent_again_before_the_settle_time(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        began, sent_at = ran.clock.now(), list[float]()
        ran.service.watch = lambda call: sent_at.append(ran.clock.now())
        assert ran.outcome(SETTLE) == "applied 101"
        assert sent_at[0] - began >= 119

    def test_is_sent_at_once_where_the_settle_time_is_long_over(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.clock.sleep(3600)
        ran.clock.slept.clear()
        assert ran.outcome(SETTLE) == "applied 101"
        assert ran.clock.slept == []

    def test_is_looked_for_before_it_is_sent_again_however_long_ago_it_was(
        self, bench: MakeBench
    ) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.clock.sleep(3600)

        def comes(read: str) -> None:
            if read.startswith("read_newest"):
                ran.service.put(marked(101, "a", 1, x=1))

        ran.service.watch_reads = comes
        assert ran.outcome(SETTLE) == "applied 101 already"
        assert creates(ran) == 1

    def test_never_waits_longer_than_the_settle_time_though_the_wall_clock_went_back(
        self, bench: MakeBench
    ) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.clock._now -= 86400
        ran.clock.slept.clear()
        assert ran.outcome(SETTLE) == "applied 101"
        assert sum(ran.clock.slept) <= 121

    @pytest.mark.parametrize("later", [0, LAG - 1])
    def test_that_has_just_made_it_is_looked_for_before_it_is_made_again(
        self, bench: MakeBench, later: float
    ) -> None:
        """F57: its create has ended well, and the listings do not show it yet."""
        ran = bench(ONE)
        ran.run(SETTLE)
        made = ran.service.files.pop(FileId(101))
        ran.clock.sleep(later)
        ran.again()
        ran.service.script("read_newest", None)
        ran.clock.on_sleep = lambda: ran.service.put(made)
        assert ran.outcome(SETTLE) == "applied 101 already"
        assert creates(ran) == 1

    def test_whoever_watches_is_told_that_it_has_just_made_it(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.run(SETTLE)
        del ran.service.files[FileId(101)]
        ran.again()
        ran.progress = watch = Watching()
        ran.run(SETTLE)
        assert (
            "waiting 30 seconds for 1 upload(s): an earlier run has just made a file of the same "
            "key, which may not be seen yet"
        ) in watch.said

    def test_that_has_just_made_what_is_replaced_is_not_waited_for(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.run(SETTLE)
        ran.desired, _ = given("entry a spots s2 x=1")
        ran.again()
        ran.clock.slept.clear()
        ended = ran.outcomes(SETTLE)
        assert ended == {"create:a": "applied 102", "delete:101": "applied 101"}
        assert ran.clock.slept == []

    @pytest.mark.parametrize("later", [LAG, LAG + 1])
    def test_that_made_it_long_ago_is_neither_looked_nor_waited_for(
        self, bench: MakeBench, later: float
    ) -> None:
        ran = bench(ONE)
        ran.run(SETTLE)
        del ran.service.files[FileId(101)]
        ran.clock.sleep(later)
        ran.again()
        ran.clock.slept.clear()
        assert ran.outcome(SETTLE) == "applied 102"
        assert ran.clock.slept == []
        assert not any(read.startswith("read_newest") for read in ran.service.reads)

    def test_is_closed_by_the_end_of_this_run(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.run(SETTLE)
        del ran.service.files[FileId(101)]
        ran.again()
        ran.clock.slept.clear()
        assert ran.outcome(SETTLE) == "applied 102"
        assert sum(ran.clock.slept) == 30

    @pytest.mark.parametrize(
        ("now", "why"),
        [
            ("entry a archive s1 x=1", "it is there now, in bucket spots"),
            ("entry b spots s1 x=1 was=a", "the file of its former key a is there"),
            ("entry b archive s1 x=1 was=a", "the file of its former key a is there"),
            (
                "entry a spots s2 x=1",
                "a file with its mark, made from something else, is there now",
            ),
        ],
        ids=["another bucket", "another key", "both", "another source"],
    )
    def test_is_looked_for_where_it_was_sent_though_the_catalogue_has_moved_on(
        self, bench: MakeBench, now: str, why: str
    ) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.desired, _ = given(now)
        ran.again()
        ran.clock.on_sleep = lambda: ran.service.put(marked(101, "a", 1, x=1))
        assert ran.outcome(SETTLE) == f"stale: {why}: plan again (is T-a)"
        assert creates(ran) == 1
        ran.again()
        ran.run(SETTLE)
        assert ran.replan().changes == ()
        assert len(ran.service.files) == 1

    def test_does_not_come_back_where_its_bucket_is_no_longer_the_catalogues(
        self, bench: MakeBench
    ) -> None:
        ran = bench(ONE)
        self.leaves_open(ran)
        ran.desired, ran.service.live = given("bucket archive 2 \n entry a archive s1 x=1")
        ran.again()
        assert ran.outcome(SETTLE) == "applied 101"
        assert sum(ran.clock.slept) >= 119

    def test_came_late_and_is_found_by_the_listing(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        plan = ran.plan
        self.leaves_open(ran)
        ran.service.put(marked(101, "a", 1, x=1))
        ran.plan = plan
        assert ran.outcome(SETTLE) == "applied 101 already"
        assert creates(ran) == 1


class TestWhatIsThereAlready:
    def test_a_file_with_the_mark_is_not_made_again(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.put(marked(8, "a", 1, x=1))
        assert ran.outcome() == "applied 8 already"
        assert ran.service.calls == []

    def test_nor_in_another_bucket(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.put(replace(marked(8, "a", 1, x=1), bucket="archive"))
        assert ran.outcome() == "stale: it is there now, in bucket archive: plan again (is T-a)"
        assert ran.service.calls == []

    def test_nor_under_a_key_that_the_entry_had(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 x=1 was=old")
        ran.service.put(marked(8, "old", 1, x=1))
        assert ran.outcome() == (
            "stale: the file of its former key old is there: plan again (is T-old)"
        )
        assert ran.service.calls == []

    def test_nor_what_another_machine_makes_while_others_are_uploaded(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 x=1 \n entry b spots s2")

        def takes_an_hour(call: Call) -> None:
            ran.service.put(marked(8, "b", 2))
            ran.clock.sleep(3600)

        ran.service.watch = takes_an_hour
        assert ran.outcomes(Settings(concurrency=1)) == {
            "create:a": "applied 101",
            "create:b": "applied 8 already",
        }

    def test_nor_what_comes_to_light_while_it_is_held_up(self, bench: MakeBench) -> None:
        """By the pace, or since it was not taken: just before it goes out is what counts."""
        ran = bench(ONE)

        def held_up() -> None:
            ran.clock.sleep(300)
            ran.service.put(marked(8, "a", 1, x=1))

        ran.service.held_up = held_up
        assert ran.outcome() == "applied 8 already"
        assert ran.service.calls == []

    def test_nor_what_a_first_sending_made_while_another_was_sent_again(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 \n entry b spots s2")
        ran.service.script("create", Fault(LOST), Fault(LOST))

        def takes_long(call: Call) -> None:
            if len(ran.service.calls) == 2:
                ran.clock.sleep(600)
                ran.service.put(marked(201, "b", 2))

        ran.service.watch = takes_long
        outcomes = ran.outcomes(Settings(concurrency=1))
        assert outcomes["create:b"] == "applied 201"
        assert creates(ran) == 3

    def test_whose_id_is_smaller_than_one_that_was_seen_before(self, bench: MakeBench) -> None:
        """Two uploads at one moment need not come to light in the order of their ids."""
        ran = bench("entry a spots s1 \n entry b spots s2 \n entry c spots s3")

        def others(call: Call) -> None:
            ran.clock.sleep(11)
            ran.service.put(marked(*((202, "z", 9) if call.detail == "a" else (201, "c", 3))))

        ran.service.watch = others
        assert ran.outcomes(Settings(concurrency=1))["create:c"] == "applied 201 already"

    def test_is_forgotten_where_it_has_another_mark_by_now(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 \n entry b spots s2")

        def others(call: Call) -> None:
            ran.service.put(marked(8, "b", 2))
            ran.clock.sleep(11)

        def marked_anew(_read: str) -> None:
            if FileId(8) in ran.service.files and ran.service.calls:
                ran.service.edit(8, user_defined={"catalog_key": "other/b"})

        ran.service.watch, ran.service.watch_reads = others, marked_anew
        assert ran.outcomes(Settings(concurrency=1))["create:b"] == "applied 102"

    def test_but_a_file_that_somebody_has_given_another_mark_since_is_not_there(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 x=1 \n entry b spots s2 \n entry c spots s3")
        ran.service.script("create", Fault(LOST))

        def another_machine(call: Call) -> None:
            if call.detail == "b":
                ran.service.put(marked(90, "a", 1, x=1))
                ran.clock.sleep(60)
            if call.detail == "c":
                assert "read_newest spots above 0" in ran.service.reads
                ran.service.put(marked(90, "z", 1, x=1))

        ran.service.watch = another_machine
        assert ran.outcomes(Settings(concurrency=1)) == {
            "create:b": "applied 101",
            "create:c": "applied 102",
            "create:a": "applied 103",
        }

    def test_which_cannot_be_looked_for_fails_the_create(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 \n entry b spots s2")
        ran.service.watch = lambda call: ran.clock.sleep(3600)
        ran.service.script("read_newest", Fault(Unclear("500")))
        outcomes = ran.outcomes(Settings(concurrency=1))
        assert outcomes == {"create:a": "applied 101", "create:b": "failed: 500"}

    def test_is_looked_for_once_in_a_while_and_not_before_every_create(
        self, bench: MakeBench
    ) -> None:
        ran = bench("\n".join(f"entry k{n} spots s{n}" for n in range(1, 21)))
        ran.service.watch = lambda call: ran.clock.sleep(4)
        ran.run(Settings(concurrency=1))
        looks = [read for read in ran.service.reads if read.startswith("read_newest")]
        assert len(looks) == 2 * 6  # 80 seconds, two buckets
        assert looks[-1] == "read_newest spots above 112"

    @pytest.mark.parametrize(("seconds", "looks"), [(JUST_BEFORE, 0), (JUST_BEFORE + 0.1, 2)])
    def test_is_looked_for_again_where_the_listing_is_not_of_just_now(
        self, bench: MakeBench, seconds: float, looks: int
    ) -> None:
        ran = bench("entry a spots s1 \n entry b spots s2")
        ran.service.watch = lambda call: ran.clock.sleep(seconds)
        ran.run(Settings(concurrency=1))
        assert sum(read.startswith("read_newest") for read in ran.service.reads) == looks

    def test_is_looked_for_from_where_the_look_before_ended_though_that_found_nothing(
        self, bench: MakeBench
    ) -> None:
        ran = bench(
            "file 77 archive - \n" + "\n".join(f"entry k{n} spots s{n}" for n in (1, 2, 3, 4))
        )
        ran.service.watch = lambda call: ran.clock.sleep(60)
        ran.run(Settings(concurrency=1))
        assert [read for read in ran.service.reads if read.startswith("read_newest")] == [
            "read_newest archive above 77",
            "read_newest spots above 0",
            "read_newest archive above 77",
            "read_newest spots above 0",
            "read_newest archive above 77",
            "read_newest spots above 101",
        ]

    def test_one_of_another_source_makes_it_stale(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.put(marked(8, "a", 2, x=1))
        assert ran.outcome() == (
            "stale: a file with its mark, made from something else, is there now: "
            "plan again (is T-a)"
        )

    def test_one_with_other_values_is_named(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.put(marked(8, "a", 1, x=3))
        assert (
            ran.outcome()
            == "failed: the service keeps something else than was sent: user_defined.x"
        )

    def test_the_file_that_is_replaced_is_not_its_own_replacement(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 \n file 7 spots a s1 broken", retry_broken=True)
        assert ran.outcomes() == {"create:a": "applied 101", "delete:7": "applied 7"}

    def test_also_where_its_delete_was_left_out(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 \n file 7 spots a s1 broken", retry_broken=True)
        ran.plan = replace(ran.plan, changes=ran.plan.changes[:1])
        assert ran.outcomes() == {"create:a": "applied 101"}

    def test_an_unproved_listing_does_not_say_that_it_is_not_there(self, bench: MakeBench) -> None:
        ran = bench("bucket spots 1 \n bucket archive 2 incomplete='2 of 3 came' \n" + ONE)
        assert ran.outcome() == (
            "failed: whether it is there already is not known: listing archive: 2 of 3 came"
        )
        assert ran.service.calls == []

    def test_nor_do_several_which_are_all_named(self, bench: MakeBench) -> None:
        ran = bench("bucket spots 1 incomplete=late \n bucket archive 2 incomplete=odd \n" + ONE)
        assert ran.outcome(Settings(unproved=1)) == (
            "failed: whether it is there already is not known: listing archive: odd; spots: late"
        )

    def test_unless_that_was_allowed(self, bench: MakeBench) -> None:
        ran = bench("bucket spots 1 \n bucket archive 2 incomplete='2 of 3 came' \n" + ONE)
        assert ran.outcome(Settings(unproved=1)) == "applied 101"

    def test_where_the_listing_fails_nothing_is_done_at_all(self, bench: MakeBench) -> None:
        ran = bench(ONE + "\n file 9 spots gone s9")
        ran.service.script("read_live", Fault(Unclear("500")))
        report = ran.run()
        assert ran.service.calls == []
        assert str(report.fatal) == "500"
        assert [change.id for change in report.left] == ["create:a", "delete:9"]


def marked(file_id: int, key: str, source: int, **values: Json) -> File:
    mark: dict[str, Json] = {
        "catalog_key": f"radio/{key}",
        "catalog_source": f"sha256:{source:0>16}",
    }
    return File(
        FileId(file_id), f"acr{file_id}", "spots", f"T-{key}", {**mark, **values}, FileState.READY
    )


class TestTheSource:
    @pytest.mark.parametrize(
        ("presence", "why"),
        [
            (Presence.ABSENT, "failed: its source is not there: fetch it, then apply again"),
            (
                Presence.POINTER,
                "failed: its source is a Git LFS pointer: `git lfs pull`, then apply again",
            ),
        ],
    )
    def test_cannot_be_sent(self, bench: MakeBench, presence: Presence, why: str) -> None:
        ran = bench(ONE)
        has(ran, presence=presence)
        assert ran.outcome() == why
        assert ran.service.calls == []

    def test_is_another_than_the_plans(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        has(ran, digest="sha256:" + "f" * 16)
        assert ran.outcome() == "stale: its source is no longer the one in the plan"

    def test_or_its_entry_is_gone(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.desired = replace(ran.desired, entries={})
        assert ran.outcome() == "stale: the catalogue no longer has this entry, or it has no source"


def has(ran: Bench, **fields: Any) -> None:
    """The entry's source, as it is by now."""
    entry = ran.desired.entries[Key("a")]
    assert entry.source is not None
    source = replace(entry.source, **fields)
    ran.desired = replace(ran.desired, entries={entry.key: replace(entry, source=source)})


class TestAReplacement:
    OUTDATED = "entry a spots s2 x=1 \n file 7 archive a s1 x=0 played_duration=8 from=ucf"

    def test_carries_what_others_wrote_as_it_is_now(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        values = ran.service.files[FileId(7)].user_defined
        assert isinstance(values, dict)
        ran.service.edit(7, user_defined={**values, "played_duration": 9})
        assert ran.outcomes() == {
            "create:a": "applied 101",
            "delete:7": "applied 7",
        }
        made = ran.service.files[FileId(101)].user_defined
        assert isinstance(made, dict)
        assert (made["played_duration"], made["from"], made["x"]) == (9, "ucf", 1)

    def test_is_not_made_where_the_old_file_is_not_there(self, bench: MakeBench) -> None:
        """What others wrote could not be carried over. Where it is gone, the next plan is a plain
        create."""
        ran = bench(self.OUTDATED)
        del ran.service.files[FileId(7)]
        assert ran.outcomes() == {
            "create:a": "stale: the file that it replaces is not there any more",
            "delete:7": "applied 7 already",
        }
        assert ran.service.calls == []

    def test_stays_unclear_where_the_old_file_went_before_the_second_sending(
        self, bench: MakeBench
    ) -> None:
        ran = bench(self.OUTDATED)
        ran.service.script("create", Fault(LOST))
        ran.service.watch = lambda call: ran.service.lose(FileId(7))
        assert ran.outcomes(SETTLE)["create:a"] == UNKNOWN
        assert creates(ran) == 1

    def test_or_can_no_longer_be_read(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.edit(7, user_defined=Opaque("[1]"))
        outcomes = ran.outcomes()
        assert outcomes == {"create:a": OLD_CHANGED, "delete:7": DELETE_STALE}
        assert ran.service.calls == []

    def test_fails_where_the_old_one_cannot_be_read_and_nothing_is_sent(
        self, bench: MakeBench
    ) -> None:
        ran = bench(self.OUTDATED)
        ran.service.script("read_files", Fault(Unclear("500")))
        outcomes = ran.outcomes()
        assert outcomes == {"create:a": "failed: 500"}
        assert ran.service.calls == []


class TestAnAnswerThatNamesAnotherFile:
    """F56: what the answer says is not of the file that was made."""

    OUTDATED = "entry a spots s2 \n file 7 spots a s1"

    def test_the_old_file_itself(self, bench: MakeBench) -> None:
        ran = bench(self.OUTDATED)
        ran.service.made = FileState.PENDING
        ran.service.says = lambda file: replace(file, id=FileId(7))
        report = ran.run(Settings(wait_timeout=0))
        assert report.outcomes["create:a"] == Applied(FileId(101), "acr101")
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert sorted(ran.service.files) == [7, 101]

    @pytest.mark.parametrize("source", ["s3", "s2"], ids=["another source", "the same source"])
    def test_a_ready_file_of_another_key(self, bench: MakeBench, source: str) -> None:
        ran = bench(self.OUTDATED + f"\n entry b spots {source} \n file 8 spots b {source}")
        other = ran.service.files.pop(FileId(8))
        ran.service.made = FileState.PENDING
        ran.service.says = lambda file: replace(file, id=FileId(8))
        ran.service.watch = lambda call: ran.service.put(other)
        report = ran.run(Settings(wait_timeout=0))
        assert [delete.id for delete in report.not_due] == ["delete:7"]
        assert FileId(7) in ran.service.files


def rewriting(**values: Json) -> Callable[[File], File]:
    """A service that keeps other values than it was sent."""

    def as_stored(file: File) -> File:
        assert isinstance(file.user_defined, dict)
        return replace(file, user_defined={**file.user_defined, **values})

    return as_stored


class TestTheAnswer:
    def test_of_another_title_names_it(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.as_stored = lambda file: replace(file, title="T")
        assert ran.outcome() == "failed: the service keeps something else than was sent: title"

    def test_of_other_values_names_them(self, bench: MakeBench) -> None:
        ran = bench(ONE)
        ran.service.as_stored = rewriting(x="one")
        assert ran.outcome() == (
            "failed: the service keeps something else than was sent: user_defined.x"
        )

    def test_of_other_values_names_the_file_for_which_the_next_run_looks(
        self, bench: MakeBench
    ) -> None:
        ran = bench(ONE)
        ran.service.as_stored = rewriting(x="one")
        assert ran.run().outcomes["create:a"] == Failed(
            "the service keeps something else than was sent: user_defined.x", FileId(101)
        )
        made = ran.service.files.pop(FileId(101))
        ran.again()
        ran.clock.on_sleep = lambda: ran.service.put(made)
        ran.run(SETTLE)
        assert creates(ran) == 1


@pytest.mark.parametrize(
    "error",
    [Rejected("422", status=422), Unreachable("refused"), ServiceError("odd")],
    ids=["rejected", "unreachable", "odd"],
)
def test_what_was_certainly_not_done_fails_and_is_not_looked_for(
    bench: MakeBench, error: ServiceError
) -> None:
    ran = bench(ONE)
    ran.service.script("create", Fault(error))
    assert ran.outcome() == f"failed: {error}"
    assert ran.service.reads == ["read_live"]


def test_a_refused_token_ends_the_run(bench: MakeBench) -> None:
    ran = bench("entry a spots s1 \n entry b spots s2 \n entry c spots s3")
    ran.service.script("create", None, Fault(TokenRefused("401", status=401)))
    report = ran.run(Settings(concurrency=1))
    assert {str(k): type(v).__name__ for k, v in report.outcomes.items()} == {
        "create:a": "Applied",
        "create:b": "Failed",
    }
    assert [change.id for change in report.left] == ["create:c"]
    assert isinstance(report.fatal, TokenRefused)
