"""What every form says of a drift: its sections in their order, and what is said of all of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from reconciler.core.drift import Acceptance, Accepted, Direction, Drift, DriftItem
from reconciler.render.page import counted
from reconciler.render.values import clipped, field_name

DIRECTIONS: Final = (
    Direction.CHANGED_LIVE,
    Direction.MISSING_LIVE,
    Direction.BOTH_CHANGED,
    Direction.UNRESOLVED,
    Direction.BROKEN,
    Direction.DUPLICATE,
    Direction.UNKNOWN,
    Direction.NOT_YET_APPLIED,
    Direction.UNMANAGED,
)
"""In the order in which they are shown: what happened over there first."""
ACCEPTED: Final = "accepted"
_WORDS: Final[Mapping[Direction, str]] = {Direction.BOTH_CHANGED: "changed on both sides"}
_NAME: Final = 128
_MOST_NAMES: Final = 5


class Section(NamedTuple):
    """Items that belong together."""

    word: str
    """Of a direction, or `accepted`."""
    items: Sequence[DriftItem]


def word_of(direction: Direction) -> str:
    """The direction in plain words."""
    return _WORDS.get(direction, direction.value)


def sections(drift: Drift) -> Sequence[Section]:
    """Those that there are, each direction by itself, and what is accepted as the last one."""
    found: dict[Direction, list[DriftItem]] = {direction: [] for direction in DIRECTIONS}
    for item in drift.items:
        found[item.direction].append(item)
    each = [Section(word_of(direction), items) for direction, items in found.items() if items]
    accepted = [_as_item(one) for one in drift.accepted]
    return [*each, *([Section(ACCEPTED, accepted)] if accepted else [])]


def counts(drift: Drift) -> Iterator[tuple[str, int]]:
    """How much there is of what counts as drift, and of what is accepted. Unmanaged files are
    counted with the rest."""
    for section in sections(drift):
        if section.word != Direction.UNMANAGED.value:
            yield section.word, len(section.items)


def rest(drift: Drift) -> str:
    """How much is as it should be."""
    return (
        f"{drift.in_sync:,} of {drift.entries:,} entries in sync, {drift.pending:,} pending, "
        f"{counted(drift.unmanaged, 'unmanaged file')}"
    )


def coverage(drift: Drift) -> str:
    """How much of the buckets is owned."""
    if drift.coverage is None:
        return "coverage: no files"
    owned = f"{drift.owned:,} of {counted(drift.files, 'file')} owned"
    return f"coverage {drift.coverage:.1f} %: {owned}"


def _clipped(name: str) -> str:
    return clipped(name, 60)


def doubts(drift: Drift, show: Callable[[str], str] = _clipped) -> Iterator[str]:
    """What cannot be known, and why, a sentence or two each. `show`: how a name is made visible."""
    recalled = drift.recalled
    if drift.only:
        globs = _few(drift.only, show)
        yield f"Only keys that match {globs} were compared: of the rest nothing is known here."
    if not recalled.known and (drift.items or drift.accepted):
        if recalled.catalogs:
            others = _few(recalled.catalogs, show)
            why = f"the ledger has no run of this catalogue, and runs of {others}"
        else:
            why = "there is no ledger of earlier applies"
        yield f"Which side changed is not known: {why}. Name the one that apply writes: --ledger."
    if recalled.torn:
        yield (
            "The last line of the ledger has no end, and was passed over: so an apply leaves it "
            "that was killed or is writing just now, and so does a cut."
        )


def named(one: Acceptance) -> str:
    """What is accepted, by its names. Visible."""
    whose = f"file {one.file_id}" if one.key is None else clipped(one.key, _NAME)
    field = "" if one.field is None else f" {field_name(one.field, _NAME)}"
    direction = "" if one.direction is None else f" ({word_of(one.direction)})"
    return f"{whose}{field}{direction}"


def was_accepted(one: Acceptance) -> str:
    """Of what has expired."""
    return f"was accepted until {one.until}, by {one.place}: {one.reason}"


def is_idle(one: Acceptance) -> str:
    """Of what nothing is so."""
    return f"the drift that {one.place} accepts is not there (any more): take the entry out"


def _as_item(accepted: Accepted) -> DriftItem:
    item, by = accepted.item, accepted.by
    message = f"{word_of(item.direction)}; accepted until {by.until}: {by.reason}"
    return replace(item, message=message)


def _few(names: Sequence[str], show: Callable[[str], str]) -> str:
    more = [f"{len(names) - _MOST_NAMES:,} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*map(show, names[:_MOST_NAMES]), *more])
