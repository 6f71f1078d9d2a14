"""What ten times as much costs: ten times as much, and never a hundred times. By counting.

Seconds are measured elsewhere; a count is the same on every machine. Calls of functions are
counted, Python's and C's, on whatever threads they are made.
"""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import deepdiff
import orjson
import pytest

from reconciler.app import Connection, connected, load, read_live
from reconciler.core import snapshot
from reconciler.core.codec import Made, decode, encode
from reconciler.core.diff import diff
from reconciler.core.directions import drift_of
from reconciler.core.listing import rows
from reconciler.core.model import (
    Adopt,
    Bucket,
    Compare,
    DesiredState,
    Entry,
    File,
    FileId,
    FileState,
    Identity,
    Key,
    LiveBucket,
    LiveState,
    Place,
    Prune,
    Source,
    SourceKind,
)
from reconciler.core.plan import Options
from reconciler.core.planner import make_plan
from reconciler.ledger.verifying import verify
from reconciler.render.drift_text import drift_text
from reconciler.render.listing import list_text
from reconciler.render.plan_html import Parts, plan_html
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_picture import plan_svg
from reconciler.render.plan_text import plan_text
from reconciler.render.values import clipped
from reconciler.sandbox.server import running
from tests.ledger import made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from reconciler.core.plan import Plan

pytestmark = pytest.mark.no_cover

N = 60
MADE = Made("2026-01-01T00:00:00Z", "reconciler")
SETTLED = 3_000
"""Calls that anything may cost once, however much there is to do."""


def counted(what: Callable[[], object], of: object = None) -> int:
    """How many functions are called meanwhile; `of`: how often the one with this code is."""
    calls = itertools.count()

    def note(frame: FrameType, event: str, _: Any) -> None:
        counts = (
            event in ("call", "c_call") if of is None else event == "call" and frame.f_code is of
        )
        if counts:
            next(calls)

    gc.disable()  # what others have it call is none of ours
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        what()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        gc.enable()
    return next(calls)


def grows_with(small: Callable[[], object], large: Callable[[], object]) -> None:
    """`large` has ten times as much to do as `small`."""
    small()  # what is imported and compiled once is by now
    once, tenfold = counted(small), counted(large)
    assert once > N
    assert tenfold <= 10.5 * once + SETTLED


def test_what_is_quadratic_is_found() -> None:
    """So that the tests below can fail, and that what they ask for can be had."""

    def pairs(count: int) -> None:
        for one in range(count):
            for other in range(count):
                max(one, other)

    def singles(count: int) -> None:
        for one in range(count):
            max(one, count)

    grows_with(lambda: singles(N * 10), lambda: singles(N * 100))
    with pytest.raises(AssertionError):
        grows_with(lambda: pairs(N), lambda: pairs(N * 10))


# Desired and live, made by number.


def entry(number: int, **other: Any) -> Entry:
    digest = f"{number:064x}"
    source = Source(SourceKind.AUDIO, "a.mp3", f"sha256:{digest[-16:]}", sha256=digest, size=1)
    usual = Entry(
        Key(f"k{number:06}"),
        f"Title {number:06}",
        "spots",
        Place("catalog.yaml", number + 1, 1),
        {"artist": "Acme", "year": 1979},
        source,
    )
    return replace(usual, **other)


def file(number: int, *, key: str | None = None, digest: int | None = None, **other: Any) -> File:
    mark = {
        "catalog_key": f"radio/{key or f'k{number:06}'}",
        "catalog_source": f"sha256:{number if digest is None else digest:016x}",
    }
    usual = File(
        FileId(number + 1),
        f"acr{number:06}",
        "spots",
        f"Title {number:06}",
        {"artist": "Acme", "year": 1979, **mark},
        FileState.READY,
    )
    return replace(usual, **other)


def bare(number: int) -> File:
    """A file without any mark."""
    return file(number, user_defined={})


WORLDS: dict[str, Callable[[int], tuple[Entry | None, list[File]]]] = {
    "in sync": lambda number: (entry(number), [file(number)]),
    "all new": lambda number: (entry(number), []),
    "all gone": lambda number: (None, [file(number)]),
    "all drifted": lambda number: (entry(number, title="Another"), [file(number)]),
    "all foreign": lambda number: (entry(number), [bare(number)]),
    "all of one title": lambda number: (
        entry(number, title="T"),
        [file(number, user_defined={}, title="T")],
    ),
    "all renamed": lambda number: (entry(number), [file(number, key=f"old{number:06}")]),
    "all with a former key": lambda number: (
        entry(number, was=(Key(f"old{number:06}"),)),
        [file(number, key=f"old{number:06}")],
    ),
    "all twice": lambda number: (
        entry(number),
        [file(number), file(number, id=FileId(900_000 + number))],
    ),
    "all with one key": lambda number: (
        entry(number),
        [file(number, key="k000000", digest=number)],
    ),
    "all pinned": lambda number: (entry(number, acr_id=f"acr{number:06}"), [bare(number)]),
    "all elsewhere": lambda number: (entry(number, bucket="archive"), [file(number)]),
    "all pending": lambda number: (entry(number), [file(number, state=FileState.PENDING)]),
    "all replaced": lambda number: (entry(number), [file(number, digest=800_000 + number)]),
}
KINDS = [*WORLDS]
WORLDS["mixed"] = lambda number: WORLDS[KINDS[number % len(KINDS)]](number)


def world(name: str, count: int, adopt: Adopt = Adopt.NONE) -> tuple[DesiredState, LiveState]:
    """So many entries and files of a kind."""
    made_of = [WORLDS[name](number) for number in range(count)]
    entries = [wanted for wanted, _ in made_of if wanted is not None]
    files = sorted((each for _, some in made_of for each in some), key=lambda each: each.id)
    buckets = {"spots": Bucket("spots", 1, Prune.ALL), "archive": Bucket("archive", 2)}
    desired = DesiredState(
        "radio",
        "sha256:" + "0" * 64,
        "https://api-v2.acrcloud.com",
        buckets,
        {wanted.key: wanted for wanted in entries},
        {},
        identity=Identity(adopt=adopt),
    )
    live = {"spots": LiveBucket(1, files), "archive": LiveBucket(2, [])}
    return desired, LiveState("https://api-v2.acrcloud.com/api", live)


def planned(name: str, count: int) -> Plan:
    return make_plan(*world(name, count), Options())


@pytest.mark.parametrize("name", WORLDS)
def test_a_plan(name: str) -> None:
    for adopt in Adopt:
        small, large = world(name, N, adopt), world(name, N * 10, adopt)
        grows_with(
            lambda state=small: make_plan(*state, Options()),
            lambda state=large: make_plan(*state, Options()),
        )


@pytest.mark.parametrize("name", ["mixed", "all foreign", "all twice"])
def test_a_list_and_a_drift(name: str) -> None:
    small, large = world(name, N), world(name, N * 10)

    def listed(desired: DesiredState, live: LiveState) -> None:
        differences = diff(desired, live)
        [*list_text(rows(desired, live, differences), width=100)]
        drift = drift_of(differences, lambda _: None, compare=Compare.LOOSE, unmanaged=True)
        [*drift_text(drift, width=100, most=N * 100, verbose=True)]

    grows_with(lambda: listed(*small), lambda: listed(*large))


@pytest.mark.parametrize(
    ("name", "each"), [("in sync", 0), ("all drifted", 0), ("all foreign", 0), ("all renamed", 1)]
)
def test_only_pairs_that_differ_are_described(name: str, each: int) -> None:
    """deepdiff, the slowest of all, is asked once for each whose user_defined differs: the drifted
    ones here have another title only."""
    for count in (N, N * 3):
        state = world(name, count)
        asked = counted(lambda state=state: make_plan(*state, Options()), DEEP)
        assert asked == each * count


DEEP = deepdiff.DeepDiff.__init__.__code__


# What is written of a plan.


@pytest.mark.parametrize("name", ["all new", "all drifted", "all twice"])
def test_the_bytes_of_a_plan(name: str) -> None:
    def written(count: int) -> bytes:
        return b"".join(encode(planned(name, count), MADE))

    small, large = written(N), written(N * 10)
    assert len(large) <= 10.5 * len(small)
    one, ten = planned(name, N), planned(name, N * 10)
    grows_with(lambda: [*encode(one, MADE)], lambda: [*encode(ten, MADE)])
    grows_with(
        lambda: decode(small, orjson.loads(small)), lambda: decode(large, orjson.loads(large))
    )


def test_the_bytes_of_a_snapshot() -> None:
    def written(count: int) -> bytes:
        _, live = world("mixed", count)
        return b"".join(snapshot.encode(snapshot.Taken(live, "", "")))

    small, large = written(N), written(N * 10)
    assert len(large) <= 10.5 * len(small)
    grows_with(lambda: written(N), lambda: written(N * 10))
    one, ten = orjson.loads(small), orjson.loads(large)
    grows_with(lambda: snapshot.decode(small, one), lambda: snapshot.decode(large, ten))


@pytest.mark.parametrize("name", ["all new", "all drifted", "all twice"])
def test_the_text_of_a_plan(name: str) -> None:
    small, large = planned(name, N * 4), planned(name, N * 40)

    def lines(plan: Plan) -> int:
        return sum(text.plain.count("\n") for text in plan_text(plan, width=100))

    assert lines(large) <= lines(small) + 3
    assert len(plan_markdown(large)) <= len(plan_markdown(small)) + 100

    def in_full(plan: Plan) -> None:
        for _ in plan_text(plan, width=100, most=N * 100, verbose=True):
            pass

    one, ten = planned(name, N), planned(name, N * 10)
    grows_with(lambda: in_full(one), lambda: in_full(ten))


@pytest.mark.parametrize("name", ["all new", "all drifted", "all twice"])
def test_the_report_of_a_plan(name: str) -> None:
    def pieces(plan: Plan) -> list[int]:
        parts = Parts("{{first}}{{rest}}{{data}}{{flows}}", "", "")
        return [*map(len, plan_html(plan, MADE, parts))]

    one, ten = planned(name, N), planned(name, N * 10)
    assert max(pieces(ten)) < 1.1 * max(pieces(one))
    assert len(plan_svg(ten)) < len(plan_svg(one)) + 100
    grows_with(lambda: pieces(one), lambda: pieces(ten))


def test_a_text_of_which_nothing_can_be_seen() -> None:
    """It is cut where it fits, which is looked for in a few steps, each over all of it."""
    short, long = (
        counted(lambda room=room: clipped("\u202e" * 1_000, room)) for room in (100, 1_000)
    )
    assert long < 20 * short


# The ledger.


def test_the_ledger(tmp_path: Path) -> None:
    def ran(count: int) -> bytes:
        path = tmp_path / f"{count}.jsonl"
        made.run(path, *((made.update(7, f"k{n:06}"), made.DONE) for n in range(count)))
        return path.read_bytes()

    small, large = ran(N), ran(N * 10)
    assert len(large) <= 10.5 * len(small)
    grows_with(lambda: verify(small), lambda: verify(large))


# The catalogue.


def in_yaml(number: int) -> str:
    return (
        f"  k{number:06}:\n    title: Title {number:06}\n"
        f"    source: {{audio: audio/{number:06}.mp3, sha256: {number:064x}}}\n"
        f"    user_defined: {{artist: Acme, year: 1979, tags: [a, b]}}\n"
    )


def in_json(number: int) -> str:
    source = f'{{"audio":"audio/{number:06}.mp3","sha256":"{number:064x}"}}'
    return f'{{"key":"k{number:06}","title":"T","source":{source},"user_defined":{{"a":1}}}}\n'


def in_csv(number: int) -> str:
    return f"k{number:06},Title,audio/{number:06}.mp3,{number:064x},Acme\n"


FORMS: Mapping[str, tuple[str, Callable[[int], str]]] = {
    "yaml": ("files:\n", in_yaml),
    "jsonl": ("", in_json),
    "csv": ("key,title,source.audio,source.sha256,user_defined.artist\n", in_csv),
}
HEAD = "version: 1\ncatalog: radio\nbuckets: {spots: {id: 1}}\ndefaults: {bucket: spots}\n"


@pytest.mark.parametrize("form", FORMS)
def test_loading(form: str, tmp_path: Path) -> None:
    head, line = FORMS[form]

    def catalog(count: int) -> Path:
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / f"tracks.{form}").write_text(head + "".join(map(line, range(count))), "utf-8")
        path = folder / "catalog.yaml"
        path.write_text(f"{HEAD}include: [tracks.{form}]\n", "utf-8")
        return path

    small, large = catalog(N), catalog(N * 10)
    assert len(load(large).desired.entries) == N * 10
    grows_with(lambda: load(small), lambda: load(large))


# The service.


@pytest.fixture(scope="module")
def asked() -> Iterator[Callable[[int], int]]:
    """How many pages are asked for to read a bucket with so many files."""
    with running() as served:

        def reading(count: int) -> int:
            bucket = served.add_bucket(f"with-{count}")
            served.add_files(bucket, ({"title": f"T{number}"} for number in range(count)))
            served.forget()
            how = Connection(token="token")
            with connected(served.url, {"spots": Bucket("spots", bucket)}, how) as service:
                assert len(read_live(service).buckets["spots"].files) == count
            paths = [request.path for request in served.requests]
            assert len(set(paths)) == 2  # the bucket itself, once, and its files
            assert paths.count(f"/api/buckets/{bucket}") == 1
            return paths.count(f"/api/buckets/{bucket}/files")

        yield reading


@pytest.mark.parametrize(("files", "pages"), [(0, 1), (10, 1), (1_000, 1), (2_500, 3)])
def test_a_listing_takes_its_pages_and_at_most_two_requests_more(
    asked: Callable[[int], int], files: int, pages: int
) -> None:
    assert pages <= asked(files) <= pages + 2
