"""Which files a catalogue includes: globs that stay inside its own folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

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


def included(
    folder: Path, main: Path, patterns: list[str], file: str, findings: Findings
) -> list[Included]:
    """The included files, each once, in the order of the patterns and then of their names."""
    root = folder.resolve()
    seen = {main.resolve()}
    found: list[Included] = []
    for index, pattern in enumerate(patterns):
        where = ("include", index)
        complaint = _complaint(pattern)
        if complaint:
            findings.error(file, where, complaint)
            continue
        names = _names(folder, pattern)
        if not names:
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


def _names(folder: Path, pattern: str) -> list[str]:
    """What a pattern matches, relative to the folder; hidden files only where it says so."""
    try:
        found = [path.relative_to(folder).as_posix() for path in folder.glob(pattern)]
    except (IndexError, NotImplementedError, OSError, ValueError):
        return []  # a pattern, or a name in it, that no file can have
    if any(part.startswith(".") for part in pattern.split("/")):
        return sorted(found)
    return sorted(name for name in found if not name.startswith(".") and "/." not in name)


def _complaint(pattern: str) -> str | None:
    if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
        return f"{shown(pattern)} leads outside the catalogue's folder"
    return None


def _one(root: Path, name: str, index: int) -> Included | str:
    """The included file of a name, or what is wrong with it."""
    try:
        real = (root / name).resolve()
    except (OSError, RuntimeError):
        return "cannot be resolved"
    if not real.is_relative_to(root):
        return "leads outside the catalogue's folder"
    kind = FORMATS.get(Path(name).suffix.lower())
    if kind is None:
        return f"is not of a known format: expected {listed(FORMATS)}"
    return Included(name, real, kind, index)
