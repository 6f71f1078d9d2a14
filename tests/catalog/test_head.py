# ruff: noqa: E501 - a table reads better with a case on each line
"""The catalogue's head, and what entries get from it."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.catalog.loading import load
from reconciler.core.model import (
    AbsentEntry,
    Adopt,
    Compare,
    Identity,
    Limits,
    MarkFormat,
    Mode,
    Place,
    Prune,
    Rules,
)
from reconciler.errors import CatalogError

ACR_ID = "6d3e17559677cd79ecb0b7cd2c79bea0"


def test_what_is_not_said_has_its_default(folder: Any) -> None:
    desired = folder.load("").desired
    assert desired.catalog == "radio-ads"
    assert desired.base_url == "https://api-v2.acrcloud.com"
    assert (desired.identity, desired.rules, desired.limits) == (Identity(), Rules(), Limits())
    assert desired.buckets["spots"].prune is Prune.OWNED
    assert (desired.entries, desired.absent) == ({}, {})


def test_everything_can_be_said(folder: Any) -> None:
    desired = folder.load(
        head="""
version: 1
catalog: 2024
api: {base_url: "https://api-{region}.acrcloud.cn/api/"}
buckets: {1: {id: 8891, prune: all, protect: true}}
identity: {field: isrc, format: key, source_field: null, former_names: [old, 1979], adopt: title}
user_defined: {mode: merge, ignore: [from, 7], compare: strict}
limits: {max_deletes: null, max_delete_percent: 2.5, max_create_percent: 200}
defaults: {bucket: 1}
files: {a: {title: 12}}
""",
        text="",
    ).desired
    assert desired.catalog == "2024"
    assert desired.base_url == "https://api-{region}.acrcloud.cn/api"
    assert desired.buckets["1"].prune is Prune.ALL
    assert desired.buckets["1"].protect
    assert desired.identity == Identity("isrc", MarkFormat.KEY, None, ("old", "1979"), Adopt.TITLE)
    assert desired.rules == Rules(Mode.MERGE, ("from", "7"), Compare.STRICT)
    assert desired.limits == Limits(
        max_deletes=None, max_delete_percent=2.5, max_create_percent=200
    )
    assert (desired.entries["a"].bucket, desired.entries["a"].title) == ("1", "12")


def test_an_entry(folder: Any) -> None:
    entry = folder.entry(
        f"{{title: ' Cafe\u0301 ', bucket: archive, acr_id: {ACR_ID.upper()}, was: [b, 7], protect: true}}"
    )
    assert entry.title == "Café"
    assert (entry.bucket, entry.acr_id, entry.was) == ("archive", ACR_ID, ("b", "7"))
    assert entry.protect
    assert entry.source is None
    assert entry.place == Place("catalog.yaml", 6, 3)


def test_an_absent_entry_needs_no_more_but_is_checked(folder: Any) -> None:
    desired = folder.load(
        f"files:\n  a: {{absent: true, was: [b], acr_id: {ACR_ID}, source: {{audio: nowhere.mp3}}}}\n"
    ).desired
    assert desired.absent == {"a": AbsentEntry("a", Place("catalog.yaml", 6, 3), ACR_ID, ("b",))}
    assert desired.entries == {}
    assert "unknown property" in folder.problem("files: {a: {absent: true, titel: T}}")
    assert "title is missing" in folder.problem("files: {a: {absent: false}}")


@pytest.mark.parametrize(
    ("defaults", "own", "merged"),
    [
        ("", "", None),
        ("", ", user_defined: {a: 1}", {"a": 1}),
        ("", ", user_defined: {}", {}),
        ("user_defined: {label: X}", "", {"label": "X"}),
        ("user_defined: {label: X}", ", user_defined: {}", {}),
        ("user_defined: {label: X}", ", user_defined: {a: 1}", {"label": "X", "a": 1}),
        ("user_defined: {label: X}", ", user_defined: {label: Y}", {"label": "Y"}),
        ("user_defined: {label: X}", ", user_defined: {label: null}", {}),
        (
            "user_defined: {label: {a: 1}}",
            ", user_defined: {label: {b: ~, c: 2}}",
            {"label": {"c": 2}},
        ),
        ("user_defined: {label: null}", "", {}),
    ],
)
def test_metadata_goes_over_the_defaults_key_by_key(
    folder: Any, defaults: str, own: str, merged: object
) -> None:
    head = (
        f"version: 1\ncatalog: c\nbuckets: {{s: {{id: 1}}}}\ndefaults: {{bucket: s, {defaults}}}\n"
    )
    loaded = folder.load(f"files: {{a: {{title: T{own}}}}}", head=head)
    assert loaded.desired.entries["a"].user_defined == merged


@pytest.mark.parametrize("name", ["catalog_key", "catalog_source", "catalog_protect"])
@pytest.mark.parametrize("value", ["x", "null"])
def test_a_field_of_the_mark_is_an_error(folder: Any, name: str, value: str) -> None:
    problem = folder.problem(f"files: {{a: {{title: T, user_defined: {{{name}: {value}}}}}}}")
    assert f"files.a.user_defined.{name}: {name} is a field of the mark" in problem


def test_the_marks_own_name_may_be_the_users(folder: Any) -> None:
    text = "identity: {field: k, source_field: null}\nfiles: {a: {title: T, user_defined: {catalog_key: x, catalog_source: y}}}"
    assert folder.load(text).desired.entries["a"].user_defined == {
        "catalog_key": "x",
        "catalog_source": "y",
    }
    assert "catalog_protect holds" in folder.problem("identity: {field: catalog_protect}")
    assert "catalog_key holds the mark already" in folder.problem(
        "identity: {source_field: catalog_key}"
    )


def test_ignored_keys(folder: Any) -> None:
    text = "user_defined: {ignore: ['play*']}\nfiles: {a: {title: T, user_defined: {played: 1}}}"
    assert "played is set here, and ignored by user_defined.ignore (play*)" in folder.problem(text)
    assert "from is set here" in folder.problem("files: {a: {title: T, user_defined: {from: x}}}")
    assert folder.load("files: {a: {title: T, user_defined: {from: null}}}")
    # A glob that matches the mark's own fields has no effect on them.
    assert folder.load("user_defined: {ignore: ['catalog_*']}").desired.identity == Identity()


def test_names_of_recognition_results_are_worth_a_warning(folder: Any) -> None:
    text = "files: {a: {title: T, user_defined: {title: x, score: 1}}, b: {title: U, user_defined: {score: 1}}}"
    assert [str(warning) for warning in folder.load(text).warnings] == [
        "catalog.yaml:5:45: files.a.user_defined.title: title is also a field of recognition results, and one hides the other there",
        "catalog.yaml:5:55: files.a.user_defined.score: score is also a field of recognition results, and one hides the other there",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("files: {a: {title: T, was: [b]}, b: {title: U}}", 'was[0]: "b" is another entry\'s key'),
        ("files: {a: {title: T, was: [a]}}", 'was[0]: "a" is this entry\'s own key'),
        ("files: {a: {title: T, was: [c]}, b: {absent: true, was: [c]}}", 'was[0]: "c" is a former key of "a" already'),
        (f"files: {{a: {{title: T, acr_id: {ACR_ID}}}, b: {{absent: true, acr_id: {ACR_ID.upper()}}}}}", 'files.b.acr_id: this acr_id is that of "a" already'),
        ("files: {a: {title: '  '}}", "the title is empty"),
        ("files: {a: {title: T, bucket: spot}}", 'there is no bucket "spot" (did you mean spots?)'),
        ("files: [a]", "expected a mapping of entries, found a list"),
        ("files:", "expected a mapping of entries, found null (write files: {} for none)"),
        ("files: {a: null}", "expected a mapping, found null"),
        ("files: {a: {title: T, user_defined: null}}", "expected a mapping, found null"),
        ("identity: {format: key}\n", "prune is missing"),
    ],
)  # fmt: skip
def test_what_only_the_whole_catalogue_can_tell(folder: Any, text: str, problem: str) -> None:
    assert any(problem in found for found in folder.problems(text))


def test_a_bucket_must_be_said_somewhere(folder: Any) -> None:
    head = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}}\n"
    problem = folder.problem("files: {a: {title: T}}", head=head)
    assert problem == "catalog.yaml:4:9: files.a: bucket is missing (or give defaults.bucket)"
    assert "there is no bucket" in folder.problem("defaults: {bucket: t}\n", head=head)


def test_the_head_must_be_whole(folder: Any) -> None:
    assert [line.partition(": ")[2] for line in folder.problems("{}", head="")] == [
        "buckets is missing", "catalog is missing", "version is missing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the catalogue is empty"),
        (b"# nothing\n", "the catalogue is empty"),
        (b"[1]", "expected a mapping with version"),
        (b"a: \xff", "1:4: the catalogue is not UTF-8"),
        ("a: 1".encode("utf-16"), "1:1: the catalogue is not UTF-8"),
        (b"a: [", "not readable as YAML"),
    ],
)
def test_what_is_no_catalogue(folder: Any, content: bytes, message: str) -> None:
    folder.write("catalog.yaml", content)
    assert message in folder.problem()


def test_a_byte_order_mark_is_fine(folder: Any) -> None:
    folder.write("catalog.yaml", b"\xef\xbb\xbfversion: 1\ncatalog: c\nbuckets: {s: {id: 1}}\n")
    assert folder.load().desired.catalog == "c"


def test_the_digest_is_of_the_bytes_and_not_of_the_machine(folder: Any, tmp_path: Path) -> None:
    folder.catalog("include: [more/*.yaml]\n")
    folder.write("more/a.yaml", "files: {}\n")
    first = folder.load().desired.digest
    (tmp_path / "elsewhere").mkdir()
    moved = folder.path.rename(tmp_path / "elsewhere" / "else")
    assert load(moved / "catalog.yaml").desired.digest == first
    (moved / "more/a.yaml").write_text("files: {} #\n")
    assert load(moved / "catalog.yaml").desired.digest != first
    assert first.startswith("sha256:")
    assert len(first) == 71


def test_a_relative_path_will_do(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.catalog("files: {a: {title: T, source: {audio: x.mp3}}}")
    monkeypatch.chdir(folder.path)
    source = load(Path("catalog.yaml")).desired.entries["a"].source  # type: ignore[index]
    assert source is not None
    assert source.location == str(folder.path / "x.mp3")


def test_no_catalogue_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"the catalogue is not there \(--catalog says where"):
        load(tmp_path / "catalog.yaml")
    with pytest.raises(CatalogError, match="the catalogue cannot be read: not a usable path"):
        load(tmp_path / "a\0b")


TRASH = "version: 1\ncatalog: c\nbuckets:\n  spots: {id: 1, trash: bin}\n  news: {id: 2, trash: bin}\n  bin: {id: 3}\n"


def test_a_bucket_may_throw_away_into_another(folder: Any) -> None:
    desired = folder.load("files: {}\n", head=TRASH).desired
    assert [bucket.trash for bucket in desired.buckets.values()] == ["bin", "bin", None]
    assert desired.trashes == {"bin"}
    numbered = TRASH.replace("bin", "3")
    assert folder.load("files: {}\n", head=numbered).desired.trashes == {"3"}


def test_a_trash_need_not_state_its_prune(folder: Any) -> None:
    keyed = TRASH.replace("trash:", "prune: none, trash:") + "identity: {format: key}\n"
    assert folder.load("files: {}\n", head=keyed).desired.trashes == {"bin"}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("trash: bin}\n  news", "trash: bim}\n  news", 'catalog.yaml:4:25: buckets.spots.trash: there is no bucket "bim" (did you mean bin?)'),
        ("trash: bin}\n  news", "trash: spots}\n  news", "catalog.yaml:4:25: buckets.spots.trash: a bucket cannot be its own trash"),
        ("trash: bin}\n  news", "trash: news}\n  news", 'catalog.yaml:4:25: buckets.spots.trash: "news" has a trash of its own, "bin" (what is in a trash is deleted by `purge`)'),
        ("{id: 3}", "{id: 3, prune: none}", 'catalog.yaml:6:16: buckets.bin.prune: "bin" is the trash of "spots": only `purge` deletes there'),
        ("{id: 3}", "{id: 3, protect: true}", 'catalog.yaml:6:16: buckets.bin.protect: "bin" is the trash of "spots": only `purge` deletes there'),
        ("{id: 3}", "{id: 3}\ndefaults: {bucket: bin}", 'catalog.yaml:7:20: defaults.bucket: "bin" is the trash of "spots": no entry belongs there'),
        ("files: {}", "files: {a: {title: T, bucket: bin}}", 'catalog.yaml:7:31: files.a.bucket: "bin" is the trash of "spots": no entry belongs there'),
    ],
    ids=["unknown", "itself", "a trash of its own", "prune", "protect", "the default", "an entry"],
)  # fmt: skip
def test_what_cannot_be_a_trash(folder: Any, before: str, after: str, problem: str) -> None:
    head, _, text = (TRASH + "files: {}\n").replace(before, after).partition("files:")
    assert folder.problems(f"files:{text}", head=head) == [problem]
