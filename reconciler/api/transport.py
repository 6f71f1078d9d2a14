"""The one door to the service: a request goes out, an answer or a classified failure comes in.

It sends once, and decides nothing: what an attempt came to is said in `classify`, whether to ask
again in `retry`.

The token goes to the hosts of the base URL only, over TLS unless that is this machine, and in
the one header: redirects are not followed, `.netrc` and the environment are not read, cookies
are not kept, and plain http goes through no proxy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import HTTPError

from reconciler.api import classify
from reconciler.api.addresses import Addresses
from reconciler.api.connections import Connections
from reconciler.api.deadline import Watch
from reconciler.api.elsewhere import is_plain, is_public, may_be_asked
from reconciler.api.quota import asked_wait
from reconciler.api.redaction import Redaction, without_queries
from reconciler.api.upload import Upload
from reconciler.core.ports import Clock
from reconciler.errors import AnswerTooLarge, Rejected, ServiceError, TokenRefused

_LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes, after decompression: a page of 1,000 files is some hundred kilobytes. Where one is larger,
the bucket is read in smaller pages."""
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
_DOWNLOAD = 10
"""How many times as long as another answer a download may take."""
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


class _Bearer(requests.auth.AuthBase):
    """Sets the header last, so that nothing else (`.netrc`, a URL) can set another."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


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
        self._redaction = Redaction(token)
        self._clock = clock
        self._proxies = dict(proxies or {}) if self.addresses.is_tls else {}
        self._ca_bundle = ca_bundle
        self._patience = patience
        self._slowest_upload = slowest_upload
        self._connections = Connections(lambda: self._session(_Bearer(token)), connections)
        self._elsewhere = Connections(lambda: self._session(None), 1, may_reach=is_public)

    def cut_off(self) -> None:
        """End the requests that are under way, and whatever comes, as if their time were over."""
        self._connections.cut_off()
        self._elsewhere.cut_off()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._elsewhere.close()

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
        with self._connections.one_for(seconds) as (session, watch):
            why = ""
            try:
                status, headers, body = self._ask(session, request, upload)
            except (OSError, HTTPError, HTTPException) as error:
                why = self._redaction.of_text(classify.why(error))
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
        with connections.one_for(_DOWNLOAD * self._patience) as (session, watch):
            why = ""
            try:
                status, headers, body = self._download(session, watch, request, read)
            except (OSError, HTTPError, HTTPException) as error:
                why = self._redaction.of_text(without_queries(classify.why(error)))
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
        session: requests.Session,
        watch: Watch,
        request: Request,
        read: Callable[[Iterator[bytes]], None],
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The body is that of a refusal only."""
        with session.get(
            request.url,
            timeout=(_CONNECT_SECONDS, self._patience),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = b""
            if 200 <= response.status_code < 300:
                read(_pieces(response, watch))
            else:
                body = self._redaction.of(_read(response, request.doing))
            return response.status_code, response.headers, body

    def _ask(
        self, session: requests.Session, request: Request, upload: Upload | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        body = request.body if upload is None else upload
        content_type = "application/json" if upload is None else upload.content_type
        with session.request(
            request.method,
            request.url,
            params=request.params,
            data=body,
            headers={"Content-Type": content_type} if body is not None else None,
            timeout=(_CONNECT_SECONDS, self._patience),
            allow_redirects=False,
            stream=True,
        ) as response:
            said = self._redaction.of(_read(response, request.doing))
            return response.status_code, response.headers, said

    def _session(self, auth: requests.auth.AuthBase | None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.auth = auth
        session.headers["Accept"] = "application/json"
        session.headers["User-Agent"] = "acrcloud-reconciler"
        session.proxies = dict(self._proxies)
        session.verify = self._ca_bundle or True
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return session


def _pieces(response: requests.Response, watch: Watch) -> Iterator[bytes]:
    """The body as it comes. One that was cut off does not look like a whole one."""
    while piece := response.raw.read1(65536, decode_content=True):
        yield piece
    if watch.late:
        raise TimeoutError


def _read(response: requests.Response, doing: str) -> bytes:
    """The whole body, which is counted as it is decompressed."""
    pieces: list[bytes] = []
    length = 0
    while piece := response.raw.read1(65536, decode_content=True):
        length += len(piece)
        if length > _LARGEST_ANSWER:
            raise AnswerTooLarge(
                f"{doing}: the answer is larger than 16 MiB", status=response.status_code
            )
        pieces.append(piece)
    return b"".join(pieces)
