"""The names of branches and of segments, and how `--ledger` tells them from files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.cli.options import BranchName, ledger_place
from reconciler.ledger.places import (
    SEGMENT_LIMIT,
    Branch,
    Kept,
    Segment,
    check_branch,
    filled,
    segment_name,
    segment_number,
)

HOSTILE = [
    "", "-", "--upload-pack=touch", "-x", ".hidden", "a/.hidden", "a..b", "a.lock", "a.lock/b",
    "a/", "/a", "a//b", "a.", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{1}", "@",
    "a\nb", "a\x7f", "\x1b[31ma", "HEAD", "refs/heads/a", "ü", "a;b", "$(a)", "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("name", ["ledger", "audit/acr-ledger", "2024_radio.v1", "a-"])
def test_a_name_that_is_taken(name: str) -> None:
    assert check_branch(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_not(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="branch"):
        check_branch(name)
    assert run(["audit", "verify", "--ledger", f"git:{name}"]) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b" not in err


@settings(max_examples=60, deadline=None)
@given(st.text("aB0.-/_@{~:lock", min_size=1, max_size=12))
def test_git_takes_every_name_that_we_take(name: str) -> None:
    try:
        check_branch(name)
    except ValueError:
        return
    command = ["git", "check-ref-format", "--branch", name]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


class TestWhatTheOptionSays:
    def test_nothing(self) -> None:
        place = ledger_place(None, Path("cat/catalog.yaml"))
        assert place == Path("cat/.reconciler/ledger.jsonl").resolve()

    def test_a_file(self) -> None:
        assert ledger_place(Path("x.jsonl"), Path("catalog.yaml")) == Path("x.jsonl")

    def test_a_branch_of_the_repository_that_the_catalogue_is_in(self) -> None:
        place = ledger_place(BranchName("ledger"), Path("cat/catalog.yaml"))
        assert place == Branch("ledger", Path("cat").resolve())
        assert str(place) == "git:ledger"

    def test_a_file_that_is_named_like_a_branch(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(["audit", "verify", "--ledger", f".{os.sep}git:ledger"]) == 0
        assert "git:ledger: there is no ledger" in capsys.readouterr().out


class TestSegments:
    def test_have_numbers_in_their_names(self) -> None:
        assert [segment_number(segment_name(n)) for n in (1, 42, 999_999)] == [1, 42, 999_999]

    @given(st.integers(0, SEGMENT_LIMIT), st.lists(st.integers(1, SEGMENT_LIMIT * 2), max_size=8))
    @settings(max_examples=40, deadline=None)
    def test_are_the_lines_in_their_order_and_none_is_too_long(
        self, before: int, sizes: list[int]
    ) -> None:
        lines = [bytes([65 + n]) * (size - 1) + b"\n" for n, size in enumerate(sizes)]
        segments = filled(b"x" * before, lines)
        assert b"".join(segments) == b"x" * before + b"".join(lines)
        assert all(len(s) <= SEGMENT_LIMIT or s.count(b"\n") == 1 for s in segments)
        assert all(segments[1:])

    def test_say_where_a_line_stands(self) -> None:
        segments = (Segment("ledger-000001.jsonl", 2), Segment("ledger-000002.jsonl", 1))
        kept = Kept(Branch("ledger", Path()), b"", segments)
        assert [kept.where(line) for line in (1, 2, 3, 4)] == [
            "git:ledger:ledger-000001.jsonl:1",
            "git:ledger:ledger-000001.jsonl:2",
            "git:ledger:ledger-000002.jsonl:1",
            "git:ledger:ledger-000002.jsonl:2",
        ]
