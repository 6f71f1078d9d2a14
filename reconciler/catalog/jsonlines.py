"""JSON Lines -> entries: one object a line, with its `key` inside."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any, Final

import orjson

from reconciler.catalog import places
from reconciler.catalog.events import MAX_DEPTH
from reconciler.catalog.places import Located, Spots
from reconciler.catalog.problems import DataPath, Findings
from reconciler.catalog.records import Records
from reconciler.core.model import Json, Place

_KEYS: Final = re.compile(rb'"[ \t]*:')
_LONG: Final = 1e18
"""From here on a number may have been a whole one beyond 64 bits, of which orjson makes this."""
_BOM: Final = b"\xef\xbb\xbf"


class _RepeatedError(ValueError):
    """An object has a name twice."""


class _LongError(ValueError):
    """A number has more digits than orjson keeps."""


def read_jsonl(file: str, data: bytes, findings: Findings) -> Records:
    """The entries of JSON Lines that are UTF-8; what is wrong goes to `findings`."""
    records = Records(file, locate, typed=True)
    for number, line in lines(data):
        try:
            record = parse(line)
        except orjson.JSONDecodeError as error:
            place = Place(file, number, error.colno)
            findings.error_at(place, (), f"not readable as JSON: {error.msg}", "one entry a line")
        except (_RepeatedError, RecursionError) as error:
            findings.error_at(Place(file, number, 1), (), str(error) or "nested too deep")
        else:
            _take(records, number, record, findings)
    return records


def lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, each with its number."""
    for number, line in enumerate(data.removeprefix(_BOM).split(b"\n"), start=1):
        if line and not line.isspace():
            yield number, line


def parse(line: bytes) -> Any:
    """One JSON value: repeated names are refused, integers beyond 64 bits are texts."""
    value = orjson.loads(line)
    # orjson keeps the last of repeated names and makes a float of a long integer. Counting
    # `":` never finds fewer than there are names, so an equal count proves that none repeats.
    with suppress(_LongError):
        if len(_KEYS.findall(line)) == _names(value, 0):
            return value
    return json.loads(line, object_pairs_hook=_object, parse_int=_integer)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _RepeatedError(f"the name {json.dumps(twice)} is there twice in one object")
    return found


def _integer(text: str) -> int | str:
    if len(text) > 20:
        return text
    whole = int(text)
    return whole if -(2**63) <= whole < 2**64 else text


def _names(value: Json, depth: int) -> int:
    """How many names the objects in it have. Raises `_LongError`."""
    if depth > MAX_DEPTH:
        raise _RepeatedError(f"nested more than {MAX_DEPTH} deep")
    names = 0
    if isinstance(value, dict):
        names, inside = len(value), iter(value.values())
    elif isinstance(value, list):
        inside = iter(value)
    else:
        inside = iter((value,))
    for item in inside:
        kind = type(item)
        if kind is dict or kind is list:
            names += _names(item, depth + 1)
        elif kind is float and not -_LONG < item < _LONG:
            raise _LongError
    return names


def _take(records: Records, number: int, record: Json, findings: Findings) -> None:
    place = Place(records.file, number, 1)
    if not isinstance(record, dict):
        findings.error_at(place, (), "expected an object with an entry's properties")
        return
    key = record.pop("key", None)
    if not isinstance(key, str) or not key:
        findings.error_at(place, ("key",), "the key is missing, or is not a text")
    elif key in records.entries:
        first = records.place(key)
        findings.error_at(place, ("files", key), f"this key is there already, at {first}")
    else:
        records.entries[key] = record
        records.spots[key] = (number, 1)


def locate(data: bytes, wanted: Collection[DataPath]) -> Located:
    """The places of values. A line of JSON is (nearly always) readable as YAML."""
    inner: dict[Any, list[DataPath]] = {}
    for path in wanted:
        inner.setdefault(path[1] if len(path) > 1 else None, []).append(path[2:])
    found: dict[DataPath, Spots] = {}
    for number, line in lines(data):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        key = record.get("key") if isinstance(record, dict) else None
        if not isinstance(key, str) or key not in inner or ("files", key) in found:
            continue
        for path, spots in places.locate(line, inner[key]).items():
            found["files", key, *path] = Spots((number, spots.key[1]), (number, spots.value[1]))
        found["files", key] = Spots((number, 1), (number, 1))
    return found
