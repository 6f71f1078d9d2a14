"""What is wrong with a catalogue, in words, and where.

Checks add *findings*: a file, a path inside its data, and a message. Lines and columns are not
kept for every value of a large catalogue; they are looked up afterwards, for findings only.
"""

import difflib
import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, TypeAlias

from reconciler.catalog.base_url import without_queries
from reconciler.core.model import Json, Place

DataPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: keys and positions, from the top."""
_LOOKED_AT: Final = 10_000
"""Characters of a text of which some dozens are shown."""
_MOST_KNOWN: Final = 1_000
_LONGEST_KNOWN: Final = 40
_MOST_LISTED: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, ready to print on one line."""

    place: Place
    path: str
    """Such as `files.spring-ad-01.title`; empty where the whole file is meant."""
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """`file:line:column: path: message (hint)`: editors make a link of the beginning."""
        return _visible(f"{self.place}: {self.said}")

    @property
    def said(self) -> str:
        """The same without the place."""
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return _visible(f"{path}{self.message}{hint}")


@dataclass(frozen=True, slots=True)
class Likely:
    """A hint that names the likeliest meant word. It is looked for where it is shown, and not for
    each of very many problems."""

    word: str
    known: Collection[object]
    otherwise: str | None = None
    """What to say where no word is near enough."""

    def or_else(self, otherwise: str) -> "Likely":
        """The same, with something to say where it has nothing."""
        return self if self.otherwise else replace(self, otherwise=otherwise)

    @property
    def effort(self) -> int:
        """How many words it is compared with: of very many the first ones."""
        return min(len(self.known), _MOST_KNOWN)

    def text(self) -> str | None:
        """The hint."""
        few = [str(word) for word in islice(self.known, self.effort)]
        likely = [word for word in few if len(word) <= _LONGEST_KNOWN]
        found = difflib.get_close_matches(self.word[:_LONGEST_KNOWN], likely, n=1, cutoff=0.6)
        return f"did you mean {_short(found[0], 60)}?" if found else self.otherwise


Hint: TypeAlias = str | Likely | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem whose place is still to be looked up."""

    file: str
    path: DataPath
    message: str
    hint: Hint = None
    at_key: bool = False
    """Whether the key is meant (an unknown property), not its value."""
    place: Place | None = None
    """Known from the start where reading itself failed."""


@dataclass(slots=True)
class Findings:
    """All that was found. Nothing is thrown before everything was looked at."""

    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def error(self, file: str, path: DataPath, message: str, hint: Hint = None) -> None:
        """Note an error at a value."""
        self.errors.append(Finding(file, path, message, hint))

    def key_error(self, file: str, path: DataPath, message: str, hint: Hint = None) -> None:
        """Note an error at the key that the path ends with."""
        self.errors.append(Finding(file, path, message, hint, at_key=True))

    def error_at(self, place: Place, path: DataPath, message: str, hint: Hint = None) -> None:
        """Note an error whose place is known."""
        self.errors.append(Finding(place.file, path, message, hint, place=place))

    def warning(self, file: str, path: DataPath, message: str, hint: Hint = None) -> None:
        """Note what is worth saying and stops nothing."""
        self.warnings.append(Finding(file, path, message, hint))


def path_text(path: DataPath) -> str:
    """A path as people write it: `files.spring-ad-01.was[0]`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_short(part, 130)}" for part in path]
    return "".join(parts).removeprefix(".")


def shown(value: Json) -> str:
    """A value for a message: quoted, on one line, nothing invisible in it, not too long, and of
    addresses only what may be shown."""
    match value:
        case None | bool() | int() | float():
            return json.dumps(value)
        case str():
            return f'"{_short(without_queries(value[:_LOOKED_AT]), 60)}"'
        case dict():
            return "a mapping"
        case _:
            return "a list"


def cut(message: str) -> str:
    """Somebody else's words, which may hold a whole value; of addresses what may be shown."""
    begin = without_queries(message[:_LOOKED_AT])
    whole = len(message) <= _LOOKED_AT and len(begin) <= 300
    return begin if whole else f"{begin[:297]}..."


def listed(words: Collection[object]) -> str:
    """A few words for a message: `audio, fingerprint or acrid`."""
    every = [_short(str(word), 60) for word in islice(words, _MOST_LISTED)]
    if len(words) > _MOST_LISTED:
        every.append(f"{len(words) - _MOST_LISTED} more")
    return " or ".join(filter(None, [", ".join(every[:-1]), every[-1]])) if every else "nothing"


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _short(text: str, most: int) -> str:
    seen = _visible(text[:most])
    return seen if len(text) <= most and len(seen) <= most else f"{seen[: most - 3]}..."
