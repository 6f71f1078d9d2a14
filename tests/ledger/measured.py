"""How much of what can be done to a ledger of 20 records is found, in numbers.

python -m tests.ledger.measured
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from reconciler.ledger.chain import Anchor
from reconciler.ledger.verifying import verify
from tests.ledger import tampering
from tests.ledger.made import twenty_records
from tests.ledger.tampering import Tampered, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Count:
    """What was tried of one kind, and how much of it was found."""

    what: str
    tried: int
    alone: int
    """Found in the ledger itself."""
    anchored: int
    """Found with the last anchor."""
    first_missed: str | None
    """Of what the anchor did not show either."""


def measured(data: bytes, bits: Iterable[int]) -> Iterator[Count]:
    """Each kind of tampering with a ledger, tried wherever it can be done. `bits`: which of each
    byte are flipped."""
    lines = split(data)
    last = orjson.loads(lines[-1])
    anchor = Anchor(last["seq"], last["hash"])
    kinds: dict[str, Iterable[Tampered]] = {
        "a bit of each byte flipped": (
            each for bit in bits for each in tampering.flipped(data, 1 << bit)
        ),
        "each byte replaced": tampering.flipped(data, 0xFF),
        "each line, two or three dropped": tampering.dropped(lines),
        "every two lines swapped": tampering.swapped(lines),
        "each line moved anywhere": tampering.moved(lines),
        "each line twice": tampering.doubled(lines),
        "cut at each byte": tampering.cut(data),
        "each line forged, with its hash": tampering.forgeries(lines),
        "written anew from each line on": tampering.rewritten(lines),
    }
    for what, tried in kinds.items():
        yield _counted(what, tried, anchor)


def _counted(what: str, every: Iterable[Tampered], anchor: Anchor) -> Count:
    tried = alone = anchored = 0
    missed: str | None = None
    for each in every:
        tried += 1
        alone += bool(verify(each.data).findings)
        if verify(each.data, anchor).findings:
            anchored += 1
        elif missed is None:
            missed = f"{each.what}, line {each.line}"
    return Count(what, tried, alone, anchored, missed)


def table(counts: Iterable[Count]) -> str:
    """For people."""
    rows = [f"{'what was done':34} {'tried':>7} {'found':>7} {'with the anchor':>16}"]
    rows += [
        f"{each.what:34} {each.tried:>7} {each.alone:>7} {each.anchored:>16}"
        + (f"  first missed: {each.first_missed}" if each.first_missed else "")
        for each in counts
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        data = twenty_records(Path(folder) / "ledger.jsonl")
        sys.stdout.write(f"{table(measured(data, bits=range(8)))}\n")
