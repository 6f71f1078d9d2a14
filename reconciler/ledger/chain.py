"""Records as lines, each chained to the one before. Pure.

A line is `{"seq":1,"prev":"sha256:...", what is recorded ,"hash":"sha256:..."}` and a newline.
`seq` counts from 1, `prev` is the hash of the record before, and `hash` is the sha256 over the
exact bytes of the line before `,"hash":`: nobody who checks it has to write JSON as we do.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from reconciler.core.model import Json

FORMAT = "reconciler/ledger/1"

Record: TypeAlias = Mapping[str, Any]

_BEGINNING = b'{"seq":'
_HASH = b',"hash":"sha256:'
_END = b'"}'
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_LONGEST_FORMAT = 80
"""Characters: it is for people to read, and may come from anywhere."""
_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record by its number and its hash, in which all that came before it is contained."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """`SEQ:HASH`, as every apply prints it."""
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """The anchor of `SEQ:HASH`. Raises `ValueError`."""
        match = _ANCHOR.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls(int(match[1]), match[2])


START = Anchor(0, "sha256:" + "0" * 64)
"""What the first record follows."""


def line_after(before: Anchor, record: Mapping[str, Json]) -> tuple[bytes, Anchor]:
    """The line that says this, newline and all, and what the next one follows."""
    seq = before.seq + 1
    body = _json({"seq": seq, "prev": before.hash, **record})[:-1]
    return _closed(body) + b"\n", Anchor(seq, _hash(body))


def chained(at: Anchor, records: Iterable[Mapping[str, Json]]) -> tuple[list[bytes], Anchor]:
    """The lines of the records after this one, and what the next follows."""
    lines: list[bytes] = []
    for record in records:
        line, at = line_after(at, record)
        lines.append(line)
    return lines, at


def lines(data: bytes) -> Iterator[bytes]:
    """The whole lines, without their newlines."""
    for line in io.BytesIO(data):
        if line.endswith(b"\n"):
            yield line[:-1]


def tail(data: bytes) -> bytes:
    """What stands after the last newline: nothing, unless a line was torn."""
    return data[data.rfind(b"\n") + 1 :]


def record_of(line: bytes) -> Record | None:
    """What a line says; None where its hash does not fit its bytes, or it is no record."""
    body, mark, _ = line.rpartition(_HASH)
    if not mark or line != _closed(body):
        return None
    record = _parsed(line)
    if record is None or type(record.get("seq")) is not int:
        return None
    return record if isinstance(record.get("prev"), str) else None


def anchor_of(record: Record) -> Anchor:
    """A record's own anchor."""
    return Anchor(record["seq"], record["hash"])


def walk(data: bytes, after: Anchor = START) -> Iterator[Record]:
    """The records, oldest first. Ends before the first line that does not follow the one before
    it, or that another version wrote. `after`: what the first line follows."""
    seq, prev = after.seq, after.hash
    for line in lines(data):
        record = record_of(line)
        if record is None or record["seq"] != seq + 1 or record["prev"] != prev:
            return
        if other_format(record) is not None:
            return
        seq, prev = record["seq"], record["hash"]
        yield record


def other_format(record: Record) -> str | None:
    """How a record calls its format, where that is not ours; None where it is."""
    kind = record.get("kind")
    is_ours = (
        isinstance(kind, str)
        and isinstance(record.get("at"), str)
        and isinstance(record.get("run"), str)
        and (kind != "run.began" or record.get("format") == FORMAT)
    )
    return None if is_ours else str(record.get("format", "something else"))[:_LONGEST_FORMAT]


def newer_format(line: bytes) -> str | None:
    """The format that a line, which need be no record to us, says it has, if it is newer."""
    said = str((_parsed(line) or {}).get("format"))
    stem, _, number = said.rpartition("/")
    ours, _, own_number = FORMAT.rpartition("/")
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    return said if stem == ours and is_number and int(number) > int(own_number) else None


def begins_as_a_record(line: bytes) -> bool:
    """Whether a line begins as every record does."""
    return line.startswith(_BEGINNING)


def has_a_record(data: bytes) -> bool:
    """Whether a whole line begins as every record does."""
    whole = data[: data.rfind(b"\n") + 1]
    return whole.startswith(_BEGINNING) or b"\n" + _BEGINNING in whole


def is_torn(rest: bytes) -> bool:
    """Whether a tail may be what was written of a record. What a power cut left unwritten may
    read as NUL bytes."""
    begun = rest.rstrip(b"\0")
    return begins_as_a_record(begun) or _BEGINNING.startswith(begun)


def _closed(body: bytes) -> bytes:
    return body + _HASH + hashlib.sha256(body).hexdigest().encode() + _END


def _hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _json(record: Mapping[str, Json]) -> bytes:
    """In ASCII, with escapes for all that is not, and for `##[`, which a CI runner obeys: a ledger
    that is printed does nothing to whoever looks at it."""
    try:
        data = orjson.dumps(record)
    except TypeError:
        # Half a character, as a name in the file system or the environment may hold: `?` for it,
        # rather than no record of what was done.
        data = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )
    if not data.isascii():
        # What is not ASCII stands in a string: nothing else of JSON has it.
        text = _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], data.decode("utf-8"))
        data = text.encode("ascii")
    return data.replace(b"##[", rb"##\u005b").replace(b"\x7f", rb"\u007f")


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
