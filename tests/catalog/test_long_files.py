"""T13: files that are long and wrong everywhere cost what they are long, and no more: read in the
square of it, each of these would take minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "version: 1\ncatalog: x\nbuckets: {b: {id: 1}, BUCKETS}\ndefaults: {bucket: b}\ninclude: ["
PATIENCE = 40
"""Seconds, of which each takes about one."""


def wrong_rows(count: int) -> str:
    return "key,title,protect\n" + "".join(f"k{n},t,maybe\n" for n in range(count))


def wrong_columns(count: int) -> str:
    return ",".join(["key", *(f"user_d.x{n}" for n in range(count))]) + "\n"


def repeated_names(count: int) -> str:
    names = [f"n{n}" for n in range(count)]
    values = ",".join(f'"{name}":1' for name in [*names, names[-1]])
    return f'{{"key":"k","title":"t","user_defined":{{{values}}}}}\n'


def much_alike(count: int) -> str:
    """Each takes a millisecond to compare with each of the buckets."""
    return "".join(f'{{"key":"k{n}","title":"t","bucket":"{"ab" * 20}"}}\n' for n in range(count))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("rows.csv", wrong_rows(40_000), "40,000 problems"),
        ("columns.csv", wrong_columns(20_000), "20,000 problems"),
        ("names.jsonl", repeated_names(200_000), "n199999"),
        ("buckets.jsonl", much_alike(3_000), "3,000 problems"),
    ],
    ids=["wrong cells", "unknown columns", "repeated names", "words that are much alike"],
)
def test_is_refused_soon(tmp_path: Path, name: str, text: str, said: str) -> None:
    buckets = ", ".join(f"{'ba' * 20}{n}: {{id: {n + 2}}}" for n in range(200))
    head = HEAD.replace("BUCKETS", buckets)
    (tmp_path / "catalog.yaml").write_text(f"{head}{json.dumps(name)}]\n", "utf-8")
    (tmp_path / name).write_text(text, "utf-8")
    # Not measured: that takes four times as long.
    env = {name: item for name, item in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
