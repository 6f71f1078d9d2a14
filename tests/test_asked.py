"""A bucket's dump is asked for once a day on this machine, whoever asks."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from reconciler.asked import AskedDumps

ORIGIN = "https://api-v2.acrcloud.com"
ALREADY = "it was asked for already today (UTC), and the service makes one a day"


@pytest.fixture
def asked(tmp_path: Path) -> AskedDumps:
    return AskedDumps(tmp_path / "state" / "dumps")


def test_once_a_day(asked: AskedDumps) -> None:
    assert asked.claim(ORIGIN, 7, "2024-12-31") is None
    assert asked.claim(ORIGIN, 7, "2024-12-31") == ALREADY
    assert AskedDumps(asked.folder).claim(ORIGIN, 7, "2024-12-31") == ALREADY
    assert asked.claim(ORIGIN, 7, "2025-01-01") is None


def test_each_bucket_and_origin_of_its_own(asked: AskedDumps) -> None:
    assert asked.claim(ORIGIN, 7, "2024-12-31") is None
    assert asked.claim(ORIGIN, 71, "2024-12-31") is None
    assert asked.claim("https://eu-api-v2.acrcloud.com", 7, "2024-12-31") is None


@pytest.mark.parametrize("spelled", ["https://API-v2.ACRCloud.com", f"{ORIGIN}:443"])
def test_however_the_origin_is_spelled(asked: AskedDumps, spelled: str) -> None:
    assert asked.claim(ORIGIN, 7, "2024-12-31") is None
    assert asked.claim(spelled, 7, "2024-12-31") == ALREADY


def test_another_port_is_another_origin(asked: AskedDumps) -> None:
    assert asked.claim("http://127.0.0.1:443", 7, "2024-12-31") is None
    assert asked.claim("http://127.0.0.1:8080", 7, "2024-12-31") is None
    assert asked.claim("http://127.0.0.1:4430", 7, "2024-12-31") is None


def test_a_clock_that_was_set_back_does_not_ask_again(asked: AskedDumps) -> None:
    assert asked.claim(ORIGIN, 7, "2025-01-01") is None
    assert asked.claim(ORIGIN, 7, "2024-12-31") == ALREADY
    assert asked.claim(ORIGIN, 7, "2025-01-01") == ALREADY


def test_what_is_kept_does_not_grow(asked: AskedDumps) -> None:
    for day in range(1, 29):
        assert asked.claim(ORIGIN, 7, f"2025-02-{day:02}") is None
    assert [path.name.endswith("-7-2025-02-28") for path in asked.folder.iterdir()] == [True]


def claim(folder: Path) -> str | None:
    return AskedDumps(folder).claim(ORIGIN, 7, "2024-12-31")


def test_of_several_processes_one_asks(asked: AskedDumps) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.map(claim, [asked.folder] * 16, chunksize=1)
    assert sorted(answers, key=str) == [None, *[ALREADY] * 15]


def test_it_is_the_users_own(asked: AskedDumps) -> None:
    asked.claim(ORIGIN, 7, "2024-12-31")
    (path,) = asked.folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert asked.folder.stat().st_mode & 0o777 == 0o700
    assert ORIGIN.encode() not in os.fsencode(path)


class TestWhatCannotBeRemembered:
    """Is as good as asked for."""

    def test_since_there_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("a file")
        said = AskedDumps(tmp_path / "state").claim(ORIGIN, 7, "2024-12-31")
        assert said is not None
        assert said.startswith(f"what was asked for cannot be remembered in {tmp_path}/state: ")

    def test_since_others_can_write_there(self, asked: AskedDumps) -> None:
        asked.folder.mkdir(parents=True)
        asked.folder.chmod(0o777)
        said = asked.claim(ORIGIN, 7, "2024-12-31")
        assert said is not None
        assert "others can write to" in said

    def test_since_it_is_a_link(self, asked: AskedDumps, tmp_path: Path) -> None:
        asked.folder.parent.mkdir()
        asked.folder.symlink_to(tmp_path)
        said = asked.claim(ORIGIN, 7, "2024-12-31")
        assert said is not None
        assert "symbolic link" in said

    def test_since_somebody_put_something_there(self, asked: AskedDumps, tmp_path: Path) -> None:
        asked.claim(ORIGIN, 7, "2024-12-30")
        (path,) = asked.folder.iterdir()
        path.with_name(path.name.replace("-30", "-31")).symlink_to(tmp_path / "elsewhere")
        assert asked.claim(ORIGIN, 7, "2024-12-31") == ALREADY
        assert not (tmp_path / "elsewhere").exists()
