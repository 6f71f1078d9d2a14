"""Every entry with the file that it has: what `list` shows.

Of several files with an entry's mark, the one is shown that a fact speaks of or keeps; where
none can be told to be the entry's, none is.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.diff import Differences
from reconciler.core.facts import (
    Broken,
    Drifted,
    Duplicate,
    Fact,
    Misplaced,
    Outdated,
    Pending,
    key_of,
)
from reconciler.core.matching import match
from reconciler.core.model import DesiredState, File, FileId, Key, LiveState


@dataclass(frozen=True, slots=True)
class Row:
    """One entry."""

    key: Key
    bucket: str
    """Where its file is; the entry's own where it has none."""
    acr_id: str | None
    id: FileId | None
    state: str | None
    """`ready`, `pending` or `broken`; None without a file."""
    facts: tuple[str, ...]
    """In words, such as `drifted`; none where entry and file agree."""

    @property
    def in_sync(self) -> bool:
        """Whether there is nothing to say about it."""
        return not self.facts


def rows(desired: DesiredState, live: LiveState, differences: Differences) -> tuple[Row, ...]:
    """A row for each entry, by key. `differences` are those of the two states."""
    matched = match(desired, live).matched
    facts: dict[Key | None, list[Fact]] = defaultdict(list)
    for fact in differences.facts:
        facts[key_of(fact)].append(fact)
    listed: list[Row] = []
    for key in sorted(desired.entries):
        _, files = matched.get(key, (None, ()))
        file = _of_entry(files, facts.get(key, ()))
        listed.append(
            Row(
                key=key,
                bucket=desired.entries[key].bucket if file is None else file.bucket,
                acr_id=None if file is None else file.acr_id,
                id=None if file is None else file.id,
                state=None if file is None else file.state.name.lower(),
                facts=tuple(dict.fromkeys(map(_word, facts.get(key, ())))),
            )
        )
    return tuple(listed)


def _of_entry(files: Sequence[File], facts: Sequence[Fact]) -> File | None:
    by_id: Mapping[FileId, File] = {file.id: file for file in files}
    for fact in facts:
        match fact:
            case Duplicate(keeper=keeper):
                return by_id.get(keeper.id)
            case Drifted() | Misplaced() | Outdated() | Pending() | Broken():
                return by_id.get(fact.file.id)
            case _:
                pass
    return files[0] if len(files) == 1 else None


def _word(fact: Fact) -> str:
    if isinstance(fact, Drifted) and fact.marks_only:
        return "mark to be written"
    return type(fact).__name__.lower()
