"""Texts that come piece by piece, as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from reconciler.core.codec import Made
from reconciler.render import drift_text as of_drift
from reconciler.render import listing as of_list
from reconciler.render import plan_html as of_report
from reconciler.render import plan_text as of_plan
from reconciler.render.plan_html import Parts
from reconciler.shipped import report_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.core.drift import Drift
    from reconciler.core.listing import Row
    from reconciler.core.plan import Plan


MADE = Made("2025-03-04T09:12:44+00:00", "reconciler 0.0.0")


def plan_text(plan: Plan, **how: Any) -> Text:
    """The whole plan."""
    return _whole(of_plan.plan_text(plan, **how))


def drift_text(drift: Drift, **how: Any) -> Text:
    """The whole drift."""
    return _whole(of_drift.drift_text(drift, **how))


def list_text(rows: Sequence[Row], *, width: int) -> Text:
    """The whole list."""
    return _whole(of_list.list_text(rows, width=width))


def _whole(texts: Iterable[Text]) -> Text:
    return Text.assemble(*texts, no_wrap=True, overflow="ignore")


def plan_html(plan: Plan, **how: Any) -> str:
    """The whole report, put together from the files of the package."""
    parts = Parts(*map(report_file, ("page.html", "page.css", "page.js")))
    return "".join(of_report.plan_html(plan, MADE, parts, **how))
