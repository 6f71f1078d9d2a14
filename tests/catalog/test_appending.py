"""New entries go to the end, and what stands there stays."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.catalog.appending import CannotAppendError, appended

NEW: Any = {"new": {"title": "New", "source": {"audio": "n.wav"}}}
BLOCK = "  new:\n    title: New\n    source:\n      audio: n.wav\n"


def after(text: str, file: str = "f.yaml", records: Any = None) -> str:
    return appended(file, text.encode(), records or NEW).data.decode()


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("", "files:\n" + BLOCK),
        ("version: 1\n", "version: 1\nfiles:\n" + BLOCK),
        ("version: 1", "version: 1\nfiles:\n" + BLOCK),
        ("files:\n  a: {title: A}\n", "files:\n  a: {title: A}\n" + BLOCK),
        ("files:\n  a: {title: A}", "files:\n  a: {title: A}\n" + BLOCK),
        ("files:\n  a: {title: A} # c\n# end\n", "files:\n  a: {title: A} # c\n# end\n" + BLOCK),
        ("files: {}\n", "files:\n" + BLOCK),
        ("files: {} # none yet\nlimits: {max_deletes: 1}\n",
         "files: # none yet\n" + BLOCK + "limits: {max_deletes: 1}\n"),
        ("files:\n  a: {title: A}\n  # of a\n\n# limits\nlimits: {}\n",
         "files:\n  a: {title: A}\n  # of a\n" + BLOCK + "\n# limits\nlimits: {}\n"),
        ("files:\n  a:\n    title: |\n      A\n\n\nversion: 1\n",
         "files:\n  a:\n    title: |\n      A\n\n\n" + BLOCK + "version: 1\n"),
        ("files:\n  a:\n    was:\n    - b\nversion: 1\n",
         "files:\n  a:\n    was:\n    - b\n" + BLOCK + "version: 1\n"),
        ("files:\r\n  a: {title: A}\r\n",
         "files:\r\n  a: {title: A}\r\n" + BLOCK.replace("\n", "\r\n")),
        ("files:\n   a: {title: A}\n",
         "files:\n   a: {title: A}\n" + "".join(f" {line}\n" for line in BLOCK.splitlines())),
        ("\ufefffiles:\n  \xe9\U0001f600: {title: A}\nversion: 1\n",
         "\ufefffiles:\n  \xe9\U0001f600: {title: A}\n" + BLOCK + "version: 1\n"),
        ('files: &f\n  a: {title: "A\n    B"}\nversion: 1\n',
         'files: &f\n  a: {title: "A\n    B"}\n' + BLOCK + "version: 1\n"),
    ],
)  # fmt: skip
def test_yaml(before: str, then: str) -> None:
    assert after(before) == then


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{files: {}}", "is written between braces"),
        ("files: {a: {title: A}}", "has its files between braces"),
        ("x: &x {}\nfiles: *x\n", "has its files behind an alias"),
        ("# nothing\n", "holds no mapping with files"),
    ],
)
def test_yaml_that_cannot_be_appended_to(text: str, why: str) -> None:
    with pytest.raises(CannotAppendError, match=why):
        after(text)


def test_csv() -> None:
    assert after("", "f.csv") == "key,title,source.audio\r\nnew,New,n.wav\r\n"
    assert after("title,key,source.audio,was\nA,a,,\n", "f.csv") == (
        "title,key,source.audio,was\nA,a,,\nNew,new,n.wav,\n"
    )
    assert after("key,title,source.audio\r\na,A,", "f.csv") == (
        "key,title,source.audio\r\na,A,\r\nnew,New,n.wav\r\n"
    )


def test_csv_gets_the_columns_that_it_lacks() -> None:
    records = {"n": {"title": "=N", "user_defined": {"a,b": "1", "c:number": "2"}}}
    assert after('key,"title"\na,"A, ""B"""\n\nb,B', "f.csv", records) == (
        'key,"title","user_defined.a,b",user_defined.c:number:string\n'
        'a,"A, ""B""",,\n\nb,B,,\nn,\'=N,1,2\n'
    )


def test_csv_of_numbers_is_left() -> None:
    records = {"n": {"title": "N", "user_defined": {"year": "2007"}}}
    with pytest.raises(CannotAppendError, match=r"has a column user_defined\.year:number"):
        after("key,title,user_defined.year:number\n", "f.csv", records)


def test_json_lines() -> None:
    line = '{"key":"new","title":"New","source":{"audio":"n.wav"}}\n'
    assert after("", "f.jsonl") == line
    assert after('{"key":"a"}', "f.jsonl") == '{"key":"a"}\n' + line
    assert after('{"key":"a"}\r\n', "f.ndjson") == '{"key":"a"}\r\n' + line.replace("\n", "\r\n")
    assert orjson.loads(line)["key"] == "new"
