"""Updates: only what the plan saw is changed, and the answer is held to its word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.core.model import File, FileId, Json, Opaque
from reconciler.core.outcome import Failed
from reconciler.errors import NotThere, Rejected, ServiceError, TokenRefused, Unclear
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench

DRIFTED = "entry a spots s1 x=1 \n file 7 spots a s1 x=2 old=1 played_duration=8 from=ucf"


def values(ran: Bench, file_id: int = 7) -> dict[str, Json]:
    found = ran.service.files[FileId(file_id)].user_defined
    assert isinstance(found, dict)
    return found


def test_the_whole_object_is_sent_with_what_others_wrote_as_it_is_now(bench: MakeBench) -> None:
    ran = bench(DRIFTED)
    ran.service.edit(7, user_defined={**values(ran), "played_duration": 9})
    assert ran.outcome() == "applied 7"
    assert values(ran) == {
        "catalog_key": "radio/a",
        "catalog_source": "sha256:0000000000000001",
        "x": 1,
        "played_duration": 9,
        "from": "ucf",
    }


class TestTheFileIsNotWhatThePlanSaw:
    def test_changed_stale_with_what_it_is_now(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.edit(7, title="Somebody's")
        assert ran.outcome() == "stale: it was changed since the plan was made (is Somebody's)"
        assert ran.service.calls == []

    def test_gone(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        del ran.service.files[FileId(7)]
        assert ran.outcome() == "stale: it is not in its bucket any more"

    def test_in_another_bucket(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.edit(7, bucket="archive")
        assert ran.outcome() == "stale: it is not in its bucket any more"

    def test_done_already(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.edit(
            7,
            user_defined={
                "catalog_key": "radio/a",
                "catalog_source": "sha256:0000000000000001",
                "x": "1",
            },
        )
        assert ran.outcome() == "applied 7 already"
        assert ran.service.calls == []

    def test_unreadable_by_now_and_so_never_overwritten(self, bench: MakeBench) -> None:
        ran = bench("entry a spots x=1 acr=7 \n file 7 spots - title=T-a")
        ran.service.edit(7, user_defined=Opaque("[1]"))
        assert ran.outcome() == "stale: it was changed since the plan was made (is T-a)"
        assert ran.service.calls == []

    def test_gone_between_the_look_and_the_change(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(NotThere("404", status=404)))
        assert ran.outcome() == "stale: it was deleted while the plan was applied"


class TestAServiceThatMerges:
    def test_is_told_null_for_what_should_go(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.merges = True
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 2
        assert "old" not in values(ran)
        assert values(ran)["from"] == "ucf"
        assert len(ran.service.reads) == 1, "the answer says what the file is by now"

    def test_a_key_that_will_not_go_away_is_named(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.keeps = frozenset({"old"})
        assert ran.outcome() == "failed: the service does not let go of user_defined: old"
        assert len(ran.service.calls) == 2

    def test_all_that_will_not_go_away_are_named_and_the_file_with_them(
        self, bench: MakeBench
    ) -> None:
        ran = bench("entry a spots s1 x=1 \n file 7 spots a s1 x=2 old=1 odd=2 gone=3")
        ran.service.keeps = frozenset({"old", "odd"})
        why = "the service does not let go of user_defined: odd, old"
        assert ran.run().outcomes == {"update:7": Failed(why, FileId(7))}

    def test_is_asked_once_where_nothing_is_taken_away(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 x=1 \n file 7 spots a s1 x=2")
        ran.service.merges = True
        assert ran.outcome() == "applied 7"
        assert len(ran.service.calls) == 1

    def test_refuses_the_second_time(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.merges = True
        ran.service.script("update", None, Fault(Rejected("422", status=422)))
        assert ran.outcome() == "failed: 422"


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"title": "T"}, "title"),
            ({"title": "T-A", "x": 1}, "title"),
            ({"x": "one"}, "user_defined.x"),
            ({"title": "T", "x": "1"}, "title"),
            ({"x": 1.5, "title": "T"}, "title, user_defined.x"),
            ({"deep": {"a": [1, 2]}}, "user_defined.deep.a[1]"),
        ],
    )
    def test_of_another_title_or_value_names_it(
        self, bench: MakeBench, change: dict[str, Json], named: str
    ) -> None:
        ran = bench("""entry a spots s1 x=1 'deep={"a":[1,3]}' \n file 7 spots a s1""")

        def rewritten(file: File) -> File:
            assert isinstance(file.user_defined, dict)
            title = change.get("title", file.title)
            others = {name: item for name, item in change.items() if name != "title"}
            return replace(file, title=str(title), user_defined={**file.user_defined, **others})

        ran.service.as_stored = rewritten
        assert ran.outcome() == f"failed: the service keeps something else than was sent: {named}"

    def test_of_a_number_as_its_text_is_the_same(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.as_stored = lambda file: replace(
            file, user_defined={k: str(v) for k, v in dict_of(file).items()}
        )
        assert ran.outcome() == "applied 7"

    def test_of_a_number_as_its_text_is_named_where_types_count(self, bench: MakeBench) -> None:
        ran = bench("catalog compare=strict \n entry a spots s1 x=1 \n file 7 spots a s1 x=2")
        ran.service.as_stored = lambda file: replace(
            file, user_defined={**dict_of(file), "x": str(dict_of(file)["x"])}
        )
        assert ran.outcome() == (
            "failed: the service keeps something else than was sent: user_defined.x"
        )

    def test_that_cannot_be_read_as_an_object(self, bench: MakeBench) -> None:
        ran = bench("entry a spots s1 x=1 \n file 7 spots a s1 x=2")
        ran.service.as_stored = lambda file: replace(file, user_defined=Opaque("[]"))
        assert ran.outcome().startswith("failed: the service keeps something else than was sent")


def dict_of(file: File) -> dict[str, Json]:
    assert isinstance(file.user_defined, dict)
    return file.user_defined


class TestAnUnclearEnd:
    LOST = Unclear("no whole answer came")

    def test_the_file_says_that_it_was_done(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(self.LOST, done=None))
        assert ran.outcome() == "applied 7"

    def test_the_file_does_not_say_so(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(self.LOST))
        assert ran.outcome() == "unknown: no whole answer came"

    def test_the_file_cannot_be_read(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(self.LOST))
        ran.service.script("read_files", None, Fault(Unclear("500")))
        assert ran.outcome() == "unknown: no whole answer came"

    def test_the_file_is_not_read_since_the_token_is_refused(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(self.LOST))
        refused = TokenRefused("401", status=401)
        ran.service.script("read_files", None, Fault(refused))
        assert ran.run().fatal is refused

    def test_is_not_undone_by_a_later_refusal(self, bench: MakeBench) -> None:
        """Sent, and no answer; sent again by the client, and not taken."""
        ran = bench(DRIFTED)
        throttled = ServiceError("429", status=429)
        ran.service.script("update", Fault(Unclear("504"), again=True), Fault(throttled))
        assert ran.outcome() == "unknown: 429"
        refused = bench(DRIFTED)
        refused.service.script("update", Fault(throttled, again=True), Fault(throttled))
        assert refused.outcome() == "failed: 429"

    def test_the_file_is_gone(self, bench: MakeBench) -> None:
        ran = bench(DRIFTED)
        ran.service.script("update", Fault(self.LOST))
        ran.service.watch = lambda call: ran.service.files.clear()
        assert ran.outcome() == "stale: it was deleted while the plan was applied"


def test_a_batch_that_cannot_be_read_fails_and_the_next_goes_on(bench: MakeBench) -> None:
    lines = [f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, 151)]
    ran = bench("\n".join(lines))
    ran.service.script("read_files", Fault(Unclear("500")))
    ends = list(ran.outcomes().values())
    failed = ends.count("failed: 500")
    assert failed in (50, 100)
    assert sum(end.startswith("applied") for end in ends) == 150 - failed


def test_a_refused_token_ends_the_run_and_leaves_the_rest(bench: MakeBench) -> None:
    lines = [f"entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2" for n in range(1, 51)]
    ran = bench("\n".join(lines))
    ran.service.script("update", *[Fault(TokenRefused("401", status=401))] * 50)
    report = ran.run()
    assert isinstance(report.fatal, TokenRefused)
    assert len(ran.service.calls) <= 6, "no more than were in hand"
    assert len(report.left) == 50 - len(report.outcomes)


class TestAfterAMove:
    BOTH = "entry a archive s1 x=1 \n file 7 spots a s1 x=2"

    @pytest.mark.parametrize("new_ids", [False, True], ids=["same id", "new id"])
    def test_the_file_is_changed_where_it_is_now(self, bench: MakeBench, new_ids: bool) -> None:
        ran = bench(self.BOTH)
        ran.service.new_ids = new_ids
        now = 101 if new_ids else 7
        assert ran.outcomes() == {"move:7": f"applied {now}", "update:7": f"applied {now}"}
        assert ran.replan().changes == ()

    def test_that_was_refused_nothing_is_changed(self, bench: MakeBench) -> None:
        ran = bench(self.BOTH)
        ran.service.script("move", Fault(Rejected("422", status=422)))
        assert ran.outcomes() == {
            "move:7": "failed: 422",
            "update:7": "stale: it is not in its bucket any more",
        }
        assert ran.service.lines() == ["move archive 7"]
