"""Series as Prometheus reads them, by its own parser, and as we read them back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from reconciler.core import metrics
from reconciler.core.metrics import FAMILIES, Series, series_after
from reconciler.render.prometheus import NotOursError, exposition, series_in
from tests.core.test_metrics import APPLIED, LOOKED

ALL = series_after(series_after({}, LOOKED), APPLIED)
TEXT = "".join(exposition(ALL))
LABEL = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.integers(0, 10**12) | st.floats(0, 10**10).map(lambda number: round(number, 3))


def parsed(text: str) -> Series:
    """By Prometheus' own library."""
    return {
        (sample.name, tuple((name, sample.labels[name]) for name in FAMILIES[sample.name].labels)):
            sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }  # fmt: skip


def test_prometheus_reads_every_series() -> None:
    assert parsed(TEXT) == ALL


def test_the_kind_and_the_help_of_each_family_stand_once_before_its_series() -> None:
    seen: list[str] = []
    for line in TEXT.splitlines():
        name = line.split("{")[0].split()[2 if line.startswith("#") else 0]
        if line.startswith("# HELP"):
            assert name not in seen
            seen.append(name)
        assert name == seen[-1]
    kinds = {family.name: family.type for family in text_string_to_metric_families(TEXT)}
    assert kinds == {
        name.removesuffix("_total"): family.kind.value for name, family in FAMILIES.items()
    }


@given(LABEL, LABEL, NUMBERS)
def test_whatever_a_label_holds_is_read_back_by_both(one: str, other: str, number: float) -> None:
    series = {(metrics.LAST_RUN, (("catalog", one), ("command", other))): number}
    text = "".join(exposition(series))
    assert text.count("\n") == 3
    assert series_in(text) == parsed(text) == series


def test_what_was_written_is_read_back() -> None:
    assert series_in(TEXT) == ALL
    assert series_in("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "half a line",
        TEXT[:-1],
        "node_load1 0.5\n",
        '# HELP node_load1 x\nnode_load1{cpu="0"} 0.5\n',
        "reconciler_entries 1\n",
        'reconciler_entries{bucket="x"} 1\n',
        'reconciler_last_run_exit_code{catalog="x"} 1\n',
        'reconciler_entries{catalog="x"} NaN\n',
        'reconciler_entries{catalog="x"} ' + "9" * 400 + "\n",
        'reconciler_entries{catalog="x\\q"} 1\n',
        'reconciler_entries{catalog="x} 1\n',
        "\x00\n",
    ],
)
def test_what_is_not_ours_is_not_read(text: str) -> None:
    with pytest.raises(NotOursError):
        series_in(text)


def test_a_family_of_another_version_is_left_out() -> None:
    assert series_in('reconciler_of_old{catalog="x"} 1\n') == {}


@given(st.text(max_size=60) | st.lists(st.sampled_from(TEXT.splitlines())).map("\n".join))
def test_no_text_is_more_than_not_ours(text: str) -> None:
    try:
        series = series_in(text)
    except NotOursError:
        return
    assert all(map(math.isfinite, series.values()))
