"""F67: the command is killed at every point, and run again; whatever the point was, the next run
brings about what the first was to, and nothing is done twice, or to a file that is nobody's
business. F68: so it is where the power fails, and what was not synced is lost.

The usual run leaves out what is the same as something else: requests that only read (see `points`),
and a power cut where it leaves what a kill leaves, or a cut at another point. With
`RECONCILER_EXAMPLES=1` in the environment nothing is left out.
"""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.faults import meanwhile, on, playing, status
from reconciler.sandbox.quirks import Quirks
from tests.crashing.scenario import APPLY, EVERYTHING, PLANNED, Scene, scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.sandbox.faults import Request
    from tests.zygote import Zygote

pytestmark = pytest.mark.no_cover

PARTS = 8
"""The matrix comes in so many tests, for the workers to share."""

in_parts = pytest.mark.parametrize("part", range(PARTS))


@contextmanager
def naming(*what: object) -> Iterator[None]:
    """Let a failure say where the run died."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"died at {', '.join(map(str, what))}")
        raise


@contextmanager
def killed(
    folder: Path, zygote: Zygote, points: Sequence[str], number: int, **how: Any
) -> Iterator[Scene]:
    """The scene after a run that died at its point of this number, from 1, all of them known."""
    with (
        naming(f"point {number}", points[number - 1], how),
        scene(folder / f"{number}", zygote) as left,
    ):
        ended, passed = left.apply_dying(die_at=number, reads=EVERYTHING, **how)
        assert ended.code == -9, (ended.code, ended.err)
        assert passed == list(points[:number])
        yield left


class TestTheScene:
    def test_holds_a_change_of_every_kind(self, tmp_path: Path, zygote: Zygote) -> None:
        with scene(tmp_path / "scene", zygote) as undisturbed:
            plan = json.loads(undisturbed.start("plan", "--format", "json").wait().out)
        changes = [
            (
                change["action"],
                str(change["file_id"]) if change["action"] == "delete" else change["key"],
            )
            for change in plan["changes"]
        ]
        assert sorted(changes) == sorted(PLANNED.elements())
        assert plan["violations"] == []

    def test_is_numbered_at_every_request_that_changes_and_at_every_write(
        self, points: Sequence[str]
    ) -> None:
        sent = [name for name in points if name.endswith(" sent") and not name.startswith("GET ")]
        assert [name.split()[0] for name in sent] == ["POST"] * 3 + ["PUT"] * 4 + ["DELETE"] * 2
        for name in sent:
            request = name.removesuffix(" sent")
            assert {f"{request} before", f"{request} sent", f"{request} read"} <= set(points)
        # The run begins and ends, and so does each request.
        torn = [name for name in points if name.endswith(" torn")]
        assert torn == [f"ledger {number} torn" for number in range(1, 2 * len(sent) + 3)]

    def test_no_request_goes_out_before_its_intent_is_on_disk(self, points: Sequence[str]) -> None:
        """I5, as the order of what happens."""
        changing = [name for name in points if not name.startswith("GET ")]
        for before, name in pairwise(changing):
            if name.endswith(" before") and not name.startswith("ledger"):
                assert before.startswith("ledger")
                assert before.endswith(" synced")


@in_parts
def test_a_kill_at_any_point_is_repaired_by_the_next_run(
    part: int, tmp_path: Path, zygote: Zygote, points: Sequence[str]
) -> None:
    for number in range(1 + part, len(points) + 1, PARTS):
        with killed(tmp_path, zygote, points, number) as left:
            left.nothing_was_done_but_what_was_planned()
            left.is_repaired_by_the_next_run()


@pytest.mark.parametrize("mode", ["power", "torn power"])
@in_parts
def test_a_power_cut_loses_no_intent_of_what_was_done(
    part: int, mode: str, tmp_path: Path, zygote: Zygote, points: Sequence[str]
) -> None:
    # Where all is synced it is a kill; and before a write is, all of its points leave the same.
    telling = [
        number
        for number, name in enumerate(points, start=1)
        if EVERYTHING
        or (name.startswith("ledger ") and name.endswith(" written"))
        or (mode == "power" and name.endswith(" sent"))
    ]
    for number in telling[part::PARTS]:
        with killed(tmp_path, zygote, points, number, mode=mode, seed=number) as left:
            left.nothing_was_done_but_what_was_planned()
            left.is_repaired_by_the_next_run()


@pytest.mark.parametrize("mode", ["power", "torn power"])
def test_a_power_cut_does_not_take_a_new_ledger_with_its_folder(
    mode: str, tmp_path: Path, zygote: Zygote, points: Sequence[str]
) -> None:
    number = points.index("POST /api/buckets/8891/files sent") + 1
    with naming(mode), scene(tmp_path / "scene", zygote) as left:
        left.ledger.parent.rmdir()
        ended, _ = left.apply_dying(die_at=number, mode=mode, seed=1, reads=EVERYTHING)
        assert ended.code == -9
        left.nothing_was_done_but_what_was_planned()
        left.is_repaired_by_the_next_run()


@in_parts
def test_the_run_that_repairs_may_be_killed_as_well(
    part: int, tmp_path: Path, zygote: Zygote, points: Sequence[str]
) -> None:
    chance = random.Random(f"twice {part}")
    for turn in range(60 if EVERYTHING else 3):
        number, again = chance.randint(1, len(points)), chance.randint(1, 60)
        with killed(tmp_path / str(turn), zygote, points, number) as left, naming(f"then {again}"):
            ended, _ = left.apply_dying(die_at=again)
            # A run that passes fewer points comes to its end.
            assert ended.code in (-9, 0), ended.err
            left.nothing_was_done_but_what_was_planned()
            left.is_repaired_by_the_next_run()


UPDATES = [doing for doing in PLANNED if doing[0] == "update"]


@pytest.mark.parametrize(
    ("quirk", "sampled"),
    [
        ("put=merge", 6),
        ("move_ids=new", 6),
        ("unknown_id=refused", 6),
        ("unknown_id=skipped", 4),
        # The product waits for what it wrote to be seen: few.
        ("read_lag=0.3", 2),
    ],
)
def test_so_it_is_with_a_service_that_is_not_like_the_page(
    quirk: str, sampled: int, tmp_path: Path, zygote: Zygote
) -> None:
    service = {"quirks": Quirks.parse([quirk])}
    lags = quirk.startswith("read_lag")
    # Longer than the lag: that is what it is for.
    more = ("--settle", "1s") if lags else ()
    # Where PUT merges a key is taken away by a second PUT; a read that lags shows a file as it was
    # before its update, which is sent once more.
    repeated = UPDATES if lags or quirk == "put=merge" else ()
    with scene(tmp_path / "whole", zygote, **service) as whole:
        ended, points = whole.apply_dying(more=more)
        assert ended.code == 0
    numbers = [n for n, name in enumerate(points, start=1) if name.endswith((" sent", " written"))]
    if lags:
        # With no create that has ended, or with all of them seen: the others are below.
        posted = [n for n, name in enumerate(points, start=1) if name.startswith("POST")]
        seen = next(n for n, name in enumerate(points, start=1) if name.startswith("DELETE"))
        numbers = [n for n in numbers if n < posted[2] or n > seen]
    chosen = numbers if EVERYTHING else random.Random(quirk).sample(numbers, sampled)
    for number in chosen:
        with (
            naming(f"point {number}", points[number - 1], quirk),
            scene(tmp_path / str(number), zygote, **service) as left,
        ):
            ended, _ = left.apply_dying(die_at=number, more=more)
            assert ended.code == -9
            left.nothing_was_done_but_what_was_planned(repeated=repeated)
            if lags:
                # At once, while what was done is not to be seen: that run need not make sure.
                assert left.apply(more=more).code in (0, 3)
                left.nothing_was_done_but_what_was_planned(repeated=repeated)
                left.clock.ahead += 1.0
            left.is_repaired_by_the_next_run(repeated=repeated, more=more)


def test_what_the_ledger_says_was_made_is_not_made_again_while_reads_lag(
    tmp_path: Path, zygote: Zygote
) -> None:
    """F57: the file is there, and its create has ended on the ledger; the listings that come
    before a create do not show it yet, and the first look after them does."""
    more = ("--only", "new-acrid", "--settle", "1s")
    with scene(tmp_path / "scene", zygote, quirks=Quirks(read_lag=60.0)) as left:
        left.clock.stand()
        with playing(left.sandbox) as front:
            left.url = front.url
            ended, passed = left.apply_dying(die_at=15, more=more)
            assert (ended.code, passed[-1]) == (-9, "ledger 3 written")

            def time_passes(_request: Request) -> None:
                left.clock.ahead += 61.0

            sent = len(front.log)
            before_it_creates = on("list", meanwhile(after=time_passes), nth=4)
            front.play(before_it_creates, on("upload", status(401)))
            ended = left.start(*APPLY, *more).wait()
            assert "upload" not in [played.kind for played in front.log[sent:]]
        assert ended.code == 0


def test_what_is_replaced_stays_until_the_new_file_is_ready_whoever_is_killed_meanwhile(
    tmp_path: Path, zygote: Zygote, points: Sequence[str]
) -> None:
    uploaded = [n for n, name in enumerate(points, start=1) if name.startswith("POST ")][-1]
    with scene(tmp_path / "scene", zygote, ready_after=3600) as left:
        ended, _ = left.apply_dying(die_at=uploaded, reads=EVERYTHING)
        assert ended.code == -9
        ended = left.apply(more=("--wait-timeout", "0s"))
        assert ended.code == 3, ended.err
        left.nothing_was_done_but_what_was_planned()
        assert left.sandbox.file(106) is not None
        left.clock.ahead = 7200.0
        left.is_repaired_by_the_next_run()
