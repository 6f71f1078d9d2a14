"""Only regular files are read, and only so much of them."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from reconciler.regular import NotReadError, kind_of, read


def refusal(path: Path, most: int = 10) -> str:
    with pytest.raises(NotReadError) as caught:
        read(path, most)
    return str(caught.value)


def test_a_file_is_read_whole_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        data, mode = read(tmp_path / name, 10)
        assert (data, stat.S_IMODE(mode)) == (b"0123456789", 0o640)


def test_a_large_file_is_not_read_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    assert refusal(tmp_path / "file", 9) == "is larger than 9 bytes"
    os.truncate(tmp_path / "file", 1 << 42)
    assert refusal(tmp_path / "file", 3 << 20) == "is larger than 3 MiB"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux has such files")
def test_a_file_that_holds_more_than_it_says_is_read_to_the_bound() -> None:
    assert Path("/proc/self/status").stat().st_size == 0
    assert refusal(Path("/proc/self/status")) == "is larger than 10 bytes"
    assert read(Path("/proc/self/status"), 1 << 20)[0].startswith(b"Name:")


def test_what_is_no_regular_file_is_neither_waited_for_nor_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert refusal(tmp_path / "fifo") == "is a named pipe, not a file"
    assert refusal(tmp_path / "zero") == "is a device, not a file"
    assert refusal(tmp_path) == "is a folder, not a file"
    assert refusal(tmp_path / "missing") == "there is no such file"
    assert refusal(tmp_path / "loop") == "cannot be read: Too many levels of symbolic links"
    assert refusal(tmp_path / "a\0b") == "cannot be read: not a usable path"
    monkeypatch.chdir(tmp_path)  # the name of a socket is a short one
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert refusal(tmp_path / "s").startswith("cannot be read: No such device")


def test_kinds_have_names() -> None:
    assert kind_of(stat.S_IFCHR) == "a device"
    assert kind_of(stat.S_IFSOCK) == "a socket"
