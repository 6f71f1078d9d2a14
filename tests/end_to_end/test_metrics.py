"""`--metrics`: every end of a run is in the file, and a failed one leaves the last success."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.sandbox.faults import on, playing, status
from tests.end_to_end.conftest import CATALOG, TOKEN, Workplace

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

FILE = "ads.prom"
METRICS = ("--metrics", FILE)
DOWN = {"RECONCILER_BASE_URL": "http://127.0.0.1:9"}


def series(work: Workplace, name: str, **labels: str) -> list[float]:
    """The values of the series of a name that have these labels, as Prometheus reads them."""
    text = (work.folder / FILE).read_text("utf-8")
    assert TOKEN not in text
    return [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"reconciler_{name}" and labels.items() <= sample.labels.items()
    ]


def last(work: Workplace, command: str) -> tuple[float, float, float]:
    """The last run, the last success and the exit code."""
    ((run,), (success,), (code,)) = (
        series(work, name, command=command)
        for name in (
            "last_run_timestamp_seconds",
            "last_success_timestamp_seconds",
            "last_run_exit_code",
        )
    )
    return run, success, code


class TestADrift:
    def test_is_measured(self, applied: Workplace, sandbox: Sandbox) -> None:
        sandbox.edit(sandbox.files(8891)[0]["id"], title="Edited")
        assert applied.run("drift", *METRICS).code == 2
        run, success, code = last(applied, "drift")
        assert run == success
        assert code == 2
        assert series(applied, "drift_items", bucket="spots", direction="changed live") == [1]
        assert sum(series(applied, "drift_items")) == 1
        assert series(applied, "drift_items", bucket="archive", direction="unmanaged") == [0]
        assert series(applied, "entries") == [2]
        assert series(applied, "entries_in_sync") == [1]
        assert sum(series(applied, "api_requests_total", method="GET", status="200")) >= 2

    def test_holds_counts_and_names_and_others_may_read_it(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        sandbox.edit(sandbox.files(8891)[0]["id"], title="Edited", user_defined={"x": "Private"})
        applied.run("drift", *METRICS)
        path = applied.folder / FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        for word in ("Edited", "Private", "Spring", "spring", str(applied.folder)):
            assert word not in path.read_text("utf-8")

    @pytest.mark.parametrize(
        ("env", "code"),
        [
            ({"ACRCLOUD_ACCESS_TOKEN": ""}, 7),
            ({"RECONCILER_BASE_URL": "ftp://nowhere"}, 64),
        ],
        ids=["no token", "usage"],
    )
    def test_that_fails_leaves_the_last_success(
        self, applied: Workplace, env: dict[str, str], code: int
    ) -> None:
        assert applied.run("drift", *METRICS).code == 0
        run, success, _ = last(applied, "drift")
        found = series(applied, "drift_items")
        assert applied.run("drift", *METRICS, env=env).code == code
        again, still, ended = last(applied, "drift")
        assert (still, ended) == (success, code)
        assert again > run
        assert series(applied, "drift_items") == found

    def test_of_a_broken_catalogue_is_of_the_one_that_was_there(self, applied: Workplace) -> None:
        applied.run("drift", *METRICS)
        applied.catalog("files: [")
        assert applied.run("drift", *METRICS).code == 1
        assert series(applied, "last_run_exit_code", catalog="radio-ads", command="drift") == [1]

    def test_of_one_of_several_catalogues_is_of_that_one_also_where_it_is_broken(
        self, applied: Workplace
    ) -> None:
        assert applied.run("drift", *METRICS).code == 0
        applied.catalog(CATALOG.replace("catalog: radio-ads", "catalog: jingles"))
        assert applied.run("drift", *METRICS).code == 2
        applied.catalog(CATALOG.replace("title:", "tilte:"))
        assert applied.run("drift", *METRICS).code == 1
        assert series(applied, "last_run_exit_code", catalog="radio-ads", command="drift") == [1]
        assert series(applied, "last_run_exit_code", catalog="") == []

    def test_of_which_the_usage_makes_no_sense_is_measured(self, applied: Workplace) -> None:
        assert applied.run("drift", "--only", "no-such", *METRICS).code == 64
        assert last(applied, "drift")[1:] == (0, 64)


class TestAnApply:
    def test_is_measured_and_counts_go_on(self, spots: Workplace) -> None:
        assert spots.run("apply", "--yes", *METRICS).code == 0
        assert series(spots, "changes_total", action="create", outcome="applied") == [2]
        assert sum(series(spots, "changes_total")) == 2
        posts = {"method": "POST", "command": "apply"}
        assert series(spots, "api_requests_total", status="200", **posts) == [2]
        spots.catalog(CATALOG.replace("Spring ad", "Spring ad 30s"))
        assert spots.run("apply", "--yes", *METRICS).code == 0
        assert series(spots, "changes_total", action="create", outcome="applied") == [2]
        assert series(spots, "changes_total", action="update", outcome="applied") == [1]

    def test_shares_a_file_with_a_drift(self, spots: Workplace) -> None:
        spots.run("apply", "--yes", *METRICS)
        spots.run("drift", *METRICS)
        assert last(spots, "apply")[2] == last(spots, "drift")[2] == 0
        assert series(spots, "changes_total", action="create", outcome="applied") == [2]

    def test_that_a_guardrail_refuses_is_measured(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        applied.run("apply", "--yes", *METRICS)
        _, success, _ = last(applied, "apply")
        text = CATALOG.replace("files:", "limits: {max_deletes: 0}\n    files:")
        applied.catalog(text[: text.index("      summer:")])
        assert applied.run("apply", "--yes", *METRICS).code == 6
        assert last(applied, "apply")[1:] == (success, 6)
        assert sum(series(applied, "changes_total")) == 0

    def test_of_a_service_in_trouble_counts_what_was_asked_again(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        rules = (
            on("list", status(503), nth=1),
            on("upload", status(429), nth=1),
        )
        with playing(sandbox, *rules) as front:
            ended = spots.run("apply", "--yes", *METRICS, env={"RECONCILER_BASE_URL": front.url})
        assert ended.code == 0, ended.err
        assert sum(series(spots, "api_retries_total")) == 2
        for method, told in (("GET", "503"), ("POST", "429")):
            assert series(spots, "api_requests_total", method=method, status=told) == [1]
        assert sum(series(spots, "changes_total", action="create")) == 2

    def test_of_a_service_that_is_down_counts_in_vain(self, spots: Workplace) -> None:
        assert spots.run("apply", "--yes", *METRICS, env=DOWN).code == 1
        assert sum(series(spots, "api_requests_total", status="unreachable")) >= 5


class TestTheFile:
    @pytest.mark.parametrize("data", [b"", b"rubbish\n", b"\xff\xfe", b"node_load1 1\n", b"half"])
    def test_that_is_broken_is_told_and_written_anew(self, applied: Workplace, data: bytes) -> None:
        (applied.folder / FILE).write_bytes(data)
        ended = applied.run("drift", *METRICS)
        assert ended.code == 0
        assert ("it is written anew" in ended.err) == bool(data)
        assert last(applied, "drift")[2] == 0

    @pytest.mark.parametrize(
        ("make", "code"),
        [
            (lambda work: work.run("drift", "--metrics", "no/ads.prom"), 1),
            (
                lambda work: work.run(
                    "drift", "--metrics", "no/ads.prom", env={"ACRCLOUD_ACCESS_TOKEN": ""}
                ),
                7,
            ),
        ],
        ids=["else well", "else worse"],
    )
    def test_that_cannot_be_written_is_an_error_unless_there_is_a_worse_one(
        self, applied: Workplace, make: object, code: int
    ) -> None:
        assert callable(make)
        ended = make(applied)
        assert ended.code == code
        assert "error: writing the metrics no/ads.prom: No such file or directory" in ended.err

    def test_goes_before_a_stale_plan_and_both_are_said(self, spots: Workplace) -> None:
        digest = f"sha256:{'0' * 64}"
        ended = spots.run("apply", "--plan-digest", digest, "--metrics", "no/ads.prom")
        assert ended.code == 1
        assert "the plan is not the one that was reviewed" in ended.err
        assert "writing the metrics" in ended.err

    @pytest.mark.parametrize("name", ["catalog.yaml", ".reconciler/ledger.jsonl", "metrics"])
    def test_of_another_name_is_refused_and_left_as_it_is(
        self, applied: Workplace, name: str
    ) -> None:
        path = applied.folder / name
        before = path.read_bytes() if path.exists() else None
        ended = applied.run("drift", "--metrics", name)
        assert ended.code == 64
        assert "name it FILE.prom" in ended.err
        assert (path.read_bytes() if path.exists() else None) == before

    def test_is_not_there_without_the_option(self, applied: Workplace) -> None:
        applied.run("drift")
        assert not list(Path(applied.folder).glob("*.prom"))

    def test_is_whole_whatever_is_read_meanwhile(self, applied: Workplace) -> None:
        path = applied.folder / FILE
        applied.run("drift", *METRICS)
        before = path.stat().st_ino
        applied.run("drift", *METRICS)
        assert path.stat().st_ino != before
