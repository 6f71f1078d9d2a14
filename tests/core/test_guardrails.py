"""Limits on a plan: each rule, at its limit and one over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.core.model import Limits
from reconciler.core.plan import Options, Rule
from tests.core.scenario import plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = Limits(None, None, None, None, None)


def broken(text: str, limits: Limits = NONE, allow: Mapping[Rule, int] | None = None) -> list[str]:
    """The rules that the plan for the text breaks, each as often as it has a violation."""
    plan = plan_of(text, Options(allow=allow or {}), limits=limits)
    return [violation.rule.value for violation in plan.violations]


def messages(text: str, limits: Limits = NONE) -> list[str]:
    return [violation.message for violation in plan_of(text, limits=limits).violations]


def matched(count: int) -> str:
    """So many entries that have a file, with nothing to do about them."""
    return "".join(
        f"entry m{n} spots s1 title=M \n file {1000 + n} spots m{n} s1 title=M \n"
        for n in range(count)
    )


def missing(count: int) -> str:
    return "".join(f"entry n{n} spots s2 \n" for n in range(count))


def drifted(count: int) -> str:
    return "".join(
        f"entry d{n} spots s1 x=1 \n file {2000 + n} spots d{n} s1 \n" for n in range(count)
    )


def marks_only(count: int) -> str:
    return "".join(f"entry k{n} spots s1 \n file {3000 + n} spots k{n} \n" for n in range(count))


def misplaced(count: int) -> str:
    return "".join(
        f"entry p{n} archive s1 \n file {4000 + n} spots p{n} s1 \n" for n in range(count)
    )


def outdated(count: int) -> str:
    return "".join(f"entry o{n} spots s2 \n file {5000 + n} spots o{n} s1 \n" for n in range(count))


def orphaned(count: int) -> str:
    return "".join(f"file {6000 + n} spots z{n} s9 \n" for n in range(count))


def duplicates(count: int) -> str:
    files = "".join(f"file {7000 + n} spots dup s1 \n" for n in range(count))
    return f"entry dup spots s1 \n file 6999 spots dup s1 \n {files}"


def absent(count: int) -> str:
    return "".join(f"absent g{n} \n file {8000 + n} spots g{n} \n" for n in range(count))


@pytest.mark.parametrize(
    ("text", "limits", "rules"),
    [
        # create: over max_create_percent of the matched entries
        (matched(10) + missing(5), Limits(max_create_percent=50), []),
        (matched(10) + missing(6), Limits(max_create_percent=50), ["create"]),
        (matched(10) + missing(4), Limits(max_create_percent=39.9), ["create"]),
        (matched(10) + missing(4), Limits(max_create_percent=40), []),
        (matched(10) + missing(100), Limits(), []),
        (missing(100), Limits(max_create_percent=0), []),
        (matched(1) + missing(3), Limits(max_create_percent=0), []),
        (matched(1) + missing(4), Limits(max_create_percent=0), ["create"]),
        # ... of which a replacement is none
        (outdated(9), Limits(max_create_percent=0, max_update_percent=None), []),
        # update: changed entries over max_update_percent of the matched
        (matched(5) + drifted(5), Limits(), []),
        (matched(4) + drifted(5), Limits(), ["update"]),
        (drifted(3), Limits(), []),
        (drifted(4), Limits(), ["update"]),
        (drifted(4), Limits(max_update_percent=100), []),
        (drifted(4), Limits(max_update_percent=99), ["update"]),
        (drifted(4), Limits(max_update_percent=None), []),
        (misplaced(4), Limits(), ["update"]),
        (outdated(4), Limits(), ["update"]),
        (drifted(2) + misplaced(1) + outdated(1), Limits(), ["update"]),
        (marks_only(9), Limits(max_update_percent=0), []),
        # ... an entry that is moved and updated counts once
        (
            matched(4)
            + "".join(
                f"entry b{n} archive s1 x=1 \n file {n + 1} spots b{n} s1 \n" for n in range(4)
            ),
            Limits(),
            [],
        ),
        # delete: over max_deletes
        (matched(1) + orphaned(5), Limits(max_deletes=5, max_delete_percent=None), []),
        (matched(1) + orphaned(6), Limits(max_deletes=5, max_delete_percent=None), ["delete"]),
        (matched(1) + orphaned(1), Limits(max_deletes=0, max_delete_percent=None), ["delete"]),
        (matched(1) + orphaned(9), Limits(max_deletes=None, max_delete_percent=None), []),
        # ... or over max_delete_percent of the owned files
        (matched(36) + orphaned(4), Limits(), []),
        (matched(35) + orphaned(4), Limits(), ["delete"]),
        (matched(1) + orphaned(3), Limits(max_delete_percent=0), []),
        (matched(1) + absent(4), Limits(), ["delete"]),
        # ... and both at once, with a message each
        (matched(1) + orphaned(6), Limits(max_deletes=5), ["delete", "delete"]),
        # ... of which neither a replacement's nor a duplicate's is one
        (outdated(9), Limits(max_deletes=0, max_update_percent=None), []),
        (duplicates(9), Limits(max_deletes=0), []),
        # removed_values
        ("entry a spots s1 {} \n file 1 spots a s1 x=1 y=1", Limits(max_removed_values=2), []),
        (
            "entry a spots s1 {} \n file 1 spots a s1 x=1 y=1",
            Limits(max_removed_values=1),
            ["removed_values"],
        ),
        (
            "entry a spots s2 {} \n file 1 spots a s1 x=1 y=1",
            Limits(max_removed_values=1),
            ["removed_values"],
        ),
        ("entry a spots s1 x=2 \n file 1 spots a s1 x=1", Limits(max_removed_values=0), []),
        ("entry a spots s1 \n file 1 spots a s1 protect", Limits(max_removed_values=0), []),
        (
            "entry a spots s1 {} \n file 1 spots a s1 x=1 y=1",
            Limits(max_removed_values=None),
            [],
        ),
        # empty
        ("file 1 spots a", NONE, ["empty"]),
        ("absent b \n file 1 spots a", NONE, ["empty"]),
        ("entry a spots s1 \n file 1 spots z", NONE, []),
        ("file 1 spots -", NONE, []),
        ("", NONE, []),
        # incomplete
        ("bucket spots 1 \n bucket archive 2", NONE, []),
        (
            "bucket spots 1 incomplete=late \n bucket archive 2 incomplete=short",
            NONE,
            ["incomplete", "incomplete"],
        ),
        # unresolved
        ("entry a spots \n entry b spots", NONE, ["unresolved", "unresolved"]),
        # twin
        ("entry a spots s1 title=T \n file 1 spots - title=T", NONE, ["twin"]),
        ("entry a spots s1 title=T \n file 1 spots - title=U", NONE, []),
        ("entry a spots s1 \n file 1 spots other/x s1", NONE, ["twin"]),
        # protected: by the file itself, or by its bucket
        ("entry a spots s1 \n file 1 spots z s9 protect", NONE, ["protected"]),
        (
            "bucket spots 1 protect \n bucket archive 2 \n entry a archive s1 \n"
            "file 1 spots z s9 \n file 2 spots y s9",
            NONE,
            ["protected", "protected"],
        ),
        ("entry a spots s1 \n file 1 spots z s9", NONE, []),
        ("absent a \n file 1 spots a protect \n entry b spots s1", NONE, ["protected"]),
        (
            "bucket spots 1 prune=all protect \n bucket archive 2 \n entry a archive s1 \n"
            "file 1 spots -",
            NONE,
            ["protected"],
        ),
        ("bucket spots 1 prune=none protect \n entry a spots s1 \n file 1 spots z", NONE, []),
        # ... replacing, de-duplicating and moving a protected file is allowed
        ("entry a spots s2 \n file 1 spots a s1 protect", NONE, []),
        ("entry a spots s1 \n file 1 spots a s1 \n file 2 spots a s1 protect", NONE, []),
        ("entry a archive s1 \n file 1 spots a s1 protect", NONE, []),
        # duration
        ("entry a spots s1 seconds=30 \n file 1 spots a seconds=32", NONE, []),
        ("entry a spots s1 seconds=30 \n file 1 spots a seconds=32.1", NONE, ["duration"]),
        ("entry a spots s1 seconds=32.1 \n file 1 spots a seconds=30", NONE, ["duration"]),
        ("entry a spots s1 seconds=30 \n file 1 spots a s1 seconds=99", NONE, []),
        ("entry a spots s1 seconds=30 x=1 \n file 1 spots a s1 seconds=99", NONE, []),
        ("entry a spots s1 seconds=30 \n file 1 spots a", NONE, []),
        ("entry a spots s1 \n file 1 spots a seconds=30", NONE, []),
        ("entry a spots seconds=30 x=1 \n file 1 spots a seconds=99", NONE, []),
        (
            "entry a spots s1 x=1 \n file 1 spots a s1 \n"
            "entry b spots s1 seconds=30 \n file 2 spots b seconds=99",
            NONE,
            ["duration"],
        ),
        # source
        ("entry a spots s?", NONE, ["source"]),
        ("entry a spots s1", NONE, []),
        ("entry a spots s? \n file 1 spots a", NONE, []),
        (
            "bucket spots 1 region=eu \n bucket archive 2 region=us \n"
            "entry a spots s? \n file 1 archive a s1",
            NONE,
            ["source"],
        ),
    ],
)
def test_each_rule_at_its_limit_and_over_it(text: str, limits: Limits, rules: list[str]) -> None:
    assert broken(text, limits) == rules


ALL_AT_ONCE = """
    bucket spots 1 incomplete=late
    bucket archive 2 region=us
    entry a spots s1 title=T
    entry b spots s?
    entry c spots
    entry d spots s1 seconds=1 {}
    entry e spots s2
    entry f spots s3
    entry g spots s4
    file 1 spots - title=T
    file 4 spots d seconds=9 x=1
    file 5 spots g s4
    file 6 spots z1 s9
    file 7 spots z2 s9 protect
    file 8 spots z3 s9
    file 9 spots z4 s9
"""


def test_all_violations_come_at_once_and_by_rule() -> None:
    limits = Limits(
        max_deletes=3,
        max_delete_percent=10,
        max_update_percent=0,
        max_create_percent=0,
        max_removed_values=0,
    )
    rules = broken(ALL_AT_ONCE, limits)
    assert rules == [
        *("create", "delete", "delete", "removed_values", "incomplete", "unresolved", "twin"),
        *("protected", "duration", "source"),
    ]
    assert rules == sorted(rules, key=[rule.value for rule in Rule].index)


@pytest.mark.parametrize(
    ("rule", "count", "text", "limits"),
    [
        (Rule.CREATE, 4, matched(1) + missing(4), Limits(max_create_percent=0)),
        (Rule.UPDATE, 4, drifted(4), Limits()),
        (Rule.DELETE, 6, matched(1) + orphaned(6), Limits(max_deletes=5)),
        (
            Rule.REMOVED_VALUES,
            2,
            "entry a spots s1 {} \n file 1 spots a s1 x=1 y=1",
            Limits(max_removed_values=0),
        ),
        (Rule.EMPTY, 2, orphaned(2), NONE),
        (
            Rule.INCOMPLETE,
            2,
            "bucket spots 1 incomplete=late \n bucket archive 2 incomplete=short",
            NONE,
        ),
        (Rule.UNRESOLVED, 2, "entry a spots \n entry b spots", NONE),
        (
            Rule.TWIN,
            2,
            "entry a spots s1 title=T \n entry b spots s2 title=T \n file 1 spots - title=T",
            NONE,
        ),
        (
            Rule.PROTECTED,
            2,
            "entry a spots s1 \n file 1 spots z protect \n file 2 spots y protect",
            NONE,
        ),
        (
            Rule.DURATION,
            2,
            "entry a spots s1 seconds=1 \n file 1 spots a seconds=9 \n"
            "entry b spots s1 seconds=1 \n file 2 spots b seconds=9",
            NONE,
        ),
        (Rule.SOURCE, 2, "entry a spots s? \n entry b spots s?", NONE),
    ],
    ids=list(Rule),
)
def test_an_override_allows_exactly_so_many(
    rule: Rule, count: int, text: str, limits: Limits
) -> None:
    violated = broken(text, limits)
    assert set(violated) == {rule.value}
    assert broken(text, limits, {rule: count}) == []
    assert broken(text, limits, {rule: count + 1}) == []
    assert broken(text, limits, {rule: count - 1}) == violated
    others = {other: 99 for other in Rule if other is not rule}
    assert broken(text, limits, others) == violated


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        (
            matched(3) + missing(4),
            Limits(max_create_percent=12.5),
            "4 creates are 133 % of 3 entries that have a file, and max_create_percent is 12.5; "
            "--allow create=4 allows it",
        ),
        (
            drifted(4),
            Limits(max_update_percent=50.0),
            "4 updates are 100 % of 4 entries that have a file, and max_update_percent is 50; "
            "--allow update=4 allows it",
        ),
        (
            matched(6) + orphaned(4),
            Limits(),
            "4 deletes are 40 % of 10 owned files, and max_delete_percent is 10; "
            "--allow delete=4 allows it",
        ),
        (
            matched(1) + orphaned(1),
            Limits(max_deletes=0),
            "1 deletes, and max_deletes is 0; --allow delete=1 allows it",
        ),
        (
            "entry a spots s1 {} \n file 1 spots a s1 x=1",
            Limits(max_removed_values=0),
            "1 removed values, and max_removed_values is 0; --allow removed_values=1 allows it",
        ),
        (
            orphaned(2),
            NONE,
            "there are no entries, and 2 live files would be deleted; --allow empty=2 allows it",
        ),
        (
            "bucket spots 1 incomplete='page 2 is gone'",
            NONE,
            "the listing of bucket spots is not proved complete: page 2 is gone; plan again",
        ),
        ("entry a spots", NONE, "it has no file, and no source to make one from"),
        (
            "entry a spots s1 \n file 1 spots a s1 \n file 2 spots a",
            NONE,
            "several files carry its mark, and not each says what it was made from (files 1, 2)",
        ),
        (
            "entry a spots s1 title=T \n file 1 spots - title=T \n file 2 spots - title=T",
            NONE,
            "it would be created beside a foreign file of the same title or source (1, 2): "
            "pin that by its acr_id, set `adopt: title`, or name the catalogue's former name",
        ),
        (
            "entry a spots s1 \n file 1 spots z s9 protect",
            NONE,
            "file 1 ('T-z') would be deleted, and is protected by its entry: "
            "apply `protect: false` first",
        ),
        (
            "bucket spots 1 protect \n entry a spots s1 \n file 1 spots z s9",
            NONE,
            "file 1 ('T-z') would be deleted, and is in bucket spots, which is protected",
        ),
        (
            "entry a spots s1 seconds=30 \n file 1 spots a seconds=32.25",
            NONE,
            "its source lasts 30.0 s and file 1 lasts 32.2 s, so that the file is made from it "
            "is hard to believe: check which is right",
        ),
        (
            "entry a spots s?",
            NONE,
            "its source would have to be uploaded, is not there, and no sha256 pins it: "
            "fetch the file, or run `reconciler pin` where it is",
        ),
    ],
)
def test_a_violation_says_what_is_wrong_and_what_to_do(
    text: str, limits: Limits, message: str
) -> None:
    assert messages(text, limits) == [message]


def test_a_violation_about_an_entry_says_which_and_where() -> None:
    text = """
        entry a spots s1 title=T
        entry b spots s?
        entry c spots
        entry d spots s1 seconds=1
        entry e spots acr=99
        file 1 spots - title=T
        file 2 spots z protect
        file 3 spots d seconds=9
    """
    assert [
        (violation.rule.value, violation.key, str(violation.declared_at))
        for violation in plan_of(text).violations
    ] == [
        ("unresolved", "c", "catalog.yaml:3:3"),
        ("unresolved", "e", "catalog.yaml:5:3"),
        ("twin", "a", "catalog.yaml:1:3"),
        ("protected", "z", "None"),
        ("duration", "d", "catalog.yaml:4:3"),
        ("source", "b", "catalog.yaml:2:3"),
    ]


def test_unresolved_entries_that_an_absent_one_is_among_are_told_with_its_place() -> None:
    (violation,) = plan_of("absent a acr=1 \n file 1 spots opaque").violations
    assert (violation.rule, violation.key) == (Rule.UNRESOLVED, "a")
    assert str(violation.declared_at) == "catalog.yaml:100:3"


@pytest.mark.parametrize(
    ("count", "named"),
    [(1, "(1)"), (10, "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"), (11, "8, 9, 10, …)"), (40, "9, 10, …)")],
)
def test_of_many_twins_the_oldest_are_named(count: int, named: str) -> None:
    files = "".join(f"file {number} spots - s1 title=T\n" for number in range(count, 0, -1))
    (violation,) = plan_of(f"entry a spots s1 title=T\n{files}").violations
    assert named in violation.message
