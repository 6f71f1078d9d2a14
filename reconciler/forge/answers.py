"""What an attempt to ask GitHub or GitLab came to, and what an answer holds. It only says: it
neither sends nor waits.

| what happened                                      | what it means  | error          | again?    |
|----------------------------------------------------|----------------|----------------|-----------|
| it failed before the request began to go out       | never sent     | `ForgeError`   | yes       |
| it failed later; 408, 425, 5xx; no time left       | nobody knows   | `ForgeUnclear` | if it may |
| 429; 403 that asks to wait, or speaks of the limit | not taken      | `ForgeError`   | yes       |
| 401; any other 403                                 | refused        | `ForgeRefused` | no        |
| 404                                                | refused        | `ForgeHasNot`  | no        |
| other 4xx                                          | refused        | `ForgeError`   | no        |
| 3xx: never followed with a token                   | refused        | `ForgeError`   | no        |
| 2xx that is not what it should be                  | nobody knows   | `ForgeUnclear` | no        |

`if it may`: where to do it twice does what once does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from reconciler.errors import ForgeError, ForgeHasNot, ForgeRefused, ForgeUnclear
from reconciler.http.failures import shown
from reconciler.http.quota import asked_wait
from reconciler.http.redaction import Redaction, without_queries

_AFTER_A_LIMIT: Final = 60.0
"""Seconds that GitHub asks everybody to wait after a limit for which it names no time."""


_REFUSALS: Final[Mapping[int, type[ForgeError]]] = {
    401: ForgeRefused,
    403: ForgeRefused,
    404: ForgeHasNot,
}


class Got(NamedTuple):
    """A whole answer, whatever it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Again(Enum):
    """Whether a request that failed may be sent once more."""

    YES = "yes"
    IF_REPEATABLE = "if to do it twice does what once does"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer."""

    error: ForgeError
    again: Again
    after: float | None = None
    """The seconds for which the server asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The words for a request in an error."""

    server: str
    """`GitHub`."""
    doing: str
    needs: str
    """What the token must be allowed for it."""


def of_answer(got: Got, asked: Asked, redaction: Redaction, now: float) -> Failure | None:
    """What a whole answer means; None: done. `redaction`: of the token, in what it says. `now`: by
    the wall clock."""
    status, headers, body = got
    if 200 <= status < 300:
        return None
    words = _said(redaction.of(body))
    text = f"{asked.doing}: {asked.server} answered {status}" + (f": {words}" if words else "")
    if status == 429 or (status == 403 and _is_limit(headers, body)):
        wait = asked_wait(429, headers, now) or _AFTER_A_LIMIT
        asks = f"; it asks to wait {wait:.0f} seconds: run again then"
        return Failure(ForgeError(f"{text}{asks}", status=status), Again.YES, wait)
    if status in (408, 425) or not 300 <= status < 500:
        after = asked_wait(status, headers, now)
        return Failure(ForgeUnclear(text, status=status), Again.IF_REPEATABLE, after)
    return Failure(_refusal(status, text, asked), Again.NO)


def of_failure(why: str, asked: Asked, *, begun: bool, late: bool) -> Failure:
    """What it means that no whole answer came. `begun`: the request had begun to go out."""
    why = "it took too long" if late else shown(without_queries(why))
    if begun:
        error = ForgeUnclear(f"{asked.doing}: no whole answer came from {asked.server}: {why}")
        return Failure(error, Again.IF_REPEATABLE)
    unsent = ForgeError(f"{asked.doing}: {asked.server} cannot be reached: {why}")
    return Failure(unsent, Again.YES)


def value_of(body: bytes, asked: Asked) -> Any:
    """The JSON of an answer; None where it has none. Raises `ForgeUnclear`."""
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except ValueError:
        raise unreadable(asked, "is not JSON") from None


def items_of(value: Any, asked: Asked) -> list[Mapping[str, Any]]:
    """The objects of a list. Raises `ForgeUnclear`."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise unreadable(asked, "is no list of objects")
    return value


def member(value: Any, *names: str) -> Any:
    """What stands at a path in an answer; None where there is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, *names: str) -> str:
    """The same, where only text counts."""
    found = member(value, *names)
    return found if isinstance(found, str) else ""


def number(value: Any, name: str, asked: Asked) -> int:
    """A number that names something. Raises `ForgeUnclear`."""
    found = member(value, name)
    if type(found) is not int or found < 1:
        raise unreadable(asked, f"has no {name}")
    return found


def unreadable(asked: Asked, why: str) -> ForgeUnclear:
    """The answer is not what was promised."""
    return ForgeUnclear(f"{asked.doing}: the answer of {asked.server} {why}")


def _refusal(status: int, text: str, asked: Asked) -> ForgeError:
    kind = _REFUSALS.get(status, ForgeError)
    hint = ""
    if status == 401:
        hint = "; is the token right, and not expired?"
    elif status == 403:
        hint = f"; the token must be allowed to: {asked.needs}"
    elif status == 404:
        hint = f"; is it there, and may the token see it ({asked.needs})?"
    elif status < 400:
        hint = ": a redirect, which is not followed: has the project moved?"
    return kind(f"{text}{hint}", status=status)


def _is_limit(headers: Mapping[str, str], body: bytes) -> bool:
    used_up = headers.get("X-RateLimit-Remaining", "").strip() == "0"
    return used_up or "Retry-After" in headers or b"rate limit" in body[:4096].lower()


def _said(body: bytes) -> str:
    """What a refusal says: `message` of both, `error` of GitLab."""
    try:
        told = orjson.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return shown(without_queries(body[:400].decode("utf-8", "replace")))
    words = [_words(told[name]) for name in ("message", "error") if told.get(name)]
    return shown(without_queries("; ".join(words)[:400]))


def _words(value: Any) -> str:
    """What a value says, whatever it is: JSON may be nested deeper than Python goes."""
    try:
        return str(value)
    except RecursionError:
        return "..."
