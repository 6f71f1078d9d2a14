# ruff: noqa: E501 - a table reads better with a case on each line
"""`pin` changes the bytes that must change, and no others."""

import difflib
import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.loading import load
from reconciler.catalog.pinning import pin
from reconciler.errors import CatalogError
from tests.catalog.conftest import searched

A, B = (hashlib.sha256(data).hexdigest() for data in (b"a", b"b"))
HEAD = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}}\ndefaults: {bucket: s}\n"


@pytest.fixture
def place(folder: Any) -> Any:
    folder.write("a.fp", b"a")
    folder.write("b.fp", b"b")
    return folder


def pinned(place: Any, text: str) -> str:
    place.write("catalog.yaml", HEAD + text)
    report = pin(place.path / "catalog.yaml")
    assert report.problems == ()
    after = (place.path / "catalog.yaml").read_bytes().decode()
    again = pin(place.path / "catalog.yaml")
    assert (again.pinned, again.refreshed, again.files) == ((), (), ())
    assert (place.path / "catalog.yaml").read_bytes().decode() == after
    return after.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("files: {x: {title: T, source: {fingerprint: a.fp}}}\n",
         f"files: {{x: {{title: T, source: {{fingerprint: a.fp, sha256: {A}}}}}}}\n"),
        ("files: {x: {title: T, source: {fingerprint: 'a.fp' , } } } # c",
         f"files: {{x: {{title: T, source: {{fingerprint: 'a.fp', sha256: '{A}' , }} }} }} # c"),
        ('files: {"x": {"title": "T", "source": {"fingerprint": "a.fp"}}}\n',
         f'files: {{"x": {{"title": "T", "source": {{"fingerprint": "a.fp", "sha256": "{A}"}}}}}}\n'),
        ("files:\n  x:\n    title: T\n    source:\n      fingerprint: a.fp  # here\n    was: [y]\n",
         f"files:\n  x:\n    title: T\n    source:\n      fingerprint: a.fp  # here\n      sha256: {A}\n    was: [y]\n"),
        ("files:\n  x:\n    title: T\n    source:\n      fingerprint: a.fp",
         f"files:\n  x:\n    title: T\n    source:\n      fingerprint: a.fp\n      sha256: {A}"),
        ("files:\r\n  x:\r\n    title: T\r\n    source:\r\n      fingerprint: a.fp\r\n",
         f"files:\r\n  x:\r\n    title: T\r\n    source:\r\n      fingerprint: a.fp\r\n      sha256: {A}\r\n"),
        (f"files:\n  x: {{source: {{sha256: '{B}', fingerprint: a.fp}}, title: T}}\n",
         f"files:\n  x: {{source: {{sha256: '{A}', fingerprint: a.fp}}, title: T}}\n"),
        (f"files:\n  x: {{title: T, source: {{fingerprint: a.fp, sha256: {A.upper()}}}}}\n",
         f"files:\n  x: {{title: T, source: {{fingerprint: a.fp, sha256: {A.upper()}}}}}\n"),
        ("files:\n  é😀: {absent: true}\n  x: {title: 😀é, source: {fingerprint: a.fp}}\n".replace("é😀", "e"),
         f"files:\n  e: {{absent: true}}\n  x: {{title: 😀é, source: {{fingerprint: a.fp, sha256: {A}}}}}\n"),
        ("files:\n  x: {title: T, source: {\n    fingerprint: a.fp # c\n    }}\n",
         f"files:\n  x: {{title: T, source: {{\n    fingerprint: a.fp, sha256: {A} # c\n    }}}}\n"),
        ("files:\n  x: {title: T, source: {fingerprint: no.fp}}\n",
         "files:\n  x: {title: T, source: {fingerprint: no.fp}}\n"),
        ("files:\n  x: {title: T, source: &s {fingerprint: a.fp}}\n  y: {title: U, source: *s}\n",
         f"files:\n  x: {{title: T, source: &s {{fingerprint: a.fp, sha256: {A}}}}}\n  y: {{title: U, source: *s}}\n"),
    ],
)  # fmt: skip
def test_yaml(place: Any, before: str, after: str) -> None:
    assert pinned(place, before) == after


def test_a_byte_order_mark_stays(place: Any) -> None:
    text = "\ufeff" + HEAD + "files: {x: {title: T, source: {fingerprint: a.fp}}}\n"
    path = place.write("catalog.yaml", text)
    assert pin(path).pinned == ("x",)
    assert path.read_text() == text.replace("a.fp", f"a.fp, sha256: {A}")


def test_csv(place: Any) -> None:
    place.catalog("include: [t.csv, u.csv]\n")
    table = place.write(
        "t.csv", 'key,title,source.fingerprint\r\nx,"T, ""1""",a.fp\r\n\r\ny,U,\r\n'
    )
    other = place.write(
        "u.csv", f'key,source.sha256,title,source.fingerprint\np,,T,a.fp\nq,"{A}",U,b.fp\n'
    )
    report = pin(place.path / "catalog.yaml")
    assert (report.pinned, report.refreshed, report.files) == (
        ("x", "p"),
        ("q",),
        ("t.csv", "u.csv"),
    )
    assert table.read_bytes().decode() == (
        f'key,title,source.fingerprint,source.sha256\r\nx,"T, ""1""",a.fp,{A}\r\n\r\ny,U,,\r\n'
    )
    assert (
        other.read_text()
        == f'key,source.sha256,title,source.fingerprint\np,{A},T,a.fp\nq,"{B}",U,b.fp\n'
    )
    assert pin(place.path / "catalog.yaml").files == ()


def test_json_lines(place: Any) -> None:
    place.catalog("include: [f.jsonl]\n")
    lines = place.write(
        "f.jsonl",
        '{"key":"x","title":"\\ud83d\\ude00","source":{"fingerprint":"a.fp"}}\n\n'
        f'{{"source": {{"sha256": "{A}", "fingerprint": "b.fp"}} , "key": "y", "title": "}}\\""}}\r\n'
        '{"key": "z", "title": "Z", "source": {"fingerprint": "b.fp"}}',
    )
    report = pin(place.path / "catalog.yaml")
    assert (report.pinned, report.refreshed) == (("x", "z"), ("y",))
    assert lines.read_bytes().decode() == (
        f'{{"key":"x","title":"\\ud83d\\ude00","source":{{"fingerprint":"a.fp","sha256":"{A}"}}}}\n\n'
        f'{{"source": {{"sha256": "{B}", "fingerprint": "b.fp"}} , "key": "y", "title": "}}\\""}}\r\n'
        f'{{"key": "z", "title": "Z", "source": {{"fingerprint": "b.fp", "sha256": "{B}"}}}}'
    )


def test_the_report(place: Any) -> None:
    place.write("c.fp", f"version https://git-lfs.github.com/spec/v1\noid sha256:{A}\nsize 1\n")
    place.catalog(
        "files:\n"
        "  new: {title: T, source: {fingerprint: a.fp}}\n"
        f"  old: {{title: U, source: {{fingerprint: a.fp, sha256: {B}}}}}\n"
        f"  right: {{title: V, source: {{fingerprint: b.fp, sha256: {B}}}}}\n"
        "  pointer: {title: W, source: {fingerprint: c.fp}}\n"
        "  away: {title: X, source: {fingerprint: d.fp}}\n"
        "  url: {title: Y, source: {audio_url: 'https://x.example/a'}}\n"
        "  none: {title: Z}\n"
    )
    report = pin(place.path / "catalog.yaml")
    assert report.pinned == ("new", "pointer")
    assert report.refreshed == ("old",)
    assert report.unchanged == 1
    assert report.not_there == ("away",)
    assert load(place.path / "catalog.yaml").desired.entries["pointer"].source.sha256 == A  # type: ignore[index, union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "files:\n  a: &a {title: T, source: {fingerprint: no.fp}}\n  x: {<<: *a, source: {<<: {fingerprint: a.fp}}}\n",
        "files:\n  a: {title: T, user_defined: {s: &s {fingerprint: a.fp}}}\n  x: {title: U, source: *s}\n",
        "files:\n  x:\n    title: T\n    source:\n      fingerprint: >-\n        a.fp\n",
    ],
)
def test_what_stands_elsewhere_is_left_and_said(place: Any, text: str) -> None:
    path = place.catalog(text)
    before = path.read_bytes()
    report = pin(path)
    assert len(report.problems) == 1
    assert "files.x.source" in str(report.problems[0])
    assert path.read_bytes() == before


def test_a_catalogue_that_is_wrong_is_not_touched(place: Any) -> None:
    path = place.catalog("files: {x: {titel: T, source: {fingerprint: a.fp}}}")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="unknown property"):
        pin(path)
    assert path.read_bytes() == before


def test_the_mode_stays_and_nothing_is_left_behind(place: Any) -> None:
    path = place.catalog("files: {x: {title: T, source: {fingerprint: a.fp}}}")
    path.chmod(0o640)
    names = set(place.path.iterdir())
    pin(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert set(place.path.iterdir()) == names


def test_a_link_stays_a_link(place: Any, tmp_path: Path) -> None:
    real = place.write("real.yaml", HEAD + "files: {x: {title: T, source: {fingerprint: a.fp}}}")
    (place.path / "catalog.yaml").symlink_to("real.yaml")
    pin(place.path / "catalog.yaml")
    assert (place.path / "catalog.yaml").is_symlink()
    assert A in real.read_text()


def test_nothing_is_written_out_of_the_folder_through_a_link(place: Any, tmp_path: Path) -> None:
    """As a pull request may plant it."""
    text = HEAD + "files: {x: {title: T, source: {fingerprint: a.fp}}}"
    (tmp_path / "theirs.yaml").write_text(text, "utf-8")
    (place.path / "catalog.yaml").symlink_to(tmp_path / "theirs.yaml")
    with pytest.raises(CatalogError, match="it is a link out of its folder"):
        pin(place.path / "catalog.yaml")
    assert (tmp_path / "theirs.yaml").read_text("utf-8") == text


def test_a_write_that_fails_changes_nothing(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place.catalog("files: {x: {title: T, source: {fingerprint: a.fp}}}")
    before, names = path.read_bytes(), set(place.path.iterdir())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CatalogError, match="cannot be written: No space left on device"):
        pin(path)
    assert path.read_bytes() == before
    assert set(place.path.iterdir()) == names


@searched
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.fp", "b.fp", "no.fp"]),
            st.sampled_from(["", A, B]),
            st.sampled_from(["flow", "block", "json"]),
            st.sampled_from(["plain", "é😀", "'it''s'", '"a\\"b"', "x # c"]),
        ),
        max_size=6,
    )
)
def test_only_lines_with_pins_change(
    tmp_path_factory: Any, rows: list[tuple[str, str, str, str]]
) -> None:
    home = tmp_path_factory.getbasetemp() / "pins"
    home.mkdir(exist_ok=True)
    (home / "a.fp").write_bytes(b"a")
    (home / "b.fp").write_bytes(b"b")
    text = HEAD + ("files:\n" if rows else "files: {}\n")
    for index, (source, digest, style, title) in enumerate(rows):
        old = {
            "flow": f", sha256: {digest}",
            "json": f', "sha256": "{digest}"',
            "block": f"      sha256: {digest} # p\n",
        }[style]
        old = old if digest else ""
        flow_title = title.partition(" #")[0]
        text += {
            "flow": f"  k{index}: {{title: {flow_title}, source: {{ fingerprint: {source} {old}}} }} # x\n",
            "json": f'  "k{index}": {{"title": {flow_title}, "source": {{"fingerprint": "{source}"{old}}}}}\n',
            "block": f"  k{index}:\n    source:\n      fingerprint: {source}\n{old}\n    # c\n    title: {title}\n",
        }[style]
    path = home / "catalog.yaml"
    path.write_text(text)
    assert pin(path).problems == ()
    for line in difflib.ndiff(text.splitlines(), path.read_text().splitlines()):
        assert line.startswith(("  ", "? ")) or "sha256" in line or "fingerprint" in line
    for index, (source, _, _, _) in enumerate(rows):
        if source != "no.fp":
            found = load(path).desired.entries[f"k{index}"].source  # type: ignore[index]
            assert found is not None
            assert found.sha256 == {"a.fp": A, "b.fp": B}[source]
    assert pin(path).files == ()
