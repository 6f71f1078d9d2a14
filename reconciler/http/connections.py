"""Connections to the service: each serves one request at a time, and tells the request's watch
of its socket.

`requests` shares its connections among all threads, and takes one back as soon as an answer is
read, before whoever asked knows. What cut a late request off could then hit another's. So there
are as many adapters as there may be requests at once, and each is one request's until it ends.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from reconciler.http.deadline import Deadlines, Watch
from reconciler.http.turns import Turns

_HOSTS = 8
"""How many hosts one adapter stays connected with: a template has one for each region."""

_watch: ContextVar[Watch] = ContextVar("watch")
"""Of the request that this thread is about: urllib3 has no way to hand it to a connection."""


class _Watched(HTTPConnection):
    """Tells of its socket before anything is sent, and again when it is used once more."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _watch.get().follow(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        watch = _watch.get()
        watch.follow(self.sock)
        watch.begin()
        # For sending, all the time that there is, and some, so that the watch comes first; each
        # read has a time-out of its own.
        self.sock.settimeout(watch.remaining() + 1)
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same, over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


MayReach = Callable[[str], bool]
"""Whether an IP address may be connected to."""


def _restricted(may_reach: MayReach) -> dict[str, type[HTTPConnectionPool]]:
    """Pools that connect to some addresses only, by https. A name that has another one too is
    not tried; what is connected to has the last word, since a name may change what it means."""

    def check(addresses: Iterable[str]) -> None:
        if not all(map(may_reach, addresses)):
            raise OSError("its name means an address that is not a public one")

    class Restricted(_WatchedTls):
        def _new_conn(self) -> socket.socket:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            check(str(address[0]) for *_, address in found)
            with ExitStack() as stack:
                made = stack.enter_context(super()._new_conn())
                check([made.getpeername()[0]])
                stack.pop_all()
            return made

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Restricted

    return {"https": Pool}


class _Adapter(HTTPAdapter):
    """One connection to each host. Nothing is ever sent twice: whether to is decided elsewhere."""

    def __init__(self, may_reach: MayReach | None) -> None:
        self._may_reach = may_reach
        super().__init__(pool_connections=_HOSTS, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = (
            _pools() if self._may_reach is None else _restricted(self._may_reach)
        )

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if not proxy.lower().startswith(("http://", "https://")):
            raise InvalidProxyURL("a proxy must be http:// or https://")
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _pools()
        return manager


def _pools() -> dict[str, type[HTTPConnectionPool]]:
    return {"http": _Pool, "https": _TlsPool}


class Connections:
    """So many adapters, made when they are needed, and the time of whatever goes over them."""

    def __init__(self, most: int, *, may_reach: MayReach | None = None) -> None:
        """`most`: requests at once. `may_reach`: to which IP addresses they go, where they go
        through no proxy; None: to any."""
        self._may_reach = may_reach
        self._room = Turns(most)
        self._mine = threading.local()
        self._free: list[HTTPAdapter] = []
        self._all: list[HTTPAdapter] = []
        self._deadlines = Deadlines()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A connection is this thread's alone, for whatever it asks one after the other: inside,
        nobody waits for one any more."""
        if getattr(self._mine, "has_place", False):
            yield
            return
        with self._room:
            self._mine.has_place = True
            try:
                yield
            finally:
                self._mine.has_place = False

    @contextmanager
    def one_for(self, seconds: float) -> Iterator[tuple[HTTPAdapter, Watch]]:
        """An adapter for one request alone, which has so much time."""
        with self.place():
            adapter = self._one()
            try:
                with self._deadlines.watch(seconds) as watch:
                    token = _watch.set(watch)
                    try:
                        yield adapter, watch
                    finally:
                        _watch.reset(token)
            finally:
                self._free.append(adapter)

    def cut_off(self) -> None:
        """End all that is under way, and whatever comes."""
        self._deadlines.end_all()

    def close(self) -> None:
        """Close all connections."""
        for adapter in self._all:
            adapter.close()
        self._deadlines.close()

    def _one(self) -> HTTPAdapter:
        try:
            return self._free.pop()
        except IndexError:
            adapter = _Adapter(self._may_reach)
        self._all.append(adapter)
        return adapter
