"""How a change ended: one of four."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.content import Content
from reconciler.core.model import FileId


@dataclass(frozen=True, slots=True)
class Applied:
    """It is done, and the service's answer (or a read) says so."""

    file_id: FileId
    acr_id: str
    already: bool = False
    """It was done before this run sent anything."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The file is no longer what the plan saw: nothing was sent."""

    why: str
    live: Content | None
    """What it is now; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused, or the result is not what was asked for."""

    why: str
    file_id: FileId | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent, and whether it was done could not be found out. The next run finds out."""

    why: str


Outcome: TypeAlias = Applied | Stale | Failed | Unknown


@dataclass(frozen=True, slots=True)
class Sent:
    """How a change was sent."""

    attempts: int
    """How often, by this run."""
    status: int | None
    """The last answer's HTTP status; None where none came."""


@dataclass(frozen=True, slots=True)
class EarlierCreate:
    """A create that an earlier run has sent, and whose file a listing may not show."""

    at: float
    """When that run last said something of it, by the wall clock."""
    bucket_id: int
    made: bool
    """It made a file, which a listing may not show yet. Else nobody knows, and it may come."""
    file_id: FileId | None = None
    """The file that it made."""
