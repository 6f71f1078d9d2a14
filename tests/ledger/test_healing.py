"""Opening a ledger for writing: a torn last line is cut off, all else that is wrong is refused.

What is wrong is found by the same eyes as `audit verify`'s (tests of those: `test_verifying`); here
it is what becomes of the file.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger import Ledger, last_applied, read_records
from reconciler.ledger.findings import Torn
from reconciler.ledger.verifying import verify
from tests.apply.fake_clock import FakeClock
from tests.ledger import tampering
from tests.ledger.made import DONE, run, twenty_records, update
from tests.ledger.tampering import forged, split

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return twenty_records(tmp_path_factory.mktemp("twenty") / "ledger.jsonl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def lines_after_opening(path: Path, data: bytes) -> list[bytes] | None:
    """What is left in the ledger once it was opened; None: it was refused, and left alone."""
    path.write_bytes(data)
    try:
        Ledger(path, FakeClock(), "x").__exit__(None, None, None)
    except LedgerError:
        assert path.read_bytes() == data
        with pytest.raises(LedgerError):
            list(read_records(path))
        return None
    healed = path.read_bytes()
    assert len(list(read_records(path))) == healed.count(b"\n")
    return split(healed)


def test_whatever_is_wrong_is_refused_and_a_torn_line_is_cut_off(twenty: bytes, path: Path) -> None:
    lines = split(twenty)
    some = chain(
        *(islice(tampering.flipped(twenty, mask), 0, None, 37) for mask in (1, 0x20, 0x80)),
        islice(tampering.cut(twenty), 0, None, 37),
        tampering.dropped(lines),
        islice(tampering.swapped(lines), 0, None, 3),
        tampering.doubled(lines),
        tampering.put_in(lines, [b"\n", b"{}\n"]),
        tampering.forgeries(lines),
        tampering.rewritten(lines),
    )
    refused, cut, kept = 0, 0, 0
    for each in some:
        findings = verify(each.data).findings
        left = lines_after_opening(path, each.data)
        if any(not isinstance(finding, Torn) for finding in findings):
            assert left is None, each
            refused += 1
        elif findings:
            assert left == split(each.data)[:-1], each
            cut += 1
        else:
            assert left == split(each.data), each
            kept += 1
    assert min(refused, cut, kept) > 10


@pytest.mark.parametrize("byte", [b"\n", b" ", b'"', b"\x00", b"\xff"])
def test_a_byte_made_into_one_that_means_something(twenty: bytes, path: Path, byte: bytes) -> None:
    for at in range(0, len(twenty) - 1, 37):
        if twenty[at : at + 1] != byte:
            changed = twenty[:at] + byte + twenty[at + 1 :]
            assert lines_after_opening(path, changed) is None, at


def test_a_broken_middle_is_refused_and_says_what_to_do(twenty: bytes, path: Path) -> None:
    """F76."""
    path.write_bytes(twenty.replace(b'"outcome":"failed"', b'"outcome":"filled"'))
    with pytest.raises(LedgerError) as refused:
        Ledger(path, FakeClock(), "x")
    assert str(refused.value).startswith(f"{path}:5: this record is not as it was written")
    assert f"`reconciler audit verify --ledger {path}`" in str(refused.value)
    assert "name another --ledger" in str(refused.value)
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:5: this record is not as it was written"):
        list(read_records(path))


def test_the_command_it_names_can_be_run(twenty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a folder's $HOME"
    path.write_bytes(twenty[1:])
    with pytest.raises(LedgerError, match="""a folder'"'"'s"""):
        Ledger(path, FakeClock(), "x")


def test_a_record_that_says_less_than_ours_is_refused_though_its_hash_fits(
    twenty: bytes, path: Path
) -> None:
    path.write_bytes(forged(split(twenty)[0], catalog=None))
    said = r"ledger\.jsonl:1: this record is not one that this version writes"
    with pytest.raises(LedgerError, match=said):
        Ledger(path, FakeClock(), "x")
    with pytest.raises(LedgerError, match=said):
        last_applied(path, ("radio",), "")


def test_what_a_newer_version_wrote_is_refused(twenty: bytes, path: Path) -> None:
    """F77."""
    newer = forged(split(twenty)[0], format="reconciler/ledger/2")
    path.write_bytes(newer)
    with pytest.raises(LedgerError) as refused:
        Ledger(path, FakeClock(), "x")
    assert str(refused.value) == (
        f"{path}:1: it was written as 'reconciler/ledger/2', and this version reads "
        "'reconciler/ledger/1': use the one that wrote it"
    )
    assert path.read_bytes() == newer


@pytest.mark.parametrize(
    "text", [b"hello", b"a: 1\nb: 2\n", b"a: 1\nb: 2", b'{"a": 1}', b"\xff\xfb"]
)
def test_a_file_that_is_no_ledger_is_left_alone(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(LedgerError, match="no line of this file is a record"):
        Ledger(path, FakeClock(), "x")
    assert path.read_bytes() == text


@pytest.mark.parametrize("lost", [5, 60, 1])
def test_goes_on_after_a_torn_line(twenty: bytes, path: Path, lost: int) -> None:
    path.write_bytes(twenty[:-lost])
    run(path, (update(), DONE), name="run-3")
    assert [record["seq"] for record in read_records(path)] == list(range(1, 24))
    assert verify(path.read_bytes()).findings == ()


def test_goes_on_where_a_power_cut_left_nothing_but_space(twenty: bytes, path: Path) -> None:
    path.write_bytes(twenty + b'{"seq":21,' + b"\0" * 500)
    run(path, (update(), DONE), name="run-3")
    assert [record["seq"] for record in read_records(path)] == list(range(1, 25))


@pytest.mark.parametrize("kept", range(20))
def test_a_cut_at_the_end_of_a_line_is_seen_by_the_anchor_only(
    twenty: bytes, path: Path, kept: int
) -> None:
    left = split(twenty)[:kept]
    path.write_bytes(twenty)
    with Ledger(path, FakeClock(), "x") as ledger:
        before = ledger.anchor
    assert lines_after_opening(path, b"".join(left)) == left
    with Ledger(path, FakeClock(), "x") as ledger:
        assert ledger.anchor != before
        assert ledger.anchor.startswith(f"{kept}:")
