"""The one door to GitHub or GitLab: a request goes out, and an answer or a `ForgeError` comes in.

The token goes to the API's own address only, over TLS unless that is this machine, and in one
header. No redirect is followed, except where an artifact lies elsewhere: that address is asked
without the token. `.netrc`, cookies and what else the environment says play no part; the
operator's proxies and certificates are handed in.

Each request has a time, all of them together have one, an answer has a size, and the token is
taken out of whatever the server says.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, NamedTuple

import orjson
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from reconciler.core.model import Json
from reconciler.core.ports import Clock
from reconciler.errors import ForgeError, ForgeRefused, UsageError
from reconciler.forge.answers import Again, Asked, Failure, Got, of_answer, of_failure, value_of
from reconciler.http.connections import Connections
from reconciler.http.exchange import TooLargeError, body_of, prepared
from reconciler.http.failures import why as why_of
from reconciler.http.origins import base_of, is_plain
from reconciler.http.quota import LONGEST_WAIT
from reconciler.http.redaction import Redaction

_CONNECT_SECONDS: Final = 10.0
_PATIENCE: Final = 60.0
"""Seconds that a request has, whole."""
_ALL: Final = 900.0
"""Seconds that all of them have."""
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes, after decompression. Anybody can write long comments, and a page holds many."""
_MOST_ATTEMPTS: Final = 4
_MOST_HOPS: Final = 3
Proxies = Callable[[str], Mapping[str, str]]
"""The operator's proxies for a URL."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What to ask for, below the API's base."""

    method: str
    path: str
    asked: Asked
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, Json] | None = None
    is_repeatable: bool = True
    """To do it twice does what once does."""


class Answer(NamedTuple):
    """An answer of 2xx."""

    value: Any
    """Its JSON."""
    headers: Mapping[str, str]


class Sender:
    """Asks one server, one request after the other."""

    def __init__(
        self,
        base_url: str,
        token: str,
        headers: Callable[[str], Mapping[str, str]],
        *,
        clock: Clock,
        proxies: Proxies = lambda _: {},
        ca_bundle: str | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        """`headers`: of the token, and what else goes to this server only. `patience`: the
        seconds that a request has.

        Raises `UsageError` where a token must not go to the base URL, `ForgeRefused` where it
        cannot be one."""
        if not token or not all("!" <= char <= "~" for char in token):
            raise ForgeRefused("the token is empty, or holds characters that no token has")
        self._redaction = Redaction(token)
        base = base_of(base_url)
        if base is None or not (base.is_tls or base.is_loopback):
            raise UsageError(
                f"the API's address {self._redaction.of_text(base_url)!r} is not https://host/path "
                "(http is for this machine alone): no token goes there"
            )
        self._base_url = base_url.rstrip("/")
        self._is_tls = base.is_tls
        self._headers = {**_HEADERS, **headers(token)}
        self._clock = clock
        self._proxies = proxies
        self._verify = ca_bundle or True
        self._patience = patience
        self._chance: Callable[[], float] = random.random
        self._until = clock.monotonic() + _ALL
        self._connections = Connections(1)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def ask(self, ask: Ask) -> Answer:
        """The answer. What may be is asked again, a few times. Raises `ForgeError`."""
        body = None if ask.body is None else orjson.dumps(ask.body)
        headers = self._headers if body is None else {**self._headers, **_JSON}
        url = f"{self._base_url}{ask.path}"
        got = self._in_time(prepared(ask.method, url, headers, ask.params, body), ask)
        return Answer(value_of(self._redaction.of(got.body), ask.asked), got.headers)

    def download(self, ask: Ask) -> bytes:
        """The bytes that lie at an address of the API, or at another that it names: they may be
        anything. Raises `ForgeError`."""
        headers = {**self._headers, **_ANYTHING}
        request = prepared("GET", f"{self._base_url}{ask.path}", headers, ask.params)
        for _ in range(_MOST_HOPS):
            got = self._in_time(request, ask, redirects=True)
            if 200 <= got.status < 300:
                return got.body
            target = got.headers.get("Location", "")
            if not self._may_be_asked(target):
                break
            try:
                request = prepared("GET", target, {**_HEADERS, **_ANYTHING})
            except (OSError, ValueError):
                break
        raise ForgeError(f"{ask.asked.doing}: it lies at an address that is not asked")

    def _may_be_asked(self, url: str) -> bool:
        """Another address: without the token, but what is there is read. It must be https, or,
        where the API itself is on this machine, there too."""
        base = base_of("/".join(url.split("/")[:3])) if is_plain(url) else None
        return base is not None and (base.is_tls or (base.is_loopback and not self._is_tls))

    def _in_time(
        self, request: requests.PreparedRequest, ask: Ask, *, redirects: bool = False
    ) -> Got:
        attempt = 1
        while isinstance(got := self._once(request, ask.asked, redirects=redirects), Failure):
            wait = got.after or self._chance() * 0.5 * 2.0**attempt
            if attempt == _MOST_ATTEMPTS or not _may_go_again(got, ask) or not self._has(wait):
                raise got.error
            self._clock.sleep(wait)
            attempt += 1
        return got

    def _has(self, wait: float) -> bool:
        """Whether there is time for it."""
        return wait <= LONGEST_WAIT and self._clock.monotonic() + wait < self._until

    def _once(
        self, request: requests.PreparedRequest, asked: Asked, *, redirects: bool
    ) -> Got | Failure:
        left = min(self._patience, self._until - self._clock.monotonic())
        with self._connections.one_for(max(left, 0.0)) as (adapter, watch):
            why, got = "", None
            try:
                got = self._exchange(adapter, request, asked)
            except (OSError, HTTPError, HTTPException) as error:
                why = self._redaction.of_text(why_of(error))
        if got is None or watch.late:
            return of_failure(why, asked, begun=watch.begun, late=watch.late)
        if redirects and 300 <= got.status < 400:
            return got
        return of_answer(got, asked, self._redaction, self._clock.now()) or got

    def _proxies_for(self, url: str) -> Mapping[str, str]:
        """None for what is not encrypted, and stays on this machine."""
        proxies = self._proxies(url)
        return proxies if url.startswith("https://") else {}

    def _exchange(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, asked: Asked
    ) -> Got:
        with adapter.send(
            request,
            stream=True,
            timeout=(_CONNECT_SECONDS, self._patience),
            verify=self._verify,
            proxies=self._proxies_for(request.url or ""),
        ) as response:
            return Got(response.status_code, response.headers, _read(response, asked))


_HEADERS: Final = {
    "User-Agent": "acrcloud-reconciler",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}
_ANYTHING: Final = {"Accept": "*/*"}
_JSON: Final = {"Content-Type": "application/json"}


def _may_go_again(failure: Failure, ask: Ask) -> bool:
    return failure.again is Again.YES or (
        failure.again is Again.IF_REPEATABLE and ask.is_repeatable
    )


def _read(response: requests.Response, asked: Asked) -> bytes:
    try:
        return body_of(response, _LARGEST)
    except TooLargeError:
        raise ForgeError(
            f"{asked.doing}: the answer is larger than {_LARGEST // 2**20} MiB"
        ) from None
