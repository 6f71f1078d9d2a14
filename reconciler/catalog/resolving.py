"""Findings -> problems: lines and columns are looked up here, once for each file.

The files are read again for that. A file that was changed meanwhile keeps the places of its
entries only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from reconciler.catalog.disk import UnreadableError, read
from reconciler.catalog.places import Located, nearest
from reconciler.catalog.problems import Finding, Hint, Likely, Problem, path_text
from reconciler.catalog.records import Locate
from reconciler.core.model import Key, Place

MOST_SHOWN: Final = 300
MOST_COMPARED: Final = 5_000
"""Words that are compared to find the likeliest: a second or two, where they are much alike."""
_CHEAP: Final = 1 << 20
"""Warnings are placed to the column in files up to this size: they stop nothing, and so are not
worth a second pass over a large catalogue."""


class _Text(NamedTuple):
    path: Path
    sha256: str
    locate: Locate


@dataclass(slots=True)
class Texts:
    """The files of a catalogue, and how to find places in each."""

    declared: Callable[[Key], Place | None] = lambda _key: None
    """Where the entry of a key stands."""
    _texts: dict[str, _Text] = field(default_factory=dict)

    def add(self, file: str, path: Path, sha256: str, locate: Locate) -> None:
        """Know a file."""
        self._texts[file] = _Text(path, sha256, locate)

    def digests(self) -> dict[str, str]:
        """The digest of each file's bytes, by its name relative to the catalogue's folder."""
        return {file: text.sha256 for file, text in self._texts.items()}

    def paths(self) -> dict[str, Path]:
        """Where each file is."""
        return {file: text.path for file, text in self._texts.items()}

    def located(self, file: str, findings: Sequence[Finding], *, thorough: bool) -> Located:
        """The places of findings in one file, as far as they can be had."""
        text = self._texts.get(file)
        if text is None:
            return {}
        try:
            if not thorough and text.path.stat().st_size > _CHEAP:
                return {}
            content = read(text.path)
        except (UnreadableError, OSError):
            return {}
        if content.sha256 != text.sha256:
            return {}
        return text.locate(content.data, [finding.path for finding in findings])


def problems_of(
    found: Iterable[Finding], texts: Texts, *, thorough: bool
) -> tuple[list[Problem], int]:
    """The findings as problems, by place, and how many they are: of very many the first ones
    are given, and a line that stands for the rest."""
    by_file: dict[str, list[Finding]] = {}
    placed: list[tuple[Place, Finding]] = []
    for finding in found:
        if finding.place is None:
            by_file.setdefault(finding.file, []).append(finding)
        else:
            placed.append((finding.place, finding))
    for file, findings in by_file.items():
        located = texts.located(file, findings, thorough=thorough)
        placed += [(_place(finding, located, texts.declared), finding) for finding in findings]
    told = {(place, path_text(one.path), one.message): one.hint for place, one in placed}
    first = sorted(told)
    hints = _hints([told[one] for one in first[:MOST_SHOWN]])
    problems = [Problem(*one, hint) for one, hint in zip(first, hints, strict=False)]
    if len(first) > MOST_SHOWN:
        more = f"and {len(first) - MOST_SHOWN:,} more from here on"
        problems.append(Problem(first[MOST_SHOWN][0], "", more))
    return problems, len(first)


def _hints(hints: Sequence[Hint]) -> Iterator[str | None]:
    left = MOST_COMPARED
    for hint in hints:
        if not isinstance(hint, Likely):
            yield hint
        elif hint.effort <= left:
            left -= hint.effort
            yield hint.text()
        else:
            yield hint.otherwise


def _place(finding: Finding, located: Located, declared: Callable[[Key], Place | None]) -> Place:
    found = nearest(located, finding.path)
    if found is not None:
        around, exact = found
        return Place(finding.file, *(around.value if exact and not finding.at_key else around.key))
    key = finding.path[1] if finding.path[:1] == ("files",) and len(finding.path) > 1 else None
    place = declared(Key(key)) if isinstance(key, str) else None
    return place if place is not None and place.file == finding.file else Place(finding.file, 1, 1)
