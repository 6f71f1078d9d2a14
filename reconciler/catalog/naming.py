"""The key, the title and the metadata that a file's path and tags give it."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.catalog.finding import Note
from reconciler.catalog.keys import key_of
from reconciler.catalog.newcomers import Newcomer
from reconciler.catalog.problems import Likely, listed, shown
from reconciler.catalog.sources import Seen
from reconciler.catalog.tags import STANDARD, Tags, clean, read_tags
from reconciler.catalog.templates import Template, TemplateError, template
from reconciler.core.model import Key, Presence
from reconciler.core.normal import normal_title
from reconciler.errors import ScanError, UsageError

OF_PATHS: Final = ("path", "stem", "suffix", "folder")
"""Names that the path gives: without the suffix, the last part of that, the suffix without its
dot, and the name of the folder that the file lies in."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file with what its entry says."""

    path: str
    seen: Seen
    key: Key
    title: str
    user_defined: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Naming:
    """The templates."""

    key: Template
    title: Template
    fields: Mapping[str, Template]
    """Of `user_defined`, by name."""

    @property
    def names(self) -> frozenset[str]:
        """All names that they have."""
        return self.key.names.union(
            self.title.names, *(field.names for field in self.fields.values())
        )

    def without(self, fields: Collection[str]) -> "Naming":
        """The same, without these fields."""
        kept = {name: each for name, each in self.fields.items() if name not in fields}
        return Naming(self.key, self.title, kept)

    def named(
        self, folder: str, files: Sequence[Newcomer]
    ) -> tuple[Sequence[Named], Sequence[Note]]:
        """The files of this folder with what their entries say, and what is worth saying.

        Raises `UsageError` for a name that nothing has, `ScanError` with every file that gets no
        title, or a key that it cannot have or another has.
        """
        own = Path(folder).resolve().name
        tags = [_tags_of(file.seen) for file in files]
        self._check_names([each.values for each in tags])
        notes = [
            Note(file.path, what)
            for file, each in zip(files, tags, strict=True)
            for what in self._complaints(file.seen, each)
        ]
        named = [
            self._named(file, {**each.values, **_of_path(file.path, own)})
            for file, each in zip(files, tags, strict=True)
        ]
        _check(named)
        return named, notes

    def _named(self, file: Newcomer, values: Mapping[str, str]) -> Named:
        filled = {name: clean(each.filled(values)) for name, each in self.fields.items()}
        return Named(
            file.path,
            file.seen,
            Key(key_of(self.key.filled(values))),
            normal_title(clean(self.title.filled(values))),
            {name: text for name, text in filled.items() if text},
        )

    def _complaints(self, seen: Seen, tags: Tags) -> Sequence[str]:
        if tags.complaint is not None:
            return [] if seen.remark else [tags.complaint]
        names = sorted(self.names & tags.refused.keys())
        return [f"its tag {name} {tags.refused[name]}: left out" for name in names]

    def _check_names(self, tags: Sequence[Mapping[str, str]]) -> None:
        known = {*OF_PATHS, *STANDARD}
        unknown = self.names - known
        if not tags or not unknown:
            return
        known = known.union(*tags)
        for name in sorted(unknown - known):
            hint = Likely(name, sorted(known), f"there are {listed([*OF_PATHS, *STANDARD])}").text()
            raise UsageError(
                f"{{{shown(name)[1:-1]}}} in a template: no new file has a tag of this name "
                f"({hint})"
            )


def naming_of(key: str, title: str, fields: Mapping[str, str]) -> Naming:
    """The templates of these texts. Raises `UsageError` where one is none, or no field can have
    its name."""
    for name in fields:
        if not name or name != clean(name):
            raise UsageError(f"--field {shown(name)}: a name is one line of plain text")
    return Naming(
        _template("--key", key),
        _template("--title", title),
        {name: _template(f"--field {name}", text) for name, text in fields.items()},
    )


def _template(option: str, text: str) -> Template:
    try:
        return template(text)
    except TemplateError as error:
        raise UsageError(f"{option} {text}: the template {error}") from None


def _tags_of(seen: Seen) -> Tags:
    if seen.presence is Presence.POINTER:
        return Tags()
    return read_tags(os.path.realpath(seen.path))


def _of_path(path: str, own: str) -> Mapping[str, str]:
    parts = PurePosixPath(path)
    whole = parts.with_suffix("")
    return {
        "path": clean(whole.as_posix()),
        "stem": clean(whole.name),
        "suffix": parts.suffix[1:],
        "folder": clean(parts.parent.name or own),
    }


def _check(named: Sequence[Named]) -> None:
    by_key: dict[Key, list[str]] = {}
    problems: list[str] = []
    for each in named:
        path = clean(each.path)  # a line break in it would begin a line of its own
        by_key.setdefault(each.key, []).append(path)
        if not each.title:
            problems.append(f"{path}: its title is empty: --title '{{title|stem}}' never is")
    for key, paths in by_key.items():
        if not key:
            problems += [f"{path}: its key is empty: --key '{{path}}' never is" for path in paths]
        elif len(paths) > 1:
            problems.append(f"{', '.join(paths)}: all of them have the key {key}")
    if problems:
        lines = "\n".join(problems)
        raise ScanError(
            f"nothing was written:\n{lines}\n--key says what keys are made of, such as "
            "'{path}.{suffix}' or '{artist}/{title|stem}'"
        )
