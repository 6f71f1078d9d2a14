"""What a ledger shows of what was done to it, alone and with an anchor: a small one, exhaustively.

The anchor is the last record's, as the last apply printed it.
"""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.ledger.chain import Anchor
from reconciler.ledger.findings import (
    Changed,
    Cut,
    Dropped,
    Finding,
    NotALedger,
    OtherVersion,
    OutOfOrder,
    Repeated,
    Replaced,
    Rewritten,
    Torn,
)
from reconciler.ledger.verifying import verify
from tests.ledger import tampering
from tests.ledger.made import twenty_records
from tests.ledger.measured import measured, table
from tests.ledger.tampering import Tampered, forged, hashed, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TWENTY = 20
RUBBISH = [b"\n", b"{}\n", b"[]\n", b"rubbish\n", b"\x00\n", b"\xff\n", b'{"seq":7}\n', b"\r\n"]

searched = settings(max_examples=300, deadline=None, database=None, derandomize=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return twenty_records(tmp_path_factory.mktemp("one") / "ledger.jsonl")


@pytest.fixture(scope="module")
def lines(data: bytes) -> list[bytes]:
    return split(data)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of another ledger: the same changes, by other runs."""
    path = tmp_path_factory.mktemp("other") / "ledger.jsonl"
    return split(twenty_records(path, names=("other-1", "other-2")))


@pytest.fixture(scope="module")
def anchor(lines: list[bytes]) -> Anchor:
    return anchor_of(lines[-1])


def anchor_of(line: bytes) -> Anchor:
    record = orjson.loads(line)
    return Anchor(record["seq"], record["hash"])


def alone(findings: Iterable[Finding]) -> list[Finding]:
    """Those that need no anchor."""
    return [finding for finding in findings if not isinstance(finding, Cut | Rewritten)]


def found(data: bytes) -> list[Finding]:
    """What is wrong with a ledger of which nothing is known from elsewhere."""
    return list(verify(data).findings)


@pytest.mark.no_cover
class TestExhaustively:
    """With the anchor everything is found. Without it, all but a cut between two lines, and an end
    that was written anew with the hashes it needs. The first finding is the first bad line."""

    @pytest.mark.parametrize("mask", [1, 0x20, 0x80])
    def test_every_byte_changed(self, data: bytes, anchor: Anchor, mask: int) -> None:
        tried = 0
        for each in tampering.flipped(data, mask):
            findings = verify(each.data, anchor).findings
            shown = alone(findings)
            tried += 1
            assert shown, each
            assert findings[0] is shown[0], each
            assert shown[0].line == each.line, each
            kind = Torn if tried == len(data) else Changed
            assert isinstance(shown[0], kind), each
        assert tried == len(data)

    def test_every_cut(self, data: bytes, anchor: Anchor) -> None:
        ends = {at for at in range(len(data)) if data[:at].endswith(b"\n") or at == 0}
        unseen = set()
        for at, each in enumerate(tampering.cut(data)):
            findings = verify(each.data, anchor).findings
            assert Cut(each.line, anchor, each.line - 1) in findings, at
            assert alone(findings) == ([] if at in ends else [Torn(each.line)]), at
            unseen |= {at} if not alone(findings) else set()
        assert unseen == ends
        assert len(unseen) == TWENTY

    def test_what_is_done_to_whole_lines(
        self, lines: list[bytes], others: list[bytes], anchor: Anchor
    ) -> None:
        unseen = set()
        for each in done_to_lines(lines, others):
            findings = verify(each.data, anchor).findings
            shown = alone(findings)
            assert findings, each
            if shown:
                assert shown[0].line == each.line, each
            else:
                unseen.add((each.what, each.line))
        ends = {("dropped", TWENTY - count) for count in range(3)}
        anew = {("rewritten", line) for line in range(1, TWENTY + 1)}
        # The last line is forged, and no next one shows it.
        assert unseen == ends | anew | {("forged", TWENTY + 1)}

    def test_an_anchor_adds_to_the_findings_and_changes_none(
        self, data: bytes, lines: list[bytes], others: list[bytes], anchor: Anchor
    ) -> None:
        some = [each for n, each in enumerate(tampering.flipped(data, 1)) if n % 53 == 0]
        for each in chain(some, tampering.cut(data[:900]), done_to_lines(lines, others)):
            assert alone(verify(each.data, anchor).findings) == found(each.data), each


@pytest.mark.no_cover
def test_in_numbers_the_last_anchor_shows_all_that_was_tried(
    data: bytes, lines: list[bytes]
) -> None:
    """`pytest -s` shows them; `python -m tests.ledger.measured` tries every bit of each byte."""
    counts = {each.what: each for each in measured(data, bits=[0])}
    sys.stdout.write(f"\n{table(counts.values())}\n")
    for each in counts.values():
        assert (each.anchored, each.first_missed) == (each.tried, None), each
    unseen = {each.what: each.tried - each.alone for each in counts.values()}
    assert {what: count for what, count in unseen.items() if count} == {
        "each line, two or three dropped": 3,  # the last ones
        "cut at each byte": TWENTY,  # between two lines
        "each line forged, with its hash": 1,  # the last one
        "written anew from each line on": TWENTY,
    }
    assert counts["a bit of each byte flipped"].tried == len(data)
    assert counts["every two lines swapped"].tried == TWENTY * (TWENTY - 1) // 2


def done_to_lines(lines: list[bytes], others: list[bytes]) -> Iterator[Tampered]:
    return chain(
        tampering.dropped(lines),
        tampering.swapped(lines),
        tampering.moved(lines),
        tampering.doubled(lines),
        tampering.put_in(lines, [*RUBBISH, *others]),
        tampering.replaced(lines, [*RUBBISH, *others]),
        tampering.forgeries(lines),
        tampering.rewritten(lines),
    )


class TestWhatIsToldApart:
    @pytest.mark.parametrize("line", range(1, TWENTY))
    def test_a_dropped_line(self, lines: list[bytes], line: int) -> None:
        left = lines[: line - 1] + lines[line:]
        assert found(b"".join(left)) == [Dropped(line, 1, line, line + 1)]

    def test_dropped_lines_at_two_places(self, lines: list[bytes]) -> None:
        left = lines[:2] + lines[5:9] + lines[10:]
        assert found(b"".join(left)) == [Dropped(3, 3, 3, 6), Dropped(7, 1, 10, 11)]

    @pytest.mark.parametrize("line", range(1, TWENTY))
    def test_two_neighbours_swapped(self, lines: list[bytes], line: int) -> None:
        new = list(lines)
        new[line - 1], new[line] = new[line], new[line - 1]
        assert found(b"".join(new)) == [
            OutOfOrder(line, line + 1, line),
            OutOfOrder(line + 1, line, line + 1),
        ]

    @pytest.mark.parametrize("line", range(1, TWENTY + 1))
    def test_a_line_twice(self, lines: list[bytes], line: int) -> None:
        new = [*lines[:line], *lines[line - 1 :]]
        assert found(b"".join(new)) == [Repeated(line + 1, line)]

    def test_a_line_over_another(self, lines: list[bytes]) -> None:
        new = [*lines[:2], lines[6], *lines[3:]]
        assert found(b"".join(new)) == [Repeated(3, 7), Dropped(4, 1, 3, 4)]

    @pytest.mark.parametrize("line", range(1, TWENTY + 1))
    def test_a_changed_line(self, lines: list[bytes], line: int) -> None:
        new = list(lines)
        new[line - 1] = new[line - 1].replace(b"run-", b"RUN-")
        assert found(b"".join(new)) == [Changed(line)]

    def test_two_changed_lines_one_after_the_other(self, lines: list[bytes]) -> None:
        new = [*lines[:4], *(line.replace(b"run-", b"RUN-") for line in lines[4:6]), *lines[6:]]
        assert found(b"".join(new)) == [Changed(5), Changed(6)]

    @pytest.mark.parametrize("other", [b"[1]", b'"text"', b"7", b"true"])
    def test_a_line_of_other_json(self, lines: list[bytes], other: bytes) -> None:
        assert found(b"".join([*lines[:4], other + b"\n", *lines[4:]])) == [Changed(5)]

    def test_a_line_of_which_nothing_is_left_but_its_beginning(self) -> None:
        assert found(b'{"seq":\n') == [Changed(1)]

    def test_a_changed_line_and_the_next_one_dropped(self, lines: list[bytes]) -> None:
        new = [*lines[:4], lines[4].replace(b"run-", b"RUN-"), *lines[6:]]
        assert found(b"".join(new)) == [Changed(5), Dropped(6, 1, 5, 7)]

    def test_a_line_that_was_put_in(self, lines: list[bytes]) -> None:
        assert found(b"".join([*lines[:4], b"rubbish\n", *lines[4:]])) == [Changed(5)]

    @pytest.mark.parametrize("line", range(1, TWENTY))
    def test_a_line_that_was_forged(self, lines: list[bytes], line: int) -> None:
        new = [*lines[: line - 1], forged(lines[line - 1], run="x"), *lines[line:]]
        assert found(b"".join(new)) == [Replaced(line + 1, line + 1)]

    def test_a_line_of_another_ledger(self, lines: list[bytes], others: list[bytes]) -> None:
        new = [*lines[:6], others[6], *lines[7:]]
        assert found(b"".join(new)) == [Replaced(7, 7), Replaced(8, 8)]

    def test_a_beginning_that_is_none(self, lines: list[bytes]) -> None:
        begun = forged(lines[0], prev="sha256:" + "1" * 64)
        assert found(begun) == [Replaced(1, 1)]

    def test_all_at_once_by_line(self, lines: list[bytes]) -> None:
        new = [lines[1], lines[0], b"x\n", *lines[3:6], *lines[8:12], lines[11], lines[12][:40]]
        assert [(finding.kind, finding.line) for finding in found(b"".join(new))] == [
            ("out of order", 1),
            ("out of order", 2),
            ("changed", 3),
            ("dropped", 7),
            ("repeated", 11),
            ("torn", 12),
        ]

    def test_lines_that_another_system_ended(self, data: bytes) -> None:
        converted = data.replace(b"\n", b"\r\n")
        assert found(converted) == [Changed(line) for line in range(1, TWENTY + 1)]

    @pytest.mark.parametrize("rubbish", [b"x", b"rubbish", b"\xff", b'{"sec', b"[1]"])
    def test_what_no_apply_leaves_at_the_end(self, data: bytes, rubbish: bytes) -> None:
        assert found(data + rubbish) == [Changed(TWENTY + 1)]

    @pytest.mark.parametrize("left", [b"{", b'{"seq":', b'{"seq":21,"prev', b"\0\0", b'{"s\0\0\0'])
    def test_what_an_apply_that_died_leaves_there(self, data: bytes, left: bytes) -> None:
        assert found(data + left) == [Torn(TWENTY + 1)]

    @pytest.mark.parametrize(
        "text", [b"hello", b"hello\n", b"\n", b"{}\n{}\n", b"version: 1\n", b"\x89PNG\r\n\x1a\n"]
    )
    def test_a_file_that_is_no_ledger(self, text: bytes, anchor: Anchor) -> None:
        assert found(text) == [NotALedger(1)]
        assert verify(text, anchor).findings == (NotALedger(1),)


class TestAnotherVersion:
    """F77: what a newer version wrote is not called changed."""

    def test_that_chains_as_we_do(self, lines: list[bytes]) -> None:
        new = forged(lines[10], format="reconciler/ledger/2", kind="run.began")
        changed = b"rubbish\n"
        assert found(b"".join([*lines[:10], new, *lines[11:], changed])) == [
            OtherVersion(11, "reconciler/ledger/2")
        ]

    def test_that_does_not(self) -> None:
        assert found(b'{"format":"reconciler/ledger/12","hash":"blake3:00"}\n') == [
            OtherVersion(1, "reconciler/ledger/12")
        ]

    @pytest.mark.parametrize(
        "form",
        [
            "reconciler/ledger/0",
            "reconciler/ledger/x",
            "reconciler/ledger/1000000000",
            "other/2",
            2,
        ],
    )
    def test_is_not_believed_of_a_line_whose_hash_does_not_fit(
        self, lines: list[bytes], form: str | int
    ) -> None:
        line = orjson.dumps({**orjson.loads(lines[0]), "format": form}) + b"\n"
        assert found(b"".join([line, *lines[1:]])) == [Changed(1)]

    def test_of_records_that_say_less(self) -> None:
        bare = hashed({"seq": 1, "prev": "sha256:" + "0" * 64, "other": 1})
        assert found(bare) == [OtherVersion(1, "something else")]

    def test_what_came_before_is_still_judged(self, lines: list[bytes], anchor: Anchor) -> None:
        newer = forged(lines[10], format="reconciler/ledger/2", kind="run.began")
        assert verify(b"".join([*lines[:4], *lines[5:10], newer]), anchor).findings == (
            Dropped(5, 1, 5, 6),
            OtherVersion(10, "reconciler/ledger/2"),
        )


class TestAnAnchor:
    def test_of_any_record_is_found_on_the_ledger(self, data: bytes, lines: list[bytes]) -> None:
        for line in lines:
            assert verify(data, anchor_of(line)).findings == ()

    @pytest.mark.parametrize("kept", range(TWENTY))
    def test_shows_a_cut_before_it_and_none_behind_it(self, lines: list[bytes], kept: int) -> None:
        left = b"".join(lines[:kept])
        for line in lines:
            known = anchor_of(line)
            lost = [Cut(kept + 1, known, kept)] if known.seq > kept else []
            assert list(verify(left, known).findings) == lost

    def test_shows_that_its_record_or_one_before_it_was_written_anew(
        self, lines: list[bytes], anchor: Anchor
    ) -> None:
        for each in tampering.rewritten(lines):
            assert verify(each.data, anchor).findings == (Rewritten(TWENTY, anchor),)

    def test_shows_a_cut_beside_what_else_is_wrong(
        self, lines: list[bytes], anchor: Anchor
    ) -> None:
        changed = lines[3].replace(b"run-", b"RUN-")
        left = b"".join([*lines[:3], changed, *lines[4:10]])
        assert verify(left, anchor).findings == (Changed(4), Cut(11, anchor, 10))

    @pytest.mark.parametrize("left", [b"{", b'{"seq":1,"prev'])
    def test_shows_that_not_even_its_record_is_whole(self, lines: list[bytes], left: bytes) -> None:
        known = anchor_of(lines[0])
        assert verify(left, known).findings == (Torn(1), Cut(1, known, 0))

    def test_shows_nothing_of_what_nobody_has_read(self, lines: list[bytes]) -> None:
        """After so many lines that cannot be read, nobody wants to hear of more."""
        known = Anchor(20_000, "sha256:" + "1" * 64)
        findings = verify(lines[0] + b"rubbish\n" * 10_005, known).findings
        assert findings == tuple(Changed(line) for line in range(2, 10_002))

    def test_shows_no_cut_where_records_before_it_are_missing(
        self, lines: list[bytes], anchor: Anchor
    ) -> None:
        left = b"".join([*lines[:4], *lines[5:]])
        assert verify(left, anchor).findings == (Dropped(5, 1, 5, 6),)

    def test_shows_where_its_record_was_written_anew_beside_what_else_is_wrong(
        self, lines: list[bytes], others: list[bytes]
    ) -> None:
        known = anchor_of(others[6])
        changed = lines[3].replace(b"run-", b"RUN-")
        left = b"".join([*lines[:3], changed, *lines[4:]])
        assert verify(left, known).findings == (Changed(4), Rewritten(7, known))

    def test_of_another_ledger(self, data: bytes, others: list[bytes]) -> None:
        known = anchor_of(others[6])
        assert verify(data, known).findings == (Rewritten(7, known),)

    def test_beyond_the_end(self, data: bytes) -> None:
        known = Anchor(TWENTY + 1, "sha256:" + "1" * 64)
        assert verify(data, known).findings == (Cut(TWENTY + 1, known, TWENTY),)

    def test_of_a_ledger_that_is_empty_or_gone(self, anchor: Anchor) -> None:
        assert verify(b"", anchor).findings == (Cut(1, anchor, 0),)

    def test_does_not_call_a_changed_record_cut(self, lines: list[bytes], anchor: Anchor) -> None:
        changed = lines[-1].replace(b"run-2", b"run-3")
        assert verify(b"".join([*lines[:-1], changed]), anchor).findings == (Changed(TWENTY),)

    def test_shows_nothing_of_what_was_added_behind_it(
        self, data: bytes, lines: list[bytes], anchor: Anchor
    ) -> None:
        added = forged(lines[-1], seq=TWENTY + 1, prev=anchor.hash)
        assert verify(data + added, anchor).findings == ()

    @pytest.mark.parametrize(
        "text",
        ["", "12", "12:", ":sha256:" + "0" * 64, "0:sha256:" + "0" * 64, "1:sha256:" + "0" * 63,
         "1:sha256:" + "A" * 64, "-1:sha256:" + "0" * 64, " 1:sha256:" + "0" * 64,
         "1:sha256:" + "0" * 64 + "\n", "\u0661:sha256:" + "0" * 64, "1:" + "0" * 64],
    )  # fmt: skip
    def test_has_one_form(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^"):
            Anchor.parse(text)

    def test_reads_as_it_is_printed(self, anchor: Anchor) -> None:
        assert Anchor.parse(str(anchor)) == anchor


class TestAVerdict:
    def test_of_a_whole_ledger_says_how_much_there_is(self, data: bytes, anchor: Anchor) -> None:
        verdict = verify(data)
        assert (verdict.records, verdict.runs, verdict.head) == (TWENTY, 2, anchor)
        assert verdict.first == verdict.last == "2020-12-24T08:49:17.000+00:00"
        assert verdict.findings == ()

    def test_of_an_empty_one(self) -> None:
        verdict = verify(b"")
        assert (verdict.records, verdict.runs, verdict.findings) == (0, 0, ())
        assert (verdict.first, verdict.last) == (None, None)

    def test_counts_what_holds_before_the_first_finding(self, lines: list[bytes]) -> None:
        assert verify(b"".join([*lines[:6], b"x\n", *lines[6:]])).records == 6


ODD = [None, True, 0, 1, 2, -1, 2**63, 1.0, "", "x", "run.began", "sha256:" + "0" * 64, [], {}]
FIELDS = ["seq", "prev", "at", "run", "kind", "format"]


@searched
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(ODD)), max_size=4))
def test_records_whose_hash_fits_raise_nothing_and_are_not_believed(
    records: list[dict[str, object]],
) -> None:
    verdict = verify(b"".join(map(hashed, records)), Anchor(1, "sha256:" + "0" * 64))
    assert verdict.findings


@searched
@given(st.binary(max_size=100))
def test_no_bytes_raise_anything(data: bytes) -> None:
    assert (found(data) == []) == (data == b"")


@searched
@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["drop", "swap", "double", "flip", "cut", "put in"]),
            st.integers(0, TWENTY - 1),
            st.integers(0, TWENTY - 1),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_done_several_times_over_is_found_with_the_anchor(
    edits: list[tuple[str, int, int]], data: bytes, lines: list[bytes], anchor: Anchor
) -> None:
    new = list(lines)
    for what, start, end in edits:
        one, other = start % len(new), end % len(new)
        line = new[one]
        match what:
            case "drop":
                new[one : one + other] = []
            case "swap":
                new[one], new[other] = new[other], line
            case "double":
                new.insert(other, line)
            case "flip":
                new[one] = line[:other] + bytes(byte ^ 1 for byte in line[other : other + 1])
                new[one] += line[other + 1 :]
            case "cut":
                new[one] = line[: other * 10]
            case _:
                new.insert(one, b"x\n")
        new = new or [b""]
    joined = b"".join(new)
    assert bool(verify(joined, anchor).findings) == (joined != data)


def test_of_a_file_without_an_end_of_rubbish_a_bounded_part_is_told(
    data: bytes, anchor: Anchor
) -> None:
    """By count: each finding takes memory. Records before it are judged; what the anchor would be
    held against is not known then."""
    for rubbish in (b"\n" * 1_000_000, data + b"x\n" * 500_000 + data):
        assert len(verify(rubbish, anchor).findings) <= 10_000
    assert verify(data + b"x\n" * 500_000).records == TWENTY
