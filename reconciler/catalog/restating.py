"""One file of a catalogue, with some of its entries meaning something else.

Where an entry means something else only because what it refers to was changed (an alias, `<<`),
what it meant is stated where it stands.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from reconciler.catalog.cells import Path, Table
from reconciler.catalog.editing import Text
from reconciler.catalog.mappings import Edit, NotEditableError, without
from reconciler.catalog.meaning import (
    METADATA,
    Defaults,
    Field,
    Meaning,
    Statement,
    differing,
    meaning,
)
from reconciler.catalog.nodes import Mapped, json_entries, yaml_files
from reconciler.catalog.stating import json_spelling, spelling_of, stated
from reconciler.core.model import Json, Key

MOST_ROUNDS: Final = 8
"""How often it is looked whether others must state what they meant: aliases of aliases."""
_REFERRED: Final = "it cannot be taken out: another entry refers to it by its anchor"
NOT_SO: Final = "it is written in a way that cannot be edited without changing something else"


class RefusedError(Exception):
    """Why some keys cannot be edited, and of each that is known to be one of them, why."""

    def __init__(self, why: str, known: Mapping[Key, str] | None = None) -> None:
        self.why = why
        self.known = known or {}
        super().__init__(why)

    @classmethod
    def of(cls, key: str, why: str) -> "RefusedError":
        """Why one key cannot be edited."""
        return cls(why, {Key(key): why})


def restated(
    text: Text, wanted: Mapping[str, Meaning], out: Collection[str], defaults: Defaults
) -> bytes:
    """The file with these entries meaning what is wanted, and without those that are out: only
    the bytes that must change do. Raises `RefusedError`."""
    return _FileEdit(text, wanted, out, defaults).made()


@dataclass(slots=True)
class _FileEdit:
    """The edits to one file."""

    text: Text
    wanted: Mapping[str, Meaning]
    out: Collection[str]
    defaults: Defaults
    _stated: dict[str, frozenset[Field]] = field(default_factory=dict)
    """What is stated, by key."""

    def made(self) -> bytes:
        """The file as it is to be. Raises `RefusedError`."""
        before = self.text.entries()
        meant = {
            key: self.wanted.get(key) or meaning(raw, self.defaults)
            for key, raw in before.items()
            if key not in self.out
        }
        self._stated = {
            key: differing(meaning(before[key], self.defaults), wanted)
            for key, wanted in self.wanted.items()
        }
        for _ in range(MOST_ROUNDS):
            statements = {
                key: Statement(before[key], meant[key], fields, self.defaults)
                for key, fields in self._stated.items()
            }
            after = self._edited(statements)
            now = self.text.entries(after)
            if now.keys() != meant.keys():
                raise RefusedError(_REFERRED if self.out else NOT_SO)
            strayed = {
                key: fields
                for key, raw in now.items()
                if (fields := differing(meaning(raw, self.defaults), meant[key]))
            }
            if not strayed:
                return after
            self._state_too(strayed)
        raise RefusedError(NOT_SO)

    def _state_too(self, strayed: Mapping[str, frozenset[Field]]) -> None:
        is_new = False
        for key, fields in strayed.items():
            known = self._stated.get(key, frozenset())
            is_new = is_new or not fields <= known
            self._stated[key] = known | fields
        if not is_new:
            raise RefusedError(NOT_SO)

    def _edited(self, statements: Mapping[str, Statement]) -> bytes:
        how = {"yaml": self._yaml, "csv": self._csv, "jsonl": self._jsonl}[self.text.format]
        try:
            return self.text.edited(how(statements))
        except NotEditableError as error:
            raise RefusedError(str(error)) from None

    def _yaml(self, statements: Mapping[str, Statement]) -> list[Edit]:
        text = self.text.text
        files = yaml_files(text, statements)
        if files is None or not isinstance(files.value, Mapped):
            raise NotEditableError("the entries stand behind an alias")
        pairs, edits = files.value.by_name(), list[Edit]()
        spelling = spelling_of(text)
        for key, statement in statements.items():
            pair = pairs.get(key)
            if pair is None:
                raise RefusedError.of(key, "it stands behind a merge key")
            with _about(key):
                edits += stated(text, pair.value, statement, spelling)
        return edits + (without(text, files, self.out, spelling) if self.out else [])

    def _jsonl(self, statements: Mapping[str, Statement]) -> list[Edit]:
        text = self.text.text
        edits: list[Edit] = []
        for key, entry, line in json_entries(text):
            if key in self.out:
                begin = text.rfind("\n", 0, entry.span[0]) + 1
                edits.append(((begin, min(begin + len(line) + 1, len(text))), ""))
            elif key in statements:
                edits += stated(text, entry, statements[key], json_spelling(line))
        return edits

    def _csv(self, statements: Mapping[str, Statement]) -> list[Edit]:
        table = Table(self.text.text)
        for key, statement in statements.items():
            with _about(key):
                table.state(key, _cells(statement))
        table.take_out(self.out)
        return table.all_edits()


@contextmanager
def _about(key: str) -> Iterator[None]:
    try:
        yield
    except NotEditableError as error:
        raise RefusedError.of(key, str(error)) from None


def _cells(statement: Statement) -> dict[Path, Json]:
    """What the cells of a row must say. Raises `NotEditableError` where a table cannot."""
    values: dict[Path, Json] = {(name,): value for name, value in statement.top().items()}
    names = statement.names()
    if names and not statement.wanted.user_defined:
        own = statement.raw.get(METADATA) or {}
        return values | {(METADATA, name): None for name in own} | {(METADATA,): {}}
    stated = statement.metadata()
    for name in names:
        value = stated.get(name)
        if value is None and statement.defaults.gives(name):
            raise NotEditableError(f"a table cannot say that the default of {name} does not hold")
        values[METADATA, name] = value
    return values
