"""From a folder of audio to a bucket: `scan`, `plan`, `apply`, and once more."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.catalog import sound

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox
    from tests.end_to_end.conftest import Workplace

HOSTILE = "x\n::error::boo\u202e##[add-mask]\x1b[1m"


@pytest.fixture
def music(work: Workplace) -> Path:
    """Two songs."""
    audio = work.folder / "audio"
    sound.wav(audio / "a.wav", {"TIT2": "First light", "TPE1": "Ann", "TSRC": "00123"}, level=1)
    sound.mp3(audio / "more" / "b.mp3", {"TIT2": HOSTILE, "TPE1": "Bob"})
    return audio


def test_from_a_folder_to_a_bucket(work: Workplace, music: Path, sandbox: Sandbox) -> None:
    begun = work.run(
        *("scan", "audio", "--bucket", "spots=8891", "--name", "radio-ads"),
        env={"ACRCLOUD_ACCESS_TOKEN": None},
    )
    assert (begun.code, begun.err) == (0, "")
    assert begun.out == "2 new entries written to catalog.yaml; 0 there already, 0 left out\n"
    assert work.run("plan", "--detailed-exitcode").code == 2
    assert work.run("apply", "--yes").code == 0
    live = {file["title"]: file["user_defined"] for file in sandbox.files(8891)}
    assert live["First light"]["artist"] == "Ann"
    assert live["First light"]["isrc"] == "00123"
    assert live["First light"]["catalog_key"] == "radio-ads/a"
    assert len(live) == 2
    assert work.run("plan", "--detailed-exitcode").code == 0
    before = (work.folder / "catalog.yaml").read_bytes()
    again = work.run("scan", "audio")
    assert again.out == "0 new entries; 2 there already, 0 left out\n"
    assert (work.folder / "catalog.yaml").read_bytes() == before
    sound.wav(music / "c.wav", level=3)
    assert work.run("scan", "audio").out == (
        "1 new entry written to catalog.yaml; 2 there already, 0 left out\n"
    )
    assert work.run("plan").out.count("+ create") == 1


def test_a_dry_run_shows_the_entries_and_writes_nothing(work: Workplace, music: Path) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    before = (work.folder / "catalog.yaml").read_bytes()
    shown = work.run("scan", "audio", "--dry-run", "--no-pin", "--field", "artist=")
    assert shown.code == 0
    assert shown.out == (
        "a:\n"
        "  title: First light\n"
        "  bucket: spots\n"
        "  source:\n"
        "    audio: audio/a.wav\n"
        "  user_defined:\n"
        '    isrc: "00123"\n'
        "more/b:\n"
        '  title: "x ::error::boo##\\u005Badd-mask] [1m"\n'
        "  bucket: spots\n"
        "  source:\n"
        "    audio: audio/more/b.mp3\n"
    )
    assert shown.err == "2 new entries would go to catalog.yaml; 0 there already, 0 left out\n"
    assert (work.folder / "catalog.yaml").read_bytes() == before


def test_a_file_that_is_not_included_yet(work: Workplace, music: Path) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    ended = work.run("scan", "audio", "--out", "music.csv")
    assert ended.err == "the catalogue does not include it yet: give it include: [music.csv]\n"
    assert ended.out == "2 new entries written to music.csv; 0 there already, 0 left out\n"


def test_json(work: Workplace, music: Path) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    (music / "cover.jpg").touch()
    (music / "empty.wav").touch()
    os.close(os.open(os.fsencode(music) + b"/\xff.wav", os.O_CREAT | os.O_WRONLY))
    told = work.run("scan", "audio", "--no-pin", "--format", "json").json
    assert told["entries"][0] == {
        "key": "a",
        "title": "First light",
        "bucket": "spots",
        "source": {"audio": "audio/a.wav"},
        "user_defined": {"artist": "Ann", "isrc": "00123"},
    }
    del told["entries"]
    assert told == {
        "file": "catalog.yaml",
        "included": True,
        "written": True,
        "there": 0,
        "notes": [
            {
                "path": "\\xff.wav",
                "what": "has a name that is not UTF-8, which no catalogue can hold",
                "left_out": True,
            },
            {
                "path": "empty.wav",
                "what": "cannot be a source: it is an empty file",
                "left_out": True,
            },
        ],
        "others": {".jpg": 1},
    }


def test_hostile_names_and_tags_do_nothing(work: Workplace, music: Path) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    (music / f"{HOSTILE.replace('/', '')}.wav").touch()
    (music / f"a{HOSTILE}.jpg{HOSTILE}").touch()
    for form in (["--out", "x.csv"], ["--out", "x.jsonl"], ["--format", "json"]):
        ended = work.run("scan", "audio", "--dry-run", *form)
        assert ended.code == 0
        for line in (ended.out + ended.err).splitlines():
            assert not line.strip().startswith("::")
            assert "##[" not in line
            assert line.isprintable()
    assert json.loads(ended.out)["there"] == 0
    sound.wav(music / f"d{HOSTILE}.wav")
    sound.wav(music / f"d{HOSTILE}.mp3")
    refused = work.run("scan", "audio")
    assert refused.code == 1
    assert "all of them have the key d" in refused.err
    for line in refused.err.splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line
        assert line.isprintable()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--bucket", "spots=x"], 64, "NAME=ID is a name of your own"),
        (["--name", "x"], 64, "--name names a catalogue that is begun"),
        (["--field", "x"], 64, "--field x: NAME=TEMPLATE, such as year={year}"),
        (["--field", "=x"], 64, "NAME=TEMPLATE"),
        (["--field", "a\nb=x"], 64, "a name is one line of plain text"),
        (["--title", "{titel}"], 64, "(did you mean title?)"),
        (["--key", "x"], 1, "a.wav, more/b.mp3: all of them have the key x"),
        (["--out", "x.txt"], 64, "its name must end in .yaml"),
        (["--catalog", "none.yaml"], 64, "there is no catalogue none.yaml"),
    ],
)
def test_mistakes(work: Workplace, music: Path, arguments: list[str], code: int, said: str) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    before = (work.folder / "catalog.yaml").read_bytes()
    ended = work.run("scan", "audio", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert (work.folder / "catalog.yaml").read_bytes() == before


def test_many_other_files_are_counted(work: Workplace, music: Path) -> None:
    work.catalog("version: 1\ncatalog: c\nbuckets: {spots: {id: 8891}}\n")
    for name in ("a.txt", "b.txt", "c", "d.d", "e.e", "f.f", "g.g"):
        (music / name).touch()
    assert work.run("scan", "audio").err == (
        "passed over, by their names: 2 .txt, 1 without an ending, 1 .d, 1 .e, 1 .f, 1 more\n"
    )
