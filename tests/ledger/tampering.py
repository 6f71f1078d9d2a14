"""Everything that can be done to a ledger by somebody who has no other place to change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LATER = "2021-01-01T00:00:00.000+00:00"


@dataclass(frozen=True)
class Tampered:
    """A ledger to which something was done."""

    what: str
    line: int
    """The first that shows it."""
    data: bytes


def split(data: bytes) -> list[bytes]:
    """The lines, each with its newline."""
    return data.splitlines(keepends=True)


def hashed(record: Mapping[str, Any]) -> bytes:
    """A line whose hash is right, whatever it says."""
    body = orjson.dumps(dict(record))[:-1]
    digest = hashlib.sha256(body).hexdigest().encode()
    return body + b',"hash":"sha256:' + digest + b'"}\n'


def forged(line: bytes, **fields: Any) -> bytes:
    """The line with other fields, and with the hash that they need."""
    record = {name: item for name, item in orjson.loads(line).items() if name != "hash"}
    return hashed({**record, **fields})


def flipped(data: bytes, mask: int) -> Iterator[Tampered]:
    """Every byte, with these bits the other way round."""
    line = 1
    for at, byte in enumerate(data):
        yield Tampered(
            f"flipped {mask:#x}", line, data[:at] + bytes([byte ^ mask]) + data[at + 1 :]
        )
        line += byte == 0x0A


def cut(data: bytes) -> Iterator[Tampered]:
    """The end cut off, at every byte."""
    for length in range(len(data)):
        yield Tampered("cut", data[:length].count(b"\n") + 1, data[:length])


def dropped(lines: list[bytes]) -> Iterator[Tampered]:
    """Every line gone, and every two and three that follow one another."""
    for count in (1, 2, 3):
        for at in range(len(lines) - count + 1):
            yield Tampered("dropped", at + 1, b"".join(lines[:at] + lines[at + count :]))


def swapped(lines: list[bytes]) -> Iterator[Tampered]:
    """Every two lines in each other's place."""
    for one in range(len(lines)):
        for other in range(one + 1, len(lines)):
            new = list(lines)
            new[one], new[other] = new[other], new[one]
            yield Tampered("swapped", one + 1, b"".join(new))


def moved(lines: list[bytes]) -> Iterator[Tampered]:
    """Every line at every other place."""
    for start in range(len(lines)):
        rest = lines[:start] + lines[start + 1 :]
        for end in range(len(lines)):
            if abs(start - end) > 1:
                new = [*rest[:end], lines[start], *rest[end:]]
                yield Tampered("moved", min(start, end) + 1, b"".join(new))


def doubled(lines: list[bytes]) -> Iterator[Tampered]:
    """Every line twice in a row."""
    for at in range(len(lines)):
        yield Tampered("doubled", at + 2, b"".join([*lines[: at + 1], *lines[at:]]))


def put_in(lines: list[bytes], more: list[bytes]) -> Iterator[Tampered]:
    """Each of these lines before every line, and at the end."""
    for line in more:
        for at in range(len(lines) + 1):
            new = b"".join([*lines[:at], line, *lines[at:]])
            yield Tampered("put in", at + 1 + _begins_one(line, at), new)


def replaced(lines: list[bytes], more: list[bytes]) -> Iterator[Tampered]:
    """Each of these lines in the place of every line."""
    for line in more:
        for at in range(len(lines)):
            new = b"".join([*lines[:at], line, *lines[at + 1 :]])
            yield Tampered("replaced", at + 1 + _begins_one(line, at), new)


def forgeries(lines: list[bytes]) -> Iterator[Tampered]:
    """Every line with other content and the hash that fits it: the next one was not written
    after it, and shows it."""
    for at, line in enumerate(lines):
        new = [*lines[:at], forged(line, at=LATER), *lines[at + 1 :]]
        yield Tampered("forged", at + 2, b"".join(new))


def rewritten(lines: list[bytes]) -> Iterator[Tampered]:
    """From every line on, all with other content, and chained anew."""
    for start in range(len(lines)):
        new = lines[:start]
        for line in lines[start:]:
            prev = orjson.loads(new[-1])["hash"] if new else orjson.loads(line)["prev"]
            new = [*new, forged(line, at=LATER, prev=prev)]
        yield Tampered("rewritten", start + 1, b"".join(new))


def _begins_one(line: bytes, at: int) -> bool:
    """Whether a line at this place is as good a beginning as the one that was there: that it is
    not, the second line shows."""
    return at == 0 and line.startswith(b'{"seq":1,"prev":"sha256:' + b"0" * 64)
