"""The whole product against a service of which nobody knows how it behaves: a catalogue is loaded,
planned and applied under every pair of the sandbox's quirks.

One story holds every kind of change, and files that are none of the catalogue's business. Time is
a value here: the product's clock and the sandbox's are one, which goes where the product sleeps.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
import wave
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app import (
    Connection,
    Options,
    connected_for_writing,
    load,
    make_plan,
    read_live,
)
from reconciler.apply import Halt, Settings, Silent
from reconciler.applying import Finished, Run, apply_plan, locked_for, work_of
from reconciler.core.plan import Change, Create, Delete, Move, Plan, Update
from reconciler.ledger import read_records
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.api import WriteClient
    from reconciler.core.model import DesiredState
    from reconciler.sandbox.console import Sandbox
    from reconciler.sandbox.records import Mutation

# Every pair of values, in few rows.

VALUES: dict[str, tuple[Any, ...]] = {
    **Quirks.choices(),
    "max_per_page": (1000, 2, 3),
    "read_lag": (0.0, 1.5),
}

Row = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]


def pairs_of(row: Mapping[str, Any]) -> set[Pair]:
    """The pairs of values that stand together in a row."""
    return set(combinations(sorted(row.items()), 2))


def every_pair(values: Mapping[str, Sequence[Any]]) -> set[Pair]:
    """All pairs of values of two different quirks."""
    return {
        ((one, a), (two, b))
        for one, two in combinations(sorted(values), 2)
        for a in values[one]
        for b in values[two]
    }


def all_pairs(values: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Rows in which every pair stands at least once: each begins with a pair that is still
    missing, and takes of every other quirk the value that adds the most."""
    missing = every_pair(values)
    rows: list[Row] = []
    while missing:
        row: Row = dict(min(missing, key=repr))
        for name in sorted(values, key=lambda name: (-len(values[name]), name)):
            if name not in row:
                row[name] = max(
                    values[name], key=lambda value: len(pairs_of({**row, name: value}) & missing)
                )
        missing -= pairs_of(row)
        rows.append(row)
    return rows


ROWS = [{}, *all_pairs(VALUES)]


def named(row: Row) -> str:
    usual = Quirks()
    unusual = [f"{name}={row[name]}" for name in sorted(row) if row[name] != getattr(usual, name)]
    return ",".join(unusual) or "usual"


class TestTheRows:
    def test_hold_every_pair(self) -> None:
        held = set().union(*map(pairs_of, ROWS))
        assert held == every_pair(VALUES)

    def test_are_few(self) -> None:
        two_largest = sorted(map(len, VALUES.values()))[-2:]
        assert len(ROWS) <= 2 * two_largest[0] * two_largest[1]

    def test_name_every_quirk(self) -> None:
        assert set(VALUES) == set(Quirks.__slots__)

    @pytest.mark.parametrize(
        "values",
        [
            {"a": (1, 2)},
            {"a": (1, 2), "b": (1, 2)},
            {"a": (1, 2, 3), "b": ("x", "y"), "c": (True,), "d": (0, 1, 2, 3)},
        ],
        ids=["one", "two", "four"],
    )
    def test_the_algorithm_covers_what_it_is_given(self, values: dict[str, Any]) -> None:
        rows = all_pairs(values)
        assert set().union(*map(pairs_of, rows)) == every_pair(values)
        assert all(set(row) == set(values) for row in rows)


# The story.

SPOTS, ARCHIVE = 8891, 8892

CATALOG = """\
version: 1
catalog: radio-ads
buckets:
  spots: {id: 8891}
  archive: {id: 8892}
limits: {max_update_percent: null, max_delete_percent: null}
defaults:
  bucket: spots
  user_defined: {label: Acme Media}
files:
  new-audio:
    title: "  Cafe\\u0301 — 30s "
    source: {audio: audio/new.wav}
    user_defined: {artist: Acme, year: 1979, isrc: 00123, nested: {mix: [1, 2.5, "x"], on: true}}
  new-url:
    title: From a URL
    source: {audio_url: https://cdn.example.com/spot.mp3?signature=secret}
  new-acrid:
    title: From an acrid
    source: {acrid: 0123456789abcdef0123456789abcdef}
    user_defined: {}
  drifted:
    title: New title
    user_defined: {year: 1980, nested: {mix: [1, 2, {deep: 3.5}], on: true}, gain: -0.5}
  moved:
    title: Moved
    bucket: archive
    user_defined: {season: winter}
  replaced:
    title: Replaced
    source: {audio: audio/replaced.wav}
    user_defined: {year: 2001}
  adopted:
    title: Adopted
    acr_id: 6d3e17559677cd79ecb0b7cd2c79bea0
  same:
    title: Café
    user_defined: {count: 8, ratio: 1.0, label: null}
"""

WANTED: dict[str, tuple[int, str, dict[str, Any]]] = {
    "new-audio": (
        SPOTS,
        "Café — 30s",
        {
            "label": "Acme Media",
            "artist": "Acme",
            "year": 1979,
            "isrc": "00123",
            "nested": {"mix": [1, 2.5, "x"], "on": True},
        },
    ),
    "new-url": (SPOTS, "From a URL", {"label": "Acme Media"}),
    "new-acrid": (SPOTS, "From an acrid", {}),
    "drifted": (
        SPOTS,
        "New title",
        {
            "label": "Acme Media",
            "year": 1980,
            "nested": {"mix": [1, 2, {"deep": 3.5}], "on": True},
            "gain": -0.5,
        },
    ),
    "moved": (ARCHIVE, "Moved", {"label": "Acme Media", "season": "winter"}),
    "replaced": (
        SPOTS,
        "Replaced",
        {"label": "Acme Media", "year": 2001, "from": "ucf", "played_duration": 8},
    ),
    "adopted": (SPOTS, "Adopted", {"label": "Acme Media"}),
    "same": (SPOTS, "Café", {"count": 8, "ratio": 1.0}),
}
"""What must be there in the end, beside the marks."""


def wav(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(bytes(16000 * seconds))
    return out.getvalue()


@dataclass
class Story:
    """The catalogue, the service, and what was there before."""

    sandbox: Sandbox
    service: WriteClient
    desired: DesiredState
    clock: FakeClock
    folder: Path
    ids: Mapping[str, int]
    bystanders: Mapping[int, dict[str, Any]]
    """Files that are none of the catalogue's business, as they truly are."""

    def plan(self) -> Plan:
        return make_plan(self.desired, read_live(self.service), Options())

    def apply(self, plan: Plan) -> Finished:
        ledger, locks = self.folder / "ledger.jsonl", self.folder / "locks"
        run = Run(f"run at {self.clock.now()}", ledger, locks, Settings(), {"actor": "a test"})
        with locked_for(run, self.desired, "a test"):
            return apply_plan(
                work_of(plan),
                desired=self.desired,
                service=self.service,
                run=run,
                clock=self.clock,
                halt=Halt(self.clock),
                progress=Silent(),
            )

    def owned(self) -> dict[str, dict[str, Any]]:
        """The files with a mark of the catalogue, by its key."""
        found: dict[str, dict[str, Any]] = {}
        for file in self.sandbox.files():
            catalog, _, key = str(marks(file).get("catalog_key", "")).partition("/")
            if catalog == "radio-ads":
                assert key not in found, f"two files have the mark of {key}"
                found[key] = file
        return found


@contextmanager
def story(folder: Path, **quirks: Any) -> Iterator[Story]:
    """The catalogue and its files on disk, and a service where something of it is already."""
    audio = folder / "audio"
    audio.mkdir()
    (audio / "new.wav").write_bytes(wav(1))
    (audio / "replaced.wav").write_bytes(wav(2))
    (folder / "catalog.yaml").write_text(CATALOG, "utf-8")
    clock = FakeClock()
    with running(quirks=Quirks(**quirks), clock=clock) as sandbox:
        sandbox.add_bucket("spots", id=SPOTS)
        sandbox.add_bucket("archive", id=ARCHIVE)
        ids, bystanders = there_before(sandbox)
        clock.sleep(60)
        desired = load(folder / "catalog.yaml", environment_base_url=sandbox.url).desired
        connection = Connection(token="a-token-of-some-length", clock=clock)
        with connected_for_writing(desired.base_url, desired.buckets, connection) as service:
            yield Story(sandbox, service, desired, clock, folder, ids, bystanders)


def there_before(sandbox: Sandbox) -> tuple[dict[str, int], dict[int, dict[str, Any]]]:
    """Fills the buckets: the ids of what the catalogue is about, and all that it is not."""

    def add(bucket: int, title: str, user_defined: Any, **fields: Any) -> dict[str, Any]:
        return sandbox.add_file(bucket, title=title, user_defined=user_defined, **fields)

    def marked(key: str, **more: Any) -> dict[str, Any]:
        return {"catalog_key": f"radio-ads/{key}", **more}

    strange = {"year": 7, "empty": {}, "none": None, "list": [], "deep": {"a": [{"b": 1.5}]}}
    bystanders = [
        add(SPOTS, "  Foreign\u0301 ", strange),
        add(SPOTS, "Nothing", {}),
        add(SPOTS, "A string", "not an object"),
        add(ARCHIVE, "Another's", {"catalog_key": "other-catalogue/drifted"}),
        add(ARCHIVE, "Broken", {"x": "1"}, state=-1),
    ]
    ours = {
        "drifted": add(
            SPOTS,
            "Old title",
            marked("drifted", year=1979, nested={"mix": [1]}, gone="x", gone_too={"a": [1]}),
        ),
        "moved": add(SPOTS, "Moved", marked("moved", season="summer", label="Acme Media")),
        "replaced": add(
            ARCHIVE,
            "Replaced",
            marked(
                "replaced",
                catalog_source="sha256:0000000000000000",
                played_duration=8,
                year=2000,
                **{"from": "ucf"},
            ),
        ),
        "orphan": add(SPOTS, "Orphan", marked("nobody", catalog_source="sha256:00000000000000aa")),
        "adopted": add(SPOTS, "Adopted", {}, acr_id="6d3e17559677cd79ecb0b7cd2c79bea0"),
        "same": add(SPOTS, "Cafe\u0301 ", marked("same", count="8", ratio=1)),
    }
    ids = {name: file["id"] for name, file in ours.items()}
    return ids, {file["id"]: file for file in bystanders}


def marks(file: Mapping[str, Any]) -> Mapping[str, Any]:
    values = file["user_defined"]
    return values if isinstance(values, dict) else {}


def as_shown(value: Any) -> Any:
    """Numbers as their text, which is how some services keep them; nothing for what is null."""
    match value:
        case dict():
            return {key: as_shown(item) for key, item in value.items() if item is not None}
        case list():
            return [as_shown(item) for item in value]
        case bool():
            return value
        case int() | float():
            return f"{value:g}"
        case _:
            return value


def planned(plan: Plan) -> Counter[tuple[str, str]]:
    """What a plan does, by verb and by the file's acr_id, or the key of a new file."""

    def name(change: Change) -> tuple[str, str]:
        match change:
            case Create():
                return "create", change.key
            case Move():
                return "move", change.acr_id
            case Update():
                return "update", change.acr_id
            case Delete():
                return "delete", str(change.file_id)

    return Counter(map(name, plan.changes))


def done(story: Story) -> Counter[tuple[str, str]]:
    """What was done to the service, in the same words."""

    def names(mutation: Mutation) -> Iterator[tuple[str, str]]:
        for file_id in mutation.ids:
            if mutation.what == "delete":
                yield "delete", str(file_id)
                continue
            file = story.sandbox.file(file_id)
            if mutation.what == "update" and file is None:
                raise AssertionError(f"file {file_id} was updated, and is gone")
            assert file is not None
            key = str(marks(file)["catalog_key"]).partition("/")[2]
            yield mutation.what, key if mutation.what == "create" else file["acr_id"]

    return Counter(name for mutation in story.sandbox.mutations for name in names(mutation))


@pytest.mark.parametrize("quirks", ROWS, ids=named)
def test_apply_converges_whatever_the_service_is_like(quirks: Row, tmp_path: Path) -> None:
    with story(tmp_path, **quirks) as told:
        plan = told.plan()
        assert planned_verbs(plan) == {
            "create": ["new-acrid", "new-audio", "new-url", "replaced"],
            "move": ["moved"],
            "update": ["adopted", "drifted", "moved"],
            "delete": ["nobody", "replaced"],
        }

        finished = told.apply(plan)
        assert finished.report.fatal is None
        assert {change: type(o).__name__ for change, o in finished.report.outcomes.items()} == {
            change.id: "Applied" for change in plan.changes
        }, finished.report.outcomes
        assert finished.converged

        everything_is_as_wanted(told)
        nothing_else_was_touched(told, plan)
        the_ledger_says_so(told, plan)

        told.sandbox.forget()
        again = told.plan()
        assert again.changes == ()
        assert told.apply(again).converged
        assert told.sandbox.mutations == []
        assert {request.method for request in told.sandbox.requests} == {"GET"}


def planned_verbs(plan: Plan) -> dict[str, list[str]]:
    verbs: dict[str, list[str]] = {}
    for change in plan.changes:
        verbs.setdefault(type(change).__name__.lower(), []).append(str(change.key))
    return {verb: sorted(keys) for verb, keys in verbs.items()}


def everything_is_as_wanted(told: Story) -> None:
    """Judged by the truth, and by nothing that the product has in it."""
    owned = told.owned()
    assert set(owned) == set(WANTED)
    for key, (bucket, title, values) in WANTED.items():
        file = owned[key]
        assert file["bucket_id"] == bucket, key
        assert unicodedata.normalize("NFC", file["title"]).strip() == title, key
        unmarked = {
            name: item for name, item in marks(file).items() if not name.startswith("catalog_")
        }
        assert as_shown(unmarked) == as_shown(values), key
    for key, name in (("new-audio", "new.wav"), ("replaced", "replaced.wav")):
        digest = hashlib.sha256((told.folder / "audio" / name).read_bytes()).hexdigest()
        assert owned[key]["sha256"] == digest
        assert marks(owned[key])["catalog_source"] == f"sha256:{digest[:16]}"
    assert owned["adopted"]["id"] == told.ids["adopted"]
    assert owned["drifted"]["id"] == told.ids["drifted"]
    assert told.sandbox.file(told.ids["replaced"]) is None
    assert told.sandbox.file(told.ids["orphan"]) is None


def nothing_else_was_touched(told: Story, plan: Plan) -> None:
    for file_id, before in told.bystanders.items():
        assert told.sandbox.file(file_id) == before
    twice = Counter(done(told)) - planned(plan)
    # Where PUT merges, a key is taken away by a second PUT of the same file.
    assert set(twice) <= {("update", told.owned()[key]["acr_id"]) for key in ("drifted", "moved")}
    assert not planned(plan) - done(told)


def the_ledger_says_so(told: Story, plan: Plan) -> None:
    """Every change began before it ended, and the chain holds."""
    began: list[str] = []
    ended: dict[str, str] = {}
    for record in read_records(told.folder / "ledger.jsonl"):
        if record["kind"] == "change.began":
            began.append(record["id"])
        elif record["kind"] == "change.ended":
            assert record["id"] in began
            ended[record["id"]] = record["outcome"]
    assert sorted(began) == sorted(change.id for change in plan.changes)
    assert ended == {change.id: "applied" for change in plan.changes}
