"""The faults that have names; each function makes one. Rows are those of the table of faults.

| row      | fault                  | what the client sees                      | the sandbox  |
|----------|------------------------|-------------------------------------------|--------------|
| F3       | reset_unread           | a reset, before its body was read         | not          |
| F3       | reset_read             | a reset, after its body was read          | not          |
| F4       | lost_answer            | a reset                                   | has done it  |
| F5       | cut_answer             | a part of an answer, then a reset         | has done it  |
| F6       | no_answer              | nothing                                   | `committed`  |
| F7       | dripped                | head or body, some bytes at a time        | has done it  |
| F8       | slow_sink              | its body is taken slowly                  | does it      |
| F9       | closed (where=reused)  | a close without an answer                 | not          |
| F10      | wrong_length           | a Content-Length that is wrong            | has done it  |
| F11      | truncated              | no length, half the body, a close         | has done it  |
| F12      | unfinished             | chunks without the last one               | has done it  |
| F13      | bad_gzip, gzip_bomb    | what does not unpack, or unpacks too large| has done it  |
| F14, F15 | late                   | 504                                       | does it later|
| F16-F18  | throttled              | 429                                       | not          |
| F19      | with_headers           | the real answer with more headers         | has done it  |
| F20-F22, | status                 | that status                               | `committed`  |
| F28-F38  |                        |                                           |              |
| F23, F24 | html                   | a page, with 200 or another status        | `committed`  |
| F25      | redirect               | 302 or another 3xx                        | `committed`  |
| F26      | said_no                | 200 with `{"error": ...}`                 | `committed`  |
| F27      | empty                  | 204, or another 2xx, without a body       | has done it  |
| F35      | refused_unread         | 413, before its body was read             | not          |
| F39      | partly                 | 500                                       | has done part|
| F40, F41 | meanwhile              | the real answer; somebody did something   | has done it  |
| F42-F61  | rewritten              | the real answer with another JSON         | has done it  |
|          | noise                  | bytes that are no HTTP                    | `committed`  |
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Literal

from reconciler.sandbox.faults.fault import (
    Close,
    Cut,
    Drip,
    Dropped,
    Fault,
    Forwarded,
    Hang,
    Late,
    Noise,
    OfRequest,
    Real,
    Reset,
    Scripted,
    Undelimited,
    Unfinished,
    Unread,
    WrongLength,
)
from reconciler.sandbox.faults.http1 import Headers, Request

_BLOCK = 1 << 20
_LOGIN = b"<!DOCTYPE html>\n<title>Login</title>\n<form method=post><input name=email></form>\n"


def reset_unread() -> Fault:
    """F3. The body is not read."""
    return Fault(Unread(), wire=Reset(), name="reset_unread")


def reset_read() -> Fault:
    """F3. Everything is read, and nothing done."""
    return Fault(Dropped(), wire=Reset(), name="reset_read")


def lost_answer() -> Fault:
    """F4. Done, and then a reset."""
    return Fault(wire=Reset(), name="lost_answer")


def cut_answer(keep: float = 0.5, then: Literal["reset", "close"] = "reset") -> Fault:
    """F5. Done, and so much of the answer."""
    return Fault(wire=Cut(keep, then), name="cut_answer")


def no_answer(*, committed: bool, at_most: float | None = None) -> Fault:
    """F6. Nothing more, until the client leaves or for so many seconds."""
    return Fault(_done(committed), wire=Hang(at_most), name="no_answer")


def dripped(
    part: Literal["head", "body"] = "body",
    *,
    every: float = 0.01,
    size: int = 1,
    at_most: float | None = None,
) -> Fault:
    """F7. So many bytes every so many seconds; after `at_most` seconds the rest."""
    return Fault(wire=Drip(part, every, size, at_most), name="dripped")


def slow_sink(bytes_per_second: float, at_most: float | None = None) -> Fault:
    """F8. The body is read slowly; after `at_most` seconds the rest."""
    return Fault(Forwarded(None, bytes_per_second, at_most), name="slow_sink")


def closed() -> Fault:
    """F9, with `where=reused`. Read, not done, and closed in good order."""
    return Fault(Dropped(), wire=Close(), name="closed")


def wrong_length(by: int = 7) -> Fault:
    """F10. Longer than the body, or shorter."""
    return Fault(wire=WrongLength(by), name="wrong_length")


def truncated(keep: float = 0.5) -> Fault:
    """F11. Ends where the connection does, and too early."""
    return Fault(wire=Undelimited(keep), name="truncated")


def unfinished() -> Fault:
    """F12. The last chunk never comes."""
    return Fault(wire=Unfinished(), name="unfinished")


def bad_gzip() -> Fault:
    """F13. Says that it is gzip, begins as gzip, and is not."""
    broken = gzip.compress(b"", mtime=0)[:10] + b"this is no deflate stream"
    return Fault(answer=Scripted(200, _zipped(), broken), name="bad_gzip")


def gzip_bomb(size: int) -> Fault:
    """F13. Unpacks to so many bytes, a thousand times what is sent."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = b" " * _BLOCK
    pieces = [packer.compress(block) for _ in range(size // _BLOCK)]
    pieces += [packer.compress(b" " * (size % _BLOCK)), packer.flush()]
    return Fault(answer=Scripted(200, _zipped(), b"".join(pieces)), name="gzip_bomb")


def late(after: float | None = None, status: int = 504) -> Fault:
    """F14, F15. That status now; done after so many seconds of the sandbox's clock, or when
    the front is told to `release`."""
    return Fault(Late(after), _json(status, {"message": "Gateway Timeout"}), name="late")


def throttled(retry_after: str | None = "1") -> Fault:
    """F16-F18. 429, with that Retry-After or with none."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    said = _json(429, {"message": "Too Many Attempts."}, headers)
    return Fault(Dropped(), said, name="throttled")


def with_headers(**headers: str) -> Fault:
    """F19. The real answer with more headers; "_" in their names is "-"."""
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(answer=Real(headers=more), name="with_headers")


def status(
    code: int,
    body: Any = None,
    *,
    committed: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """F16-F38. That status, instead of doing it or after it was done.

    `body` None says the status in JSON; bytes go as they are; everything else as JSON.
    """
    said = {"message": f"status {code}"} if body is None else body
    name = f"status {code}, committed" if committed else f"status {code}"
    return Fault(_done(committed), _json(code, said, headers), name=name)


def html(code: int = 200, *, committed: bool = True) -> Fault:
    """F23, F24. A page to log in, or a gateway's."""
    page = Scripted(code, (("Content-Type", "text/html; charset=UTF-8"),), _LOGIN)
    return Fault(_done(committed), page, name="html")


def redirect(location: str, code: int = 302, *, committed: bool = False) -> Fault:
    """F25. To that address."""
    headers = (("Location", location), ("Content-Type", "text/html"))
    return Fault(_done(committed), Scripted(code, headers, _LOGIN), name="redirect")


def said_no(body: Any = None, *, committed: bool = False) -> Fault:
    """F26. 200, and yet no."""
    said = {"error": "Something went wrong"} if body is None else body
    return Fault(_done(committed), _json(200, said), name="said_no")


def empty(code: int = 204) -> Fault:
    """F27. Done, with nothing to say."""
    return Fault(answer=Scripted(code), name="empty")


def refused_unread(code: int = 413) -> Fault:
    """F35. A gateway's refusal, while the body is still being sent."""
    return Fault(Unread(), _json(code, {"message": f"status {code}"}), name="refused_unread")


def partly(first: int, code: int = 500) -> Fault:
    """F39. Done with the first so many ids, and then that status."""
    said = _json(code, {"message": "Server Error"})
    return Fault(Forwarded(first), said, name="partly")


def meanwhile(
    before: Callable[[Request], object] | None = None,
    after: Callable[[Request], object] | None = None,
) -> Fault:
    """F40, F41. Somebody does something just before the request is done, or just after."""
    return Fault(before=before, after=after, name="meanwhile")


def rewritten(rewrite: Callable[[Any], Any], code: int | None = None) -> Fault:
    """F42-F61. The real answer, its JSON as the function gives it back (bytes as they are)."""
    return Fault(answer=Real(code, rewrite=rewrite), name="rewritten")


def noise(data: bytes, *, committed: bool) -> Fault:
    """These bytes, and a close."""
    return Fault(_done(committed), wire=Noise(data), name="noise")


def _done(committed: bool) -> OfRequest:
    return Forwarded() if committed else Dropped()


def _json(code: int, body: Any, headers: Mapping[str, str] | None = None) -> Scripted:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Scripted(code, (("Content-Type", "application/json"), *(headers or {}).items()), data)


def _zipped() -> Headers:
    return (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
