"""The bench runs the real commands. What they cost is nothing to a test; what they did is."""

from pathlib import Path

import pytest

from benchmarks.__main__ import bench, main
from benchmarks.keeping import Kept
from benchmarks.measuring import Case, Subject, WentWrong, measure
from benchmarks.processes import Command
from benchmarks.results import Results, in_batches, pages
from benchmarks.scenarios import DELETES, MOVES, PACED, PLAN, SCENARIOS, UPDATES, Effort
from benchmarks.serving import Counts

COUNT = 1000
TINY = Effort(
    sizes=(COUNT,),
    runs=1,
    startups=1,
    updates=40,
    workers=(8,),
    batched=240,
    # More than the service is ever asked for: to be refused takes seconds.
    limits=(1000,),
    limited_seconds=0.02,
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Everything but octoDNS, which would have to be installed."""
    only = [name for name in SCENARIOS if name != "octodns"]
    # Of each, the output was seen to say that it did what it was to do.
    return Results(bench(tmp_path_factory.mktemp("bench"), TINY, only))


def counts(results: Results, what: str) -> list[Counts]:
    return [one.counts for one in results.of(what) if one.counts is not None]


def test_a_plan_reads_every_page_and_no_more(results: Results) -> None:
    for seen in [seen for what in PLAN.values() for seen in counts(results, what)]:
        assert seen.requests == {"bucket": 2, "list": pages(COUNT)}
        assert seen.limited == 0
    assert len(results.of(*PLAN.values())) == 3


def test_every_update_is_a_request(results: Results) -> None:
    (seen,) = counts(results, UPDATES)
    assert seen.requests["update"] == 40
    assert seen.began["get"] < seen.began["update"] < seen.ended["update"]


@pytest.mark.parametrize(("what", "kind"), [(DELETES, "delete"), (MOVES, "move")])
def test_what_goes_in_batches(results: Results, what: str, kind: str) -> None:
    (seen,) = counts(results, what)
    assert seen.requests[kind] == in_batches(240) == 3


def test_there_is_a_limit_with_and_without_being_told_when_to_come_back(results: Results) -> None:
    told = {one.case.retry_after for one in results.of(PACED)}
    assert told == {False, True}
    assert [seen.requests["update"] for seen in counts(results, PACED)] == [20, 20]


def test_the_memory_is_watched(results: Results) -> None:
    (plan,) = (one for one in results.of(*PLAN.values()) if one.case == Case("plan", COUNT))
    assert plan.tree > 0
    assert plan.largest > 0


def test_who_runs_in_turn(tmp_path: Path) -> None:
    said: list[str] = []
    command = Command(("sh", "-c", "echo done"), tmp_path)
    subjects = [
        Subject(Case(name), command, runs, lambda output: output == "done\n")
        for name, runs in (("one", 2), ("other", 1))
    ]
    one, other = measure(subjects, said.append)
    assert [message.split(" of")[0] for message in said if ": run" in message] == [
        "one: run 1",
        "other: run 1",
        "one: run 2",
    ]
    assert (len(one.walls), len(other.walls)) == (2, 1)


def test_what_did_something_else_is_not_measured(tmp_path: Path) -> None:
    def never(output: str) -> bool:
        return False

    command = Command(("sh", "-c", "echo 0 to create"), tmp_path)
    with pytest.raises(WentWrong, match=r"a plan: sh .* ended with 0(?s:.*)0 to create"):
        measure([Subject(Case("a plan"), command, 1, never)], lambda message: None)


def test_data_are_made_once_and_whole(tmp_path: Path) -> None:
    made: list[str] = []

    def make(path: Path) -> None:
        path.mkdir()
        made.append("once")
        if len(made) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Kept(tmp_path).data("some", make)
    for _ in range(2):
        assert Kept(tmp_path).data("some", make).is_dir()
    assert made == ["once", "once"]


def test_data_of_another_version_go_away(tmp_path: Path) -> None:
    (tmp_path / "data-0123").mkdir()
    Kept(tmp_path)
    assert not (tmp_path / "data-0123").exists()


@pytest.mark.parametrize(
    "arguments", [["--only", "plan,everything"], ["--sizes", "many"], ["--sizes", "10"]]
)
def test_what_cannot_be_measured(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[1].split(",")[-1] in capsys.readouterr().err
