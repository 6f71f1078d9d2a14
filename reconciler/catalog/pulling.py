"""Writes what is live into the catalogue: only the bytes that must change do.

What would be written is read again first, as a whole catalogue. It must say just what it said,
and of the entries that were asked for what is live; an entry of which that cannot be had is left
as it was, and it is said why. Where an entry means something else only because what it refers to
was changed (an alias, `<<`), what it meant is stated where it stands.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.catalog.digests import Digests
from reconciler.catalog.editing import Text, document, opened, written
from reconciler.catalog.loading import load
from reconciler.catalog.meaning import Meaning, defaults_in
from reconciler.catalog.problems import Problem
from reconciler.catalog.restating import NOT_SO, RefusedError, restated
from reconciler.core.model import DesiredState, Entry, Key, Place
from reconciler.core.pull import Left, Pull, Taken, pulled
from reconciler.errors import CatalogError

_BY_HAND: Final = "write it by hand"

Reload: TypeAlias = Callable[[Mapping[str, bytes]], DesiredState]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One file of the catalogue, before and after."""

    file: str
    """Relative to the catalogue's folder."""
    path: Path
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """What the catalogue's files become, and what is taken by that."""

    files: tuple[Rewritten, ...]
    taken: tuple[Taken, ...]
    out: tuple[Entry, ...]
    left: tuple[Left, ...]
    """What a pull left, and what cannot be written where it stands."""


def edition(
    path: Path,
    desired: DesiredState,
    pull: Pull,
    *,
    source_root: Path | None = None,
    environment_base_url: str | None = None,
    digests: Digests | None = None,
) -> Edition:
    """What becomes of the files of the catalogue at `path`, which says `desired`, by a pull.
    Nothing is written. The options: as of `load`.

    Raises `CatalogError` where a file cannot be read, or the catalogue no longer is as it was.
    """

    def reload(unsaved: Mapping[str, bytes]) -> DesiredState:
        return load(
            path,
            source_root=source_root,
            environment_base_url=environment_base_url,
            digests=digests,
            unsaved=unsaved,
        ).desired

    return _Pulling(path, desired, pull, reload).edition()


def write_edition(made: Edition) -> None:
    """Write the files, each whole or not at all. Raises `CatalogError`, also where a file is no
    longer as it was; where one cannot be written, it names those that are by then."""
    for one in made.files:
        if opened(one.file, one.path).data != one.before:
            raise _changed_meanwhile(one.file)
    done: list[Problem] = []
    for one in made.files:
        try:
            written(one.file, one.path, one.after)
        except CatalogError as error:
            raise CatalogError([*done, *error.problems], count=len(error.problems)) from None
        done.append(Problem(Place(one.file, 1, 1), "", "is written already: pull the rest again"))


class _Pulling:
    """One pull: as many of its keys as can be had together."""

    def __init__(self, path: Path, desired: DesiredState, pull: Pull, reload: Reload) -> None:
        self._path = path
        self._desired = desired
        self._pull = pull
        self._reload = reload
        self._taken = {one.entry.key: one for one in pull.taken}
        self._out = {entry.key: entry for entry in pull.out}
        self._texts: dict[str, Text] = {}
        self._defaults = defaults_in(document(self._text(path.name).data))
        self._new: Mapping[str, bytes] = {}
        self._refused: dict[Key, str] = {}

    def edition(self) -> Edition:
        if self._taken or self._out:
            self._check_unchanged()
        keys = set(self._passing([], [*self._taken, *self._out]))
        left = [Left(key, why, _BY_HAND) for key, why in self._refused.items()]
        return Edition(
            files=tuple(
                Rewritten(file, self._texts[file].path, self._texts[file].data, data)
                for file, data in sorted(self._new.items())
            ),
            taken=tuple(one for key, one in self._taken.items() if key in keys),
            out=tuple(entry for key, entry in self._out.items() if key in keys),
            left=tuple(sorted([*self._pull.left, *left], key=lambda one: (one.key, one.why))),
        )

    def _check_unchanged(self) -> None:
        """What is edited, and all beside it, must be what the pull was made of."""
        keys = [*self._taken, *self._out]
        files = {self._desired.entries[key].place.file for key in keys}
        try:
            found = self._reload({file: self._text(file).data for file in files})
        except CatalogError:
            raise _changed_meanwhile(self._path.name) from None
        if found.digest != self._desired.digest:
            raise _changed_meanwhile(self._path.name)

    def _passing(self, sure: Sequence[Key], keys: Sequence[Key]) -> Sequence[Key]:
        """Those of the keys that can be written beside the sure ones, and they are."""
        if not keys:
            return []
        try:
            self._new = self._attempt([*sure, *keys])
        except RefusedError as refused:
            known = {key: why for key, why in refused.known.items() if key in keys}
            if len(keys) == 1:
                known = dict.fromkeys(keys, refused.why)
            if known:
                self._refused |= known
                return self._passing(sure, [key for key in keys if key not in self._refused])
            half = len(keys) // 2
            first = self._passing(sure, keys[:half])
            return [*first, *self._passing([*sure, *first], keys[half:])]
        return keys

    def _attempt(self, keys: Collection[Key]) -> Mapping[str, bytes]:
        """The files with these keys written. Raises `RefusedError`."""
        files: dict[str, list[Key]] = {}
        for key in keys:
            files.setdefault(self._desired.entries[key].place.file, []).append(key)
        new = {file: self._file(file, inside) for file, inside in files.items()}
        try:
            found = self._reload(new)
        except CatalogError as error:
            raise self._not_right(error, keys) from None
        taken = [self._taken[key] for key in keys if key in self._taken]
        wanted = pulled(self._desired, taken, [key for key in keys if key in self._out])
        if _without_places(found) != _without_places(wanted):
            raise RefusedError(NOT_SO)
        return new

    def _not_right(self, error: CatalogError, keys: Collection[Key]) -> RefusedError:
        """Why a catalogue that would have these problems is not written."""
        known: dict[Key, str] = {}
        whys: list[str] = []
        for problem in error.problems:
            said, path = str(problem), ""
            if isinstance(problem, Problem):
                said, path = problem.said, problem.path
            whys.append(f"the catalogue would not be right: {said}")
            # A key may hold dots, and so the path may be that of more than one.
            head, *parts = path.split(".")
            named = {Key(".".join(parts[: n + 1])) for n in range(len(parts))}
            entries = named & self._desired.entries.keys() if head == "files" else set()
            if len(entries) == 1 and entries <= set(keys):
                known.setdefault(entries.pop(), whys[-1])
        return RefusedError(whys[0], known)

    def _file(self, file: str, keys: Collection[Key]) -> bytes:
        wanted = {
            str(key): Meaning(one.title, one.bucket, one.user_defined)
            for key in keys
            if key in self._taken
            for one in (self._taken[key].entry,)
        }
        out = {str(key) for key in keys if key in self._out}
        return restated(self._text(file), wanted, out, self._defaults)

    def _text(self, file: str) -> Text:
        if file not in self._texts:
            is_main = file == self._path.name
            path = self._path if is_main else Path(os.path.realpath(self._path.parent / file))
            self._texts[file] = opened(file, path)
        return self._texts[file]


def _changed_meanwhile(file: str) -> CatalogError:
    message = "was changed meanwhile, and is left as it is: pull again"
    return CatalogError([Problem(Place(file, 1, 1), "", message)])


def _without_places(desired: DesiredState) -> DesiredState:
    """All that it says, and not where: lines may have come and gone."""
    nowhere = Place("", 0, 0)
    return replace(
        desired,
        digest="",
        entries={key: replace(one, place=nowhere) for key, one in desired.entries.items()},
        absent={key: replace(one, place=nowhere) for key, one in desired.absent.items()},
    )
