"""The metrics' file: whole, for the collector to read, and for nothing else's place."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import MetricsFileError
from reconciler.metricsfile import read_metrics, write_metrics

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mask", [0o077, 0o022, 0])
def test_others_may_read_it_and_not_write(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "ads.prom"
    before = os.umask(mask)
    try:
        for text in ("one\n", "two\n"):
            write_metrics(path, text)
            assert stat.S_IMODE(path.stat().st_mode) == 0o644
            assert read_metrics(path) == text
    finally:
        os.umask(before)
    assert [found.name for found in tmp_path.iterdir()] == ["ads.prom"]


def test_it_takes_the_place_of_the_one_before_in_one_step(tmp_path: Path) -> None:
    """Who reads it meanwhile goes on with the old one."""
    path = tmp_path / "ads.prom"
    write_metrics(path, "old\n")
    with path.open() as reading:
        write_metrics(path, "new\n")
        assert reading.read() == "old\n"


def test_where_there_is_none_nothing_is_read(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "ads.prom") is None


@pytest.mark.parametrize("kind", ["folder", "link", "fifo"])
def test_nothing_but_a_file_gives_way(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "ads.prom", tmp_path / "other"
    other.write_text("mine")
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(other)
        case _:
            os.mkfifo(path)
    with pytest.raises(MetricsFileError, match=r"writing the metrics .*ads\.prom: what is there"):
        write_metrics(path, "new\n")
    assert other.read_text() == "mine"


def test_a_folder_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(MetricsFileError, match="a folder that is there"):
        write_metrics(tmp_path / "no" / "ads.prom", "")


@pytest.mark.parametrize(("data", "why"), [(b"\xff", "no text"), (b"x" * (2**24 + 1), "16 MiB")])
def test_what_cannot_be_read_says_why(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "ads.prom"
    path.write_bytes(data)
    with pytest.raises(MetricsFileError, match=why):
        read_metrics(path)
