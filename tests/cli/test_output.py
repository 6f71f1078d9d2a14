"""What goes out, to whom it goes, and that nobody need be listening."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from rich.text import Text

from reconciler.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "a\u202e\x9b2Jb ##[group]"
DATA = json.dumps({"title": HOSTILE}, ensure_ascii=False).encode()


@contextmanager
def stream(name: str, ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Our end is a stream of Python's; the other one is given. In the test itself, since pytest
    sets the streams anew before each."""
    other, ours = ends
    with (
        os.fdopen(ours, "w", buffering=1, encoding="utf-8") as file,
        monkeypatch.context() as patch,
    ):
        patch.setattr(sys, name, file)
        yield other
        file.flush()


def test_a_plans_bytes_go_through_a_pipe_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """T8: their digest may be taken at the other end."""
    with stream("stdout", os.pipe(), monkeypatch) as end:
        Output(color=False).raw([DATA])
        assert os.read(end, 1000) == DATA
    os.close(end)


def test_a_terminal_is_shown_the_same_values_and_nothing_that_acts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stream("stdout", os.openpty(), monkeypatch) as user:
        Output(color=False).raw([DATA])
        seen = os.read(user, 1000).decode()
    os.close(user)
    assert seen == r'{"title": "a\u202e\u009b2Jb ##\u005bgroup]"}'
    assert json.loads(seen) == {"title": HOSTILE}


def test_json_for_programs_hides_nothing_wherever_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    with stream("stdout", os.pipe(), monkeypatch) as end:
        Output(color=False).json(iter([HOSTILE]))
        seen = os.read(end, 1000)
    os.close(end)
    assert seen.isascii()
    assert json.loads(seen) == [HOSTILE]


def test_what_is_long_goes_out_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand changes are never held as one text."""
    with stream("stdout", os.pipe(), monkeypatch) as end:

        def texts() -> Iterator[Text]:
            for number in range(3):
                yield Text(f"change {number}\n", style="bold")
                sys.stdout.flush()
                assert os.read(end, 1000) == f"change {number}\n".encode()

        Output(color=True).result(texts())
    os.close(end)


@pytest.mark.parametrize(("color", "seen"), [(True, b"\x1b[1mold\x1b[0m\r\n"), (False, b"old\r\n")])
def test_only_a_terminal_that_may_is_shown_colours(
    color: bool, seen: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with stream("stdout", os.openpty(), monkeypatch) as user:
        Output(color=color).result([Text("old", style="bold").append("\n")])
        assert os.read(user, 1000) == seen
    os.close(user)


def test_what_nobody_hears_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """F75: the reader of standard error has gone."""
    end, ours = os.pipe()
    os.close(end)
    output = Output(color=False)
    with stream("stderr", (end, ours), monkeypatch):
        for _ in range(2):
            output.say("one of two changes ended")
            output.warn("look at this")
            output.error("it went wrong")
            with output.busy("reading"):
                output.console().show_cursor()
