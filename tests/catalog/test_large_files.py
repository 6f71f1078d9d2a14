"""Large files are read by several processes, and say just what they say to one."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reconciler
from reconciler.catalog import events, pieces, worker
from reconciler.catalog.forms import accept
from reconciler.catalog.structure import entry_form
from reconciler.catalog.workers import WORTH, Workers
from reconciler.core.model import Place
from reconciler.errors import CatalogError

FORM = entry_form()
LONG = "x" * 900


def entry(number: int, more: str = "") -> str:
    return f"  e{number}:\n    title: Title {number}\n    user_defined: {{a: {number}}}\n{more}"


def large(*extra: str) -> str:
    """Enough entries that processes pay, and some more."""
    count = WORTH // 1000 + 200
    many = "".join(entry(n, f"    # {LONG}\n") for n in range(count))
    return f"files:\n{many}{''.join(extra)}"


def in_pieces(text: str, size: int) -> dict[str, Any] | None:
    """What the pieces of a text say together, with the place of each; None: it must be read as a
    whole."""
    cut = pieces.split(text.encode(), size)
    if cut is None:
        return None
    found: dict[str, Any] = {}
    for before, piece in cut.each():
        answer = worker.entries_of(piece, FORM)
        if not answer:
            return None
        told = orjson.loads(answer)
        spots = iter(told["spots"])
        for key, value in told["entries"].items():
            if key in found:
                return None
            found[key] = (value, next(spots) + before, next(spots))
    return found


def as_a_whole(text: str) -> dict[str, Any]:
    document = events.build(text.encode())
    assert not document.faults
    assert document.complete
    entries = document.value["files"]
    assert accept(entries, FORM)
    return {key: (entries[key], *document.spots[key]) for key in entries}


lines = st.sampled_from(
    [
        "  a: {title: A}",
        "  b: {title: B,",
        "    bucket: x}",
        '  c: {title: "C',
        '  d: D"}',
        "  d:",
        "    title: D",
        "    title: |",
        "      block",
        "    title: >+",
        "",
        "   ",
        "  # a comment",
        "# at the left",
        "    user_defined:",
        "      x: 'one",
        "  y: z'",
        "      n: 1",
        "  e: &anchor {title: E}",
        "  f: *anchor",
        "  <<: {g: {title: G}}",
        "  'h': {title: 12}",
        '  "i j": {title: I}',
        "  ? k",
        "  : {title: K}",
        "  - item",
        "\tx: y",
        "...",
        "---",
        "other: {a: b}",
        "  m: {title: M} # and {more",
        "  n: {title: M\r",
        "  o: }\r",
        "  v:\r    title: V",
        "  t: {title: T}\u2028  u: {title: U}",
        "    title: |2",
        "  s: [title",
        "  ]",
    ]
)


@settings(max_examples=1000)
@given(st.lists(lines, max_size=12), st.integers(1, 60), st.sampled_from(["\n", "\r\n"]))
def test_pieces_say_what_the_whole_says(chosen: list[str], size: int, end: str) -> None:
    text = f"version: 1{end}files:{end}" + "".join(f"{line}{end}" for line in chosen)
    found = in_pieces(text, size)
    if found is not None:
        assert found == as_a_whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "files: {}\n",
        "files:\n  a: {title: A}\nbuckets: {}\n",
        "files:\na: b\n",
        "files:\n",
        "version: 1\n",
        "files:\n  a: &x {title: A}\n  b: *x\n",
        "files:\n  a: &x {title: A}\n  b: &x {title: A}\n",
        "files:\n  a: {title: A}\n  <<: {b: {title: B}}\n",
        "files:\n  a: {title: A}\n  a: {title: B}\n",
        "files:\n  a: {title: 'A\n  b: '}\n",
        "files:\n  a: {title: A}\u2028  b: {title: B}\n  c: {title: C}\n",
        "files:\n  a: {title: A}\r  b: {title: B}\n  c: {title: C}\n",
        "files:\n  a: {titel: A}\n",
        "files:\n  a b: {title: A}\n",
        "files:\n  a: {title: !!str A}\n",
        'files:\n  a: {title: "\\ud800"}\n',
    ],
)
def test_what_is_wrong_or_odd_is_read_as_a_whole(text: str) -> None:
    assert in_pieces(text, 5) is None


def test_pieces_are_as_small_as_is_asked_for() -> None:
    text = "# head\nfiles:\n\n" + "".join(entry(n) for n in range(50))
    cut = pieces.split(text.encode(), 200)
    assert cut is not None
    each = list(cut.each())
    assert len(each) > 10
    assert all(len(piece) < 400 for _, piece in each)
    assert in_pieces(text, 200) == as_a_whole(text)


def test_one_large_file(folder: Any) -> None:
    desired = folder.load(large(entry(900_000))).desired
    alike = folder.load(large("  e900000: &a {title: Title 900000, user_defined: {a: 900000}}\n"))
    assert list(desired.entries) == list(alike.desired.entries)
    assert all(
        mine.user_defined == theirs.user_defined and mine.title == theirs.title
        for mine, theirs in zip(
            desired.entries.values(), alike.desired.entries.values(), strict=True
        )
    )
    assert [each.place for each in desired.entries.values()] == [
        each.place for each in alike.desired.entries.values()
    ]


def test_several_files(folder: Any) -> None:
    half = large()
    folder.write("a.yaml", half)
    folder.write("b.yaml", half.replace("  e", "  f"))
    folder.write("c.jsonl", '{"key": "j", "title": "J"}\n')
    desired = folder.load("include: ['*.yaml', c.jsonl]\nfiles: {m: {title: 7}}\n").desired
    assert len(desired.entries) == 2 * half.count("title:") + 2
    assert desired.entries["e1"].place == Place("a.yaml", 6, 3)
    assert desired.entries["f1"].place == Place("b.yaml", 6, 3)
    assert desired.entries["m"].title == "7"


def test_every_mistake_is_named_as_in_a_small_file(folder: Any) -> None:
    folder.write("a.yaml", large("  e7: {title: again}\n"))
    folder.write("b.yaml", large("  x: {titel: X}\n").replace("  e", "  f"))
    folder.write("c.yaml", large("  f7: {title: there}\n").replace("  e", "  g"))
    count = large().count("\n")
    found = folder.problems("include: ['*.yaml']\n")
    assert len(found) == 4
    assert found[0].startswith(f"a.yaml:{count + 1}:3: files.e7: this key is there already")
    assert found[1].startswith(f"b.yaml:{count + 1}:3: files.x: title is missing")
    assert found[2].startswith(f"b.yaml:{count + 1}:7: files.x.titel: unknown property")
    assert found[3].startswith(f"c.yaml:{count + 1}:3: files.f7: this key is there already, at b.")


def test_a_mistake_in_one_large_file_stands_on_its_line(folder: Any) -> None:
    text = large("  x: {titel: X}\n")
    with pytest.raises(CatalogError) as caught:
        folder.load(text)
    line = (folder.path / "catalog.yaml").read_text().count("\n")
    assert f"catalog.yaml:{line}:7: files.x.titel" in str(caught.value)


class TestWorkers:
    TEXT = b"files: {a: {title: A}}"

    def test_answer_in_the_order_of_what_was_asked(self) -> None:
        texts = [(n, f"files: {{k{n}: {{title: T}}}}".encode()) for n in range(30)]
        texts.insert(3, (100, None))
        texts.insert(5, (101, b"files: {a: {}}"))
        with Workers() as workers:
            told = list(workers.read(texts))
        assert [item for item, _ in told] == [item for item, _ in texts]
        assert [item for item, read in told if read is None] == [100, 101]
        assert told[0][1] is not None
        assert told[0][1].entries == {"k0": {"title": "T"}}
        assert told[0][1].spots == {"k0": (1, 9)}

    def test_one_that_is_killed_takes_one_text_with_it(self) -> None:
        with Workers() as workers:
            assert [read is None for _, read in workers.read([(0, self.TEXT)])] == [False]
            for process in workers._started:
                process.kill()
                process.wait()
            again = [read is None for _, read in workers.read([(n, self.TEXT) for n in range(20)])]
            assert sum(again) <= len(workers._started)
            assert not again[-1]

    def test_are_told_no_secret_and_are_gone_afterwards(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", "a-secret-token")
        with Workers() as workers:
            list(workers.read([(0, self.TEXT)]))
            (process,) = workers._started
            told = Path(f"/proc/{process.pid}/environ")
            if told.exists():
                assert b"a-secret-token" not in told.read_bytes()
        assert process.returncode is not None

    def test_where_there_can_be_none_nothing_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.executable", os.devnull)
        with Workers() as workers:
            assert list(workers.read([(0, self.TEXT)])) == [(0, None)]

    def test_what_comes_in_the_way_of_their_answers_is_no_answer(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """As where something that is installed says hello whenever Python starts."""
        for hello in ("hello", "\N{WAVING HAND SIGN} hello"):
            tmp_path.joinpath("sitecustomize.py").write_text(f"print({hello!r})\n", "utf-8")
            monkeypatch.setenv("PYTHONPATH", str(tmp_path))
            with Workers() as workers:
                assert list(workers.read([(0, self.TEXT)])) == [(0, None)]

    def test_where_no_thread_can_be_started_nothing_is_read(self) -> None:
        before = threading.stack_size(1 << 46)
        try:
            with Workers() as workers:
                assert list(workers.read([(0, self.TEXT)])) == [(0, None)]
        finally:
            threading.stack_size(before)

    def test_they_import_what_the_one_that_started_them_does(self, tmp_path: Path) -> None:
        """One that is isolated from its surroundings has workers that are; and what it has put on
        its path is on theirs."""
        program = """
import sys
sys.path.insert(0, sys.argv[1])
from reconciler.catalog.workers import Workers
with Workers() as workers:
    ((_, read),) = workers.read([(0, b"files: {a: {title: A}}")])
sys.exit(read is None)
"""
        told = tmp_path / "told"
        planted = f"open({str(told)!r}, 'w')\n"
        tmp_path.joinpath("sitecustomize.py").write_text(planted)
        root = str(Path(reconciler.__file__).parent.parent)
        ended = subprocess.run(
            [sys.executable, "-I", "-c", program, root],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            check=False,
        )
        assert ended.returncode == 0
        assert not told.exists()
