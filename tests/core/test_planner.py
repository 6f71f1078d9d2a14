"""The straight line: desired state and live state in, a plan out."""

from __future__ import annotations

import pytest

from reconciler.core.plan import Options, Rule, Summary
from reconciler.core.planner import BATCH, differences_for, unmatched_globs
from tests.core.scenario import change_line, fact_line, given, lines, plan_of

WORLD = """
    entry ads:one spots s1
    entry ads:two spots s2 x=1
    entry ads:three spots s3
    entry news:one archive s4
    entry news:two spots
    absent old:one
    file 1 spots ads:one s9
    file 2 spots ads:two s2
    file 3 spots ads:three s3 pending
    file 4 spots news:one s4
    file 5 spots old:one
    file 6 archive old:two s8
    file 7 spots -
"""


def lines_of(*globs: str) -> list[str]:
    return [change_line(change) for change in plan_of(WORLD, Options(only=globs)).changes]


ALL = [
    "create ads:one in spots replaces 1 in spots",
    "move 4 spots > archive",
    "update 2 in spots: x",
    "delete 5 in spots",
    "delete 6 in archive",
    "delete 1 in spots after create:ads:one",
]


@pytest.mark.parametrize(
    ("globs", "kept"),
    [
        ((), [0, 1, 2, 3, 4, 5]),
        (("*",), [0, 1, 2, 3, 4, 5]),
        (("ads:*",), [0, 2, 5]),
        (("ads:one",), [0, 5]),
        (("ads",), []),
        (("*:one",), [0, 1, 3, 5]),
        (("old:two",), [4]),
        (("news:?ne", "old:[t]wo"), [1, 4]),
        (("ADS:*",), []),
    ],
)
def test_only_keeps_whole_keys_and_an_orphan_by_its_marked_key(
    globs: tuple[str, ...], kept: list[int]
) -> None:
    assert lines_of(*globs) == [ALL[index] for index in kept]


def test_only_matches_over_the_whole_catalogue_and_then_keeps() -> None:
    """Alone, `b` would be given the orphan's file by its source, and `a` is in its way."""
    text = "entry a spots s1 \n entry b spots s1 \n file 7 spots c s1"
    assert [change_line(c) for c in plan_of(text, Options(only=("b",))).changes] == [
        "create b in spots"
    ]


def test_only_keeps_no_foreign_file() -> None:
    text = "bucket spots 1 prune=all \n file 7 spots -"
    assert len(plan_of(text).changes) == 1
    assert plan_of(text, Options(only=("*",))).changes == ()


def test_a_glob_that_matches_no_key_is_told() -> None:
    globs = ("ads:*", "old:one", "old:two", "none", "AD*", "two")
    assert unmatched_globs(globs, *given(WORLD)) == ("none", "AD*", "two")
    assert unmatched_globs((), *given(WORLD)) == ()
    # Neither the mark of another catalogue nor the title of an unmarked file is a key.
    assert unmatched_globs(("*",), *given("file 7 spots other/a \n file 8 spots -")) == ("*",)


def test_only_keeps_violations_and_notes_of_its_keys_and_counts_against_the_whole() -> None:
    plan = plan_of(WORLD, Options(only=("news:*",)))
    assert [violation.key for violation in plan.violations] == ["news:two"]
    assert [note.key for note in plan_of(WORLD, Options(only=("ads:*",))).notes] == ["ads:three"]
    found = differences_for(*given(WORLD), Options(only=("ads:*",)))
    whole = differences_for(*given(WORLD), Options())
    assert (found.matched, found.owned) == (whole.matched, whole.owned) == (4, 6)
    assert [fact_line(fact) for fact in found.facts] == lines("""
        outdated ads:one 1: its source changed
        pending ads:three 3
        drifted ads:two 2 x
    """)


@pytest.mark.parametrize(
    ("globs", "unchanged"),
    [((), 2), (("*",), 2), (("a",), 1), (("b", "c"), 1), (("c",), 0), (("none",), 0)],
)
def test_the_unchanged_are_those_entries_in_scope_about_which_there_is_no_fact(
    globs: tuple[str, ...], unchanged: int
) -> None:
    text = """
        entry a spots s1
        entry b spots s2
        entry c spots s3
        entry d spots s4
        file 1 spots a s1
        file 2 spots b s2
        file 3 spots c s3 pending
        file 4 spots none
    """
    assert plan_of(text, Options(only=globs)).summary.unchanged == unchanged


def test_the_summary_counts() -> None:
    text = """
        entry a spots s1
        entry b spots s2
        entry c archive s3 x=1
        entry d spots s4 {}
        entry e spots s5
        entry f spots s?
        entry g spots s6
        entry h archive s7 {}
        file 2 spots b s9
        file 3 spots c s3
        file 4 spots d s4 x=1 y=1
        file 5 spots e s5 pending
        file 6 spots z s9
        file 7 spots -
        file 8 archive other/a
        file 9 spots g s6
        file 10 spots h s9 x=1
    """
    assert plan_of(text).summary == Summary(
        create=4,
        update=2,
        move=1,
        delete=3,
        unchanged=1,
        foreign=2,
        pending=1,
        removed_values=3,
        upload_bytes=3000,
        requests=4 + 2 + 1 + 1,
    )


@pytest.mark.parametrize(("files", "requests"), [(0, 0), (1, 1), (BATCH, 1), (BATCH + 1, 2)])
def test_deletes_of_one_bucket_go_together(files: int, requests: int) -> None:
    text = "".join(f"file {n} spots z s1 \n" for n in range(1, files + 1))
    assert plan_of(text).summary.requests == requests
    assert plan_of(text + "file 900 archive z s1").summary.requests == requests + 1


@pytest.mark.parametrize(("files", "requests"), [(1, 1), (BATCH, 1), (BATCH + 1, 2)])
def test_moves_from_one_bucket_to_one_go_together(files: int, requests: int) -> None:
    buckets = "bucket spots 1 \n bucket archive 2 \n bucket news 3 \n"
    text = buckets + "".join(
        f"entry e{n} archive s1 \n file {n} spots e{n} s1 \n" for n in range(1, files + 1)
    )
    assert plan_of(text).summary.requests == requests
    from_another = "entry x archive s1 \n file 900 news x s1 \n"
    to_another = "entry y news s1 \n file 901 spots y s1 \n"
    assert plan_of(text + from_another + to_another).summary.requests == requests + 2


def test_a_batch_is_as_many_as_the_design_says() -> None:
    assert BATCH == 100


def test_the_plan_says_what_it_was_made_from() -> None:
    plan = plan_of("file 7 archive - \n file 8 archive -", Options(retry_broken=True))
    assert (plan.catalog, plan.catalog_digest) == ("radio", "sha256:" + "0" * 64)
    assert plan.origin == "https://api-v2.acrcloud.com/api"
    assert [(name, seen.id, seen.files) for name, seen in plan.live.items()] == [
        ("archive", 2, 2),
        ("spots", 1, 0),
    ]
    assert plan.options == Options(retry_broken=True)


def test_what_was_seen_has_a_digest_of_its_own() -> None:
    seen = plan_of("file 7 spots -").live
    assert seen["spots"].digest != plan_of("file 7 spots - x=1").live["spots"].digest
    assert seen["archive"] == plan_of("file 7 spots - x=1").live["archive"]


def test_options_are_part_of_the_digest_and_their_order_is_not() -> None:
    some = [
        Options(),
        Options(only=("*",)),
        Options(only=("*", "a")),
        Options(retry_broken=True),
        Options(allow={Rule.TWIN: 1}),
        Options(allow={Rule.TWIN: 2}),
        Options(allow={Rule.TWIN: 1, Rule.DELETE: 1}),
    ]
    digests = [plan_of("entry a spots s1", options).digest for options in some]
    assert len(set(digests)) == len(some)
    turned = Options(allow={Rule.DELETE: 1, Rule.TWIN: 1})
    assert plan_of("entry a spots s1", turned).digest == digests[-1]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("entry a spots s1 x=1 y=1", True),
        ("entry a spots s1 y=1 x=1", True),
        ("entry a spots s1 x=1 y=1 \n file 7 spots -", True),
        ("entry a spots s1 x=1 y=2", False),
        ("entry a spots s2 x=1 y=1", False),
        ("entry a archive s1 x=1 y=1", False),
        ("bucket spots 1 \n entry a spots s1 x=1 y=1", False),
        ("bucket spots 3 \n bucket archive 2 \n entry a spots s1 x=1 y=1", False),
    ],
)
def test_the_digest_is_over_what_is_done_and_in_which_buckets(text: str, same: bool) -> None:
    digest = plan_of("entry a spots s1 x=1 y=1").digest
    assert (plan_of(text).digest == digest) is same


def test_the_same_is_planned_each_time() -> None:
    assert plan_of(WORLD) == plan_of(WORLD)
    turned = "\n".join(reversed(lines(WORLD)))
    assert plan_of(turned).summary == plan_of(WORLD).summary
    assert [change.id for change in plan_of(turned).changes] == [
        change.id for change in plan_of(WORLD).changes
    ]
