"""Which files a catalogue includes: globs that stay inside its own folder."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.catalog.globs import Globs, TooMuchError, fits
from reconciler.catalog.problems import Findings, listed, shown

FORMATS: Final = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


@dataclass(frozen=True, slots=True)
class Included:
    """One included file."""

    name: str
    """Relative to the catalogue's folder, with `/` between its parts."""
    path: Path
    format: str
    pattern: int
    """Which of the include patterns found it first."""
    size: int
    """In bytes, when it was found."""


def included(
    folder: Path,
    main: Path,
    patterns: list[str],
    file: str,
    findings: Findings,
    coming: Collection[str] = (),
) -> list[Included]:
    """The included files, each once, in the order of the patterns and then of their names.

    `coming`: names of files that need not be there yet.
    """
    root = folder.resolve()
    seen = {main.resolve()}
    globs = Globs(root)
    found: list[Included] = []
    for index, pattern in enumerate(patterns):
        where = ("include", index)
        complaint = _complaint(pattern)
        if complaint:
            findings.error(file, where, complaint)
            continue
        try:
            names, closed = globs.matches(pattern)
        except TooMuchError as error:
            hint = "name the folders or the files that are meant"
            findings.error(file, where, f"{shown(pattern)} {error}", hint)
            continue
        for name, why in closed:
            hint = "only what lies in it can be included"
            findings.error(file, where, f"{shown(name)} {why}", hint)
        expected = any(is_included([pattern], name) for name in coming)
        if not names and not closed and not expected:
            hint = "paths are relative to the catalogue's folder"
            findings.error(file, where, f"{shown(pattern)} matches no file", hint)
        for name in names:
            one = _one(root, name, index)
            if isinstance(one, str):
                findings.error(file, where, f"{shown(name)} {one}")
            elif one.path not in seen:
                seen.add(one.path)
                found.append(one)
    return found


def is_included(patterns: Sequence[str], name: str) -> bool:
    """Whether a file of this name, relative to the folder, would be included once it is there."""
    return any(fits(pattern, name) for pattern in patterns)


def included_file(name: str, path: Path, size: int) -> Included:
    """A file of a known format that no pattern names."""
    return Included(name, path, FORMATS[Path(name).suffix.lower()], -1, size)


def _complaint(pattern: str) -> str | None:
    if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
        return f"{shown(pattern)} leads outside the catalogue's folder"
    return None


def _one(root: Path, name: str, index: int) -> Included | str:
    """The included file of a name, or what is wrong with it."""
    real = Path(os.path.realpath(root / name))
    if not real.is_relative_to(root):
        return "leads outside the catalogue's folder"
    kind = FORMATS.get(Path(name).suffix.lower())
    if kind is None:
        return f"is not of a known format: expected {listed(FORMATS)}"
    try:
        size = real.stat().st_size
    except OSError:
        size = 0  # what is wrong with it is said when it is read
    return Included(name, real, kind, index, size)
