"""Drift as a page, as annotations and as outputs of a job, whatever is in it (T5, T6, T7)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.core.drift_codec import DriftReport
from reconciler.core.model import Key
from reconciler.render.dotenv import drift_dotenv
from reconciler.render.drift_annotations import drift_annotations
from reconciler.render.drift_html import drift_html
from reconciler.shipped import report_file
from tests.render import stories
from tests.render.stories import HOSTILE
from tests.render.test_dotenv import outputs, variables
from tests.render.test_drift_markdown import drift_with
from tests.render.test_plan_html import Page
from tests.render.test_plan_markdown import LIVE
from tests.render.test_workflow import obeyed
from tests.render.whole import MADE

if TYPE_CHECKING:
    from collections.abc import Sequence

many = settings(max_examples=150, deadline=None, database=None, derandomize=True)
STYLE = report_file("page.css")
LIVE_OR_HOSTILE = LIVE | st.sampled_from([*HOSTILE.values()])


def html(drift: Drift, catalog: str = "radio-ads", most: int = 5_000) -> str:
    report = DriftReport(catalog, drift, MADE)
    return "".join(drift_html(report, report_file("drift.html"), STYLE, most=most))


def page(drift: Drift, catalog: str = "radio-ads") -> Page:
    return Page(html(drift, catalog))


def elements(read: Page) -> Sequence[str]:
    return [tag for tag, _ in read.tags if tag != "span"]


def attributes(read: Page) -> set[str]:
    return {name for _, names in read.tags for name in names}


class TestThePage:
    @many
    @given(LIVE_OR_HOSTILE)
    def test_whatever_a_text_holds_it_is_built_as_with_any_other(self, live: str) -> None:
        """A cell of a field says by one more word that there is no value."""
        read, plain = page(drift_with(live), live), page(drift_with("z"), "z")
        assert elements(read) == elements(plain)
        assert attributes(read) == attributes(plain)

    def test_nothing_is_loaded_or_run_and_only_its_own_style_is_allowed(self) -> None:
        text = html(stories.in_the_dark())
        digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        allowed = f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{digest}&#x27;;"
        assert allowed in text.replace("'", "&#x27;")
        assert not re.search(r"<script|\son\w+=|\sstyle=|<link|<img|url\(|@import|src=", text)

    def test_each_section_has_its_heading_and_its_number(self) -> None:
        text = html(stories.drifted())
        found = re.findall(r"<h2 id=\"[\w-]+\">(.*?) <span>([\d,]+)</span></h2>", text)
        assert found == [
            *(("Changed live", "1"), ("Missing live", "1"), ("Changed on both sides", "1")),
            *(("Unresolved", "1"), ("Broken", "1"), ("Duplicate", "1"), ("Unknown", "1")),
            *(("Not yet applied", "2"), ("Unmanaged", "3"), ("Accepted", "1")),
            *(("Expired", "1"), ("Accepted, and not so", "1")),
        ]

    def test_fields_stand_side_by_side(self) -> None:
        text = html(stories.drifted())
        assert '<th scope="col">Live</th><th scope="col">Desired</th>' in text
        assert "<td>&quot;Spring ad!&quot;</td><td>&quot;Spring ad 30s&quot;</td>" in text

    def test_what_is_left_out_is_said(self) -> None:
        text = html(stories.drifted(), most=4)
        assert text.count("<details>") == 4
        assert sum(map(int, re.findall(r"… and (\d+) more", text))) == 9

    def test_of_very_many_fields_some_are_shown(self) -> None:
        names = {f"f{n}": n for n in range(150)}
        item = DriftItem(
            Direction.CHANGED_LIVE,
            "m",
            Key("a"),
            fields=tuple(f"user_defined.{name}" for name in names),
            before=stories.content("T", "a"),
            wanted=stories.content("T", "a", **names),
        )
        text = html(replace(stories.in_sync(), items=(item,)))
        assert "… and 50 more fields" in text

    def test_no_drift_is_said(self) -> None:
        text = html(stories.in_sync())
        assert '<p class="verdict">No drift</p>' in text
        assert "coverage 50.0 %: 1 of 2 files owned" in text


class TestTheAnnotations:
    @many
    @given(LIVE_OR_HOSTILE)
    def test_a_runner_obeys_our_commands_and_nothing_that_a_text_holds(self, live: str) -> None:
        plain, log = (drift_annotations(drift_with(text), "c.yaml") for text in ("z", live))
        assert [one.name for one in obeyed(log)] == [one.name for one in obeyed(plain)]
        assert len(log.splitlines()) == len(obeyed(log))

    def test_what_happened_over_there_is_a_warning_on_its_line(self) -> None:
        commands = obeyed(drift_annotations(stories.drifted(), "ads/catalog.yaml"))
        assert Counter(one.name for one in commands) == {"warning": 8, "notice": 7}
        assert commands[0].properties["title"] == "Expired"
        assert commands[1].properties == {
            "file": "ads/spots/spring.yaml",
            "line": "3",
            "col": "3",
            "title": "Changed live: spring-ad-01 file 1204",
        }
        assert commands[1].data == (
            "spring-ad-01 file 1204 in spots: changed in the service since it was last applied. "
            "Differs: title, user_defined.label, user_defined.year."
        )

    def test_of_more_than_ten_some_of_each_and_how_many_more(self) -> None:
        items = [
            DriftItem(direction, "m", Key(f"{direction} {n}"))
            for direction in (Direction.CHANGED_LIVE, Direction.DUPLICATE)
            for n in range(30)
        ]
        commands = obeyed(drift_annotations(replace(stories.in_sync(), items=tuple(items)), "c"))
        assert len(commands) == 10
        assert commands[-1].data.startswith("and 51 more")
        kinds = {one.properties["title"].partition(":")[0] for one in commands[:-1]}
        assert kinds == {"Changed live", "Duplicate"}

    def test_no_drift_is_nothing(self) -> None:
        assert drift_annotations(stories.in_sync(), "catalog.yaml") == ""


class TestTheOutputs:
    NAMES: Sequence[str] = (
        *("catalog", "drift", "items", "changed_live", "missing_live", "duplicate", "broken"),
        *("not_yet_applied", "both_changed", "unresolved", "unmanaged", "unknown", "entries"),
        *("in_sync", "pending", "unmanaged_files", "files", "owned", "coverage", "accepted"),
        *("expired", "idle", "partial", "ledger_known"),
    )

    def test_say_all_that_can_be_counted(self) -> None:
        found = outputs(drift_dotenv("radio-ads", stories.in_the_dark()))
        assert (found["drift"], found["items"], found["unmanaged"]) == ("true", "12", "3")
        assert (found["both_changed"], found["not_yet_applied"]) == ("1", "2")
        assert (found["coverage"], found["files"], found["owned"]) == ("99.7", "1019", "1016")
        assert (found["accepted"], found["expired"], found["idle"]) == ("1", "1", "1")
        assert (found["partial"], found["ledger_known"]) == ("true", "false")

    def test_without_files_there_is_no_coverage(self) -> None:
        found = outputs(drift_dotenv("a", replace(stories.in_sync(), files=0, owned=0)))
        assert (found["drift"], found["coverage"]) == ("false", "")

    @many
    @given(LIVE_OR_HOSTILE)
    def test_are_our_names_and_plain_values_whatever_a_drift_holds(self, live: str) -> None:
        text = drift_dotenv(live, drift_with(live))
        assert list(outputs(text)) == list(variables(text)) == [*self.NAMES]
        assert re.fullmatch(r"([a-z_]+=[A-Za-z0-9._:-]*\n){24}", text)


@pytest.mark.parametrize("drift", [stories.drifted(), stories.in_the_dark(), stories.in_sync()])
def test_the_same_drift_makes_the_same_bytes(drift: Drift) -> None:
    assert html(drift) == html(drift)
