"""A folder of audio becomes entries, once; and whatever is not taken is told."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.app import Making, NewCatalog, Scan, scan, write_scan
from reconciler.catalog.finding import find
from reconciler.catalog.loading import load
from reconciler.errors import CatalogError, ReconcilerError, ScanError, UsageError
from tests.catalog import sound
from tests.catalog.conftest import HEAD, searched

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.model import Entry


def scanned(place: Any, folder: str = "audio", out: str | None = None, **options: Any) -> Scan:
    """Scan and write; and see that once more changes nothing."""
    catalog = place.path / "catalog.yaml"
    target = None if out is None else place.path / out
    found = scan(place.path / folder, catalog, out=target, **options)
    write_scan(found)
    before = files(place)
    again = scan(place.path / folder, catalog, out=target, **options)
    write_scan(again)
    assert again.new == {}
    assert again.addition == ""
    assert again.there == found.there + len(found.new)
    assert files(place) == before
    return found


def files(place: Any) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.path.iterdir() if path.is_file()}


def entry(place: Any, key: str) -> Entry:
    return load(place.path / "catalog.yaml").desired.entries[key]  # type: ignore[index]


def told(found: Scan) -> list[str]:
    return [f"{note.path}: {note.what}" for note in found.notes]


@pytest.fixture
def place(folder: Any) -> Any:
    folder.catalog("")
    sound.wav(
        folder.path / "audio" / "Spring ad.wav",
        {"TIT2": "Spring ad 30s", "TPE1": "Acme", "TSRC": "00123", "TDRC": "2007"},
    )
    return folder


def test_an_entry_says_what_the_tags_say(place: Any) -> None:
    found = scanned(place)
    spring = entry(place, "Spring-ad")
    digest = hashlib.sha256((place.path / "audio" / "Spring ad.wav").read_bytes()).hexdigest()
    assert (spring.title, spring.bucket) == ("Spring ad 30s", "spots")
    assert spring.user_defined == {"artist": "Acme", "isrc": "00123", "date": "2007"}
    assert spring.source is not None
    assert (spring.source.sha256, spring.source.duration) == (digest, 2.0)
    assert (place.path / "catalog.yaml").read_text("utf-8") == (f"{HEAD}files:\n{found.addition}")
    assert found.addition == (
        "  Spring-ad:\n"
        "    title: Spring ad 30s\n"
        "    source:\n"
        "      audio: audio/Spring ad.wav\n"
        f"      sha256: {digest if digest[0].isalpha() else chr(34) + digest + chr(34)}\n"
        "    user_defined:\n"
        "      artist: Acme\n"
        '      isrc: "00123"\n'
        '      date: "2007"\n'
    )


def test_what_stands_in_the_catalogue_stays(place: Any) -> None:
    sound.wav(place.path / "audio" / "more" / "b.wav", level=1)
    text = "files:\n  old: {title: Old, source: {audio: audio/more/b.wav}} # mine\n"
    path = place.catalog(text)
    found = scanned(place)
    assert list(found.new) == ["Spring-ad"]
    assert found.there == 1
    assert path.read_text("utf-8").startswith(HEAD + text)
    sound.wav(place.path / "audio" / "c.wav", level=2)
    assert list(scanned(place).new) == ["c"]


@pytest.mark.parametrize("out", ["more.yaml", "more.csv", "more.jsonl", "sub/more.ndjson"])
def test_a_file_of_its_own(place: Any, out: str) -> None:
    (place.path / "sub").mkdir()
    found = scanned(place, out=out)
    assert not found.is_included
    assert (place.path / out).stat().st_mode & 0o777 == 0o600
    place.catalog(f"include: [{out}]\n")
    assert entry(place, "Spring-ad").user_defined == {
        "artist": "Acme", "isrc": "00123", "date": "2007",
    }  # fmt: skip
    sound.wav(place.path / "audio" / "b.wav", {"TPE1": "=1+1"}, level=1)
    (place.path / out).chmod(0o640)
    before = (place.path / out).read_bytes()
    assert scanned(place, out=out).is_included
    assert (place.path / out).read_bytes().startswith(before)
    assert (place.path / out).stat().st_mode & 0o777 == 0o640
    assert entry(place, "b").user_defined == {"artist": "=1+1"}


@pytest.mark.parametrize("pattern", ["more.csv", "*.csv", "**/more.csv", "m[o]re.*"])
def test_a_file_that_the_catalogue_includes_before_it_is_there(place: Any, pattern: str) -> None:
    place.catalog(f'include: ["{pattern}"]\n')
    assert scanned(place, out="more.csv").is_included
    assert entry(place, "Spring-ad").title == "Spring ad 30s"


def test_the_columns_that_a_table_lacks_are_added(place: Any) -> None:
    place.catalog("include: [t.csv]\n")
    place.write("t.csv", "key,title\nold,Old\n")
    found = scanned(place, out="t.csv")
    assert (place.path / "t.csv").read_text("utf-8") == (
        "key,title,source.audio,source.sha256,user_defined.artist,user_defined.isrc,"
        "user_defined.date\nold,Old,,,,,\n" + found.addition
    )
    assert entry(place, "old").user_defined is None


def test_a_catalogue_is_begun(folder: Any) -> None:
    sound.wav(folder.path / "audio" / "a.wav")
    found = scanned(folder, begin=NewCatalog("radio-ads", "spots", 8891))
    assert found.is_included
    loaded = load(folder.path / "catalog.yaml").desired
    assert (loaded.catalog, loaded.buckets["spots"].id) == ("radio-ads", 8891)
    assert list(loaded.entries) == ["a"]


def test_a_catalogue_is_begun_that_includes_the_entries(folder: Any) -> None:
    sound.wav(folder.path / "audio" / "a.wav")
    found = scanned(folder, out="t.csv", begin=NewCatalog("radio-ads", "spots", 8891))
    assert found.is_included
    assert list(load(folder.path / "catalog.yaml").desired.entries) == ["a"]


def test_without_a_catalogue_it_is_said_how_to_begin(folder: Any) -> None:
    sound.wav(folder.path / "audio" / "a.wav")
    with pytest.raises(UsageError, match=r"there is no catalogue .*--bucket NAME=ID.*export"):
        scanned(folder)
    assert files(folder) == {}


def test_another_id_than_the_catalogues_is_a_mistake(place: Any) -> None:
    with pytest.raises(UsageError, match="the id of spots is 8891"):
        scanned(place, begin=NewCatalog("c", "spots", 1))


def test_templates(place: Any) -> None:
    sound.mp3(
        place.path / "audio" / "Day" / "02 x.mp3",
        {"TIT2": "Two", "TPE1": "Ann", "TALB": "Day", "TDRC": "1999-01", "TXXX:Mood": "blue"},
    )
    making = Making(
        key="{artist|folder}/{track|stem}",
        title="{artist} - {title|stem}",
        fields={"year": "{year}", "mood": "{mood}", "kind": "music {{{suffix}}}"},
    )
    found = scanned(place, making=making)
    assert list(found.new) == ["Ann/02-x", "Acme/Spring-ad"]
    assert entry(place, "Ann/02-x").title == "Ann - Two"
    assert entry(place, "Ann/02-x").user_defined == {
        "year": "1999", "mood": "blue", "kind": "music {mp3}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("making", "why"),
    [
        (Making(title="{titel}"), r"\{titel\} in a template: .* \(did you mean title\?\)"),
        (Making(key="{stem"), r"--key \{stem: the template has a \{ that is not closed"),
        (Making(fields={"x": "{}"}), r"--field x \{\}: the template has \{\}, where a name"),
        (Making(bucket="spot"), r"no such bucket \(did you mean spots\?\)"),
        (Making(fields={"from": "{artist}"}), r"--field from: from is set here, and ignored"),
        (Making(fields={"catalog_key": "x"}), r"--field catalog_key: .* field of the mark"),
    ],
)
def test_what_cannot_be_meant(place: Any, making: Making, why: str) -> None:
    before = files(place)
    with pytest.raises(UsageError, match=why):
        scanned(place, making=making)
    assert files(place) == before


def test_usual_fields_that_the_catalogue_cannot_have_are_left_out(place: Any) -> None:
    place.catalog("user_defined: {ignore: [is*]}\nidentity: {field: artist}\n")
    found = scanned(place)
    assert told(found) == [
        "user_defined.artist: artist is a field of the mark, which the reconciler writes itself: "
        "left out",
        "user_defined.isrc: isrc is set here, and ignored by user_defined.ignore (is*): left out",
    ]
    assert entry(place, "Spring-ad").user_defined == {"date": "2007"}


def test_the_bucket(place: Any) -> None:
    assert "bucket" not in scanned(place, making=Making(bucket="spots")).new["Spring-ad"]
    sound.wav(place.path / "audio" / "b.wav", level=1)
    scanned(place, making=Making(bucket="archive"))
    assert entry(place, "b").bucket == "archive"


def test_without_a_default_bucket_the_only_one_is_meant(place: Any) -> None:
    place.catalog("", "version: 1\ncatalog: c\nbuckets: {one: {id: 1}}\n")
    scanned(place)
    assert entry(place, "Spring-ad").bucket == "one"
    place.catalog("", "version: 1\ncatalog: c\nbuckets: {one: {id: 1}, two: {id: 2}}\n")
    with pytest.raises(UsageError, match=r"There are one or two: give --bucket NAME"):
        scanned(place)


def test_two_files_with_one_key_are_named_and_nothing_is_written(place: Any) -> None:
    sound.mp3(place.path / "audio" / "Spring ad.mp3", {"TIT2": "S"})
    sound.wav(place.path / "audio" / "a b.wav", level=1)
    sound.wav(place.path / "audio" / "a-b.wav", level=2)
    before = files(place)
    with pytest.raises(ScanError) as caught:
        scanned(place)
    assert "Spring ad.mp3, Spring ad.wav: all of them have the key Spring-ad\n" in str(caught.value)
    assert "a b.wav, a-b.wav: all of them have the key a-b\n" in str(caught.value)
    assert "'{path}.{suffix}'" in str(caught.value)
    assert files(place) == before
    (place.path / "audio" / "a b.wav").unlink()
    scanned(place, making=Making(key="{path}.{suffix}"))


def test_no_title_and_no_key_are_named(place: Any) -> None:
    sound.wav(place.path / "audio" / "b.wav", level=1)
    with pytest.raises(ScanError) as caught:
        scanned(place, making=Making(title="{title}", key="{artist}"))
    assert "b.wav: its title is empty" in str(caught.value)
    assert "b.wav: its key is empty" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("files: {Spring-ad: {title: T}}", "its key Spring-ad is there already, without a source"),
        ("files: {Spring-ad: {title: T, source: {audio: b.wav}}}",
         "its key Spring-ad is there already, with another source"),
        ("files: {Spring-ad: {absent: true}}",
         "its key Spring-ad is that of an entry that says absent"),
        ("files: {b: {title: T, was: [Spring-ad]}}", "its key Spring-ad is one that b had"),
    ],
)  # fmt: skip
def test_a_key_that_is_taken_is_left_and_told(place: Any, text: str, why: str) -> None:
    place.catalog(text)
    before = files(place)
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    write_scan(found)
    (note,) = found.notes
    assert (note.path, note.left_out) == ("Spring ad.wav", True)
    assert note.what.startswith(why)
    assert (found.new, found.there) == ({}, 0)
    assert files(place) == before


def test_a_renamed_file_is_told_and_makes_no_second_entry(place: Any) -> None:
    scanned(place)
    before = files(place)
    (place.path / "audio" / "Spring ad.wav").rename(place.path / "audio" / "summer.wav")
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    write_scan(found)
    assert told(found) == [
        "summer.wav: looks like Spring-ad, whose source is not there any more: if it was renamed, "
        "write its new path there"
    ]
    assert files(place) == before


def test_the_same_bytes_are_told(place: Any) -> None:
    shutil.copy(place.path / "audio" / "Spring ad.wav", place.path / "audio" / "Z.wav")
    assert told(scanned(place)) == ["Z.wav: has the same bytes as Spring ad.wav"]
    shutil.copy(place.path / "audio" / "Spring ad.wav", place.path / "audio" / "ZZ.wav")
    assert told(scanned(place)) == ["ZZ.wav: has the same bytes as the source of Spring-ad"]


def test_new_audio_in_an_entrys_file_is_no_new_entry(place: Any) -> None:
    scanned(place)
    sound.wav(place.path / "audio" / "Spring ad.wav", level=9)
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    assert (found.new, found.there) == ({}, 1)


def test_a_pointer_of_git_lfs(place: Any) -> None:
    digest = "ab" * 32
    place.write(
        "audio/p.wav", f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 9\n"
    )
    found = scanned(place)
    assert told(found) == [
        "p.wav: is a Git LFS pointer, so its tags are not known: git lfs pull fetches the file"
    ]
    held = entry(place, "p")
    assert held.source is not None
    assert (held.title, held.source.sha256) == ("p", digest)


def test_what_is_left_out_is_told(place: Any, tmp_path: Path) -> None:
    outside = sound.wav(tmp_path / "outside" / "o.wav")
    audio = place.path / "audio"
    (audio / "empty.wav").touch()
    (audio / "noise.mp3").write_bytes(b"noise")
    (audio / "._x.wav").write_bytes(b"x")
    (audio / ".hidden").mkdir()
    (audio / "out.wav").symlink_to(outside)
    (audio / "folder").symlink_to(outside.parent)
    (audio / "loop.wav").symlink_to("loop.wav")
    (audio / "dead.wav").symlink_to("nothing.wav")
    os.mkfifo(audio / "pipe.wav")
    os.close(os.open(os.fsencode(audio) + b"/\xff.wav", os.O_CREAT | os.O_WRONLY))
    for name in ("cover.jpg", "b.JPG", "README"):
        (audio / name).touch()
    found = scanned(place)
    assert list(found.new) == ["Spring-ad", "noise"]
    assert found.others == {"": 1, ".jpg": 2}
    assert told(found) == [
        "._x.wav: is hidden: no entry is made of it",
        ".hidden/: is hidden: not looked into",
        "\\xff.wav: has a name that is not UTF-8, which no catalogue can hold",
        "dead.wav: is not there any more, or a link to nothing",
        "empty.wav: cannot be a source: it is an empty file",
        "folder: is a link to a folder: not followed",
        "loop.wav: cannot be a source: it cannot be read: Too many levels of symbolic links",
        "noise.mp3: its duration cannot be read: not an audio format that is known here",
        "out.wav: cannot be a source: it leads outside the catalogue's folder and the source root",
        "pipe.wav: cannot be a source: it is a named pipe, not a file",
    ]
    assert [note.path for note in found.notes if not note.left_out] == ["noise.mp3"]


def test_a_link_inside_the_folder_is_that_file(place: Any) -> None:
    scanned(place)
    (place.path / "audio" / "again.wav").symlink_to("Spring ad.wav")
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    assert (found.new, found.there) == ({}, 2)


def test_a_file_that_an_entry_names_by_a_link_is_there(place: Any) -> None:
    (place.path / "named.wav").symlink_to("audio/Spring ad.wav")
    place.catalog("files: {mine: {title: Mine, source: {audio: named.wav}}}\n")
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    assert (found.new, found.there) == ({}, 1)


def test_a_folder_without_end_is_given_up(place: Any) -> None:
    assert find(str(place.path), most=3).audio == ("audio/Spring ad.wav",)
    with pytest.raises(ReconcilerError, match="there are more than 2 names in it: scan its"):
        find(str(place.path), most=2)
    with pytest.raises(ReconcilerError, match="No such file"):
        find(str(place.path / "none"))


def test_a_folder_elsewhere_needs_the_source_root(place: Any, tmp_path: Path) -> None:
    music = tmp_path / "music"
    sound.wav(music / "in" / "b.wav", level=1)
    catalog = place.path / "catalog.yaml"
    with pytest.raises(UsageError, match=r"does not lie in the catalogue's folder.*--source-root"):
        scan(music / "in", catalog)
    found = scan(music / "in", catalog, source_root=music)
    write_scan(found)
    assert found.new["b"]["source"]["audio"] == "in/b.wav"  # type: ignore[index, call-overload]
    (place.path / "linked").symlink_to(music / "in")
    assert scan(place.path / "linked", catalog, source_root=music).there == 1
    with pytest.raises(UsageError, match="does not lie in"):
        scan(place.path / "linked", catalog)


def test_a_file_behind_another_of_the_same_path_is_told(place: Any, tmp_path: Path) -> None:
    sound.wav(tmp_path / "music" / "audio" / "Spring ad.wav", level=1)
    found = scan(
        tmp_path / "music" / "audio", place.path / "catalog.yaml", source_root=tmp_path / "music"
    )
    assert told(found) == [
        "Spring ad.wav: is behind a file of the same path in the catalogue's folder"
    ]


def test_what_is_no_folder(place: Any) -> None:
    for name in ("none", "catalog.yaml"):
        with pytest.raises(UsageError, match="is not a folder"):
            scanned(place, name)


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("entries.txt", r"its name must end in \.yaml"),
        ("../more.yaml", "it must lie in the catalogue's folder"),
    ],
)
def test_where_entries_cannot_go(place: Any, out: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        scanned(place, out=out)


def test_a_link_out_of_the_folder_is_not_written_through(place: Any, tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text("files: {}\n", "utf-8")
    (place.path / "more.yaml").symlink_to(tmp_path / "theirs.yaml")
    with pytest.raises(UsageError, match="it must lie in the catalogue's folder"):
        scanned(place, out="more.yaml")
    assert (tmp_path / "theirs.yaml").read_text("utf-8") == "files: {}\n"


def test_a_folder_in_the_place_of_the_file_is_said(place: Any) -> None:
    (place.path / "more.yaml").mkdir()
    with pytest.raises(ReconcilerError, match=r"more\.yaml: it is a folder, not a file"):
        scanned(place, out="more.yaml")


def test_what_would_change_by_what_comes_after_it_is_left(place: Any) -> None:
    path = place.write(
        "more.yaml", "files:\n  o:\n    title: O\n    user_defined:\n      x: |+\n        y"
    )
    before = path.read_bytes()
    with pytest.raises(ScanError, match=r"more\.yaml is written in a way that entries cannot be"):
        scanned(place, out="more.yaml")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "files: {old: {title: Old}}\n",
        "files:\n  ? old\n  : {title: Old}\n",
        "files:\n  old:\n    title: |+\n      Old",
        "x: &x\n",
    ],
)
def test_what_cannot_be_appended_to_safely_is_left(place: Any, text: str) -> None:
    """Or it can, and then the old entries say what they said."""
    path = place.write("more.yaml", text)
    before = path.read_bytes()
    try:
        scanned(place, out="more.yaml")
    except (ScanError, CatalogError):
        assert path.read_bytes() == before
    else:
        assert "Old" in path.read_text("utf-8")


def test_a_catalogue_between_braces_is_left(place: Any) -> None:
    path = place.catalog("", "{version: 1, catalog: c, buckets: {s: {id: 1}}, files: {}}")
    before = path.read_bytes()
    with pytest.raises(ScanError, match=r"catalog\.yaml is written between braces.*--out"):
        scanned(place)
    assert path.read_bytes() == before


def test_a_key_in_another_file_of_the_catalogue_is_there(place: Any) -> None:
    place.catalog("include: [a.jsonl]\n")
    scanned(place, out="a.jsonl")
    assert scanned(place).there == 1


def test_what_the_users_schema_refuses_is_said_and_not_written(place: Any) -> None:
    place.write("s.json", '{"properties": {"isrc": {"maxLength": 3}}}')
    place.catalog("user_defined: {schema: s.json}\n")
    before = files(place)
    with pytest.raises(ScanError, match=r"what would be wrong with the catalogue:\n.*isrc"):
        scanned(place)
    assert files(place) == before


def test_a_catalogue_that_is_wrong_is_said(place: Any) -> None:
    place.catalog("files: {a: {titel: T}}")
    with pytest.raises(CatalogError, match="unknown property"):
        scanned(place)


def test_a_catalogue_that_is_a_link_stays_one(place: Any) -> None:
    (place.path / "catalog.yaml").rename(place.path / "real.yaml")
    (place.path / "catalog.yaml").symlink_to("real.yaml")
    scanned(place)
    assert (place.path / "catalog.yaml").is_symlink()
    assert entry(place, "Spring-ad").title == "Spring ad 30s"


def test_the_folder_of_the_catalogue_itself(place: Any) -> None:
    found = scanned(place, ".")
    assert list(found.new) == ["audio/Spring-ad"]


def test_without_pins(place: Any) -> None:
    found = scanned(place, making=Making(pin=False))
    assert "sha256" not in found.addition


def test_a_write_that_fails_is_said(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = scan(place.path / "audio", place.path / "catalog.yaml")
    before = files(place)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReconcilerError, match="No space left on device"):
        write_scan(found)
    assert files(place) == before


def test_what_was_written_meanwhile_is_not_lost(place: Any) -> None:
    catalog = place.path / "catalog.yaml"
    found = scan(place.path / "audio", catalog)
    edited = place.catalog("files: {mine: {title: Mine}}\n").read_bytes()
    with pytest.raises(ReconcilerError, match="it was changed meanwhile: try again"):
        write_scan(found)
    assert catalog.read_bytes() == edited
    found = scan(place.path / "audio", catalog, out=place.path / "more.csv")
    place.write("more.csv", "key\nmine\n")
    with pytest.raises(ReconcilerError, match="it is there by now: try again"):
        write_scan(found)
    catalog.unlink()
    with pytest.raises(UsageError, match="there is no catalogue"):
        scan(place.path / "audio", catalog)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@searched
@given(
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4),
    st.sampled_from([None, "more.yaml", "more.csv", "more.jsonl"]),
    st.sampled_from(["", "files: {}\n", "files:\n  old: {title: Old}\nlimits: {}\n"]),
)
def test_any_tags_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    tags: list[tuple[str, str, str]],
    out: str | None,
    text: str,
) -> None:
    home = tmp_path_factory.getbasetemp() / "any-tags"
    shutil.rmtree(home, ignore_errors=True)
    place: Any = Anywhere(home)
    (home / "audio").mkdir(parents=True)
    (home / "catalog.yaml").write_text(HEAD + text, "utf-8")
    for index, (title, artist, album) in enumerate(tags):
        sound.flac(
            home / "audio" / f"{index}.flac",
            {"title": title, "artist": artist, "album": album, "isrc": f"{index}"},
        )
    found = scanned(place, out=out)
    if out is not None:
        (home / "catalog.yaml").write_text(f"{HEAD}include: [{out}]\n", "utf-8")
    if not tags and out is not None:
        return
    entries = load(home / "catalog.yaml").desired.entries
    for key, record in found.new.items():
        assert entries[key].title == record["title"]
        assert entries[key].user_defined == record["user_defined"]


class Anywhere:
    def __init__(self, path: Path) -> None:
        self.path = path
