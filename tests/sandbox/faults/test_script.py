"""Scripts: which fault is played on which request, by kind, by count, and by chance."""

from __future__ import annotations

from itertools import islice

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import AnyRule, Chance, Request, lost_answer, on, status
from reconciler.sandbox.faults.script import Script, kind_of

ONE, TWO = status(501), status(502)


def request(line: str, *, reused: bool = False) -> Request:
    method, _, target = line.partition(" ")
    return Request(method, target, "HTTP/1.1", (), reused)


def names(*rules: AnyRule, requests: int, line: str = "GET /api/buckets/1/files") -> list[str]:
    """The names of what is played on so many requests; "" is nothing."""
    script = Script(rules)
    return [fault.name if (fault := script.choose(request(line))) else "" for _ in range(requests)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("GET /api/buckets/8891/files", "list"),
        ("GET /api/buckets/8891/files?page=1&sort=id", "list"),
        ("GET /api/buckets/8891/files/1,2", "get"),
        ("POST /api/buckets/8891/files", "upload"),
        ("PUT /api/buckets/8891/files/1", "update"),
        ("PUT /api/buckets/8891/files/1,2/move", "move"),
        ("POST /api/buckets/8891/files/move", "move"),
        ("DELETE /api/buckets/8891/files/1,2", "delete"),
        ("DELETE /api/buckets/8891/files", "delete"),
        ("GET /api/buckets", "bucket"),
        ("POST /api/buckets", "bucket"),
        ("GET /api/buckets/8891", "bucket"),
        ("GET /api/buckets/8891/dump", "dump"),
        ("GET /api/buckets/8891/files/dump", "dump"),
        ("GET /api/buckets/8891/down/7", "dump"),
        ("GET /", "other"),
        ("PATCH /api/buckets/8891/files", "other"),
        ("POST /api/buckets/8891/files/1", "other"),
    ],
)
def test_kinds(line: str, kind: str) -> None:
    assert kind_of(request(line)) == kind


def test_a_rule_is_about_a_kind_or_about_reads_writes_or_anything() -> None:
    upload, listing = "POST /api/buckets/1/files", "GET /api/buckets/1/files"
    for what, line, plays in [
        ("upload", upload, True),
        ("upload", listing, False),
        ("write", upload, True),
        ("write", listing, False),
        ("read", upload, False),
        ("read", listing, True),
        ("any", upload, True),
        ("any", listing, True),
    ]:
        assert names(on(what, ONE), requests=1, line=line) == ["status 501" if plays else ""]


def test_counts() -> None:
    assert names(on("list", ONE, nth=3), requests=5) == ["", "", "status 501", "", ""]
    assert names(on("list", ONE, times=2), requests=4) == ["status 501", "status 501", "", ""]
    assert names(on("list", ONE, skip=1, times=1), requests=3) == ["", "status 501", ""]
    assert names(on("list", ONE), requests=3) == ["status 501"] * 3
    assert names(requests=2) == ["", ""]


def test_only_what_a_rule_is_about_counts() -> None:
    script = Script((on("upload", ONE, nth=2),))
    lines = ["POST /api/buckets/1/files", "GET /api/buckets/1/files", "POST /api/buckets/1/files"]
    assert [script.choose(request(line)) for line in lines] == [None, None, ONE]


def test_the_first_rule_that_would_play_does_and_every_rule_counts() -> None:
    rules = (on("list", ONE, nth=2), on("any", TWO, times=3))
    assert names(*rules, requests=4) == ["status 502", "status 501", "status 502", ""]


def test_where_narrows_a_rule_down() -> None:
    script = Script((on("any", ONE, where=lambda request: request.reused),))
    fresh, used = request("GET /"), request("GET /", reused=True)
    assert [script.choose(each) for each in (fresh, used)] == [None, ONE]


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    def chosen(seed: int) -> list[str]:
        return names(Chance("any", (ONE, TWO), 0.3, seed), requests=200)

    assert chosen(7) == chosen(7)
    assert chosen(7) != chosen(8)
    assert set(chosen(7)) == {"", "status 501", "status 502"}


@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_chance_plays_at_its_rate(rate: float) -> None:
    turns = Chance("any", (ONE,), rate, seed=1).turns()
    played = sum(fault is not None for fault in islice(turns, 2000))
    assert abs(played / 2000 - rate) < 0.03


def test_a_burst_goes_on_and_then_there_is_rest() -> None:
    turns = Chance("any", (ONE, TWO), 1.0, seed=1, burst=3, rest=2).turns()
    played = [fault is not None for fault in islice(turns, 20)]
    assert played == [True, True, True, False, False] * 4
    turns = Chance("any", (ONE, TWO), 0.5, seed=1, burst=2).turns()
    faults = list(islice(turns, 1000))
    assert set(faults) == {None, ONE, TWO}
    runs = "".join("-12"[(None, ONE, TWO).index(fault)] for fault in faults).split("-")
    assert all(run.replace("11", "").replace("22", "") == "" for run in runs[:-1])


def test_chance_needs_something_to_choose_from_and_a_rate() -> None:
    with pytest.raises(SandboxError):
        Chance("any", (), 0.5, seed=1)
    with pytest.raises(SandboxError):
        Chance("any", (lost_answer(),), 1.5, seed=1)
