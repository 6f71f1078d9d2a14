"""A plan that was reviewed, held against what would be planned now.

| the reviewed change                                  | what happens to it              |
|------------------------------------------------------|---------------------------------|
| is in the plan of now, with the same meaning         | it still holds: it is executed  |
| is not, and its result is there already              | applied, already                |
| is not, and its result is not there                  | stale: shown, and left          |

A change of now that was not reviewed is new: it is listed, and left for the next plan.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from reconciler.core.change_codec import is_same_change
from reconciler.core.content import Content, Contents
from reconciler.core.diff import Differences
from reconciler.core.facts import Expired, Foreign, key_of
from reconciler.core.marks import Owned, owner, source_digest
from reconciler.core.model import DesiredState, File, FileId, Key, LiveState
from reconciler.core.normal import same
from reconciler.core.outcome import Applied, Outcome, Stale
from reconciler.core.plan import Change, Create, Delete, Move, Plan, Update, removes, replaced


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reviewed plan stands today."""

    holding: tuple[Change, ...]
    settled: tuple[tuple[Change, Outcome], ...]
    """Changes that are not sent, and how each ended."""
    new: tuple[Change, ...]


def standing(reviewed: Plan, now: Plan, desired: DesiredState, live: LiveState) -> Standing:
    """What of the reviewed plan still holds."""
    today = {change.id: change for change in now.changes}
    unchanged = [c for c in reviewed.changes if c.id in today and is_same_change(c, today[c.id])]
    as_reviewed = {change.id for change in unchanged}
    # A new file does not take the place of one that is not what the plan saw.
    old = replaced(reviewed.changes)
    holding = tuple(c for c in unchanged if old.get(c.id, c).id in as_reviewed)
    # What rests on a change that no longer holds does not hold either.
    held = {change.id for change in holding}
    holding = tuple(c for c in holding if _rests_on(c) is None or _rests_on(c) in held)
    held = {change.id for change in holding}
    judge = _Judge(desired, live)
    return Standing(
        holding=holding,
        settled=tuple((c, judge.of(c)) for c in reviewed.changes if c.id not in held),
        new=tuple(c for c in now.changes if c.id not in as_reviewed),
    )


def within(differences: Differences, plan: Plan) -> Differences:
    """The differences that a plan's changes are about."""
    keys = {change.key for change in plan.changes if change.key is not None}
    files = {change.file_id for change in plan.changes if removes(change)}
    kept = tuple(
        fact
        for fact in differences.facts
        if (fact.file.id in files if isinstance(fact, (Foreign, Expired)) else key_of(fact) in keys)
    )
    return replace(differences, facts=kept)


def _rests_on(change: Change) -> str | None:
    return None if isinstance(change, Create) else change.after_change


class _Judge:
    def __init__(self, desired: DesiredState, live: LiveState) -> None:
        self._desired = desired
        self._contents = Contents(desired)
        self._files: Mapping[FileId, File] = {
            file.id: file for bucket in live.buckets.values() for file in bucket.files
        }
        trashes = desired.trashes
        self._by_acr_id: dict[str, list[File]] = defaultdict(list)
        self._marked: dict[Key, list[File]] = defaultdict(list)
        for file in self._files.values():
            self._by_acr_id[file.acr_id].append(file)
            whose = owner(file, desired)
            if isinstance(whose, Owned) and file.bucket not in trashes:
                self._marked[whose.key].append(file)

    def of(self, change: Change) -> Outcome:
        if isinstance(change, Create):
            return self._of_create(change)
        file = self._file_of(change)
        content = None if file is None else self._contents.of(file)
        match change:
            case Delete():
                done = file is None
            case Move():
                done = file is not None and file.bucket == change.bucket
            case Update():
                done = content is not None and self._same(content, change.after)
            case _:
                assert_never(change)
        if done:
            now = change.file_id if file is None else file.id
            return Applied(now, change.acr_id, already=True)
        return Stale("it is no longer what would be done", content)

    def _file_of(self, change: Move | Update | Delete) -> File | None:
        """The file; of one that was moved, and may have another id since, the only one with its
        acr_id, where that has its key, or what it had before."""
        file = self._files.get(change.file_id)
        if file is not None or isinstance(change, Delete) or not change.acr_id:
            return file
        same = self._by_acr_id.get(change.acr_id, [])
        if len(same) != 1:
            return None
        is_ours = change.key is not None and owner(same[0], self._desired) == Owned(change.key)
        is_it = is_ours or self._same(self._contents.of(same[0]), change.before)
        return same[0] if is_it else None

    def _of_create(self, change: Create) -> Outcome:
        for file in self._marked.get(change.key, ()):
            digest = source_digest(file, self._desired.identity)
            if file.id != change.replaces and digest == change.source.digest:
                return Applied(file.id, file.acr_id, already=True)
        return Stale("it is no longer what would be done", None)

    def _same(self, one: Content, other: Content) -> bool:
        compare = self._desired.rules.compare
        return one.title == other.title and same(one.user_defined, other.user_defined, compare)
