"""What is told of a run in a chat: how it ended, the counts, and the most important of its items.

It is short, however much there was: at most ten items, and a word on the others. Of a file it has
the key, the title and the bucket, and none of its values.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.core.change_codec import action
from reconciler.core.drift import Direction, Drift
from reconciler.core.ending import Applying, Ending
from reconciler.core.metrics import ending_of
from reconciler.core.plan import Change, Create

MOST_ITEMS: Final = 10
LONGEST: Final = 1_000
"""Characters of a title, and of an error."""
_GRAVEST: Final = (
    *(Direction.MISSING_LIVE, Direction.CHANGED_LIVE, Direction.BOTH_CHANGED, Direction.BROKEN),
    *(Direction.DUPLICATE, Direction.UNRESOLVED, Direction.UNKNOWN),
    *(Direction.NOT_YET_APPLIED, Direction.UNMANAGED),
)
_WORST: Final = ("failed", "unknown", "stale", "left", "applied", "already done")
_HOW: Final = {0: "done", 3: "done in part", 130: "stopped", 143: "stopped"}
_HEAVIEST: Final = ("delete", "move", "update", "create")


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One item of drift, or one change."""

    what: str
    """A direction, or how a change ended: `failed`."""
    action: str | None
    """Of a change: `create`, `update`, `move`, `delete`."""
    key: str | None
    title: str | None
    bucket: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of a run."""

    command: str
    catalog: str | None
    exit_code: int
    at: str
    """RFC 3339."""
    tool: str
    counts: Mapping[str, int]
    """Items by direction, or changes by how they ended, without those that are not there."""
    items: tuple[MessageItem, ...]
    more: int
    """How many items were left out."""
    converged: bool | None = None
    """Of an apply that was begun."""
    error: str | None = None
    ci_run: str | None = None
    """The address of the CI run."""
    anchor: str | None = None


def is_worth_telling(ending: Ending) -> bool:
    """Drift that was found, changes that were made, and whatever failed."""
    done = ending.applying is not None and bool(ending.applying.outcomes)
    return ending.exit_code != 0 or done


def message_of(ending: Ending, *, at: str, tool: str, ci_run: str | None) -> Message:
    """The message of a run. `ci_run`: the address of the CI run, where there is one."""
    items = [*_of_drift(ending.drift), *_of_changes(ending.applying)]
    counts = Counter(item.what for item in items)
    applying = ending.applying
    return Message(
        command=ending.command,
        catalog=ending.catalog,
        exit_code=ending.exit_code,
        at=at,
        tool=tool,
        counts={str(what): counts[what] for what in (*_GRAVEST, *_WORST) if counts[what]},
        items=tuple(items[:MOST_ITEMS]),
        more=max(0, len(items) - MOST_ITEMS),
        converged=None if applying is None else applying.converged,
        error=_cut(ending.error),
        ci_run=ci_run,
        anchor=None if applying is None else applying.anchor,
    )


def headline(message: Message) -> str:
    """Words of ours and numbers, with no text of others but the catalogue's name."""
    of = "" if message.catalog is None else f" of {message.catalog}"
    count = sum(message.counts.values())
    if message.command == "drift" and message.exit_code == 2:
        return f"Drift{of}: {count:,} item{'' if count == 1 else 's'}"
    how = _HOW.get(message.exit_code, "failed")
    return f"{message.command.capitalize()}{of}: {how}"


def _of_drift(drift: Drift | None) -> Iterator[MessageItem]:
    if drift is not None:
        for item in sorted(drift.items, key=lambda item: _GRAVEST.index(item.direction)):
            what, title = item.direction.value, _cut(item.title)
            yield MessageItem(what, None, item.key, title, item.bucket)


def _of_changes(applying: Applying | None) -> Iterator[MessageItem]:
    if applying is not None:
        ended = [
            (ending_of(applying.outcomes.get(change.id)), action(change), change)
            for change in applying.changes
        ]
        for what, did, change in sorted(ended, key=_weight):
            yield MessageItem(what, did, change.key, _cut(_title(change)), change.bucket)


def _weight(ended: tuple[str, str, Change]) -> tuple[int, int]:
    what, did, _ = ended
    return _WORST.index(what), _HEAVIEST.index(did)


def _title(change: Change) -> str:
    return change.after.title if isinstance(change, Create) else change.before.title


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
