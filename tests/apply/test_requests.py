"""How many requests a run makes: so many as there are batches, and one check for each."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.apply.conftest import Bench, MakeBench


def many(count: int, line: str) -> str:
    return "\n".join(line.format(n=n) for n in range(1, count + 1))


UPDATE = "entry k{n} spots s{n} x=1 \n file {n} spots k{n} s{n} x=2"
MOVE = "entry k{n} archive s{n} \n file {n} spots k{n} s{n}"
DELETE = "file {n} spots gone{n} s{n}"


def asked(ran: Bench) -> Counter[str]:
    """What was asked for, by its kind and bucket."""
    before = len(ran.service.reads)
    assert {end.split()[0] for end in ran.outcomes().values()} == {"applied"}
    kinds = [" ".join(read.split()[:2]) for read in ran.service.reads[before:]]
    return Counter([*kinds, *(re.split(r"[ (]", str(call))[0] for call in ran.service.calls)])


@pytest.mark.parametrize(("count", "batches"), [(1, 1), (100, 1), (101, 2), (250, 3)])
class TestSoManyChanges:
    def test_each_update_is_sent_and_read_in_a_batch(
        self, bench: MakeBench, count: int, batches: int
    ) -> None:
        ran = bench(many(count, UPDATE))
        assert asked(ran)["read_files spots"] == batches
        assert len(ran.service.calls) == count

    def test_deletes_are_sent_and_read_in_batches(
        self, bench: MakeBench, count: int, batches: int
    ) -> None:
        ran = bench(many(count, DELETE))
        assert asked(ran) == {"read_files spots": batches, "delete": batches}

    def test_moves_are_sent_and_read_in_batches_and_looked_for(
        self, bench: MakeBench, count: int, batches: int
    ) -> None:
        ran = bench(many(count, MOVE))
        assert asked(ran) == {
            "read_files spots": batches,
            "move": batches,
            "read_files archive": batches,
        }
