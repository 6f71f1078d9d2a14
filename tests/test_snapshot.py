"""A snapshot on disk: written whole, private, and read back only where it is good for something.

What its bytes say and who may change them is in `core/test_snapshot.py`.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest

from reconciler.core import snapshot as core
from reconciler.core.model import LiveState, Snapshot
from reconciler.core.snapshot import Taken
from reconciler.errors import SnapshotError
from reconciler.shipped import schema
from reconciler.snapshot import WEEK, moment, read_snapshot, write_snapshot
from tests.core.scenario import given

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = schema("snapshot.schema.json")
THEN = 1_608_799_757.5
AT = "2020-12-24T08:49:17Z"
DESIRED, LIVE = given("""
    bucket spots 1 incomplete=late
    bucket archive 2
    file 7 spots a s1 x=1.5 y='[1,{"z":null}]' seconds=30.5
    file 8 spots opaque pending
    file 9223372036854775809 archive - broken title='"],'
""")
DESIRED = replace(DESIRED, base_url=LIVE.origin)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A snapshot that was written."""
    written = tmp_path / "live.json"
    write_snapshot(written, LIVE, taken_at=THEN)
    return written


def read(path: Path, *, after: float = 60, max_age: float = WEEK) -> LiveState:
    return read_snapshot(path, SCHEMA, DESIRED, now=THEN + after, max_age=max_age)


def test_comes_back_as_it_was_and_says_what_it_is(path: Path) -> None:
    live = read(path)
    assert live.snapshot == Snapshot(AT, 60)
    assert live.origin == LIVE.origin
    for name, bucket in LIVE.buckets.items():
        assert replace(live.buckets[name], files=list(live.buckets[name].files)) == bucket


class TestWriting:
    @pytest.mark.parametrize("umask", [0, 0o022, 0o077])
    def test_is_private_whatever_the_umask(self, tmp_path: Path, umask: int) -> None:
        before = os.umask(umask)
        try:
            write_snapshot(tmp_path / "live.json", LIVE, taken_at=THEN)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "live.json").stat().st_mode) == 0o600

    def test_replaces_what_was_there_and_leaves_nothing_else(
        self, tmp_path: Path, path: Path
    ) -> None:
        path.chmod(0o644)
        write_snapshot(path, LiveState(LIVE.origin, {}), taken_at=THEN)
        assert orjson.loads(path.read_bytes())["buckets"] == {}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["live.json"]

    def test_neither_writes_through_a_link_nor_over_it(self, tmp_path: Path) -> None:
        (tmp_path / "victim").write_text("before")
        (tmp_path / "live.json").symlink_to(tmp_path / "victim")
        with pytest.raises(SnapshotError, match="what is there is not a regular file"):
            write_snapshot(tmp_path / "live.json", LIVE, taken_at=THEN)
        assert (tmp_path / "victim").read_text() == "before"

    def test_into_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(SnapshotError, match=r"writing the snapshot .*: No such file"):
            write_snapshot(tmp_path / "nowhere" / "live.json", LIVE, taken_at=THEN)

    def test_what_comes_from_one_is_not_made_young_again(self, tmp_path: Path, path: Path) -> None:
        with pytest.raises(SnapshotError, match="would look younger than it is"):
            write_snapshot(tmp_path / "again.json", read(path), taken_at=THEN + 1000)


class TestItsAge:
    @pytest.mark.parametrize(
        ("after", "age"), [(0, 0), (59.9, 60), (WEEK - 1, WEEK - 1), (-1, 0), (-299, 0)]
    )
    def test_is_counted_from_when_it_was_taken(self, path: Path, after: float, age: int) -> None:
        """To the second; a clock may go a little behind that of another machine."""
        found = read(path, after=after).snapshot
        assert found is not None
        assert found.age == age

    @pytest.mark.parametrize(
        ("after", "most", "said"),
        [
            (WEEK, WEEK, "taken at 2020-12-24T08:49:17Z, 7 days ago, and may not be as old as 7"),
            (9 * 86_400, WEEK, "9 days ago"),
            (60, 60, "60 seconds ago, and may not be as old as 60 seconds: take a new one, or"),
            (0, 0, "0 seconds ago"),
        ],
    )
    def test_may_be_too_great(self, path: Path, after: float, most: float, said: str) -> None:
        with pytest.raises(SnapshotError) as caught:
            read(path, after=after, max_age=most)
        assert said in str(caught.value)

    def test_may_not_be_in_the_future(self, path: Path) -> None:
        with pytest.raises(SnapshotError) as caught:
            read(path, after=-302)
        assert f"taken at {AT}, and here it is 2020-12-24T08:44:15Z: one of" in str(caught.value)

    def test_is_of_a_time_that_there_is(self, path: Path) -> None:
        written = Taken(LIVE, "2020-13-41T99:00:00Z", "x")
        path.write_bytes(b"".join(core.encode(written)))
        with pytest.raises(SnapshotError, match="2020-13-41T99:00:00Z is no time: take a new one"):
            read(path)

    def test_is_told_by_a_moment(self) -> None:
        assert moment(THEN) == AT


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(SnapshotError, match="reading the snapshot") as caught:
        read(path)
    return str(caught.value).removeprefix(f"reading the snapshot {path}: ")


class TestReading:
    @pytest.mark.parametrize(
        ("what", "why"),
        [
            ("missing", "there is no such file"),
            ("folder", "is a folder, not a file"),
            ("fifo", "is a named pipe, not a file"),
            ("/dev/zero", "is a device, not a file"),
        ],
    )
    def test_what_is_no_file(self, tmp_path: Path, what: str, why: str) -> None:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(SnapshotError, match=f"reading the snapshot .*{what}: {why}"):
            read(tmp_path / what)

    def test_what_is_too_large(self, path: Path) -> None:
        os.truncate(path, 1024**3 + 1)
        with pytest.raises(SnapshotError, match="is larger than 1024 MiB"):
            read(path)

    @pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"a":NaN}', b"[" * 100_000])
    def test_what_is_no_json(self, path: Path, data: bytes) -> None:
        assert refusal(path, data).startswith("it is not JSON: ")

    @pytest.mark.parametrize(
        ("data", "found"),
        [
            (b"[]", "None"),
            (b'{"format": "reconciler/plan/1"}', "'reconciler/plan/1'"),
            (b'{"format": "reconciler/snapshot/2"}', "'reconciler/snapshot/2'"),
            (b'{"format": "%b"}' % (b"x" * 1_000_000), f"'{'x' * 298}…"),
        ],
    )
    def test_another_format(self, path: Path, data: bytes, found: str) -> None:
        assert refusal(path, data) == (
            f"its format is {found}, and this version reads 'reconciler/snapshot/1'"
        )

    def test_what_lacks_something(self, path: Path) -> None:
        body = orjson.loads(path.read_bytes())
        for name in body:
            if name != "format":
                less = {key: item for key, item in body.items() if key != name}
                said = refusal(path, orjson.dumps(less))
                assert f'"{name}" is a required property: take a new one' in said

    @pytest.mark.parametrize(
        "change",
        [
            {"id": 0},
            {"id": 1.5},
            {"id": True},
            {"acr_id": "../x"},
            {"acr_id": "x\n"},
            {"title": None},
            {"state": 2},
            {"duration": 0},
            {"user_defined": []},
            {"opaque": "x"},
            {"bucket": "spots"},
        ],
        ids=str,
    )
    def test_a_file_that_is_none(self, path: Path, change: dict[str, object]) -> None:
        body = orjson.loads(path.read_bytes())
        body["buckets"]["spots"]["files"][0].update(change)
        said = refusal(path, orjson.dumps(body))
        assert said.startswith("buckets/spots/files/0")
        assert said.endswith(": take a new one")

    @pytest.mark.parametrize("taken_at", ["2020-12-24", "2020-12-24T08:49:17+01:00", f"{AT}\n", 7])
    def test_a_time_of_another_form(self, path: Path, taken_at: object) -> None:
        body = {**orjson.loads(path.read_bytes()), "taken_at": taken_at}
        assert refusal(path, orjson.dumps(body)).startswith("taken_at: ")

    def test_what_is_said_of_a_wrong_value_is_short(self, path: Path) -> None:
        body = {**orjson.loads(path.read_bytes()), "taken_at": "x" * 1_000_000}
        assert len(refusal(path, orjson.dumps(body))) < 500
        far = replace(LIVE, origin="https://" + "x" * 1_000_000)
        data = b"".join(core.encode(Taken(far, AT, "x")))
        assert len(refusal(path, data)) < 500

    def test_any_byte_that_was_changed(self, path: Path) -> None:
        data = path.read_bytes()
        for at in range(0, len(data), 7):
            refusal(path, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
