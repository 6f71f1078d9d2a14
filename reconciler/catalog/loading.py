"""From a path to a `DesiredState`, or to all that is wrong."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from reconciler.catalog import base_url, events, jsonlines, pieces, places, tables
from reconciler.catalog.digests import Digests
from reconciler.catalog.disk import Content, UnreadableError, content_of, read
from reconciler.catalog.entries import Entries, EntryReader
from reconciler.catalog.head import Head, read_head
from reconciler.catalog.includes import Included, included, included_file
from reconciler.catalog.metadata import Metadata
from reconciler.catalog.problems import Findings, Likely, Problem, shown
from reconciler.catalog.records import Locate, Records
from reconciler.catalog.resolving import Texts, problems_of
from reconciler.catalog.sources import Sources
from reconciler.catalog.structure import entry_form, head_form
from reconciler.catalog.users_schema import users_form
from reconciler.catalog.workers import Read, Workers
from reconciler.core.model import Bucket, DesiredState, Place
from reconciler.errors import CatalogError
from reconciler.stages import stage, staged

_NOT_THERE: Final = "is not there"
_ELSEWHERE: Final = "--catalog says where it is, and reconciler export makes one of a bucket"
_INCLUDE_KEYS: Final = ("version", "files")
_READERS: Final[dict[str, Callable[[str, bytes, Findings], Records]]] = {
    "csv": tables.read_csv,
    "jsonl": jsonlines.read_jsonl,
}
_LOCATE: Final[dict[str, Locate]] = {
    "yaml": places.locate,
    "csv": tables.locate,
    "jsonl": jsonlines.locate,
}


Meanwhile: TypeAlias = Callable[[str, Mapping[str, Bucket]], object]


_PIECE: Final = 1 << 20
"""Bytes of a large file that are read at once."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A catalogue that is right, and what is worth saying of it."""

    desired: DesiredState
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...]
    """The catalogue, and what it includes."""


def load(
    path: Path,
    *,
    source_root: Path | None = None,
    environment_base_url: str | None = None,
    digests: Digests | None = None,
    meanwhile: Meanwhile | None = None,
    unsaved: Mapping[str, bytes] = MappingProxyType({}),
) -> Loaded:
    """What the catalogue at `path` says should be.

    `environment_base_url` is the operator's, and goes over the catalogue's. `digests` keeps what
    was found in the sources, so that they are not read again while they do not change. `meanwhile`
    is called with the base URL and the buckets where the catalogue is large and its head is right,
    before its entries are read, which takes a while. `unsaved`: files by their names in
    the catalogue's folder, as if these bytes had been written to them. Raises `CatalogError` with
    every problem; nothing else is printed, sent or written.
    """
    loading = _Loading(path, digests, meanwhile, unsaved=unsaved)
    return loading.load(source_root, environment_base_url)


@dataclass(frozen=True, slots=True)
class LoadedToPin:
    """A catalogue that is right, its pins aside, and where its files are."""

    desired: DesiredState
    paths: dict[str, Path]


def load_to_pin(path: Path, *, source_root: Path | None, digests: Digests | None) -> LoadedToPin:
    """As `load`, but a pin that differs from its source is no problem: it is to be replaced."""
    loading = _Loading(path, digests, pins_must_fit=False)
    loaded = loading.load(source_root, None)
    return LoadedToPin(loaded.desired, loading.paths())


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A catalogue as it would be."""

    desired: DesiredState
    head: Head


def foresee(
    path: Path,
    files: Mapping[str, bytes],
    *,
    source_root: Path | None,
    digests: Digests | None,
) -> Foreseen:
    """As `load_to_pin`, but with these files, by their names in the catalogue's folder, as if they
    were there and included. The catalogue itself may be one of them."""
    loading = _Loading(path, digests, pins_must_fit=False, unsaved=files)
    loaded = loading.load(source_root, None)
    return Foreseen(loaded.desired, loading.head)


class _Main(NamedTuple):
    """The catalogue's own file."""

    head: dict[str, Any]
    """What it says, its entries aside."""
    files: Iterator[Records]
    """Its entries."""
    in_pieces: bool


class _Loading:
    """One run, file by file."""

    def __init__(
        self,
        path: Path,
        digests: Digests | None,
        meanwhile: Meanwhile | None = None,
        *,
        pins_must_fit: bool = True,
        unsaved: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self.head = Head("")
        self._path = path
        self._meanwhile = meanwhile
        self._digests = digests
        self._pins_must_fit = pins_must_fit
        self._folder = path.parent
        self._file = path.name
        self._findings = Findings()
        self._texts = Texts()
        folder = self._folder.resolve()
        self._unsaved = {(folder / name).resolve(): data for name, data in unsaved.items()}
        self._coming = [name for name in unsaved if (folder / name).resolve() != path.resolve()]

    def paths(self) -> dict[str, Path]:
        return self._texts.paths()

    def load(self, source_root: Path | None, environment: str | None) -> Loaded:
        with Workers() as workers:
            with stage("load"):
                main = self._main_document(workers)
                self.head = head = read_head(self._file, main.head, head_form(), self._findings)
                address = self._address(head, environment)
                found = self._found(head)
                is_large = main.in_pieces or workers.pay(_yaml_bytes(found))
                if is_large and self._meanwhile and not self._findings.errors:
                    self._meanwhile(address, head.buckets)
                files = chain(main.files, self._included(found, workers))
            # Who writes pins sends nothing, and need not know where the service is.
            rehearsal = base_url.is_rehearsal(address) or not self._pins_must_fit
            with stage("validate"):
                entries = self._entries(head, staged("load", files), source_root, rehearsal)
        self._texts.declared = entries.place
        self._stop_on_errors()
        warnings, _ = problems_of(self._findings.warnings, self._texts, thorough=False)
        desired = self._desired(head, address, entries)
        return Loaded(desired, tuple(warnings), tuple(self.paths().values()))

    def _found(self, head: Head) -> list[Included]:
        found = included(
            self._folder, self._path, head.include, self._file, self._findings, self._coming
        )
        known = {os.path.realpath(one.path) for one in found}
        coming = {name: (self._folder / name).resolve() for name in self._coming}
        return found + [
            included_file(name, path, len(self._unsaved[path]))
            for name, path in coming.items()
            if str(path) not in known
        ]

    def _read(self, path: Path) -> Content:
        data = self._unsaved.get(path.resolve()) if self._unsaved else None
        return read(path) if data is None else content_of(data)

    def _main_document(self, workers: Workers) -> _Main:
        try:
            content = self._read(self._path)
        except UnreadableError as error:
            place, said = Place(self._file or ".", error.line, error.column), _said(error)
            hint = _ELSEWHERE if said == _NOT_THERE else None
            raise CatalogError([Problem(place, "", f"the catalogue {said}", hint)]) from None
        self._texts.add(self._file, self._path, content.sha256, places.locate)
        if workers.pay(len(content.data)):
            main = _in_pieces(self._file, content.data, workers)
            if main is not None:
                return main
        document = self._document(self._file, content.data)
        if document.complete and not isinstance(document.value, dict):
            message = "expected a mapping with version, catalog, buckets and files"
            if document.value is None:
                message = f"the catalogue is empty: {message}"
            self._findings.error_at(Place(self._file, 1, 1), (), message)
        if not isinstance(document.value, dict) or not document.complete:
            self._stop_on_errors()
        files = iter([self._from_yaml(self._file, document)])
        return _Main(document.value, files, in_pieces=False)

    def _stop_on_errors(self) -> None:
        if self._findings.errors:
            problems, count = problems_of(self._findings.errors, self._texts, thorough=True)
            raise CatalogError(problems, count=count)

    def _document(self, file: str, data: bytes) -> events.Document:
        document = events.build(data)
        for fault in document.faults:
            self._findings.error_at(Place(file, *fault.spot), fault.path, fault.message, fault.hint)
        return document

    def _from_yaml(self, file: str, document: events.Document) -> Records:
        records = Records(file, places.locate)
        if not isinstance(document.value, dict):
            return records
        entries = document.value.get("files", {})
        if isinstance(entries, dict):
            # A copy of its own, since reading empties it and an alias may share it.
            records.entries = dict(entries)
            records.spots = document.spots
        else:
            message = f"expected a mapping of entries, found {shown(entries)}"
            self._findings.error(file, ("files",), message, "write files: {} for none")
        return records

    def _included(self, found: Sequence[Included], workers: Workers) -> Iterator[Records]:
        pays = workers.pay(_yaml_bytes(found))
        contents = ((one, self._content(one)) for one in found)
        texts = (
            ((one, content), content.data if pays and content and one.format == "yaml" else None)
            for one, content in contents
        )
        for (one, content), entries in workers.read(texts):
            if entries is not None:
                yield _accepted(one.name, entries)
            elif content is not None:
                yield from self._include(one, content)

    def _content(self, one: Included) -> Content | None:
        try:
            content = self._read(one.path)
        except UnreadableError as error:
            place = Place(one.name, error.line, error.column)
            self._findings.error_at(place, (), f"the included file {_said(error)}")
            return None
        self._texts.add(one.name, one.path, content.sha256, _LOCATE[one.format])
        return content

    def _include(self, one: Included, content: Content) -> Iterator[Records]:
        reader = _READERS.get(one.format)
        if reader is not None:
            yield reader(one.name, content.data, self._findings)
            return
        document = self._document(one.name, content.data)
        if document.complete:
            self._check_include(one.name, document.value)
            yield self._from_yaml(one.name, document)

    def _check_include(self, file: str, value: Any) -> None:
        if not isinstance(value, dict):
            self._findings.error_at(Place(file, 1, 1), (), "expected a mapping with files")
            return
        for name in value:
            if name not in _INCLUDE_KEYS:
                hint = Likely(name, _INCLUDE_KEYS, "an included file holds only files")
                self._findings.key_error(file, (name,), "unknown property", hint)
        if value.get("version", 1) != 1:
            message = f"expected 1, found {shown(value['version'])}"
            self._findings.error(file, ("version",), message)

    def _address(self, head: Head, environment: str | None) -> str:
        if environment is None:
            return head.base_url
        try:
            return base_url.of_operator(environment)
        except base_url.AddressError as error:
            place = Place(self._file, 1, 1)
            message = f"the address in the environment {error}"
            self._findings.error_at(place, (base_url.VARIABLE,), message)
            return head.base_url

    def _entries(
        self,
        head: Head,
        files: Iterator[Records],
        source_root: Path | None,
        rehearsal: bool,
    ) -> Entries:
        users = None
        if head.schema is not None:
            users = users_form(self._folder, head.schema, self._file, self._findings)
        memory = None if self._digests is None else self._digests.of(self._path)
        reader = EntryReader(
            head=head,
            form=entry_form(),
            metadata=Metadata(head, users, self._findings),
            sources=Sources(self._folder, source_root, memory),
            findings=self._findings,
            rehearsal=rehearsal,
            pins_must_fit=self._pins_must_fit,
        )
        with memory or nullcontext():
            return reader.read(files)

    def _desired(self, head: Head, address: str, entries: Entries) -> DesiredState:
        digests = json.dumps(sorted(self._texts.digests().items()))
        return DesiredState(
            catalog=head.catalog,
            digest=f"sha256:{hashlib.sha256(digests.encode()).hexdigest()}",
            base_url=address,
            buckets=head.buckets,
            entries=entries.present,
            absent=entries.absent,
            identity=head.identity,
            rules=head.rules,
            limits=head.limits,
        )


def _said(error: UnreadableError) -> str:
    text = str(error)
    return _NOT_THERE if text.startswith("there is no such") else text


def _in_pieces(file: str, data: bytes, workers: Workers) -> _Main | None:
    """A large file, read piece by piece; None where it must be read as a whole."""
    cut = pieces.split(data, _PIECE)
    head = None if cut is None else events.build(cut.head)
    if cut is None or head is None or head.faults or not isinstance(head.value, dict):
        return None
    read: list[Records] = []
    for before, entries in workers.read(cut.each()):
        if entries is None:
            return None
        read.append(_accepted(file, entries, before))
    keys = {key for records in read for key in records.entries}
    if len(keys) < sum(len(records.entries) for records in read):
        return None
    return _Main(head.value, iter(read), in_pieces=True)


def _yaml_bytes(files: Sequence[Included]) -> int:
    return sum(one.size for one in files if one.format == "yaml")


def _accepted(file: str, read: Read, lines_before: int = 0) -> Records:
    """Entries that were read and checked elsewhere; so many lines come before."""
    spots = read.spots
    if lines_before:
        spots = {key: (line + lines_before, column) for key, (line, column) in spots.items()}
    return Records(file, places.locate, read.entries, spots, accepted=True)
