"""Limits on a plan, and every violation of them: judged on the whole plan, before anything is sent.

| rule           | violated by                                                  | counted         |
|----------------|--------------------------------------------------------------|-----------------|
| create         | creates over `max_create_percent` of the matched entries     | creates         |
| update         | changed entries over `max_update_percent` of the matched     | entries         |
| delete         | deletes over `max_deletes`, or `max_delete_percent` of owned | files           |
| removed_values | `user_defined` values taken away over `max_removed_values`   | values          |
| empty          | a catalogue without entries that would delete                | files deleted   |
| incomplete     | a listing that is not proved complete                        | buckets         |
| unresolved     | an entry whose file cannot be told                           | entries         |
| twin           | a create whose title or source a foreign file has            | entries         |
| protected      | a delete of a protected file                                 | files           |
| duration       | an assumed source of another length than the live file       | entries         |
| source         | an upload of a source that nobody has verified               | entries         |

A move into a trash counts as the delete that it stands for. What lies there is not among the owned.
A replacement counts as one update, and neither its delete nor a duplicate's as a delete.
Updates that only write marks do not count. A percentage of nothing means nothing, and none
binds three or fewer. `--allow RULE=N` allows N: more than N is a violation again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.diff import Differences
from reconciler.core.facts import (
    Drifted,
    Expired,
    Fact,
    Foreign,
    Misplaced,
    Missing,
    Orphaned,
    Outdated,
    Unresolved,
    Unwanted,
    named,
)
from reconciler.core.marks import is_protected
from reconciler.core.model import DesiredState, Entry, File, Key, LiveState
from reconciler.core.plan import Rule, Violation

_NEVER_BINDS = 3
_SAME_LENGTH = 2.0
"""Seconds by which two readings of one recording's length may differ."""


def judge(
    differences: Differences,
    desired: DesiredState,
    live: LiveState,
    allow: Mapping[Rule, int],
) -> tuple[Violation, ...]:
    """All violations that `allow` does not allow, by rule and key."""
    found = _Judgement(differences, desired, live).violations()
    violations: list[Violation] = []
    for rule in Rule:
        breach = found.get(rule)
        if breach is not None and breach.count > allow.get(rule, 0):
            violations += breach.violations
    return tuple(violations)


def removed_values(facts: Iterable[Fact]) -> int:
    """How many `user_defined` values the changes for these facts take away."""
    return sum(len(fact.removed) for fact in facts if isinstance(fact, (Drifted, Outdated)))


@dataclass(frozen=True, slots=True)
class _Breach:
    count: int
    violations: tuple[Violation, ...]


class _Judgement:
    def __init__(self, differences: Differences, desired: DesiredState, live: LiveState) -> None:
        self._facts = differences.facts
        self._matched = differences.matched
        self._owned = differences.owned
        self._desired = desired
        self._live = live

    def violations(self) -> Mapping[Rule, _Breach]:
        limits = self._desired.limits
        creates = sum(1 for fact in self._facts if isinstance(fact, Missing))
        updates = len({entry.key for entry in self._updated()})
        deletes = len(list(self._deleted()))
        removed = removed_values(self._facts)
        counted = {
            Rule.CREATE: (
                creates,
                [_over_percent(creates, limits.max_create_percent, self._matched, "creates",
                               "max_create_percent", "entries that have a file")],
            ),
            Rule.UPDATE: (
                updates,
                [_over_percent(updates, limits.max_update_percent, self._matched, "updates",
                               "max_update_percent", "entries that have a file")],
            ),
            Rule.DELETE: (
                deletes,
                [
                    _over(deletes, limits.max_deletes, "deletes", "max_deletes"),
                    _over_percent(deletes, limits.max_delete_percent, self._owned, "deletes",
                                  "max_delete_percent", "owned files"),
                ],
            ),
            Rule.REMOVED_VALUES: (
                removed,
                [_over(removed, limits.max_removed_values, "removed values", "max_removed_values")],
            ),
            Rule.EMPTY: (deletes, [self._empty(deletes)]),
        }  # fmt: skip
        breaches: dict[Rule, _Breach] = {}
        for rule, (count, messages) in counted.items():
            said = [
                f"{message}; --allow {rule}={count} allows it" for message in messages if message
            ]
            if said:
                breaches[rule] = _Breach(count, tuple(Violation(rule, text) for text in said))
        for rule, each in self._each().items():
            if each:
                breaches[rule] = _Breach(len(each), tuple(each))
        return breaches

    def _each(self) -> Mapping[Rule, list[Violation]]:
        """The rules of which every breach is shown by itself."""
        return {
            Rule.INCOMPLETE: list(self._incomplete()),
            Rule.UNRESOLVED: [_unresolved(f) for f in self._facts if isinstance(f, Unresolved)],
            Rule.TWIN: [_twin(f) for f in self._facts if isinstance(f, Missing) and f.twins],
            Rule.PROTECTED: list(self._protected()),
            Rule.DURATION: list(self._duration()),
            Rule.SOURCE: list(self._source()),
        }

    def _updated(self) -> Iterator[Entry]:
        for fact in self._facts:
            match fact:
                case Drifted(entry=entry, marks_only=False) | Misplaced(entry=entry):
                    yield entry
                case Outdated(entry=entry):
                    yield entry
                case _:
                    pass

    def _deleted(self) -> Iterator[tuple[Key | None, File]]:
        for fact in self._facts:
            match fact:
                case Orphaned(key=key, file=file, deletable=True, waits=False):
                    yield key, file
                case Unwanted(key=key, file=file):
                    yield key, file
                case Foreign(file=file, deletable=True):
                    yield None, file
                case Expired(key=key, file=file):
                    yield key, file
                case _:
                    pass

    def _empty(self, deletes: int) -> str | None:
        if self._desired.entries or not deletes:
            return None
        return f"there are no entries, and {deletes} live files would be deleted"

    def _incomplete(self) -> Iterator[Violation]:
        for name in sorted(self._live.buckets):
            reason = self._live.buckets[name].incomplete
            if reason is not None:
                message = (
                    f"the listing of bucket {name} is not proved complete: {reason}; plan again"
                )
                yield Violation(Rule.INCOMPLETE, message)

    def _protected(self) -> Iterator[Violation]:
        for key, file in self._deleted():
            if is_protected(file) and file.bucket in self._desired.trashes:
                what = "was protected by its entry: --allow protected=N lets so many go"
            elif is_protected(file):
                what = "is protected by its entry: apply `protect: false` first"
            elif self._desired.buckets[file.bucket].protect:
                what = f"is in bucket {file.bucket}, which is protected"
            else:
                continue
            trash = self._desired.buckets[file.bucket].trash
            done = "deleted" if trash is None else f"moved to the trash {trash}"
            message = f"file {file.id} ({file.title!r}) would be {done}, and {what}"
            yield Violation(Rule.PROTECTED, message, key)

    def _duration(self) -> Iterator[Violation]:
        for fact in self._facts:
            if not (isinstance(fact, Drifted) and fact.assumed and fact.entry.source):
                continue
            ours, live = fact.entry.source.duration, fact.file.duration
            if ours is not None and live is not None and abs(ours - live) > _SAME_LENGTH:
                message = (
                    f"its source lasts {ours:.1f} s and file {fact.file.id} lasts {live:.1f} s, "
                    "so that the file is made from it is hard to believe: check which is right"
                )
                yield _of_entry(Rule.DURATION, message, fact.entry)

    def _source(self) -> Iterator[Violation]:
        for fact in self._facts:
            if not isinstance(fact, (Missing, Outdated)):
                continue
            if fact.entry.source is not None and fact.entry.source.digest is None:
                message = (
                    "its source would have to be uploaded, is not there, and no sha256 pins it: "
                    "fetch the file, or run `reconciler pin` where it is"
                )
                yield _of_entry(Rule.SOURCE, message, fact.entry)


def _over(count: int, limit: int | None, what: str, name: str) -> str | None:
    if limit is None or count <= limit:
        return None
    return f"{count} {what}, and {name} is {limit}"


def _over_percent(
    count: int, limit: float | None, of: int, what: str, name: str, whole: str
) -> str | None:
    if limit is None or of == 0 or count <= _NEVER_BINDS or count * 100 <= limit * of:
        return None
    percent = count * 100 / of
    return f"{count} {what} are {percent:.0f} % of {of} {whole}, and {name} is {limit:g}"


def _unresolved(fact: Unresolved) -> Violation:
    ids = named(fact.candidates)
    message = fact.why + (f" (files {ids})" if ids else "")
    return Violation(Rule.UNRESOLVED, message, fact.key, fact.place)


def _twin(fact: Missing) -> Violation:
    ids = named(fact.twins)
    message = (
        f"it would be created beside a foreign file of the same title or source ({ids}): "
        "pin that by its acr_id, set `adopt: title`, or name the catalogue's former name"
    )
    return _of_entry(Rule.TWIN, message, fact.entry)


def _of_entry(rule: Rule, message: str, entry: Entry) -> Violation:
    return Violation(rule, message, entry.key, entry.place)
