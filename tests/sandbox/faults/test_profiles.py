"""The profiles for rehearsals: how much they disturb, and how they are asked for."""

from __future__ import annotations

import re
from itertools import islice, pairwise

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.main import run
from reconciler.cli.sandbox_command import command
from reconciler.sandbox.faults import AnyRule, Chance, Fault, profiles
from reconciler.sandbox.faults.fault import Drip, Forwarded, Hang
from reconciler.sandbox.faults.profiles import PROFILES

NAMES = list(PROFILES)
MANY = 2000


def played(rule: AnyRule) -> list[Fault | None]:
    """What the rule plays on many requests."""
    return list(islice(rule.turns(), MANY))


def rules(name: str, seed: int = 1) -> tuple[Chance, ...]:
    script = PROFILES[name].script(seed)
    assert all(isinstance(rule, Chance) for rule in script)
    return tuple(rule for rule in script if isinstance(rule, Chance))


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_seldom_enough_to_get_on(name: str) -> None:
    assert len(rules(name)) == 1
    for seed in (1, 2, 3):
        (rule,) = rules(name, seed)
        disturbed = [fault is not None for fault in played(rule)]
        assert 0.02 < sum(disturbed) / MANY < 0.22
        runs = "".join("x" if each else " " for each in disturbed).split()
        assert max(map(len, runs)) == rule.burst <= 4


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_profile_lasts_long(name: str) -> None:
    for rule in rules(name):
        for fault in rule.faults:
            if isinstance(fault.wire, Hang | Drip):
                assert fault.wire.at_most is not None
                assert fault.wire.at_most <= 2
            if isinstance(fault.request, Forwarded) and fault.request.bytes_per_second:
                assert fault.request.at_most is not None
                assert fault.request.at_most <= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_faults_again(name: str) -> None:
    (one,), (again,), (other,) = rules(name, 7), rules(name, 7), rules(name, 8)
    assert played(one) == played(again) != played(other)
    assert {fault for fault in played(one) if fault} == set(one.faults)


def test_chaos_has_all_of_the_others() -> None:
    others = {fault for name in NAMES if name != "chaos" for fault in rules(name)[0].faults}
    assert set(rules("chaos")[0].faults) == others


def test_the_help_names_every_profile_in_its_order() -> None:
    helped = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    (named,) = re.findall(r"Disturb requests and answers: (.*?);", helped)
    assert re.split(", | or ", named) == NAMES


def test_quirks_are_listed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--quirk", "help"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "put=replace|merge" in said.out.splitlines()


def test_the_table_and_faults_help_say_what_each_of_them_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["sandbox", "--faults", "help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    said = [(name, profile.says) for name, profile in PROFILES.items()]
    assert [tuple(line.split(maxsplit=1)) for line in lines] == said
    table = re.findall(r"^\| (\w+) +\| (.+?) +\|$", profiles.__doc__ or "", re.MULTILINE)[1:]
    assert table == said


@pytest.mark.parametrize(
    "wrong", [["--faults", "lossey"], ["--faults", ""], ["--faults-seed", "3"]]
)
def test_a_wrong_profile_is_a_usage_error_that_names_them(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *wrong]) == 64
    said = click.unstyle(capsys.readouterr().err)
    assert "--faults" in said
    assert wrong[0] == "--faults-seed" or all(name in said for name in NAMES)


def test_adjacent_faults_are_one_burst() -> None:
    (outage,) = rules("outage")
    starts = [now is not None and before is None for before, now in pairwise(played(outage))]
    gaps = [index for index, start in enumerate(starts) if start]
    assert len(gaps) > 10
    assert all(after - before >= outage.burst + outage.rest for before, after in pairwise(gaps))
