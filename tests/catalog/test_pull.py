# ruff: noqa: E501 - a table reads better with a case on each line
"""`pull` changes the bytes that must change, and no others: catalogues as people write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.catalog.pulls import GONE, Edited, metadata, pull, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.catalog.conftest import Folder

HEAD = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}, u: {id: 2}}\ndefaults: {bucket: s}\n"
WITH_DEFAULTS = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}, u: {id: 2}}\ndefaults: {bucket: s, user_defined: {label: Acme, lang: de}}\n"
U = ", source: {audio_url: 'https://x.example/a', sha256: " + "0a" * 32 + "}"


def after(folder: Folder, text: str, edits: Mapping[str, Edited], head: str = HEAD) -> str:
    """The text after a pull of the edits, of which none was left."""
    path = folder.catalog(text, head)
    done = pull(path, edits)
    assert done.made.left == ()
    return path.read_bytes().decode().removeprefix(head)


@pytest.mark.parametrize(
    ("before", "new", "expected"),
    [
        ("x: {title: Old}", "New", "x: {title: New}"),
        ("x: {title: 'Old'}", "New", "x: {title: 'New'}"),
        ('x: {title: "Old"}', "New", 'x: {title: "New"}'),
        ("x: {title: 'Old'}", "It's", "x: {title: 'It''s'}"),
        ('x: {title: "Old"}', 'A "B" \\', 'x: {title: "A \\"B\\" \\\\"}'),
        ("x: {title: Old}", "A, B", 'x: {title: "A, B"}'),
        ("x:\n    title: Old # c", "A, B", "x:\n    title: A, B # c"),
        ("x:\n    title: Old   # c", "A: B", 'x:\n    title: "A: B"   # c'),
        ("x:\n    title: Old", "A #B", 'x:\n    title: "A #B"'),
        ("x:\n    title: Old", "A#B", "x:\n    title: A#B"),
        ("x:\n    title: Old", "- A", 'x:\n    title: "- A"'),
        ("x:\n    title: Old", "*A", 'x:\n    title: "*A"'),
        ("x:\n    title: Old", "&A", 'x:\n    title: "&A"'),
        ("x:\n    title: Old", "!A", 'x:\n    title: "!A"'),
        ("x:\n    title: Old", "@A", 'x:\n    title: "@A"'),
        ("x:\n    title: Old", "%A", 'x:\n    title: "%A"'),
        ("x:\n    title: Old", "`A", 'x:\n    title: "`A"'),
        ("x:\n    title: Old", "? A", 'x:\n    title: "? A"'),
        ("x:\n    title: Old", "{A}", 'x:\n    title: "{A}"'),
        ("x:\n    title: Old", "[A", 'x:\n    title: "[A"'),
        ("x:\n    title: Old", "---", 'x:\n    title: "---"'),
        ("x:\n    title: Old", "...", 'x:\n    title: "..."'),
        ("x:\n    title: Old", "A:", 'x:\n    title: "A:"'),
        ("x:\n    title: Old", "| A", 'x:\n    title: "| A"'),
        ("x:\n    title: Old", "NO", 'x:\n    title: "NO"'),
        ("x:\n    title: Old", "12:30", 'x:\n    title: "12:30"'),
        ("x:\n    title: Old", "00123", 'x:\n    title: "00123"'),
        ("x:\n    title: Old", "1_000", 'x:\n    title: "1_000"'),
        ("x:\n    title: Old", "null", 'x:\n    title: "null"'),
        ("x:\n    title: Old", "~", 'x:\n    title: "~"'),
        ("x:\n    title: Old", "1e3", 'x:\n    title: "1e3"'),
        ("x:\n    title: Old", "1979", 'x:\n    title: "1979"'),
        ("x:\n    title: 1979", "1980", 'x:\n    title: "1980"'),
        ("x:\n    title: Old", "2024-01-01", 'x:\n    title: "2024-01-01"'),
        ("x:\n    title: Old", "<<", 'x:\n    title: "<<"'),
        ("x:\n    title: Old", "=", 'x:\n    title: "="'),
        ("x:\n    title: Old", ".inf", 'x:\n    title: ".inf"'),
        ("x:\n    title: Old", "0x1F", 'x:\n    title: "0x1F"'),
        ("x:\n    title: Old", "7 Days", "x:\n    title: 7 Days"),
        ("x:\n    title: Old", "Été 😀", "x:\n    title: Été 😀"),
        ("x:\n    title: 'Old'", "a\u202eb", 'x:\n    title: "a\\u202Eb"'),
        ("x:\n    title: Old", "a\tb\nc", 'x:\n    title: "a\\tb\\nc"'),
        ("x:\n    title: 'Old'", "a ##[b", 'x:\n    title: "a ##\\u005Bb"'),
        ("x:\n    title: Old\n      and older\n    # c", "New", "x:\n    title: New\n    # c"),
        ("x:\n    title: >-\n      Old\n      and older\n    # c", "New", "x:\n    title: >-\n      New\n    # c"),
        ("x:\n    title: | # c\n      Old\n\n    protect: false", "New", "x:\n    title: | # c\n      New\n\n    protect: false"),
        ("x:\n    title: |+\n      Old\n\n\n    protect: false", "New", "x:\n    title: |\n      New\n\n\n    protect: false"),
        ("x:\n    title: |2-\n        Old", "New", "x:\n    title: |-\n        New"),
        ("x:\n    title: |-\n      Old\n    protect: false", "A\n\nB", "x:\n    title: |-\n      A\n\n      B\n    protect: false"),
        ("x:\n    title: >-\n      Old\n    protect: false", "A\nB", "x:\n    title: |-\n      A\n      B\n    protect: false"),
        ("x:\n    title: >-\n      Old\n    protect: false", "A\u200bB", 'x:\n    title: "A\\u200BB"\n    protect: false'),
        ("x:\n    ? title\n    : Old", "New", "x:\n    ? title\n    : New"),
        ('x:\n    "title": Old', "New", 'x:\n    "title": New'),
        ("x: {? title : Old}", "New", "x: {? title : New}"),
        ('x: {"title":"Old"}', "New", 'x: {"title":"New"}'),
        ("x:\n    title:\n      Old", "New", "x:\n    title:\n      New"),
        ("x:\n    title: &t Old", "New", "x:\n    title: &t New"),
        ("x:\n    {title: Old,\t# c\n    protect: false}", "New", "x:\n    {title: New,\t# c\n    protect: false}"),
        ("? x\n  : title: Old", "New", "? x\n  : title: New"),
        ("? x\n  : title: Old\n    protect: false", "New", "? x\n  : title: New\n    protect: false"),
    ],
)  # fmt: skip
def test_a_title(folder: Folder, before: str, new: str, expected: str) -> None:
    assert after(folder, f"files:\n  {before}\n", {"x": title(new)}) == f"files:\n  {expected}\n"


@pytest.mark.parametrize(
    ("before", "new", "expected"),
    [
        ("{a: b, c: d}", {"a": "B"}, "{a: B, c: d}"),
        ("{a: 1979}", {"a": "1979x"}, "{a: 1979x}"),
        ("{a: b}", {"a": 1979}, "{a: 1979}"),
        ("{a: b}", {"a": "1979"}, '{a: "1979"}'),
        ("{a: b}", {"a": True}, "{a: true}"),
        ("{a: b}", {"a": "true"}, '{a: "true"}'),
        ("{a: b}", {"a": ""}, '{a: ""}'),
        ("{a: 'b'}", {"a": "null"}, "{a: 'null'}"),
        ("{a: b}", {"a": 1.5}, "{a: 1.5}"),
        ("{a: b}", {"a": 1e30}, "{a: 1e+30}"),
        ("{a: b}", {"a": -0.0}, "{a: -0.0}"),
        ("{a: b}", {"a": 2**64 - 1}, "{a: 18446744073709551615}"),
        ("{a: b}", {"a": ["x", {"b": None, "c": []}]}, "{a: [x, {b: null, c: []}]}"),
        ("{a: [1, 2], c: d}", {"a": [1, 2, 3]}, "{a: [1, 2, 3], c: d}"),
        ("{a: {b: [1, 2]}}", {"a": {"b": [1]}}, "{a: {b: [1]}}"),
        ("{a: b, c: d}", {"e": "h"}, "{a: b, c: d, e: h}"),
        ("{a: b, c: d, }", {"e": "h", "g": 1}, "{a: b, c: d, e: h, g: 1, }"),
        ("{}", {"e": "h", "g": "1"}, '{e: h, g: "1"}'),
        ("{ }", {"e": "h"}, "{e: h }"),
        ("{a: b, c: d}", {"a": None}, "{c: d}"),
        ("{a: b, c: d}", {"c": None}, "{a: b}"),
        ("{a: b, c: d, e: h}", {"c": None}, "{a: b, e: h}"),
        ("{a: b, c: d, e: h}", {"a": None, "c": None}, "{e: h}"),
        ("{a: b, c: d, e: h}", {"c": None, "e": None, "g": "h"}, "{a: b, g: h}"),
        ("{a: b, c: d}", {"a": None, "c": None}, "{}"),
        ("{a: b, c: d, }", {"a": None, "c": None}, "{}"),
        ("{a: b, c: d}", {"a": None, "c": None, "e": "h"}, "{e: h}"),
        ('{"a":"b","c":"d"}', {"e": "h"}, '{"a":"b","c":"d","e":"h"}'),
        ("{'a': 'b'}", {"e": "h"}, "{'a': 'b', 'e': 'h'}"),
        ("{? a : b, c: d}", {"a": None}, "{c: d}"),
        ("{? a : b, c: d}", {"c": None}, "{? a : b}"),
        ("{a: b}", {"<<": "x", "yes": "no", "a b: c": "d"}, '{a: b, "<<": x, "a b: c": d, "yes": "no"}'),
        ("{a: b}", {"k" * 600: "x"}, None),
        ("{a: &v b, c: d}", {"a": "B"}, "{a: &v B, c: d}"),
        ("{a: &v [1], c: d}", {"a": [2]}, "{a: &v [2], c: d}"),
        ("&u {a: b}", {"e": "h"}, "&u {a: b, e: h}"),
        ("{a, c: d}", {"a": "B"}, "{a: B, c: d}"),
        ("{a: , c: d}", {"a": "B"}, "{a: B , c: d}"),
        ("{\n      a: b,  # one\n      c: d   # two\n    }", {"e": "h"}, "{\n      a: b,  # one\n      c: d, e: h   # two\n    }"),
        ("{\n      a: b,  # one\n      c: d   # two\n    }", {"a": None}, "{\n      c: d   # two\n    }"),
        ("{\n      a: b, # one\n      # about c\n      c: d, # two\n      # about e\n      e: h # three\n    }", {"c": None}, "{\n      a: b, # one\n      # about c\n      # about e\n      e: h # three\n    }"),
        ("{\n      a: b, # one\n      # about c\n      c: d # two\n    }", {"c": None}, "{\n      a: b, # one\n      # about c\n    }"),
        ("{\n      a: b, # one\n      c: d, # two\n      e: h # three\n    }", {"c": None, "e": None, "g": 1}, "{\n      a: b, g: 1, # one\n    }"),
        ("{\n      a: b, # one\n      # about c\n      c: d # two\n    }", {"a": None, "c": None}, "{\n      # about c\n    }"),
        ("{\n      a: b, # one\n      # about c\n      c: d # two\n    }", {"a": None, "c": None, "e": 1}, "{\n      e: 1, # one\n      # about c\n    }"),
        ("{a: b, # one\n      c: d, # two\n      e: h}", {"a": None}, "{ # one\n      c: d, # two\n      e: h}"),
        ("{\n      a: b # one\n      , c: d # two\n      , e: h\n    }", {"c": None}, "{\n      a: b # one\n      , e: h\n    }"),
        ("{\n      a: b, # one\n      c: d # two\n      , e: h\n    }", {"c": None}, "{\n      a: b, # one\n      e: h\n    }"),
        ("{a: b, c: 'x#y'} # u", {"c": None}, "{a: b} # u"),
        ("\n      a: b", {"e": "h"}, "\n      a: b\n      e: h"),
        ("\n      a: b  # c", {"e": "h: g"}, '\n      a: b  # c\n      e: "h: g"'),
        ("\n      a: b\n      c: d", {"a": None}, "\n      c: d"),
        ("\n      a: b\n      # about c\n      c: d # d", {"c": None}, "\n      a: b\n      # about c"),
        ("\n      a: b # c", {"a": None}, " {}"),
        (" # u\n      a: b", {"a": None}, " {} # u"),
        ("\n      # one\n      a: b\n      # two\n      c: d", {"a": None, "c": None}, " {}\n      # one\n      # two"),
        ("\n      a: b\n      c: d", {"a": None, "c": None, "e": "h"}, "\n      e: h"),
        ("\n      a:\n        - 1\n        - 2\n      c: d", {"a": [1, 2, 3]}, "\n      a: [1, 2, 3]\n      c: d"),
        ("\n      a: # list\n      - 1\n      - 2 # two\n      c: d", {"a": "x"}, "\n      a: x # list # two\n      c: d"),
        ("\n      a: &l\n      - 1\n      c: d", {"a": "x"}, "\n      a: &l x\n      c: d"),
        ("\n      a:\n        b:\n          - 1\n\n      c: d", {"a": None}, "\n\n      c: d"),
        ("\n      a:\n        b: {c: [1]}\n      d: e", {"a": {"b": 2}}, "\n      a:\n        b: 2\n      d: e"),
        ("\n      a:\n        # one\n        b: 1 # b\n        c: '2' # c\n      d: e", {"a": {"b": 1, "c": "x", "k": 3}, "g": 4}, "\n      a:\n        # one\n        b: 1 # b\n        c: 'x' # c\n        k: 3\n      d: e\n      g: 4"),
        ("\n      d: e\n      a:\n        b: 1 # b\n        c:\n          f: 1_0 # f\n          h: 2", {"a": {"b": 1, "c": {"f": "1_0"}, "k": 3}, "g": 4}, "\n      d: e\n      a:\n        b: 1 # b\n        c:\n          f: 1_0 # f\n        k: 3\n      g: 4"),
        ("{a: {b: 1, c: 0x1F, d: [1,2], e: ~}}", {"a": {"c": "0x1F", "d": [1, 2], "g": 1}}, "{a: {c: 0x1F, d: [1,2], e: ~, g: 1}}"),
        ("\n      z: &z {b: 1}\n      a: {<<: *z, c: 2}", {"a": {"b": 3, "c": 2}}, "\n      z: &z {b: 1}\n      a: {b: 3, c: 2}"),
        ("\n      a: |\n        text\n      c: d", {"a": "text\nmore\n"}, "\n      a: |\n        text\n        more\n      c: d"),
        ("\n      a: |\n        text\n      c: d", {"a": 5}, "\n      a: 5\n      c: d"),
        ("\n      c: d\n      a: |\n        text", {"e": "h"}, "\n      c: d\n      a: |\n        text\n      e: h"),
        ("\n      ? a\n      : b\n      ? c\n      : d", {"a": None}, "\n      ? c\n      : d"),
        ("\n      ? a\n      : b", {"e": "h"}, "\n      ? a\n      : b\n      e: h"),
        ("\n      'a': b", {"e": "h"}, "\n      'a': b\n      'e': h"),
        ("\n      a:\n      c: d", {"a": "b"}, "\n      a: b\n      c: d"),
        ("\n      a: &n\n      c: d", {"a": "b"}, "\n      a: &n b\n      c: d"),
    ],
)  # fmt: skip
def test_metadata(folder: Folder, before: str, new: dict[str, Any], expected: str | None) -> None:
    text = (
        "files:\n  x:\n    title: T\n    user_defined: {}\n    # the end\n  y: {{title: Y}} # y\n"
    )
    came = after(
        folder,
        text.format(before).replace(":  #", ": #").replace(": \n", ":\n"),
        {"x": Edited(fields=new)},
    )
    if expected is not None:
        assert came == text.format(expected).replace(":  ", ": ").replace(": \n", ":\n")


@pytest.mark.parametrize(
    ("before", "edits", "expected"),
    [
        # An anchor whose value changes: those that refer to it go on saying what they said.
        ("a: {title: &t Foo}\n  b: {title: *t}", {"a": title("New")}, "a: {title: &t New}\n  b: {title: Foo}"),
        ("a: {title: &t Foo}\n  b: {title: *t}", {"b": title("New")}, "a: {title: &t Foo}\n  b: {title: New}"),
        ("a: {title: &t Foo}\n  b: {title: *t}", {"a": title("One"), "b": title("Two")}, "a: {title: &t One}\n  b: {title: Two}"),
        ("a: &a {title: A}\n  b: *a", {"b": title("New")}, "a: &a {title: A}\n  b: {<<: *a, title: New}"),
        ("a: &a {title: A}\n  b: *a", {"a": title("New")}, "a: &a {title: New}\n  b: {<<: *a, title: A}"),
        ("a: &a {title: A}\n  b: *a\n  c: {<<: *a, title: C}", {"a": title("New")}, "a: &a {title: New}\n  b: {<<: *a, title: A}\n  c: {<<: *a, title: C}"),
        ("a: &a {title: A}\n  b: {<<: *a}", {"b": title("New")}, "a: &a {title: A}\n  b: {<<: *a, title: New}"),
        ("a: &a\n    title: A\n  b:\n    <<: *a # as a\n  c: {title: C}", {"b": title("New")}, "a: &a\n    title: A\n  b:\n    <<: *a # as a\n    title: New\n  c: {title: C}"),
        ("a: &a {title: A, user_defined: {x: y, v: w}}\n  b: {<<: *a, title: B}", {"b": metadata(x="z")}, "a: &a {title: A, user_defined: {x: y, v: w}}\n  b: {<<: *a, title: B, user_defined: {x: z, v: w}}"),
        ("a: &a {title: A, user_defined: {x: k}}\n  b: {<<: *a, title: B}", {"a": metadata(x="z")}, "a: &a {title: A, user_defined: {x: z}}\n  b: {<<: *a, title: B, user_defined: {x: k}}"),
        ("a: {title: A, user_defined: &u {x: k, v: w}}\n  b: {title: B, user_defined: *u}", {"b": metadata(x="z")}, "a: {title: A, user_defined: &u {x: k, v: w}}\n  b: {title: B, user_defined: {<<: *u, x: z}}"),
        ("a: {title: A, user_defined: &u {x: k, v: w}}\n  b: {title: B, user_defined: *u}", {"b": metadata(x=None)}, "a: {title: A, user_defined: &u {x: k, v: w}}\n  b: {title: B, user_defined: {<<: *u, x: null}}"),
        ("a: {title: A, user_defined: &u {x: k, v: w}}\n  b: {title: B, user_defined: *u}", {"a": metadata(x=None)}, "a: {title: A, user_defined: &u {v: w}}\n  b: {title: B, user_defined: {<<: *u, x: k}}"),
        ("a: {title: A, user_defined: &u {x: k}}\n  b: {title: B, user_defined: {<<: *u, v: w}}", {"b": metadata(x=None)}, "a: {title: A, user_defined: &u {x: k}}\n  b: {title: B, user_defined: {<<: *u, v: w, x: null}}"),
        ("a: {title: A, user_defined: &u {x: k}}\n  b: {title: B, user_defined: {<<: *u, x: w}}", {"b": metadata(x=None)}, "a: {title: A, user_defined: &u {x: k}}\n  b: {title: B, user_defined: {<<: *u, x: null}}"),
        ("a: {title: A, user_defined: {l: &l [1]}}\n  b: {title: B, user_defined: {l: *l, m: k}}", {"b": metadata(l=[2])}, "a: {title: A, user_defined: {l: &l [1]}}\n  b: {title: B, user_defined: {l: [2], m: k}}"),
        ("a: &a {title: A}\n  b: *a", {"a": Edited(bucket="u")}, "a: &a {title: A, bucket: u}\n  b: {<<: *a, bucket: s}"),
        ("a: {title: A}", {"a": Edited(bucket="u")}, "a: {title: A, bucket: u}"),
        ("a:\n    bucket: u # c\n    title: A", {"a": Edited(bucket="s")}, "a:\n    bucket: s # c\n    title: A"),
        ("'a': {title: A}\n  \"b\": {title: B}", {"a": title("X"), "b": title("Z")}, "'a': {title: X}\n  \"b\": {title: Z}"),
    ],
)  # fmt: skip
def test_anchors(folder: Folder, before: str, edits: dict[str, Edited], expected: str) -> None:
    assert after(folder, f"files:\n  {before}\n", edits) == f"files:\n  {expected}\n"


@pytest.mark.parametrize(
    ("before", "new", "expected"),
    [
        ("{title: X}", {"label": "Other"}, "{title: X, user_defined: {label: Other}}"),
        ("{title: X}", {"label": None}, "{title: X, user_defined: {label: null}}"),
        ("{title: X}", {"label": None, "lang": None}, "{title: X, user_defined: {label: null, lang: null}}"),
        ("{title: X}", {"more": 1}, "{title: X, user_defined: {more: 1}}"),
        ("\n    title: X", {"more": 1}, "\n    title: X\n    user_defined: {more: 1}"),
        ("{title: X, user_defined: {a: b}}", {"label": None}, "{title: X, user_defined: {a: b, label: null}}"),
        ("{title: X, user_defined: {a: b}}", {"a": None}, "{title: X, user_defined: {a: null}}"),
        ("{title: X, user_defined: {label: Mine}}", {"label": None}, "{title: X, user_defined: {label: null}}"),
        ("{title: X, user_defined: {label: null}}", {"label": "Acme"}, "{title: X, user_defined: {label: Acme}}"),
        ("{title: X, user_defined: {}}", {"label": "Acme"}, "{title: X, user_defined: {label: Acme, lang: null}}"),
        ("{title: X, user_defined: {}}", {"a": "b"}, "{title: X, user_defined: {a: b, label: null, lang: null}}"),
        ("{title: X, user_defined: {a: b}}", {"a": None, "label": None, "lang": None}, "{title: X, user_defined: {label: null, lang: null}}"),
    ],
)  # fmt: skip
def test_defaults(folder: Folder, before: str, new: dict[str, Any], expected: str) -> None:
    text = "files:\n  x:@\n  y: {title: Y}\n"
    spaced = [one if one.startswith("\n") else f" {one}" for one in (before, expected)]
    came = after(folder, text.replace("@", spaced[0]), {"x": Edited(fields=new)}, WITH_DEFAULTS)
    assert came == text.replace("@", spaced[1])


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (f"files:\n  x: {{title: X{U}}}\n  y: {{title: Y}}\n", "files:\n  y: {title: Y}\n"),
        (f"files:\n  y: {{title: Y}}\n  # of x\n  # and more\n  x:\n    title: X # c\n    {U[2:]}\n    # still\n\n  # of z\n  z: {{title: Z}}\n",
         "files:\n  y: {title: Y}\n\n  # of z\n  z: {title: Z}\n"),
        (f"files:\n  # All of them.\n\n  # of x\n  x:\n    title: X\n    {U[2:]}\n  y: {{title: Y}}", "files:\n  # All of them.\n\n  y: {title: Y}"),
        (f"files:\n  y: {{title: Y}}\n  x: {{title: X{U}}}", "files:\n  y: {title: Y}\n"),
        (f"files:\n  x:\n    title: X\n    {U[2:]}\n# the end\n", "files: {}\n# the end\n"),
        (f"files: {{x: {{title: X{U}}}}}\n", "files: {}\n"),
        (f"files: {{x: {{title: X{U}}}, y: {{title: Y}}}}\n", "files: {y: {title: Y}}\n"),
        (f"files: {{y: {{title: Y}}, x: {{title: X{U}}}, }}\n", "files: {y: {title: Y}, }\n"),
        (f"files: {{\n  y: {{title: Y}}, # y\n  # of x\n  x: {{title: X{U}}} # x\n}}\n", "files: {\n  y: {title: Y}, # y\n}\n"),
        (f"files: {{\n  # of x\n  x: {{title: X{U}}}, # x\n  # of y\n  y: {{title: Y}}, # y\n}}\n", "files: {\n  # of y\n  y: {title: Y}, # y\n}\n"),
        (f"files:\r\n  # of x\r\n  x: {{title: X{U}}}\r\n  y: {{title: Y}}\r\n", "files:\r\n  y: {title: Y}\r\n"),
    ],
)  # fmt: skip
def test_an_entry_is_taken_out(folder: Folder, before: str, expected: str) -> None:
    assert after(folder, before, {"x": GONE}) == expected


def test_line_breaks_and_the_byte_order_mark_stay(folder: Folder) -> None:
    text = "\ufeff" + (
        HEAD + "files:\n  x:\n    title: é😀\n    user_defined:\n      a: b"
    ).replace("\n", "\r\n")
    path = folder.write("catalog.yaml", text)
    pull(path, {"x": Edited(title="ü", fields={"c": "d", "a": None})})
    assert path.read_bytes().decode() == text.replace("é😀", "ü").replace("a: b", "c: d")


def test_what_stands_before_the_head(folder: Folder) -> None:
    """As does the `files` of a catalogue that puts its entries first."""
    text = "files: {x: {title: X}}\n" + HEAD
    path = folder.write("catalog.yaml", text)
    pull(path, {"x": title("New")})
    assert path.read_text() == text.replace("title: X", "title: New")


@pytest.mark.parametrize(
    ("before", "edit", "expected"),
    [
        ("  x: # c\n    # d\n    title: Old\n    # e\n", Edited(title="New", fields={"label": "B"}),
         "  x: # c\n    # d\n    title: New\n    user_defined: {label: B}\n    # e\n"),
        ("  x:\n    protect: false\n    title: a very\n      long title\n\n  # y\n  y: {title: Y}\n", metadata(a=1),
         "  x:\n    protect: false\n    title: a very\n      long title\n    user_defined: {a: 1}\n\n  # y\n  y: {title: Y}\n"),
        ("  x:\n    title: X\n    was: [\n      a,\n      b ] # was\n", metadata(a=1),
         "  x:\n    title: X\n    was: [\n      a,\n      b ] # was\n    user_defined: {a: 1}\n"),
        ("  x:\n    title: X\n    was:\n    - a\n    - b # was\n", metadata(a=1),
         "  x:\n    title: X\n    was:\n    - a\n    - b # was\n    user_defined: {a: 1}\n"),
        ("  x:\n    title: X\n    user_defined:\n      a: |\n        b\n\n        c\n\n    protect: false\n", metadata(d="e"),
         "  x:\n    title: X\n    user_defined:\n      a: |\n        b\n\n        c\n      d: e\n\n    protect: false\n"),
        ("  x:\n    title: X\n    user_defined:\n      b: c\n      a: |+\n        b\n\n", metadata(b="d"),
         "  x:\n    title: X\n    user_defined:\n      b: d\n      a: |+\n        b\n\n"),
        ("  x:\n    title: X\n    user_defined:\n      a: |+\n        b\n\n  # y\n  y: {title: Y}\n", metadata(c="d"),
         "  x:\n    title: X\n    user_defined:\n      a: |+\n        b\n\n      c: d\n  # y\n  y: {title: Y}\n"),
        ("  x:\n    title: X\n    user_defined:\n      a:\n        b: |+\n          c\n\n  y: {title: Y}\n", metadata(d="e"),
         "  x:\n    title: X\n    user_defined:\n      a:\n        b: |+\n          c\n\n      d: e\n  y: {title: Y}\n"),
        ("  x:\n    title: |-\n      Old", title("New"), '  x:\n    title: "New"'),
        ("  x:\n    title: X\n    user_defined: &u # c\n      a: b\n", metadata(a=None, label=None, lang=None),
         "  x:\n    title: X\n    user_defined: &u # c\n      label: null\n      lang: null\n"),
        ("  &k x: {title: X}\n", title("New"), "  &k x: {title: New}\n"),
        ("  x: {title: X,\tuser_defined:\t{a:\tb}}\t# c\n", Edited(title="New", fields={"a": "d"}), "  x: {title: New,\tuser_defined:\t{a:\td}}\t# c\n"),
        ("  x: {\n    title: X, # c\n    user_defined: {\n      a: b, # d\n    }, # e\n  }\n", metadata(a=None, label=None, lang=None, g=1),
         "  x: {\n    title: X, # c\n    user_defined: {\n      g: 1, label: null, lang: null, # d\n    }, # e\n  }\n"),
        ("    x:\n            title: Old\n            user_defined:\n                a: b\n", metadata(c="d"),
         "    x:\n            title: Old\n            user_defined:\n                a: b\n                c: d\n"),
        ("  x:\n    title: X\n    user_defined:\n\n      # one\n\n      a: b\n\n      # two\n\n", metadata(c="d"),
         "  x:\n    title: X\n    user_defined:\n\n      # one\n\n      a: b\n      c: d\n\n      # two\n\n"),
        ("  x: {title: X, user_defined: {a: 'b', \"c\": \"d\"}}\n", metadata(a="it's", c='say "hi"', e="f g"),
         "  x: {title: X, user_defined: {a: 'it''s', \"c\": \"say \\\"hi\\\"\", e: 'f g'}}\n"),
        ("  x:\n    title: X\n    user_defined:\n      a: &a\n        b: c\n      d: *a\n", metadata(a={"b": "e"}),
         "  x:\n    title: X\n    user_defined:\n      a: &a\n        b: e\n      d: {b: c}\n"),
        ("  x:\n    title: X\n    user_defined:\n      a: [1, 2] # two\n      b: {c: d} # e\n", metadata(a=[], b={}),
         "  x:\n    title: X\n    user_defined:\n      a: [] # two\n      b: {} # e\n"),
    ],
)  # fmt: skip
def test_ugly_entries(folder: Folder, before: str, edit: Edited, expected: str) -> None:
    text = "%YAML 1.1\n--- # begins\n" + WITH_DEFAULTS + "files:\n"
    path = folder.write("catalog.yaml", text + before)
    done = pull(path, {"x": edit})
    assert done.made.left == ()
    assert path.read_text() == text + expected


def test_a_catalogue_that_is_json_stays_json(folder: Folder) -> None:
    text = json.dumps(
        {
            "version": 1,
            "catalog": "c",
            "buckets": {"s": {"id": 1}},
            "files": {"x": {"bucket": "s", "title": "Old", "user_defined": {"year": 1979, "a": 1}}},
        },
        indent=2,
    )
    path = folder.write("catalog.yaml", text)
    fields = {"year": "NO", "a": None, "more": "text", "tags": ["a", {"b": None}]}
    pull(path, {"x": Edited(title="New", fields=fields)})
    entry = json.loads(path.read_text())["files"]["x"]
    assert entry["title"] == "New"
    assert entry["user_defined"] == {"year": "NO", "more": "text", "tags": ["a", {"b": None}]}
    assert len(path.read_text().splitlines()) == len(text.splitlines()) - 1
