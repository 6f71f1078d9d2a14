"""The baseline of accepted drift, on disk: read as strictly as a catalogue, and added to without
touching what stands there.

    version: 1
    accepted:
      - key: spring-ad-01
        field: title
        live: "Old title"
        reason: the label renames it in December
        until: 2026-12-31
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.catalog import disk, events, places
from reconciler.catalog.problems import Findings, Problem
from reconciler.catalog.resolving import Texts, problems_of
from reconciler.catalog.scalars import text_of
from reconciler.catalog.structure import Form
from reconciler.catalog.write import item_lines
from reconciler.core.drift import Acceptance, Direction, Said
from reconciler.core.model import FileId, Json, Key, Place
from reconciler.errors import BaselineError

NAME: Final = "drift-baseline.yaml"
"""What it is called beside a catalogue."""
_TEXTS: Final = ("key", "field", "reason", "until")
_WHOLE: Final = re.compile(r'title|user_defined(\.[^\W\d][\w-]*|\["(?:[^"\\]|\\.)*"\])')
_NOWHERE: Final = Place("", 0, 0)
_INDENT: Final = re.compile(rb"^accepted:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- ", re.MULTILINE)


def read_baseline(path: Path, schema: bytes) -> tuple[Acceptance, ...]:
    """What the baseline at `path` accepts, in its order. `schema`: the baseline's. Raises
    `BaselineError` with all that is wrong with it."""
    try:
        content = disk.read(path)
    except disk.UnreadableError as error:
        raise _unreadable(path, error) from None
    return _accepted(path, content, schema)


def add_to_baseline(path: Path, schema: bytes, new: Sequence[Acceptance]) -> None:
    """Add these at the end of the baseline, or make one of them. Every byte that is there stays.
    Raises `BaselineError`."""
    try:
        before = disk.read(path).data if path.exists() else b"version: 1\naccepted:\n"
        old = read_baseline(path, schema) if path.exists() else ()
        found = _INDENT.search(before)
        indent = len(found[1]) if found else 2
        lines = "".join(f"{line}\n" for one in new for line in item_lines(_record(one), indent))
        between = b"" if before.endswith(b"\n") else b"\n"
        after = before + between + lines.encode()
        _check_says(path, schema, after, (*old, *new))
        (disk.replace if path.exists() else disk.create)(path, after)
    except disk.UnreadableError as error:
        raise _unreadable(path, error) from None
    except OSError as error:
        place = Place(str(path), 1, 1)
        raise BaselineError([Problem(place, "", f"writing it: {error.strerror}")]) from error


def _unreadable(path: Path, error: disk.UnreadableError) -> BaselineError:
    place = Place(str(path), error.line, error.column)
    return BaselineError([Problem(place, "", f"the baseline cannot be read: {error}")])


def _check_says(path: Path, schema: bytes, data: bytes, wanted: Sequence[Acceptance]) -> None:
    """Raise `BaselineError` where the bytes do not accept just this."""
    try:
        said = _accepted(path, disk.Content(data, ""), schema)
    except BaselineError:
        said = ()
    if list(map(_placeless, said)) != list(map(_placeless, wanted)):
        why = "nothing can be added behind it: its `accepted` must be its last part"
        hint = "with each of its items on lines of its own, as in `- key: spring-ad-01`"
        raise BaselineError([Problem(Place(str(path), 1, 1), "", why, hint)])


def _placeless(one: Acceptance) -> Acceptance:
    return replace(one, place=_NOWHERE)


def _record(one: Acceptance) -> Mapping[str, Json]:
    whose: dict[str, Json] = {"key": one.key} if one.key is not None else {"file": one.file_id}
    narrowed: dict[str, Json] = {
        "field": one.field,
        "direction": None if one.direction is None else str(one.direction),
    }
    live: dict[str, Json] = {} if one.live is None else {"live": one.live.value}
    given = {name: value for name, value in narrowed.items() if value is not None}
    return {**whose, **given, **live, "reason": one.reason, "until": one.until}


def _accepted(path: Path, content: disk.Content, schema: bytes) -> tuple[Acceptance, ...]:
    file, findings = str(path), Findings()
    document = events.build(content.data)
    for fault in document.faults:
        findings.error_at(Place(file, *fault.spot), fault.path, fault.message, fault.hint)
    records = _records(document.value) if document.complete else []
    if document.complete:
        body = document.value
        if isinstance(body, dict) and "accepted" in body and isinstance(body["accepted"], list):
            body = {**body, "accepted": records}
        for refusal in Form(orjson.loads(schema)).refusals(body):
            add = findings.key_error if refusal.at_key else findings.error
            add(file, refusal.path, refusal.message, refusal.hint)
    for number, record in enumerate(records):
        if isinstance(record, dict):
            for inside, message in _wrong(record):
                findings.error(file, ("accepted", number, *inside), message)
    if findings.errors:
        texts = Texts()
        texts.add(file, path, content.sha256, places.locate)
        raise BaselineError(problems_of(findings.errors, texts, thorough=True)[0])
    located = places.locate(content.data, [("accepted", n) for n in range(len(records))])
    return tuple(
        _acceptance(record, Place(file, *located["accepted", number].value))
        for number, record in enumerate(records)
    )


def _records(body: Json) -> list[Any]:
    """The items, with their plain scalars as texts where texts are meant."""
    items = body.get("accepted") if isinstance(body, dict) else None
    return [_with_texts(item) for item in items] if isinstance(items, list) else []


def _with_texts(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    names = (*_TEXTS, "live") if item.get("field") == "title" else _TEXTS
    plain = {name: item[name] for name in names if isinstance(item.get(name), bool | int | float)}
    return {**item, **{name: text_of(value) for name, value in plain.items()}}


def _wrong(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What the form cannot say."""
    if ("key" in record) == ("file" in record):
        found = "both" if "key" in record else "neither"
        yield (), f"expected a key, or the number of a file that carries no mark; found {found}"
    until, field = record.get("until"), record.get("field")
    if isinstance(until, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", until):
        try:
            date.fromisoformat(until)
        except ValueError:
            yield ("until",), f"there is no day {until}"
    elif isinstance(until, str) and until.endswith("\n"):  # which the form's pattern lets through
        found = orjson.dumps(until).decode()
        yield ("until",), f"expected a day such as 2026-12-31, found {found}"
    if "live" not in record:
        return
    if field is None:
        yield ("live",), "it is the live value of a field: name the field"
    elif isinstance(field, str) and not _WHOLE.fullmatch(field):
        yield ("live",), "it goes with a whole value, such as user_defined.tags, and no part of one"
    elif field == "title" and not isinstance(record["live"], str):
        yield ("live",), "a title is a text: quote it"


def _acceptance(record: Mapping[str, Any], place: Place) -> Acceptance:
    key, number, direction = record.get("key"), record.get("file"), record.get("direction")
    return Acceptance(
        key=None if key is None else Key(key),
        file_id=None if number is None else FileId(number),
        reason=record["reason"],
        until=record["until"],
        place=place,
        field=record.get("field"),
        live=Said(record["live"]) if "live" in record else None,
        direction=None if direction is None else Direction(direction),
    )
