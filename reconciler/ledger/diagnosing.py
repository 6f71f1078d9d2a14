"""All that is wrong with a ledger of which something is. Pure.

A record is looked for by its number, not by its line: one line that is missing or too many does
not make all that follow it wrong.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.ledger.chain import (
    START,
    has_a_record,
    is_torn,
    lines,
    newer_format,
    other_format,
    record_of,
    tail,
)
from reconciler.ledger.findings import (
    Changed,
    Dropped,
    Finding,
    NotALedger,
    OtherVersion,
    OutOfOrder,
    Repeated,
    Replaced,
    Torn,
)

Places: TypeAlias = Mapping[int, Mapping[str, int]]
"""By a record's number: each hash that a record of that number has, and its line."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, and what is there nevertheless."""

    findings: tuple[Finding, ...]
    places: Places
    last: int | None
    """The number up to which there are records, or were some; None where that is not known."""


def diagnose(data: bytes) -> Diagnosis:
    """Everything that is wrong, as far as it can be told apart, in the order of its lines."""
    read = list(_read(data))
    rest, end = tail(data), len(read) + 1
    if read and isinstance(read[-1], OtherVersion):
        return replace(_judged(read), last=None)
    if not has_a_record(data) and not (rest and is_torn(rest)):
        return Diagnosis((NotALedger(1),), {}, None)
    if _is_given_up(read):
        return replace(_judged(read), last=None)
    found = _judged(read)
    if not rest:
        return found
    # What no apply leaves behind is not cut off by the next one either.
    at_end = Torn(end) if is_torn(rest) else Changed(end)
    return replace(found, findings=(*found.findings, at_end))


_MOST_UNREAD = 10_000
"""Lines that cannot be read, after which nobody wants to hear of more."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """A line that is a record, as its hash says."""

    line: int
    seq: int
    prev: str
    hash: str


_Line: TypeAlias = _Whole | Changed | OtherVersion


def _read(data: bytes) -> Iterator[_Line]:
    """The lines, up to the first that another version wrote, or that is one too many of those
    that cannot be read."""
    unread = 0
    for number, line in enumerate(lines(data), start=1):
        record = record_of(line)
        other = newer_format(line) if record is None else other_format(record)
        if other is not None:
            yield OtherVersion(number, other)
            return
        if record is None:
            yield Changed(number)
            unread += 1
            if unread == _MOST_UNREAD:
                return
        else:
            yield _Whole(number, record["seq"], record["prev"], record["hash"])


def _is_given_up(read: Sequence[_Line]) -> bool:
    return sum(isinstance(each, Changed) for each in read) == _MOST_UNREAD


def _judged(read: Sequence[_Line]) -> Diagnosis:
    whole = [each for each in read if isinstance(each, _Whole)]
    places: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for record in whole:
        places[record.seq].setdefault(record.hash, record.line)
    order = _Order(whole)
    findings: list[Finding] = []
    for each in read:
        if isinstance(each, _Whole):
            findings += order.findings_of(each)
            findings += _link(each, places)
        else:
            order.pass_over()
            findings.append(each)
    return Diagnosis(tuple(findings), places, max(len(read), *places, 0))


class _Order:
    """Which number belongs on which line.

    A number that no line has was dropped, unless a line that cannot be read may have had it.
    """

    def __init__(self, whole: Sequence[_Whole]) -> None:
        self._times = Counter(record.seq for record in whole)
        self._known = sorted(self._times)
        self._next = 1
        self._unread = 0

    def pass_over(self) -> None:
        """A line that cannot be read: the next record, or one that was put in."""
        self._unread += 1

    def findings_of(self, record: _Whole) -> Iterator[Finding]:
        """What is wrong with the record's place."""
        first, gone = self._next, self._gone_before(record.seq)
        belongs = first + gone
        if record.seq != belongs and self._times[record.seq] > 1:
            yield Repeated(record.line, record.seq)
            return
        if gone > self._unread:
            yield Dropped(record.line, gone - self._unread, first, record.seq)
        if record.seq != belongs:
            yield OutOfOrder(record.line, record.seq, belongs)
        self._next, self._unread = belongs + 1, 0

    def _gone_before(self, seq: int) -> int:
        """How many numbers from the next one on, and before this one, no line has."""
        if seq <= self._next:
            return 0
        there = bisect_left(self._known, seq) - bisect_left(self._known, self._next)
        return seq - self._next - there


def _link(record: _Whole, places: Places) -> Iterator[Finding]:
    before = {START.hash: 0} if record.seq == 1 else places.get(record.seq - 1)
    if before and record.prev not in before:
        yield Replaced(record.line, record.seq)
