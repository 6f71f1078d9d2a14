"""Scripts for rehearsals, by name: what `reconciler sandbox --faults` plays.

| profile   | what goes wrong                                                                  |
|-----------|----------------------------------------------------------------------------------|
| lossy     | writes are done, and their answers lost in a reset                               |
| flaky     | 500, 502, 503, 504, before or after a write is done; batches done in part        |
| throttled | 429, with a Retry-After of one second                                            |
| slow      | answers in drips, uploads taken slowly, a second of silence and then a close     |
| outage    | four requests in a row are reset, now and then                                   |
| garbled   | HTML, cut JSON, wrong lengths, bad gzip, errors with 200, bytes that are no HTTP |
| late      | writes are answered 504, and done two seconds later                              |
| chaos     | all of these                                                                     |

All by chance, from a seed: the same seed, and the same requests in the same order, give the same
faults. About one request in five is disturbed, seldom enough for a client that asks again to get
on: after each disturbance the next request is left alone. Throttled and outage are rarer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.sandbox.faults.fault import Fault
from reconciler.sandbox.faults.named import (
    bad_gzip,
    cut_answer,
    dripped,
    html,
    late,
    lost_answer,
    no_answer,
    noise,
    partly,
    reset_unread,
    said_no,
    slow_sink,
    status,
    throttled,
    truncated,
    unfinished,
    wrong_length,
)
from reconciler.sandbox.faults.script import AnyRule, Chance, What

_RATE = 0.25  # with one left alone after each, one in five
_SELDOM = 0.04
_SECOND = 1.0

_LOSSY = (lost_answer(), cut_answer())
_FLAKY = (
    status(500),
    status(500, committed=True),
    html(502, committed=False),
    status(503),
    html(504),
    partly(1),
)
_THROTTLED = (throttled("1"),)
_SLOW = (
    dripped("head", every=0.02, at_most=_SECOND),
    dripped("body", every=0.02, at_most=_SECOND),
    slow_sink(2000, at_most=_SECOND),
    no_answer(committed=True, at_most=_SECOND),
    no_answer(committed=False, at_most=_SECOND),
)
_OUTAGE = (reset_unread(),)
_GARBLED = (
    html(),
    cut_answer(then="close"),
    wrong_length(7),
    wrong_length(-7),
    truncated(),
    unfinished(),
    bad_gzip(),
    said_no(committed=True),
    noise(b"SSH-2.0-OpenSSH_9.6\r\n", committed=True),
)
_LATE = (late(2.0),)


@dataclass(frozen=True, slots=True)
class Profile:
    """A script to rehearse with. `says`: what goes wrong, in a line."""

    says: str
    script: Callable[[int], tuple[AnyRule, ...]]
    """From a seed."""


def _by_chance(
    what: What, *faults: Fault, rate: float = _RATE, burst: int = 1, rest: int = 1
) -> Callable[[int], tuple[AnyRule, ...]]:
    return lambda seed: (Chance(what, faults, rate, seed, burst, rest),)


PROFILES = {
    "lossy": Profile(
        "writes are done, and their answers lost in a reset",
        _by_chance("write", *_LOSSY),
    ),
    "flaky": Profile(
        "500, 502, 503, 504, before or after a write is done; batches done in part",
        _by_chance("any", *_FLAKY),
    ),
    "throttled": Profile(
        "429, with a Retry-After of one second",
        _by_chance("any", *_THROTTLED, rate=_SELDOM, rest=5),
    ),
    "slow": Profile(
        "answers in drips, uploads taken slowly, a second of silence and then a close",
        _by_chance("any", *_SLOW),
    ),
    "outage": Profile(
        "four requests in a row are reset, now and then",
        _by_chance("any", *_OUTAGE, rate=_SELDOM, burst=4, rest=10),
    ),
    "garbled": Profile(
        "HTML, cut JSON, wrong lengths, bad gzip, errors with 200, bytes that are no HTTP",
        _by_chance("any", *_GARBLED),
    ),
    "late": Profile(
        "writes are answered 504, and done two seconds later",
        _by_chance("write", *_LATE),
    ),
    "chaos": Profile(
        "all of these",
        _by_chance("any", *_LOSSY, *_FLAKY, *_THROTTLED, *_SLOW, *_OUTAGE, *_GARBLED, *_LATE),
    ),
}
