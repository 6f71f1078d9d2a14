"""Entries, checked: each by its form, then by what only the whole catalogue can tell."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from reconciler.catalog.entry_sources import SourceReader, path_of
from reconciler.catalog.forms import number_paths, with_texts
from reconciler.catalog.head import Head, in_trash, no_bucket
from reconciler.catalog.metadata import Metadata
from reconciler.catalog.problems import DataPath, Findings, shown
from reconciler.catalog.records import Records
from reconciler.catalog.sources import Sources
from reconciler.catalog.structure import Form
from reconciler.core.marks import KEY_FORM
from reconciler.core.model import AbsentEntry, Entry, Key, Place
from reconciler.core.normal import normal_title


@dataclass(slots=True)
class Entries:
    """What a catalogue's files say, as far as it is right."""

    present: dict[Key, Entry] = field(default_factory=dict)
    absent: dict[Key, AbsentEntry] = field(default_factory=dict)
    unmade: dict[Key, Place] = field(default_factory=dict)
    """Keys of which no entry could be made."""

    def keys_in(self, raws: dict[str, Any]) -> list[Key]:
        """Those of the keys that are among these, too."""
        return [
            key for known in (self.present, self.absent, self.unmade) for key in known.keys() & raws
        ]

    def place(self, key: Key) -> Place | None:
        """Where an entry is declared; None where there is none of this key."""
        entry = self.present.get(key) or self.absent.get(key)
        return self.unmade.get(key) if entry is None else entry.place


@dataclass(slots=True)
class EntryReader:
    """Reads the entries of all files together."""

    head: Head
    form: Form
    metadata: Metadata
    sources: Sources
    findings: Findings
    rehearsal: bool
    pins_must_fit: bool = True
    trashes: Collection[str] = field(init=False)

    def __post_init__(self) -> None:
        """Ask the head once for what each entry is asked."""
        self.trashes = self.head.thrown_from()

    def read(self, files: Iterable[Records]) -> Entries:
        """Every entry; what is wrong goes to the findings. The records of one file are emptied
        before the next is asked for: a large catalogue need not be held twice."""
        entries = Entries()
        for records in files:
            self._check(records, entries)
            self._file(records, entries)
        self._cross_checks(entries)
        return entries

    def _check(self, records: Records, entries: Entries) -> None:
        """Check each entry's form, and let go of those that are there already."""
        for repeated in entries.keys_in(records.entries):
            message = f"this key is there already, at {entries.place(repeated)}"
            self.findings.error_at(records.place(repeated), ("files", repeated), message)
            del records.entries[repeated]
        if records.accepted:
            return
        for key, raw in records.entries.items():
            if not KEY_FORM.fullmatch(key):
                wanted = "expected 1 to 128 characters of letters, digits and . _ - / : @"
                what = f"{wanted}, found {shown(key)}"
                self.findings.error_at(records.place(key), ("files", key), what)
            self._form(key, raw, records)

    def _form(self, key: str, raw: Any, records: Records) -> None:
        where = ("files", key)
        paths = number_paths(raw)
        if records.typed:
            for path in paths:
                message = f"expected a text, found {shown(_at(raw, path))}"
                self.findings.error(records.file, (*where, *path), message, "quote it")
        elif paths:
            raw = records.entries[key] = with_texts(raw, paths)
        if self.form.accepts(raw):
            return
        for refusal in self.form.refusals(raw):
            add = self.findings.key_error if refusal.at_key else self.findings.error
            add(records.file, (*where, *refusal.path), refusal.message, refusal.hint)

    def _file(self, records: Records, entries: Entries) -> None:
        raws = records.entries
        looked = self.sources.look(
            path for raw in raws.values() if (path := path_of(raw)) is not None
        )
        reader = SourceReader(
            looked,
            self.sources,
            self.findings,
            rehearsal=self.rehearsal,
            pins_must_fit=self.pins_must_fit,
        )
        for key, raw in raws.items():
            self._entry(Key(key), raw, records, reader, entries)
            raws[key] = None

    def _entry(
        self, key: Key, raw: Any, records: Records, reader: SourceReader, entries: Entries
    ) -> None:
        place = records.place(key)
        if not isinstance(raw, dict):
            entries.unmade[key] = place
            return
        get = raw.get
        was, acr_id, title = get("was"), get("acr_id"), get("title")
        names = tuple(Key(n) for n in was if isinstance(n, str)) if isinstance(was, list) else ()
        acr_id = acr_id.lower() if isinstance(acr_id, str) else None
        bucket = self._bucket(key, raw, records)
        if get("absent") is True:
            entries.absent[key] = AbsentEntry(key, place, acr_id, names)
            return
        normal = normal_title(title) if isinstance(title, str) else None
        if normal == "" != title:
            self.findings.error(records.file, ("files", key, "title"), "the title is empty")
        entries.present[key] = Entry(
            key,
            normal or "",
            bucket or "",
            place,
            self.metadata.of(records.file, key, get("user_defined")),
            reader.source(records.file, key, get("source")),
            acr_id,
            names,
            get("protect") is True,
        )

    def _bucket(self, key: Key, raw: dict[str, Any], records: Records) -> str | None:
        name = raw.get("bucket", self.head.default_bucket)
        if isinstance(name, str) and name in self.head.buckets:
            if "bucket" in raw and name in self.trashes:
                message = in_trash(self.head, name)
                self.findings.error(records.file, ("files", key, "bucket"), message)
            return name
        if "bucket" in raw:
            if isinstance(name, str):
                where = ("files", key, "bucket")
                self.findings.error(records.file, where, *no_bucket(self.head, name))
        elif name is None and raw.get("absent") is not True:
            hint = "or give defaults.bucket"
            self.findings.key_error(records.file, ("files", key), "bucket is missing", hint)
        return None

    def _cross_checks(self, entries: Entries) -> None:
        every: list[Entry | AbsentEntry] = [*entries.present.values(), *entries.absent.values()]
        former: dict[str, Key] = {}
        pins: dict[str, Key] = {}
        for entry in every:
            for index, name in enumerate(entry.was):
                message = None
                if name in entries.present or name in entries.absent:
                    own = "this entry's own" if name == entry.key else "another entry's"
                    message = f"{shown(name)} is {own} key"
                elif former.setdefault(name, entry.key) != entry.key:
                    message = f"{shown(name)} is a former key of {shown(former[name])} already"
                if message:
                    where = ("files", entry.key, "was", index)
                    self.findings.error(entry.place.file, where, message)
            if entry.acr_id and pins.setdefault(entry.acr_id, entry.key) != entry.key:
                message = f"this acr_id is that of {shown(pins[entry.acr_id])} already"
                self.findings.error(entry.place.file, ("files", entry.key, "acr_id"), message)


def _at(value: Any, path: DataPath) -> Any:
    for part in path:
        value = value[part]
    return value
