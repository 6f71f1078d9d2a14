"""Writes `sha256` pins for the sources that are there.

Only the bytes that must change do: comments, order and quoting stay. What would be written is
read again first; where that does not give the same entries plus pins, the file is left as it
was, and the report says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.catalog.cells import Table
from reconciler.catalog.digests import Digests
from reconciler.catalog.editing import Text, opened, written
from reconciler.catalog.literals import Spelling
from reconciler.catalog.loading import load_to_pin
from reconciler.catalog.mappings import Edit, rewritten
from reconciler.catalog.nodes import BLOCKS, Mapped, Node, Scalar, json_entries, yaml_files
from reconciler.catalog.problems import Problem
from reconciler.catalog.stating import YAML, json_spelling
from reconciler.core.model import Entry, Key, Presence

_PATHS: Final = ("audio", "fingerprint")
_ELSEWHERE: Final = "the source stands behind an alias or a merge key"


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
        run.file(opened(file, loaded.paths[file]), pins, loaded.desired.entries)
    for file, (real, data) in run.new.items():
        written(file, real, data)
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

    def file(self, text: Text, pins: Mapping[str, str], entries: Mapping[Key, Entry]) -> None:
        before = text.entries()
        change = _Change({k: d for k, d in pins.items() if _pin_of(before.get(k)) != d}, text.text)
        self._unchanged += len(pins) - len(change.pins)
        if not change.pins:
            return
        _FORMATS[text.format](change)
        after = text.edited(change.edits)
        now = text.entries(after)
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
            self.new[text.file] = (text.path, after)


class _Change:
    """The edits to one file's text."""

    def __init__(self, pins: dict[str, str], text: str) -> None:
        self.pins = pins
        self.text = text
        self.edits: list[Edit] = []
        self.refused: dict[str, str] = {}

    def pin(self, key: str, entry: Node, spelling: Spelling) -> None:
        """Have the source that is written out in an entry say its digest."""
        pair = entry.pair("source") if isinstance(entry, Mapped) else None
        source = pair.value if pair else None
        if not isinstance(source, Mapped):
            self.refused[key] = _ELSEWHERE
            return
        name, path = next(
            ((name, held) for name in _PATHS if (held := source.pair(name))), ("", None)
        )
        if path is None or not isinstance(path.value, Scalar):
            self.refused[key] = _ELSEWHERE
        elif path.value.quote in BLOCKS and source.pair("sha256") is None:
            self.refused[key] = "the source is written as a block of text"
        else:
            digest = {"sha256": self.pins[key]}
            self.edits += rewritten(self.text, source, digest, spelling, behind=name)


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
    files = yaml_files(change.text, change.pins)
    entries = files.value.by_name() if files and isinstance(files.value, Mapped) else {}
    for key in change.pins:
        entry = entries.get(key)
        if entry is None:
            change.refused[key] = _ELSEWHERE
        else:
            change.pin(key, entry.value, YAML)


def _edit_csv(change: _Change) -> None:
    table = Table(change.text)
    for key, digest in change.pins.items():
        table.state(key, {("source", "sha256"): digest})
    change.edits = table.all_edits()


def _edit_jsonl(change: _Change) -> None:
    for key, entry, line in json_entries(change.text):
        if key in change.pins:
            change.pin(key, entry, json_spelling(line))


_FORMATS: Final[Mapping[str, Callable[[_Change], None]]] = {
    "yaml": _edit_yaml,
    "csv": _edit_csv,
    "jsonl": _edit_jsonl,
}
