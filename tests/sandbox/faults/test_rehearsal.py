"""A rehearsal as people do it: `reconciler sandbox --faults`, and commands that run against it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import requests

from reconciler.sandbox.faults.profiles import PROFILES
from tests.end_to_end.conftest import TOKEN, Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADERS = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}
SEED = 2
HEAD = """
version: 1
catalog: radio-ads
buckets: {spots: {id: 8891}, archive: {id: 8892}}
defaults: {bucket: spots}
limits: {max_delete_percent: null, max_update_percent: null}
files:
"""


@dataclass
class Served:
    """A sandbox in a process: its address, and what it said on standard error at the end."""

    url: str
    said: str = ""

    def files(self, bucket: int) -> list[dict[str, Any]]:
        """The files of a bucket; to read is not disturbed by what these tests play."""
        url = f"{self.url}/api/buckets/{bucket}/files?per_page=1000"
        return list(requests.get(url, headers=HEADERS, timeout=10).json()["data"])


@contextmanager
def served(work: Workplace, *options: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", "--port", "0", *options],
        cwd=work.folder,
        env=work.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        server = Served(process.stdout.readline().split()[-1])
        yield server
        process.terminate()
        _, server.said = process.communicate(timeout=20)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def entry(number: int, *, title: str = "title", bucket: str = "spots") -> str:
    source = f"source: {{audio: audio/{number}.wav}}"
    return f"  ad-{number}: {{title: {title} {number}, bucket: {bucket}, {source}}}\n"


def converge(work: Workplace) -> list[int]:
    """Applies until nothing is left to do; how each of the runs ended."""
    codes: list[int] = []
    while 0 not in codes:
        codes.append(work.run("apply", "--yes", "--settle", "1s").code)
        assert set(codes) <= {0, 3}
        assert len(codes) < 5
    return codes


def test_f4_f5_lost_answers_end_in_what_the_catalogue_says_and_in_no_duplicates(
    tmp_path: Path,
) -> None:
    work = Workplace(tmp_path, "")
    for number in range(12):
        work.audio(f"audio/{number}.wav", level=number)
    work.catalog(HEAD + "".join(entry(number) for number in range(12)))
    (rule,) = PROFILES["lossy"].script(SEED)
    lost = [fault is not None for fault in islice(rule.turns(), 12)]
    assert sum(lost) >= 2  # so the creates alone lose so many answers
    options = ("--faults", "lossy", "--faults-seed", str(SEED))
    with served(work, "--seed", "catalog.yaml", "--ready-after", "0", *options) as server:
        work.env["RECONCILER_BASE_URL"] = server.url
        converge(work)
        titles = Counter(file["title"] for file in server.files(8891))
        assert titles == Counter(f"title {number}" for number in range(12))

        kept, moved = range(4), range(4, 8)
        entries = [entry(number, title="spot") for number in kept]
        entries += [entry(number, bucket="archive") for number in moved]
        work.catalog(HEAD + "".join(entries))
        converge(work)
        assert sorted(file["title"] for file in server.files(8891)) == [
            f"spot {number}" for number in kept
        ]
        assert sorted(file["title"] for file in server.files(8892)) == [
            f"title {number}" for number in moved
        ]
        assert work.run("plan", "--detailed-exitcode").code == 0
    ended = [record for record in work.ledger() if record["kind"] == "change.ended"]
    assert sum(record["status"] is None for record in ended) >= 1
    assert f"--faults lossy --faults-seed {SEED}" in server.said


def test_a_seed_that_is_made_up_is_said(tmp_path: Path) -> None:
    with served(Workplace(tmp_path, ""), "--faults", "chaos") as server:
        assert server.url.startswith("http://127.0.0.1:")
    assert re.search(r"--faults chaos --faults-seed \d+", server.said)
