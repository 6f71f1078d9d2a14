"""The straight line, for the commands and for Python programs: load, read, plan.

loaded = load(Path("catalog.yaml"))
desired = loaded.desired
with connected(desired.base_url, desired.buckets, Connection(token=token)) as service:
    plan = make_plan(desired, read_live(service), Options())

Or without a token, from what somebody who has one wrote down:

    write_snapshot(Path("live.json"), read_live(service), taken_at=began)
    live = read_snapshot(Path("live.json"), desired, now=time.time())
    plan = make_plan(desired, live, Options())

Or what was edited live, back into the catalogue's files:

    pull = what_to_pull(desired, live, ledger=ledger, asked=Asked(kinds=frozenset([Kind.ALL])))
    made = edition(Path("catalog.yaml"), desired, pull)
    write_edition(made)
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler import snapshot
from reconciler.catalog.base_url import DEFAULT as DEFAULT_BASE_URL
from reconciler.catalog.destination import NewCatalog
from reconciler.catalog.digests import Digests
from reconciler.catalog.exporting import exported_entries, exported_header, slug
from reconciler.catalog.loading import Loaded, load
from reconciler.catalog.pulling import Edition, edition, write_edition
from reconciler.catalog.scanning import Making, Scan, scan, write_scan
from reconciler.catalog.write import ExportedEntry
from reconciler.clock import SystemClock, WakingClock
from reconciler.core.diff import diff
from reconciler.core.directions import drift_of
from reconciler.core.drift import Drift
from reconciler.core.listing import Row, rows
from reconciler.core.model import Bucket, DesiredState, Json, LiveState
from reconciler.core.plan import Options, Plan
from reconciler.core.planner import differences_for, plan_of
from reconciler.core.ports import Clock, Reading
from reconciler.core.pull import Asked, Kind, Pull, RestOf, pull_of
from reconciler.errors import ServiceError
from reconciler.ledger import Place, remembered
from reconciler.shipped import schema
from reconciler.stages import stage

if TYPE_CHECKING:
    from reconciler.api import ReadClient, WriteClient
    from reconciler.api.counting import CallCounter
    from reconciler.api.dump import Memory
    from reconciler.api.transport import Transport

__all__ = [
    "Asked",
    "Connection",
    "Digests",
    "Edition",
    "Kind",
    "Loaded",
    "Making",
    "NewCatalog",
    "Options",
    "Plan",
    "Pull",
    "Scan",
    "connected",
    "connected_for_writing",
    "edition",
    "export_bucket",
    "find_drift",
    "list_entries",
    "load",
    "make_plan",
    "read_live",
    "read_live_by_dump",
    "read_snapshot",
    "reading_ahead",
    "scan",
    "what_to_pull",
    "write_edition",
    "write_scan",
    "write_snapshot",
]


Client = TypeVar("Client", bound="ReadClient")


@dataclass(frozen=True, slots=True)
class Connection:
    """How the service is reached."""

    token: str = field(repr=False)
    concurrency: int = 8
    max_rps: float | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    clock: Clock = field(default_factory=SystemClock)
    counter: "CallCounter | None" = None
    """Is told of every request, for whoever wants to know."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A bucket as a catalogue, for `reconciler.catalog.write`."""

    header: Mapping[str, Json]
    entries: tuple[ExportedEntry, ...]
    left_out: int
    """Files that carry a mark, or whose user_defined cannot be read."""


@contextmanager
def connected(
    base_url: str, buckets: Mapping[str, Bucket], connection: Connection
) -> Iterator["ReadClient"]:
    """The service, read only: what this yields has no method that writes.

    Raises `UsageError` where the token must not go to the base URL: it is no address of https,
    nor one of http on this machine. `TokenRefused` where the token cannot be one.
    """
    from reconciler.api import ReadClient

    with _transport(base_url, connection) as transport:
        yield _client(ReadClient, buckets, connection, transport)


@contextmanager
def connected_for_writing(
    base_url: str, buckets: Mapping[str, Bucket], connection: Connection
) -> Iterator["WriteClient"]:
    """The service, to read and to write. Raises as `connected`."""
    from reconciler.api import WriteClient

    with _transport(base_url, connection) as transport:
        yield _client(WriteClient, buckets, connection, transport)


@contextmanager
def reading_ahead(
    base_url: str, buckets: Mapping[str, Bucket], connection: Connection
) -> Iterator[Future[LiveState]]:
    """What the service has, read while something else is done; who leaves early ends it, and
    waits for no answer, and for no pause that the service asks for. Raises as `connected`."""
    clock = WakingClock()
    with (
        connected(base_url, buckets, replace(connection, clock=clock)) as service,
        ThreadPoolExecutor(1) as thread,
    ):
        try:
            yield thread.submit(service.read_live)
        finally:
            service.give_up()
            clock.wake()


def read_live(service: Reading) -> LiveState:
    """What the service has in the catalogue's buckets."""
    with stage("list"):
        return service.read_live()


def read_live_by_dump(
    service: "ReadClient", memory: "Memory", tell: Callable[[str], None]
) -> LiveState:
    """The same, from the service's own dumps of the buckets, of which it makes one a day: `memory`
    knows which were asked for (`reconciler.asked.AskedDumps`). Where there is none, or it is not
    proved to be the whole bucket now, the bucket is listed, and `tell` is told why."""
    with stage("list"):
        return service.read_live_by_dump(memory, tell)


def write_snapshot(path: Path, live: LiveState, *, taken_at: float) -> None:
    """Write down what the service has, for who plans without a token: every title and all
    user_defined, and no token. `taken_at`: when its reading began, in seconds since 1970.

    Raises `SnapshotError` where it cannot be written, or comes from a snapshot itself.
    """
    with stage("write"):
        snapshot.write_snapshot(path, live, taken_at=taken_at)


def read_snapshot(
    path: Path, desired: DesiredState, *, now: float, max_age: float = snapshot.WEEK
) -> LiveState:
    """What a snapshot says of the catalogue's buckets. `now`: in seconds since 1970; `max_age`: at
    how many seconds it is too old. A plan of it says so, and is never applied.

    Raises `SnapshotError` where a byte was changed since it was written, where it is too old or
    from the future, of another host than the catalogue's, or lacks one of its buckets.
    """
    with stage("list"):
        form = schema("snapshot.schema.json")
        return snapshot.read_snapshot(path, form, desired, now=now, max_age=max_age)


def make_plan(desired: DesiredState, live: LiveState, options: Options) -> Plan:
    """What must be done for the live state to become the desired one, and what forbids it."""
    with stage("diff"):
        differences = differences_for(desired, live, options)
    with stage("plan"):
        return plan_of(differences, desired, live, options)


def list_entries(desired: DesiredState, live: LiveState) -> tuple[Row, ...]:
    """Every entry with its file."""
    with stage("diff"):
        return rows(desired, live, diff(desired, live))


def find_drift(
    desired: DesiredState,
    live: LiveState,
    *,
    ledger: Place,
    only: tuple[str, ...] = (),
    unmanaged: bool = False,
) -> Drift:
    """What is not as it should be, and on which side it changed, as far as the ledger knows.

    Raises `ServiceError` where a listing is not proved complete, `LedgerError`.
    """
    _check_complete(live)
    memory = remembered(ledger, desired.names, live.origin)
    with stage("diff"):
        differences = differences_for(desired, live, Options(only=only))
    drift = drift_of(
        differences,
        memory.last.get,
        begun=memory.begun.get,
        compare=desired.rules.compare,
        unmanaged=unmanaged,
    )
    outside = live.buckets.keys() - desired.trashes
    files = sum(len(live.buckets[name].files) for name in outside)
    return replace(drift, files=files, only=only, recalled=memory.recalled)


def what_to_pull(
    desired: DesiredState,
    live: LiveState,
    *,
    ledger: Place,
    asked: Asked,
    rest_of: RestOf = lambda item: item,
) -> Pull:
    """What of the drift is to be written back into the catalogue. `edition` makes its files of it.
    `rest_of`: what of it no baseline accepts (`reconciler.core.baseline`).

    Raises `ServiceError` where a listing is not proved complete, `LedgerError`.
    """
    _check_complete(live)
    memory = remembered(ledger, desired.names, live.origin)
    with stage("diff"):
        return pull_of(
            desired, live, memory.last.get, asked, begun=memory.begun.get, rest_of=rest_of
        )


def export_bucket(
    base_url: str, bucket_id: int, connection: Connection, *, name: str | None = None
) -> Exported:
    """A catalogue of what a bucket has, each file pinned by its acr_id."""
    with connected(base_url, {"": Bucket("", bucket_id)}, connection) as service:
        bucket = slug(service.bucket_name("")) or f"bucket-{bucket_id}"
    buckets = {bucket: Bucket(bucket, bucket_id)}
    with connected(base_url, buckets, connection) as service:
        live = read_live(service)
    _check_complete(live)
    desired = DesiredState(name or bucket, "", base_url, buckets, {}, {})
    entries, left_out = exported_entries(live.buckets[bucket].files, desired)
    return Exported(exported_header(desired, DEFAULT_BASE_URL), tuple(entries), left_out)


def _check_complete(live: LiveState) -> None:
    for name, bucket in sorted(live.buckets.items()):
        if bucket.incomplete is not None:
            raise ServiceError(
                f"listing bucket {name} ({bucket.id}): it is not proved complete: "
                f"{bucket.incomplete}; try again"
            )


def _transport(base_url: str, connection: Connection) -> AbstractContextManager["Transport"]:
    from reconciler.api.transport import Transport

    return closing(
        Transport(
            base_url=base_url,
            token=connection.token,
            clock=connection.clock,
            connections=connection.concurrency,
            proxies=connection.proxies,
            ca_bundle=connection.ca_bundle,
        )
    )


def _client(
    kind: type[Client],
    buckets: Mapping[str, Bucket],
    connection: Connection,
    transport: "Transport",
) -> Client:
    from reconciler.api.pace import Pace

    return kind(
        buckets=buckets,
        transport=transport,
        pace=Pace(connection.clock, connection.max_rps),
        clock=connection.clock,
        concurrency=connection.concurrency,
        counter=connection.counter,
    )
