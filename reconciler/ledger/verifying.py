"""Whether a ledger is as it was written. Pure.

| what was done to it                                  | without an anchor | with the last one |
|------------------------------------------------------|-------------------|-------------------|
| a byte or the order of lines changed, a line put in  | found             | found             |
| a line taken out that is not among the last          | found             | found             |
| its end cut off within a line                        | torn              | torn, and cut     |
| its end cut off between two lines                    | not found         | cut               |
| its end, or all of it, written anew with new hashes  | not found         | rewritten         |
| lines added to its end, with the hashes they need    | not found         | not found         |
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.ledger.chain import START, Anchor, anchor_of, tail, walk
from reconciler.ledger.diagnosing import Diagnosis, diagnose
from reconciler.ledger.findings import Cut, Finding, Rewritten


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a ledger."""

    records: int
    """From the first on, those that each follow the one before; and so in all that is below."""
    runs: int
    first: str | None
    """When the first record was written, by RFC 3339; None where there is none."""
    last: str | None
    head: Anchor
    """The last record's."""
    findings: tuple[Finding, ...]
    """By their lines. None where the ledger is as it was written, as far as it and the anchor
    can show."""


def verify(data: bytes, anchor: Anchor | None = None) -> Verdict:
    """Judge the bytes of a ledger. `anchor`: of one of its records, as it was known elsewhere."""
    runs: set[str] = set()
    first = last = None
    head, places = START, dict[int, dict[str, int]]()
    for record in walk(data):
        head = anchor_of(record)
        runs.add(record["run"])
        first, last = first or record["at"], record["at"]
        if anchor is not None and head.seq == anchor.seq:
            places[head.seq] = {head.hash: head.seq}
    count = data.count(b"\n")
    is_whole = head.seq == count and not tail(data)
    found = Diagnosis((), places, head.seq) if is_whole else diagnose(data)
    against = () if anchor is None else _against(anchor, found, count + 1)
    findings = sorted((*found.findings, *against), key=lambda finding: finding.line)
    return Verdict(head.seq, len(runs), first, last, head, tuple(findings))


def _against(anchor: Anchor, found: Diagnosis, end: int) -> Iterator[Finding]:
    hashes = found.places.get(anchor.seq)
    if hashes is not None and anchor.hash not in hashes:
        yield Rewritten(min(hashes.values()), anchor)
    if found.last is not None and anchor.seq > found.last:
        yield Cut(end, anchor, found.last)
