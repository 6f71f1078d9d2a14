# ruff: noqa: E501 - a table reads better with a case on each line
"""Included files: YAML, CSV and JSON Lines inside the catalogue's own folder."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.globs import Globs, TooMuchError
from reconciler.catalog.includes import included, is_included
from reconciler.catalog.problems import Findings
from reconciler.core.model import Place
from tests.catalog.conftest import searched


def test_all_formats_together(folder: Any) -> None:
    folder.write("spots/b.yaml", "files:\n  y: {title: 1979}\n")
    folder.write("spots/a.yml", "version: 1\nfiles:\n  x: {title: X}\n")
    folder.write("t.csv", "key,title\nc,C\n")
    folder.write("f.jsonl", '{"key": "j", "title": "J"}\n')
    desired = folder.load("include: [spots/*, t.csv, f.jsonl]\nfiles: {m: {title: M}}\n").desired
    assert {key: entry.place for key, entry in desired.entries.items()} == {
        "m": Place("catalog.yaml", 6, 9),
        "x": Place("spots/a.yml", 3, 3),
        "y": Place("spots/b.yaml", 2, 3),
        "c": Place("t.csv", 2, 1),
        "j": Place("f.jsonl", 1, 1),
    }


def test_the_same_file_twice_is_read_once(folder: Any) -> None:
    folder.write("a.yaml", "files: {x: {title: X}}")
    (folder.path / "b.yaml").symlink_to("a.yaml")
    desired = folder.load("include: ['*.yaml', a.yaml, ./a.yaml, 'b.*']\n").desired
    assert list(desired.entries) == ["x"]


def test_a_key_stands_once_in_all_files(folder: Any) -> None:
    folder.write("a.yaml", "files:\n  x: {title: X}\n")
    folder.write("t.csv", "key,title\nx,C\n")
    folder.write("f.jsonl", '{"key":"x","title":"J"}\n')
    assert folder.problems("include: [a.yaml, t.csv, f.jsonl]\n") == [
        "f.jsonl:1:1: files.x: this key is there already, at a.yaml:2:3",
        "t.csv:2:1: files.x: this key is there already, at a.yaml:2:3",
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("no/*.yaml", "matches no file"),
        ("../*.yaml", "leads outside the catalogue's folder"),
        ("a/../../b.yaml", "leads outside"),
        ("/etc/*", "leads outside"),
        ("~/x.yaml", "leads outside"),
        ('"a\\0b"', "catalog.yaml:5:11: include[0]: "),
        ("out.yaml", "leads outside"),
        ("loop.yaml", "the included file cannot be read: Too many levels of symbolic links"),
        (
            "away/*.yaml",
            '"away" leads outside the catalogue\'s folder (only what lies in it can be',
        ),
        ("away/outside.yaml", '"away" leads outside the catalogue\'s folder'),
        ("a*y/outside.yaml", '"away" leads outside the catalogue\'s folder'),
        ("note.txt", "is not of a known format: expected .yaml, .yml, .csv, .jsonl or .ndjson"),
        ("pipe.yaml", "the included file is a named pipe, not a file"),
        ("folder.yaml", "the included file is a folder, not a file"),
        ("latin.csv", "latin.csv:1:2: the included file is not UTF-8"),
        ("list.yaml", "list.yaml:1:1: expected a mapping with files"),
        ("empty.yaml", "expected a mapping with files"),
        (
            "head.yaml",
            "head.yaml:2:1: buckets: unknown property (an included file holds only files)",
        ),
        ("two.yaml", "two.yaml:1:10: version: expected 1, found 2"),
        ("broken.yaml", "broken.yaml:2:1: not readable as YAML"),
    ],
)
def test_what_is_not_included(folder: Any, pattern: str, message: str) -> None:
    folder.write("../outside.yaml", "files: {}")
    (folder.path / "out.yaml").symlink_to("../outside.yaml")
    (folder.path / "loop.yaml").symlink_to("loop.yaml")
    (folder.path / "away").symlink_to("..")
    (folder.path / "folder.yaml").mkdir()
    os.mkfifo(folder.path / "pipe.yaml")
    folder.write("note.txt")
    folder.write("latin.csv", b"k\xe9y\n")
    folder.write("list.yaml", "[1]")
    folder.write("empty.yaml", "")
    folder.write("head.yaml", "files: {}\nbuckets: {}\n")
    folder.write("two.yaml", "version: 2\nfiles: {}\n")
    folder.write("broken.yaml", "a: [")
    assert message in folder.problem(f"include: [{pattern}]\n")


class TestLinks:
    def test_inside_the_folder_are_followed(self, folder: Any) -> None:
        folder.write("2024/spring/a.yaml", "files: {a: {title: A}}")
        (folder.path / "now").symlink_to("2024")
        for pattern in ("now/spring/a.yaml", "now/*/*.yaml", "no?/spring/*"):
            assert list(folder.load(f"include: ['{pattern}']\n").desired.entries) == ["a"]

    def test_are_not_gone_round(self, folder: Any) -> None:
        """Two links double what is found at every level: here a thousand million times."""
        for link in "abc":
            (folder.path / link).symlink_to(".")
        folder.write("z.yaml", "files: {z: {title: Z}}")
        pattern = "*/" * 20 + "z.yaml"
        assert Globs(folder.path, 100).matches(pattern).names == ["a/" * 20 + "z.yaml"]
        assert list(folder.load(f"include: ['{pattern}', '**/*.yaml', 'z*']").desired.entries) == [
            "z"
        ]

    def test_that_lead_outside_are_named_and_nothing_behind_them(
        self, folder: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "z.yaml").touch()
        (folder.path / "out").symlink_to(tmp_path)
        found = folder.problems("include: ['*/*/z.yaml', out/secret/z.yaml, '*/*']\n")
        assert len(found) == 3
        assert all('"out" leads outside' in problem for problem in found)
        assert "secret" not in "".join(found)


class TestPatternsThatAskForTooMuch:
    def test_names(self, tmp_path: Path) -> None:
        for number in range(10):
            (tmp_path / f"{number}.yaml").touch()
        globs = Globs(tmp_path, 25)
        assert len(globs.matches("*").names) == len(globs.matches("[0-9].yaml").names) == 10
        with pytest.raises(TooMuchError, match="makes more than 25 names to look at"):
            globs.matches("**/*.csv")

    @pytest.mark.parametrize(
        ("pattern", "complaint"),
        [
            ("*/" * 40 + "a.yaml", "has more than 32 parts (name the folders or the files that"),
            ("[" * 100_000, "has more than 1,000 characters (name the folders or the files that"),
        ],
        ids=["parts", "characters"],
    )
    def test_parts_and_characters(self, folder: Any, pattern: str, complaint: str) -> None:
        assert complaint in folder.problem(f"include: ['{pattern}']\n")


def test_a_folder_that_cannot_be_looked_into_is_an_error(folder: Any) -> None:
    """What lies in it would seem to be wanted no more. Here its path is longer than paths may be."""
    here = os.open(folder.path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=here)
        inner = os.open("x" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    assert "cannot be read: File name too long" in folder.problem("include: ['**/*.yaml']\n")


def test_csv_cells(folder: Any) -> None:
    folder.write(
        "t.csv",
        "\ufeffkey,title,bucket,source.audio,source.sha256,acr_id,was,protect,absent,user_defined.isrc,"
        "user_defined.year:number,user_defined.live:boolean,user_defined.x:number:string,user_defined\r\n"
        f"a,'=1+1,archive,x.mp3,{'0' * 64},{'1' * 32},e f,TRUE,,00123,1979,false,7,\r\n"
        'b,"Two, ""quoted""\r\nlines",,,,,,,,,,,,\r\n'
        "\r\n"
        "c,,,,,,,,true,,,,,\r\n"
        "d,'tis,,,,,,,,,,,,{}\r\n",
    )
    desired = folder.load("include: [t.csv]\n").desired
    a = desired.entries["a"]
    assert (a.title, a.bucket, a.was, a.protect) == ("=1+1", "archive", ("e", "f"), True)
    assert a.source.location.endswith("/x.mp3")
    assert a.user_defined == {"isrc": "00123", "year": 1979, "live": False, "x:number": "7"}
    assert desired.entries["b"].title == 'Two, "quoted"\r\nlines'
    assert desired.entries["b"].user_defined is None
    assert desired.entries["b"].place == Place("t.csv", 3, 1)
    assert list(desired.absent) == ["c"]
    assert desired.entries["d"].title == "'tis"
    assert desired.entries["d"].user_defined == {}
    assert desired.entries["d"].place == Place("t.csv", 7, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "t.csv:1:1: the header row is missing"),
        ("title\nT\n", "t.csv:1:1: the column key is missing"),
        ("key;title\n", "cells are separated by commas"),
        ("key,tilte\n", 't.csv:1:5: unknown column "tilte" (did you mean title?)'),
        ("key,user_defined.\n", "t.csv:1:5: unknown column"),
        ("key,title,title\na,b,c\n", 't.csv:1:11: the column "title" is there already'),
        ("key,title\na\n", "t.csv:2:1: this row has 1 cells, the header has 2"),
        ("key,title\na,b,c\n", "t.csv:2:1: this row has 3 cells, the header has 2"),
        ("key,title\n,T\n", "t.csv:2:1: the key is missing"),
        ("key,title\na,T\na,U\n", "t.csv:3:1: files.a: this key is there already, at t.csv:2:1"),
        ('key,title\na,"T\n', "t.csv:1:1: not readable as CSV"),
        ('key,title\na,"T"x\n', "not readable as CSV"),
        ("key,title\na b,T\n", "t.csv:2:1: files.a b: expected 1 to 128 characters"),
        ("key,title,bucket\na,T,spot\n", 't.csv:2:5: files.a.bucket: there is no bucket "spot"'),
        ('key,title,protect\na,"x\ny",maybe\n', "t.csv:3:4: files.a.protect: expected true or false"),
        ("key,title,user_defined.n:number\na,T,1e999\n", "expected a number of at most 64 bits"),
        (f"key,title,user_defined.n:number\na,T,{2**64}\n", "expected a number of at most 64 bits"),
        ("key,title,user_defined.n:number\na,T,0x1\n", "t.csv:2:5: files.a.user_defined.n: expected a number"),
        ("key,title,user_defined\na,T,x\n", "expected {} for none at all"),
        ("key,title,source.acrid\na,T,xyz\n", "t.csv:2:5: files.a.source.acrid: expected 32 hex digits"),
        ("key,bucket\na,spots\n", "t.csv:2:1: files.a: title is missing"),
    ],
)  # fmt: skip
def test_csv_mistakes(folder: Any, content: str, problem: str) -> None:
    folder.write("t.csv", content)
    assert any(problem in found for found in folder.problems("include: [t.csv]\n"))


def test_json_lines(folder: Any) -> None:
    folder.write(
        "f.jsonl",
        '\ufeff{"key": "a", "title": "\\ud83d\\ude00", "user_defined": {"n": 1.50, "big": 18446744073709551616, "x": [null, {"y": "\\":"}]}}\r\n'
        "\n"
        '{"key" : "b","title":"B","user_defined":{"a\\":":1}}',
    )
    desired = folder.load("include: [f.jsonl]\n").desired
    assert desired.entries["a"].title == "😀"
    assert desired.entries["a"].user_defined == {
        "n": 1.5, "big": "18446744073709551616", "x": [None, {"y": '":'}],
    }  # fmt: skip
    assert desired.entries["b"].user_defined == {'a":': 1}
    assert desired.entries["b"].place == Place("f.jsonl", 3, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("nonsense", "f.jsonl:1:1: not readable as JSON"),
        ('{"key": "a", "title": NaN}', "f.jsonl:1:23: not readable as JSON"),
        ('{"key": "a", "title": "\\ud800"}', "not readable as JSON"),
        (
            '{"key": "a", "title": "T", "user_defined": {"x": 1, "x": 2}}',
            'the name "x" is there twice',
        ),
        ('{"key" : "a", "title": "T", "title" : "U"}', 'the name "title" is there twice'),
        ("[1]", "expected an object with an entry's properties"),
        ('{"title": "T"}', "f.jsonl:1:1: key: the key is missing, or is not a text"),
        ('{"key": 7, "title": "T"}', "the key is missing, or is not a text"),
        (
            '\n{"key": "a", "title": 1979}',
            "f.jsonl:2:23: files.a.title: expected a text, found 1979 (quote it)",
        ),
        ('{"key": "a", "title": "T", "was": [1]}', "f.jsonl:1:36: files.a.was[0]: expected a text"),
        (
            '{"key": "a", "title": "T", "x": ' + "[" * 40 + "]" * 40 + "}",
            "nested more than 32 deep",
        ),
        ('{"key": "a", "title": "T", "x": ' + "[" * 5000, "f.jsonl:1:"),
    ],
)
def test_json_lines_mistakes(folder: Any, content: str, problem: str) -> None:
    folder.write("f.jsonl", content)
    assert problem in folder.problem("include: [f.jsonl]\n")


NAMES = ["a.yaml", "b.csv", "s/a.yaml", "s/t/a.yaml", ".h/a.yaml", "s/.h.yaml"]


@searched
@given(
    st.lists(
        st.sampled_from(["a.yaml", "b.csv", "*", "*.yaml", "**", "s", "[ab].*", "?", ".h", ".*"]),
        min_size=1,
        max_size=4,
    ).map("/".join)
)
def test_whether_a_file_would_be_included_is_what_is_found_once_it_is_there(
    tmp_path_factory: pytest.TempPathFactory, pattern: str
) -> None:
    home = tmp_path_factory.getbasetemp() / "would-be"
    for name in NAMES:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("files: {}\n")
    found = included(home, home / "catalog.yaml", [pattern], "catalog.yaml", Findings())
    assert {one.name for one in found} == {n for n in NAMES if is_included([pattern], n)}
