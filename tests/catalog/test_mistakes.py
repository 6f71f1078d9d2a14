"""All mistakes at once, each with its place, what was expected, and a near match."""

from pathlib import Path

from typing import Any

from reconciler.catalog import Problem
from reconciler.core.model import Place

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


def test_nothing_invisible_gets_into_a_message(folder: Any) -> None:
    found = folder.problems('files:\n  a: {title: T, bucket: "\\e[2J\\u202e", "\\n::error::": 1}\n')
    assert all(line.isprintable() for line in found)


def test_the_file_was_changed_while_it_was_read(folder: Any, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Places of entries are known without reading the file again."""
    from reconciler.catalog import resolving

    monkeypatch.setattr(resolving, "read", lambda path: (_ for _ in ()).throw(OSError()))
    problem = folder.problem("files:\n  a: {title: [1]}\n")
    assert problem.startswith("catalog.yaml:6:3: files.a.title: expected a text")
