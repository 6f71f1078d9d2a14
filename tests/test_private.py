"""What is ours alone is opened past nothing that somebody planted, and closed to others."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.private import check_folder, make_folder, open_file, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestAFile:
    def test_is_made_for_its_owner_only(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            os.close(open_file(tmp_path / "new", APPEND))
        finally:
            os.umask(before)
        assert mode(tmp_path / "new") == 0o600

    def test_that_others_may_read_or_write_is_closed_to_them(self, tmp_path: Path) -> None:
        """As a checkout makes it, or somebody who wants to read what comes."""
        planted = tmp_path / "planted"
        planted.write_bytes(b"kept")
        planted.chmod(0o666)
        os.close(open_file(planted, APPEND))
        assert (mode(planted), planted.read_bytes()) == (0o600, b"kept")

    @pytest.mark.parametrize(
        ("kind", "why"),
        [
            ("link", "symbolic link"),
            ("hard link", "hard link"),
            ("pipe", "not a regular file"),
            ("folder", "directory"),
        ],
    )
    def test_of_another_kind_is_refused(self, tmp_path: Path, kind: str, why: str) -> None:
        victim, planted = tmp_path / "victim", tmp_path / "planted"
        victim.write_bytes(b"theirs")
        victim.chmod(0o644)
        match kind:
            case "link":
                planted.symlink_to(victim)
            case "hard link":
                planted.hardlink_to(victim)
            case "pipe":
                os.mkfifo(planted)
            case _:
                planted.mkdir()
        with pytest.raises(OSError, match=why):
            open_file(planted, APPEND)
        assert (mode(victim), victim.read_bytes()) == (0o644, b"theirs")


class TestAFileAsAWhole:
    def test_takes_the_place_of_another_and_is_closed_to_others(self, tmp_path: Path) -> None:
        (tmp_path / "new").write_bytes(b"before")
        (tmp_path / "new").chmod(0o666)
        write(tmp_path / "new", [b"a", b"b"])
        assert (mode(tmp_path / "new"), (tmp_path / "new").read_bytes()) == (0o600, b"ab")

    def test_that_is_for_everybody_can_be_read_and_not_written(self, tmp_path: Path) -> None:
        write(tmp_path / "new", [b"x"], for_everybody=True)
        assert mode(tmp_path / "new") == 0o644

    def test_is_not_there_where_its_pieces_end_in_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "new").write_bytes(b"before")

        def pieces() -> Iterator[bytes]:
            yield b"half"
            raise KeyError

        with pytest.raises(KeyError):
            write(tmp_path / "new", pieces())
        assert (tmp_path / "new").read_bytes() == b"before"
        assert [each.name for each in tmp_path.iterdir()] == ["new"]

    @pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
    def test_takes_the_place_of_nothing_but_a_file(self, tmp_path: Path, kind: str) -> None:
        victim, planted = tmp_path / "victim", tmp_path / "planted"
        victim.write_bytes(b"theirs")
        match kind:
            case "link":
                planted.symlink_to(victim)
            case "dangling link":
                planted.symlink_to(tmp_path / "nowhere")
            case "pipe":
                os.mkfifo(planted)
            case _:
                planted.mkdir()
        before = planted.lstat().st_ino
        with pytest.raises(OSError, match="what is there is not a regular file"):
            write(planted, [b"ours"])
        assert planted.lstat().st_ino == before
        assert victim.read_bytes() == b"theirs"
        assert not (tmp_path / "nowhere").exists()


class TestAFolder:
    def test_is_made_with_those_above_it_for_their_owner_only(self, tmp_path: Path) -> None:
        make_folder(tmp_path / "a" / "b")
        make_folder(tmp_path / "a" / "b")
        assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)
        check_folder(tmp_path / "a" / "b")

    def test_that_is_a_link_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "else").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "else")
        with pytest.raises(OSError, match="its folder is a symbolic link"):
            make_folder(tmp_path / "link")
        with pytest.raises(OSError, match="not a folder, or a symbolic link to one"):
            check_folder(tmp_path / "link")

    def test_may_be_below_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "else").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "else")
        make_folder(tmp_path / "link" / "new")
        make_folder(tmp_path / "link" / "new")
        assert (tmp_path / "else" / "new").is_dir()

    @pytest.mark.parametrize("wide", [0o777, 0o775, 0o702])
    def test_that_others_can_write_to_is_refused(self, tmp_path: Path, wide: int) -> None:
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared").chmod(wide)
        with pytest.raises(OSError, match=r"others can write to .*shared"):
            check_folder(tmp_path / "shared")
