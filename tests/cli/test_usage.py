"""How a command was called wrongly: said in words that do nothing, whatever the arguments are. In
CI they may be file names of a pull request."""

from __future__ import annotations

import pytest

from reconciler.cli.main import run

HOSTILE = "x\n::error::boo\u202e##[add-mask]\x9b1m"


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["plan", HOSTILE],
        ["plan", f"--{HOSTILE}"],
        ["plan", "--format", HOSTILE],
        ["plan", "--allow", HOSTILE],
        ["apply", "--settle", HOSTILE],
        ["audit", HOSTILE],
        ["audit", "verify", "--anchor", HOSTILE],
    ],
)
def test_what_was_called_is_shown_harmless(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert "boo" in said.err
    assert "##[" not in said.err
    assert all(char.isprintable() for char in said.err.replace("\n", ""))
    assert not [line for line in said.err.splitlines() if line.strip().startswith("::")]


def test_it_says_how_to_call_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--verbos"]) == 64
    assert capsys.readouterr().err == (
        "Usage: reconciler plan [OPTIONS]\n"
        "Try 'reconciler plan --help' for help.\n"
        "error: No such option '--verbos'. Did you mean '--verbose'?\n"
    )


def test_without_a_command_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 64
    assert capsys.readouterr().err.startswith("Usage: reconciler [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize("group", [[], ["audit"], ["report"]], ids=" ".join)
def test_what_each_command_does_is_listed_in_full(
    group: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*group, "--help"]) == 0
    listed = capsys.readouterr().out.partition("\nCommands:\n")[2]
    assert listed
    assert "..." not in listed
