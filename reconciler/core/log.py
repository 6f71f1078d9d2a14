"""What a ledger says was done: runs, and what each of them did to which file. Only values.

Every text in it is as it was written down, by whoever had the ledger in hands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.content import Content
from reconciler.core.model import FileId, Key


class Ending(StrEnum):
    """How a change ended, as far as the ledger says."""

    APPLIED = "applied"
    STALE = "stale"
    FAILED = "failed"
    UNKNOWN = "unknown"
    OPEN = "no end"
    """It was begun, and nothing more: the run was killed, or is at it."""


@dataclass(frozen=True, slots=True)
class About:
    """A run: what it was of, and who made it. None: the ledger does not say."""

    run: str
    at: str
    """When it began, by RFC 3339."""
    catalog: str
    origin: str = ""
    """The host that the files are on."""
    catalog_digest: str | None = None
    plan: str | None = None
    """The plan's digest."""
    actor: str | None = None
    host: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    """The catalogue was not byte for byte as in the commit."""
    pull_request: str | None = None
    ci_run: str | None = None
    tool: str | None = None
    revert: str | None = None
    """The run that it took back."""
    purge: str | None = None
    """It emptied a trash of what was there before this moment."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One change that a run set about."""

    by: About
    seq: int
    """The first record's that speaks of it."""
    at: str
    """When it began; where it was not begun, when it ended."""
    until: str
    """When it was last spoken of."""
    id: str
    action: str
    key: Key | None
    bucket: str
    ending: Ending = Ending.OPEN
    already: bool = False
    """Applied, and before this run had sent anything."""
    why: str = ""
    """Why it ended otherwise than applied."""
    reason: str = ""
    """Why it was planned."""
    file_id: FileId | None = None
    acr_id: str | None = None
    before: Content | None = None
    """What the plan saw. None: no file, or not said."""
    after: Content | None = None
    """What it was to be. None: no file, the same, or not said."""
    live: Content | None = None
    """What was there instead, where it was stale."""
    fields: tuple[str, ...] = ()
    """What differs between before and after, where the plan says so."""
    source: str | None = None
    """The digest of what was to be uploaded, in full where it is known."""
    from_bucket: str | None = None
    replaces: FileId | None = None
    keeps: FileId | None = None
    """The file that stays in the place of one that goes."""
    after_change: str | None = None
    trash: bool = False
    """Of a move: it goes into the trash of its bucket."""

    @property
    def files(self) -> frozenset[tuple[str, FileId]]:
        """The files that it is about, each by its host and its id."""
        ids = (self.file_id, self.replaces, self.keeps)
        return frozenset((self.by.origin, each) for each in ids if each is not None)


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended."""

    at: str
    counts: Mapping[str, int]
    """By ending; `left`: what was not begun."""
    converged: bool
    error: str | None
    anchor: str
    """`SEQ:HASH` of its last record, as the apply has printed it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run, and what is told of it."""

    about: About
    deeds: tuple[Deed, ...]
    """In the order in which the ledger first speaks of them."""
    end: End | None = None
    """None where it was killed, or is not over."""

    @property
    def seq(self) -> int:
        """The number of the last record that is known to be its own; 0 where none but the first
        is."""
        if self.end is not None:
            return int(self.end.anchor.partition(":")[0])
        return max((deed.seq for deed in self.deeds), default=0)
