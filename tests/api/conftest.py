"""Clients of the api, on a clock of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
import trustme

from reconciler.api import WriteClient
from reconciler.api.pace import Pace
from reconciler.api.transport import Transport
from reconciler.core.model import Bucket
from tests.apply.fake_clock import FakeClock

BUCKETS = {"spots": Bucket("spots", 8891), "archive": Bucket("archive", 8892)}


@dataclass
class Watched:
    """A request that writes, as whoever asks for it follows it: what it was told, in order."""

    told: list[tuple[str, int | None]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """What happens each time before it goes out."""
    meanwhile: Callable[[], None] = lambda: None
    """What happens at each piece of an upload."""
    known: list[bool] = field(default_factory=list)
    """Of each of its attempts, whether its end says what it did."""

    def waits(self) -> None:
        pass

    def goes(self) -> None:
        self.told.append(("goes", None))
        self.before()

    def sent(self, size: int) -> None:
        self.told.append(("sent", size))
        self.meanwhile()

    def ended(self, status: int | None, *, known: bool) -> None:
        self.told.append(("ended", status))
        self.known.append(known)

    @property
    def bytes(self) -> int:
        """How many bytes of an upload it has been told of, on the whole."""
        return sum(size or 0 for what, size in self.told if what == "sent")

    @property
    def ends(self) -> list[int | None]:
        """How each of its attempts ended."""
        return [status for what, status in self.told if what == "ended"]


class MakeClient(Protocol):
    """Makes a client for a base URL."""

    def __call__(self, base_url: str, **options: Any) -> WriteClient: ...


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Vouches for whatever a test wants it to."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where its certificate lies, for those who trust it."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose time is not that of HTTP."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transport(clock: FakeClock) -> Iterator[Callable[..., Transport]]:
    """Makes a transport for a base URL; all are closed in the end."""
    with ExitStack() as stack:

        def make(base_url: str, **options: Any) -> Transport:
            how = {"token": "secret", "clock": clock, "connections": 4, **options}
            return stack.enter_context(closing(Transport(base_url=base_url, **how)))

        yield make


@pytest.fixture
def client(clock: FakeClock, transport: Callable[..., Transport]) -> MakeClient:
    """The options are the product's."""

    def make(base_url: str, **options: Any) -> WriteClient:
        of_client = {"buckets", "max_rps", "concurrency", "counter"}
        of_transport = {name: options[name] for name in options.keys() - of_client}
        return WriteClient(
            buckets=options.get("buckets", BUCKETS),
            counter=options.get("counter"),
            transport=transport(base_url, **of_transport),
            pace=Pace(clock, options.get("max_rps")),
            clock=clock,
            concurrency=options.get("concurrency", 4),
        )

    return make
