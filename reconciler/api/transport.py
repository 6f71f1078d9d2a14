"""The one door to the service: a request goes out, an answer or a classified failure comes in.

| what came back                                        | what it means        | raised            |
|-------------------------------------------------------|----------------------|-------------------|
| no connection (refused, DNS, certificate, proxy)      | nothing was sent     | `Unreachable`     |
| 2xx                                                   | done                 |                   |
| 401, 403                                              | the token is refused | `TokenRefused`    |
| 404                                                   | refused              | `NotThere`        |
| 429                                                   | not taken            | `Throttled`       |
| 408, 425, 5xx                                         | nobody knows         | `Unclear`         |
| other 4xx                                             | refused              | `Rejected`        |
| 3xx: a login or validation page; never followed       | refused              | `Rejected`        |
| time-out, reset, too long, cut short, unreadable,     | nobody knows         | `Unclear`         |
| other failures of TLS (it can break at any moment)    |                      |                   |

The token goes to the base URL's own host only: redirects are not followed, `.netrc` is not
read, cookies are not kept.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from reconciler.api import wire
from reconciler.api.retry import Throttled, retry_after
from reconciler.api.upload import Upload
from reconciler.core.ports import Clock
from reconciler.errors import (
    NotThere,
    Rejected,
    ServiceError,
    TokenRefused,
    Unclear,
    Unreachable,
    UnreadableAnswer,
)

_LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes, after decompression: a page of 1,000 files is some hundred kilobytes."""
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
_TOKEN_AT_LEAST = 16
"""Characters of what can be told from a word."""
_SLOWEST_UPLOAD = 50_000
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


class _Bearer(requests.auth.AuthBase):
    """Sets the header last, so that nothing else (`.netrc`, a URL) can set another."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Body:
    """An upload as `requests` reads it: piece by piece, and only while there is time."""

    def __init__(self, upload: Upload, check: Callable[[], None]) -> None:
        self._upload = upload
        self._check = check

    def __len__(self) -> int:
        return len(self._upload)

    def read(self, most: int = 65536) -> bytes:
        self._check()
        return self._upload.read(most)


class Transport:
    """Sends one request once."""

    def __init__(
        self,
        *,
        token: str,
        clock: Clock,
        connections: int,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        patience: float = _ANSWER_SECONDS,
    ) -> None:
        """`connections`: how many may be open at once; as many as there are workers.
        `patience`: the seconds in which an answer must come, whole."""
        self._clock = clock
        self._patience = patience
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = _Bearer(token)
        # A short one, of a rehearsal, may be a part of any word: that would change what is read.
        self._secret = token.encode() if len(token) >= _TOKEN_AT_LEAST else None
        self._session.headers["Accept"] = "application/json"
        self._session.headers["User-Agent"] = "acrcloud-reconciler"
        self._session.proxies = dict(proxies or {})
        self._session.verify = ca_bundle or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(
            pool_connections=8, pool_maxsize=connections, max_retries=0, pool_block=True
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def send(self, request: Request, upload: Upload | None = None) -> bytes:
        """The body of a 2xx answer. Raises as the table above says."""
        headers = {"Content-Type": upload.content_type if upload else "application/json"}
        size = 0 if upload is None else len(upload)
        deadline = self._clock.monotonic() + self._patience + size / _SLOWEST_UPLOAD

        def check() -> None:
            if self._clock.monotonic() > deadline:
                raise Unclear(f"{request.doing}: it took too long")

        body = request.body if upload is None else _Body(upload, check)
        try:
            with self._session.request(
                request.method,
                request.url,
                params=request.params,
                data=body,
                headers=headers if body is not None else None,
                timeout=(_CONNECT_SECONDS, self._patience),
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = _read(response, request.doing, check)
                if self._secret is not None:
                    # A service that echoes the token, as debug pages do, must not bring it into
                    # a message, a ledger or a plan.
                    answer = answer.replace(self._secret, b"[token]")
                self._judge(response, answer, request.doing)
                return answer
        except requests.ConnectTimeout as error:
            raise _unreachable(request, "no connection in time") from error
        except requests.exceptions.SSLError as error:
            if _is_certificate(error):
                raise _unreachable(request, f"TLS: {_innermost(error)}") from error
            raise _unclear(request, f"TLS: {_innermost(error)}") from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise _unreachable(request, _innermost(error)) from error
            raise _unclear(request, _innermost(error)) from error
        except (requests.RequestException, HTTPError) as error:
            raise _unclear(request, _innermost(error)) from error

    def _judge(self, response: requests.Response, body: bytes, doing: str) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        said = wire.refusal(body)
        text = f"{doing}: the service answered {status}" + (f": {said}" if said else "")
        if status == 429:
            after = retry_after(response.headers.get("Retry-After"), self._clock.now())
            raise Throttled(text, after)
        raise _refusals().get(status, _by_class(status))(text, status=status)


def _read(response: requests.Response, doing: str, check: Callable[[], None]) -> bytes:
    """The whole body, in time: the time-out of requests starts anew at each byte, and its
    `iter_content` comes back only with a full piece."""
    pieces: list[bytes] = []
    length = 0
    while piece := response.raw.read1(65536, decode_content=True):
        length += len(piece)
        if length > _LARGEST_ANSWER:
            raise UnreadableAnswer(f"{doing}: the answer is larger than 256 MiB")
        check()
        pieces.append(piece)
    return b"".join(pieces)


def _refusals() -> Mapping[int, Callable[..., ServiceError]]:
    return {
        401: _token_refused,
        403: _token_refused,
        404: NotThere,
        408: Unclear,
        425: Unclear,
    }


def _token_refused(text: str, *, status: int) -> TokenRefused:
    return TokenRefused(
        f"{text}; is ACRCLOUD_ACCESS_TOKEN right, not expired, and allowed to do this?",
        status=status,
    )


def _by_class(status: int) -> Callable[..., ServiceError]:
    if status >= 500 or status < 200:
        return Unclear
    if status < 400:
        return _redirected
    return Rejected


def _redirected(text: str, *, status: int) -> Rejected:
    return Rejected(
        f"{text}: a redirect, which is not followed; is the base URL the API's?", status=status
    )


def _unreachable(request: Request, why: str) -> Unreachable:
    host = request.url.split("/api/", 1)[0]
    return Unreachable(f"{request.doing}: {host} cannot be reached: {why}")


def _unclear(request: Request, why: str) -> Unclear:
    return Unclear(f"{request.doing}: no whole answer came: {why}")


def _never_connected(error: BaseException) -> bool:
    """Whether the connection itself failed, so that not a byte was sent."""
    not_made = (NewConnectionError, requests.exceptions.ProxyError)
    return any(isinstance(layer, not_made) for layer in _layers(error))


def _is_certificate(error: BaseException) -> bool:
    """Whether the other side's certificate was refused: that is before anything is sent."""
    return any(isinstance(layer, ssl.SSLCertVerificationError) for layer in _layers(error))


def _innermost(error: BaseException) -> str:
    """What really happened, below the layers that pass it on."""
    *_, last = _layers(error)
    if isinstance(last, NewConnectionError):
        return str(last).rsplit(": ", 1)[-1]
    return str(last) or type(last).__name__


def _layers(error: BaseException) -> Iterator[BaseException]:
    """The error and those inside it: requests and urllib3 wrap one another's."""
    layer: BaseException | None = error
    while layer is not None:
        yield layer
        inside = [getattr(layer, "reason", None), *layer.args]
        layer = next((each for each in inside if isinstance(each, BaseException)), None)
