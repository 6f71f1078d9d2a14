"""A small world in one process: the product as it is, its ledger on disk, and the sandbox behind a
front that plays faults. Runs may die at any point; time passes only where somebody sleeps.

The catalogue and what others do to the service may change between runs. `is_sound` says what must
be true at any moment, whatever happened: it knows the truth from the sandbox, and what a ledger is
from its documentation, and asks the product for nothing but the plans that it made.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.app import (
    Connection,
    Options,
    Plan,
    connected,
    connected_for_writing,
    load,
    make_plan,
    read_live,
)
from reconciler.apply import Halt, Silent
from reconciler.applying import (
    Finished,
    Run,
    Settings,
    apply_plan,
    locked_for,
    work_of,
    work_of_reviewed,
)
from reconciler.core.aim import Aim
from reconciler.core.plan import Create
from reconciler.errors import ReconcilerError
from reconciler.sandbox.faults import playing
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.apply.fake_clock import FakeClock
from tests.crashing.points import Crash, Mode, Points

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from reconciler.core.plan import Change
    from reconciler.sandbox.console import Sandbox
    from reconciler.sandbox.faults import AnyRule, Front

BUCKETS = {"spots": 8891, "archive": 8892}
BIN = 8893
"""The trash of both, in worlds that have one."""
CATALOG = "radio-ads"
IGNORED = ("from", "ucf_id", "played_duration")
"""What others write into `user_defined`, and the catalogue leaves alone."""
TOKEN = "a-token-of-the-simulation"


@dataclass(frozen=True)
class Wanted:
    """One entry: what should be."""

    title: str
    bucket: str = "spots"
    source: str | None = None
    """A digit: the ACRCloud id that is 32 times this digit."""
    values: Mapping[str, Any] = field(default_factory=dict)
    was: tuple[str, ...] = ()
    protect: bool = False

    @property
    def digest(self) -> str | None:
        """As the mark says it."""
        return None if self.source is None else f"acrid:{self.source * 32}"

    def declared(self) -> dict[str, Any]:
        """As the catalogue says it."""
        said: dict[str, Any] = {"title": self.title, "bucket": self.bucket}
        if self.source is not None:
            said["source"] = {"acrid": self.source * 32}
        if self.was:
            said["was"] = list(self.was)
        if self.protect:
            said["protect"] = True
        return {**said, "user_defined": dict(self.values)}


@dataclass(frozen=True)
class Host:
    """A machine from which the product is run: what it knows the service by is its token."""

    folder: Path
    token: str

    @property
    def ledger(self) -> Path:
        return self.folder / ".reconciler" / "ledger.jsonl"


Doing: TypeAlias = tuple[str, str]
"""A verb, and the key or the id of a file; of one that goes, the id."""


@dataclass(frozen=True)
class Died:
    """The run died at this point."""

    at: str


@dataclass(frozen=True)
class Refused:
    """The run ended before anything was sent, or could be."""

    error: ReconcilerError


Ended: TypeAlias = Finished | Died | Refused


@dataclass(frozen=True)
class Service:
    """A running sandbox, the front before it, and the time in which both live."""

    sandbox: Sandbox
    front: Front
    clock: FakeClock


@contextmanager
def service(quirks: Quirks) -> Iterator[Service]:
    """One that many worlds may use, one after another."""
    clock = FakeClock()
    with running(quirks=quirks, clock=clock) as sandbox, playing(sandbox) as front:
        for name, number in BUCKETS.items():
            sandbox.add_bucket(name, id=number)
        sandbox.add_bucket("bin", id=BIN)
        yield Service(sandbox, front, clock)


class Services:
    """Services by their quirks, each made when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        """They live as long as the stack."""
        self._stack = stack
        self._services: dict[str, Service] = {}
        self._worlds = 0

    def world(self, folder: Path, quirk: str = "") -> World:
        """An empty world, in a folder of its own there."""
        if quirk not in self._services:
            made = service(Quirks.parse([quirk] if quirk else []))
            self._services[quirk] = self._stack.enter_context(made)
        self._worlds += 1
        return World(folder / f"world-{self._worlds}", self._services[quirk])


class World:
    """One catalogue, one service, and the ledger between them; and, for those who want it, a
    second machine that shares the catalogue, and has a ledger of its own."""

    def __init__(self, folder: Path, on: Service) -> None:
        """Everything that is on the service is forgotten."""
        self.sandbox, self.front, self.clock = on.sandbox, on.front, on.clock
        self.folder = folder
        self.here = Host(folder, TOKEN)
        self.elsewhere = Host(folder / "elsewhere", f"{TOKEN}-elsewhere")
        self.ledger = self.here.ledger
        self.entries: dict[str, Wanted] = {}
        self.absent: set[str] = set()
        """Keys whose files must not exist."""
        self.trash = False
        """Whether files go to the trash instead of being deleted."""
        self.limits: dict[str, int | None] = {
            "max_update_percent": None,
            "max_delete_percent": None,
        }
        self.watching: tuple[AnyRule, ...] = ()
        """Rules that are played in every run, before its own."""
        self._points: Points | None = None
        self.runs = 0
        self.planned: set[Doing] = set()
        """All that any plan of any run has named."""
        self.made: Counter[tuple[str, str]] = Counter()
        """How often a file was made for a key from a source."""
        self._seen = 0
        self.front.play()
        self.front.release()
        self.front.log.clear()
        self.clock.on_sleep = lambda: None
        self.clock.ahead = 0.0
        self.sandbox.delete(*(file["id"] for file in self.sandbox.files()))
        self.sandbox.forget()
        folder.mkdir(parents=True, exist_ok=True)

    # What others do.

    def add(self, key: str | None, title: str, bucket: str = "spots", **fields: Any) -> int:
        """Somebody has put a file there; with a mark of ours, where there is a key. Its id."""
        values = dict(fields.pop("values", {}))
        if key is not None:
            values["catalog_key"] = f"{CATALOG}/{key}"
        source = fields.pop("source", None)
        if source is not None:
            values["catalog_source"] = f"acrid:{source * 32}"
        made = self.sandbox.add_file(BUCKETS[bucket], title=title, user_defined=values, **fields)
        return int(made["id"])

    # What the product does.

    def plan(self) -> Plan:
        """What would be done now; of a service that is in order."""
        self._write_catalog()
        desired = load(self.folder / "catalog.yaml").desired
        connection = self._connection(self.here, 1)
        with connected(self.front.url, desired.buckets, connection) as reading:
            return make_plan(desired, read_live(reading), Options())

    def apply(
        self,
        *rules: AnyRule,
        die_at: int | None = None,
        mode: Mode = "kill",
        seed: int = 0,
        reviewed: Plan | None = None,
        concurrency: int = 1,
    ) -> tuple[Ended, list[str]]:
        """One run, while the front plays the rules; how it ended, and the points it passed."""
        self._write_catalog()
        self.front.play(*self.watching, *rules)
        points = Points(self.ledger, die_at=die_at, mode=mode, seed=seed, reads=True)
        self._points = points
        try:
            with points:
                ended: Ended = self._apply(self.here, reviewed, concurrency)
        except Crash:
            ended = Died(points.passed[-1])
        except ReconcilerError as error:
            ended = Refused(error)
        self.front.play()
        return ended, points.passed

    def apply_elsewhere(self) -> Ended:
        """One run of the other machine; also while one of this machine is under way, and then
        under its rules."""
        self._write_catalog()
        try:
            return self._apply(self.elsewhere, None, 1)
        except ReconcilerError as error:
            return Refused(error)

    def _apply(self, host: Host, reviewed: Plan | None, concurrency: int) -> Finished:
        desired = load(self.folder / "catalog.yaml").desired
        self.runs += 1
        run = Run(
            id=f"run-{self.runs}",
            ledger=host.ledger,
            locks=host.folder / "locks",
            settings=Settings(concurrency),
            about={},
        )
        with (
            locked_for(run, desired, "the simulation"),
            connected_for_writing(
                self.front.url, desired.buckets, self._connection(host, concurrency)
            ) as writing,
        ):
            live = read_live(writing)
            if reviewed is None:
                work = work_of(make_plan(desired, live, Options()))
            else:
                work = work_of_reviewed(reviewed, Aim(desired), live)
            self.planned.update(*map(_doings_of, work.changes))
            return apply_plan(
                work,
                desired=desired,
                service=writing,
                run=run,
                clock=self.clock,
                halt=Halt(self.clock),
                progress=Silent(),
            )

    def _connection(self, host: Host, concurrency: int) -> Connection:
        return Connection(token=host.token, concurrency=concurrency, clock=self.clock)

    def _write_catalog(self) -> None:
        buckets: dict[str, Any] = {name: {"id": number} for name, number in BUCKETS.items()}
        if self.trash:
            buckets = {name: {**bucket, "trash": "bin"} for name, bucket in buckets.items()}
            buckets["bin"] = {"id": BIN}
        said = {
            "version": 1,
            "catalog": CATALOG,
            "buckets": buckets,
            "limits": self.limits,
            "files": {
                **{key: entry.declared() for key, entry in self.entries.items()},
                **{key: {"absent": True} for key in sorted(self.absent)},
            },
        }
        (self.folder / "catalog.yaml").write_text(json.dumps(said), "utf-8")

    def on_disk(self, host: Host) -> bytes:
        """What a power cut would leave of a ledger, while this machine's run is under way; of the
        other's, what was written."""
        if host == self.here and self._points is not None:
            return self._points.durable
        return host.ledger.read_bytes() if host.ledger.exists() else b""

    # What must be true at any moment.

    def is_sound(self) -> None:
        """I2, I5, I6: nothing was done that no plan names, and nothing that is not on a ledger,
        whose chain holds. With a trash no file is lost."""
        began = self._began(self.here) | self._began(self.elsewhere)
        for mutation in self.sandbox.mutations[self._seen :]:
            assert not (self.trash and mutation.what == "delete"), f"{mutation.ids} are lost"
            for number in mutation.ids:
                doing = self._done(mutation.what, number)
                assert doing & self.planned, f"{doing} was done, and no plan says so"
                assert doing & began, f"{doing} was done, and is not on the ledger"
        self._seen = len(self.sandbox.mutations)

    def _done(self, what: str, number: int) -> set[Doing]:
        """By the names that it may have: a rename rewrites the key, and a move perhaps the id."""
        if what == "delete":
            return {(what, str(number))}
        file = self.sandbox.file(number)
        assert file is not None, f"file {number} is gone before anybody looked"
        key = str(file["user_defined"]["catalog_key"]).partition("/")[2]
        if what == "create":
            self.made[key, file["user_defined"].get("catalog_source", "")] += 1
            return {(what, key)}
        return {(what, key), (what, str(number))}

    def _began(self, host: Host) -> set[Doing]:
        before = "sha256:" + "0" * 64
        began: set[Doing] = set()
        data = host.ledger.read_bytes() if host.ledger.exists() else b""
        whole, _, _torn = data.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), start=1):
            record = json.loads(line)
            body, mark, _ = line.rpartition(b',"hash":')
            assert mark
            assert record["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
            assert (record["seq"], record["prev"]) == (number, before)
            before = record["hash"]
            if record["kind"] == "change.began":
                action = record["action"]
                began |= _doings(action, record["key"], record.get("file_id"))
        return began

    def owned(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The live files with a mark of ours, by key. What is in the trash is not live."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for file in self.sandbox.files():
            if file["bucket_id"] == BIN:
                continue
            catalog, _, key = str(file["user_defined"].get("catalog_key", "")).partition("/")
            if catalog == CATALOG:
                found[key].append(file)
        return found

    def ready(self) -> set[str]:
        """The keys that have a ready file."""
        return {
            key for key, files in self.owned().items() if any(file["state"] == 1 for file in files)
        }

    def is_as_wanted(self, keys: Collection[str] | None = None) -> None:
        """The truth is what the catalogue says; of these keys (None: of all)."""
        owned = self.owned()
        told = {*owned, *self.entries} if keys is None else keys
        for key in sorted(told):
            assert len(owned.get(key, ())) == (key in self.entries), f"{key} has {owned.get(key)}"
        for key, entry in self.entries.items():
            if key not in told:
                continue
            [file] = owned[key]
            values = file["user_defined"]
            shown = {
                name: value
                for name, value in values.items()
                if not name.startswith("catalog_") and name not in IGNORED and value is not None
            }
            digest = values.get("catalog_source") if entry.source is not None else None
            protect = values.get("catalog_protect") is not None
            assert (file["bucket_id"], file["title"], shown, digest, protect) == (
                BUCKETS[entry.bucket],
                entry.title,
                dict(entry.values),
                entry.digest,
                entry.protect,
            ), key


def _doings_of(change: Change) -> set[Doing]:
    file_id = None if isinstance(change, Create) else change.file_id
    return _doings(type(change).__name__.lower(), change.key, file_id)


def _doings(action: str, key: str | None, file_id: int | None) -> set[Doing]:
    names = {str(file_id)} if action == "delete" else {str(key), str(file_id)}
    return {(action, name) for name in names}
