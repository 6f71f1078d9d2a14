"""A catalogue whose files are all live as it says, some of them edited by hand since."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.catalog.loading import load
from reconciler.catalog.pulling import Edition, edition, write_edition
from reconciler.core.content import Content
from reconciler.core.diff import diff
from reconciler.core.drift import LastApplied
from reconciler.core.facts import key_of
from reconciler.core.marks import mark_of
from reconciler.core.model import (
    DesiredState,
    File,
    FileId,
    FileState,
    Key,
    LiveBucket,
    LiveState,
    UserDefined,
)
from reconciler.core.plan import Options
from reconciler.core.planner import make_plan
from reconciler.core.pull import Asked, Kind, Pull, pull_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ALL = Asked(kinds=frozenset([Kind.ALL]))


@dataclass(frozen=True)
class Edited:
    """What somebody did by hand to one file. Of the metadata, None takes a field away."""

    title: str | None = None
    bucket: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    gone: bool = False


GONE = Edited(gone=True)


def title(text: str) -> Edited:
    return Edited(title=text)


def metadata(**fields: Any) -> Edited:
    return Edited(fields=fields)


def live_of(desired: DesiredState, edits: Mapping[str, Edited]) -> LiveState:
    """Every entry's file as it should be, but for the edits."""
    files: dict[str, list[File]] = {name: [] for name in desired.buckets}
    for number, entry in enumerate(desired.entries.values(), start=1):
        edited = edits.get(entry.key, Edited())
        if edited.gone:
            continue
        digest = None if entry.source is None else entry.source.digest
        held = {**(entry.user_defined or {}), **mark_of(entry, desired, digest=digest)}
        held = {name: value for name, value in (held | edited.fields).items() if value is not None}
        bucket = edited.bucket or entry.bucket
        made = File(
            FileId(number),
            f"{number:032x}",
            bucket,
            edited.title or entry.title,
            held,
            FileState.READY,
        )
        files[bucket].append(made)
    buckets = {
        name: LiveBucket(bucket.id, sorted(files[name], key=lambda file: file.id))
        for name, bucket in desired.buckets.items()
    }
    return LiveState(desired.base_url, buckets)


def applied_as_it_says(desired: DesiredState) -> Any:
    """What the ledger says: each entry was applied."""

    def last(key: Key) -> LastApplied | None:
        entry = desired.entries.get(key)
        if entry is None:
            return None
        mark: UserDefined = mark_of(entry, desired, digest=entry.source and entry.source.digest)
        content = Content(entry.title, {**(entry.user_defined or {}), **mark})
        return LastApplied(content, entry.bucket, deleted=False)

    return last


@dataclass(frozen=True)
class Pulled:
    """A pull, and the catalogue after it."""

    pull: Pull
    made: Edition
    desired: DesiredState


def pull(path: Path, edits: Mapping[str, Edited], asked: Asked = ALL) -> Pulled:
    """Pull, write, and see that what was taken is so, and nothing else: every other entry says
    what it said, the plan of the keys that were taken is empty, and a second pull finds nothing."""
    before = load(path).desired
    live = live_of(before, edits)
    found = pull_of(before, live, applied_as_it_says(before), asked)
    made = edition(path, before, found)
    write_edition(made)
    after = load(path).desired
    taken = {one.entry.key: one.entry for one in made.taken}
    out = {entry.key for entry in made.out}
    wanted = {key: taken.get(key, entry) for key, entry in before.entries.items() if key not in out}
    assert _placeless(after) == {key: replace(e, place=None) for key, e in wanted.items()}  # type: ignore[arg-type]
    assert after.absent.keys() == before.absent.keys()
    left = {one.key for one in made.left}
    assert not {key_of(fact) for fact in diff(after, live).facts} & (taken.keys() | out) - left
    plan = make_plan(after, live, Options())
    assert not {change.key for change in plan.changes} & (taken.keys() | out) - left
    again = pull_of(after, live, applied_as_it_says(before), asked)
    assert not {one.entry.key for one in again.taken} & taken.keys()
    return Pulled(found, made, after)


def _placeless(desired: DesiredState) -> dict[Key, Any]:
    return {key: replace(e, place=None) for key, e in desired.entries.items()}  # type: ignore[arg-type]
