"""Posts a message to a webhook, whose address is a secret: whoever knows it can post there.

So nothing of it but its host is ever said. Nor is anything that the other side says, which knows
the address too: what went wrong is told in words of ours and of the system. No redirect is
followed, and no more of an answer is read than its head.

It is over in time, whatever the other side does, and the system's own search for a host's name: the
exchange is on a thread of its own, for which nobody waits longer.
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Final
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError

from reconciler.core.ports import Clock
from reconciler.errors import UsageError
from reconciler.http.connections import Connections
from reconciler.http.exchange import prepared
from reconciler.http.origins import base_of, is_plain
from reconciler.http.quota import asked_wait

SECONDS: Final = 10.0
"""All that it may take, with the second time."""
_PAUSE: Final = 1.0
"""Seconds before the second time, where the other side does not say how many."""
_HEADERS: Final = {"User-Agent": "acrcloud-reconciler", "Content-Type": "application/json"}


class NotPostedError(Exception):
    """Why a message was not posted: what goes on after the webhook's host."""


class Webhook:
    """One webhook."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        proxies: Mapping[str, str],
        ca_bundle: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """`seconds`: all that a post may take. Raises `UsageError` where nothing may be posted
        there, without the address."""
        self._url = _checked(url)
        self._clock = clock
        self._proxies = dict(proxies) if url.startswith("https://") else {}
        self._verify = ca_bundle or True
        self._seconds = seconds

    @property
    def host(self) -> str:
        """What may be said of the address."""
        return urlsplit(self._url).hostname or ""

    def post(self, body: bytes) -> None:
        """Post the message, once more where that may help. Raises `NotPostedError`."""
        connections = Connections(1)
        ended: SimpleQueue[str | None] = SimpleQueue()
        thread = threading.Thread(
            target=lambda: ended.put(self._in_two(connections, body)), name="webhook", daemon=True
        )
        thread.start()
        try:
            why = ended.get(timeout=self._seconds)
        except Empty:
            why = self._late
        connections.cut_off()
        connections.close()
        if why is not None:
            raise NotPostedError(why)

    @property
    def _late(self) -> str:
        return f"there was no answer within {self._seconds:g} seconds"

    def _in_two(self, connections: Connections, body: bytes) -> str | None:
        """Why it was not posted; None: it was."""
        until = self._clock.monotonic() + self._seconds
        why, wait = self._once(connections, body)
        if wait is None or self._clock.monotonic() + wait >= until:
            return why
        self._clock.sleep(wait)
        return self._once(connections, body)[0]

    def _once(self, connections: Connections, body: bytes) -> tuple[str | None, float | None]:
        """Why it was not posted, and after how many seconds it may be once more."""
        with connections.one_for(self._seconds) as (adapter, watch):
            try:
                with adapter.send(
                    prepared("POST", self._url, _HEADERS, body=body),
                    stream=True,
                    timeout=self._seconds + 1,  # the watch comes first
                    verify=self._verify,
                    proxies=self._proxies,
                ) as response:
                    status, headers = response.status_code, response.headers
            except (OSError, HTTPError, HTTPException, ValueError) as error:
                return (self._late, None) if watch.late else (_why(error), _PAUSE)
            if watch.late:
                # Cut off amid the head, which Python takes for its end.
                return self._late, None
        if 200 <= status < 300:
            return None, None
        if 300 <= status < 400:
            return f"it answered {status}: a redirect, which is not followed", None
        again = status == 429 or status >= 500
        wait = asked_wait(status, headers, self._clock.now()) or _PAUSE
        return f"it answered {status}", wait if again else None


def _checked(url: str) -> str:
    base = base_of("/".join(url.split("/")[:3])) if is_plain(url) else None
    if base is None or not (base.is_tls or base.is_loopback):
        raise UsageError(
            "the webhook's address is not https://host/path (http is for this machine alone): it "
            "is taken from RECONCILER_WEBHOOK_URL or --webhook-file, and is not shown here"
        )
    return url


def _why(error: BaseException) -> str:
    """Never in the error's own words, in which the address may be."""
    layers = [*_layers(error)]
    if any(isinstance(layer, ssl.SSLError) for layer in layers):
        return "TLS failed: is its certificate one that this machine trusts?"
    of_the_system = [
        layer.strerror
        for layer in layers
        if isinstance(layer, OSError) and type(layer).__module__ in ("builtins", "socket")
    ]
    said = [words for words in of_the_system if words]
    return said[-1] if said else "the connection broke off, or the answer was none of HTTP"


def _layers(error: BaseException) -> Iterator[BaseException]:
    """The error and those inside it: requests and urllib3 wrap one another's."""
    layer: BaseException | None = error
    while layer is not None:
        yield layer
        inside = [getattr(layer, "reason", None), layer.__cause__, *layer.args]
        layer = next((each for each in inside if isinstance(each, BaseException)), None)
