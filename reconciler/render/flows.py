"""What goes where in a plan: how many files come from which bucket and end in which.

Every file is counted once, by what happens to it:

| a file                      | comes from      | ends in                                     |
|-----------------------------|-----------------|---------------------------------------------|
| is created                  | new             | its bucket                                  |
| is moved, updated or not    | a bucket        | another one                                 |
| is updated                  | its bucket      | the same                                    |
| is deleted                  | its bucket      | gone                                        |
| is left as it is            | its bucket      | the same                                    |

A create that replaces a file is two files: one comes, one goes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from reconciler.core.model import FileId
from reconciler.core.plan import Change, Create, Delete, Move, Plan, Update
from reconciler.render.change_text import CREATE, DELETE, MOVE, UPDATE, VERBS, Verb

STAY: Final = Verb("stay", "=", "")
"""What happens to files that no change is about."""
NEW: Final = -1
"""Where new files come from: above the first bucket."""
_KINDS: Final = (*VERBS, STAY)


@dataclass(frozen=True, slots=True)
class Node:
    """A bucket, or those that are summed up."""

    name: str | None
    """Not visible yet. None: the rest, summed up."""
    buckets: int
    files: int
    """Before the plan is applied."""
    after: int


@dataclass(frozen=True, slots=True)
class Band:
    """Files to which the same happens."""

    verb: Verb
    start: int
    """The node they come from, or NEW."""
    end: int
    """The node they end in, or the one after the last: gone."""
    files: int
    updated: int = 0
    """How many of them, which are moved, are updated as well."""


@dataclass(frozen=True, slots=True)
class Flows:
    """All of it. `nodes` by name, with the rest last; `bands` from top to bottom."""

    nodes: Sequence[Node]
    bands: Sequence[Band]

    @property
    def gone(self) -> int:
        """Where deleted files end: below the last node."""
        return len(self.nodes)


def flows_of(plan: Plan, most: int) -> Flows:
    """What goes where, for at most `most` nodes: the buckets with the most changes, and the
    rest summed up."""
    counts = Counter(_steps(plan.changes))
    busy: Counter[str] = Counter(dict.fromkeys(plan.live, 0))
    for (_, start, end), count in counts.items():
        busy.update({name: count for name in {start, end} if name is not None})
    by_changes = sorted(busy, key=lambda name: (-busy[name], name))
    named = sorted(by_changes if len(by_changes) <= most else by_changes[: most - 1])
    node_of = {name: named.index(name) if name in set(named) else len(named) for name in busy}
    bands = _bands(plan, counts, node_of)
    whole: list[Node] = []
    for node, name in enumerate([*named, None] if len(named) < len(busy) else named):
        members = [other for other, its in node_of.items() if its == node]
        out = sum(band.files for band in bands if band.start == node)
        into = sum(band.files for band in bands if band.end == node)
        whole.append(Node(name, len(members), out, into))
    return Flows(whole, bands)


def _steps(changes: Sequence[Change]) -> Iterator[tuple[Verb, str | None, str | None]]:
    """Each file that a change is about: what happens, from where, to where."""
    for change in changes:
        match change:
            case Create():
                yield CREATE, None, change.bucket
            case Move():
                yield MOVE, change.from_bucket, change.bucket
            case Update(after_change=None):
                yield UPDATE, change.bucket, change.bucket
            case Update():
                pass  # a moved file, which is counted
            case Delete():
                yield DELETE, change.bucket, None
            case _:
                assert_never(change)


def _bands(
    plan: Plan,
    counts: Mapping[tuple[Verb, str | None, str | None], int],
    node_of: Mapping[str, int],
) -> Sequence[Band]:
    gone = max(node_of.values(), default=-1) + 1
    files: Counter[tuple[Verb, int, int]] = Counter()
    untouched = Counter({name: seen.files for name, seen in plan.live.items()})
    for (verb, start, end), count in counts.items():
        here = NEW if start is None else node_of[start]
        there = gone if end is None else node_of[end]
        files[verb, here, there] += count
        if start is not None:
            untouched[start] -= count
    for name, count in untouched.items():
        if count > 0:
            files[STAY, node_of[name], node_of[name]] += count
    updated = Counter(_moved_and_updated(plan.changes, node_of))
    return [
        Band(verb, start, end, files[verb, start, end], updated[start, end] if verb is MOVE else 0)
        for verb, start, end in sorted(files, key=lambda band: (*band[1:], _KINDS.index(band[0])))
    ]


def _moved_and_updated(
    changes: Sequence[Change], node_of: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    moves: dict[FileId, Move] = {
        change.file_id: change for change in changes if isinstance(change, Move)
    }
    for change in changes:
        if isinstance(change, Update) and change.after_change and change.file_id in moves:
            yield node_of[moves[change.file_id].from_bucket], node_of[change.bucket]
