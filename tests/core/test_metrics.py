"""What is measured of a run: row by row of the table in `reconciler.core.metrics`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.core import metrics
from reconciler.core.drift import Direction, Drift
from reconciler.core.ending import Applying, Calls, Ending, NoAnswer
from reconciler.core.metrics import FAMILIES, series_after
from reconciler.core.model import FileId
from reconciler.core.outcome import Applied, Failed, Stale, Unknown
from tests.render import stories

if TYPE_CHECKING:
    from reconciler.core.metrics import Series

LOOKED = Ending(
    "drift",
    2,
    at=1000.5,
    catalog="radio-ads",
    buckets=("spots", "archive", "empty"),
    drift=stories.drifted(),
    calls=Calls({("GET", 200): 3, ("GET", NoAnswer.UNREACHABLE): 1}, retries=1),
)
FAILED = replace(LOOKED, exit_code=7, at=2000.0, drift=None, error="no token", calls=Calls())
RUN = (("catalog", "radio-ads"), ("command", "drift"))


def of(series: Series, name: str, **labels: str) -> float:
    """The sum of the series of a name that have these labels."""
    wanted = set(labels.items())
    return sum(
        count for (family, told), count in series.items() if family == name and wanted <= set(told)
    )


class TestADriftThatWasLookedFor:
    after = series_after({}, LOOKED)

    def test_is_a_success_whether_or_not_there_was_drift(self) -> None:
        for code in (0, 2):
            after = series_after({}, replace(LOOKED, exit_code=code))
            assert after[metrics.LAST_RUN, RUN] == after[metrics.LAST_SUCCESS, RUN] == 1000.5
            assert after[metrics.EXIT_CODE, RUN] == code

    def test_counts_its_items_by_bucket_and_direction(self) -> None:
        assert of(self.after, metrics.DRIFT) == len(stories.drifted().items)
        assert of(self.after, metrics.DRIFT, bucket="spots", direction="changed live") == 1
        assert of(self.after, metrics.DRIFT, bucket="", direction="unresolved") == 1

    def test_has_a_zero_for_every_direction_in_every_declared_bucket(self) -> None:
        of_empty = {
            dict(labels)["direction"]: count
            for (name, labels), count in self.after.items()
            if name == metrics.DRIFT and ("bucket", "empty") in labels
        }
        assert of_empty == {direction.value: 0 for direction in Direction}

    def test_says_how_many_entries_there_are(self) -> None:
        drift = stories.drifted()
        told = {name: of(self.after, name) for name in (metrics.ENTRIES, metrics.IN_SYNC)}
        assert told == {metrics.ENTRIES: drift.entries, metrics.IN_SYNC: drift.in_sync}
        assert of(self.after, metrics.PENDING) == drift.pending
        assert of(self.after, metrics.UNMANAGED) == drift.unmanaged

    def test_forgets_a_bucket_that_is_declared_no_more(self) -> None:
        gone = replace(LOOKED, buckets=("spots",), drift=Drift((), 0, 0, 2, 2))
        after = series_after(self.after, gone)
        assert {dict(labels).get("bucket") for _, labels in after} == {None, "", "spots"}
        assert of(after, metrics.DRIFT) == 0

    def test_of_some_keys_says_nothing_of_all(self) -> None:
        part = Drift((), 0, 0, 1, 1, only=("k",))
        after = series_after(self.after, replace(LOOKED, at=2000.0, drift=part))
        assert of(after, metrics.DRIFT) == of(self.after, metrics.DRIFT)
        assert after[metrics.LAST_SUCCESS, RUN] == 1000.5

    def test_leaves_another_catalogues_series_as_they_are(self) -> None:
        other = series_after(self.after, replace(LOOKED, catalog="other", drift=None))
        assert other.items() >= self.after.items()


class TestARunThatFailed:
    def test_leaves_the_last_success_and_what_was_found_as_it_was(self) -> None:
        before = series_after({}, LOOKED)
        after = dict(series_after(before, FAILED))
        assert after[metrics.LAST_RUN, RUN] == 2000
        assert after[metrics.EXIT_CODE, RUN] == 7
        changed = {metrics.LAST_RUN, metrics.EXIT_CODE}
        assert {key for key in after if after[key] != before[key]} == {(n, RUN) for n in changed}

    def test_where_none_went_well_says_1970(self) -> None:
        """So that an alert on its age fires."""
        assert series_after({}, FAILED)[metrics.LAST_SUCCESS, RUN] == 0

    def test_before_the_name_was_known_is_of_the_only_catalogue_that_is_known(self) -> None:
        before = series_after({}, LOOKED)
        after = series_after(before, replace(FAILED, catalog=None))
        assert after[metrics.EXIT_CODE, RUN] == 7

    def test_and_of_none_where_there_are_two_or_none(self) -> None:
        nameless = (("catalog", ""), ("command", "drift"))
        two = series_after(series_after({}, LOOKED), replace(LOOKED, catalog="other"))
        for before in ({}, two):
            after = series_after(before, replace(FAILED, catalog=None))
            assert after[metrics.EXIT_CODE, nameless] == 7
            again = series_after(after, replace(FAILED, catalog=None, exit_code=1))
            assert again[metrics.EXIT_CODE, nameless] == 1


SPRING = stories.content("Spring ad", "spring")
ENDS = (
    (stories.create("a", "A"), Applied(FileId(1), "")),
    (stories.create("b", "B"), Applied(FileId(2), "", already=True)),
    (stories.delete("c", "C"), Failed("no")),
    (stories.move("d", "D"), Unknown("?")),
    (stories.update("e", SPRING, SPRING, "title"), Stale("edited", None)),
)
APPLIED = Ending(
    "apply",
    3,
    at=1.0,
    catalog="radio-ads",
    applying=Applying(
        tuple(change for change, _ in ENDS),
        {change.id: outcome for change, outcome in ENDS},
        converged=False,
        anchor=None,
    ),
)


class TestAnApply:
    def test_counts_its_changes_by_action_and_outcome(self) -> None:
        after = series_after({}, APPLIED)
        for action, outcome in (
            ("create", "applied"),
            ("create", "already done"),
            ("delete", "failed"),
            ("move", "unknown"),
            ("update", "stale"),
        ):
            assert of(after, metrics.CHANGES, action=action, outcome=outcome) == 1
        assert of(after, metrics.CHANGES) == 5

    def test_counts_what_was_left(self) -> None:
        assert APPLIED.applying is not None
        stopped = replace(APPLIED.applying, outcomes={})
        after = series_after({}, replace(APPLIED, applying=stopped))
        assert of(after, metrics.CHANGES, outcome="left") == of(after, metrics.CHANGES) == 5

    def test_in_part_is_no_success(self) -> None:
        assert of(series_after({}, APPLIED), metrics.LAST_SUCCESS) == 0

    def test_has_its_zeros_even_where_it_did_not_begin(self) -> None:
        after = series_after({}, replace(APPLIED, exit_code=6, applying=None))
        assert len([name for name, _ in after if name == metrics.CHANGES]) == 4 * 6
        assert of(after, metrics.CHANGES) == 0


def test_what_is_counted_goes_on_from_before() -> None:
    after = series_after(series_after({}, LOOKED), LOOKED)
    assert of(after, metrics.REQUESTS, method="GET", status="200") == 6
    assert of(after, metrics.REQUESTS, method="GET", status="unreachable") == 2
    assert of(after, metrics.RETRIES) == 2
    applied = series_after(series_after({}, APPLIED), APPLIED)
    assert of(applied, metrics.CHANGES) == 10


def test_every_series_is_of_a_family_with_its_labels() -> None:
    for name, labels in {**series_after({}, LOOKED), **series_after({}, APPLIED)}:
        assert tuple(label for label, _ in labels) == FAMILIES[name].labels


def test_names_follow_the_rules_of_prometheus() -> None:
    for name, family in FAMILIES.items():
        assert name.startswith("reconciler_")
        assert name.endswith("_total") == (family.kind == "counter")
        assert family.help.endswith(".")
        assert "\n" not in family.help
