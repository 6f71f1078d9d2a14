"""Which comments and issues are ours, row by row. What is done about them: see the reports."""

from __future__ import annotations

import pytest

from reconciler.forge.deciding import (
    comments_of,
    is_same_text,
    issues_of,
    merged_by,
    why_left,
)
from reconciler.forge.marker import DriftMarker, PlanMarker
from reconciler.forge.model import Comment, Issue, Merged

HEAD, OLDER = "a" * 40, "b" * 40
NEW = PlanMarker("radio-ads", HEAD, 20, f"sha256:{'0' * 64}", "plan")


def comment(
    id_: int = 1,
    author: str = "us",
    *,
    head: str = HEAD,
    run: int = 10,
    catalog: str = "radio-ads",
    is_hidden: bool = False,
) -> Comment:
    marker = PlanMarker(catalog, head, run, f"sha256:{'1' * 64}", "plan")
    return Comment(id_, author, f"{marker}\ntext", is_hidden=is_hidden)


def ours(*comments: Comment) -> list[int]:
    return [each.id for _, each in comments_of(comments, "radio-ads", "us").ours]


def test_whose_comment_it_is() -> None:
    assert ours(comment()) == [1]
    assert ours(comment(author="US")) == [1]
    assert ours(comment(author="us2")) == []
    assert ours(comment(author="")) == []
    assert ours(comment(catalog="other")) == []
    assert ours(comment(is_hidden=True)) == []
    assert ours(Comment(1, "us", "text")) == []
    assert ours(comment(3), comment(1), comment(2)) == [1, 2, 3]


def test_a_strangers_comment_is_told_and_a_hidden_one_of_ours_is_not() -> None:
    found = comments_of([comment(1, "mallory"), comment(2, is_hidden=True)], "radio-ads", "us")
    assert [each.id for each in found.others] == [1]


@pytest.mark.parametrize(
    ("there", "head", "left"),
    [
        ([], HEAD, None),
        ([], OLDER, "its head is"),
        ([comment(head=OLDER, run=99)], HEAD, None),
        ([comment(run=19)], HEAD, None),
        ([comment(run=20)], HEAD, None),
        ([comment(run=21)], HEAD, "run 21, which is later"),
        ([comment(run=21), comment(2, run=5)], HEAD, "run 21, which is later"),
        ([comment(run=21)], OLDER, "its head is"),
        ([comment(1, "mallory", run=21)], HEAD, None),
    ],
)
def test_when_nothing_is_written(there: list[Comment], head: str, left: str | None) -> None:
    why = why_left(comments_of(there, "radio-ads", "us"), NEW, head)
    assert (why is None) if left is None else (why is not None and left in why)


def test_the_last_run_is_the_one_that_counts() -> None:
    found = comments_of([comment(1, run=30), comment(2, run=4)], "radio-ads", "us")
    assert found.latest is not None
    assert found.latest.run == 30
    assert comments_of([], "radio-ads", "us").latest is None


@pytest.mark.parametrize("other", ["a\nb", "a\r\nb\r\n", "a\nb\n\n"])
def test_line_ends_and_space_at_the_end_are_the_servers(other: str) -> None:
    assert is_same_text("a\nb\n", other)
    assert not is_same_text("a\nb\n", f" {other}")


def test_whose_issue_it_is() -> None:
    mark = f"{DriftMarker('radio-ads')}\nx"
    issues = [
        *(Issue(3, "us", mark), Issue(1, "Us", mark), Issue(2, "mallory", mark)),
        *(Issue(4, "us", f"{DriftMarker('other')}\nx"), Issue(5, "us", f"{NEW}\nx")),
    ]
    assert [each.number for each in issues_of(issues, "radio-ads", "us")] == [1, 3]


def merged(number: int, *commits: str) -> Merged:
    return Merged(number, HEAD, frozenset(commits))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], None),
        ([merged(1)], 1),
        ([merged(1, "other")], 1),
        ([merged(1, "other"), merged(2, "c")], 2),
        ([merged(1), merged(2)], None),
        ([merged(1, "c"), merged(2, "c")], None),
    ],
)
def test_which_one_a_commit_is_the_merge_of(there: list[Merged], expected: int | None) -> None:
    found = merged_by(there, "c")
    assert (None if found is None else found.number) == expected
