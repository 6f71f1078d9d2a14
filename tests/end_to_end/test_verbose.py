"""`-v` says where the time went."""

import json
import re

import pytest

from tests.end_to_end.conftest import Workplace


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "list", "pin"])
def test_says_at_the_end_where_the_time_went(spots: Workplace, command: str) -> None:
    quiet, told = spots.run(command), spots.run(command, "-v")
    assert told.code == quiet.code
    stages = re.findall(r"^([a-z ]+?) +\d+\.\d\d s", told.err, re.MULTILINE)
    of_all = ["load", "validate", *([] if command in ("validate", "pin") else ["list", "diff"])]
    more = {"plan": ["plan", "write"]}.get(command, [])
    assert stages == [*of_all, *more, "in all"]
    assert re.search(r"^in all +\d+\.\d\d s, \d+ MiB of memory at most$", told.err, re.MULTILINE)
    assert " s\n" not in quiet.err


def test_also_of_an_apply_and_where_it_ends_early(spots: Workplace) -> None:
    applied = spots.run("apply", "--yes", "-v")
    assert applied.code == 0
    assert re.search(r"^apply +\d+\.\d\d s$", applied.err, re.MULTILINE)
    spots.catalog("files: []\n")
    refused = spots.run("plan", "-v")
    assert refused.code == 1
    assert "in all" in refused.err


def test_the_json_on_standard_output_stays_json(spots: Workplace) -> None:
    assert json.loads(spots.run("plan", "-v", "--format", "json").out)["summary"]["create"] == 2


def test_the_memory_that_is_named_is_a_process_own(spots: Workplace) -> None:
    told = spots.run("validate", "-v").err
    (mib,) = re.findall(r"(\d+) MiB", told)
    assert 10 < int(mib) < 2000
