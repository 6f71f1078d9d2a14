# ruff: noqa: E501 - a table reads better with a case on each line
"""`pull` in tables and in JSON Lines, and what it cannot write where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import CatalogError
from tests.catalog.pulls import (
    ALL,
    GONE,
    Edited,
    applied_as_it_says,
    live_of,
    metadata,
    pull,
    title,
)

if TYPE_CHECKING:
    from tests.catalog.conftest import Folder

HEAD = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}, u: {id: 2}}\ndefaults: {bucket: s}\ninclude: [more.*]\n"
WITH_DEFAULTS = HEAD.replace("bucket: s}", "bucket: s, user_defined: {label: Acme}}")
PIN = "0a" * 32
SOURCE = f"https://x.example/a,{PIN}"


def after(folder: Folder, name: str, text: str, edits: dict[str, Edited], head: str = HEAD) -> str:
    folder.catalog("", head)
    path = folder.write(name, text)
    done = pull(folder.path / "catalog.yaml", edits)
    assert done.made.left == ()
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "edits", "expected"),
    [
        ("key,title\nx,Old\ny,Y\n", {"x": title("New")}, "key,title\nx,New\ny,Y\n"),
        ("key,title\r\nx,Old\r\ny,Y", {"y": title("New")}, "key,title\r\nx,Old\r\ny,New"),
        ('key,title\nx,"Old"\n', {"x": title("New")}, 'key,title\nx,"New"\n'),
        ("key,title\nx,Old\n", {"x": title('A, "B"')}, 'key,title\nx,"A, ""B"""\n'),
        ("key,title\nx,Old\n", {"x": title("a\r\nb")}, 'key,title\nx,"a\r\nb"\n'),
        ("key,title\nx,Old\n", {"x": title("=1+1")}, "key,title\nx,'=1+1\n"),
        ("key,title\nx,Old\n", {"x": title("'=1+1")}, "key,title\nx,''=1+1\n"),
        ("key,title\nx,Old\n", {"x": title("NO")}, "key,title\nx,NO\n"),
        ("key,title\nx,Old\n", {"x": title("00123")}, "key,title\nx,00123\n"),
        ("\ufeffkey,title\nx,Old\n", {"x": title("ü😀")}, "\ufeffkey,title\nx,ü😀\n"),
        ("key,title\n\nx,Old\n\n\ny,Y\n", {"y": title("New")}, "key,title\n\nx,Old\n\n\ny,New\n"),
        ("title,user_defined.a,key\nX,b,x\nY,,y\n", {"x": metadata(a="c"), "y": title("Z")}, "title,user_defined.a,key\nX,c,x\nZ,,y\n"),
        ("key,title,user_defined.a\nx,X,b\ny,Y,c\n", {"x": metadata(a=None)}, "key,title,user_defined.a,user_defined\nx,X,,{}\ny,Y,c,\n"),
        ("key,title,user_defined.a,user_defined.b\nx,X,b,c\n", {"x": metadata(a=None)}, "key,title,user_defined.a,user_defined.b\nx,X,,c\n"),
        ("key,title,user_defined.a\nx,X,b\ny,Y,c\n", {"x": metadata(d="e")}, "key,title,user_defined.a,user_defined.d\nx,X,b,e\ny,Y,c,\n"),
        ("key,title,user_defined.a\nx,X,b\ny,Y,c\n", {"x": metadata(d=5), "y": metadata(d="5", e=True)}, "key,title,user_defined.a,user_defined.d:number,user_defined.d,user_defined.e:boolean\nx,X,b,5,,\ny,Y,c,,5,true\n"),
        ("key,title,user_defined.a:number\nx,X,7\ny,Y,8\n", {"x": metadata(a=7.5), "y": metadata(a="z")}, "key,title,user_defined.a:number,user_defined.a\nx,X,7.5,\ny,Y,,z\n"),
        ("key,title,user_defined.a\nx,X,b\n", {"x": Edited(fields={"c:number": "d"})}, "key,title,user_defined.a,user_defined.c:number:string\nx,X,b,d\n"),
        ("key,title,user_defined.a\nx,X,b\n", {"x": Edited(fields={"c,d": "d"})}, 'key,title,user_defined.a,"user_defined.c,d"\nx,X,b,d\n'),
        ("key,title,user_defined.a,user_defined.b\nx,X,b,\n", {"x": metadata(b="1", c="d")}, "key,title,user_defined.a,user_defined.b,user_defined.c\nx,X,b,1,d\n"),
        ("key,title\nx,X\ny,Y\n", {"x": Edited(bucket="u")}, "key,title,bucket\nx,X,u\ny,Y,\n"),
        ("key,bucket,title\nx,s,X\n", {"x": Edited(bucket="u")}, "key,bucket,title\nx,u,X\n"),
        (f"key,title,source.audio_url,source.sha256\nx,X,{SOURCE}\ny,Y,,\n", {"x": GONE}, "key,title,source.audio_url,source.sha256\ny,Y,,\n"),
        (f"key,title,source.audio_url,source.sha256\ny,Y,,\nx,X,{SOURCE}", {"x": GONE}, "key,title,source.audio_url,source.sha256\ny,Y,,\n"),
        (f"key,title,source.audio_url,source.sha256\nx,X,{SOURCE}\ny,Y,,\n", {"x": GONE, "y": metadata()}, "key,title,source.audio_url,source.sha256\ny,Y,,\n"),
    ],
)  # fmt: skip
def test_csv(folder: Folder, before: str, edits: dict[str, Edited], expected: str) -> None:
    assert after(folder, "more.csv", before, edits) == expected


@pytest.mark.parametrize(
    ("before", "fields", "why"),
    [
        ("key,title,user_defined.a\nx,X,b\n", {"a": ["c"]}, "a table holds no lists and no objects"),
        ("key,title,user_defined.a\nx,X,b\n", {"a": {"c": "d"}}, "a table holds no lists and no objects"),
        ("key,title,user_defined.a\nx,X,b\n", {"a": ""}, "a table cannot tell an empty text from nothing"),
        ("key,title,user_defined.a\nx,X,b\n", {"a": "\x1b[31mred"}, "a table cannot hold control characters"),
        ("key,title,user_defined.a\nx,X,b\n", {"a": "\u202egpj"}, "a table cannot hold control characters"),
        ("key,title,user_defined.a\nx,X,b\n", {"a\x07": "c"}, "a table cannot hold control characters"),
        ("key,title,user_defined.a\nx,X,b\n", {"label": None}, "a table cannot say that the default of label does not hold"),
        ("key,title,user_defined\nx,X,{}\n", {"b": "c"}, "a table cannot say that the default of label does not hold"),
    ],
)  # fmt: skip
def test_what_a_table_cannot_say_is_left_and_the_rest_is_taken(
    folder: Folder, before: str, fields: dict[str, Any], why: str
) -> None:
    folder.catalog("files: {y: {title: Y}}\n", WITH_DEFAULTS)
    path = folder.write("more.csv", before)
    done = pull(folder.path / "catalog.yaml", {"x": Edited(fields=fields), "y": title("New")})
    assert [(left.key, left.why) for left in done.made.left] == [("x", why)]
    assert [one.entry.key for one in done.made.taken] == ["y"]
    assert path.read_text() == before


def test_a_table_may_say_none_at_all(folder: Folder) -> None:
    text = "key,title,user_defined.a\nx,X,b\n"
    came = after(folder, "more.csv", text, {"x": metadata(a=None, label=None)}, WITH_DEFAULTS)
    assert came == "key,title,user_defined.a,user_defined\nx,X,,{}\n"


@pytest.mark.parametrize(
    ("before", "edits", "expected"),
    [
        ('{"key": "x", "title": "Old"}\n', {"x": title("New")}, '{"key": "x", "title": "New"}\n'),
        ('{"key":"x","title":"Old"}', {"x": title('"ü"\n')}, '{"key":"x","title":"\\"ü\\""}'),
        ('{"key":"x","title":"\\u00e9"}\n', {"x": title("ü😀")}, '{"key":"x","title":"\\u00fc\\ud83d\\ude00"}\n'),
        ('{"key":"x","title":"é"}\n', {"x": title("a\u202eb")}, '{"key":"x","title":"a\\u202eb"}\n'),
        ('\n  {"title" : "Old" ,"key":"x" } \r\n\n', {"x": title("New")}, '\n  {"title" : "New" ,"key":"x" } \r\n\n'),
        ('{"key": "x", "title": "X", "user_defined": {"a": "b"}}\n', {"x": metadata(a=1, c=[True, {"d": "e"}])}, '{"key": "x", "title": "X", "user_defined": {"a": 1, "c": [true, {"d": "e"}]}}\n'),
        ('{"key":"x","title":"X","user_defined":{"a":"b"}}\n', {"x": metadata(c=[1, {"d": "e"}])}, '{"key":"x","title":"X","user_defined":{"a":"b","c":[1,{"d":"e"}]}}\n'),
        ('{"key":"x","title":"X","user_defined":{"a":"b"}}\n', {"x": metadata(a=None)}, '{"key":"x","title":"X","user_defined":{}}\n'),
        ('{"key":"x","title":"X","user_defined":{"a":{"b":"}"},"c":[]}}\n', {"x": metadata(a=None)}, '{"key":"x","title":"X","user_defined":{"c":[]}}\n'),
        ('{"key": "x", "title": "X"}\n', {"x": Edited(bucket="u")}, '{"key": "x", "title": "X", "bucket": "u"}\n'),
        (f'{{"key": "y", "title": "Y"}}\n{{"key": "x", "title": "X", "source": {{"audio_url": "https://x.example/a", "sha256": "{PIN}"}}}}\r\n\n', {"x": GONE}, '{"key": "y", "title": "Y"}\n\n'),
        ('{"key": "\\u0078", "title": "X"}\n', {"x": title("New")}, '{"key": "\\u0078", "title": "New"}\n'),
    ],
)  # fmt: skip
def test_json_lines(folder: Folder, before: str, edits: dict[str, Edited], expected: str) -> None:
    edits = {
        key: Edited((one.title or "").strip() or None, one.bucket, one.fields, one.gone)
        for key, one in edits.items()
    }
    assert after(folder, "more.jsonl", before, edits) == expected


def test_a_default_in_json_lines(folder: Folder) -> None:
    text = '{"key": "x", "title": "X"}\n'
    came = after(folder, "more.jsonl", text, {"x": metadata(label=None)}, WITH_DEFAULTS)
    assert came == '{"key": "x", "title": "X", "user_defined": {"label": null}}\n'


def test_an_included_yaml(folder: Folder) -> None:
    text = "# spots\nfiles:\n  x: {title: Old}\n"
    assert after(folder, "more.yml", text, {"x": title("New")}) == text.replace("Old", "New")


@pytest.mark.parametrize(
    ("text", "edits", "why"),
    [
        ("files:\n  <<: {x: {title: X}}\n", {"x": title("New")}, "it stands behind a merge key"),
        ("files: &f {x: {title: X}}\n", {}, None),
        ("files:\n  a: {title: A, user_defined: {e: &e {title: X}}}\n  x: *e\n", {"x": title("New")}, None),
        (f"files:\n  x: &x {{title: X, source: {{audio_url: 'https://x.example/a', sha256: {PIN}}}}}\n  y: {{<<: *x, title: Y, source: {{acrid: {'ab' * 16}}}}}\n",
         {"x": GONE}, "it cannot be taken out: another entry refers to it by its anchor"),
        ("files:\n  x: {title: X, user_defined: &d {label: B}}\ndefaults: {bucket: s, user_defined: *d}\n", {"x": metadata(label="C")},
         "it is written in a way that cannot be edited without changing something else"),
        ("files:\n  x:\n    title: X\n    user_defined:\n      a:\n        # first\n        - 1\n        - 2\n", {"x": metadata(a=[1, 3])},
         "comments stand in a list or an object that would go"),
        ("files:\n  x:\n    title: X\n    user_defined:\n      a:\n        - 1 # one\n        - 2\n", {"x": metadata(a=[1, 3])},
         "comments stand in a list or an object that would go"),
        ("files:\n  x: {title: X, user_defined: {a: [1, # one\n      2]}}\n", {"x": metadata(a="text")},
         "comments stand in a list or an object that would go"),
        ("files:\n  x:\n    title: X\n    user_defined:\n      a: # behind the name\n        - 1\n        - 2 # behind the end\n", {"x": metadata(a=[1, 3])}, None),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_is_left_and_the_rest_is_taken(
    folder: Folder, text: str, edits: dict[str, Edited], why: str | None
) -> None:
    head = HEAD.replace("include: [more.*]\n", "include: [more.jsonl]\n")
    if "defaults" in text:
        head = head.replace("defaults: {bucket: s}\n", "")
    folder.write("more.jsonl", '{"key": "z", "title": "Z"}\n')
    path = folder.catalog(text, head)
    done = pull(path, {**edits, "z": title("New")})
    assert [left.why for left in done.made.left] == ([] if why is None else [why])
    assert "z" in [one.entry.key for one in done.made.taken]
    if why is not None:
        assert path.read_text() == head + text


def test_entries_that_stand_behind_an_alias_are_left(folder: Folder) -> None:
    text = (
        "version: 1\ncatalog: c\nbuckets: {s: {id: 1}}\n"
        "defaults: {bucket: s, user_defined: {e: &f {x: {title: X}}}}\nfiles: *f\n"
    )
    path = folder.write("catalog.yaml", text)
    done = pull(path, {"x": title("New")})
    assert [left.why for left in done.made.left] == ["the entries stand behind an alias"]
    assert path.read_text() == text


def test_what_the_users_own_schema_refuses_is_left(folder: Folder) -> None:
    folder.write("form.json", '{"properties": {"year": {"type": "number"}}}')
    text = "user_defined: {schema: form.json}\nfiles:\n" + "".join(
        f"  k{n}: {{title: T{n}, user_defined: {{year: {n}}}}}\n" for n in range(9)
    )
    head = HEAD.replace("include: [more.*]\n", "")
    path = folder.catalog(text, head)
    edits = {f"k{n}": metadata(year=n + 100) for n in range(9)} | {"k4": metadata(year="long ago")}
    done = pull(path, edits)
    assert [left.key for left in done.made.left] == ["k4"]
    assert "expected a number" in done.made.left[0].why
    assert len(done.made.taken) == 8


def test_each_key_that_is_refused_has_its_own_reason(folder: Folder) -> None:
    folder.write("form.json", '{"properties": {"a.b": {"type": "number"}}}')
    keys = ["k", "k.1", "k.10", "k.user_defined", "m"]
    text = "user_defined: {schema: form.json}\nfiles:\n" + "".join(
        f"  {key}: {{title: T, user_defined: {{a.b: 1}}}}\n" for key in keys
    )
    path = folder.catalog(text, HEAD.replace("include: [more.*]\n", ""))
    done = pull(path, {key: Edited(fields={"a.b": "x" if key < "k.2" else 2}) for key in keys})
    whys = {left.key: left.why for left in done.made.left}
    assert list(whys) == ["k", "k.1", "k.10"]
    assert all(f"files.{key}.user_defined.a.b: expected" in why for key, why in whys.items())


def test_a_file_that_changed_meanwhile_is_left_as_it_is(folder: Folder) -> None:
    from reconciler.catalog.loading import load
    from reconciler.catalog.pulling import edition, write_edition
    from reconciler.core.pull import pull_of

    path = folder.catalog("files: {x: {title: X}}\n", HEAD.replace("include: [more.*]\n", ""))
    desired = load(path).desired
    live = live_of(desired, {"x": title("New")})
    found = pull_of(desired, live, applied_as_it_says(desired), ALL)
    made = edition(path, desired, found)
    path.write_text(path.read_text() + "# more\n")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="was changed meanwhile"):
        write_edition(made)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "now",
    [
        "files: {x: {title: X}, y: {title: Z}}\n",
        "files: {x: {title: Z}, y: {title: Y}}\n",
        "files: {y: {title: Y}}\n",
        "files: [\n",
    ],
)
def test_a_catalogue_that_changed_since_it_was_read_is_left_as_it_is(
    folder: Folder, now: str
) -> None:
    from reconciler.catalog.loading import load
    from reconciler.catalog.pulling import edition
    from reconciler.core.pull import pull_of

    head = HEAD.replace("include: [more.*]\n", "")
    path = folder.catalog("files: {x: {title: X}, y: {title: Y}}\n", head)
    desired = load(path).desired
    live = live_of(desired, {"x": title("New")})
    found = pull_of(desired, live, applied_as_it_says(desired), ALL)
    path.write_text(head + now)
    with pytest.raises(CatalogError, match="was changed meanwhile"):
        edition(path, desired, found)
    assert path.read_text() == head + now


def test_what_is_written_already_is_said_where_another_file_cannot_be(folder: Folder) -> None:
    from reconciler.catalog.loading import load
    from reconciler.catalog.pulling import edition, write_edition
    from reconciler.core.pull import pull_of

    path = folder.catalog("files: {x: {title: X}}\n", HEAD)
    more = folder.write("more.yaml", "files: {y: {title: Y}}\n")
    desired = load(path).desired
    live = live_of(desired, {"x": title("New"), "y": title("New")})
    made = edition(path, desired, pull_of(desired, live, applied_as_it_says(desired), ALL))
    elsewhere = folder.path.parent / "elsewhere.yaml"
    more.rename(elsewhere)
    more.symlink_to(elsewhere)
    with pytest.raises(CatalogError) as refused:
        write_edition(made)
    first, second = map(str, refused.value.problems)
    assert first == "catalog.yaml:1:1: is written already: pull the rest again"
    assert second.startswith("more.yaml:1:1: cannot be written: it is a link out of its folder")
    assert refused.value.count == 1
    assert "title: Y" in elsewhere.read_text()
