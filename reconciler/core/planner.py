"""The straight line of the core: desired state and live state in, a plan out.

Pure, total and deterministic: the same catalogue, files and options give the same plan,
whatever the order of files, pages or keys.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import translate

from reconciler.core.changes import changes_for, notes_for, notes_on_trash
from reconciler.core.codec import files_digest, plan_digest
from reconciler.core.diff import Differences, diff
from reconciler.core.facts import Fact, Foreign, Pending, key_of
from reconciler.core.guardrails import judge, removed_values
from reconciler.core.marks import Owned, owner
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.plan import (
    Change,
    Create,
    Delete,
    Move,
    Options,
    Plan,
    Seen,
    Summary,
    Update,
)

BATCH = 100
"""How many files one request may move or delete. The service says no number; this is ours."""


def make_plan(desired: DesiredState, live: LiveState, options: Options) -> Plan:
    """What must be done for the live state to become the desired one, and what forbids it."""
    return plan_of(differences_for(desired, live, options), desired, live, options)


def differences_for(desired: DesiredState, live: LiveState, options: Options) -> Differences:
    """All differences, or with `only` those of the keys that it matches."""
    differences = diff(desired, live, retry_broken=options.retry_broken)
    if not options.only:
        return differences
    matches = re.compile("|".join(map(translate, options.only))).match
    kept = tuple(
        fact for fact in differences.facts if (key := key_of(fact)) is not None and matches(key)
    )
    trashed = tuple(
        (key, file) for key, file in differences.trashed if key is not None and matches(key)
    )
    in_scope = {key for key in desired.entries if matches(key)}
    unchanged = len(in_scope - {key_of(fact) for fact in kept})
    return replace(differences, facts=kept, unchanged=unchanged, trashed=trashed)


def unmatched_globs(only: Sequence[str], desired: DesiredState, live: LiveState) -> tuple[str, ...]:
    """The globs that match no key, neither of the catalogue nor on a live file's mark."""
    if not only:
        return ()
    files = [file for bucket in live.buckets.values() for file in bucket.files]
    owned = {whose.key for file in files if isinstance(whose := owner(file, desired), Owned)}
    keys = {*desired.entries, *desired.absent, *owned}
    return tuple(glob for glob in only if not any(map(re.compile(translate(glob)).match, keys)))


def plan_of(
    differences: Differences, desired: DesiredState, live: LiveState, options: Options
) -> Plan:
    """The plan for differences that were already found."""
    changes = changes_for(differences.facts, desired)
    buckets = {name: desired.buckets[name].id for name in sorted(desired.buckets)}
    return Plan(
        digest=plan_digest(
            catalog=desired.catalog,
            origin=live.origin,
            buckets=buckets,
            options=options,
            changes=changes,
            from_snapshot=live.snapshot is not None,
        ),
        catalog=desired.catalog,
        catalog_digest=desired.digest,
        origin=live.origin,
        live=_seen(live),
        options=options,
        changes=changes,
        violations=judge(differences, desired, live, options.allow),
        notes=(*notes_for(differences.facts), *notes_on_trash(differences.trashed)),
        summary=_summary(differences, changes),
        snapshot=live.snapshot,
    )


def _seen(live: LiveState) -> Mapping[str, Seen]:
    return {
        name: Seen(bucket.id, len(bucket.files), files_digest(bucket.files))
        for name, bucket in sorted(live.buckets.items())
    }


def _summary(differences: Differences, changes: Sequence[Change]) -> Summary:
    facts: Sequence[Fact] = differences.facts
    creates = [change for change in changes if isinstance(change, Create)]
    moves = [change for change in changes if isinstance(change, Move)]
    updates = sum(1 for change in changes if isinstance(change, Update))
    deletes = [change for change in changes if isinstance(change, Delete)]
    return Summary(
        create=len(creates),
        update=updates,
        move=len(moves),
        delete=len(deletes),
        unchanged=differences.unchanged,
        foreign=sum(1 for fact in facts if isinstance(fact, Foreign)),
        pending=sum(1 for fact in facts if isinstance(fact, Pending)),
        removed_values=removed_values(facts),
        upload_bytes=sum(create.source.size or 0 for create in creates),
        requests=len(creates)
        + updates
        + _batches((move.from_bucket_id, move.bucket_id) for move in moves)
        + _batches(delete.bucket_id for delete in deletes),
    )


def _batches(kinds: Iterable[Hashable]) -> int:
    """How many requests, where those of one kind go together."""
    return sum(-(-count // BATCH) for count in Counter(kinds).values())
