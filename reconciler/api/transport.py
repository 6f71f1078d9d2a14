"""The one door to the service: a request goes out, an answer or a classified failure comes in.

It sends once, and decides nothing: what an attempt came to is said in `classify`, whether to ask
again in `retry`.

The token goes to the hosts of the base URL only, over TLS unless that is this machine, and in
the one header: redirects are not followed, `.netrc` and the environment are not read, cookies
are not kept, and plain http goes through no proxy.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeAlias

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from reconciler.api import classify
from reconciler.api.addresses import Addresses
from reconciler.api.elsewhere import is_public, may_be_asked
from reconciler.api.upload import Upload
from reconciler.core.ports import Clock
from reconciler.errors import AnswerTooLarge, Rejected, ServiceError, TokenRefused
from reconciler.http.connections import Connections
from reconciler.http.deadline import Watch
from reconciler.http.exchange import TooLargeError, body_of, prepared
from reconciler.http.failures import why as why_of
from reconciler.http.origins import is_plain
from reconciler.http.quota import asked_wait
from reconciler.http.redaction import Redaction, without_queries

_LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes, after decompression: a page of 1,000 files is some hundred kilobytes. Where one is larger,
the bucket is read in smaller pages."""
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
_DOWNLOAD = 10
"""How many times as long as another answer a download may take."""
_HEADERS = {
    "User-Agent": "acrcloud-reconciler",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}
Headers: TypeAlias = Mapping[str, str]
_SLOWEST_UPLOAD = 50_000.0
"""Bytes a second: an upload slower than this on the whole is given up."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask, and `doing`: the words for it in an error."""

    method: str
    url: str
    doing: str
    params: Mapping[str, str | int] | None = None
    body: bytes | None = None
    """JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of 2xx."""

    status: int
    body: bytes
    """Without the token, where the service echoes it."""
    after: float | None
    """The seconds for which the service asks to be left alone, where it does."""


class Transport:
    """Sends one request once."""

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        clock: Clock,
        connections: int,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        patience: float = _ANSWER_SECONDS,
        slowest_upload: float = _SLOWEST_UPLOAD,
    ) -> None:
        """`connections`: how many may be open at once; as many as there are workers. `patience`:
        the seconds that a request has, whole; an upload has more, by its size and
        `slowest_upload`, in bytes a second.

        Raises `UsageError` where the token must not go to the base URL, `TokenRefused` where it
        cannot be one."""
        self.addresses = Addresses(base_url)
        if not token or not all("!" <= char <= "~" for char in token):
            raise TokenRefused("the token is empty, or holds characters that no token has")
        self._token = token
        self._redaction = Redaction(token)
        self._clock = clock
        self._proxies = dict(proxies or {}) if self.addresses.is_tls else {}
        self._patience = patience
        self._slowest_upload = slowest_upload
        self._verify = ca_bundle or True
        self._connections = Connections(connections)
        self._elsewhere = Connections(1, may_reach=is_public)

    def cut_off(self) -> None:
        """End the requests that are under way, and whatever comes, as if their time were over."""
        self._connections.cut_off()
        self._elsewhere.cut_off()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._elsewhere.close()

    def place(self) -> AbstractContextManager[None]:
        """What this thread sends inside waits for no other request."""
        return self._connections.place()

    def send(self, request: Request, upload: Upload | None = None) -> Answer:
        """The answer, where it is 2xx. Raises what `classify` makes of anything else,
        `AnswerTooLarge`, and what reading the upload raises."""
        if not self.addresses.cover(request.url):
            raise ServiceError(
                f"{request.doing}: nothing was sent, since {request.url} is not of the base URL "
                f"{self.addresses.origin}"
            )
        size = 0 if upload is None else len(upload)
        seconds = self._patience + size / self._slowest_upload
        with self._connections.one_for(seconds) as (adapter, watch):
            why = ""
            try:
                status, headers, body = self._ask(adapter, request, upload)
            except (OSError, HTTPError, HTTPException) as error:
                why = self._redaction.of_text(why_of(error))
        # What is cut off may look like a whole answer: one whose length only its end tells.
        if why or watch.late:
            raise classify.of_failure(
                why,
                doing=request.doing,
                host=request.url.split("/api/", 1)[0],
                begun=watch.begun,
                late=watch.late,
            )
        now = self._clock.now()
        after = asked_wait(status, headers, now)
        failure = classify.of_answer(status, body, doing=request.doing, after=after, now=now)
        if failure is not None:
            raise failure
        return Answer(status, body, after)

    def download(self, request: Request, read: Callable[[Iterator[bytes]], None]) -> None:
        """Let `read` read what lies at an address that the service has named, in pieces, as it
        comes. The address may be anything: the API's own is asked with the token, another public
        one (see `elsewhere`) without, and none else. `read` cares for how much it reads, and for
        the token that may be in it.

        Raises as `send`, but of another host only `Rejected` or that it is unclear: the token was
        not refused there, and what it says is not of interest."""
        is_own = self.addresses.cover(request.url) and is_plain(request.url)
        if not is_own and not may_be_asked(request.url):
            raise ServiceError(
                f"{request.doing}: nothing was asked, since its address is neither the API's own "
                "nor one of https at a public host"
            )
        connections = self._connections if is_own else self._elsewhere
        sent = self._headers(request, None) if is_own else _HEADERS
        with connections.one_for(_DOWNLOAD * self._patience) as (adapter, watch):
            why = ""
            try:
                status, headers, body = self._download(adapter, watch, request, read, sent)
            except (OSError, HTTPError, HTTPException) as error:
                why = self._redaction.of_text(without_queries(why_of(error)))
        if why or watch.late:
            raise classify.of_failure(
                why, doing=request.doing, host="its host", begun=watch.begun, late=watch.late
            )
        if not is_own and not 200 <= status < 300:
            raise Rejected(f"{request.doing}: the host that it is on answered {status}")
        now = self._clock.now()
        after = asked_wait(status, headers, now)
        failure = classify.of_answer(status, body, doing=request.doing, after=after, now=now)
        if failure is not None:
            raise failure

    def redacted(self, data: bytes) -> bytes:
        """Without the token, where the service echoes it."""
        return self._redaction.of(data)

    def _download(
        self,
        adapter: HTTPAdapter,
        watch: Watch,
        request: Request,
        read: Callable[[Iterator[bytes]], None],
        headers: Headers,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The body is that of a refusal only."""
        with self._send(adapter, request, None, headers) as response:
            body = b""
            if 200 <= response.status_code < 300:
                read(_pieces(response, watch))
            else:
                body = self._redaction.of(_read(response, request.doing))
            return response.status_code, response.headers, body

    def _ask(
        self, adapter: HTTPAdapter, request: Request, upload: Upload | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        with self._send(adapter, request, upload, self._headers(request, upload)) as response:
            said = self._redaction.of(_read(response, request.doing))
            return response.status_code, response.headers, said

    def _send(
        self, adapter: HTTPAdapter, request: Request, upload: Upload | None, headers: Headers
    ) -> requests.Response:
        body = request.body if upload is None else upload
        return adapter.send(
            prepared(request.method, request.url, headers, request.params, body),
            stream=True,
            timeout=(_CONNECT_SECONDS, self._patience),
            verify=self._verify,
            proxies=self._proxies,
        )

    def _headers(self, request: Request, upload: Upload | None) -> Headers:
        headers = {**_HEADERS, "Authorization": f"Bearer {self._token}"}
        if upload is not None:
            headers["Content-Type"] = upload.content_type
        elif request.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _pieces(response: requests.Response, watch: Watch) -> Iterator[bytes]:
    """The body as it comes. One that was cut off does not look like a whole one."""
    while piece := response.raw.read1(65536, decode_content=True):
        yield piece
    if watch.late:
        raise TimeoutError


def _read(response: requests.Response, doing: str) -> bytes:
    try:
        return body_of(response, _LARGEST_ANSWER)
    except TooLargeError:
        raise AnswerTooLarge(
            f"{doing}: the answer is larger than 16 MiB", status=response.status_code
        ) from None
