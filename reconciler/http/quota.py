"""How long the service asks to be left alone, in whatever header it says so.

| answer                           | what counts                                                 |
|----------------------------------|-------------------------------------------------------------|
| 429                              | `Retry-After`; where it has none, `X-RateLimit-Reset`       |
| 503                              | `Retry-After`                                               |
| any with `X-RateLimit-Remaining` | the same as for 429: the next request would be one too many |
| of 0                             |                                                             |
| any other                        | nothing                                                     |

`Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3); some send fractions, or say
it more than once, and then the longest counts. `X-RateLimit-Reset` is no standard: a number of
seconds, or, as Laravel has it, a moment in seconds since 1970. A date counts from the answer's
own `Date`, so that a clock that is wrong, here or there, does not matter. Rubbish, and what is
over already, is nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 120.0
"""Seconds. A service that asks for more is taken at its word: nobody waits, and the run ends."""
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)
_MOMENTS = 1e9
"""From here on a reset is a moment, of 2001 or later, and no number of seconds."""


def asked_wait(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds, more than zero; None where nothing is asked for. `headers` find their names in
    any case. `now`: by the wall clock."""
    is_used_up = headers.get("X-RateLimit-Remaining", "").strip() == "0"
    if status not in (429, 503) and not is_used_up:
        return None
    now = _moment(headers.get("Date", "")) or now
    asked = _retry_after(headers.get("Retry-After", ""), now)
    if asked is None and (status == 429 or is_used_up):
        asked = _reset(headers.get("X-RateLimit-Reset", ""), now)
    return asked


def _retry_after(text: str, now: float) -> float | None:
    """The longest of several; the comma that parts them stands in a date too, but a date can be
    read without the day of the week before it."""
    seconds = [_seconds(part.strip(), now) for part in text.split(",")]
    return max((each for each in seconds if each is not None and each > 0), default=None)


def _seconds(text: str, now: float) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    moment = _moment(text)
    return None if moment is None else moment - now


def _reset(text: str, now: float) -> float | None:
    if not _NUMBER.fullmatch(text.strip()):
        return None
    reset = float(text)
    seconds = reset - now if reset >= _MOMENTS else reset
    return seconds if seconds > 0 else None


def _moment(text: str) -> float | None:
    """A date of HTTP in seconds since 1970."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
