"""What of a drift is written back into the catalogue: the live side of it, key by key.

| what differs                            | what is taken                                      |
|-----------------------------------------|----------------------------------------------------|
| title, a managed `user_defined` field   | the live value; where it has none, none            |
| the bucket                              | the one that the file is in                        |
| the file is gone, and an apply made it  | the entry is taken out, where that kind is named;  |
|                                         | never where a file of nobody's looks like it       |
| the mark                                | nothing: it is not the catalogue's to say          |
| anything else                           | nothing, and what to do instead is said            |

Ignored keys, and under `merge` those that the catalogue lacks, are in no difference, so they are
never taken.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import translate
from typing import TypeAlias, assert_never

from reconciler.core.content import Content, Contents
from reconciler.core.describe import field_of
from reconciler.core.diff import diff
from reconciler.core.directions import back_instead, items_of, nothing_begun
from reconciler.core.drift import Direction, DriftItem, LastAppliedOf
from reconciler.core.facts import (
    Broken,
    Drifted,
    Duplicate,
    Expired,
    Fact,
    Foreign,
    Misplaced,
    Missing,
    Orphaned,
    Outdated,
    Pending,
    Unresolved,
    Unwanted,
    key_of,
    named,
)
from reconciler.core.marks import source_digest
from reconciler.core.model import DesiredState, Entry, File, FileId, FileState, Json, Key, LiveState
from reconciler.core.normal import same

RestOf: TypeAlias = Callable[[DriftItem], DriftItem | None]
"""What of an item no baseline accepts; None where one accepts all of it."""


class Kind(StrEnum):
    """What can be asked for: drift in these directions."""

    CHANGED_LIVE = "changed-live"
    BOTH_CHANGED = "both-changed"
    UNKNOWN = "unknown"
    MISSING_LIVE = "missing-live"
    NOT_YET_APPLIED = "not-yet-applied"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """For what: of these keys and of those that match, drift of these kinds."""

    keys: frozenset[Key] = frozenset()
    only: tuple[str, ...] = ()
    """Globs of keys. With neither keys nor globs: every key."""
    kinds: frozenset[Kind] = frozenset()
    """None: whatever differs, except that no entry is taken out."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry that is to say what is live."""

    entry: Entry
    """As it is to be."""
    fields: tuple[str, ...]
    """What is taken: `title`, `bucket`, `user_defined.artist`."""
    removed: tuple[str, ...]
    """What of it is no longer to be there."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is not taken, and what to do about it."""

    key: Key
    why: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class Pull:
    """What is to be written into the catalogue, each by key."""

    taken: tuple[Taken, ...]
    out: tuple[Entry, ...]
    """Entries that are taken out."""
    left: tuple[Left, ...]
    marks: tuple[Key, ...]
    """Keys of which a mark is to be written, which an apply does."""
    accepted: tuple[Key, ...] = ()
    """Keys of which something is not taken, since a baseline accepts it for now."""


def pull_of(
    desired: DesiredState,
    live: LiveState,
    last_applied: LastAppliedOf,
    asked: Asked,
    *,
    begun: LastAppliedOf = nothing_begun,
    rest_of: RestOf = lambda item: item,
) -> Pull:
    """What of the differences is taken. Pure and total: each that was asked for is taken, left
    with a reason, or only a mark; and a plan of the keys that are taken is empty afterwards, but
    for marks and for what is said to be left of them. `begun`: as of `drift_of`.
    `rest_of`: what of an item no baseline accepts; what is named by its key is taken all the same.
    """
    facts = diff(desired, live).facts
    pull = _Pull(desired, asked, back_instead(facts))
    compare = desired.rules.compare
    for fact, item in items_of(facts, last_applied, begun=begun, compare=compare):
        if not pull.is_named(key_of(fact)):
            continue
        rest = item if item.key in asked.keys else rest_of(item)
        accepted = frozenset(item.fields) - frozenset(() if rest is None else rest.fields)
        if pull.is_kind(item) and (rest is None or accepted):
            pull.accept(item)
        if rest is not None and pull.is_kind(rest):
            pull.take(fact, rest, accepted)
    made = pull.made()
    if made.taken or made.out:
        after = pulled(desired, made.taken, [entry.key for entry in made.out])
        pull.look_again(diff(after, live).facts)
    return pull.made()


def pulled(desired: DesiredState, taken: Iterable[Taken], out: Iterable[Key]) -> DesiredState:
    """What the catalogue then says should be."""
    entries = {**desired.entries, **{one.entry.key: one.entry for one in taken}}
    for key in out:
        del entries[key]
    return replace(desired, entries=entries)


class _Pull:
    def __init__(self, desired: DesiredState, asked: Asked, instead: frozenset[FileId]) -> None:
        """`instead`: the files that come back from a trash in the place of others."""
        self._desired = desired
        self._instead = instead
        self._asked = asked
        self._contents = Contents(desired)
        self._globs = [re.compile(translate(glob)).match for glob in asked.only]
        self._changes: dict[Key, dict[str, Json]] = {}
        self._out: dict[Key, Entry] = {}
        self._left: dict[tuple[Key, str], Left] = {}
        self._marks: dict[Key, None] = {}
        self._accepted: dict[Key, None] = {}

    def made(self) -> Pull:
        changed = sorted(self._changes.items())
        return Pull(
            taken=tuple(_taken(self._desired.entries[key], change) for key, change in changed),
            out=tuple(self._out[key] for key in sorted(self._out)),
            left=tuple(self._left[key] for key in sorted(self._left)),
            marks=tuple(sorted(self._marks)),
            accepted=tuple(sorted(self._accepted)),
        )

    def is_named(self, key: Key | None) -> bool:
        asked = self._asked
        if key is None or not (asked.keys or asked.only):
            return not (asked.keys or asked.only)
        return key in asked.keys or any(matches(key) for matches in self._globs)

    def is_kind(self, item: DriftItem) -> bool:
        kinds = self._asked.kinds
        return not kinds or Kind.ALL in kinds or item.direction.replace(" ", "-") in kinds

    def accept(self, item: DriftItem) -> None:
        if item.key is not None:
            self._accepted[item.key] = None

    def take(self, fact: Fact, item: DriftItem, accepted: frozenset[str]) -> None:
        """`accepted`: those of its fields that are not taken."""
        match fact:
            case Drifted():
                self._fields(fact.entry, fact.before, fact.wanted, accepted)
                if any(map(self._contents.is_mark, fact.fields)):
                    self._marks[fact.entry.key] = None
            case Misplaced(entry=entry, file=file, in_trash=True):
                self._thrown(entry, file, item.direction)
            case Misplaced(entry=entry, file=file):
                self._change(entry, "bucket", file.bucket)
            case Outdated():
                self._outdated(fact, accepted)
            case Missing():
                self._missing(fact, item.direction)
            case Foreign() | Pending() | Expired():
                return
            case Broken() | Duplicate() | Unresolved() | Orphaned() | Unwanted():
                key, why, what_to_do = _left(fact)
                if key is not None:
                    self._leave(key, why, what_to_do)
            case _:
                assert_never(fact)

    def look_again(self, facts: Iterable[Fact]) -> None:
        """What a mark must still say of what is taken: a file that was moved out of a protected
        bucket goes on carrying protection."""
        for fact in facts:
            if isinstance(fact, Drifted) and fact.entry.key in self._changes and fact.marks_only:
                self._marks[fact.entry.key] = None

    def _fields(
        self, entry: Entry, live: Content, wanted: Content, accepted: frozenset[str]
    ) -> None:
        if live.title != wanted.title and "title" not in accepted:
            if live.title:
                self._change(entry, "title", live.title)
            else:
                self._leave(entry.key, "its live title is empty", "give it a title, or apply")
        names = live.user_defined.keys() | wanted.user_defined.keys()
        for name in self._contents.without_marks(tuple(sorted(names))):
            value = live.user_defined.get(name)
            wish = wanted.user_defined.get(name)
            if not same(value, wish, self._desired.rules.compare) and not _holds(name, accepted):
                self._change(entry, f"user_defined.{name}", value)

    def _outdated(self, fact: Outdated, accepted: frozenset[str]) -> None:
        entry, file = fact.entry, fact.file
        self._fields(entry, fact.before, fact.wanted, accepted)
        if file.bucket != entry.bucket:
            self._change(entry, "bucket", file.bucket)
        if self._audio_differs(entry, file):
            why = "its audio is made from another source than the entry's"
            self._leave(entry.key, why, "change the source in the catalogue, or apply")
        elif file.state is FileState.BROKEN:
            self._leave(entry.key, "the service could not process it", "apply --retry-broken")
        if fact.others:
            beside = f"it has more files than one: {named([one.id for one in fact.others])}"
            self._leave(entry.key, beside, "apply deletes those that are too many")

    def _audio_differs(self, entry: Entry, file: File) -> bool:
        live = source_digest(file, self._desired.identity)
        wanted = None if entry.source is None else entry.source.digest
        return live is not None and wanted is not None and live != wanted

    def _missing(self, fact: Missing, direction: Direction) -> None:
        entry = fact.entry
        if fact.twins:
            why = f"no file has its mark, and its own may be one that lost it: {named(fact.twins)}"
            self._leave(entry.key, why, "name the file by its acr_id in the catalogue, or apply")
        elif direction is not Direction.MISSING_LIVE:
            why = "no file was ever made of it, as far as is known"
            self._leave(entry.key, why, "apply makes one; or take the entry out by hand")
        elif self._asked.kinds:
            self._out[entry.key] = entry
        else:
            what_to_do = f"name --kind {Kind.MISSING_LIVE} to take its entry out, or apply"
            self._leave(entry.key, "its file is gone", what_to_do)

    def _thrown(self, entry: Entry, file: File, direction: Direction) -> None:
        if file.id in self._instead:
            return  # what is said of the other file says it
        if direction is Direction.MISSING_LIVE and self._asked.kinds:
            self._out[entry.key] = entry
        else:
            what_to_do = "apply brings it back; or take the entry out by hand"
            self._leave(entry.key, f"its file lies in the trash {file.bucket}", what_to_do)

    def _change(self, entry: Entry, field: str, value: Json) -> None:
        self._changes.setdefault(entry.key, {})[field] = value

    def _leave(self, key: Key, why: str, what_to_do: str) -> None:
        self._left[key, why] = Left(key, why, what_to_do)


def _holds(name: str, accepted: frozenset[str]) -> bool:
    """Whether a value, or a part of it, is accepted: a value is taken whole, or not at all."""
    field = field_of(name)
    return any(each == field or each.startswith((f"{field}.", f"{field}[")) for each in accepted)


def _taken(entry: Entry, change: Mapping[str, Json]) -> Taken:
    metadata = {
        field.removeprefix("user_defined."): value
        for field, value in change.items()
        if field.startswith("user_defined.")
    }
    own = entry.user_defined
    if metadata:
        own = {**(own or {}), **metadata}
        own = {name: value for name, value in own.items() if value is not None}
    title, bucket = change.get("title", entry.title), change.get("bucket", entry.bucket)
    return Taken(
        replace(entry, title=str(title), bucket=str(bucket), user_defined=own),
        tuple(sorted(change)),
        tuple(sorted(field for field, value in change.items() if value is None)),
    )


def _left(
    fact: Broken | Duplicate | Unresolved | Orphaned | Unwanted,
) -> tuple[Key | None, str, str]:
    """Of which key, why it is not taken, and what to do."""
    match fact:
        case Broken(entry=entry, file=file):
            why = f"the service could not process file {file.id}"
            return entry.key, why, "apply --retry-broken"
        case Duplicate(entry=entry, file=file, keeper=keeper) if keeper.in_trash:
            why = (
                f"file {file.id} is made from another source than the entry's, and file "
                f"{keeper.id} in {keeper.bucket} from that"
            )
            what_to_do = (
                f"change the source in the catalogue; or apply puts file {keeper.id} in its place"
            )
            return entry.key, why, what_to_do
        case Duplicate(entry=entry, file=file, keeper=keeper):
            why = f"file {file.id} is a duplicate of file {keeper.id}"
            return entry.key, why, "apply deletes it"
        case Unresolved(key=key, why=reason, candidates=candidates):
            ids = f" (files {named(candidates)})" if candidates else ""
            why = f"which file is its own is not known: {reason}{ids}"
            return key, why, "see what plan says of it"
        case Orphaned(key=key, file=file):
            why = f"no entry has the key of file {file.id}"
            return key, why, "write an entry to keep it, or apply to delete it"
        case Unwanted(key=key, file=file):
            why = f"its entry says absent, and file {file.id} is there"
            return key, why, "write an entry to keep it, or apply to delete it"
        case _:
            assert_never(fact)
