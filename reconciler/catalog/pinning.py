"""Writes `sha256` pins for the sources that are there.

Only the bytes that must change do: comments, order and quoting stay. What would be written is
read again first; where that does not give the same entries plus pins, the file is left as it
was, and the report says so.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from reconciler.catalog import events
from reconciler.catalog.digests import Digests
from reconciler.catalog.disk import UnreadableError, read, replace
from reconciler.catalog.jsonlines import read_jsonl
from reconciler.catalog.loading import load_to_pin
from reconciler.catalog.problems import Findings, Problem
from reconciler.catalog.spans import Scalar, SourceSpan, Span, csv_rows, json_pairs, unquoted
from reconciler.catalog.spans import yaml_sources as _yaml_sources
from reconciler.catalog.tables import read_csv
from reconciler.core.cells import unguarded
from reconciler.core.model import Entry, Key, Place, Presence
from reconciler.errors import CatalogError

_BOM: Final = "\ufeff"
_PATHS: Final = ("audio", "fingerprint")
_NUMBER_LIKE: Final = re.compile(r"[0-9]+(?:e[0-9]+)?")
_COLUMN: Final = "source.sha256"

Edit: TypeAlias = tuple[Span, str]
"""Characters to be replaced, and by what."""


@dataclass(frozen=True, slots=True)
class PinReport:
    """What `pin` did."""

    pinned: tuple[Key, ...]
    """Entries that had no pin."""
    refreshed: tuple[Key, ...]
    """Entries whose pin no longer fitted their source."""
    unchanged: int
    """Entries whose pin is right already."""
    not_there: tuple[Key, ...]
    """Entries whose source is not there, so that nothing can be said of it."""
    files: tuple[str, ...]
    """The files that were written, relative to the catalogue's folder."""
    problems: tuple[Problem, ...]
    """Entries that could not be pinned where they stand."""


def pin(
    path: Path, *, source_root: Path | None = None, digests: Digests | None = None
) -> PinReport:
    """Pin the sources of the catalogue at `path` that are there. `digests`: as of `load`.

    Raises `CatalogError` where the catalogue is not right, pins aside, or cannot be written.
    """
    loaded = load_to_pin(path, source_root=source_root, digests=digests)
    wanted: dict[str, dict[str, str]] = {}
    run = _Run()
    for key, entry in loaded.desired.entries.items():
        digest = _digest(entry)
        if digest is not None:
            wanted.setdefault(entry.place.file, {})[key] = digest
        elif entry.source is not None and entry.source.presence is Presence.ABSENT:
            run.not_there.append(key)
    for file, pins in wanted.items():
        run.file(file, loaded.paths[file], pins, loaded.desired.entries)
    for file, (real, data) in run.new.items():
        try:
            replace(real, data)
        except OSError as error:
            message = f"cannot be written: {error.strerror}"
            raise CatalogError([Problem(Place(file, 1, 1), "", message)]) from None
    return run.report()


def _digest(entry: Entry) -> str | None:
    source = entry.source
    if source is None or source.presence not in (Presence.HERE, Presence.POINTER):
        return None
    return source.sha256


class _Run:
    """What is gathered, file by file, before anything is written."""

    def __init__(self) -> None:
        self.new: dict[str, tuple[Path, bytes]] = {}
        self.not_there: list[Key] = []
        self._pinned: list[Key] = []
        self._refreshed: list[Key] = []
        self._unchanged = 0
        self._problems: list[Problem] = []

    def report(self) -> PinReport:
        return PinReport(
            tuple(self._pinned),
            tuple(self._refreshed),
            self._unchanged,
            tuple(self.not_there),
            tuple(self.new),
            tuple(sorted(self._problems, key=lambda problem: problem.place)),
        )

    def file(
        self, file: str, path: Path, pins: Mapping[str, str], entries: Mapping[Key, Entry]
    ) -> None:
        try:
            data = read(path).data
        except UnreadableError as error:
            place = Place(file, error.line, error.column)
            raise CatalogError([Problem(place, "", str(error))]) from None
        text = data.decode()
        bom = _BOM if text.startswith(_BOM) else ""
        edit, values = _FORMATS[_format(file)]
        before = values(file, data)
        change = _Change(
            {k: d for k, d in pins.items() if _pin_of(before.get(k)) != d}, text.removeprefix(bom)
        )
        self._unchanged += len(pins) - len(change.pins)
        if not change.pins:
            return
        edit(change)
        after = (bom + _edited(change)).encode()
        now = values(file, after)
        # Also those behind an alias, where what it names has just been pinned.
        done = [key for key, digest in change.pins.items() if _pin_of(now.get(key)) == digest]
        change.refused = {k: why for k, why in change.refused.items() if k not in done}
        if now != _with_pins(before, change.pins, done):
            done = []
        for key in change.pins.keys() - set(done):
            change.refused.setdefault(key, "the source is written in a way that cannot be edited")
        for key, why in change.refused.items():
            hint = f"write sha256: {change.pins[key]} by hand"
            where = f"files.{key}.source"
            self._problems.append(Problem(entries[Key(key)].place, where, why, hint))
        for key in done:
            had = _pin_of(before.get(key)) is not None
            (self._refreshed if had else self._pinned).append(Key(key))
        if done:
            self.new[file] = (path, after)


class _Change:
    """The edits to one file's text."""

    def __init__(self, pins: dict[str, str], text: str) -> None:
        self.pins = pins
        self.text = text
        self.edits: list[Edit] = []
        self.refused: dict[str, str] = {}


def _edited(change: _Change) -> str:
    parts: list[str] = []
    at = 0
    for (start, end), text in sorted(change.edits):
        parts += [change.text[at:start], text]
        at = end
    return "".join([*parts, change.text[at:]])


def _pin_of(raw: Any) -> str | None:
    source = raw.get("source") if isinstance(raw, dict) else None
    held = source.get("sha256") if isinstance(source, dict) else None
    return None if held is None else str(held).lower()


def _with_pins(before: dict[str, Any], pins: Mapping[str, str], done: list[str]) -> dict[str, Any]:
    pinned = {
        key: {**before[key], "source": {**before[key]["source"], "sha256": pins[key]}}
        for key in done
    }
    return before | pinned


def _edit_yaml(change: _Change) -> None:
    spans = _yaml_sources(change.text)
    for key, digest in change.pins.items():
        span = spans.get(key)
        name = next((name for name in _PATHS if span and name in span.values), None)
        if span is None or name is None:
            change.refused[key] = "the source stands behind an alias or a merge key"
        elif "sha256" in span.values:
            held = span.values["sha256"]
            change.edits.append((held.span, _quoted(digest, held.quote)))
        elif span.values[name].quote in ("|", ">"):
            change.refused[key] = "the source is written as a block of text"
        else:
            change.edits.append(_yaml_insert(change.text, span, name, digest))


def _quoted(digest: str, quote: str) -> str:
    sign = quote if quote in ('"', "'") else '"' if _NUMBER_LIKE.fullmatch(digest) else ""
    return f"{sign}{digest}{sign}"


def _yaml_insert(text: str, span: SourceSpan, name: str, digest: str) -> Edit:
    label: Scalar = span.names[name]
    value = span.values[name]
    sign = label.quote
    pair = f"{sign}sha256{sign}: {_quoted(digest, value.quote)}"
    end = value.span[1]
    if span.flow:
        return (end, end), f", {pair}"
    newline = text.find("\n", end)
    indent = " " * label.column
    if newline < 0:
        return (len(text), len(text)), f"\n{indent}{pair}"
    line_end = "\r\n" if text[newline - 1 : newline] == "\r" else "\n"
    return (newline + 1, newline + 1), f"{indent}{pair}{line_end}"


def _edit_csv(change: _Change) -> None:
    rows = csv_rows(change.text)
    names = [unquoted(change.text[start:end]) for start, end in next(rows, [])]
    at = names.index(_COLUMN) if _COLUMN in names else None
    key_at = names.index("key")
    first = next(csv_rows(change.text))
    if at is None:
        change.edits.append(((first[-1][1], first[-1][1]), f",{_COLUMN}"))
    for row in rows:
        digest = change.pins.get(unguarded(unquoted(change.text[slice(*row[key_at])])))
        if at is None:
            change.edits.append(((row[-1][1], row[-1][1]), f",{digest or ''}"))
        elif digest is not None:
            quote = '"' if change.text.startswith('"', row[at][0]) else ""
            change.edits.append((row[at], f"{quote}{digest}{quote}"))


def _edit_jsonl(change: _Change) -> None:
    start = 0
    for line in change.text.split("\n"):
        if line and not line.isspace():
            _edit_json_line(change, start + len(line) - len(line.lstrip()))
        start += len(line) + 1


def _edit_json_line(change: _Change, at: int) -> None:
    text = change.text
    pairs = {name.text: span for name, span in json_pairs(text, at)}
    digest = change.pins.get(_json_text(text, pairs["key"]))
    if digest is None or "source" not in pairs:
        return
    inner = {name.text: span for name, span in json_pairs(text, pairs["source"][0])}
    if "sha256" in inner:
        change.edits.append((inner["sha256"], f'"{digest}"'))
        return
    end = next(inner[name][1] for name in _PATHS if name in inner)
    loose = '": ' in text[at:end]
    pair = f', "sha256": "{digest}"' if loose else f',"sha256":"{digest}"'
    change.edits.append(((end, end), pair))


def _json_text(text: str, span: Span) -> str:
    return str(json.loads(text[slice(*span)]))


def _yaml_values(_file: str, data: bytes) -> dict[str, Any]:
    value = events.build(data).value
    entries = value.get("files", {}) if isinstance(value, dict) else {}
    return dict(entries) if isinstance(entries, dict) else {}


def _csv_values(file: str, data: bytes) -> dict[str, Any]:
    return read_csv(file, data, Findings()).entries


def _jsonl_values(file: str, data: bytes) -> dict[str, Any]:
    return read_jsonl(file, data, Findings()).entries


def _format(file: str) -> str:
    suffix = Path(file).suffix.lower()
    return suffix if suffix in _FORMATS else ".yaml"


_FORMATS: Final[
    dict[str, tuple[Callable[[_Change], None], Callable[[str, bytes], dict[str, Any]]]]
] = {
    ".yaml": (_edit_yaml, _yaml_values),
    ".csv": (_edit_csv, _csv_values),
    ".jsonl": (_edit_jsonl, _jsonl_values),
    ".ndjson": (_edit_jsonl, _jsonl_values),
}
