"""`plan --refresh dump`: the plan of a listing, from a few requests; or of a listing, and said."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.faults import on, playing, status
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, Ended, Workplace

CHRISTMAS_EVE = 1608799757
DUMP = ("plan", "--format", "json", "--refresh", "dump")
LIST = ("plan", "--format", "json", "--refresh", "list")


@contextmanager
def workplace(folder: Path, *quirks: str) -> Iterator[tuple[Workplace, Sandbox]]:
    """A plan with every kind of change. The sandbox's clock goes whenever it is looked at, so that
    a dump is ready at the second look."""
    clock = partial(next, count(CHRISTMAS_EVE))
    with running(quirks=Quirks.parse(quirks), clock=clock, ready_after=0.5) as sandbox:
        sandbox.add_bucket("spots", id=8891)
        sandbox.add_bucket("archive", id=8892)
        work = Workplace(folder, sandbox.url)
        work.catalog(CATALOG)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/summer.wav", level=2)
        sandbox.add_file(8892, title="Spring", user_defined={"catalog_key": "radio-ads/spring"})
        for number in range(45):
            marked = {"catalog_key": f"radio-ads/orphan-{number % 9}", "n": number, "x": [1.5]}
            sandbox.add_file(8891, title=f'"Orphan", {number}', user_defined=marked)
        sandbox.add_file(8891, title="", user_defined={"ä": {"n": None, "m": True}}, state=-1)
        yield work, sandbox


def timeless(ended: Ended) -> str:
    """Without when it was made, and the checksum, which is over that, too."""
    assert ended.code == 6, ended.err
    return re.sub('"(created_at|checksum)": ".*"', "", ended.out)


def dumps_asked(sandbox: Sandbox) -> int:
    return sum(each.path.endswith("/dump") for each in sandbox.requests)


@pytest.mark.parametrize("form", Quirks.choices()["dump"])
def test_a_dump_of_any_form_gives_the_plan_of_a_listing(tmp_path: Path, form: str) -> None:
    with workplace(tmp_path, f"dump={form}", "max_per_page=20") as (work, sandbox):
        listed = work.run(*LIST)
        sandbox.forget()
        dumped = work.run(*DUMP)
        assert dumped.err == listed.err
        assert timeless(dumped) == timeless(listed)
        assert dumped.json["digest"] == listed.json["digest"]
        assert dumps_asked(sandbox) == 4
        assert sum(each.path.endswith("/files") for each in sandbox.requests) == 3


def test_a_second_run_of_the_day_lists_and_asks_for_no_dump(tmp_path: Path) -> None:
    """F59."""
    with workplace(tmp_path) as (work, sandbox):
        first = work.run(*DUMP)
        asked = dumps_asked(sandbox)
        second = work.run(*DUMP)
        assert timeless(second) == timeless(first)
        assert dumps_asked(sandbox) == asked
        for name in ("archive", "spots"):
            assert (
                f"the dump of bucket {name}: it was asked for already today (UTC), and the service "
                "makes one a day; listed instead\n" in second.err
            )
        (remembered,) = (tmp_path / "home").glob(".local/state/reconciler/dumps/*-8891-*")
        assert remembered.stat().st_mode & 0o777 == 0o600


def test_without_a_dump_it_lists_and_says_why(tmp_path: Path) -> None:
    with (
        workplace(tmp_path) as (work, sandbox),
        playing(sandbox, on("dump", status(500))) as front,
    ):
        at_front = {"RECONCILER_BASE_URL": front.url}
        dumped = work.run(*DUMP, env=at_front)
        assert timeless(dumped) == timeless(work.run(*LIST, env=at_front))
        assert dumps_asked(sandbox) == 0
        assert "asking for the dump of bucket spots (8891): the service answered 500" in dumped.err


def test_a_refused_token_is_7(tmp_path: Path) -> None:
    with (
        workplace(tmp_path) as (work, sandbox),
        playing(sandbox, on("dump", status(403))) as front,
    ):
        ended = work.run(*DUMP, env={"RECONCILER_BASE_URL": front.url})
        assert (ended.code, ended.out) == (7, "")


def test_a_bucket_is_read_by_what_there_is(tmp_path: Path) -> None:
    with workplace(tmp_path) as (work, sandbox):
        ended = work.run("plan", "--refresh", "guess")
        assert (ended.code, sandbox.requests) == (64, [])
        assert "'guess' is not one of 'list', 'dump'" in ended.err
