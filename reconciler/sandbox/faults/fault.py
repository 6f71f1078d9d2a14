"""What can go wrong between a client and the sandbox: three closed unions, one of each a fault.

| part    | says                                      | kinds                                  |
|---------|-------------------------------------------|----------------------------------------|
| request | what becomes of the request               | Forwarded, Dropped, Unread, Late       |
| answer  | which answer there is                     | Real, Scripted                         |
| wire    | how its bytes reach the client, or do not | Whole, Drip, Cut, WrongLength,         |
|         |                                           | Undelimited, Unfinished, Noise, Reset, |
|         |                                           | Close, Hang                            |

`Fault()` disturbs nothing. `named` makes the faults that have names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults.http1 import Headers, Request


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The sandbox gets it: whole, or with only the `first` so many of the ids in its path (0:
    not at all).

    The body is read at so many `bytes_per_second` (None: at once), and after `at_most` seconds
    of that the rest at once.
    """

    first: int | None = None
    bytes_per_second: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is read, and the sandbox never gets it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Its body is not read, the sandbox never gets it, and the connection ends after the
    answer."""


@dataclass(frozen=True, slots=True)
class Late:
    """The client is answered first. The sandbox gets it `after` so many seconds of the sandbox's
    clock (None: when the front is told to `release`)."""

    after: float | None = None


@dataclass(frozen=True, slots=True)
class Real:
    """The sandbox's own answer: with another status, more headers, or another body.

    `rewrite` gets the body's JSON and gives the new one; bytes go out as they are. It is not
    called for an answer without JSON.
    """

    status: int | None = None
    headers: Headers = ()
    rewrite: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Scripted:
    """This answer. The framing headers are added by the wire."""

    status: int
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Whole:
    """As it should be."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Head or body in steps of `size` bytes, `every` so many seconds; after `at_most` seconds
    the rest at once."""

    part: Literal["head", "body"] = "body"
    every: float = 0.01
    size: int = 1
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The right head, the share `keep` of the body, and the end. Of an answer without a body,
    that share of the head."""

    keep: float = 0.5
    then: Literal["reset", "close"] = "reset"


@dataclass(frozen=True, slots=True)
class WrongLength:
    """The whole body, and a Content-Length that is wrong `by` so many bytes. One that is too
    large ends the connection; one that is too small leaves bytes before the next answer."""

    by: int


@dataclass(frozen=True, slots=True)
class Undelimited:
    """No length at all: the share `keep` of the body, and the end of the connection."""

    keep: float = 0.5


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The whole body as one chunk, and the end of the connection where the last chunk belongs."""


@dataclass(frozen=True, slots=True)
class Noise:
    """These bytes, be they HTTP or not, and the end of the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Reset:
    """Not a byte: the connection is reset."""


@dataclass(frozen=True, slots=True)
class Close:
    """Not a byte: the connection is closed, in good order."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Not a byte, until the client leaves, or for `at_most` seconds."""

    at_most: float | None = None


OfRequest: TypeAlias = Forwarded | Dropped | Unread | Late
OfAnswer: TypeAlias = Real | Scripted
Silent: TypeAlias = Noise | Reset | Close | Hang
OfWire: TypeAlias = Whole | Drip | Cut | WrongLength | Undelimited | Unfinished | Silent


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong. Names are for the log: two faults that differ in theirs are equal.

    `before` is called once the request is read (or is not going to be), `after` just before it is
    answered; both get the request's head. A real answer needs a request that was forwarded, or a
    wire that sends nothing of it: else `SandboxError`.
    """

    request: OfRequest = field(default_factory=Forwarded)
    answer: OfAnswer = field(default_factory=Real)
    wire: OfWire = field(default_factory=Whole)
    before: Callable[[Request], object] | None = None
    after: Callable[[Request], object] | None = None
    name: str = field(default="fault", compare=False)

    def __post_init__(self) -> None:
        forwarded = isinstance(self.request, Forwarded) and self.request.first != 0
        said = not isinstance(self.wire, Silent)
        if isinstance(self.answer, Real) and said and not forwarded:
            raise SandboxError(
                f"{self.name}: a request that is not forwarded has no real answer; script one"
            )
