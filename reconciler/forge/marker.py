"""The first line of what we write: whose it is, and of what. Nobody sees it.

    <!-- reconciler:plan v=1 catalog=radio-ads head=SHA run=17 digest=sha256:... artifact=NAME -->
    <!-- reconciler:drift v=1 catalog=radio-ads -->
    <!-- reconciler:pulled v=1 catalog=radio-ads -->
    <!-- reconciler:applied v=1 catalog=radio-ads seq=20 -->

Anybody can write such a line. It counts only in what we have written ourselves (see `deciding`).
It is read strictly: the line is one that would be written so, byte by byte, or it is no marker.
Names are quoted as in a URL, so that they hold nothing that ends a comment or a line.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

ANY: Final = "<!-- reconciler:"
"""How every marker begins."""
_NAME: Final = r"[A-Za-z0-9._~%-]{1,1000}"
_PLAN: Final = re.compile(
    rf"<!-- reconciler:plan v=1 catalog=(?P<catalog>{_NAME}) head=(?P<head>[0-9a-f]{{40,64}}) "
    rf"run=(?P<run>[0-9]{{1,20}}) digest=(?P<digest>sha256:[0-9a-f]{{64}}) "
    rf"artifact=(?P<artifact>{_NAME}) -->",
    re.ASCII,
)
_DRIFT: Final = re.compile(rf"<!-- reconciler:drift v=1 catalog=(?P<catalog>{_NAME}) -->", re.ASCII)
_PULLED: Final = re.compile(
    rf"<!-- reconciler:pulled v=1 catalog=(?P<catalog>{_NAME}) -->", re.ASCII
)

_APPLIED: Final = re.compile(
    rf"<!-- reconciler:applied v=1 catalog=(?P<catalog>{_NAME}) seq=(?P<seq>[0-9]{{1,18}}) -->",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class PlanMarker:
    """Of a comment with a plan."""

    catalog: str
    head: str
    """The commit that was planned, in full."""
    run: int
    """The run that planned it. Later ones have greater numbers."""
    digest: str
    """The plan's."""
    artifact: str
    """Under which name the run keeps the plan."""

    def __str__(self) -> str:
        """The line."""
        return (
            f"{ANY}plan v=1 catalog={_quoted(self.catalog)} head={self.head} run={self.run} "
            f"digest={self.digest} artifact={_quoted(self.artifact)} -->"
        )

    @classmethod
    def of(cls, body: str) -> "PlanMarker | None":
        """The marker of a comment; None where it has none."""
        line = _first_line(body)
        found = _PLAN.fullmatch(line)
        if found is None:
            return None
        catalog, artifact = unquote(found["catalog"]), unquote(found["artifact"])
        marker = cls(catalog, found["head"], int(found["run"]), found["digest"], artifact)
        return marker if str(marker) == line else None


@dataclass(frozen=True, slots=True)
class DriftMarker:
    """Of an issue with a catalogue's drift."""

    catalog: str

    def __str__(self) -> str:
        """The line."""
        return f"{ANY}drift v=1 catalog={_quoted(self.catalog)} -->"

    @classmethod
    def of(cls, body: str) -> "DriftMarker | None":
        """The marker of an issue; None where it has none."""
        catalog = _of_catalog(body, _DRIFT)
        return None if catalog is None else cls(catalog)


@dataclass(frozen=True, slots=True)
class PulledMarker:
    """Of a pull request that takes what was edited live into a catalogue."""

    catalog: str

    def __str__(self) -> str:
        """The line."""
        return f"{ANY}pulled v=1 catalog={_quoted(self.catalog)} -->"

    @classmethod
    def of(cls, body: str) -> "PulledMarker | None":
        """The marker of a pull request; None where it has none."""
        catalog = _of_catalog(body, _PULLED)
        return None if catalog is None else cls(catalog)


@dataclass(frozen=True, slots=True)
class AppliedMarker:
    """Of a comment that says how an apply ended."""

    catalog: str
    seq: int
    """The number of the ledger's record with which it ended. Later ones have greater numbers."""

    def __str__(self) -> str:
        """The line."""
        return f"{ANY}applied v=1 catalog={_quoted(self.catalog)} seq={self.seq} -->"

    @classmethod
    def of(cls, body: str) -> "AppliedMarker | None":
        """The marker of a comment; None where it has none."""
        line = _first_line(body)
        found = _APPLIED.fullmatch(line)
        marker = None if found is None else cls(unquote(found["catalog"]), int(found["seq"]))
        return marker if str(marker) == line else None


def _of_catalog(body: str, form: re.Pattern[str]) -> str | None:
    """The catalogue in a marker that says nothing else, quoted as we would quote it."""
    found = form.fullmatch(_first_line(body))
    if found is None:
        return None
    catalog = unquote(found["catalog"])
    return catalog if _quoted(catalog) == found["catalog"] else None


def _first_line(body: str) -> str:
    return body.partition("\n")[0].removesuffix("\r")


def _quoted(name: str) -> str:
    # In HTML `--` may end a comment.
    return quote(name, safe="").replace("--", "%2D%2D")
