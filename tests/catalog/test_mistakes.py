"""All mistakes at once, each with its place, what was expected, and a near match."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.catalog import places
from reconciler.catalog.problems import Finding, Problem
from reconciler.catalog.resolving import Texts, problems_of
from reconciler.core.model import Place
from reconciler.errors import CatalogError

GOLDEN = Path(__file__).with_name("golden")


def test_a_catalogue_with_thirty_mistakes(folder: Any) -> None:
    folder.write("catalog.yaml", (GOLDEN / "mistakes.yaml").read_bytes())
    folder.write("feed.jsonl", (GOLDEN / "mistakes.jsonl").read_bytes())
    folder.write("tracks.csv", (GOLDEN / "mistakes.csv").read_bytes())
    text = "\n".join(folder.problems()) + "\n"
    assert text == (GOLDEN / "mistakes.txt").read_text()


def test_how_a_problem_reads() -> None:
    problem = Problem(Place("catalog.yaml", 3, 7), "files.a.title", "is missing", "add it")
    assert str(problem) == "catalog.yaml:3:7: files.a.title: is missing (add it)"
    assert str(Problem(Place("a.csv", 1, 1), "", "is empty")) == "a.csv:1:1: is empty"


def test_very_many_problems_are_counted(folder: Any) -> None:
    bad = "".join(f"  key-{number:04}: {{}}\n" for number in range(1000))
    found = folder.problems("files:\n" + bad)
    assert len(found) == 301
    assert found[0] == "catalog.yaml:6:3: files.key-0000: title is missing"
    assert found[-1] == "catalog.yaml:306:3: and 700 more from here on"
    with pytest.raises(CatalogError, match=r"\n1,000 problems in the catalogue$"):
        folder.load()


def test_the_likeliest_word_is_looked_for_in_so_many(folder: Any) -> None:
    """T13: to compare two words that are much alike takes a millisecond."""
    buckets = ", ".join(f"bucket-{n:04}: {{id: {n + 1}}}" for n in range(1500))
    head = f"version: 1\ncatalog: c\nbuckets: {{{buckets}}}\n"
    bad = "".join(f"  k{n:02}: {{title: T, bucket: bucket-{n}x}}\n" for n in range(20))
    found = folder.problems("files:\n" + bad, head=head)
    assert ["did you mean bucket-0" in problem for problem in found] == [True] * 5 + [False] * 15
    assert all("buckets here: bucket-0000, " in problem for problem in found[5:])


def test_a_glob_is_no_book(folder: Any) -> None:
    """T13: each bracket that nothing closes is looked after to the glob's end."""
    assert folder.load(f"user_defined: {{ignore: ['{'[' * 200}']}}\nfiles: {{}}\n")
    set_here = "files: {a: {title: T, user_defined: {x: 1}}}\n"
    assert folder.problem(f"user_defined: {{ignore: ['{'[' * 50_000}']}}\n{set_here}") == (
        "catalog.yaml:5:25: user_defined.ignore[0]: "
        "must be at most 200 characters long, found 50000"
    )


def test_nothing_invisible_gets_into_a_message(folder: Any) -> None:
    found = folder.problems('files:\n  a: {title: T, bucket: "\\e[2J\\u202e", "\\n::error::": 1}\n')
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize("content", [b"files: {a: {title: [1]}}", None])
def test_a_file_that_was_changed_meanwhile_keeps_the_places_of_its_entries(
    folder: Any, content: bytes | None
) -> None:
    path = folder.path / "catalog.yaml"
    if content is not None:
        path.write_bytes(content)
    texts = Texts(declared={"a": Place("catalog.yaml", 6, 3)}.get)
    texts.add("catalog.yaml", path, "the digest of other bytes", places.locate)
    findings = [
        Finding("catalog.yaml", ("files", "a", "title"), "is wrong"),
        Finding("catalog.yaml", ("files", "b"), "is wrong"),
        Finding("nowhere.yaml", ("version",), "is wrong"),
    ]
    problems, count = problems_of(findings, texts, thorough=True)
    assert count == 3
    assert [str(problem) for problem in problems] == [
        "catalog.yaml:1:1: files.b: is wrong",
        "catalog.yaml:6:3: files.a.title: is wrong",
        "nowhere.yaml:1:1: version: is wrong",
    ]
