# ruff: noqa: E501 - a table reads better with a case on each line
"""What stands at a source's path, and what is refused without a look inside."""

import hashlib
import os
import socket
import struct
import wave
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog import disk
from reconciler.catalog.loading import load
from reconciler.catalog.sources import Sources
from reconciler.core.model import Presence, Source, SourceKind
from reconciler.errors import CatalogError
from tests.catalog.conftest import searched

PIN = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{PIN}\nsize 12345\n"


def tone(path: Path, seconds: float = 1.5) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<h", 7) * int(8000 * seconds))
    return path.read_bytes()


def test_audio_that_is_there(folder: Any) -> None:
    data = tone(folder.path / "audio/a.wav")
    digest = hashlib.sha256(data).hexdigest()
    source = folder.entry("{title: T, source: {audio: audio/a.wav}}").source
    assert source == Source(
        SourceKind.AUDIO, str(folder.path / "audio/a.wav"), f"sha256:{digest[:16]}", digest,
        len(data), 1.5, Presence.HERE,
    )  # fmt: skip


def test_a_fingerprint_has_no_duration(folder: Any) -> None:
    folder.write("a.fp", b"prints")
    source = folder.entry("{title: T, source: {fingerprint: a.fp}}").source
    assert (source.kind, source.size, source.duration) == (SourceKind.FINGERPRINT, 6, None)


def test_a_pin_that_differs_is_an_error(folder: Any) -> None:
    data = tone(folder.path / "a.wav")
    right = hashlib.sha256(data).hexdigest().upper()
    assert folder.entry(f"{{title: T, source: {{audio: a.wav, sha256: {right}}}}}").source.size
    problem = folder.problem(f"files: {{a: {{title: T, source: {{audio: a.wav, sha256: {PIN}}}}}}}")
    assert "files.a.source.sha256: the source's digest is" in problem


def test_a_file_that_is_not_there(folder: Any) -> None:
    pinned = folder.entry(f"{{title: T, source: {{audio: x/a.mp3, sha256: {PIN}}}}}").source
    assert (pinned.digest, pinned.presence) == ("sha256:9f86d081884c7d65", Presence.ABSENT)
    loaded = folder.load("files: {a: {title: T, source: {audio: a.mp3}}}")
    assert loaded.desired.entries["a"].source.digest is None
    assert [str(warning) for warning in loaded.warnings] == [
        "catalog.yaml:5:39: files.a.source.audio: not verified: the file is not there (reconciler pin, where the file is, writes its digest)"
    ]  # fmt: skip


def test_a_git_lfs_pointer_counts_as_what_it_points_to(folder: Any) -> None:
    folder.write("a.mp3", POINTER)
    source = folder.entry(f"{{title: T, source: {{audio: a.mp3, sha256: {PIN}}}}}").source
    assert (source.presence, source.sha256, source.size) == (Presence.POINTER, PIN, 12345)
    other = PIN.replace("9", "8")
    assert "the pin says otherwise" in folder.problem(
        f"files: {{a: {{title: T, source: {{audio: a.mp3, sha256: {other}}}}}}}"
    )


def test_urls_and_ids(folder: Any) -> None:
    url = "https://cdn.example.com/a.mp3"
    plain = folder.entry(f"{{title: T, source: {{audio_url: '{url}?token=s3cret#x'}}}}").source
    assert plain.location == f"{url}?token=s3cret#x"
    assert plain.digest == f"url:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    pinned = folder.entry(f"{{title: T, source: {{audio_url: '{url}', sha256: {PIN}}}}}").source
    assert (pinned.digest, pinned.presence) == (f"sha256:{PIN[:16]}", Presence.ELSEWHERE)
    acrid = folder.entry("{title: T, source: {acrid: 6049F11DA7095E8BB8266871D4A70873}}").source
    assert acrid.digest == "acrid:6049f11da7095e8bb8266871d4a70873"
    both = f"{{acrid: 6049f11da7095e8bb8266871d4a70873, sha256: {PIN}}}"
    assert "nothing to pin" in folder.problem(f"files: {{a: {{title: T, source: {both}}}}}")


def test_what_mutagen_cannot_read_is_a_warning(folder: Any) -> None:
    folder.write("a.mp3", b"not audio at all" * 100)
    loaded = folder.load("files: {a: {title: T, source: {audio: a.mp3}}}")
    assert "its duration cannot be read" in str(loaded.warnings[0])
    assert loaded.desired.entries["a"].source.duration is None


def test_an_empty_file_is_an_error(folder: Any) -> None:
    folder.write("a.mp3", b"")
    assert "is an empty file" in folder.problem("files: {a: {title: T, source: {audio: a.mp3}}}")


@pytest.mark.parametrize(
    "path",
    [
        "../a.mp3",
        "x/../../a.mp3",
        "x/..",
        "/etc/passwd",
        "~/a.mp3",
        "/proc/self/environ",
        "/dev/zero",
    ],
)
def test_a_path_that_leads_outside_by_its_form(folder: Any, path: str) -> None:
    (folder.path.parent / "a.mp3").write_bytes(b"x")
    problem = folder.problem(f"files: {{a: {{title: T, source: {{audio: {path}}}}}}}")
    assert "files.a.source.audio: the source" in problem
    assert "must not hold .." in problem or "must be relative" in problem


def test_nul_in_a_path(folder: Any) -> None:
    text = 'files: {a: {title: T, source: {audio: "a\\0b"}}}'
    assert "a path cannot hold a NUL character" in folder.problem(text)


def make_link(target: str) -> Any:
    return lambda path: path.symlink_to(target)


def make_socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        server.bind(path.name)
    finally:
        os.chdir(here)
        server.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "is a named pipe, not a file"),
        (Path.mkdir, "is a folder, not a file"),
        (make_socket, "cannot be read: not a file"),
        (make_link("/dev/zero"), "leads outside the catalogue's folder and the source root"),
        (make_link("/etc/passwd"), "leads outside"),
        (make_link("/proc/self/environ"), "leads outside"),
        (make_link("../secret"), "leads outside"),
        (make_link("a.mp3"), "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_refused_and_never_read(folder: Any, make: Any, message: str) -> None:
    folder.write("../secret", "x")
    make(folder.path / "a.mp3")
    assert message in folder.problem("files: {a: {title: T, source: {audio: a.mp3}}}")


def test_links_inside_the_folder_are_followed(folder: Any) -> None:
    data = tone(folder.path / "real/a.wav")
    (folder.path / "link").symlink_to("real")
    (folder.path / "b.wav").symlink_to("link/a.wav")
    for path in ("link/a.wav", "b.wav"):
        source = folder.entry(f"{{title: T, source: {{audio: {path}}}}}").source
        assert source.sha256 == hashlib.sha256(data).hexdigest()
    (folder.path / "out").symlink_to("..")
    text = "files: {a: {title: T, source: {audio: out/catalogue/real/a.wav}}}"
    assert "leads outside" in folder.problem(text.replace("/catalogue/real/a.wav", "/x"))


def test_a_hard_link_is_the_file_itself(folder: Any) -> None:
    """T16: nothing tells it from a copy, and no checkout can bring one."""
    data = tone(folder.path.parent / "elsewhere.wav")
    os.link(folder.path.parent / "elsewhere.wav", folder.path / "a.wav")
    source = folder.entry("{title: T, source: {audio: a.wav}}").source
    assert source.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("kind", ["audio", "fingerprint"])
def test_an_address_is_no_path(folder: Any, kind: str) -> None:
    text = f"files: {{a: {{title: T, source: {{{kind}: 'https://x.example/a.mp3'}}}}}}"
    assert folder.problem(text).endswith("is an address: audio_url takes one")


def test_the_source_root(folder: Any, tmp_path: Path) -> None:
    tone(tmp_path / "store/a.wav")
    root = tmp_path / "store"
    source = folder.entry("{title: T, source: {audio: a.wav}}", source_root=root).source
    assert source.location == str(root / "a.wav")
    (folder.path / "audio").symlink_to(root)
    linked = folder.entry("{title: T, source: {audio: audio/a.wav}}", source_root=root).source
    assert linked.presence is Presence.HERE
    assert "leads outside" in folder.problem("files: {a: {title: T, source: {audio: audio/a.wav}}}")
    tone(folder.path / "a.wav", 0.5)
    nearer = folder.entry("{title: T, source: {audio: a.wav}}", source_root=root).source
    assert nearer.location == str(folder.path / "a.wav")
    absent = folder.entry("{title: T, source: {audio: no.wav}}", source_root=root).source
    assert absent.location == str(root / "no.wav")


def test_many_files_are_digested_in_threads(folder: Any) -> None:
    lines = []
    for number in range(300):
        folder.write(f"audio/{number}.fp", f"print {number}")
        lines.append(
            f"  e{number}: {{title: T{number}, source: {{fingerprint: audio/{number}.fp}}}}"
        )
    desired = folder.load("files:\n" + "\n".join(lines) + "\n").desired
    for number in range(300):
        expected = hashlib.sha256(f"print {number}".encode()).hexdigest()
        assert desired.entries[f"e{number}"].source.sha256 == expected


@searched
@given(
    st.binary(min_size=1, max_size=300),
    st.sampled_from(["mp3", "wav", "flac", "ogg", "m4a", "ape", "wma", "aac", "x"]),
)
def test_hostile_audio_raises_nothing(tmp_path_factory: Any, data: bytes, ending: str) -> None:
    home = tmp_path_factory.getbasetemp() / "hostile"
    home.mkdir(exist_ok=True)
    heads = {
        "mp3": b"ID3\x04\0\0",
        "wav": b"RIFF\0\0\0\0WAVE",
        "flac": b"fLaC",
        "ogg": b"OggS\0",
        "m4a": b"\0\0\0 ftypM4A ",
    }
    (home / f"a.{ending}").write_bytes(heads.get(ending, b"") + data)
    assert Sources(home, None).one(f"a.{ending}", audio=True).presence is Presence.HERE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "the catalogue is a named pipe, not a file"),
        (Path.mkdir, "the catalogue is a folder, not a file"),
        (make_link("/dev/zero"), "the catalogue is a device, not a file"),
        (make_link("catalog.yaml"), "the catalogue cannot be read: Too many levels"),
        (make_socket, "the catalogue cannot be read: No such device"),
    ],
)
def test_what_is_no_catalogue_file(folder: Any, make: Any, message: str) -> None:
    make(folder.path / "catalog.yaml")
    assert message in folder.problem()


def test_a_catalogue_that_cannot_be_read(folder: Any) -> None:
    with pytest.raises(CatalogError, match="the catalogue cannot be read: File name too long"):
        load(folder.path / ("a" * 300))
    with pytest.raises(CatalogError, match="the catalogue cannot be read: not a usable path"):
        load(folder.path / "a\0b")


def test_a_catalogue_that_is_too_large_is_refused_by_its_size(folder: Any) -> None:
    os.truncate(folder.catalog(""), disk.MAX_BYTES + 1)
    with pytest.raises(CatalogError, match="the catalogue is larger than 512 MiB"):
        load(folder.path / "catalog.yaml")
