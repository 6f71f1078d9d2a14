"""Which fault is played on which request: by kind and count, or by chance from a seed.

| kind   | requests                                                                       |
|--------|--------------------------------------------------------------------------------|
| list   | GET /api/buckets/B/files                                                       |
| get    | GET /api/buckets/B/files/IDS                                                   |
| upload | POST /api/buckets/B/files                                                      |
| update | PUT /api/buckets/B/files/ID                                                    |
| move   | PUT /api/buckets/B/files/IDS/move, POST /api/buckets/B/files/move              |
| delete | DELETE /api/buckets/B/files/IDS, DELETE /api/buckets/B/files                   |
| bucket | /api/buckets, /api/buckets/B                                                   |
| dump   | GET /api/buckets/B/dump, /files/dump, /down/TASK                               |
| other  | everything else                                                                |

`read` is every GET, `write` everything else, `any` everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Literal, TypeAlias

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults.fault import Fault
from reconciler.sandbox.faults.http1 import Request

Kind = Literal["list", "get", "upload", "update", "move", "delete", "bucket", "dump", "other"]
What = Kind | Literal["any", "read", "write"]

_OF_FILES: dict[str, Kind] = {"GET": "list", "POST": "upload", "DELETE": "delete"}
_OF_IDS: dict[str, Kind] = {"GET": "get", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Rule:
    """Plays the fault on requests of a kind: after the first `skip`, on the next `times` of them
    (None: on all). `where` narrows the kind down."""

    what: What
    fault: Fault
    skip: int = 0
    times: int | None = None
    where: Callable[[Request], bool] | None = None

    def turns(self) -> Iterator[Fault | None]:
        """What is played on each request that the rule is about, without end."""
        played = repeat(self.fault) if self.times is None else repeat(self.fault, self.times)
        return chain(repeat(None, self.skip), played, repeat(None))


@dataclass(frozen=True, slots=True)
class Chance:
    """Plays some of the faults, by chance. The same seed and the same requests, in the same
    order, give the same faults.

    `rate`: how likely it is, from 0 to 1, that a request begins a burst, which is one fault played
    `burst` times in a row. After it so many requests are left alone as `rest` says.
    """

    what: What
    faults: tuple[Fault, ...]
    rate: float
    seed: int
    burst: int = 1
    rest: int = 0
    where: Callable[[Request], bool] | None = None

    def __post_init__(self) -> None:
        if not self.faults or not 0 <= self.rate <= 1:
            raise SandboxError("chance needs faults to choose from, and a rate from 0 to 1")

    def turns(self) -> Iterator[Fault | None]:
        """What is played on each request that the rule is about, without end."""
        for number in count():
            digest = hashlib.sha256(f"{self.seed}:{number}".encode()).digest()
            if int.from_bytes(digest[:8], "big") >= self.rate * 2**64:
                yield None
                continue
            fault = self.faults[int.from_bytes(digest[8:16], "big") % len(self.faults)]
            yield from repeat(fault, self.burst)
            yield from repeat(None, self.rest)


AnyRule: TypeAlias = Rule | Chance


def on(
    what: What,
    fault: Fault,
    *,
    nth: int | None = None,
    skip: int = 0,
    times: int | None = None,
    where: Callable[[Request], bool] | None = None,
) -> Rule:
    """A rule: on the `nth` request of a kind alone (1 is the first), or as `Rule` says."""
    if nth is not None:
        skip, times = nth - 1, 1
    return Rule(what, fault, skip, times, where)


def reused(request: Request) -> bool:
    """For `where`: the connection has carried another request before (F9)."""
    return request.reused


def kind_of(request: Request) -> Kind:
    """The kind, by method and path."""
    match request.path.strip("/").split("/"):
        case ["api", "buckets"] | ["api", "buckets", _]:
            return "bucket"
        case ["api", "buckets", _, "dump"] | ["api", "buckets", _, "down", _]:
            return "dump"
        case ["api", "buckets", _, "files"]:
            return _OF_FILES.get(request.method, "other")
        case ["api", "buckets", _, "files", "dump"]:
            return "dump"
        case ["api", "buckets", _, "files", "move"] if request.method == "POST":
            return "move"
        case ["api", "buckets", _, "files", _]:
            return _OF_IDS.get(request.method, "other")
        case ["api", "buckets", _, "files", _, "move"] if request.method == "PUT":
            return "move"
        case _:
            return "other"


class Script:
    """Rules with their counts. Every rule counts the requests that it is about, also those that
    another one plays on; of several that would play, the first does. One thread at a time."""

    def __init__(self, rules: tuple[AnyRule, ...]) -> None:
        self._rules = [(rule, rule.turns()) for rule in rules]

    def choose(self, request: Request) -> Fault | None:
        """What to play on the next request."""
        due = [next(turns) for rule, turns in self._rules if _is_about(rule, request)]
        return next((fault for fault in due if fault is not None), None)


def _is_about(rule: AnyRule, request: Request) -> bool:
    names = {"any", kind_of(request), "read" if request.method in {"GET", "HEAD"} else "write"}
    return rule.what in names and (rule.where is None or rule.where(request))
