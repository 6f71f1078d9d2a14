"""The data of the benchmarks are what they say."""

import sys
from pathlib import Path

import pytest

from benchmarks import data, peer
from benchmarks.data import Differing, Layout
from benchmarks.processes import Command, run
from benchmarks.serving import ROOT
from reconciler.app import load


@pytest.mark.parametrize("count", [1, 51, 200, 1000, 10_000])
def test_a_few_differ(count: int) -> None:
    made = list(data.pairs(Differing.FEW, count))
    creates = sum(live is None for _, live in made)
    deletes = sum(desired is None for desired, _ in made)
    updates = sum(None not in pair and pair[0] != pair[1] for pair in made)
    assert len(made) == count
    assert (creates, updates, deletes) == data.shares(count)


def test_the_shares_are_those_that_the_page_names() -> None:
    assert data.shares(10_000) == (50, 100, 50)


@pytest.mark.parametrize("layout", Layout)
def test_every_layout_is_the_same_catalogue(tmp_path: Path, layout: Layout) -> None:
    data.write_catalog(tmp_path, data.pairs(Differing.FEW, 400), layout)
    desired = load(tmp_path / "catalog.yaml").desired
    tracks = [track for track, _ in data.pairs(Differing.FEW, 400) if track is not None]
    assert {key: (entry.title, entry.user_defined) for key, entry in desired.entries.items()} == {
        track.key: (track.title, track.metadata()) for track in tracks
    }


def test_the_entries_go_into_files_of_10_000(tmp_path: Path) -> None:
    data.write_catalog(tmp_path, data.pairs(Differing.TITLES, 10_001), Layout.JSONL)
    parts = sorted((tmp_path / "tracks").iterdir())
    assert [len(part.read_text().splitlines()) for part in parts] == [10_000, 1]


def test_the_floor_finds_what_differs(tmp_path: Path) -> None:
    data.write_floor(tmp_path, data.pairs(Differing.FEW, 1000))
    inputs = [str(tmp_path / name) for name in ("desired.json", "live.json")]
    ended = run(Command((sys.executable, "-m", "benchmarks.floor", *inputs), ROOT))
    assert (ended.exit_code, ended.output) == (0, "(10, 5, 5)\n")


def test_the_peer_has_the_same_shares_in_sorted_zones_of_1_000(tmp_path: Path) -> None:
    peer.write(tmp_path, 2000)
    zones = sorted(path.name for path in (tmp_path / "desired").iterdir())
    assert zones == ["zone0.example.yaml", "zone1.example.yaml"]
    desired, live = (_records(tmp_path / side / zones[1]) for side in ("desired", "live"))
    assert list(desired) == sorted(desired)
    differing = {key for key in desired.keys() & live.keys() if desired[key] != live[key]}
    new, gone = desired.keys() - live.keys(), live.keys() - desired.keys()
    assert (len(new), len(differing), len(gone)) == data.shares(1000)


def test_the_plans_of_all_zones_are_added_up() -> None:
    output = "* Summary: Creates=5, Updates=10, Deletes=5, Existing=995, Meta=False\n" * 2
    assert peer.planned(output) == (10, 20, 10)


def _records(path: Path) -> dict[str, str]:
    """A zone's records, each as its text."""
    name, records = "", dict[str, str]()
    for line in path.read_text().splitlines()[1:]:
        if not line.startswith(" "):
            name = line
        records[name] = records.get(name, "") + line
    return records
