r"""What an attempt came to. This is the only place that says so, and it only says: it neither
sends nor waits.

| what happened                                                 | what it means   | error          |
|---------------------------------------------------------------|-----------------|----------------|
| it failed before the request began to go out: name, connection| never sent      | `Unreachable`  |
| proxy, TLS handshake, certificate, no time left               |                 |                |
| it failed later: reset, closed, cut short, rubbish, bad gzip, | nobody knows    | `Unclear`      |
| no time left                                                  |                 |                |
| a whole answer of 2xx                                         | done            |                |
| 401, 403                                                      | refused         | `TokenRefused` |
| 404                                                           | refused         | `NotThere`     |
| 409, 423                                                      | not taken: busy | `Busy`         |
| 429                                                           | not taken       | `Throttled`    |
| 408, 425                                                      | nobody knows    | `Unclear`      |
| other 4xx                                                     | refused         | `Rejected`     |
| 3xx: a login page, another host; never followed               | nobody knows    | `Unclear`      |
| 1xx, 5xx, and what is no status of HTTP                       | nobody knows    | `Unclear`      |

Whether the request had begun to go out is known, not guessed from the kind of an exception: a
reset looks the same in the middle of a handshake and after a commit. What was done by a request
that was sent and had no plain answer, nobody knows. A redirect too may follow a commit.
"""

from datetime import UTC, datetime

from reconciler.api import wire
from reconciler.errors import (
    Busy,
    NotThere,
    Rejected,
    ServiceError,
    Throttled,
    TokenRefused,
    Unclear,
    Unreachable,
)
from reconciler.http.failures import LONGEST_SAID, shown
from reconciler.http.redaction import without_queries

_KINDS: dict[int, type[ServiceError]] = {
    401: TokenRefused,
    403: TokenRefused,
    404: NotThere,
    408: Unclear,
    409: Busy,
    423: Busy,
    425: Unclear,
    429: Throttled,
}
_REFUSED_HINT = "; is ACRCLOUD_ACCESS_TOKEN right, not expired, and allowed to do this?"
_REDIRECT_HINT = ": a redirect, which is not followed; is the base URL the API's?"


def of_answer(
    status: int, body: bytes, *, doing: str, after: float | None, now: float
) -> ServiceError | None:
    """What a whole answer means; None: done. `after`: the seconds for which the service asks to
    be left alone. `now`: by the wall clock, to say until when that is."""
    if 200 <= status < 300:
        return None
    words = said(body)
    text = f"{doing}: the service answered {status}" + (f": {words}" if words else "")
    kind = _KINDS.get(status) or (Rejected if 400 <= status < 500 else Unclear)
    return kind(f"{text}{_hint(kind, status)}{_until(after, now)}", status=status, after=after)


def of_failure(why: str, *, doing: str, host: str, begun: bool, late: bool) -> ServiceError:
    """What it means that no whole answer came. `begun`: the request had begun to go out.
    `late`: it was cut off, since its time was over."""
    why = "it took too long" if late else shown(why)
    if begun:
        return Unclear(f"{doing}: no whole answer came: {why}")
    return Unreachable(f"{doing}: {host} cannot be reached: {why}")


def said(body: bytes) -> str:
    """What a refusal says, in its own field or in whatever came instead, as `shown`."""
    start = body[: 4 * LONGEST_SAID].decode("utf-8", "replace")
    return shown(wire.refusal(body) or without_queries(start))


def _hint(kind: type[ServiceError], status: int) -> str:
    if kind is TokenRefused:
        return _REFUSED_HINT
    return _REDIRECT_HINT if 300 <= status < 400 else ""


def _until(after: float | None, now: float) -> str:
    if after is None:
        return ""
    asks = f"; it asks to wait {after:.0f} seconds: run again "
    try:
        return f"{asks}after {datetime.fromtimestamp(now + after, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{asks}then"
