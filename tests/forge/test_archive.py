"""One file out of an archive that anybody may have made (T25)."""

from __future__ import annotations

import io
import random
import struct
import zipfile

import pytest

from reconciler.forge import archive
from reconciler.forge.archive import NotInArchive, member
from tests.forge.github import zipped

PLAN = b'{"format": "reconciler/plan/1"}'


def packed(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_file_is_read(how: int) -> None:
    assert member(packed(("plan.json", PLAN), how=how), "plan.json") == PLAN


def test_others_are_not_looked_at() -> None:
    data = packed(("report.html", b"x" * 1000), ("plan.json", PLAN), ("../../evil", b"x"))
    assert member(data, "plan.json") == PLAN


@pytest.mark.parametrize(
    "name",
    ["../plan.json", "/plan.json", "a/plan.json", "..\\plan.json", "PLAN.JSON", "plan.json/"],
)
def test_another_name_is_another_file(name: str) -> None:
    with pytest.raises(NotInArchive, match="holds no files named"):
        member(zipped({name: PLAN}), "plan.json")


def test_of_two_with_one_name_none_is_chosen() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed(("plan.json", PLAN), ("plan.json", b"{}"))
    with pytest.raises(NotInArchive, match="holds 2 files"):
        member(data, "plan.json")


def test_a_bomb_is_read_no_further_than_what_a_plan_may_be() -> None:
    data = packed(("plan.json", b"\0" * (archive.MOST + 1)))
    assert len(data) < 200_000
    with pytest.raises(NotInArchive, match="more than 64 MiB"):
        member(data, "plan.json")


def test_a_bomb_that_says_it_is_small_is_none_the_smaller() -> None:
    data = packed(("plan.json", b"\0" * (archive.MOST + 1)))
    size = struct.pack("<L", archive.MOST + 1)
    with pytest.raises(NotInArchive):
        member(data.replace(size, struct.pack("<L", 10)), "plan.json")


def test_too_many_files_are_not_even_listed() -> None:
    data = packed(*((f"f{n}", b"") for n in range(1_001)), ("plan.json", PLAN))
    with pytest.raises(NotInArchive, match="too many"):
        member(data, "plan.json")


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_nobody_packs_so_is_not_unpacked(how: int) -> None:
    with pytest.raises(NotInArchive, match="packed unusually"):
        member(packed(("plan.json", PLAN), how=how), "plan.json")


def test_what_is_encrypted_is_not_read() -> None:
    data = bytearray(zipped({"plan.json": PLAN}))
    for start, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + place] |= 1
    with pytest.raises(NotInArchive, match="encrypted"):
        member(bytes(data), "plan.json")


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06", b"\0" * 1000, PLAN, b"\x1f\x8b\x08"])
def test_what_is_no_zip_is_none(data: bytes) -> None:
    with pytest.raises(NotInArchive, match="is not a whole zip archive"):
        member(data, "plan.json")


@pytest.mark.parametrize("place", range(len(zipped({"plan.json": PLAN}))))
def test_whatever_byte_is_changed_it_is_the_file_or_a_refusal(place: int) -> None:
    data = zipped({"plan.json": PLAN})
    for value in (0, 1, 0x7F, 0xFF, data[place] ^ 0x80):
        changed = data[:place] + bytes([value]) + data[place + 1 :]
        try:
            assert member(changed, "plan.json") == PLAN
        except NotInArchive:
            continue


def test_whatever_is_mixed_up_it_is_the_file_or_a_refusal() -> None:
    chance = random.Random(1)
    data = zipped({"plan.json": PLAN, "other": b"x" * 50})
    read = 0
    for _ in range(3_000):
        changed = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            assert member(bytes(changed), "plan.json") == PLAN
        except NotInArchive:
            continue
        read += 1
    assert 0 < read < 3_000


def test_whatever_is_cut_off_is_a_refusal() -> None:
    data = zipped({"plan.json": PLAN, "other": b"x" * 50})
    for end in range(len(data)):
        with pytest.raises(NotInArchive):
            member(data[:end], "plan.json")
