"""A runner obeys our commands, and no text that they hold (T6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import Place
from reconciler.render.safe import said
from reconciler.render.workflow import annotation

LEVELS = ("error", "warning", "notice")
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("::", "::error::x", "##[", "##[add-mask]x", "::stop-commands::x", "%", "%0A"),
                *("\n", "\r", "\x85", "\u2028", ",", "=", " ", ";", "]", "\u202e", "file=x"),
            ]
        ),
        st.text(max_size=5),
    )
).map("".join)
many = settings(max_examples=400, deadline=None, database=None, derandomize=True)


@dataclass
class Command:
    """What a runner is told."""

    name: str
    properties: dict[str, str]
    data: str


def obeyed(log: str) -> list[Command]:
    """What a runner reads in a log (actions/runner, `ActionCommand.cs`: both of its forms)."""
    lines = re.split("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", log)
    return [found for line in lines if (found := _second(line) or _first(line)) is not None]


def _second(line: str) -> Command | None:
    line = line.lstrip()
    if not line.startswith("::") or "::" not in line[2:]:
        return None
    head, data = line[2:].split("::", 1)
    name, _, listed = head.partition(" ")
    pairs = [pair.partition("=") for pair in listed.strip().split(",") if pair]
    properties = {name: _back(value, ":", ",") for name, _, value in pairs if name and value}
    return Command(name, properties, _back(data))


def _first(line: str) -> Command | None:
    found = re.search(r"##\[([^\]]+)\](.*)", line)
    return None if found is None else Command(found[1], {}, found[2])


def _back(text: str, *others: str) -> str:
    for char in ("\r", "\n", *others, "%"):
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def test_the_reader_sees_what_it_must() -> None:
    """So that the properties can fail."""
    assert len(obeyed("a\n ::error::x\rb ##[group]y\n: :error::x")) == 2
    assert obeyed("::error file=a%2Cb::50%25") == [Command("error", {"file": "a,b"}, "50%")]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (annotation("error", "it is wrong"), "::error::it is wrong\n"),
        (
            annotation("warning", "50%:\na", place=Place("ads/a,b.yaml", 3, 7), title="x: y"),
            "::warning file=ads/a%2Cb.yaml,line=3,col=7,title=x%3A y::50%25:%0Aa\n",
        ),
        (annotation("notice", "\u202e::error::x\r"), r"::notice::\u{202e}::error::x\r" + "\n"),
    ],
)
def test_a_command(made: str, expected: str) -> None:
    assert made == expected


@many
@given(st.sampled_from(LEVELS), TEXTS, TEXTS, TEXTS, st.integers(1, 9))
def test_one_command_with_the_texts_that_were_meant(
    level: str, message: str, file: str, title: str, line: int
) -> None:
    log = annotation(level, message, place=Place(file, line, 1), title=title)  # type: ignore[arg-type]
    (only,) = obeyed(f"before\n{log}after")
    assert only.name == level
    assert only.data == "\n".join(map(said, message.split("\n")))
    meant = {"file": said(file), "line": str(line), "col": "1", "title": said(title).rstrip()}
    assert only.properties == {name: text for name, text in meant.items() if text}
