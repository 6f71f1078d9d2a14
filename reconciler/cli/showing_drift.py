"""Drift on the screen, and in the forms that other programs show."""

from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from reconciler.cli.output import Output
from reconciler.cli.showing import most_shown
from reconciler.core.drift_codec import DriftReport, encode_drift


def show_drift(
    report: DriftReport, form: str, catalog: Path, output: Output, *, verbose: bool, marks: Set[str]
) -> None:
    """The drift in a form. `catalog`: where it is, for paths in the repository. `marks`: the
    mark's fields."""
    drift = report.drift
    most = most_shown(len(drift.items) + len(drift.accepted), verbose=verbose)
    match form:
        case "json":
            output.json(encode_drift(report))
        case "markdown":
            from reconciler.render.drift_markdown import drift_markdown

            output.raw([drift_markdown(drift, most=most, marks=marks).encode()])
        case "text":
            from reconciler.render.drift_text import drift_text

            width = output.width
            output.result(drift_text(drift, width=width, most=most, verbose=verbose, marks=marks))
        case _:
            output.raw(_written(report, form, catalog, marks))


def _written(report: DriftReport, form: str, catalog: Path, marks: Set[str]) -> Iterable[bytes]:
    match form:
        case "html":
            return (piece.encode() for piece in _page(report, marks))
        case "dotenv":
            from reconciler.render.dotenv import drift_dotenv

            return [drift_dotenv(report.catalog, report.drift).encode()]
        case "github":
            from reconciler.cli.repository import in_repository
            from reconciler.render.drift_annotations import drift_annotations

            return [drift_annotations(report.drift, in_repository(catalog)).encode()]
        case _:
            raise ValueError(form)


def _page(report: DriftReport, marks: Set[str]) -> Iterator[str]:
    from reconciler.render.drift_html import drift_html
    from reconciler.shipped import report_file

    return drift_html(report, report_file("drift.html"), report_file("page.css"), marks=marks)
