"""What is measured of a run, as series: numbers by names and labels, as Prometheus has them.

| series                             | a run that did its work     | one that failed            |
|------------------------------------|-----------------------------|----------------------------|
| the last run, and its exit code    | set                         | set                        |
| the last success                   | set                         | as it was                  |
| what a drift found (of all keys,   | set anew, with every zero   | as it was                  |
| and not of some by `--only`)       |                             |                            |
| changes, requests, requests again  | added to                    | added to                   |

What is added to goes on from before, so that it never falls: one run after the other would start
at nothing, and what happened in between two looks of Prometheus would be lost.

Series hold counts and names: no title, no key, no value.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from reconciler.core.change_codec import action
from reconciler.core.drift import Direction, Drift
from reconciler.core.ending import Applying, Calls, Ending
from reconciler.core.outcome import Applied, Outcome

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are written."""
Series: TypeAlias = Mapping[tuple[str, Labels], float]
"""The number of each series, by its family's name and its labels."""


class Kind(StrEnum):
    """How a number behaves."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Family:
    """Series of one name."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


LAST_RUN: Final = "reconciler_last_run_timestamp_seconds"
LAST_SUCCESS: Final = "reconciler_last_success_timestamp_seconds"
EXIT_CODE: Final = "reconciler_last_run_exit_code"
DRIFT: Final = "reconciler_drift_items"
ENTRIES: Final = "reconciler_entries"
IN_SYNC: Final = "reconciler_entries_in_sync"
PENDING: Final = "reconciler_entries_pending"
ACCEPTED: Final = "reconciler_drift_accepted_items"
FILES: Final = "reconciler_files"
OWNED: Final = "reconciler_files_owned"
UNMANAGED: Final = "reconciler_unmanaged_files"
CHANGES: Final = "reconciler_changes_total"
REQUESTS: Final = "reconciler_api_requests_total"
RETRIES: Final = "reconciler_api_retries_total"

_RUN: Final = ("catalog", "command")
FAMILIES: Final = {
    name: Family(name, kind, labels, told)
    for name, kind, labels, told in (
        (LAST_RUN, Kind.GAUGE, _RUN, "When the command last ended, however it ended."),
        (LAST_SUCCESS, Kind.GAUGE, _RUN, "When the command last did what it was called for."),
        (EXIT_CODE, Kind.GAUGE, _RUN, "What the command last ended with."),
        (DRIFT, Kind.GAUGE, ("catalog", "bucket", "direction"), "Items of drift last found."),
        (ENTRIES, Kind.GAUGE, ("catalog",), "Entries of the catalogue last compared."),
        (IN_SYNC, Kind.GAUGE, ("catalog",), "Those of them whose file is as it should be."),
        (PENDING, Kind.GAUGE, ("catalog",), "Those of them whose file is still processed."),
        (ACCEPTED, Kind.GAUGE, ("catalog",), "Items of drift that a baseline accepts for now."),
        (FILES, Kind.GAUGE, ("catalog",), "Files in the buckets of the catalogue."),
        (OWNED, Kind.GAUGE, ("catalog",), "Those of them that carry its mark."),
        (UNMANAGED, Kind.GAUGE, ("catalog",), "Files without its mark that are let be."),
        (CHANGES, Kind.COUNTER, ("catalog", "action", "outcome"), "Changes, by how they ended."),
        (REQUESTS, Kind.COUNTER, (*_RUN, "method", "status"), "Requests to the service."),
        (RETRIES, Kind.COUNTER, _RUN, "Requests to the service that were asked again."),
    )
}
"""All there are, in the order in which they are written."""

_OF_A_LOOK: Final = (DRIFT, ENTRIES, IN_SYNC, PENDING, ACCEPTED, FILES, OWNED, UNMANAGED)
"""Set anew by each drift of all keys that was looked for to the end."""
_NOWHERE: Final = ""
"""The bucket of what is in none: to Prometheus the same as no such label."""
_LEFT: Final = "left"
_ALREADY: Final = "already done"
_ENDINGS: Final = ("applied", _ALREADY, "stale", "failed", "unknown", _LEFT)
_ACTIONS: Final = ("create", "update", "move", "delete")


def series_after(before: Series, ending: Ending) -> Series:
    """All series after a run, from those before it."""
    catalog = ending.catalog or _only_catalog(before, ending.command)
    after = dict(before)
    run = (("catalog", catalog), ("command", ending.command))
    after[LAST_RUN, run] = ending.at
    after[EXIT_CODE, run] = ending.exit_code
    # 1970 where there was none: an alert on its age fires, and one on its absence need not be.
    after.setdefault((LAST_SUCCESS, run), 0.0)
    if ending.is_success:
        after[LAST_SUCCESS, run] = ending.at
    if ending.drift is not None and not ending.drift.only:
        for name, labels in [*after]:
            if name in _OF_A_LOOK and dict(labels)["catalog"] == catalog:
                del after[name, labels]
        after.update(_found(ending.drift, catalog, ending.buckets))
    added: Counter[tuple[str, Labels]] = Counter(dict(_called(ending.calls, run)))
    if ending.command == "apply":
        added.update(dict(_changed(ending.applying, catalog)))
    for series, count in added.items():
        after[series] = after.get(series, 0) + count
    return after


def _only_catalog(before: Series, command: str) -> str:
    """The catalogue of a run that did not get to know its name: the only one of which the series
    speak, or none."""
    known = {
        told["catalog"]
        for name, labels in before
        if name == LAST_RUN and (told := dict(labels))["command"] == command
    } - {""}
    return known.pop() if len(known) == 1 else ""


def _found(
    drift: Drift, catalog: str, buckets: tuple[str, ...]
) -> Iterator[tuple[tuple[str, Labels], float]]:
    """Zeros too: what is not there raises no alert, and ends none."""
    counts = Counter((item.bucket or _NOWHERE, item.direction) for item in drift.items)
    for bucket in (*sorted({*buckets, *(bucket for bucket, _ in counts)} - {_NOWHERE}), _NOWHERE):
        for direction in Direction:
            labels = ("catalog", catalog), ("bucket", bucket), ("direction", direction.value)
            yield (DRIFT, labels), counts[bucket, direction]
    for name, count in (
        (ENTRIES, drift.entries),
        (IN_SYNC, drift.in_sync),
        (PENDING, drift.pending),
        (ACCEPTED, len(drift.accepted)),
        (FILES, drift.files),
        (OWNED, drift.owned),
        (UNMANAGED, drift.unmanaged),
    ):
        yield (name, (("catalog", catalog),)), count


def _changed(applying: Applying | None, catalog: str) -> Iterator[tuple[tuple[str, Labels], int]]:
    """Zeros too: from nothing to one is no increase."""
    counts: Counter[tuple[str, str]] = Counter()
    if applying is not None:
        for change in applying.changes:
            counts[action(change), ending_of(applying.outcomes.get(change.id))] += 1
    for did in _ACTIONS:
        for ended in _ENDINGS:
            labels = ("catalog", catalog), ("action", did), ("outcome", ended)
            yield (CHANGES, labels), counts[did, ended]


def ending_of(outcome: Outcome | None) -> str:
    """How a change ended, in a word or two; one without an outcome was left."""
    if outcome is None:
        return _LEFT
    already = isinstance(outcome, Applied) and outcome.already
    return _ALREADY if already else type(outcome).__name__.lower()


def _called(calls: Calls, run: Labels) -> Iterator[tuple[tuple[str, Labels], int]]:
    for (method, status), count in calls.ended.items():
        yield (REQUESTS, (*run, ("method", method), ("status", str(status)))), count
    yield (RETRIES, run), calls.retries
