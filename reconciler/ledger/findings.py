"""What can be wrong with a ledger: one closed union, each with its words. Pure."""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from reconciler.ledger.chain import FORMAT, Anchor


@dataclass(frozen=True, slots=True)
class Changed:
    """The line is not as it was written."""

    kind: ClassVar[str] = "changed"
    line: int

    @property
    def said(self) -> str:
        """In words, without kind and place. So in every finding."""
        return "this record is not as it was written: its hash does not fit it"


@dataclass(frozen=True, slots=True)
class Dropped:
    """Records that belong before this line are nowhere."""

    kind: ClassVar[str] = "dropped"
    line: int
    count: int
    first: int
    """They are missing from this number on."""
    before: int
    """They are missing below this number, which is the line's own."""

    @property
    def said(self) -> str:
        """Exact where all the numbers between are missing."""
        are = "a record is" if self.count == 1 else f"{self.count} records are"
        of = "" if self.count == self.before - self.first else "of "
        last = self.before - 1
        which = f"number {last}" if self.first == last else f"{of}numbers {self.first} to {last}"
        return f"{are} missing before this one: {which}"


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """The record is as it was written, and does not stand where it was."""

    kind: ClassVar[str] = "out of order"
    line: int
    seq: int
    belongs: int
    """The number of the record that belongs here."""

    @property
    def said(self) -> str:
        """Which record, and which belongs there."""
        return f"record {self.seq} stands where record {self.belongs} belongs"


@dataclass(frozen=True, slots=True)
class Repeated:
    """There is another record of this one's number, and this is not its place."""

    kind: ClassVar[str] = "repeated"
    line: int
    seq: int

    @property
    def said(self) -> str:
        """Which record."""
        return f"there is more than one record {self.seq}, and this is not its place"


@dataclass(frozen=True, slots=True)
class Replaced:
    """The record was not written after the one before it that is in the ledger, though the
    hashes of both fit them."""

    kind: ClassVar[str] = "replaced"
    line: int
    seq: int

    @property
    def said(self) -> str:
        """Which two records."""
        if self.seq == 1:
            return "record 1 was not written as the first of a ledger"
        return (
            f"record {self.seq} was not written after the record {self.seq - 1} that is here: "
            "one of the two is not the one that was written"
        )


@dataclass(frozen=True, slots=True)
class Torn:
    """The last line has no end."""

    kind: ClassVar[str] = "torn"
    line: int

    @property
    def said(self) -> str:
        """What it may be, and what becomes of it."""
        return (
            "the last line has no end. So an apply leaves it that was killed or is writing just "
            "now, and so does a cut; the next apply cuts the line off"
        )


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """From here on another version wrote, and nothing can be said."""

    kind: ClassVar[str] = "other version"
    line: int
    format: str

    @property
    def said(self) -> str:
        """Which format, and which is ours."""
        return (
            f"it was written as {self.format!r}, and this version reads {FORMAT!r}: use the one "
            "that wrote it"
        )


@dataclass(frozen=True, slots=True)
class NotALedger:
    """No line of the file is a record."""

    kind: ClassVar[str] = "not a ledger"
    line: int

    @property
    def said(self) -> str:
        """That it is none."""
        return "no line of this file is a record; name another --ledger"


@dataclass(frozen=True, slots=True)
class Cut:
    """The anchor's record is beyond the end."""

    kind: ClassVar[str] = "cut"
    line: int
    """The one after the last."""
    anchor: Anchor
    last: int
    """The number of the last record; 0 where there is none."""

    @property
    def said(self) -> str:
        """Where it ends, and where it ended."""
        ends = f"the ledger ends with record {self.last}" if self.last else "there is no record"
        return f"{ends}, and the anchor is of record {self.anchor.seq}: its end was cut off"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The record has another hash than the anchor says."""

    kind: ClassVar[str] = "rewritten"
    line: int
    anchor: Anchor

    @property
    def said(self) -> str:
        """Which record."""
        return (
            f"record {self.anchor.seq} has another hash than the anchor: it, or one before it, is "
            "not the one that was written"
        )


Finding: TypeAlias = (
    Changed
    | Dropped
    | OutOfOrder
    | Repeated
    | Replaced
    | Torn
    | OtherVersion
    | NotALedger
    | Cut
    | Rewritten
)
