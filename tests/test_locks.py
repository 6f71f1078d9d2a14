"""One apply at a time for each bucket, between processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LockHeld, ReconcilerError
from reconciler.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ORIGIN = "https://api-v2.acrcloud.com"

HOLDER = """
import sys
from pathlib import Path
from reconciler.locks import locked
folder, origin, holder, *ids = sys.argv[1:]
with locked(Path(folder), origin, list(map(int, ids)), holder):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(
    folder: Path, ids: Sequence[int], origin: str = ORIGIN
) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the locks as long as the block runs."""
    command = [sys.executable, "-c", HOLDER, str(folder), origin, "run 17 of anna", *map(str, ids)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def take(folder: Path, *ids: int, origin: str = ORIGIN) -> None:
    with locked(folder, origin, ids, "me"):
        pass


class TestAnotherProcessHoldsIt:
    def test_it_is_named_as_it_named_itself(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]), pytest.raises(LockHeld) as caught:
            take(tmp_path, 7)
        assert str(caught.value) == (
            "bucket 7: another apply on this machine works on it (run 17 of anna); "
            "wait until it has ended"
        )

    def test_one_of_several_buckets_is_enough(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [8]):
            with pytest.raises(LockHeld, match="bucket 8"):
                take(tmp_path, 9, 8, 7)
            take(tmp_path, 7, 9)  # what was taken before it was found is free again

    def test_its_end_frees_it(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]):
            pass
        take(tmp_path, 7)

    def test_so_does_its_sudden_end(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]) as process:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            take(tmp_path, 7)

    def test_other_buckets_are_free(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]):
            take(tmp_path, 8)

    def test_so_is_the_same_bucket_at_another_host(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]):
            take(tmp_path, 7, origin="https://eu-api-v2.acrcloud.com")

    def test_without_a_name_it_is_unnamed(self, tmp_path: Path) -> None:
        with held_elsewhere(tmp_path, [7]):
            (holder,) = tmp_path.glob("*.holder")
            holder.unlink()
            with pytest.raises(LockHeld, match=r"\(unnamed\)"):
                take(tmp_path, 7)
            holder.write_text(" \n")
            with pytest.raises(LockHeld, match=r"\(unnamed\)"):
                take(tmp_path, 7)


class TestThisProcess:
    def test_cannot_hold_it_twice(self, tmp_path: Path) -> None:
        with locked(tmp_path, ORIGIN, [7], "me"), pytest.raises(LockHeld, match=r"\(me\)"):
            take(tmp_path, 7)

    def test_names_a_bucket_twice_and_takes_it_once(self, tmp_path: Path) -> None:
        take(tmp_path, 7, 7)

    def test_frees_it_whatever_happens(self, tmp_path: Path) -> None:
        with pytest.raises(ZeroDivisionError), locked(tmp_path, ORIGIN, [7, 8], "me"):
            raise ZeroDivisionError
        take(tmp_path, 7, 8)

    def test_needs_none_for_no_buckets(self, tmp_path: Path) -> None:
        take(tmp_path)

    def test_makes_private_files(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            take(tmp_path / "a" / "b", 7)
        finally:
            os.umask(before)
        folder = tmp_path / "a" / "b"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    def test_writes_through_no_link(self, tmp_path: Path) -> None:
        take(tmp_path, 7)
        (holder,) = tmp_path.glob("*.holder")
        holder.unlink()
        holder.symlink_to(tmp_path / "victim")
        with pytest.raises(ReconcilerError, match="taking the lock of bucket 7"):
            take(tmp_path, 7)
        assert not (tmp_path / "victim").exists()

    def test_overwrites_no_file_that_has_another_name(self, tmp_path: Path) -> None:
        take(tmp_path, 7)
        (holder,) = tmp_path.glob("*.holder")
        holder.rename(tmp_path / "victim")
        holder.hardlink_to(tmp_path / "victim")
        with pytest.raises(ReconcilerError, match="it is a hard link"):
            take(tmp_path, 7)
        assert (tmp_path / "victim").read_text() == "me"

    def test_is_held_up_by_no_pipe(self, tmp_path: Path) -> None:
        take(tmp_path, 7)
        (holder,) = tmp_path.glob("*.holder")
        holder.unlink()
        os.mkfifo(holder)
        with pytest.raises(ReconcilerError, match="taking the lock of bucket 7"):
            take(tmp_path, 7)

    def test_lies_in_no_folder_that_others_can_write_to(self, tmp_path: Path) -> None:
        folder = tmp_path / "reconciler" / "locks"
        take(folder, 7)
        for shared in (folder, folder.parent):
            shared.chmod(0o777)
            with pytest.raises(ReconcilerError, match=f"others can write to {shared}"):
                take(folder, 7)
            shared.chmod(0o700)
        folder.rename(tmp_path / "else")
        folder.symlink_to(tmp_path / "else")
        with pytest.raises(ReconcilerError, match="its folder is a symbolic link"):
            take(folder, 7)

    def test_names_a_holder_that_is_no_text(self, tmp_path: Path) -> None:
        with locked(tmp_path, ORIGIN, [7], "me\udcff"), pytest.raises(LockHeld, match=r"me\\udcff"):
            take(tmp_path, 7)

    def test_says_where_there_is_no_folder_to_be_had(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ReconcilerError, match=r"taking the lock of bucket 7 in .*file"):
            take(tmp_path / "file", 7)

    def test_an_error_of_the_work_stays_what_it_is(self, tmp_path: Path) -> None:
        """Not one of the lock's, though it is an OSError too."""
        with pytest.raises(FileNotFoundError), locked(tmp_path, ORIGIN, [7], "me"):
            raise FileNotFoundError
